"""What would have been found: rings planted into this very data, and how many of them come back.

Actors outside the findings keep their whole activity and get new joint acts, each on an object of its own, at a moment
drawn from the data's own times, spread evenly over the jitter. Each ring is planted alone (`_beside.py`). Of each kind
ten are drawn once, with as many objects as are ever tried; a ring of fewer objects is the first ones of it, so that
more objects can hardly find less. A ring has come back when four in five of its members, and at least three, hold a
validated edge to a fellow member.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..records import Planting
from ._beside import Ring
from ._layers import SECOND, Layer

MEMBERS = (3, 5, 10)
JITTERS_S = (30, 300, 1800)
OBJECTS = (3, 4, 5, 6, 8, 10, 12, 15, 20, 30)  # what is tried, by bisection
RINGS = 10                                     # plantings of one kind
OF_TEN = 0.9                                   # share of them that has to come back
CAME_BACK = 0.8                                # share of a ring's members


@dataclass(frozen=True, eq=False)
class Kind:
    """Rings of one size and jitter, each with as many objects as are ever tried."""

    trace: str
    members: int
    jitter_s: int
    rings: tuple[Ring, ...]


def kinds(layer: Layer, people: NDArray[np.int64], resolution_s: int, rng: np.random.Generator) -> list[Kind]:
    """What to plant on these actors (codes, in an order that does not depend on names).

    Half of the actors at most are planted on: the other half has to stay what chance is measured on.
    """
    return [Kind(layer.trace, members, jitter_s, tuple(_ring(layer, people, members, jitter_s, resolution_s, rng)
                                                       for _ in range(RINGS)))
            for members in MEMBERS if len(people) >= 2 * members for jitter_s in JITTERS_S if jitter_s >= resolution_s]


def _ring(layer: Layer, people: NDArray[np.int64], members: int, jitter_s: int, resolution_s: int,
          rng: np.random.Generator) -> Ring:
    moments = layer.events.at[rng.integers(0, len(layer.events), OBJECTS[-1])]
    delays = rng.integers(0, jitter_s * SECOND, (OBJECTS[-1], members), endpoint=True)
    step = resolution_s * SECOND
    return Ring(np.sort(people[rng.permutation(len(people))[:members]]), (moments[:, None] + delays) // step * step)


def smallest(kind: Kind, comes_back: Callable[[Ring], bool]) -> Planting:
    """The fewest objects with which nine in ten come back, or the most that were tried with what came back of them."""
    low, high = -1, len(OBJECTS)
    back = dict.fromkeys(range(len(OBJECTS)), 0)
    while high - low > 1:
        middle = (low + high) // 2
        back[middle] = sum(comes_back(Ring(ring.members, ring.at[: OBJECTS[middle]])) for ring in kind.rings)
        if back[middle] >= OF_TEN * len(kind.rings):
            high = middle
        else:
            low = middle
    best = min(high, len(OBJECTS) - 1)
    return Planting(kind.members, OBJECTS[best], kind.jitter_s, len(kind.rings), back[best], kind.trace)


def came_back(members: int, a: NDArray[np.int32], b: NDArray[np.int32]) -> bool:
    """Whether enough members of a ring hold an edge to a fellow member, given its validated pairs."""
    return len({*a.tolist(), *b.tolist()}) >= max(3, CAME_BACK * members)
