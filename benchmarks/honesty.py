"""Whom does each method accuse in worlds whose truth is known, and whom does it find?

    python benchmarks/honesty.py                      every stage, then docs/honesty.md; hours, resumes where it stood
    python benchmarks/honesty.py small whole --seeds 5 --minutes 20
    python benchmarks/honesty.py --table              only the document, from whatever has been run

Every world is written as files, read, and searched; each method gets the same actions (`_rivals.py`). One JSON a world,
size, seed and method is kept in benchmarks/out/honesty, under a digest of the code that it depends on, so that a change
of the null runs ours again and nobody else's. The document says how many seeds stand behind each figure.
"""

import argparse
import functools
import hashlib
import json
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import _honesty_page as page
import polars as pl
from _rivals import RIVALS, THEIRS

from cotrace import clusters, network, parts, reading, simulate, tables, traces, verdicts
from cotrace.engines import local
from cotrace.records import Plan, Reading

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parent / "src" / "cotrace"
OUT = HERE / "out" / "honesty"
OURS, PLACEBO, VERDICTS = "cotrace", "placebo", "verdicts"
RULES = ("60 s, once", "60 s, twice")
COPIES = 3            # placebos of each kind, a world
FIRST = 10_000        # seeds from here on, so that constants can be chosen on others


@dataclass(frozen=True)
class Stage:
    """Which worlds, how large, how many seeds, by whom."""

    worlds: tuple[str, ...]
    size: float
    seeds: int
    methods: tuple[str, ...]


STAGES = {
    "small": Stage(page.PURE, 0.25, 200, (OURS, *RULES)),
    "whole": Stage(simulate.WORLDS, 1.0, 20, (OURS, *RIVALS)),
    "placebo": Stage((*page.PURE, *page.HONEST), 1.0, 10, (PLACEBO,)),
    "verdicts": Stage(simulate.WORLDS, 1.0, 20, (VERDICTS,)),
    "large": Stage(page.SIX, 10.0, 3, (OURS, *RIVALS)),
    "million": Stage(page.MILLION, 100.0, 1, (OURS, *RULES)),
}


def main() -> None:
    """Run what is asked for until the time is up, then write the document."""
    asked = argparse.ArgumentParser()
    asked.add_argument("stages", nargs="*", help="all where none is named: " + ", ".join(STAGES))
    asked.add_argument("--worlds", default="", help="only these, by comma")
    asked.add_argument("--methods", default="", help="only these, by comma")
    asked.add_argument("--seeds", type=int)
    asked.add_argument("--minutes", type=float, default=1e9)
    asked.add_argument("--table", action="store_true")
    said = asked.parse_args()
    if strange := set(said.stages) - set(STAGES):
        asked.error(f"no such stage: {', '.join(strange)}")
    until = time.monotonic() + 60 * said.minutes
    for name in [] if said.table else said.stages or list(STAGES):
        stage = STAGES[name]
        methods = [one for one in stage.methods if not said.methods or one in said.methods.split(",")]
        for number in range(stage.seeds if said.seeds is None else said.seeds):
            for world in stage.worlds:
                if time.monotonic() < until and (not said.worlds or world in said.worlds.split(",")):
                    run(world, stage.size, FIRST + number, methods)
    page.write(list(results()), commit())


def run(world: str, size: float, seed: int, methods: Sequence[str]) -> None:
    """Whatever of this has not been run yet."""
    missing = [method for method in methods if not place(world, size, seed, method).exists()]
    if not missing:
        return
    made = simulate.world(world, seed=seed, size=size)
    read, actions = acted(made)
    truth = Truth.of(made)
    for method in missing:
        began = time.monotonic()
        if method == PLACEBO:
            figures = placebo(actions, truth)
        elif method == VERDICTS:
            figures = judged(made, read, actions)
        else:
            figures = truth.score(ours(actions) if method == OURS else RIVALS[method](actions))
        figures |= {"world": world, "size": size, "seed": seed, "method": method, "posts": made.posts.height,
                    "seconds": round(time.monotonic() - began, 2), "network": commit()}
        file = place(world, size, seed, method)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(figures))
    print(f"{time.strftime('%H:%M:%S')} {world} {size} {seed}", flush=True)


def acted(made: simulate.World) -> tuple[Reading, dict[str, pl.DataFrame]]:
    """The posts and actions of a world, through its files as anybody would give them to us."""
    with tempfile.TemporaryDirectory() as folder:
        files = simulate.write(made, Path(folder) / "world")
        read = reading.read([file for name, file in files.items() if name.startswith("posts_") and file.stat().st_size])
    return read, {name: traces.act(name, read.posts)[0] for name in parts.names("traces")}


def ours(actions: dict[str, pl.DataFrame]) -> set[tuple[str, str]]:
    """The validated pairs of cotrace, by default."""
    return pairs(network.validate(actions, plan=Plan(), engine=local, resolution_s=1).edges)


def pairs(edges: pl.DataFrame) -> set[tuple[str, str]]:
    return set(edges.select("a", "b").iter_rows())


