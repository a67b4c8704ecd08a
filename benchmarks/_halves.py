"""Half-lists whose other half is known: invented worlds and real posts, with innocents planted beside the operation.

A case is posts and the truth of one operation in them. Of a case a registry names some accounts; the rest of the
operation is hidden. `asked` says for every other actor what `attribution.link` found about it, and what two naive rules
say. Nobody is named: a row says of which sort the actor is.
"""

import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import linking
import numpy as np
import polars as pl
from _readers import plant

from cotrace import attribution, network, parts, reading, simulate
from cotrace.records import Cluster, Plan, Reading

READERS, FANS, SHARERS = 12, 8, 12   # innocents of each sort, planted into a case
JOINERS = (6, 12, 24, 48)            # of a campaign that identified accounts join; by seed
JOINED_BY = 10                       # so many of these
LINKS, WORDS = 20, 10                # that the campaign is about
OPERATIONS = {"demo": ["lantern"], "readers": ["lantern"]}   # else: all groups that are labelled as operations
ROW = {"case": pl.String, "seed": pl.Int64, "registry": pl.String, "sort": pl.String, "same": pl.Boolean,
       "member": pl.Boolean, "edge": pl.Boolean, "close": pl.Boolean, "grounds": pl.String}


@dataclass(frozen=True)
class Case:
    """Posts, who is of the operation, and of which sort everybody else is."""

    name: str
    seed: int
    read: Reading
    operation: tuple[str, ...]
    sort: Mapping[str, str]
    group: Mapping[str, str]
    resolution_s: int


def world(name: str, seed: int, size: float = 0.5) -> Case:
    """A world of the simulator, read from its files as anybody's posts are."""
    made = simulate.world(name, seed=seed, size=size)
    with tempfile.TemporaryDirectory() as folder:
        files = simulate.write(made, Path(folder) / "world")
        read = reading.read([path for name, path in files.items() if name.startswith("posts")])
    sort, operation, group_of = {}, [], {}
    for actor, label, group in made.labels.iter_rows():
        mine = label == "operation" and group in OPERATIONS.get(name, [group])
        operation += [actor] if mine else []
        group_of[actor] = group
        sort[actor] = "same operator" if mine else "another operation" if label == "operation" else (
            "ordinary" if label == "ordinary" else group.rpartition("-")[0] or group)
    return Case(name, seed, read, tuple(sorted(operation)), sort, group_of,
                max(file.resolution_s for file in read.inputs))


def labelled(path: Path, positive: str) -> Case:
    """A file of real posts; `positive` is the label of the operation."""
    read = reading.read(path)
    rows = pl.read_parquet(path, columns=["platform", "account_id", "label"]).unique().iter_rows()
    sort = {f"{platform}:{account}": "same operator" if label == positive else label
            for platform, account, label in rows}
    operation = tuple(sorted(actor for actor, said in sort.items() if said == "same operator"))
    return Case(path.stem, 0, read, operation, sort, {},
                max(file.resolution_s for file in read.inputs))


# ------------------------------------------------------------------------------------------------ innocents, planted

def with_innocents(case: Case, known: Sequence[str], seed: int) -> Case:
    """Readers and fans of the busiest identified account, joiners of a campaign that identified accounts are part of,
    and people who share things of many identified accounts, earlier or later. None of them is of the operation."""
    random = np.random.default_rng([seed, 7])
    free = sorted(actor for actor, sort in case.sort.items()
                  if sort in ("ordinary", "authentic-congress") and actor.partition(":")[0] in _busiest(case))
    who = random.permutation(free)[: READERS + FANS + SHARERS + JOINERS[seed % len(JOINERS)]].tolist()
    readers, fans = who[:READERS], who[READERS : READERS + FANS]
    sharers, joiners = who[READERS + FANS :][:SHARERS], who[READERS + FANS + SHARERS :]
    counts = case.read.posts.filter(pl.col("account").is_in(list(known)), pl.col("kind") == "post")
    idol = counts.group_by("account").len().sort("len", "account", descending=[True, False])["account"][0]
    posts = plant(case.read.posts, identified=idol, readers=readers, seed=seed)
    posts = _fans(posts, idol, fans, random)
    posts = _campaign(posts, [*random.permutation(sorted(known))[:JOINED_BY].tolist(), *joiners], random)
    posts = _sharers(posts, known, sharers, random)
    sort = {**case.sort, **dict.fromkeys(readers, "planted readers"), **dict.fromkeys(fans, "planted fans"),
            **dict.fromkeys(joiners, "planted joiners"), **dict.fromkeys(sharers, "planted sharers")}
    r = case.read
    return replace(case, name=f"{case.name} + innocents", sort=sort,
                   read=Reading(posts, r.actors, r.inputs, r.rejects, r.counts, r.notes))


def _busiest(case: Case) -> set[str]:
    return set(case.read.posts["platform"].drop_nulls().value_counts(sort=True)["platform"][:1])


