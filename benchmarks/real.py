"""What does the line find in posts that nobody here wrote, and what does the usual rule find in the same?

    python benchmarks/real.py            writes docs/results.md; about half an hour on 2 cores, resumes where it stood

Reads COTRACE_SHARED (default ../shared) in place. Cases go to benchmarks/out, which git ignores. No account is named
in the tables. `label` and `account_category` score; they are never read by the line.
"""

import collections
import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterable
from pathlib import Path

import linking
import peers
import polars as pl

from cotrace import Plan, network, pipeline, simulate, verdicts
from cotrace.engines import local

HERE = Path(__file__).resolve().parent
SHARED = Path(os.environ.get("COTRACE_SHARED", HERE.parent.parent / "shared")) / "data"
OUT = HERE / "out"
ZONES = {"ira_facebook_ads": "UTC"}  # files whose times name no zone: their publisher gives UTC elsewhere
MEASURED = """import sys
from cotrace.cli import main
try:
    main()
finally:  # VmHWM begins anew with this program; ru_maxrss would be that of whoever started it
    kib = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
    print(int(kib) // 1024, file=sys.stderr)
"""
RULES = ((60, 2), (1800, 3))         # "60 s, twice" and "1800 s, three times"
TUNED = ((60, 3), (300, 5))          # what does best on mixA of those that flag nobody authentic there: labels in hand


def main() -> None:
    """Run everything; docs/results.md is written after each section, so that an interrupted run leaves what it has."""
    sections = [HEAD, "## peers: CooRTweet's counts\n", peers.report(SHARED / "peers")]
    files = sorted((SHARED / "posts").glob("*.parquet"), key=lambda path: path.stat().st_size)
    runs = {path.stem: run(path) for path in files}
    mix, actions = runs["mixA"], acts(runs["mixA"])
    labels = pl.read_parquet(SHARED / "posts" / "mixA.parquet", columns=["account_id", "label"]).unique()
    truth = {f"twitter:{account}": label for account, label in sorted(labels.iter_rows())}
    for section in (
        lambda: ["## What is found\n", markdown(row for name in sorted(runs) for row in found(name, runs[name]))],
        lambda: ["## What the second verdict says\n", VERDICTS, markdown(judged(*one) for one in sorted(runs.items()))],
        lambda: ["## mixA: whom it finds\n", MIX.format(bursts=elsewhere()), markdown(scores(mix, actions, truth))],
        lambda: ["## mixA: what the clusters are\n", markdown(purity(mix, truth))],
        lambda: ["## mixA: one investigation, by command\n", COMMAND, markdown(investigation(truth))],
        lambda: ["## mixA: linking a hidden half\n", LINKING, markdown(hidden(mix, actions, truth))],
        lambda: ["## Readers planted into mixA\n", READERS, markdown(readers(mix, truth))],
    ):
        sections += section()
        (HERE.parent / "docs" / "results.md").write_text("\n".join(sections) + "\n", "utf-8")


HEAD = """# Real posts, measured

Made by `make bench` (`benchmarks/real.py`) on the data of `../shared`, read in place; no account is named. Beside each
figure stands the same for the rules that this field's tools use: "60 s, twice" and "1800 s, three times" (who does the
same thing within so many seconds, on so many objects, in any trace). A figure here is about these files alone.
"""
MIX = """Accounts with at least one pair (before the clusters), of 384 accounts of a named operation and 257 members of
the US Congress. The two populations hardly touch, so this alone proves little about innocents: see the readers below.
The last two rules were chosen with the labels in hand, as the best that flag nobody authentic here. Nobody has labels
beforehand, and elsewhere they fail: where news goes round and nobody coordinates (`simulate.shares`, bursts, seed 6000)
they give {bursts}.
"""
VERDICTS = """Members of clusters, by the word of their cluster's second verdict, and which explanation comes first.
All accounts of `ira_sample` are one operation's; `telegram_ru_news` holds three houses that say openly what they run.
"""
COMMAND = """`cotrace run mixA.parquet --sources half.csv --plan plan.toml` and `cotrace verify` on its dossier: half of
the operation's accounts (seed 100) as registry, prior 1:10.
"""
LINKING = """A random half of the operation's accounts as registry, 20 splits (seeds 100–119; seeds 0–19 were looked at
while the rules were written), prior 1:10. "Edge to a listed account" is the rule that others use.
"""
READERS = """Twenty authentic accounts copy the posts of one identified account minutes to two days later, always after
it. Nobody of them may be linked above "roughly even chance".
"""


