"""Who met whom on how many objects: meetings are walked object by object, and only those that can matter are held.

A meeting is one 64-bit word, `a · b · object · narrowest window that holds it`; sorted, the words of a pair stand
together and counting them is one walk. Few meetings are simply held. Of many, most are of pairs that meet once: they
are walked twice, first into a **sketch**, counters of one byte at the hash of the pair, which can only ever say too
much (pairs that share a counter add up), never too little. What the sketch says cannot reach the minimum is not held in
the second walk; the rest is counted exactly, and held once an object, so that the word needs no object. Beyond a
sketch's capacity pairs are divided by their hash, one division a round.

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
HELD = 2**25       # meetings that are held without a sketch: 256 MiB
SKETCH = 2**27     # counters, one byte each and one table a core; meetings a round: one for each counter

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

    what: tuple                     # start, actor, at, post, by, kind, there, windows, actor_bits: for the kernels
    walked: list[tuple[int, int]]   # ranges of objects, about the same work each
    free: bool                      # nobody is kept apart by kind or by the account behind
    whole: int                      # pairs of acts within the widest window: no fewer than there are meetings


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
    what = (events.start, events.actor, events.at, events.post, events.by, events.kind, there, windows,
            _bits(len(events.kind)))
    return Walk(what, even(there + 1, tasks * workers), free, int(there.sum()))


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
    object_bits, actor_bits = max(1, len(events.start) - 2).bit_length(), acts.what[8]
    if acts.whole <= HELD and 2 * actor_bits + object_bits + window_bits <= 63:
        words = _all_words(acts, object_bits, window_bits, workers)
        return _rows(words, actor_bits, object_bits, window_bits, len(windows), min_objects)
    return of_many(lambda: [acts], acts.whole, windows, len(events.kind), min_objects, workers)


def together(each: list[Counts]) -> Counts:
    """Counts of one window each, as counts of all."""
    a, b, _, objects = (np.concatenate([*column]) for column in zip(*each, strict=True))
    window = np.repeat(np.arange(len(each)), [len(one[0]) for one in each])
    order = np.lexsort((window, b, a))
    return a[order], b[order], window[order], objects[order]


def _all_words(acts: Walk, object_bits: int, window_bits: int, workers: int) -> NDArray[np.int64]:
    """Every meeting, sorted: held in one array, in which each range of objects has as much room as it can need."""
    there, walked = acts.what[6], acts.walked
    room = np.concatenate([[0], np.cumsum([there[first:last].sum() for first, last in walked])]).astype(np.int64)
    words = np.empty(room[-1], dtype=np.int64)
    place = dict(zip(walked, zip(room[:-1].tolist(), room[1:].tolist(), strict=True), strict=True))

    def write(first: int, last: int) -> int:
        low, high = place[first, last]
        return int(_write(*(first, last, *acts.what, object_bits, window_bits, acts.free, words[low:high])))

    empty = sum(on_all_cores(write, walked, workers))
    words.sort()
    return words[: len(words) - empty]


def of_many(parts: Callable[[], Iterable[Walk]], whole: int, windows: NDArray[np.int64], actors: int, min_objects: int,
            workers: int) -> Counts:
    """`counted`, of more meetings than are held, or of more objects than a word has room for.

    Args:
        parts: gives all acts, divided between objects in any way, as often as it is called.
        whole: of all parts together.
        actors: codes of actors there are.
    """
    window_bits, actor_bits = (len(windows) - 1).bit_length(), _bits(actors)
    sketched = whole > HELD and min_objects > 1
    rounds = -(-whole // SKETCH) if sketched else 1
    width = min(SKETCH, 1 << max(4, (whole // rounds).bit_length())) if sketched else 1
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
def _tick(first, last, start, actor, at, post, by, kind, there, windows, actor_bits, window_bits, free, rounds, round_,
          table):
    widest = windows[-1]
    for j in range(first, last):
        if there[j] == 0:
            continue
        for i in range(start[j], start[j + 1]):
            k = i + 1
            while k < start[j + 1] and at[k] - at[i] <= widest:
                if actor[i] != actor[k] and post[i] != post[k] and (free or can_meet(actor, post, by, kind, i, k)):
                    a, b = min(actor[i], actor[k]), max(actor[i], actor[k])
                    of, cell = _cell((np.int64(a) << actor_bits) | np.int64(b), rounds, len(table))
                    if of == round_ and table[cell] < 255:
                        table[cell] += 1
                k += 1


@compiled
def _write(first, last, start, actor, at, post, by, kind, there, windows, actor_bits, object_bits, window_bits, free,
           words):
    """The meetings on these objects, as words; what is left of the room is filled up with what sorts last. How much?"""
    widest, held = windows[-1], 0
    for j in range(first, last):
        if there[j] == 0:
            continue
        for i in range(start[j], start[j + 1]):
            k = i + 1
            while k < start[j + 1] and at[k] - at[i] <= widest:
                if actor[i] != actor[k] and post[i] != post[k] and (free or can_meet(actor, post, by, kind, i, k)):
                    a, b = min(actor[i], actor[k]), max(actor[i], actor[k])
                    narrowest = 0
                    while at[k] - at[i] > windows[narrowest]:
                        narrowest += 1
                    pair = (np.int64(a) << actor_bits) | np.int64(b)
                    words[held] = (((pair << object_bits) | j) << window_bits) | narrowest
                    held += 1
                k += 1
    words[held:] = np.iinfo(np.int64).max
    return len(words) - held


@compiled
def _hold(first, last, start, actor, at, post, by, kind, there, windows, actor_bits, window_bits, free, rounds, round_,
          sketch, least):
    """The meetings on these objects that can matter, as words; a pair once an object, in its narrowest window."""
    widest, held = windows[-1], 0
    words, known = np.empty(4096, dtype=np.int64), np.full(1024, -1, dtype=np.int64)
    seen, often = np.full(len(kind), -1, dtype=np.int32), np.full(len(kind), -1, dtype=np.int32)
    for j in range(first, last):
        if there[j] == 0:
            continue
        begin = held
        again = there[j] > 1 and _repeats(actor, start[j], start[j + 1], seen, often, j)
        for i in range(start[j], start[j + 1]):
            k = i + 1
            while k < start[j + 1] and at[k] - at[i] <= widest:
                if actor[i] == actor[k] or post[i] == post[k] or not (free or can_meet(actor, post, by, kind, i, k)):
                    k += 1
                    continue
                a, b = min(actor[i], actor[k]), max(actor[i], actor[k])
                pair = (np.int64(a) << actor_bits) | np.int64(b)
                if least > 0:
                    of, cell = _cell(pair, rounds, len(sketch))
                    if of != round_ or sketch[cell] < least:
                        k += 1
                        continue
                narrowest = 0
                while at[k] - at[i] > windows[narrowest]:
                    narrowest += 1
                word = (pair << window_bits) | narrowest
                if held == len(words):
                    words = np.concatenate((words, np.empty(held, dtype=np.int64)))
                if again and (often[a] == j or often[b] == j):
                    if 2 * (held - begin) >= len(known):
                        known = _grown(known, words, begin, held, window_bits)
                    slot = _slot(known, words, begin, pair, window_bits)
                    if known[slot] >= begin:
                        words[known[slot]] = min(words[known[slot]], word)
                        k += 1
                        continue
                    known[slot] = held
                words[held] = word
                held += 1
                k += 1
    return words[:held].copy()


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
