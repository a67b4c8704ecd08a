"""Who is whose public: actors sorted into audiences by what they share.

Regularised spectral clustering: the leading singular vectors of who acts on what, and k-means on their directions. The
vectors come from a filtered subspace iteration, which small data run to the last digit and large ones as long as it
tells apart what differs: beyond, it only turns the noise. Refused: any order but that of what actors did, so that
renaming changes nothing; and a group that does nearly all things together as the public that explains itself.

Source: Qin & Rohe 2013, arXiv:1309.4111; the filter: Zhou & Saad 2007, doi:10.1137/050630404.
"""

import functools
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from numba import njit
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans2

from ..ahead import ahead, cores
from ._layers import Layer

AUDIENCES = (12, 32)  # that are looked for, fewest and most: more splits communities of taste, fewer mixes them. Of 40
                      # communities among 4,000 people 12 left 15 pairs of fans unexplained in 3 worlds, 24 and 32 three
EACH = 100            # busy actors for each of them, twice a crowd
BUSY = 5              # objects that an actor needs to help to say what the audiences are
CROWD = 50            # busy actors, the fewest that are an audience: a ring is not the public that explains itself
TIGHT = 0.1           # of its acts, the mean share of the other members that do the same: of publics .01 to .06, of a
                      # fan army with its neighbours .17 to .32. A tighter one is a group, and no public
PART = 4              # times as many actors as such a group, or it is what is usual after all
CIRCLE = 10           # busy actors, the fewest among whom names are exchanged; a cell of the placebo has ten acts
FEW = 50              # actors or shared objects, below which audiences are not told
SPARE = 4             # vectors that are followed beyond those, so that the last is not the worst of them
DEGREE = 8            # of the filter: what lies a tenth above the noise grows 17-fold in a round, a fifth above 72-fold
ROUNDS = (2, 64)      # fewest and most: after two, communities of taste are told as after twenty (worlds `clubs`)
WORK = 10_000_000     # acts read in all rounds, where that is more than the fewest: 60,000 acts converge in it
CONVERGED = 1e-9      # of a squared singular value: three digits below those that count
DUST = 1e-6           # of the mean length: who lies so near the origin has nothing in common with any audience
PIECE = 256           # rows of a block that are multiplied at once: of 2,048 the library for matrices starts threads
ALONE = 2**18         # entries of a table, below which starting threads costs more than they do: with 2**16 a search of
                      # 100,000 acts took 1.9 s of processor, and takes 1.1
SAMPLE = 2**14        # busy actors that say where audiences lie: a crowd of 1 % is then 160 of them


class Publics(NamedTuple):
    """Of each actor code, two ways to say whose taste it has; 0 … n − 1, all 0 where the data are too small to tell.

    audience: those whose habits may explain what two of them do: a crowd, and no group.
    circle: those among whom names are exchanged in a placebo: as fine as it can be told, groups included.
    """

    audience: NDArray[np.int64]
    circle: NDArray[np.int64]


