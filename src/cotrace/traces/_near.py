"""Which hashes of pictures lie within 31 bits of which exemplar: exact, without comparing everything.

    hash        256 bits, as four numbers of 64
    near        at most BITS of them differ
    exemplar    hashes are gone through in the order given; one that is near to no exemplar before it is one
    group       every hash belongs to its nearest exemplar, of several the first

Nothing chains: a hash is compared with exemplars, never with members. Nothing is overlooked, by the pigeonhole
principle and not by luck: a hash has 16 chunks of 16 bits, and two bits in each would be 32; so of hashes that differ
in 31 bits at most some chunk differs in one bit at most. Each exemplar stands in 16 lists, one a chunk, under the value
of that chunk; whoever looks for it asks in each of the 16 for the own value and for the 16 that are one bit away
(multi-index hashing: Norouzi, Punjani & Fleet 2012, doi:10.1109/CVPR.2012.6248043). Where those lists are long,
because many exemplars have chunks in common, all exemplars are compared instead, which is never more work.

The answer depends on the hashes and their order, and on no number of threads.
"""

from dataclasses import dataclass
from functools import partial

import numba
import numpy as np
from numpy.typing import NDArray

from ..derive import PICTURE_BITS
from ._cores import on_all_cores

BITS = PICTURE_BITS
CHUNKS = 16     # BITS < 2 · CHUNKS, or a pair could be overlooked
WIDE = 16       # bits of a chunk
WORDS = 4       # of 64 bits, of a hash
PER_WORD = 64 // WIDE
BATCH = 2048    # hashes that all cores look up at once, before those of them that are near each other are found

_compiled = numba.njit(cache=True, nogil=True, boundscheck=False)


@dataclass(frozen=True)
class Groups:
    """The exemplar of each hash, and how far it is.

    exemplar: i32, place of the exemplar (its own: it is one).
    bits: i32, in how many of its 256 bits the hash differs from it, 0 to BITS.
    """

    exemplar: NDArray[np.int32]
    bits: NDArray[np.int32]


def group(hashes: NDArray[np.uint64], *, workers: int | None = None) -> Groups:
    """Put hashes that are near an exemplar into its group.

    Args:
        hashes: [hash, WORDS], each once, in the order in which they may become exemplars.
        workers: threads; None: all cores.
    """
    count = len(hashes)
    hashes = np.ascontiguousarray(hashes)
    exemplar, bits = np.full(count, -1, dtype=np.int32), np.zeros(count, dtype=np.int32)
    index = (_lists(hashes), np.empty(CHUNKS * count, dtype=np.int32), np.empty((CHUNKS * count, 2), dtype=np.uint64))
    shelf = (np.empty((count, WORDS), dtype=np.uint64), np.empty(count, dtype=np.int32))  # the exemplars alone
    enrolled = 0
    for first in range(0, count, BATCH):
        last = min(first + BATCH, count)
        on_all_cores(partial(_look_up, hashes, *index, *shelf, enrolled, exemplar, bits, True), last - first, workers,
                     first)
        enrolled = _enrol(hashes, *index, *shelf, enrolled, exemplar, first, last)
    on_all_cores(partial(_look_up, hashes, *index, *shelf, enrolled, exemplar, bits, False), count, workers)
    return Groups(exemplar, bits)


