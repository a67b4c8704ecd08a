"""Events in the order (object, at, actor, post, by): partitioned, then sorted in the cache, on all cores.

Acts are dealt out to blocks of whole neighbouring objects that fit into a core's cache: into the very columns that are
returned, object and time in one word. A block is taken up from there as records, those of a busy object in parts by
time, and an act of it is one 64-bit key, object above time above its place, which numpy sorts with vector instructions.
Where that leaves no room for the last bits of the time, acts that are alike in the others are put in order one by one,
with all acts on one object at one time, by actor, post and account behind. So the order never depends on that of the
rows.

    rows ──▶ blocks of objects ──▶ records in the cache ──▶ keys (object, time, place), sorted ──▶ columns, ties evened

What it costs is bytes moved, and memory that the system has to find: none is asked for but that of the answer.
"""

import os
from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np
from numpy.typing import NDArray

FEW = 24            # acts at one time; below it putting each into its place is quicker than any sort
BLOCK = 2**15       # acts: 16 bytes of record and 8 of key each are 768 KiB, half of a core's second cache
OBJECTS = 13        # bits, of a block: with 51 for a time (1970 to 2041 in µs) they fill a word
GROUPS = 16         # bits: blocks are of whole groups of objects, so that what is known of a group stays in the cache
PARTS = 12          # bits: by so many of its first bits a block is divided that is more than twice as large
LOOKED = 4096       # rows: their times are still in the cache when their objects are counted

_compiled = numba.njit(cache=True, nogil=True, boundscheck=False)
Columns = tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]


def arranged(given: Columns, objects: int) -> tuple[Columns, NDArray[np.int64], bool]:
    """Object, at, actor, post, by in order, where each object begins (i64[objects + 1]), and whether a row repeats."""
    for column in given:
        column.flags.writeable = False  # a compiled function is compiled for what may be written and what may not
    object_, at, actor, post, by = given
    if not len(at):
        return _slowly(given, objects)
    cores = os.cpu_count() or 1
    cuts = np.linspace(0, len(at), cores + 1).astype(np.int64)
    shift = min(OBJECTS, max(0, (objects - 1).bit_length() - GROUPS))
    counts = np.zeros((cores, ((objects - 1) >> shift) + 1), dtype=np.uint32)
    with ThreadPoolExecutor(cores) as pool:
        ends = list(pool.map(lambda i: _looked(cuts[i], cuts[i + 1], object_, at, by, shift, counts[i]), range(cores)))
        low, known = min(end[0] for end in ends), max(end[2] for end in ends) >= 0
        if (high := max(end[1] for end in ends)) - low >= 2**51:
            return _slowly(given, objects)
        span = (high - low).bit_length()
        block_of, edges, begin, filled = _blocks(counts, shift, objects)
        start = np.empty(objects + 1, dtype=np.int64)
        start[objects] = len(at)
        out: Columns = (np.empty_like(object_), np.empty_like(at), np.empty_like(object_), np.empty_like(object_),
                        np.empty_like(object_) if known else by)  # where nobody is known, every order of them is one
        told = out[1:] if known else (*out[1:4], None)  # numba leaves out what is done with None
        what = (object_, at, actor, post, by, low, span, shift)
        list(pool.map(lambda i: _deal(cuts[i], cuts[i + 1], filled[i], block_of, edges, *what, *told), range(cores)))
        rooms = [_Room(BLOCK) for _ in range(cores)]

        def ordered(block: int) -> bool:
            first, last = int(begin[block]), int(begin[block + 1])
            room = rooms.pop()
            if len(room.keys) < last - first:
                room = _Room(last - first)
            mine = [column if column is None else column[first:last] for column in (out[0], *told)]
            repeats = last > first and _in_order(mine, room, low, span, int(edges[block]))
            _begin(mine[0], edges[block], first, start[edges[block] : edges[block + 1]])
            rooms.append(room)
            return repeats

        repeated = any(list(pool.map(ordered, range(len(edges) - 1))))
    return out, start, repeated


