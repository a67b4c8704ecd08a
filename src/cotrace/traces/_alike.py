"""Which texts are like which exemplar: an exact join on runs of five letters, without comparing everything.

    text        a set of runs: "the vote" → the_v he_vo e_vot _vote
    alike       common runs ÷ runs of either (Jaccard 1912); 1: the same set, 0: nothing in common
    exemplar    texts are gone through in the order given; one that is not alike to any exemplar before it is one
    group       every text belongs to the exemplar it is most alike to, of several the first

Nothing chains: a text is compared with exemplars, never with members. Every likeness is counted exactly, run by run.
What is saved is comparing everything with everything: two texts are compared if they share SHARED of their rarest runs
(a prefix filter with its extension: Chaudhuri et al. 2006, doi:10.1109/ICDE.2006.9; Wang et al. 2012,
doi:10.1145/2213836.2213847). By arithmetic and not by luck, no exemplar that is SURE alike or more is overlooked; of
those between one half and that, 2 to 7 in a thousand are (real posts, docs/similar.md). Nothing is drawn at random.

Runs stand as 64-bit numbers, six bits of which say how frequent the run is; in a million posts the chance that any two
different runs stand as one number is one in a hundred.

The answer depends on the texts and their order, and on no number of threads.
"""

from dataclasses import dataclass
from functools import partial

import numba
import numpy as np
from numpy.typing import NDArray

from ._cores import on_all_cores

RUN = 5             # letters; METHOD §1
SURE = (3, 4)       # an exemplar this much alike is never overlooked; copy-paste is 4/5, METHOD §1
SHARED = 4          # rare runs that two texts must share to be compared
FEWEST = 8          # runs of a text; half of them has to reach SHARED, or the filter could miss a pair
BUCKETS = 22        # bits: lists of the index; two runs in one list cost a comparison and change nothing
BATCH = 8192        # texts that all cores look up at once, before those of them that are like each other are found
COUNTED = 26        # bits: counters of runs, at most; two runs in one counter look more frequent than they are
MOST = 65_535      # of a counter
CLASS = 58          # bits of a run's number below the class of its frequency
LAST = 63           # class
WORDS = 8           # of 64 bits: a line of the cache for each text, from which most comparisons are seen to be idle

_compiled = numba.njit(cache=True, nogil=True, boundscheck=False)


@dataclass(frozen=True)
class Groups:
    """The exemplar of each text, and how much they have in common.

    exemplar: i32, place of the exemplar (its own: it is one); -1: too few runs to be compared.
    common, either: i32, runs that both have, runs that one of them has: common ÷ either is the exact likeness.
    """

    exemplar: NDArray[np.int32]
    common: NDArray[np.int32]
    either: NDArray[np.int32]


@dataclass(frozen=True)
class Runs:
    """Sets of runs: those of text i are key[start[i] : start[i] + size[i]], the rarest first.

    mark: of each text WORDS numbers, whose bits say which of 512 kinds of runs it has an odd number of.
    """

    key: NDArray[np.uint64]
    start: NDArray[np.int64]
    size: NDArray[np.int32]
    mark: NDArray[np.uint64]


def group(texts: list[str], *, sure: tuple[int, int] = SURE, workers: int | None = None) -> Groups:
    """Put texts that are at least half alike to an exemplar into its group.

    Args:
        texts: in the order in which they may become exemplars.
        sure: a fraction, 1/2 or more: no exemplar that is so much alike is overlooked. 1/2: none at all is.
        workers: threads; None: all cores.
    """
    return _join(runs(texts, workers), *sure, workers)


def runs(texts: list[str], workers: int | None = None) -> Runs:
    """The runs of each text as numbers, rare ones first."""
    points = np.frombuffer("".join(texts).encode("utf-32-le"), dtype=np.uint32)
    start = np.zeros(len(texts) + 1, dtype=np.int64)
    np.cumsum(np.fromiter(map(len, texts), dtype=np.int64, count=len(texts)), out=start[1:])
    key = np.empty(len(points), dtype=np.uint64)
    size, mark = np.zeros(len(texts), dtype=np.int32), np.zeros((len(texts), WORDS), dtype=np.uint64)
    bits = np.uint64(min(max(len(points).bit_length(), 16), COUNTED))
    often = _added(on_all_cores(partial(_hash, points, start, key, bits), len(texts), workers))
    on_all_cores(partial(_order, start, key, _classes(often), bits, size, mark), len(texts), workers)
    return Runs(key, start, size, mark)