def run(path: Path) -> tuple[pipeline.Run, float]:
    """The default line on one file, kept in benchmarks/out."""
    began = time.monotonic()
    done = pipeline.run(path, case=OUT / f"{path.stem}.case", plan=Plan(), zone=ZONES.get(path.stem))
    (OUT / f"{path.stem}.zip").write_bytes(done.dossier)
    return done, time.monotonic() - began


def acts(done: tuple[pipeline.Run, float]) -> dict[str, pl.DataFrame]:
    """ACTIONS of a run, for the rules that it is compared with."""
    from cotrace import traces

    reading = done[0].findings.reading
    return {t.name: traces.act(t.name, reading.posts)[0] for t in done[0].findings.traces if t.off is None}


def found(name: str, done: tuple[pipeline.Run, float]) -> Iterable[dict]:
    """One row a file: what was read, what was found, what the placebos say."""
    findings = done[0].findings
    actions = acts(done)
    row = {"file": name, "posts": f"{findings.reading.posts.height:,}",
           "actors": findings.reading.posts.select(pl.concat_list("account", "place").explode().n_unique()).item(),
           "pairs": findings.edges.height, "clusters": len(findings.clusters), "members": done[0].members.height,
           "placebo FDR, worse kind": fdr(findings)}
    for window_s, objects in RULES:
        row[f"pairs, {window_s} s × {objects}"] = f"{rule(actions, window_s, objects).height:,}"
    yield {**row, "runtime": f"{done[1]:.0f} s"}


def judged(name: str, done: tuple[pipeline.Run, float]) -> dict:
    """One row a file: how many members are in clusters of each word, and what explains most clusters best."""
    findings = done[0].findings
    size = {cluster.id: len(cluster.members) for cluster in findings.clusters}
    row = {"file": name, "clusters": len(size), "members": sum(size.values())}
    for word in (verdicts.INAUTHENTIC, verdicts.NOT_SHOWN, verdicts.UNKNOWN):
        row[word] = sum(size[one.cluster] for one in findings.verdicts if one.word == word)
    first = collections.Counter(one.first for one in findings.verdicts if one.first)
    return {**row, "first explanation": ", ".join(f"{what} ({often})" for what, often in sorted(first.items())) or "–"}


def elsewhere() -> str:
    """What the tuned rules find in a world of viral news in which nobody coordinates."""
    world = {"shared_link": simulate.shares("bursts", seed=6000).actions}
    return " and ".join(f"{rule(world, window_s, objects).height:,} false pairs ({window_s} s × {objects})"
                        for window_s, objects in TUNED)


def fdr(findings) -> str:
    """Mean placebo edges ÷ edges, of the worse kind of placebo; undefined where nothing is found."""
    if not findings.edges.height:
        return "undefined"
    kinds = {}
    for copy in findings.placebos:
        kinds.setdefault(copy.cell, []).append(copy.edges)
    return f"{max(sum(edges) / len(edges) for edges in kinds.values()) / findings.edges.height:.4f}"


def rule(actions: dict[str, pl.DataFrame], window_s: int, objects: int) -> pl.DataFrame:
    return network.naive(actions, window_s=window_s, objects=objects, engine=local)


def scores(done: tuple[pipeline.Run, float], actions: dict, truth: dict[str, str]) -> Iterable[dict]:
    """Precision and recall against the labels, ours and the rules', of all traces and of each."""
    sets = {"cotrace, published members": set(done[0].members["actor"]),
            "cotrace, any pair": people(done[0].edges)}
    for trace in sorted(actions):
        sets[f"cotrace, {trace}"] = people(done[0].edges.filter(pl.col("trace") == trace))
    for window_s, objects in (*RULES, *TUNED):
        sets[f"{window_s} s × {objects}"] = people(rule(actions, window_s, objects))
    operation = {actor for actor, label in truth.items() if label == "ira"}
    for name, accused in sets.items():
        hit = len(accused & operation)
        yield {"rule": name, "flagged": len(accused), "of the operation": hit, "authentic": len(accused) - hit,
               "precision": f"{hit / len(accused):.2f}" if accused else "–", "recall": f"{hit / len(operation):.2f}"}


