"""The fast engine: two pointers over sorted acts, compiled, on all cores.

It refuses to hold what it does not return. `pairs` goes through the actors one by one: all acts of one actor are
walked, and the acts around each are counted into one array as long as the list of actors. Nothing is sorted, joined or
kept but the pairs that reach `min_objects`, so memory is linear in acts + pairs kept, also where 100,000 acts are on
one object. Cores share the work by ranges of actors, whose pairs are disjoint: nothing has to be merged, so nothing
depends on how many there are. (By shards of objects, the same counts would have to be added up; a test does that too.)

The functions are those of `reference`, where they are described.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np
import polars as pl
from numpy.typing import NDArray

from . import Events, pair_table, take, windows_us

TASKS_A_WORKER = 4  # ranges of actors for each core: the busiest actors come in one range, the others fill the time

_compiled = numba.njit(cache=True, nogil=True, boundscheck=False)


def _workers(workers: int | None) -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, workers if workers is not None else cores)


def _on_all_cores(task: Callable, ranges: list[tuple[int, int]], workers: int | None) -> list:
    with ThreadPoolExecutor(_workers(workers)) as pool:
        return list(pool.map(lambda ends: task(*ends), ranges))


def _even(weight: NDArray, parts: int) -> list[tuple[int, int]]:
    """Ranges of positions with about the same total weight each."""
    total = np.cumsum(weight)
    if not len(total):
        return []
    cuts = np.searchsorted(total, total[-1] * np.arange(1, parts) / parts) + 1
    ends = np.unique(np.concatenate([[0], cuts, [len(weight)]]))
    return list(zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True))


@_compiled
def _by_actor(actor, actors):
    """The acts of each actor, sorted by object and time, and where each actor's begin."""
    begin = np.zeros(actors + 1, dtype=np.int64)
    for a in actor:
        begin[a + 1] += 1
    for a in range(actors):
        begin[a + 1] += begin[a]
    acts, filled = np.empty(len(actor), dtype=np.int64), begin.copy()
    for i in range(len(actor)):
        acts[filled[actor[i]]] = i
        filled[actor[i]] += 1
    return acts, begin


# ------------------------------------------------------------------------------------------------ pairs

