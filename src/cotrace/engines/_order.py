"""Events in the order (object, at, actor, post, by): partitioned, then sorted in the cache, on all cores.

Acts are dealt out to blocks of whole neighbouring objects that fit into a core's cache, as 16 bytes each: object and
time in one word, actor and post in another; the account behind beside them, where any is known. In a block, an act is
one 64-bit key, object above time above its place, which numpy sorts with vector instructions. Where that leaves no room
for the last bits of the time, acts that are alike in the others are put in order one by one, with all acts on one
object at one time, by actor, post and account behind. So the order never depends on that of the rows.

    rows ──▶ blocks of objects (records) ──▶ keys (object, time, place), sorted ──▶ columns, ties in order
"""

import os
from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np
from numpy.typing import NDArray

FEW = 24            # acts at one time; below it putting each into its place is quicker than any sort
BLOCK = 2**15       # acts: 16 bytes of record and 8 of key each are 768 KiB, half of a core's second cache
OBJECTS = 2**13     # of a block: with 51 bits for a time (1970 to 2041 in µs) they fill a word

_compiled = numba.njit(cache=True, nogil=True, boundscheck=False)
Columns = tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]


def arranged(given: Columns, objects: int) -> tuple[Columns, NDArray[np.int64], bool]:
    """Object, at, actor, post, by in order, where each object begins (i64[objects + 1]), and whether a row repeats."""
    for column in given:
        column.flags.writeable = False  # a compiled function is compiled for what may be written and what may not
    object_, at, actor, post, by = given
    if not len(at) or int(at.max()) - int(at.min()) >= 2**51:
        return _slowly(given, objects)
    low, post_bits, known = int(at.min()), int(post.max()).bit_length(), bool(by.max() >= 0)
    span = (int(at.max()) - low).bit_length()
    cores = os.cpu_count() or 1
    cuts = np.linspace(0, len(at), cores + 1).astype(np.int64)
    out: Columns = (np.empty_like(object_), np.empty_like(at), np.empty_like(object_), np.empty_like(object_),
                    np.empty_like(object_) if known else np.full_like(object_, -1))
    with ThreadPoolExecutor(cores) as pool:
        counts = np.stack(list(pool.map(lambda i: _counted(object_[cuts[i] : cuts[i + 1]], objects), range(cores))))
        start = np.concatenate([[0], np.cumsum(counts.sum(axis=0, dtype=np.int64))]).astype(np.int64)
        block_of, edges = _blocks(start)
        filled = _filled(counts, block_of, start[edges])
        records = np.empty((len(at), 2), dtype=np.uint64)
        behind = np.empty_like(by) if known else None  # numba leaves out what is done with None
        what = (object_, at, actor, post, by if known else None, low, span, post_bits, records, behind)
        list(pool.map(lambda i: _scatter(cuts[i], cuts[i + 1], filled[i], block_of, edges, *what), range(cores)))

        def ordered(block: int) -> bool:
            mine = slice(start[edges[block]], start[edges[block + 1]])
            keys, bits = _keys(records[mine], int(edges[block + 1] - edges[block] - 1).bit_length(), span)
            keys.sort()
            own = tuple(column[mine] for column in out)
            _emit(*(keys, bits, records[mine], behind if behind is None else behind[mine], edges[block], low, span,
                    post_bits, *own[:4], own[4] if known else None))
            return bool(_even_out(*(keys, bits, *own[1:])))

        repeated = any(list(pool.map(ordered, range(len(edges) - 1))))
    return out, start, repeated


def _slowly(given: Columns, objects: int) -> tuple[Columns, NDArray[np.int64], bool]:
    """`arranged`, of times that lie further apart than our calendar does."""
    order = np.lexsort(given[::-1])
    out: Columns = (given[0][order], given[1][order], given[2][order], given[3][order], given[4][order])
    alike = np.ones(max(0, len(order) - 1), dtype=bool)
    for column in out:
        alike &= column[1:] == column[:-1]
    return out, np.searchsorted(out[0], np.arange(objects + 1)).astype(np.int64), bool(alike.any())


def _keys(records: NDArray[np.uint64], object_bits: int, span: int) -> tuple[NDArray[np.uint64], int]:
    """Object and time above the place of each act, and how many bits the place has."""
    bits, low = int(len(records) - 1).bit_length() if len(records) else 0, 0
    if object_bits == 0 and len(records):  # one object, and often one moment: the times begin with its first
        low = int(records[:, 0].min())
        span = (int(records[:, 0].max()) - low).bit_length()
    return _placed(records, low, max(0, object_bits + span + bits - 64), bits), bits