def investigation(truth: dict[str, str]) -> Iterable[dict]:
    """The command line from posts to a verified dossier: its time, its memory, and whom the links name."""
    half = linking.split([actor for actor, label in truth.items() if label == "ira"], 100)
    (OUT / "half.csv").write_text("source,selector_type,selector,identified_by,at,cites,platform\n" + "".join(
        f"the operation,account,{actor.partition(':')[2]},the label,2018-10-17,the labels of the data,twitter\n"
        for actor in half), "utf-8")
    (OUT / "half.toml").write_text('prior = "1:10"\n', "utf-8")
    case = OUT / "mixA-half.case"
    shutil.rmtree(case, ignore_errors=True)
    for name, command in (
        ("run", ["run", SHARED / "posts" / "mixA.parquet", "--sources", OUT / "half.csv", "--plan", OUT / "half.toml",
                 "--case", case]),
        ("verify", ["verify", case / "dossier.zip"]),
    ):
        began = time.monotonic()
        done = subprocess.run([sys.executable, "-c", MEASURED, *map(str, command)], capture_output=True, text=True)
        took, peak = time.monotonic() - began, int(done.stderr.split()[-1])
        yield {"what": f"cotrace {name}", "figure": f"{took:.0f} s, {peak:,} MiB at most, exit {done.returncode}"}
    links = pl.read_csv(unzip(case / "dossier.zip", "evidence/links.csv"), infer_schema=False)
    for word, actors in sorted(links.group_by("word").agg("actor").iter_rows()):
        yield {"what": f"links: {word}", "figure": f"{len(actors)}, of them authentic "
                                                   f"{sum(truth.get(actor) != 'ira' for actor in actors)}"}


def unzip(archive: Path, name: str) -> bytes:
    with zipfile.ZipFile(archive) as packed:
        return packed.read(name)


def hidden(done: tuple[pipeline.Run, float], actions: dict, truth: dict[str, str]) -> Iterable[dict]:
    """Smallest, mean and largest of each figure over the splits."""
    f = done[0].findings
    rows = linking.hidden_half(f.reading, (actions, f.edges, f.occasions, f.clusters), truth, "ira", Plan(prior="1:10"),
                               first=100)
    for key in (key for key, value in rows[0].items() if key != "split" and isinstance(value, int)):
        values = [row[key] for row in rows]
        yield {"figure": key.replace("_", " "), "least": min(values), "mean": f"{sum(values) / len(values):.1f}",
               "most": max(values)}


def readers(done: tuple[pipeline.Run, float], truth: dict[str, str]) -> Iterable[dict]:
    """One row a planting, seeds that were not looked at before."""
    read = done[0].findings.reading
    for seed in range(100, 103):
        said = linking.readers_test(read, truth, "ira", Plan(prior="1:10"), 60, seed)
        yield {"seed": seed, **{key.replace("_", " "): value for key, value in said.items() if key != "seed"}}


def people(edges: pl.DataFrame) -> set[str]:
    return {*edges["a"], *edges["b"]}


def purity(done: tuple[pipeline.Run, float], truth: dict[str, str]) -> Iterable[dict]:
    """Each cluster by label and by the independent grouping of the operation's accounts."""
    table = pl.read_csv(SHARED / "posts" / "mixA_accounts.csv", infer_schema=False)
    category = dict(table.select("account_id", "account_category").iter_rows())
    for number, cluster in enumerate(sorted(done[0].findings.clusters, key=lambda c: -len(c.members)), 1):
        labels = [truth.get(member, "?") for member in cluster.members]
        groups = [category.get(member.partition(":")[2]) or "–" for member in cluster.members]
        largest = max(sorted(set(groups)), key=groups.count)
        yield {"cluster": number, "members": len(labels), "operation": labels.count("ira"),
               "authentic": len(labels) - labels.count("ira"), "largest category": largest,
               "share of it": f"{groups.count(largest) / len(groups):.2f}",
               "traces": "; ".join(f"{trace} {edges}" for trace, edges in sorted(cluster.layers.items()))}


def markdown(rows: Iterable[dict]) -> str:
    """Rows as a Markdown table."""
    rows = list(rows)
    if not rows:
        return "Nothing.\n"
    head = list(rows[0])
    lines = [" | ".join(head), " | ".join("---" for _ in head),
             *(" | ".join(str(row[column]) for column in head) for row in rows)]
    return "\n".join(f"| {line} |" for line in lines) + "\n"


if __name__ == "__main__":
    OUT.mkdir(exist_ok=True)
    main()