class _Room:
    """Where the acts of a block lie while they are sorted: a core's own, or each block would ask for memory anew."""

    def __init__(self, acts: int):
        self.keys = np.empty(acts, dtype=np.uint64)
        self.records = np.empty((acts, 2), dtype=np.uint64)
        self.behind = np.empty(acts, dtype=np.int32)

    def nobody(self, acts: int) -> NDArray[np.int32]:
        """Accounts behind, of as many acts, where none is known."""
        self.behind[:acts].fill(-1)
        return self.behind[:acts]


def _in_order(block: list, room: _Room, low: int, span: int, begin: int) -> bool:
    """Put a block in order, in place; whether a row repeats."""
    repeats, cuts = False, _take_up(*(*block[1:], room.records, room.behind))
    for first, last in zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True):
        records, keys, behind = room.records[first:last], room.keys[first:last], room.behind[first:last]
        bits = int(_place(records, keys))
        keys.sort()
        part = [column if column is None else column[first:last] for column in block]
        if _emit(*(keys, bits, records, behind, low, span, begin, *part)):
            nobody = room.nobody(last - first) if part[4] is None else part[4]
            repeats |= _even_out(*(keys, bits, *part[1:4], nobody))
    return bool(repeats)


def _slowly(given: Columns, objects: int) -> tuple[Columns, NDArray[np.int64], bool]:
    """`arranged`, of times that lie further apart than our calendar does."""
    order = np.lexsort(given[::-1])
    out: Columns = (given[0][order], given[1][order], given[2][order], given[3][order], given[4][order])
    alike = np.ones(max(0, len(order) - 1), dtype=bool)
    for column in out:
        alike &= column[1:] == column[:-1]
    return out, np.searchsorted(out[0], np.arange(objects + 1)).astype(np.int64), bool(alike.any())


@_compiled
def _take_up(at, actor, post, by, records, behind):
    """A block as records, and where its parts begin and end: one too large for the cache is divided by its words."""
    size = len(at)
    if size <= 2 * BLOCK:
        for i in range(size):
            records[i, 0], records[i, 1] = at[i], (np.uint64(actor[i]) << np.uint64(32)) | np.uint64(post[i])
            if by is not None:
                behind[i] = by[i]
        return np.array([0, size])
    lowest, highest = at.min(), at.max()
    shift = np.uint64(max(0, length(highest - lowest) - PARTS))
    counts = np.zeros(1 << PARTS, dtype=np.int64)
    for i in range(size):
        counts[np.uint64(at[i] - lowest) >> shift] += 1
    part_of, cuts = np.empty(len(counts), dtype=np.uint32), np.zeros(len(counts) + 1, dtype=np.int64)
    parts, held = 0, np.int64(0)
    for one in range(len(counts)):
        if held + counts[one] > BLOCK and held > 0:
            parts, held = parts + 1, np.int64(0)
        part_of[one] = parts
        held += counts[one]
        cuts[parts + 1] += counts[one]
    cuts = np.cumsum(cuts[: parts + 2])
    filled = cuts.astype(np.uint64)
    for i in range(size):
        part = part_of[np.uint64(at[i] - lowest) >> shift]
        place = filled[part]
        filled[part] = place + np.uint64(1)
        records[place, 0], records[place, 1] = at[i], (np.uint64(actor[i]) << np.uint64(32)) | np.uint64(post[i])
        if by is not None:
            behind[place] = by[i]
    return cuts


@_compiled
def length(number):
    """How many bits a number has, 0 where it has none or is below."""
    bits = 0
    while number >> bits > 0:
        bits += 1
    return bits


