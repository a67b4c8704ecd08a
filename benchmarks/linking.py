"""Whom does linking accuse, when half of an operation is known and the other half is hidden?

    python benchmarks/linking.py ../shared/data/posts/mixA.parquet ira          # hidden half, 20 splits; JSON lines
    python benchmarks/linking.py ../shared/data/posts/mixA.parquet ira readers  # and innocent readers planted into it

A random half of the accounts with the label is the registry. Of the accounts linked "likely" or above: how many are
of the other half, how many authentic. Beside it the rule "has an edge to a listed account", on the same edges. Edges
and clusters do not depend on the registry, so they are found once. No account is named in the output.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import polars as pl

from cotrace import attribution, clusters, network, parts, reading, tables, traces
from cotrace.records import WORDS, Cluster, Link, Plan, Reading

sys.path.insert(0, str(Path(__file__).parent))
from _readers import plant

SPLITS = 20
READERS = 20
LADDER = [name for name, _ in WORDS]
HIGH = LADDER[LADDER.index("likely") :]
ABOVE_UNLIKELY = LADDER[LADDER.index("unlikely") + 1 :]


def registry(accounts: Iterable[str], name: str = "the operation") -> pl.DataFrame:
    """A registry that names these actors by their ids."""
    rows = [
        {
            "source": name,
            "selector_type": "account",
            "selector": actor.partition(":")[2],
            "identified_by": "the label",
            "at": "2018-10-17",
            "cites": "the labels of the data",
            "platform": actor.partition(":")[0],
            "receipt": f"sha256:labels#{place}",
        }
        for place, actor in enumerate(sorted(accounts), 1)
    ]
    return tables.conform(pl.DataFrame(rows), tables.SOURCES, "The registry")


def find(
    read: Reading, plan: Plan, resolution_s: int
) -> tuple[dict, pl.DataFrame, pl.DataFrame, tuple[Cluster, ...]]:
    """Actions, edges, occasions and clusters of these posts."""
    names = [name for name in parts.names("traces") if resolution_s <= 1 or not traces.get(name).seconds]
    actions = {name: acts for name in names for acts, _ in [traces.act(name, read.posts)] if acts.height}
    found = network.validate(actions, plan=plan, engine=parts.load("engines", "local"), resolution_s=resolution_s)
    return actions, found.edges, found.occasions, clusters.find(found.edges, plan_digest="benchmark", seed=plan.seed)


def split(positives: Sequence[str], seed: int) -> list[str]:
    """A random half."""
    return sorted(np.random.default_rng(seed).permutation(sorted(positives))[: len(positives) // 2].tolist())


def judge(
    links: Sequence[Link], edges: pl.DataFrame, half: Sequence[str], labels: Mapping[str, str], positive: str
) -> dict:
    """Of one split: linked likely or above, hidden and authentic; and the same for "has an edge to a listed
    account"."""
    likely = [found.actor for found in links if found.word in HIGH]
    touched = set(edges.filter(pl.col("a").is_in(half))["b"]) | set(edges.filter(pl.col("b").is_in(half))["a"])
    naive = sorted(touched - set(half))
    hidden = sum(label == positive for label in labels.values()) - len(half)
    return {
        "hidden": hidden,
        "listed": sum(found.word == "listed" for found in links),
        "likely_hidden": sum(labels.get(actor) == positive for actor in likely),
        "likely_authentic": sum(labels.get(actor) != positive for actor in likely),
        "authentic_above_unlikely": sum(
            found.word in ABOVE_UNLIKELY and labels.get(found.actor) != positive for found in links
        ),
        "naive_hidden": sum(labels.get(actor) == positive for actor in naive),
        "naive_authentic": sum(labels.get(actor) != positive for actor in naive),
        "words": dict(sorted(Counter(found.word for found in links).items())),
    }


def hidden_half(
    read: Reading, found: tuple, labels: Mapping[str, str], positive: str, plan: Plan, splits: int = SPLITS,
    first: int = 0,
) -> list[dict]:
    """One row a split, seeds `first` and on; `found` is what `find` gave."""
    actions, edges, occasions, groups = found
    positives = [actor for actor, label in labels.items() if label == positive]
    rows = []
    for seed in range(first, first + splits):
        half = split(positives, seed)
        links = attribution.link(
            clusters=groups,
            edges=edges,
            occasions=occasions,
            actions=actions,
            reading=read,
            sources=registry(half),
            plan=plan,
            seed=seed,
        )
        rows.append({"split": seed, **judge(links, edges, half, labels, positive)})
    return rows


def with_readers(
    read: Reading, labels: Mapping[str, str], positive: str, seed: int
) -> tuple[Reading, list[str], list[str]]:
    """The reading with readers planted, the registry's half, and the readers: authentic accounts, who copy the
    identified
    account that published most."""
    half = split([actor for actor, label in labels.items() if label == positive], seed)
    authentic = sorted(actor for actor, label in labels.items() if label != positive)
    readers = sorted(np.random.default_rng([seed, 1]).permutation(authentic)[:READERS].tolist())
    counts = read.posts.filter(pl.col("account").is_in(half), pl.col("kind") == "post").group_by("account").len()
    identified = counts.sort("len", "account", descending=[True, False])["account"][0]
    posts = plant(read.posts, identified=identified, readers=readers, seed=seed)
    return Reading(posts, read.actors, read.inputs, read.rejects, read.counts, read.notes), half, readers


def readers_test(
    read: Reading, labels: Mapping[str, str], positive: str, plan: Plan, resolution_s: int, seed: int
) -> dict:
    """How many planted readers are linked, with which words; and how many the naive rule accuses."""
    planted, half, readers = with_readers(read, labels, positive, seed)
    actions, edges, occasions, groups = find(planted, plan, resolution_s)
    links = attribution.link(
        clusters=groups,
        edges=edges,
        occasions=occasions,
        actions=actions,
        reading=planted,
        sources=registry(half),
        plan=plan,
        seed=seed,
    )
    own = [found for found in links if found.actor in readers]
    close = network.naive(actions, engine=parts.load("engines", "local"), window_s=1800, objects=3)
    return {
        "seed": seed,
        "readers": len(readers),
        "words": dict(sorted(Counter(found.word for found in own).items())),
        "above_roughly_even": sum(found.word in HIGH for found in own),
        "said_always_after": sum("always after" in found.explanation for found in own),
        "edge_to_listed": judge(links, edges, half, {actor: "reader" for actor in readers}, "reader")["naive_hidden"],
        "close_to_listed": judge(links, close, half, {actor: "reader" for actor in readers}, "reader")[
            "naive_hidden"
        ],
    }


def main() -> None:
    path, positive = Path(sys.argv[1]), sys.argv[2]
    read = reading.read(path)
    labels = {
        f"twitter:{account}": label
        for account, label in pl.read_parquet(path, columns=["account_id", "label"]).unique().iter_rows()
    }
    resolution_s = max(entry.resolution_s for entry in read.inputs)
    plan = Plan(prior="1:10")
    if "readers" in sys.argv[3:]:
        for seed in range(3):
            print(json.dumps(readers_test(read, labels, positive, plan, resolution_s, seed)))
        return
    for row in hidden_half(read, find(read, plan, resolution_s), labels, positive, plan):
        print(json.dumps(row))


if __name__ == "__main__":
    main()