def _lists(hashes: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Where the list of each chunk and value begins, with room for every hash; and where it ends: all are empty."""
    begin = np.zeros((CHUNKS << WIDE) + 1, dtype=np.int64)
    for chunk in range(CHUNKS):
        values = (hashes[:, chunk // PER_WORD] >> np.uint64(WIDE * (chunk % PER_WORD))) & np.uint64((1 << WIDE) - 1)
        begin[(chunk << WIDE) + 1 : ((chunk + 1) << WIDE) + 1] = np.bincount(values.astype(np.int64),
                                                                            minlength=1 << WIDE)
    return np.repeat(np.cumsum(begin)[:-1, None], 2, axis=1)


@_compiled
def _ones(x):
    """How many bits of 64 are set: Warren 2012, Hacker's Delight, 5-1."""
    x = x - ((x >> np.uint64(1)) & np.uint64(0x5555555555555555))
    x = (x & np.uint64(0x3333333333333333)) + ((x >> np.uint64(2)) & np.uint64(0x3333333333333333))
    x = (x + (x >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((x * np.uint64(0x0101010101010101)) >> np.uint64(56))


@_compiled
def _apart(a, b, c, d, other, place):
    """In how many bits two hashes differ; beyond BITS, any number beyond BITS."""
    bits = _ones(a ^ other[place, 0]) + _ones(b ^ other[place, 1])
    if bits > BITS:
        return bits
    return bits + _ones(c ^ other[place, 2]) + _ones(d ^ other[place, 3])


@_compiled
def _value(hashes, place, chunk):
    """The list of a hash's chunk."""
    word = hashes[place, chunk // PER_WORD] >> np.uint64(WIDE * (chunk % PER_WORD))
    return np.int64((chunk << WIDE) | np.int64(word & np.uint64((1 << WIDE) - 1)))


@_compiled
def _length(hashes, place, lists):
    """How many exemplars stand in all lists that a hash would ask."""
    length = np.int64(0)
    for chunk in range(CHUNKS):
        own = _value(hashes, place, chunk)
        length += lists[own, 1] - lists[own, 0]
        for bit in range(WIDE):
            length += lists[own ^ (1 << bit), 1] - lists[own ^ (1 << bit), 0]
    return length


@_compiled
def _nearest(hashes, place, lists, listed, half, exemplars, enrolled, any_will_do):
    """The nearest exemplar of a hash as (its number among the exemplars, bits); (-1, BITS + 1): none is near."""
    a, b, c, d = hashes[place, 0], hashes[place, 1], hashes[place, 2], hashes[place, 3]
    best, best_bits = -1, np.int64(BITS + 1)
    if _length(hashes, place, lists) >= enrolled:
        for other in range(enrolled):
            bits = _apart(a, b, c, d, exemplars, other)
            if bits < best_bits:
                best, best_bits = other, bits
        return best, best_bits
    for chunk in range(CHUNKS):
        own = _value(hashes, place, chunk)
        x, y = (c, d) if chunk < CHUNKS // 2 else (a, b)
        for bit in range(-1, WIDE):
            asked = own if bit < 0 else own ^ (1 << bit)
            for at in range(lists[asked, 0], lists[asked, 1]):
                if _ones(x ^ half[at, 0]) + _ones(y ^ half[at, 1]) > BITS:
                    continue
                other = listed[at]
                bits = _apart(a, b, c, d, exemplars, other)
                if bits < best_bits or (bits == best_bits and other < best):
                    best, best_bits = other, bits
                    if any_will_do:
                        return best, best_bits
    return best, best_bits


@_compiled
def _look_up(hashes, lists, listed, half, exemplars, name, enrolled, exemplar, bits, fresh, first, last):
    """Compare hashes with the exemplars; `fresh`: whether any is near, else which is nearest to those that are none."""
    for place in range(first, last):
        if fresh or exemplar[place] != place:
            found, apart = _nearest(hashes, place, lists, listed, half, exemplars, enrolled, fresh)
            if found >= 0:
                exemplar[place], bits[place] = name[found], apart


@_compiled
def _enrol(hashes, lists, listed, half, exemplars, name, enrolled, exemplar, first, last):
    """Hashes of a batch without exemplar: near one of the batch before it, or an exemplar from now on."""
    before = enrolled
    for place in range(first, last):
        if exemplar[place] >= 0:
            continue
        a, b, c, d = hashes[place, 0], hashes[place, 1], hashes[place, 2], hashes[place, 3]
        near = -1
        for other in range(before, enrolled):
            if _apart(a, b, c, d, exemplars, other) <= BITS:
                near = name[other]
                break
        if near >= 0:
            exemplar[place] = near
            continue
        exemplar[place], name[enrolled] = place, place
        exemplars[enrolled, :] = hashes[place, :]
        for chunk in range(CHUNKS):
            own = _value(hashes, place, chunk)
            far = 2 if chunk < CHUNKS // 2 else 0  # the half that the chunk is not in: by it most are seen to be far
            at = lists[own, 1]
            listed[at], half[at, 0], half[at, 1] = enrolled, hashes[place, far], hashes[place, far + 1]
            lists[own, 1] += 1
        enrolled += 1
    return enrolled