def _add(posts: pl.DataFrame, acts: Iterable[tuple[dict, str, float]]) -> pl.DataFrame:
    """Posts and more of them: (the post that is taken up, who does it, seconds later)."""
    copies = [{**row, "account": actor, "place": None, "post": f"{row['post']}-{number}-{seconds:.0f}",
               "receipt": f"planted:{len(actor)}#{number}", "at": row["at"] + timedelta(seconds=round(seconds))}
              for number, (row, actor, seconds) in enumerate(acts)]
    return pl.concat([posts, pl.DataFrame(copies, schema=posts.schema)]).sort("at", "post", nulls_last=True)


def _fans(posts: pl.DataFrame, idol: str, fans: Sequence[str], random: np.random.Generator) -> pl.DataFrame:
    """They take up within a minute four fifths of what one account posts: validated edges, and always after."""
    theirs = posts.filter(pl.col("account") == idol, pl.col("kind") == "post").sort("at", "post").to_dicts()[:60]
    return _add(posts, [(row, fan, random.uniform(3, 60)) for row in theirs for fan in fans if random.random() < 0.8])


def _campaign(posts: pl.DataFrame, crowd: Sequence[str], random: np.random.Generator) -> pl.DataFrame:
    """A crowd takes up, around one moment each and in any order, links that some strangers shared and words that one
    posted. Innocents are in it, and identified accounts, who go along with the campaign of others."""
    own = posts.filter(pl.col("kind") == "post", pl.col("account").is_not_null())
    links = (own.filter(pl.col("links").list.len() == 1).with_columns(link=pl.col("links").list.first())
             .sort("at", "post").group_by("link", maintain_order=True)
             .agg(pl.col("account").n_unique(), pl.col("post").first()).filter(pl.col("account").is_between(3, 25)))
    words = own.filter(pl.col("text").str.len_chars() > 60, pl.col("links").list.len().fill_null(0) == 0).sort("post")
    chosen = [*random.permutation(links["post"].to_list())[:LINKS].tolist(),
              *random.permutation(words["post"].to_list())[:WORDS].tolist()]
    acts = []
    for row in posts.filter(pl.col("post").is_in(chosen)).sort("at", "post").to_dicts():
        moment = random.exponential(40_000) + 600
        acts += [(row, actor, moment + random.uniform(-25, 25)) for actor in crowd if random.random() < 0.8]
    return _add(posts, acts)


def _sharers(posts: pl.DataFrame, known: Sequence[str], sharers: Sequence[str],
             random: np.random.Generator) -> pl.DataFrame:
    """They share, days earlier or later, a few things of each of many identified accounts: one taste, no company."""
    theirs = posts.filter(pl.col("account").is_in(list(known)), pl.col("kind") == "post").sort("at", "post").to_dicts()
    acts = []
    for actor in sharers:
        for place in random.permutation(len(theirs))[:30].tolist():
            acts.append((theirs[place], actor, random.normal(0, 43_200)))
    return _add(posts, acts)


# ------------------------------------------------------------------------------------------------ asking

def asked(case: Case, named: Sequence[str], registry: str, *, same: Iterable[str] | None = None,
          found: tuple | None = None) -> pl.DataFrame:
    """One row an actor that acts and that the registry does not name: ROW. `grounds` is JSON: indicator, ratio, counts.

    Everybody is asked about, as if all were published members; `member` says who is one.

    Args:
        named: whom the registry names; `same`: who is truly run by their operator (None: the whole operation).
    """
    actions, edges, occasions, groups = found or linking.find(case.read, Plan(), case.resolution_s)
    acting = sorted({actor for acts in actions.values() for actor in acts["actor"]} - set(named))
    members = {actor for group in groups for actor in group.members}
    alone = tuple(Cluster(id=f"alone:{actor}", members=(actor,), stability=("1",), traces=(), q=1.0)
                  for actor in acting if actor not in members)
    links = attribution.link(clusters=(*groups, *alone), edges=edges, occasions=occasions, actions=actions,
                             reading=case.read, sources=linking.registry(named), plan=Plan(prior="1:1"), seed=case.seed)
    grounds = {link.actor: json.dumps([[g.indicator, g.ratio, g.counts] for g in link.grounds]) for link in links}
    edge = _touched(edges, named)
    close = _touched(network.naive(actions, engine=parts.load("engines", "local"), window_s=1800, objects=3), named)
    truly = set(case.operation if same is None else same) - set(named)
    rows = [(case.name, case.seed, registry, case.sort.get(actor, "ordinary"), actor in truly, actor in members,
             actor in edge, actor in close, grounds.get(actor)) for actor in acting]
    return pl.DataFrame(rows, schema=ROW, orient="row")


def _touched(edges: pl.DataFrame, named: Sequence[str]) -> set[str]:
    return (set(edges.filter(pl.col("a").is_in(list(named)))["b"])
            | set(edges.filter(pl.col("b").is_in(list(named)))["a"]))