@dataclass(frozen=True)
class Truth:
    """Who coordinates with whom, and who acted."""

    pairs: frozenset[tuple[str, str]]
    guilty: frozenset[str]         # in a coordinated pair, and acted
    actors: int

    @classmethod
    def of(cls, made: simulate.World) -> "Truth":
        """The truth of a world."""
        coordinated = frozenset(made.pairs.filter("coordinated").select("a", "b").iter_rows())
        acted = frozenset(made.labels["account_id"])
        return cls(coordinated, acted & {actor for pair in coordinated for actor in pair}, len(acted))

    def score(self, found: set[tuple[str, str]]) -> dict:
        """Counts; every ratio is made of them afterwards."""
        flagged = {actor for pair in found for actor in pair}
        return {"edges": len(found), "false": len(found - self.pairs), "flagged": len(flagged),
                "innocent_flagged": len(flagged - self.guilty), "innocents": self.actors - len(self.guilty),
                "hit": len(flagged & self.guilty), "guilty": len(self.guilty), "pairs": len(self.pairs)}


def placebo(actions: dict[str, pl.DataFrame], truth: Truth) -> dict:
    """False edges of naive rules in a world without an operation, and what they find in its placebos."""
    valid = network.validate(actions, plan=Plan(), engine=local, resolution_s=1)
    rules = {"60 s, once": (60, 1), "60 s, twice": (60, 2), "1800 s, 3 times": (1800, 3)}

    def naive(of: dict[str, pl.DataFrame]) -> dict[str, set[tuple[str, str]]]:
        return {name: pairs(network.naive(of, window_s=window_s, objects=objects, engine=local))
                for name, (window_s, objects) in rules.items()}

    said: dict = {"false": {name: len(found - truth.pairs) for name, found in naive(actions).items()}}
    for cell in network.PLACEBOS:
        copies = [naive(network.placebo(actions, valid, cell=cell, seed=copy)) for copy in range(COPIES)]
        said[cell] = {name: sum(len(copy[name]) for copy in copies) / COPIES for name in rules}
    return said


def judged(made: simulate.World, read: Reading, actions: dict[str, pl.DataFrame]) -> dict:
    """The second verdict, without any registry: which clusters and which groups are called inauthentic.

    A cluster is benign where most of its members are in no inauthentic group.
    """
    plan = Plan(traces=tuple(actions))
    valid = network.validate(actions, plan=plan, engine=local, resolution_s=1)
    found = clusters.find(valid.edges, plan_digest="", seed=plan.seed)
    said = verdicts.judge(clusters=found, edges=valid.edges, occasions=valid.occasions, actions=actions, reading=read,
                          links=(), sources=tables.empty(tables.SOURCES), plan=plan)
    word = {verdict.cluster: verdict.word for verdict in said.verdicts}
    groups = {row["group"]: set(row["members"].split(";")) for row in made.clusters.to_dicts() if row["inauthentic"]}
    figures = {"benign": 0, "benign_called": 0, "guilty": 0, "guilty_called": 0, "groups": len(groups)}
    seen, called = set(), set()
    for cluster in found:
        inside = {name: len(members & set(cluster.members)) for name, members in groups.items()}
        what = "guilty" if 2 * sum(inside.values()) > len(cluster.members) else "benign"
        figures[what] += 1
        most = {max(sorted(inside), key=inside.__getitem__)} if what == "guilty" else set()
        seen |= most
        if word[cluster.id] == verdicts.INAUTHENTIC:
            figures[f"{what}_called"] += 1
            called |= most
    return figures | {"found": len(seen), "groups_called": len(called)}


# ------------------------------------------------------------------------------------------------ what is kept

@functools.cache
def code(*folders: str) -> str:
    """A digest of everything that an answer depends on."""
    files = sorted(file for folder in folders for file in SOURCE.rglob("*.py") if file.is_relative_to(SOURCE / folder))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:8]


def place(world: str, size: float, seed: int, method: str) -> Path:
    """Where the answer of a method lies. Engines are no part of its name: they give the same integers, by law."""
    if method in (OURS, PLACEBO):
        of = code("simulate", "traces", "network")
    elif method == VERDICTS:
        of = code("simulate", "traces", "network", "verdicts", "clusters.py")
    else:
        of = code("simulate", *(f"traces/{trace}.py" for trace in THEIRS))
        of += "" if method in RULES else hashlib.sha256((HERE / "_rivals.py").read_bytes()).hexdigest()[:8]
    slug = re.sub(r"\W+", "-", method.lower())
    return OUT / world / f"{size:g}-{seed}-{slug}-{of}.json"


def any_digest(found: re.Match[str]) -> str:
    """A pattern of the same length: methods depend on one digest or on two."""
    return "?" * (len(found.group()) - len(".json")) + ".json"


def results() -> Iterator[dict]:
    """Answers of each world, size and method: of the newest code that was run at least half as often as any other."""
    for stage in STAGES.values():
        for world in stage.worlds:
            for method in stage.methods:
                name = place(world, stage.size, 0, method).name.replace("-0-", "-*-", 1)
                of: dict[str, list[Path]] = {}
                for file in (OUT / world).glob(re.sub(r"[0-9a-f]+\.json$", any_digest, name)):
                    of.setdefault(file.stem.rpartition("-")[2], []).append(file)
                often = max(map(len, of.values()), default=0) / 2
                newest = max((files for files in of.values() if len(files) >= often), default=[],
                             key=lambda files: max(file.stat().st_mtime for file in files))
                yield from (json.loads(file.read_text()) for file in sorted(newest))


@functools.cache
def commit() -> str:
    """The last that changed null or traces."""
    said = subprocess.run(["git", "log", "-1", "--format=%h", "--", str(SOURCE / "network"), str(SOURCE / "traces")],
                          cwd=HERE, text=True, capture_output=True, check=True)
    return said.stdout.strip()


if __name__ == "__main__":
    main()
