"""Who met whom on how many objects: meetings are walked object by object, and only those that can matter are held.

A meeting is one 64-bit word, `a · b · object · narrowest window that holds it`; sorted, the words of a pair stand
together and counting them is one walk. Few meetings are simply held. Of many, most are of pairs that meet once: they
are walked twice, first into a **sketch**, counters of one byte at the hash of the pair, which can only ever say too
much (pairs that share a counter add up), never too little. What the sketch says cannot reach the minimum is not held in
the second walk; the rest is counted exactly, and held once an object, so that the word needs no object. Beyond a
sketch's capacity pairs are divided by their hash, one division a round.

Where few act on one object very often, an act is held against the nearest later act of each of the others alone: what
comes after it is no narrower meeting of the same two. So what a thousand bots post a thousand times each costs a
thousand times its acts, and not their square.

So memory is that of the events, of the sketch, and of what can be an answer; nothing is sampled or estimated.
"""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from . import Events

TASKS = 4          # ranges of objects for each core: the busiest objects come in one range, the others fill the time
GRAIN = 2**17      # acts or meetings, the fewest for a range: a millisecond's work, many times what a thread costs
HELD = 2**25       # meetings that are held without a sketch of all: 256 MiB
PART = 2**17       # meetings dealt out to one part: 1 MiB, and half as much for a sketch, in a core's second cache
BATCH = 2**11      # meetings that are dealt out at a time: a call with arrays costs as much as several meetings
PIECE = 504        # meetings, the room a part asks for at a time: 63 lines of the cache, or all parts would share a few
SKETCH = 2**27     # counters, one byte each and one table a core; meetings a round: one for each counter
OFTEN = 64         # pairs of acts for each act of an object, from which on it is worth a look who they are
FEWER = 4          # times less to walk, from which on a ring of links costs less than it spares
FEW = 5792         # whoever acts; a byte for every two of them is 32 MiB

compiled = numba.njit(cache=True, nogil=True, boundscheck=False)
Counts = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]
_MIX = np.uint64(0x9E3779B97F4A7C15)  # Knuth's multiplier: the upper bits of the product depend on all bits of the pair