@_compiled
def _place(records, keys):
    """Keys: object and time, less the least of them, above the place; and how many bits the place has."""
    lowest, highest = np.uint64(2**64 - 1), np.uint64(0)
    for i in range(len(records)):
        lowest, highest = min(lowest, records[i, 0]), max(highest, records[i, 0])
    bits = length(len(records) - 1)
    shift, up = np.uint64(max(0, length(np.int64(highest - lowest)) + bits - 64)), np.uint64(bits)
    for i in range(len(records)):
        keys[i] = (((records[i, 0] - lowest) >> shift) << up) | np.uint64(i)
    return bits


@_compiled
def _looked(first, last, object_, at, by, shift, counts):
    """How many acts each group of objects has; the first and the last time, and the largest account behind."""
    lowest, highest, known = np.int64(2**63 - 1), np.int64(-(2**63)), np.int32(-1)
    for one in range(first, last, LOOKED):
        end = min(last, one + LOOKED)
        for i in range(one, end):
            lowest, highest, known = min(lowest, at[i]), max(highest, at[i]), max(known, by[i])
        for i in range(one, end):
            counts[np.uint32(object_[i]) >> np.uint32(shift)] += np.uint32(1)
    return lowest, highest, known


@_compiled
def _blocks(counts, shift, objects):
    """The block of each group, the objects and the acts at which blocks begin (and end), and where each core writes."""
    groups = counts.shape[1]
    block_of, edges = np.empty(groups, dtype=np.int32), np.empty(groups + 1, dtype=np.int64)
    begin, blocks, acts, most = np.empty(groups + 1, dtype=np.int64), 0, np.int64(0), 1 << (OBJECTS - shift)
    for group in range(groups):
        more = np.int64(counts[:, group].sum())
        if group == 0 or acts + more - begin[blocks - 1] > BLOCK or group - (edges[blocks - 1] >> shift) >= most:
            edges[blocks], begin[blocks] = group << shift, acts
            blocks += 1
        block_of[group] = blocks - 1
        acts += more
    edges[blocks], begin[blocks] = objects, acts
    filled = np.zeros((len(counts), blocks), dtype=np.uint64)
    filled[0] = begin[:blocks].astype(np.uint64)
    for core in range(1, len(counts)):
        filled[core] = filled[core - 1]
        for group in range(groups):
            filled[core, block_of[group]] += np.uint64(counts[core - 1, group])
    return block_of, edges[: blocks + 1].copy(), begin[: blocks + 1].copy(), filled


@_compiled
def _deal(first, last, filled, block_of, edges, object_, at, actor, post, by, low, span, shift, when, who, which,
          behind):
    """Put each act into its block: object and time as one word, the rest as it came."""
    above, down = np.uint64(span), np.uint32(shift)
    for i in range(first, last):
        block = np.uint32(block_of[np.uint32(object_[i]) >> down])
        place = filled[block]
        filled[block] = place + np.uint64(1)
        when[place] = (np.int64(object_[i] - edges[block]) << above) | (at[i] - low)
        who[place], which[place] = actor[i], post[i]
        if behind is not None:
            behind[place] = by[i]


@_compiled
def _emit(keys, bits, records, behind, low, span, begin, object_, at, actor, post, by):
    """Acts as columns, in the order of their keys; are keys alike?"""
    one, above, half, down = np.uint64(1), np.uint64(span), np.uint64(32), np.uint64(bits)
    here, moment, lower = (one << down) - one, (one << above) - one, (one << half) - one
    tied, last = False, np.uint64(2**64 - 1)
    for i in range(len(keys)):
        key = keys[i]
        place = key & here
        what, told, key = records[place, 0], records[place, 1], key >> down
        object_[i], at[i] = begin + np.int64(what >> above), np.int64(what & moment) + low
        actor[i], post[i] = told >> half, told & lower
        if by is not None:
            by[i] = behind[place]
        tied |= key == last
        last = key
    return tied


@_compiled
def _begin(object_, begin, act, start):
    """Where each object of a block begins."""
    begun = -1
    for i in range(len(object_)):
        while begun < object_[i] - begin:
            begun += 1
            start[begun] = act + i
    start[begun + 1 :] = act + len(object_)


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
