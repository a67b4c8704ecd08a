"""The obvious engine: every act against every other act of its object. Slow, and what all engines have to equal.

It is written to be read by somebody who doubts a count. Use it on small data, or to check `local`.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from . import Events, pair_table, windows_us


def _can_meet(events: Events, i: int, j: int) -> bool:
    a, b = events.actor[i], events.actor[j]
    by_a, by_b = events.by[i], events.by[j]
    return bool(a != b and events.post[i] != events.post[j] and events.kind[a] == events.kind[b]
                and not (by_a >= 0 and by_a == by_b) and by_a != b and by_b != a)


def _distances(events: Events) -> Iterator[tuple[int, int, int, int]]:
    """Every two acts that can meet: object, act, act, |Δt| in µs."""
    for j in range(len(events.objects)):
        for one, other in combinations(range(events.start[j], events.start[j + 1]), 2):
            if _can_meet(events, one, other):
                yield j, one, other, abs(int(events.at[one]) - int(events.at[other]))


def _crowded(events: Events, j: int, window: int, limit: int) -> bool:
    acts = range(events.start[j], events.start[j + 1])
    return any(len({int(events.actor[i]) for i in acts if 0 <= int(events.at[i]) - int(events.at[first]) <= window})
               > limit for first in acts)


def pairs(events: Events, windows_s: Sequence[int], min_objects: int = 1, workers: int | None = None,
          common_property: int | None = None) -> pl.DataFrame:
    """Pairs of actors, and on how many distinct objects they met within each window.

    Args:
        events: what `encode` gives.
        windows_s: s; both ends belong to a window.
        min_objects: a pair has a row for a window where it met on at least so many objects (at least 1).
        workers: makes no difference here.
        common_property: actors; an object on which more of them act inside one widest window counts nowhere.

    Returns:
        `tables.PAIRS`, sorted by (a, b, window_s).
    """
    windows = windows_us(list(windows_s))
    common = {j for j in range(len(events.objects)) if common_property is not None
              and _crowded(events, j, int(windows[-1]), common_property)}
    met: dict[tuple[int, int, int], set[int]] = {}
    for j, one, other, distance in _distances(events):
        a, b = sorted((int(events.actor[one]), int(events.actor[other])))
        for window in windows:
            if distance <= window and j not in common:
                met.setdefault((a, b, int(window) // 1_000_000), set()).add(j)
    rows = [(*key, len(met[key])) for key in sorted(met) if len(met[key]) >= min_objects]
    columns = np.array(rows, dtype=np.int64).reshape(-1, 4).T
    return pair_table(events, *columns)


def near(events: Events, window_s: int) -> NDArray[np.int64]:
    """For each act, the other acts that it meets within the window; i64[E]."""
    return lag_near(events, window_s, np.zeros(len(events), dtype=np.int8), 1)[:, 0].astype(np.int64)


def lag_near(events: Events, window_s: int, bin_of_event: NDArray[np.int8], bins: int) -> NDArray[np.int32]:
    """`near`, counted by the bin of the other act; i32[E, bins]. Acts with a negative bin are counted nowhere."""
    window = windows_us([window_s])[0]
    counts = np.zeros((len(events), bins), dtype=np.int32)
    for _, one, other, distance in _distances(events):
        if distance <= window:
            for act, met in ((one, other), (other, one)):
                if bin_of_event[met] >= 0:
                    counts[act, bin_of_event[met]] += 1
    return counts


def meetings(events: Events, a: NDArray[np.int32], b: NDArray[np.int32],
             ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """The objects that given pairs share, at any distance in time.

    Args:
        events: what `first_acts` gives: one act an actor and object.
        a, b: actor codes of the pairs; any order, pairs may repeat.

    Returns:
        Position in `a`, act of a, act of b; i64[M] each, sorted by (pair, object).

    Raises:
        ValueError: an actor has two acts on one object.
    """
    act_of: dict[int, dict[int, int]] = {}
    for i in range(len(events)):
        mine = act_of.setdefault(int(events.actor[i]), {})
        if int(events.object[i]) in mine:
            raise ValueError("meetings are counted on first acts: use first_acts(events)")
        mine[int(events.object[i])] = i
    found = []
    for pair, (one, other) in enumerate(zip(a.tolist(), b.tolist(), strict=True)):
        mine, theirs = act_of.get(one, {}), act_of.get(other, {})
        found += [(pair, mine[j], theirs[j]) for j in sorted(mine.keys() & theirs.keys())
                  if _can_meet(events, mine[j], theirs[j])]
    columns = np.array(found, dtype=np.int64).reshape(-1, 3).T
    return columns[0], columns[1], columns[2]
