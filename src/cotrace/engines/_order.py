"""Events in the order (object, at, actor, post, by): partitioned, then sorted in the cache, on all cores.

Acts are dealt out to blocks of whole neighbouring objects that fit into a core's cache. In a block, an act is one
64-bit key, its time above its place, which numpy sorts with vector instructions; in that order acts are dealt out to
their objects. Acts on one object at one time are put in order by actor, post and account behind, so that the order
never depends on that of the rows.

    rows ──▶ blocks of objects (records of 24 bytes) ──▶ keys (at, place), sorted ──▶ objects, ties in order
"""

import os
from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np
from numpy.typing import NDArray

FEW = 24            # acts at one time; below it putting each into its place is quicker than any sort
BLOCK = 2**15       # acts: 24 bytes of record and 8 of key each are 1 MiB, half of a core's second cache

_compiled = numba.njit(cache=True, nogil=True)
Columns = tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]


def arranged(given: Columns, objects: int) -> tuple[Columns, NDArray[np.int64], bool]:
    """Object, at, actor, post, by in order, where each object begins (i64[objects + 1]), and whether a row repeats."""
    for column in given:
        column.flags.writeable = False  # a compiled function is compiled for what may be written and what may not
    object_, at, actor, post, by = given
    cores = os.cpu_count() or 1
    cuts = np.linspace(0, len(at), cores + 1).astype(np.int64)
    out: Columns = (np.empty_like(object_), np.empty_like(at), np.empty_like(actor), np.empty_like(post),
                    np.empty_like(by))
    with ThreadPoolExecutor(cores) as pool:
        counts = np.stack(list(pool.map(lambda i: _counted(object_[cuts[i] : cuts[i + 1]], objects), range(cores))))
        start = np.concatenate([[0], np.cumsum(counts.sum(axis=0))]).astype(np.int64)
        block_of, edges = _blocks(start)
        filled = _filled(counts, block_of, start[edges])
        records = np.empty((len(at), 3), dtype=np.int64)
        list(pool.map(lambda i: _scatter(cuts[i], cuts[i + 1], filled[i], block_of, *given, records), range(cores)))

        def ordered(block: int) -> bool:
            first, last = start[edges[block]], start[edges[block + 1]]
            places = _by_time(records[first:last, 0])
            return bool(_deal(places, records[first:last], start[edges[block] : edges[block + 1] + 1], edges[block],
                              *out))

        repeated = any(list(pool.map(ordered, range(len(edges) - 1))))
    return out, start, repeated