def threads(workers: int | None) -> int:
    """One a core, or as many as are asked for."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, workers if workers is not None else cores)


def on_all_cores(task: Callable, ranges: list[tuple[int, int]], workers: int | None) -> list:
    """What the task gives for each range, in their order."""
    if len(ranges) <= 1:
        return [task(*ends) for ends in ranges]
    with ThreadPoolExecutor(threads(workers)) as pool:
        return list(pool.map(lambda ends: task(*ends), ranges))


def even(weight: NDArray, parts: int) -> list[tuple[int, int]]:
    """Ranges of positions with about the same total weight each; fewer than asked for where there is little to do."""
    total = np.cumsum(weight)
    if not len(total):
        return []
    parts = max(1, min(parts, int(total[-1]) // GRAIN))
    cuts = np.searchsorted(total, total[-1] * np.arange(1, parts) / parts) + 1
    ends = np.unique(np.concatenate([[0], cuts, [len(weight)]]))
    return list(zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True))


class Walk(NamedTuple):
    """Acts of some objects, and what is known of them before any meeting is walked."""

    what: tuple                     # start, actor, at, post, by, kind, who, there, windows, actor_bits: for the kernels
    there: NDArray[np.int64]        # of each object, the pairs of acts that are walked: no fewer than it has meetings
    walked: list[tuple[int, int]]   # ranges of objects, about the same work each
    free: bool                      # nobody is kept apart by kind or by the account behind
    whole: int                      # their sum


def walk(events: Events, windows: NDArray[np.int64], workers: int, tasks: int = TASKS) -> Walk:
    """Look how much there is to do.

    Args:
        windows: µs, ascending.
        tasks: ranges of objects for each core.
    """
    there = np.zeros(len(events.start) - 1, dtype=np.int64)
    on_all_cores(lambda first, last: _expected(first, last, events.start, events.at, windows[-1], there),
                 even(np.diff(events.start) + 1, tasks * workers), workers)
    free = len(events.kinds) == 1 and not np.any(events.by >= 0)
    who = _thinned(events, windows[-1], len(windows), there)
    what = (events.start, events.actor, events.at, events.post, events.by, events.kind, who, there, windows,
            _bits(len(events.kind)))
    return Walk(what, there, even(there + 1, tasks * workers), free, int(there.sum()))


def _thinned(events: Events, widest: np.int64, windows: int, there: NDArray[np.int64]) -> NDArray[np.int32]:
    """On objects on which few act very often, who acts and the rank of the actor; −1 elsewhere: [2, acts or none].

    Acts of one actor filled by one account meet the same people, so the nearest says all. An act whose post has another
    one of the same kind here may be kept from meeting by that, and stands for itself. `there` is mended.
    """
    often = np.flatnonzero(there > OFTEN * np.diff(events.start)) if windows < 255 else np.empty(0, dtype=np.int64)
    who = np.full((2, len(events) if len(often) else 0), -1, dtype=np.int32)
    for j in often:
        mine = slice(events.start[j], events.start[j + 1])
        post, actor = events.post[mine].astype(np.int64), events.actor[mine]
        people, rank = np.unique(actor, return_inverse=True)
        of_post = np.unique((post << 8) | events.kind[actor], return_inverse=True)[1]
        apart = np.where(np.bincount(of_post)[of_post] > 1, np.arange(len(post)), -1)
        table = np.stack([rank, events.by[mine], apart])
        order = np.lexsort(table)
        new = np.r_[True, (table[:, order[1:]] != table[:, order[:-1]]).any(axis=0)]
        ranks = np.empty(len(post), dtype=np.int32)
        ranks[order] = np.cumsum(new) - 1
        steps = _steps(events.at[mine], ranks, widest)
        if FEWER * steps < there[j] and ranks.max() < FEW:
            who[0, mine], who[1, mine], there[j] = ranks, rank, min(steps, len(people) * (len(people) - 1) // 2)
    return who


def _bits(kinds: int) -> int:
    return max(1, kinds - 1).bit_length()


def narrow(actors: int, windows: NDArray[np.int64]) -> bool:
    """Whether two actors and a window have room in one word; else windows are counted one at a time."""
    return 2 * _bits(actors) + (len(windows) - 1).bit_length() <= 63


def counted(events: Events, windows: NDArray[np.int64], min_objects: int, workers: int) -> Counts:
    """a, b, index of the window, objects; sorted, a row where a pair met on at least `min_objects` objects.

    Args:
        windows: µs, ascending.
    """
    if not narrow(len(events.kind), windows):  # more than a billion actors
        return together([counted(events, windows[at : at + 1], min_objects, workers) for at in range(len(windows))])
    window_bits = (len(windows) - 1).bit_length()
    acts = walk(events, windows, workers)
    object_bits, actor_bits = max(1, len(events.start) - 2).bit_length(), acts.what[9]
    if acts.whole <= HELD and 2 * actor_bits + object_bits + window_bits <= 63:
        words = _words(acts, object_bits, window_bits, min_objects, workers)
        return _rows(words, actor_bits, object_bits, window_bits, len(windows), min_objects)
    return of_many(lambda: [acts], acts.whole, windows, len(events.kind), min_objects, workers)


def together(each: list[Counts]) -> Counts:
    """Counts of one window each, as counts of all."""
    a, b, _, objects = (np.concatenate([*column]) for column in zip(*each, strict=True))
    window = np.repeat(np.arange(len(each)), [len(one[0]) for one in each])
    order = np.lexsort((window, b, a))
    return a[order], b[order], window[order], objects[order]


def _words(acts: Walk, object_bits: int, window_bits: int, min_objects: int, workers: int) -> NDArray[np.int64]:
    """Every meeting of pairs that can have met on so many objects, sorted.

    Meetings are dealt out by the hash of their pair, to parts that fit into a core's cache with a sketch of their own.
    """
    there, walked = acts.there, acts.walked
    parts = 1 << max(0, (acts.whole // PART).bit_length())
    room = np.cumsum([0] + [there[first:last].sum() // PIECE + parts for first, last in walked]).astype(np.int64)
    words, part_of = np.empty(room[-1] * PIECE, dtype=np.int64), np.full(room[-1], parts, dtype=np.int32)
    sizes = np.full(room[-1], PIECE, dtype=np.int64)
    place = dict(zip(walked, zip(room[:-1].tolist(), room[1:].tolist(), strict=True), strict=True))

    def write(first: int, last: int) -> None:
        low, high = place[first, last]
        _write(*(first, last, *acts.what, object_bits, window_bits, acts.free, parts, low, words, part_of[low:high],
                 sizes[low:high]))

    on_all_cores(write, walked, workers)
    pieces = np.argsort(part_of, kind="stable")
    begin = np.searchsorted(part_of[pieces], np.arange(parts + 1))
    cuts = np.linspace(0, parts, min(parts, TASKS * workers) + 1).astype(np.int64)
    kept = on_all_cores(
        lambda one, end: _sift(*(one, end, begin, pieces, sizes, words, object_bits + window_bits, min_objects)),
        list(zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True)), workers)
    found = kept[0] if len(kept) == 1 else np.concatenate(kept)
    found.sort()
    return found


def of_many(parts: Callable[[], Iterable[Walk]], whole: int, windows: NDArray[np.int64], actors: int, min_objects: int,
            workers: int, counters: int | None = None) -> Counts:
    """`counted`, of more meetings than are held, or of more objects than a word has room for.

    Args:
        parts: gives all acts, divided between objects in any way, as often as it is called.
        whole: of all parts together.
        actors: codes of actors there are.
        counters: of each table of the sketch, a power of two; more of them make fewer rounds. None: SKETCH.
    """
    counters = counters or SKETCH
    window_bits, actor_bits = (len(windows) - 1).bit_length(), _bits(actors)
    sketched = whole > HELD and min_objects > 1
    rounds = -(-whole // counters) if sketched else 1
    width = min(counters, 1 << max(4, (whole // rounds).bit_length())) if sketched else 1
    found = []
    for round_ in range(rounds):
        division = (rounds, round_)
        sketch = _sketch(parts, division, window_bits, width, workers) if sketched else np.zeros(1, dtype=np.uint8)
        least = min(min_objects, 255) if sketched else 0
        held = [np.empty(0, dtype=np.int64)]
        for acts in parts():
            how = (*acts.what, window_bits, acts.free, *division, sketch, least)
            held += on_all_cores(lambda first, last, how=how: _hold(*(first, last, *how)), acts.walked, workers)
        words = np.concatenate(held)
        words.sort()
        found.append(_rows(words, actor_bits, 0, window_bits, len(windows), min_objects))
    a, b, window, count = (np.concatenate(column) for column in zip(*found, strict=True))
    if rounds > 1:
        order = np.lexsort((window, b, a))
        a, b, window, count = a[order], b[order], window[order], count[order]
    return a, b, window, count


def _sketch(parts: Callable[[], Iterable[Walk]], division: tuple[int, int], window_bits: int, width: int,
            workers: int) -> NDArray[np.uint8]:
    """How often the pairs of each counter met, at most 255; each core counts into its own and they are added up."""
    tables = [np.zeros(width, dtype=np.uint8) for _ in range(workers)]
    for acts in parts():
        shares = [acts.walked[core::workers] for core in range(workers)]
        how = (*acts.what, window_bits, acts.free, *division)

        def fill(core: int, _: int, shares: list = shares, how: tuple = how) -> None:
            for first, last in shares[core]:
                _tick(*(first, last, *how, tables[core]))

        on_all_cores(fill, [(core, 0) for core in range(workers) if shares[core]], workers)
    for table in tables[1:]:
        _add(tables[0], table)
    return tables[0]


@compiled
def _add(table, other):
    for cell in range(len(table)):
        table[cell] = min(255, np.int64(table[cell]) + np.int64(other[cell]))


@compiled
def can_meet(actor, post, by, kind, i, k):
    """The rule of `engines`, without time and object."""
    a, b = actor[i], actor[k]
    return (a != b and post[i] != post[k] and kind[a] == kind[b] and by[i] != b and by[k] != a
            and (by[i] < 0 or by[i] != by[k]))


@compiled
def _expected(first, last, start, at, widest, there):
    """For each object, the pairs of its acts within the widest window."""
    one = np.uint64(1)  # an index that can be negative costs a look at it, each time
    low = np.uint64(start[first])
    for j in range(first, last):
        high, left, total = np.uint64(start[j + 1]), low, np.int64(0)
        i = low + one
        while i < high:
            if at[i] - at[i - one] > widest:
                left = i
            else:
                while at[i] - at[left] > widest:
                    left += one
                total += np.int64(i - left)
            i += one
        there[j] = total
        low = high


@compiled
def _cell(pair, rounds, width):
    """Round and counter of a pair: of the upper half of a product, and of the bits below it."""
    mixed = np.uint64(pair) * _MIX
    mixed ^= mixed >> np.uint64(29)
    mixed *= _MIX
    return (mixed >> np.uint64(32)) % np.uint64(rounds), (mixed >> np.uint64(5)) & np.uint64(width - 1)


@compiled
def _steps(at, who, widest):
    """For each act, the others of whom there is a later act within the window; summed."""
    inside, people, total, right = np.zeros(len(who), dtype=np.int64), 0, 0, 0
    for i in range(len(at)):
        while right < len(at) and at[right] - at[i] <= widest:
            people += inside[who[right]] == 0
            inside[who[right]] += 1
            right += 1
        inside[who[i]] -= 1
        people -= inside[who[i]] == 0
        total += people
    return total


@compiled
def _busy(low, high, actor, at, post, by, kind, who, windows, actor_bits):
    """On an object on which few act very often, each two that meet, and the narrowest window of them.

    Whoever acts is one number, and stands with the time of its nearest later act in a ring that is in order of time.
    """
    size, people = 0, 0
    for i in range(low, high):
        size, people = max(size, who[0, i] + 1), max(people, who[1, i] + 1)
    act, rank = np.empty(size, dtype=np.int64), np.empty(size, dtype=np.int64)  # an act of each: all are alike
    for i in range(low, high):
        act[who[0, i]], rank[who[0, i]] = i, who[1, i]
    apart = np.empty((size, size), dtype=np.bool_)
    for one in range(size):
        for other in range(size):
            apart[one, other] = not can_meet(actor, post, by, kind, act[one], act[other])
    best = np.full((people, people), 255, dtype=np.uint8)
    after, before, when = np.full(size + 1, size), np.full(size + 1, size), np.empty(size, dtype=np.int64)
    there = np.zeros(size, dtype=np.bool_)
    for i in range(high - 1, low - 1, -1):
        mine, now = who[0, i], at[i]
        other = after[size]  # `size` stands before the first and after the last
        while other != size and when[other] - now <= windows[-1]:
            if not apart[mine, other]:
                narrowest = 0
                while when[other] - now > windows[narrowest]:
                    narrowest += 1
                a, b = min(rank[mine], rank[other]), max(rank[mine], rank[other])
                best[a, b] = min(best[a, b], narrowest)
            other = after[other]
        if there[mine]:
            after[before[mine]], before[after[mine]] = after[mine], before[mine]
        first = after[size]
        after[size], before[mine], after[mine], before[first] = mine, size, first, mine
        when[mine], there[mine] = now, True
    name = np.empty(people, dtype=np.int64)
    for one in range(size):
        name[rank[one]] = actor[act[one]]
    a, b = np.nonzero(best < 255)
    pairs, narrow = np.empty(len(a), dtype=np.int64), np.empty(len(a), dtype=np.int64)
    for found in range(len(a)):
        pairs[found], narrow[found] = (name[a[found]] << actor_bits) | name[b[found]], best[a[found], b[found]]
    return pairs, narrow


@compiled
def _tick(first, last, start, actor, at, post, by, kind, who, there, windows, actor_bits, window_bits, free, rounds,
          round_, table):
    widest = windows[-1]
    for j in range(first, last):
        if there[j] == 0:
            continue
        if who.shape[1] and who[0, start[j]] >= 0:
            for pair in _busy(start[j], start[j + 1], actor, at, post, by, kind, who, windows, actor_bits)[0]:
                _once_more(pair, rounds, round_, table)
            continue
        for i in range(start[j], start[j + 1]):
            k = i + 1
            while k < start[j + 1] and at[k] - at[i] <= widest:
                if actor[i] != actor[k] and post[i] != post[k] and (free or can_meet(actor, post, by, kind, i, k)):
                    a, b = min(actor[i], actor[k]), max(actor[i], actor[k])
                    _once_more((np.int64(a) << actor_bits) | np.int64(b), rounds, round_, table)
                k += 1


@compiled
def _once_more(pair, rounds, round_, table):
    of, cell = _cell(pair, rounds, len(table))
    if of == round_ and table[cell] < 255:
        table[cell] += 1


@compiled
def _mixed(pair):
    """A number whose highest bits and whose lowest bits both depend on all of the pair."""
    mixed = np.uint64(pair) * _MIX
    return mixed ^ (mixed >> np.uint64(32))


@compiled
def _write(first, last, start, actor, at, post, by, kind, who, there, windows, actor_bits, object_bits, window_bits,
           free, parts, low, words, part_of, sizes):
    """The meetings on these objects, as words, in pieces: whose part is a piece, and how many words has it?"""
    widest, fresh, held, batch = windows[-1], 0, 0, np.empty(BATCH, dtype=np.int64)
    ends, full = np.zeros(parts, dtype=np.int64), np.zeros(parts, dtype=np.int64)  # of the last piece of each part
    down = object_bits + window_bits
    for j in range(first, last):
        if there[j] == 0:
            continue
        if who.shape[1] and who[0, start[j]] >= 0:
            pairs, narrow = _busy(start[j], start[j + 1], actor, at, post, by, kind, who, windows, actor_bits)
            fresh = _deal(batch[:held], down, low, fresh, ends, full, words, part_of)
            fresh = _deal((((pairs << object_bits) | j) << window_bits) | narrow, down, low, fresh, ends, full, words,
                          part_of)
            held = 0
            continue
        high = np.uint64(start[j + 1])  # an index that can be negative costs a look at it, each time
        for act in range(start[j], start[j + 1]):
            i, k = np.uint64(act), np.uint64(act + 1)
            while k < high and at[k] - at[i] <= widest:
                if actor[i] != actor[k] and post[i] != post[k] and (free or can_meet(actor, post, by, kind, i, k)):
                    a, b = min(actor[i], actor[k]), max(actor[i], actor[k])
                    narrowest = 0
                    while at[k] - at[i] > windows[narrowest]:
                        narrowest += 1
                    pair = (np.int64(a) << actor_bits) | np.int64(b)
                    batch[held] = (((pair << object_bits) | j) << window_bits) | narrowest
                    held += 1
                    if held == BATCH:
                        fresh = _deal(batch, down, low, fresh, ends, full, words, part_of)
                        held = 0
                k += np.uint64(1)
    _deal(batch[:held], down, low, fresh, ends, full, words, part_of)
    for part in range(parts):
        if full[part] > 0:
            sizes[full[part] // PIECE - 1 - low] = PIECE - (full[part] - ends[part])


@compiled
def _deal(batch, down, low, fresh, ends, full, words, part_of):
    """Put words into the last pieces of their parts, or begin one; how many pieces are begun?"""
    last = np.uint64(len(ends) - 1)
    for word in batch:
        part = (_mixed(word >> down) >> np.uint64(32)) & last
        end = ends[part]
        if end == full[part]:
            end = (low + fresh) * PIECE
            full[part] = end + PIECE
            part_of[fresh] = part
            fresh += 1
        words[np.uint64(end)] = word
        ends[part] = end + 1
    return fresh


@compiled
def _sift(first, last, begin, pieces, sizes, words, shift, least):
    """The words of these parts that are of pairs that can have met so often, by a sketch for each part."""
    most, kept, down = np.int64(0), 0, np.uint64(shift)
    for part in range(first, last):
        most = max(most, sizes[pieces[begin[part] : begin[part + 1]]].sum())
    table, found = np.empty(1 << max(8, _length(2 * most)), dtype=np.uint8), np.empty(most, dtype=np.int64)
    for part in range(first, last):
        mine = pieces[begin[part] : begin[part + 1]]
        size = sizes[mine].sum()
        found = _with_room(found, kept, kept + size)
        if least == 1:
            for piece in mine:
                for place in range(piece * PIECE, piece * PIECE + sizes[piece]):
                    found[kept] = words[place]
                    kept += 1
            continue
        cells = np.uint64((1 << max(8, _length(2 * size))) - 1)
        table[: cells + np.uint64(1)] = 0
        for piece in mine:
            for place in range(piece * PIECE, piece * PIECE + sizes[piece]):
                cell = _mixed(np.uint64(words[place]) >> down) & cells
                table[cell] += table[cell] < 255
        for piece in mine:
            for place in range(piece * PIECE, piece * PIECE + sizes[piece]):
                found[kept] = words[place]
                kept += table[_mixed(np.uint64(words[place]) >> down) & cells] >= min(least, 255)
    return found[:kept].copy()


@compiled
def _length(number):
    bits = 0
    while number >> bits:
        bits += 1
    return bits


@compiled
def _hold(first, last, start, actor, at, post, by, kind, who, there, windows, actor_bits, window_bits, free, rounds,
          round_, sketch, least):
    """The meetings on these objects that can matter, as words; a pair once an object, in its narrowest window."""
    widest, held = windows[-1], 0
    words, known = np.empty(4096, dtype=np.int64), np.full(1024, -1, dtype=np.int64)
    seen, often = np.full(len(kind), -1, dtype=np.int32), np.full(len(kind), -1, dtype=np.int32)
    for j in range(first, last):
        if there[j] == 0:
            continue
        begin = held
        if who.shape[1] and who[0, start[j]] >= 0:
            pairs, narrow = _busy(start[j], start[j + 1], actor, at, post, by, kind, who, windows, actor_bits)
            words = _with_room(words, held, held + len(pairs))
            for one in range(len(pairs)):
                if least == 0 or _matters(pairs[one], rounds, round_, sketch, least):
                    words[held] = (pairs[one] << window_bits) | narrow[one]
                    held += 1
            continue
        again = there[j] > 1 and _repeats(actor, start[j], start[j + 1], seen, often, j)
        for i in range(start[j], start[j + 1]):
            k = i + 1
            while k < start[j + 1] and at[k] - at[i] <= widest:
                if actor[i] == actor[k] or post[i] == post[k] or not (free or can_meet(actor, post, by, kind, i, k)):
                    k += 1
                    continue
                a, b = min(actor[i], actor[k]), max(actor[i], actor[k])
                pair = (np.int64(a) << actor_bits) | np.int64(b)
                if least > 0 and not _matters(pair, rounds, round_, sketch, least):
                    k += 1
                    continue
                narrowest = 0
                while at[k] - at[i] > windows[narrowest]:
                    narrowest += 1
                word, place = (pair << window_bits) | narrowest, held
                if again and (often[a] == j or often[b] == j):
                    if 2 * (held - begin) >= len(known):
                        known = _grown(known, words, begin, held, window_bits)
                    slot = _slot(known, words, begin, pair, window_bits)
                    place = known[slot] if known[slot] >= begin else held
                    known[slot] = place
                if held == len(words):
                    words = _with_room(words, held, held + 1)
                words[place] = word if place == held else min(words[place], word)
                held += place == held
                k += 1
    return words[:held].copy()


@compiled
def _with_room(words, held, needed):
    if needed <= len(words):
        return words
    return np.concatenate((words, np.empty(max(held, needed), dtype=np.int64)))


@compiled
def _matters(pair, rounds, round_, sketch, least):
    """Is this pair one of this round, and can it have met on so many objects?"""
    of, cell = _cell(pair, rounds, len(sketch))
    return of == round_ and sketch[cell] >= least


@compiled
def _repeats(actor, first, last, seen, often, j):
    """Who acted twice on the object: only then a pair can meet there twice."""
    found = False
    for i in range(first, last):
        if seen[actor[i]] == j:
            often[actor[i]] = j
            found = True
        seen[actor[i]] = j
    return found


@compiled
def _slot(known, words, begin, pair, window_bits):
    """Where the place of a pair's word on the object at hand is known, or would be; places of other objects are old."""
    slot = np.int64(_cell(pair, 1, len(known))[1])
    while known[slot] >= begin and words[known[slot]] >> window_bits != pair:
        slot = (slot + 1) & (len(known) - 1)
    return slot


