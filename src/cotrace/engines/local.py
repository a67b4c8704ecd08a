"""The fast engine: two pointers over sorted acts, compiled, on all cores.

It refuses to hold what it does not return: most pairs meet once, and where there are many of them a sketch says first
which ones can reach `min_objects` at all (`_pairs.py`). The functions are those of `reference`, where they are
described.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from . import Events, _meetings, _pairs, pair_table, windows_us, without_crowds
from ._pairs import TASKS, can_meet, compiled, even, on_all_cores, threads


def pairs(events: Events, windows_s: Sequence[int], min_objects: int = 1, workers: int | None = None,
          common_property: int | None = None) -> pl.DataFrame:
    """See `reference.pairs`.

    Args:
        workers: threads; None: one a core.
    """
    windows = windows_us(list(windows_s))
    events = without_crowds(events, int(windows[-1]) // 1_000_000, common_property)
    a, b, window, objects = _pairs.counted(events, windows, max(1, min_objects), threads(workers))
    return pair_table(events, a, b, windows[window] // 1_000_000, objects)


# ------------------------------------------------------------------------------------------------- near

def near(events: Events, window_s: int, workers: int | None = None) -> NDArray[np.int64]:
    """See `reference.near`."""
    return lag_near(events, window_s, np.zeros(len(events), dtype=np.int8), 1, workers)[:, 0].astype(np.int64)


def lag_near(events: Events, window_s: int, bin_of_event: NDArray[np.int8], bins: int,
             workers: int | None = None) -> NDArray[np.int32]:
    """See `reference.lag_near`."""
    window = int(windows_us([window_s])[0])
    counts = np.zeros((len(events), bins), dtype=np.int32)
    size = np.diff(events.start)

    def task(first: int, last: int) -> None:
        _near(first, last, events.actor, events.at, events.post, events.by, events.start, events.kind,
              len(events.actors), len(events.posts), window, bin_of_event.astype(np.int8), counts)

    on_all_cores(task, even(size + 1, TASKS * threads(workers)), workers)
    return counts


@compiled
def _near(first, last, actor, at, post, by, start, kind, actors, posts, window, bin_of, counts):
    seen_actor, seen_post = np.full(actors, -1, dtype=np.int64), np.full(posts, -1, dtype=np.int64)
    bins = counts.shape[1]
    inside = np.empty(bins, dtype=np.int32)
    for j in range(first, last):
        low, high = start[j], start[j + 1]
        if _everybody_can_meet(low, high, j, actor, post, by, kind, seen_actor, seen_post):
            inside[:] = 0
            left = right = low
            for i in range(low, high):  # inside: the acts left ≤ k < right, all those within the window of act i
                while right < high and at[right] - at[i] <= window:
                    if bin_of[right] >= 0:
                        inside[bin_of[right]] += 1
                    right += 1
                while at[i] - at[left] > window:
                    if bin_of[left] >= 0:
                        inside[bin_of[left]] -= 1
                    left += 1
                counts[i] = inside
                if bin_of[i] >= 0:
                    counts[i, bin_of[i]] -= 1
        else:
            for i in range(low, high):
                for step in (-1, 1):
                    k = i + step
                    while low <= k < high and abs(at[k] - at[i]) <= window:
                        if bin_of[k] >= 0 and can_meet(actor, post, by, kind, i, k):
                            counts[i, bin_of[k]] += 1
                        k += step


@compiled
def _everybody_can_meet(low, high, j, actor, post, by, kind, seen_actor, seen_post):
    """No two acts of the object are kept apart by anything but time."""
    for i in range(low, high):
        a, p = actor[i], post[i]
        if by[i] >= 0 or kind[a] != kind[actor[low]] or seen_actor[a] == j or seen_post[p] == j:
            return False
        seen_actor[a] = j
        seen_post[p] = j
    return True


# --------------------------------------------------------------------------------------------- meetings

def meetings(events: Events, a: NDArray[np.int32], b: NDArray[np.int32], workers: int | None = None,
             ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """See `reference.meetings`."""
    return _meetings.shared(events, np.asarray(a, dtype=np.int32), np.asarray(b, dtype=np.int32), workers)
