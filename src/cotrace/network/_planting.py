"""What would have been found: rings planted into this very data, and how many of them come back.

Actors outside the findings keep their whole activity and get new joint acts, each on an object of its own, at a moment
drawn from the data's own times, spread evenly over the jitter. Several disjoint rings are planted at once, but each is
judged as if it were the only one: the others' edges are left out of its correction for chance, which they would ease.
A ring has come back when four in five of its members, and at least three, hold a validated edge to a fellow member.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from .. import tables
from ..records import Planting
from ._layers import SECOND, Layer

MEMBERS = (3, 5, 10)
JITTERS_S = (30, 300, 1800)
OBJECTS = (3, 4, 5, 6, 8, 10, 12, 15, 20, 30)  # what is tried, by bisection
RINGS = 10                                     # plantings of one kind
OF_TEN = 0.9                                   # share of them that has to come back
CAME_BACK = 0.8                                # share of a ring's members


@dataclass(frozen=True)
class Ring:
    """One planting: who, on how many objects, how close."""

    members: tuple[str, ...]
    objects: int
    jitter_s: int


@dataclass
class Search:
    """The smallest number of objects of one kind of ring: between `low` (fails) and `high` (comes back), of OBJECTS."""

    members: int
    jitter_s: int
    low: int = -1
    high: int = len(OBJECTS)
    best: Planting | None = None

    @property
    def next(self) -> int | None:
        """The index of OBJECTS to try; None where the answer is known."""
        return (self.low + self.high) // 2 if self.high - self.low > 1 else None

    def learn(self, planting: Planting, index: int) -> None:
        """Take in the answer of one try; what is kept is the smallest that came back, or the largest that did not."""
        if planting.recovered >= OF_TEN * planting.planted:
            self.high, self.best = index, planting
        else:
            self.low = index
            if self.high == len(OBJECTS):
                self.best = planting


def searches(people: int, resolution_s: int) -> Iterator[list[Search]]:
    """What to look for among so many actors: searches that can be made in one copy of the data stand together.

    Half of the actors at most are planted on: the other half has to stay what chance is measured on.
    """
    jitters = [jitter for jitter in JITTERS_S if jitter >= resolution_s]
    for members in MEMBERS:
        if people >= 2 * members * RINGS * len(jitters):
            yield [Search(members, jitter) for jitter in jitters]
        elif people >= 2 * members:
            yield from ([Search(members, jitter)] for jitter in jitters)


def rings(together: list[Search], people: list[str], rng: np.random.Generator) -> list[Ring]:
    """Disjoint rings for the next try of each search, members drawn at random."""
    free = [people[i] for i in rng.permutation(len(people))]
    planted = []
    for search in together:
        if (index := search.next) is not None:
            for _ in range(min(RINGS, len(people) // (2 * search.members))):
                members, free = free[: search.members], free[search.members :]
                planted.append(Ring(tuple(members), OBJECTS[index], search.jitter_s))
    return planted


def planted(layer: Layer, planting: list[Ring], resolution_s: int, rng: np.random.Generator) -> pl.DataFrame:
    """The acts of these rings as tables.ACTIONS; their objects and posts are new."""
    actor: list[str] = []
    object_: list[str] = []
    at: list[int] = []
    step = resolution_s * SECOND
    for number, ring in enumerate(planting):
        moments = layer.events.at[rng.integers(0, len(layer.events), ring.objects)]
        for occasion, moment in enumerate(moments.tolist()):
            delays = rng.integers(0, ring.jitter_s * SECOND, len(ring.members), endpoint=True).tolist()
            actor += ring.members
            object_ += [f"planted:{number}:{occasion}"] * len(ring.members)
            at += [(moment + delay) // step * step for delay in delays]
    frame = pl.DataFrame({"actor": actor, "object": object_, "at": pl.Series(at, dtype=pl.Int64).cast(tables.TIME),
                          "post": [f"planted:{row}" for row in range(len(actor))],
                          "kind": pl.repeat(layer.kind, len(actor), eager=True, dtype=pl.String)})
    return tables.conform(frame, tables.ACTIONS, "planted acts")


def came_back(ring: Ring, edges: Mapping[str, set[str]]) -> bool:
    """Whether enough members hold an edge to a fellow member."""
    fellows = set(ring.members)
    found = sum(1 for member in ring.members if edges.get(member, set()) & fellows)
    return found >= max(3, CAME_BACK * len(ring.members))


def judge(ring: Ring, a: NDArray[np.str_], b: NDArray[np.str_], q: NDArray[np.float64], alpha: float) -> bool:
    """Whether a ring has come back, given q of the pairs a, b."""
    edges: dict[str, set[str]] = {}
    for one, other in zip(a[q <= alpha].tolist(), b[q <= alpha].tolist(), strict=True):
        edges.setdefault(one, set()).add(other)
        edges.setdefault(other, set()).add(one)
    return came_back(ring, edges)
