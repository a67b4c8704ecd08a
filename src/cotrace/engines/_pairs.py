"""Who met whom on how many objects: meetings are walked object by object, and only those that can matter are sorted.

A meeting is one 64-bit word, `pair · object · narrowest window that holds it`; sorted, the words of a pair stand
together and counting them is one walk. Most are of pairs that meet once. So meetings are dealt out by the hash of their
pair to parts that fit into a core's cache, and a **sketch** of each part, counters of one byte, says which can reach
the minimum at all: it can only ever say too much (pairs that share a counter add up), never too little. The hash can be
undone, and the part of a word is known, so a word has room where pair and object together have none. Where there are
more meetings than are held, they are walked several times, for one division of the pairs each.

Where few act on one object very often, an act is held against the nearest later act of each of the others alone: what
comes after it is no narrower meeting of the same two. So what a thousand bots post a thousand times each costs a
thousand times its acts, and not their square.

So memory is that of the events, of a bounded number of meetings, and of the answer; nothing is sampled or estimated.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, Self

import numba
import numpy as np
from numpy.typing import NDArray

from ..ahead import cores
from . import Events
from ._order import length

TASKS = 4          # ranges of objects for each core: the busiest objects come in one range, the others fill the time
GRAIN = 2**17      # acts or meetings, the fewest for a range: a millisecond's work, many times what a thread costs
HELD = 2**25       # meetings that are held at once: 256 MiB
EACH = 2           # meetings that are held for each act, where those are more: two thirds of what an act takes
PART = 2**17       # meetings dealt out to one part: 1 MiB, and half as much for a sketch, in a core's second cache
PARTS = 2**12      # at most, of one walk: each writes to a place of its own
BATCH = 2**10      # meetings that are dealt out at a time: a call with arrays costs as much as several meetings
PIECE = 504        # meetings, the room a part asks for at a time: 63 lines of the cache, or all parts would share a few
OFTEN = 64         # pairs of acts for each act of an object, from which on it is worth a look who they are
FEWER = 4          # times less to walk, from which on a ring of links costs less than it spares
FEW = 5792         # whoever acts; a byte for every two of them is 32 MiB

compiled = numba.njit(cache=True, nogil=True, boundscheck=False)
Counts = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]
_MIX = 0x9E3779B97F4A7C15  # Knuth's multiplier: the upper bits of the product depend on all bits of the pair


def threads(workers: int | None) -> int:
    """One a core, or as many as are asked for."""
    return max(1, workers if workers is not None else cores())


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


def counted(events: Events, windows: NDArray[np.int64], min_objects: int, workers: int) -> Counts:
    """a, b, index of the window, objects; sorted, a row where a pair met on at least `min_objects` objects.

    Args:
        windows: µs, ascending.
    """
    acts = walk(events, windows, workers)
    return of_many(lambda: [acts], acts.whole, len(acts.there), windows, len(events.kind), min_objects, workers,
                   max(HELD, EACH * len(events)))


class Word(NamedTuple):
    """How a meeting is one word, and where it is held."""

    rounds: int          # the first bits of the hash of its pair say in which round a meeting is held,
    parts: int           # the next ones to which part it is dealt; the rest are in the word
    rest: int            # bits of the rest
    objects: int         # bits of an object
    windows: int         # bits of a window
    odd: int             # what a pair is multiplied by, of as many bits as it has; 1: the order of the hash is ours

    @classmethod
    def of(cls, whole: int, objects: int, windows: int, actors: int, min_objects: int, held: int) -> Self:
        """For so many meetings, objects, windows and actors."""
        pair, object_, window = 2 * _bits(actors), max(1, objects - 1).bit_length(), (windows - 1).bit_length()
        short = max(0, pair + object_ + window - 63)  # as much has to be known of a word without being in it
        rounds = min(pair, max(short - PARTS.bit_length() + 1, (max(0, whole - 1) // max(1, held)).bit_length()))
        parts = (whole // PART >> rounds).bit_length() if min_objects > 1 or rounds else 0
        parts = min(pair - rounds, PARTS.bit_length() - 1, max(short - rounds, parts))
        odd = _MIX & ((1 << pair) - 1) if rounds + parts or min_objects > 1 else 1
        return cls(1 << rounds, 1 << parts, pair - rounds - parts, object_, window, odd)


def of_many(shards: Callable[[], Iterable[Walk]], whole: int, objects: int, windows: NDArray[np.int64], actors: int,
            min_objects: int, workers: int, held: int) -> Counts:
    """`counted`, of acts that lie in several places.

    Args:
        shards: gives all acts, divided between objects in any way, as often as it is called.
        whole: meetings of all together, at most.
        objects: of all together.
        actors: codes of actors there are.
        held: meetings; for more of them acts are walked again.
    """
    word, actor_bits = Word.of(whole, objects, len(windows), actors, min_objects, held), _bits(actors)
    found = [(np.empty(0, dtype=np.int64),) * 4]
    for round_ in range(word.rounds):
        room = whole if word.rounds == 1 else 5 * whole // (4 * word.rounds)  # a hash is never quite even
        words, part_of, sizes = _dealt(shards, room, word, round_, workers)
        pieces = np.argsort(part_of, kind="stable")
        begin = np.searchsorted(part_of[pieces], np.arange(word.parts + 1))

        def rows(part: int, _: int, round_: int = round_, pieces: NDArray = pieces, begin: NDArray = begin,
                 words: NDArray = words, sizes: NDArray = sizes) -> Counts:
            kept = _sift(*(pieces[begin[part] : begin[part + 1]], sizes, words, word.objects + word.windows,
                           min_objects))
            kept.sort()
            prefix, back = (round_ * word.parts + part) << word.rest, pow(word.odd, -1, 1 << 2 * actor_bits)
            return _rows(*(kept, np.uint64(prefix), np.uint64(back), actor_bits, word.objects, word.windows,
                           len(windows), min_objects))

        found += on_all_cores(rows, [(part, part) for part in range(word.parts)], workers)
        del words, rows
    a, b, window, count = (np.concatenate(column) for column in zip(*found, strict=True))
    if word.odd == 1:
        return a, b, window, count
    order = np.argsort((((a << actor_bits) | b) << word.windows) | window)
    return a[order], b[order], window[order], count[order]


def _dealt(shards: Callable[[], Iterable[Walk]], room: int, word: Word, round_: int, workers: int,
           ) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int64]]:
    """The meetings of a round in pieces of `PIECE` words; whose part is a piece, and how many words has it?

    Each core has room for all, for one may walk most; memory is only taken where something is written.
    """
    pieces = room // PIECE + word.parts + 1
    words = np.empty(workers * pieces * PIECE, dtype=np.int64)
    part_of = np.full(workers * pieces, word.parts, dtype=np.int32)
    tables = [(core * pieces, np.zeros((3, word.parts), dtype=np.int64)) for core in range(workers)]
    free, offset = tables.copy(), 0
    for acts in shards():

        def write(first: int, last: int, acts: Walk = acts, offset: int = offset) -> bool:
            low, ends = mine = free.pop()
            done = _write(*(first, last, *acts.what, acts.free, offset, round_, *word[1:5], np.uint64(word.odd), low,
                            ends, words, part_of[low : low + pieces]))
            free.append(mine)
            return bool(done)

        if not all(on_all_cores(write, acts.walked, workers)):  # a few pairs meet again and again, all of one round
            del words, part_of
            return _dealt(shards, 2 * room, word, round_, workers)
        offset += len(acts.there)
    sizes = np.full(len(part_of), PIECE, dtype=np.int64)
    for _, ends in tables:
        begun = ends[1] > 0
        sizes[ends[1, begun] // PIECE - 1] = PIECE - (ends[1, begun] - ends[0, begun])
    return words, part_of, sizes


@compiled
def can_meet(a, b, one, other, kind_a, kind_b, by_a, by_b):
    """The rule of `engines`, without time and object: of actors, posts, kinds and accounts behind.

    It is given no arrays: that would cost more than all the rest, for a compiled call counts who uses them.
    """
    return a != b and one != other and kind_a == kind_b and by_a != b and by_b != a and (by_a < 0 or by_a != by_b)


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
            i, k = act[one], act[other]
            apart[one, other] = not can_meet(actor[i], actor[k], post[i], post[k], kind[actor[i]], kind[actor[k]],
                                             by[i], by[k])
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
def _write(first, last, start, actor, at, post, by, kind, who, there, windows, actor_bits, free, offset, round_, parts,
           rest, object_bits, window_bits, odd, low, ends, words, part_of):
    """Deal out the meetings on these objects that are of this round; is there room for them?"""
    widest, held, down = windows[-1], 0, np.uint64(object_bits + window_bits)
    batch, hashes = np.empty(BATCH, dtype=np.int64), np.empty(BATCH, dtype=np.uint64)
    mask, above = (np.uint64(1) << np.uint64(2 * actor_bits)) - np.uint64(1), np.uint64(rest + length(parts - 1))
    mine = np.uint64(round_)
    for j in range(first, last):
        if there[j] == 0:
            continue
        object_ = np.int64(offset + j) << window_bits
        if who.shape[1] and who[0, start[j]] >= 0:
            pairs, narrow = _busy(start[j], start[j + 1], actor, at, post, by, kind, who, windows, actor_bits)
            for one in range(len(pairs)):
                hashes[held], batch[held] = (np.uint64(pairs[one]) * odd) & mask, object_ | narrow[one]
                held += hashes[held] >> above == mine
                if held == BATCH:
                    if not _deal(batch, hashes, held, rest, down, low, ends, words, part_of):
                        return False
                    held = 0
            continue
        high = np.uint64(start[j + 1])  # an index that can be negative costs a look at it, each time
        for act in range(start[j], start[j + 1]):
            i, k = np.uint64(act), np.uint64(act + 1)
            while k < high and at[k] - at[i] <= widest:
                a, b = min(actor[i], actor[k]), max(actor[i], actor[k])
                if a != b and post[i] != post[k] and (free or can_meet(actor[i], actor[k], post[i], post[k], kind[a],
                                                                       kind[b], by[i], by[k])):
                    narrowest = 0
                    while at[k] - at[i] > windows[narrowest]:
                        narrowest += 1
                    mixed = (np.uint64((np.int64(a) << actor_bits) | np.int64(b)) * odd) & mask
                    hashes[held], batch[held] = mixed, object_ | narrowest
                    held += mixed >> above == mine
                    if held == BATCH:
                        if not _deal(batch, hashes, held, rest, down, low, ends, words, part_of):
                            return False
                        held = 0
                k += np.uint64(1)
    return _deal(batch, hashes, held, rest, down, low, ends, words, part_of)


@compiled
def _deal(batch, hashes, held, rest, down, low, ends, words, part_of):
    """Put words into the last pieces of their parts, or begin one; was there room?

    `ends`: of each part, where its next word goes and where its last piece ends; and how many pieces are begun.
    """
    last, rest, fresh = np.uint64(ends.shape[1] - 1), np.uint64(rest), ends[2, 0]
    lower = (np.uint64(1) << rest) - np.uint64(1)
    for one in range(held):
        part = (hashes[one] >> rest) & last
        end = ends[0, part]
        if end == ends[1, part]:
            if fresh == len(part_of):
                return False
            end = (low + fresh) * PIECE
            ends[1, part] = end + PIECE
            part_of[fresh] = part
            fresh += 1
        words[np.uint64(end)] = np.int64((hashes[one] & lower) << down) | batch[one]
        ends[0, part] = end + 1
    ends[2, 0] = fresh
    return True


@compiled
def _sift(pieces, sizes, words, down, least):
    """The words of a part that are of pairs that can have met so often."""
    size, kept = sizes[pieces].sum(), 0
    found = np.empty(size, dtype=np.int64)
    if least == 1:
        for piece in pieces:
            found[kept : kept + sizes[piece]] = words[piece * PIECE : piece * PIECE + sizes[piece]]
            kept += sizes[piece]
        return found
    table = np.zeros(1 << max(8, length(2 * size)), dtype=np.uint8)
    cells = np.uint64(len(table) - 1)
    for piece in pieces:
        for place in range(piece * PIECE, piece * PIECE + sizes[piece]):
            cell = _mixed(words[place] >> down) & cells
            table[cell] += table[cell] < 255
    for piece in pieces:
        for place in range(piece * PIECE, piece * PIECE + sizes[piece]):
            found[kept] = words[place]
            kept += table[_mixed(words[place] >> down) & cells] >= min(least, 255)
    return found[:kept].copy()


@compiled
def _mixed(rest):
    """A number whose lowest bits depend on all of what is left of a pair."""
    mixed = np.uint64(rest) * np.uint64(_MIX)
    return mixed ^ (mixed >> np.uint64(32))


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
def _rows(words, prefix, back, actor_bits, object_bits, window_bits, windows, min_objects):
    """Sorted words of a part → a, b, window, objects; `back` undoes the hash."""
    shift, mask = object_bits + window_bits, (np.uint64(1) << np.uint64(2 * actor_bits)) - np.uint64(1)
    begins = _enough(words, shift, min_objects)
    out = np.empty((4, len(begins) * windows), dtype=np.int64)
    rows = 0
    within = np.zeros(windows, dtype=np.int64)
    for begin in begins:
        rest, place = words[begin] >> shift, begin
        pair = np.int64(((prefix | np.uint64(rest)) * back) & mask)
        within[:] = 0
        while place < len(words) and words[place] >> shift == rest:  # an object's first has the narrowest window
            if place == begin or words[place] >> window_bits != words[place - 1] >> window_bits:
                within[words[place] & ((1 << window_bits) - 1)] += 1
            place += 1
        met = 0
        for window in range(windows):
            met += within[window]
            if met >= min_objects:
                out[0, rows], out[1, rows] = pair >> actor_bits, pair & ((1 << actor_bits) - 1)
                out[2, rows], out[3, rows] = window, met
                rows += 1
    return out[0, :rows].copy(), out[1, :rows].copy(), out[2, :rows].copy(), out[3, :rows].copy()