def publics(layer: Layer) -> Publics:
    """Tell them. Actors are put in an order of what they did, not of what they are called, so that renaming changes
    nothing."""
    events, degree = layer.events, layer.degree
    people = by_deeds(layer)
    things = np.flatnonzero(layer.size > 1)
    busy = degree[people] >= BUSY
    told = Publics(np.zeros(len(degree), dtype=np.int64), np.zeros(len(degree), dtype=np.int64))
    if min(len(people), len(things)) < FEW or busy.sum() < 10 * AUDIENCES[0]:
        return told
    row, column = np.full(len(degree), -1, dtype=np.int32), np.full(len(layer.size), -1, dtype=np.int32)
    row[people], column[things] = np.arange(len(people)), np.arange(len(things))
    kept = column[events.object] >= 0
    actor, thing = row[events.actor[kept]], column[events.object[kept]]
    d, k = degree[people], layer.size[things]
    weight = ((d + d.mean()) ** -0.5)[actor] * ((k + k.mean()) ** -0.5)[thing]
    many = int(np.clip(busy.sum() // EACH, *AUDIENCES))
    tastes = _directions(_leading(sp.csr_matrix((weight, (actor, thing)), shape=(len(people), len(things))), many))
    centres, crowd = _centres(tastes[busy], many)
    told.circle[people] = _nearest(tastes, _of(centres, crowd, CIRCLE))
    centres = _of(centres, crowd, CROWD)
    nearest = _nearest(tastes, centres)
    public = _public(nearest, actor, thing, len(centres))
    told.audience[people] = nearest if public.all() else _nearest(tastes, centres[public])
    return told


def _public(audience: NDArray[np.int64], actor: NDArray[np.int32], thing: NDArray[np.int32], many: int,
            ) -> NDArray[np.bool_]:
    """Of each audience, whether it is a public: not a group that does together what it does, or nearly everybody.

    Args:
        audience: of each actor.
        actor, thing: of each act.
    """
    members, acts = np.bincount(audience, minlength=many), np.bincount(audience[actor], minlength=many)
    cell, there = np.unique(thing.astype(np.int64) * many + audience[actor], return_counts=True)
    together = np.bincount(cell % many, there * (there - 1.0), minlength=many)
    loose = together <= TIGHT * acts * np.maximum(members - 1, 1)
    public = loose | (members * PART >= len(audience))
    return public if public.any() else ~public


def by_deeds(layer: Layer) -> NDArray[np.int64]:
    """Actor codes with an act, ordered by a hash of what they did and when."""
    events = layer.events
    mixed = events.at.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= (events.object.astype(np.uint64) + np.uint64(1)) * np.uint64(0xC2B2AE3D27D4EB4F)
    mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(32)
    total = np.zeros(len(layer.degree), dtype=np.uint64)
    np.add.at(total, events.actor, mixed)
    active = np.flatnonzero(layer.degree > 0)
    return active[np.argsort(total[active], kind="stable")]


class _Table:
    """A sparse table that is multiplied with blocks of vectors, its rows shared out among the cores: the sum of a row
    is taken by one of them, in the order of its entries."""

    def __init__(self, table: sp.csr_matrix):
        self.start, self.column, self.weight = table.indptr, table.indices, table.data
        self.entries = len(self.weight)

    def __len__(self) -> int:
        return len(self.start) - 1

    def __matmul__(self, block: NDArray[np.float64]) -> NDArray[np.float64]:
        block, out = np.ascontiguousarray(block), np.empty((len(self), block.shape[1]))
        if self.entries < ALONE:
            _multiply(self.start, self.column, self.weight, block, out, 0, len(self))
            return out
        cuts = np.searchsorted(self.start, np.linspace(0, self.entries, 4 * cores() + 1))
        cuts[0], cuts[-1] = 0, len(self)
        rows = (functools.partial(_multiply, self.start, self.column, self.weight, block, out, first, last)
                for first, last in zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True))
        for _ in ahead(rows, cores()):
            pass
        return out


@njit(cache=True, nogil=True)
def _multiply(start, column, weight, block, out, first, last):  # pragma: no cover
    many = block.shape[1]
    for row in range(first, last):
        for one in range(many):
            out[row, one] = 0.0
        for entry in range(start[row], start[row + 1]):
            by, other = weight[entry], column[entry]
            for one in range(many):
                out[row, one] += by * block[other, one]


def _leading(table: sp.csr_matrix, many: int) -> NDArray[np.float64]:
    """The leading left singular vectors of a table, each times its singular value; [row, many].

    Every round takes a block of right vectors through a Chebyshev polynomial of table.T @ table that is small where the
    block says that the noise is, and turns what comes out into the best vectors that it holds.
    """
    table, turned = _Table(table), _Table(table.T.tocsr())
    block = turned @ np.random.Generator(np.random.PCG64(0)).normal(size=(len(table), many + SPARE))
    right, left, value = _best(table, block)
    most = int(np.clip(WORK // (DEGREE * max(table.entries, 1)), *ROUNDS))
    for _ in range(most):
        again = turned @ left
        off = np.sqrt(((again - right * value)[:, :many] ** 2).sum(axis=0))
        if (off <= CONVERGED * value[:many]).all() or value[-1] <= CONVERGED * value[0]:
            break  # as it is, or a table of fewer vectors than the block holds: they are all told
        right, left, value = _best(table, _filtered(table, turned, right, again, value[0], value[-1]))
    return left[:, :many]


def _filtered(table: _Table, turned: _Table, block: NDArray[np.float64], again: NDArray[np.float64],
              most: float, noise: float) -> NDArray[np.float64]:
    """A Chebyshev polynomial of turned @ table, of 1 at `most` and as small as can be from 0 to `noise`, of a block.

    Args:
        again: turned @ table @ block.
    """
    first = scale = 1 / (2 * most / noise - 1)
    before, block = block.copy(), (again * (2 / noise) - block) * scale
    for _ in range(DEGREE - 1):
        following = 1 / (2 / first - scale)
        again = turned @ (table @ block)
        again *= 4 * following / noise
        again -= block * (2 * following)
        before *= scale * following
        again -= before
        before, block, scale = block, again, following
    return block


def _best(table: _Table, block: NDArray[np.float64],
          ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """The right vectors nearest to singular ones in what a block spans, the table times them, squared singular values;
    greatest first."""
    basis = _upright(_upright(block))
    image = table @ basis
    value, turn = np.linalg.eigh(_products(image))
    return _mixed(basis, turn[:, ::-1]), _mixed(image, turn[:, ::-1]), value[::-1]


def _upright(block: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same span in vectors of length 1 that stand upright on each other, to half of the digits: so it is done
    twice. What a block of too few vectors lacks is nothing, or noise of no weight."""
    block = block / np.maximum(np.sqrt((block ** 2).sum(axis=0)), 1e-300)
    value, turn = np.linalg.eigh(_products(block))
    return _mixed(block, turn / np.sqrt(np.maximum(value, value[-1] * 1e-14)))


def _products(block: NDArray[np.float64]) -> NDArray[np.float64]:
    """block.T @ block, in pieces that the library for matrices does not share among threads: they would wait for each
    other longer than they count, and their number would decide the last digit."""
    products = np.zeros((block.shape[1], block.shape[1]))
    for first in range(0, len(block), PIECE):
        some = block[first : first + PIECE]
        products += np.ascontiguousarray(some.T) @ some
    return products


def _mixed(block: NDArray[np.float64], by: NDArray[np.float64]) -> NDArray[np.float64]:
    """block @ by, in the same pieces."""
    whole, out = len(block) // PIECE * PIECE, np.empty_like(block)
    np.matmul(block[:whole].reshape(-1, PIECE, block.shape[1]), by,
              out=out[:whole].reshape(-1, PIECE, block.shape[1]))
    out[whole:] = block[whole:] @ by
    return out


def _directions(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows of length 1, or 0 where there is only dust; six decimals, because what differs between two processors' sums
    must not decide where an actor belongs."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    directions: NDArray[np.float64] = np.where(length > DUST * length.mean(), vectors / np.maximum(length, 1e-12), 0.0)
    return directions.round(6)


def _centres(tastes: NDArray[np.float64], many: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where audiences may lie, [audience, many], and how many busy actors each has. Rows come in an order that is a
    hash, so that the first of them are a sample of all."""
    some = tastes[:SAMPLE]
    runs = [kmeans2(some, many, minit="++", rng=np.random.Generator(np.random.PCG64(run))) for run in range(4)]
    centre, label = min(runs, key=lambda run: round(float(((some - run[0][run[1]]) ** 2).sum()), 6))
    crowd = np.bincount(label, minlength=many) * (len(tastes) / len(some))
    return centre.astype(np.float64), crowd.astype(np.float64)


def _of(centres: NDArray[np.float64], crowd: NDArray[np.float64], least: int) -> NDArray[np.float64]:
    """Those of so many busy actors; where there are none, one for all."""
    return centres[crowd >= least] if (crowd >= least).any() else centres[:1]


@njit(cache=True, nogil=True)
def _nearest(tastes: NDArray[np.float64], centre: NDArray[np.float64]) -> NDArray[np.int64]:
    """Which of the centres is nearest to each row, the first of those as near; distances have nine decimals."""
    nearest = np.zeros(len(tastes), dtype=np.int64)
    for row in range(len(tastes)):
        least = np.inf
        for which in range(len(centre)):
            distance = 0.0
            for i in range(tastes.shape[1]):
                distance += (tastes[row, i] - centre[which, i]) ** 2
            distance = np.floor(distance * 1e9 + 0.5)
            if distance < least:
                nearest[row], least = which, distance
    return nearest