@compiled
def _grown(known, words, begin, held, window_bits):
    larger = np.full(4 * len(known), -1, dtype=np.int64)
    for place in range(begin, held):
        larger[_slot(larger, words, begin, words[place] >> window_bits, window_bits)] = place
    return larger


@compiled
def _enough(words, shift, least):
    """Where pairs begin that have at least so many words."""
    found = np.empty(1024, dtype=np.int64)
    pairs, place, size, down = 0, 0, len(words), np.uint64(shift)
    while place + least <= size:
        pair = np.uint64(words[place]) >> down
        if np.uint64(words[place + least - 1]) >> down != pair:  # so it is with most pairs
            place += 1
            continue
        if pairs == len(found):
            found = np.concatenate((found, np.empty(pairs, dtype=np.int64)))
        found[pairs] = place
        pairs += 1
        while place < size and np.uint64(words[place]) >> down == pair:
            place += 1
    return found[:pairs]


@compiled
def _rows(words, actor_bits, object_bits, window_bits, windows, min_objects):
    """Sorted words → a, b, window, objects."""
    shift = object_bits + window_bits
    begins = _enough(words, shift, min_objects)
    out = np.empty((len(begins) * windows, 4), dtype=np.int64)
    rows = 0
    within = np.zeros(windows, dtype=np.int64)
    for begin in begins:
        pair, place = words[begin] >> shift, begin
        within[:] = 0
        while place < len(words) and words[place] >> shift == pair:  # an object's first has the narrowest window
            if place == begin or object_bits == 0 or words[place] >> window_bits != words[place - 1] >> window_bits:
                within[words[place] & ((1 << window_bits) - 1)] += 1
            place += 1
        met = 0
        for window in range(windows):
            met += within[window]
            if met >= min_objects:
                out[rows, 0], out[rows, 1] = pair >> actor_bits, pair & ((1 << actor_bits) - 1)
                out[rows, 2], out[rows, 3] = window, met
                rows += 1
    return out[:rows, 0].copy(), out[:rows, 1].copy(), out[:rows, 2].copy(), out[:rows, 3].copy()