def dealt(given: Columns, shards: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Acts as records, those of each shard together; and where each shard begins (i64[shards + 1]).

    Object j is of shard j mod `shards`.
    """
    for column in given:
        column.flags.writeable = False
    shard_of = given[0] % np.int32(shards)
    ends = np.concatenate([[0], np.cumsum(np.bincount(shard_of, minlength=shards))]).astype(np.int64)
    records = np.empty((len(given[0]), 3), dtype=np.int64)
    _put(ends[:-1].copy(), shard_of, *given, records)
    return records, ends


@_compiled
def _put(filled, shard_of, object_, at, actor, post, by, records):
    for i in range(len(at)):
        place = filled[shard_of[i]]
        filled[shard_of[i]] = place + 1
        records[place, 0] = at[i]
        records[place, 1] = (np.int64(object_[i]) << 32) | np.int64(actor[i])
        records[place, 2] = (np.int64(post[i]) << 32) | np.int64(by[i] + 1)


def _by_time(at: NDArray[np.int64]) -> NDArray[np.int64]:
    """Places in order of time."""
    if not len(at):
        return np.empty(0, dtype=np.int64)
    low, bits = int(at.min()), int(len(at) - 1).bit_length()
    if (int(at.max()) - low).bit_length() + bits > 63:
        return np.argsort(at, kind="stable")
    keys = _keys(at, low, bits)
    keys.sort()
    keys &= (1 << bits) - 1
    return keys


@_compiled
def _keys(at, low, bits):
    keys = np.empty(len(at), dtype=np.int64)
    for i in range(len(at)):
        keys[i] = ((at[i] - low) << bits) | i
    return keys


@_compiled
def _counted(object_, objects):
    counts = np.zeros(objects, dtype=np.int64)
    for j in object_:
        counts[j] += 1
    return counts


@_compiled
def _blocks(start):
    """The block of each object, and the objects at which blocks begin (and end)."""
    objects = len(start) - 1
    block_of, edges = np.empty(objects, dtype=np.int32), np.empty(objects + 1, dtype=np.int64)
    blocks = 0
    for j in range(objects):
        if j == 0 or start[j + 1] - start[edges[blocks - 1]] > BLOCK:
            edges[blocks] = j
            blocks += 1
        block_of[j] = blocks - 1
    edges[blocks] = objects
    return block_of, edges[: blocks + 1].copy()


@_compiled
def _filled(counts, block_of, begin):
    """Where in each block each core's share of the rows begins."""
    filled = np.zeros((len(counts), len(begin)), dtype=np.int64)
    for core in range(len(counts)):
        for j in range(len(block_of)):
            filled[core, block_of[j]] += counts[core, j]
    for block in range(len(begin)):
        at = begin[block]
        for core in range(len(counts)):
            share = filled[core, block]
            filled[core, block] = at
            at += share
    return filled


@_compiled
def _scatter(first, last, filled, block_of, object_, at, actor, post, by, records):
    for i in range(first, last):
        block = block_of[object_[i]]
        place = filled[block]
        filled[block] = place + 1
        records[place, 0] = at[i]
        records[place, 1] = (np.int64(object_[i]) << 32) | np.int64(actor[i])
        records[place, 2] = (np.int64(post[i]) << 32) | np.int64(by[i] + 1)  # by is -1 where unknown


@_compiled
def _deal(places, records, start, begin, object_, at, actor, post, by):
    """The acts of a block, in order of time, to their objects; then those of one object at one time by actor.

    Whether one of them stands there twice.
    """
    filled, offset, repeated = start.copy(), start[0], False
    for place in places:
        what, told = records[place, 1], records[place, 2]
        j = what >> 32
        to = filled[j - begin]
        filled[j - begin] = to + 1
        object_[to], at[to], actor[to] = j, records[place, 0], what & 0xFFFFFFFF
        post[to], by[to] = told >> 32, (told & 0xFFFFFFFF) - 1
    one = offset
    while one < start[-1]:
        end = one + 1
        while end < start[-1] and at[end] == at[one] and object_[end] == object_[one]:
            end += 1
        if end - one > FEW:
            _sort_many(one, end, actor, post, by)
        elif end - one > 1:
            _sort_few(one, end, actor, post, by)
        for i in range(one + 1, end):
            repeated |= actor[i] == actor[i - 1] and post[i] == post[i - 1] and by[i] == by[i - 1]
        one = end
    return repeated


@_compiled
def _sort_few(one, end, actor, post, by):
    for i in range(one + 1, end):
        a, p, z, k = actor[i], post[i], by[i], i
        while k > one and (actor[k - 1] > a or (actor[k - 1] == a and (post[k - 1] > p or (
                post[k - 1] == p and by[k - 1] > z)))):
            actor[k], post[k], by[k] = actor[k - 1], post[k - 1], by[k - 1]
            k -= 1
        actor[k], post[k], by[k] = a, p, z


@_compiled
def _sort_many(one, end, actor, post, by):
    order = np.argsort(by[one:end], kind="mergesort")
    order = order[np.argsort(post[one:end][order], kind="mergesort")]
    order = order[np.argsort(actor[one:end][order], kind="mergesort")]
    actor[one:end], post[one:end], by[one:end] = actor[one:end][order], post[one:end][order], by[one:end][order]


@_compiled
def most_actors(candidates, start, actor, at, window, inside, most):
    """See `engines.busiest`; `inside` is all 0 before and after: acts of each actor within the window at hand."""
    for j in candidates:
        left, people = start[j], 0
        for i in range(start[j], start[j + 1]):
            while at[i] - at[left] > window:
                inside[actor[left]] -= 1
                people -= inside[actor[left]] == 0
                left += 1
            people += inside[actor[i]] == 0
            inside[actor[i]] += 1
            most[j] = max(most[j], people)
        for i in range(left, start[j + 1]):
            inside[actor[i]] = 0