@_compiled
def _placed(records, low, shift, bits):
    keys = np.empty(len(records), dtype=np.uint64)
    for i in range(len(records)):
        keys[i] = (((records[i, 0] - np.uint64(low)) >> np.uint64(shift)) << np.uint64(bits)) | np.uint64(i)
    return keys


@_compiled
def _counted(object_, objects):
    counts = np.zeros(objects, dtype=np.uint32)
    for j in object_:
        counts[np.uint32(j)] += np.uint32(1)
    return counts


@_compiled
def _blocks(start):
    """The block of each object, and the objects at which blocks begin (and end); a busy object is a block by itself."""
    objects = len(start) - 1
    block_of, edges = np.empty(objects, dtype=np.int32), np.empty(objects + 1, dtype=np.int64)
    blocks = 0
    for j in range(objects):
        if (j == 0 or start[j + 1] - start[edges[blocks - 1]] > BLOCK or j - edges[blocks - 1] >= OBJECTS):
            edges[blocks] = j
            blocks += 1
        block_of[j] = blocks - 1
    edges[blocks] = objects
    return block_of, edges[: blocks + 1].copy()


@_compiled
def _filled(counts, block_of, begin):
    """Where in each block each core's share of the rows begins."""
    filled = np.zeros((len(counts), len(begin)), dtype=np.uint64)
    for core in range(len(counts)):
        for j in range(len(block_of)):
            filled[core, block_of[j]] += np.uint64(counts[core, j])
    for block in range(len(begin)):
        at = np.uint64(begin[block])
        for core in range(len(counts)):
            share = filled[core, block]
            filled[core, block] = at
            at += share
    return filled


@_compiled
def _scatter(first, last, filled, block_of, edges, object_, at, actor, post, by, low, span, post_bits, records, behind):
    above, upper = np.uint64(span), np.uint64(post_bits)
    for i in range(first, last):
        block = np.uint32(block_of[np.uint32(object_[i])])
        place = filled[block]
        filled[block] = place + np.uint64(1)
        records[place, 0] = (np.uint64(object_[i] - edges[block]) << above) | np.uint64(at[i] - low)
        records[place, 1] = (np.uint64(actor[i]) << upper) | np.uint64(post[i])
        if behind is not None:
            behind[place] = by[i]


@_compiled
def _emit(keys, bits, records, behind, begin, low, span, post_bits, object_, at, actor, post, by):
    """The acts of a block as columns, in the order of their keys."""
    one, above, upper = np.uint64(1), np.uint64(span), np.uint64(post_bits)
    here, moment, which = (one << np.uint64(bits)) - one, (one << above) - one, (one << upper) - one
    for i in range(len(keys)):
        place = keys[i] & here
        what, told = records[place, 0], records[place, 1]
        object_[i], at[i] = np.int64(what >> above) + begin, np.int64(what & moment) + low
        actor[i], post[i] = told >> upper, told & which
        if behind is not None:
            by[i] = behind[place]


@_compiled
def _even_out(keys, bits, at, actor, post, by):
    """Put acts of one key in order; whether one of them stands there twice."""
    repeated, last, down = False, 1, np.uint64(bits)
    while last < len(keys):
        if keys[last] >> down != keys[last - 1] >> down:
            last += 1
            continue
        first = last - 1
        while last < len(keys) and keys[last] >> down == keys[first] >> down:
            last += 1
        if last - first > FEW:
            _sort_many(first, last, at, actor, post, by)
        else:
            _sort_few(first, last, at, actor, post, by)
        for i in range(first + 1, last):
            repeated |= (at[i] == at[i - 1] and actor[i] == actor[i - 1] and post[i] == post[i - 1]
                         and by[i] == by[i - 1])
        last += 1
    return repeated


@_compiled
def _sort_few(one, end, at, actor, post, by):
    for i in range(one + 1, end):
        t, a, p, z, k = at[i], actor[i], post[i], by[i], i
        while k > one and (at[k - 1] > t or (at[k - 1] == t and (actor[k - 1] > a or (actor[k - 1] == a and (
                post[k - 1] > p or (post[k - 1] == p and by[k - 1] > z)))))):
            at[k], actor[k], post[k], by[k] = at[k - 1], actor[k - 1], post[k - 1], by[k - 1]
            k -= 1
        at[k], actor[k], post[k], by[k] = t, a, p, z


@_compiled
def _sort_many(one, end, at, actor, post, by):
    order = np.argsort(by[one:end], kind="mergesort")
    order = order[np.argsort(post[one:end][order], kind="mergesort")]
    order = order[np.argsort(actor[one:end][order], kind="mergesort")]
    order = order[np.argsort(at[one:end][order], kind="mergesort")]
    at[one:end], actor[one:end] = at[one:end][order], actor[one:end][order]
    post[one:end], by[one:end] = post[one:end][order], by[one:end][order]


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