def pairs(events: Events, windows_s: Sequence[int], min_objects: int = 1, workers: int | None = None) -> pl.DataFrame:
    """See `reference.pairs`.

    Args:
        workers: threads; None: one a core.
    """
    windows = windows_us(list(windows_s))
    met = take(events, _not_alone(events.object, events.at, windows[-1]))
    # Where each post is one act and nobody fills a place, nothing but time and kind keeps two acts apart.
    free = len(met.kinds) == 1 and not np.any(met.by >= 0) and not np.any(np.bincount(met.post) > 1)
    acts, begin = _by_actor(met.actor, len(met.actors))

    def task(first: int, last: int) -> tuple[NDArray, NDArray, NDArray]:
        return _count(first, last, acts, begin, met.actor, met.object, met.at, met.post, met.by, met.start, met.kind,
                      windows, max(1, min_objects), free)

    ranges = _even(np.diff(begin), TASKS_A_WORKER * _workers(workers))
    found = [rows for rows in _on_all_cores(task, ranges, workers) if len(rows[0])]
    if not found:
        return pair_table(events, *(np.empty(0, dtype=np.int64) for _ in range(4)))
    a, b, counts = (np.concatenate(column) for column in zip(*found, strict=True))
    if len(windows) == 1:
        return pair_table(events, a, b, np.full(len(a), windows[0] // 1_000_000), counts[:, 0])
    row, window = np.nonzero(counts >= max(1, min_objects))
    return pair_table(events, a[row], b[row], windows[window] // 1_000_000, counts[row, window])


@_compiled
def _not_alone(object_, at, window):
    """Acts with another act of their object within the window: most have none, and are left out before the walk."""
    company = np.zeros(len(at), dtype=np.bool_)
    for i in range(1, len(at)):
        if object_[i] == object_[i - 1] and at[i] - at[i - 1] <= window:
            company[i - 1] = company[i] = True
    return company


@_compiled
def _can_meet(actor, post, by, kind, i, k):
    a, b = actor[i], actor[k]
    return (a != b and post[i] != post[k] and kind[a] == kind[b] and by[i] != b and by[k] != a
            and (by[i] < 0 or by[i] != by[k]))


@_compiled
def _meet_on_object(acts, first, last, actor, at, post, by, kind, low, high, widest, stamp, nearest, met,
                    free):
    """One actor's acts on one object: the later-named actors met there, and how near each came; how many were met."""
    found = 0
    for position in range(first, last):
        i = acts[position]
        a = actor[i]
        for step in (-1, 1):
            k = i + step
            while low <= k < high and abs(at[k] - at[i]) <= widest:
                b = actor[k]
                if b > a and (free or _can_meet(actor, post, by, kind, i, k)):
                    distance = abs(at[k] - at[i])
                    if stamp[b] != first:
                        stamp[b] = first
                        nearest[b] = distance
                        met[found] = b
                        found += 1
                    elif distance < nearest[b]:
                        nearest[b] = distance
                k += step
    return found


@_compiled
def _count(first_actor, last_actor, acts, begin, actor, object_, at, post, by, start, kind, windows, min_objects,
           free):
    """Pairs (a, b) with a in a range of actors, sorted: a, b and the objects within each window."""
    actors, widest = len(kind), windows[-1]
    counts = np.zeros((actors, len(windows)), dtype=np.int32)  # of the actor at hand; cleared by what it touched
    stamp = np.full(actors, -1, dtype=np.int64)                # the last object (its first act's position) b was met on
    nearest = np.zeros(actors, dtype=np.int64)
    met = np.empty(actors, dtype=np.int32)
    touched = np.empty(actors, dtype=np.int32)
    out_a, out_b = np.empty(1024, dtype=np.int32), np.empty(1024, dtype=np.int32)
    out_counts = np.empty((1024, len(windows)), dtype=np.int32)
    kept = 0
    for a in range(first_actor, last_actor):
        partners, position = 0, begin[a]
        while position < begin[a + 1]:
            j, end = object_[acts[position]], position + 1
            while end < begin[a + 1] and object_[acts[end]] == j:
                end += 1
            found = _meet_on_object(acts, position, end, actor, at, post, by, kind, start[j], start[j + 1], widest,
                                    stamp, nearest, met, free)
            for b in met[:found]:
                if counts[b, -1] == 0:
                    touched[partners] = b
                    partners += 1
                for window in range(len(windows)):
                    counts[b, window] += nearest[b] <= windows[window]
            position = end
        touched[:partners].sort()
        for b in touched[:partners]:
            if counts[b, -1] >= min_objects:
                if kept == len(out_a):
                    out_a = np.concatenate((out_a, np.empty(kept, dtype=np.int32)))
                    out_b = np.concatenate((out_b, np.empty(kept, dtype=np.int32)))
                    out_counts = np.concatenate((out_counts, np.empty((kept, len(windows)), dtype=np.int32)))
                out_a[kept], out_b[kept] = a, b
                for window in range(len(windows)):
                    out_counts[kept, window] = counts[b, window]
                kept += 1
            for window in range(len(windows)):
                counts[b, window] = 0
    return out_a[:kept].copy(), out_b[:kept].copy(), out_counts[:kept].copy()


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

    _on_all_cores(task, _even(size + 1, TASKS_A_WORKER * _workers(workers)), workers)
    return counts


@_compiled
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
                        if bin_of[k] >= 0 and _can_meet(actor, post, by, kind, i, k):
                            counts[i, bin_of[k]] += 1
                        k += step


@_compiled
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
    acts, begin = _by_actor(events.actor, len(events.actors))
    mine, theirs = events.actor[acts], events.object[acts]
    if np.any((mine[1:] == mine[:-1]) & (theirs[1:] == theirs[:-1])):
        raise ValueError("meetings are counted on first acts: use first_acts(events)")
    a, b = np.asarray(a, dtype=np.int32), np.asarray(b, dtype=np.int32)

    def task(first: int, last: int) -> tuple[NDArray, NDArray, NDArray]:
        return _meetings(first, last, a, b, acts, begin, events.actor, events.object, events.post, events.by,
                         events.kind)

    size = np.diff(begin)
    found = _on_all_cores(task, _even(size[a] + size[b] + 1, TASKS_A_WORKER * _workers(workers)), workers)
    if not found:
        return (np.empty(0, dtype=np.int64),) * 3
    pair, event_a, event_b = (np.concatenate(column) for column in zip(*found, strict=True))
    return pair, event_a, event_b


@_compiled
def _meetings(first, last, a, b, acts, begin, actor, object_, post, by, kind):
    pair, event_a, event_b = np.empty(64, dtype=np.int64), np.empty(64, dtype=np.int64), np.empty(64, dtype=np.int64)
    found = 0
    for row in range(first, last):
        mine, theirs = begin[a[row]], begin[b[row]]
        while mine < begin[a[row] + 1] and theirs < begin[b[row] + 1]:
            i, k = acts[mine], acts[theirs]
            if object_[i] < object_[k]:
                mine += 1
            elif object_[i] > object_[k]:
                theirs += 1
            else:
                if _can_meet(actor, post, by, kind, i, k):
                    if found == len(pair):
                        pair = np.concatenate((pair, np.empty(found, dtype=np.int64)))
                        event_a = np.concatenate((event_a, np.empty(found, dtype=np.int64)))
                        event_b = np.concatenate((event_b, np.empty(found, dtype=np.int64)))
                    pair[found], event_a[found], event_b[found] = row, i, k
                    found += 1
                mine += 1
                theirs += 1
    return pair[:found].copy(), event_a[:found].copy(), event_b[:found].copy()
