"""Whom the null accuses and whom it finds, in worlds of shares whose truth is known: the table of docs/chance.md.

    python benchmarks/chance.py              every world, then the table; some ten minutes
    python benchmarks/chance.py --seeds 2    fewer seeds of each, and no document

Seeds of worlds in which nobody coordinates start at 6000, of all others at 0: constants were chosen on 1000 to 5999.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from cotrace import network
from cotrace.engines import local
from cotrace.records import Plan
from cotrace.simulate import Shares, shares

PAGE = Path(__file__).resolve().parent.parent / "docs" / "chance.md"
BEGIN, END = "<!-- made by benchmarks/chance.py -->", "<!-- end -->"


@dataclass(frozen=True)
class Worlds:
    """Seeds of one kind of world."""

    says: str
    name: str
    seeds: Sequence[int]
    knobs: dict = field(default_factory=dict)


ALL = (
    Worlds("nobody coordinates", "nobody", range(50)),
    Worlds("the same with 15 % super-fans", "nobody", range(6000, 6040), {"fans": 0.15}),
    Worlds("40 accounts, 15 % fans", "nobody", range(6000, 6040), {"accounts": 40, "fans": 0.15}),
    Worlds("100 accounts, 15 % fans", "nobody", range(6000, 6040), {"accounts": 100, "fans": 0.15}),
    Worlds("200 accounts, 15 % fans", "nobody", range(6000, 6020), {"accounts": 200, "fans": 0.15}),
    Worlds("15 % fans who share little else", "nobody", range(6000, 6010), {"fans": 0.15, "devotion": 24.0}),
    Worlds("4,000 accounts of 40 communities, 5 % fans", "nobody", range(6000, 6010),
           {"accounts": 4000, "objects": 8000, "tastes": 40, "devotion": 40.0}),
    Worlds("the same with 15 % fans", "nobody", range(6000, 6010),
           {"accounts": 4000, "objects": 8000, "tastes": 40, "devotion": 40.0, "fans": 0.15}),
    Worlds("ten evening clubs", "clubs", range(6000, 6010)),
    Worlds("ten clubs of rare tastes", "niche", range(6000, 6010)),
    Worlds("viral bursts", "bursts", range(6000, 6006)),
    Worlds("5 rings of 10, 15 objects, ± 30 s", "ring", range(5), {"jitter_s": 30}),
    Worlds("± 300 s", "ring", range(5), {"jitter_s": 300}),
    Worlds("± 1,800 s", "ring", range(5), {"jitter_s": 1800}),
    Worlds("± 6 h", "ring", range(5), {"jitter_s": 21_600}),
    Worlds("rings at 30 s beside ten evening clubs", "ring", range(8), {"jitter_s": 30, "clubs": 10, "club_hour": 20}),
    Worlds("rings among 15 % fans, ± 300 s", "ring", range(5), {"fans": 0.15}),
    Worlds("± 300 s, each act by 60 % of the members", "ring", range(5), {"participation": 0.6}),
    Worlds("± 1,800 s, each act by 60 % of the members", "ring", range(5), {"jitter_s": 1800, "participation": 0.6}),
    Worlds("one ring of 60, 40 objects, ± 300 s, each act by 40 %", "ring", range(4),
           {"rings": 1, "ring_size": 60, "ring_objects": 40, "participation": 0.4}),
)


def main() -> None:
    """Measure and write."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--seeds", type=int, help="at most so many of each, and no document")
    most = asked.parse_args().seeds
    rows = []
    for worlds in ALL:
        rows.append(measured(worlds, worlds.seeds[:most]))
        print(rows[-1], flush=True)
    if most is None:
        head = ["| world | seeds | cotrace: worlds with a false edge | false edges, of all | accounts: precision "
                "/ recall | “60 s, twice”: worlds | false edges, of all | precision / recall |", "|" + " --- |" * 8]
        page = PAGE.read_text("utf-8")
        before, after = page.split(BEGIN)[0], page.split(END)[1]
        PAGE.write_text("\n".join([before + BEGIN, *head, *rows, END]) + after, "utf-8")


def measured(worlds: Worlds, seeds: Sequence[int]) -> str:
    """A row of the table."""
    made = [shares(worlds.name, seed=seed, **worlds.knobs) for seed in seeds]
    ours = [network.validate({"shared_link": world.actions}, plan=Plan(), engine=local, resolution_s=1).edges
            for world in made]
    theirs = [network.naive({"shared_link": world.actions}, engine=local) for world in made]
    cells = [worlds.says, f"{seeds[0]}–{seeds[-1]}", *figures(made, ours), *figures(made, theirs)]
    return f"| {' | '.join(cells)} |"


def figures(worlds: list[Shares], found: list[pl.DataFrame]) -> list[str]:
    """Worlds with a false edge; false edges of all; precision and recall of accounts."""
    false = [sum(not any({a, b} <= ring for ring in world.rings) for a, b in edges.select("a", "b").iter_rows())
             for world, edges in zip(worlds, found, strict=True)]
    accused = [{*edges["a"], *edges["b"]} for edges in found]
    guilty = [frozenset().union(*world.rings) for world in worlds]
    hit = sum(len(one & of) for one, of in zip(accused, guilty, strict=True))
    said, there = sum(map(len, accused)), sum(map(len, guilty))
    rates = f"{f'{hit / said:.2f}' if said else '–'} / {hit / there:.2f}" if there else "–"
    return [f"{sum(map(bool, false))} of {len(worlds)}", f"{sum(false):,} of {sum(map(len, found)):,}", rates]


if __name__ == "__main__":
    main()