def _added(counts: list[NDArray[np.uint16]]) -> NDArray[np.uint16]:
    """The sum, at most MOST; the same for any division of the texts."""
    for other in counts[1:]:
        counts[0] += np.minimum(other, MOST - counts[0])
    return counts[0]


def _classes(often: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """Half octaves of frequency; runs that only one text has come last, because nobody can share them."""
    of = np.minimum(2 * np.log2(np.maximum(np.arange(MOST + 1), 1)), LAST - 1).astype(np.uint8)
    of[:2] = LAST
    return of[often]


def _join(made: Runs, part: int, of: int, workers: int | None) -> Groups:
    """Exemplars first, batch by batch; then the best exemplar of each text."""
    texts = len(made.size)
    room = _room(made.key, made.start, made.size, part, of)
    begin = np.zeros(len(room) + 1, dtype=np.int64)
    np.cumsum(room, out=begin[1:])
    index = (begin, np.zeros(len(room), dtype=np.int32), np.empty(int(begin[-1]), dtype=np.int32))
    found = Groups(np.full(texts, -1, dtype=np.int32), np.zeros(texts, dtype=np.int32), np.zeros(texts, dtype=np.int32))
    into = (found.exemplar, found.common, found.either)
    sets = (made.key, made.start, made.size, made.mark, part, of)
    for first in range(0, texts, BATCH):
        last = min(first + BATCH, texts)
        on_all_cores(partial(_look_up, *sets, *index, *into, True), last - first, workers, first)
        _enrol(*sets, *index, *into, first, last)
    on_all_cores(partial(_look_up, *sets, *index, *into, False), texts, workers)
    return found


@_compiled
def _hash(points, start, key, bits, first, last):
    """The runs of each text as 64-bit numbers, and how often runs of each counter were met, up to MOST."""
    often, mask = np.zeros(1 << bits, dtype=np.uint16), (np.uint64(1) << bits) - np.uint64(1)
    for text in range(first, last):
        for at in range(start[text], start[text + 1] - RUN + 1):
            run = np.uint64(0)
            for letter in range(RUN):  # splitmix64 after each letter: Steele et al. 2014, doi:10.1145/2660193.2660195
                run = run + np.uint64(points[at + letter]) + np.uint64(0x9E3779B97F4A7C15)
                run = (run ^ (run >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
                run = (run ^ (run >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
                run = run ^ (run >> np.uint64(31))
            key[at] = run
            often[run & mask] += often[run & mask] < MOST
    return often


@_compiled
def _order(start, key, kind, bits, size, mark, first, last):
    """Rare runs first, each once."""
    mask = (np.uint64(1) << bits) - np.uint64(1)
    for text in range(first, last):
        begin, end = start[text], max(start[text], start[text + 1] - RUN + 1)
        for at in range(begin, end):
            run = key[at]
            seen = np.uint64(kind[run & mask])
            key[at] = (seen << np.uint64(CLASS)) | (run & np.uint64((1 << CLASS) - 1))
        key[begin:end].sort()
        kept = begin
        for at in range(begin, end):
            if at == begin or key[at] != key[kept - 1]:
                key[kept] = key[at]
                kept += 1
                word = (key[at] >> np.uint64(6)) & np.uint64(WORDS - 1)
                mark[text, word] ^= np.uint64(1) << (key[at] & np.uint64(63))
        size[text] = kept - begin


@_compiled
def _rare(size, part, of):
    """How many of its rarest runs a text is looked up by: two that are alike share SHARED of these."""
    return size - (part * size + of - 1) // of + SHARED


@_compiled
def _room(key, start, size, part, of):
    """How many texts each list of the index may have to hold."""
    room = np.zeros(1 << BUCKETS, dtype=np.int64)
    for text in range(len(size)):
        if size[text] >= FEWEST:
            for at in range(start[text], start[text] + _rare(size[text], part, of)):
                room[key[at] & np.uint64((1 << BUCKETS) - 1)] += 1
    return room


@_compiled
def _apart(mark, text, other):
    """At least so many runs has one of two texts alone: the ones in which their marks differ."""
    apart = np.uint64(0)
    for word in range(WORDS):
        x = mark[text, word] ^ mark[other, word]  # its ones are counted as in Warren 2012, Hacker's Delight, 5-1
        x = x - ((x >> np.uint64(1)) & np.uint64(0x5555555555555555))
        x = (x & np.uint64(0x3333333333333333)) + ((x >> np.uint64(2)) & np.uint64(0x3333333333333333))
        x = (x + (x >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
        apart += (x * np.uint64(0x0101010101010101)) >> np.uint64(56)
    return np.int64(apart)


@_compiled
def _common(key, a, a_end, b, b_end):
    """Runs that two texts both have."""
    common = 0
    while a < a_end and b < b_end:
        left, right = key[a], key[b]
        common += left == right
        a += left <= right
        b += right <= left
    return common


@_compiled
def _most_alike(key, start, size, mark, text, candidates, count, into_exemplar, into_common, into_either):
    """Keep the candidate that is most alike to a text, of several the first; alike enough, or none."""
    best, best_common, best_either = -1, 0, 1
    for place in range(count):
        other = candidates[place]
        both = size[text] + size[other]
        if 3 * _apart(mark, text, other) > both:  # half alike: a third of both at most is in one of them alone
            continue
        common = _common(key, start[text], start[text] + size[text], start[other], start[other] + size[other])
        either = both - common
        if 2 * common < either:
            continue
        more = common * best_either - best_common * either
        if more > 0 or (more == 0 and other < best):
            best, best_common, best_either = other, common, either
    if best >= 0:
        into_exemplar[text], into_common[text], into_either[text] = best, best_common, best_either
    return best


@_compiled
def _look_up(key, start, size, mark, part, of, begin, filled, listed, exemplar, common, either, fresh, first, last):
    """Compare texts with the exemplars that share enough rare runs; `fresh`: those without one, else who is none."""
    met = np.zeros(len(size), dtype=np.uint16)   # high byte: for which text; low byte: rare runs shared
    candidates = np.empty(len(size), dtype=np.int32)
    turn = 0
    for text in range(first, last):
        if size[text] < FEWEST or (not fresh and exemplar[text] == text):
            continue
        turn += 1
        if turn == 256:
            met[:], turn = 0, 1
        mine, count = np.uint16(turn << 8), 0
        for at in range(start[text], start[text] + _rare(size[text], part, of)):
            bucket = key[at] & np.uint64((1 << BUCKETS) - 1)
            for place in range(begin[bucket], begin[bucket] + filled[bucket]):
                other = listed[place]
                seen = met[other]
                seen = np.uint16((seen if seen >= mine else mine) + 1)
                if seen <= mine + SHARED:
                    met[other] = seen
                    if seen == mine + SHARED:
                        candidates[count] = other
                        count += 1
        _most_alike(key, start, size, mark, text, candidates, count, exemplar, common, either)


@_compiled
def _enrol(key, start, size, mark, part, of, begin, filled, listed, exemplar, common, either, first, last):
    """Texts of a batch without exemplar: like one of the batch before it, or an exemplar from now on."""
    met = np.zeros(last - first, dtype=np.int32)
    turn_of = np.full(last - first, -1, dtype=np.int32)
    candidates = np.empty(last - first, dtype=np.int32)
    for text in range(first, last):
        if size[text] < FEWEST or exemplar[text] >= 0:
            continue
        count, end = 0, start[text] + _rare(size[text], part, of)
        for at in range(start[text], end):
            bucket = key[at] & np.uint64((1 << BUCKETS) - 1)
            place = begin[bucket] + filled[bucket] - 1
            while place >= begin[bucket] and listed[place] >= first:  # exemplars of this batch are the last of a list
                other = listed[place] - first
                place -= 1
                if turn_of[other] != text:
                    turn_of[other], met[other] = text, 0
                met[other] += 1
                if met[other] == SHARED:
                    candidates[count] = listed[place + 1]
                    count += 1
        if _most_alike(key, start, size, mark, text, candidates, count, exemplar, common, either) < 0:
            exemplar[text], common[text], either[text] = text, size[text], size[text]
            for at in range(start[text], end):
                bucket = key[at] & np.uint64((1 << BUCKETS) - 1)
                listed[begin[bucket] + filled[bucket]] = text
                filled[bucket] += 1
