"""Who shares what: how many objects two actors share because of their activity, their taste and the objects' fame.

A community-aware configuration model: actors are sorted into audiences, an object is as likely for an actor as it is
popular in the actor's audience, times the actor's activity. It says nothing about when; taste alone never convicts.

Source: Saracco et al. 2017, doi:10.1088/1367-2630/aa6b38 (configuration models of bipartite networks). Who is whose
audience: `_audiences.py`.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.stats import poisson

from ._layers import UNIT, Layer, Pairs

PARTNER = 2.0         # objects on which a partner may be met before meeting it stops being a habit
RARE = 25             # actors of an object that is rare: two people's rare objects tell more than their famous ones


@dataclass(frozen=True, eq=False)
class Choice:
    """Objects that each candidate pair shares, and should; expected values rounded up to six decimals."""

    shared: NDArray[np.int64]
    shared_expected: NDArray[np.float64]
    rare: NDArray[np.int64]
    rare_expected: NDArray[np.float64]


def of_objects(layer: Layer, audience: NDArray[np.int64]) -> NDArray[np.int32]:
    """How many actors of each audience act on each object that two actors share; [row of the object, audience]."""
    return counted(layer.row, layer.events.object, audience[layer.events.actor], len(layer.shared),
                   int(audience.max(initial=0)) + 1)


@njit(cache=True, nogil=True)
def counted(row, object_, audience, rows, audiences):  # pragma: no cover
    """Acts of each audience on each object that has a row; [row, audience].

    Args:
        row: of each object; `rows` and more: it has none. Most objects are one actor's, and say nothing in a table.
        object_, audience: of each act.
    """
    counts = np.zeros((rows, audiences), dtype=np.int32)
    for i in range(len(object_)):
        if row[object_[i]] < rows:
            counts[row[object_[i]], audience[i]] += 1
    return counts


def mainly(shared: NDArray[np.int64], counts: NDArray[np.int32], object_: NDArray, audience: NDArray[np.int64],
           objects: int) -> NDArray[np.int64]:
    """Of each object, the audience of most of its actors, the first of those of as many.

    Args:
        shared: objects of two actors and more, whose counts are rows of `counts`.
        object_, audience: of each act.
        objects: how many there are.
    """
    of = np.zeros(objects, dtype=np.int64)
    of[object_] = audience  # of those that are one actor's
    of[shared] = counts.argmax(axis=1)
    return of


class Fame(NamedTuple):
    """How popular objects are in each audience, and what each actor has in that; of all objects, and of those of few
    actors. Whole numbers, whose sums are exact in any order."""

    objects: NDArray[np.float64]   # [of which, audience, audience]: how often two actors of these share an object
    own: NDArray[np.float64]       # [of which, place of an actor, audience]: acts of these on its objects, its own too
    place: NDArray[np.int64]       # of each actor, in `own`; −1: it was not asked for
    degree: NDArray[np.float64]    # [of which, actor]: its objects
    totals: NDArray[np.float64]    # [audience]: acts


def fame(layer: Layer, counts: NDArray[np.int32], audience: NDArray[np.int64], asked: NDArray) -> Fame:
    """Count it.

    Args:
        counts: as `of_objects` gives them.
        audience: of each actor.
        asked: actor codes, any number of times each: those whose `own` is counted. Of all it would be the largest
            table of a search.
    """
    place = np.full(len(layer.degree), -1)
    place[asked] = 0
    there = np.flatnonzero(place == 0)
    place[there] = np.arange(len(there))
    events = layer.events
    objects, own, degree = _fame(counts, layer.size <= RARE, layer.row, events.object, events.actor, audience, place,
                                 len(there))
    totals = np.bincount(audience, layer.degree, minlength=counts.shape[1]).astype(float)
    return Fame(objects.astype(float), own, place, degree, totals)


@njit(cache=True, nogil=True)
def _fame(counts, rare, row, object_, actor, audience, place, asked):  # pragma: no cover
    there = counts.shape[1]
    objects = np.zeros((2, there, there), dtype=np.int64)
    own, degree = np.zeros((2, asked, there)), np.zeros((2, len(place)))
    done = np.zeros(len(counts), dtype=np.bool_)
    for i in range(len(actor)):
        a, j, few = actor[i], row[object_[i]], rare[object_[i]]
        for which in range(2 if few else 1):
            degree[which, a] += 1
            if place[a] >= 0 and j == len(counts):  # nobody else is there
                own[which, place[a], audience[a]] += 1
            elif place[a] >= 0:
                for one in range(there):
                    own[which, place[a], one] += counts[j, one]
        if j == len(counts) or done[j]:
            continue
        done[j] = True
        for one in range(there):
            if counts[j, one] == 0:  # few audiences act on most objects
                continue
            for other in range(there):
                both = np.int64(counts[j, one]) * (counts[j, other] - (one == other))
                objects[0, one, other] += both
                if few:
                    objects[1, one, other] += both
    return objects, own, degree


def expect(size: NDArray[np.int64], object_: NDArray, pairs: Pairs, audience: NDArray[np.int64], known: Fame) -> Choice:
    """Compare what the pairs share with what activity, taste and fame explain.

    What two share is expected as far as **two others** share such things: where few act, a pair and its friends are
    else the public that explains them. One more such sharing is taken as seen, because no taste is impossible.

    Args:
        size: actors of each object.
        object_: of each meeting of the pairs.
        audience: of each actor.
        known: with every actor of these pairs asked for.
    """
    a, b, of_a, of_b = pairs.a, pairs.b, audience[pairs.a], audience[pairs.b]
    at_a, at_b = known.place[a], known.place[b]
    same = of_a == of_b
    acts_a = known.totals[of_a] - known.degree[0][a] - np.where(same, known.degree[0][b], 0)
    acts_b = known.totals[of_b] - known.degree[0][b] - np.where(same, known.degree[0][a] + 1, 0)
    chance = known.degree[0][a] * known.degree[0][b] / (acts_a.clip(1) * acts_b.clip(1))
    results = []
    for which, of in enumerate((np.ones(len(size), dtype=bool), size <= RARE)):
        own, degree, both = known.own[which], known.degree[which], _by_pair(of[object_], pairs)
        theirs = np.where(same, 2 * (own[at_a, of_a] + own[at_b, of_b] - degree[a] - degree[b] - both),
                          own[at_a, of_b] + own[at_b, of_a] - both)
        expected = chance * (known.objects[which][of_a, of_b] - theirs + 1)
        results.append((_by_pair(pairs.counted & of[object_], pairs), round_up(expected)))
    (shared, expected), (rare, rare_expected) = results
    return Choice(shared, expected, rare, rare_expected)


def _by_pair(of_meeting: NDArray[np.bool_], pairs: Pairs) -> NDArray[np.int64]:
    """How many meetings of each pair are so."""
    until = np.append(0, np.cumsum(of_meeting))
    return until[pairs.start[1:]] - until[pairs.start[:-1]]


def weights(choice: Choice) -> NDArray[np.int64]:
    """How much two actors count in each other's habits, 1/1024ths: whoever is met on more objects than taste explains
    counts less."""
    usual = np.maximum(PARTNER, choice.shared_expected + 2 * np.sqrt(choice.shared_expected))
    return np.minimum(UNIT, np.round(UNIT * usual / np.maximum(choice.shared, 1))).astype(np.int64)


def tails(choice: Choice) -> NDArray[np.float64]:
    """How rare the taste is that each pair shares: twice the smaller of two Poisson tails, P(N ≥ shared) and
    P(N ≥ rare); at most 1."""
    both = np.minimum(poisson.sf(choice.shared - 1, choice.shared_expected),
                      poisson.sf(choice.rare - 1, choice.rare_expected))
    return np.minimum(1.0, 2 * both)


def round_up(value: NDArray[np.float64]) -> NDArray[np.float64]:
    """Six decimals, upwards: chance is never printed smaller than it was used."""
    return np.ceil(np.round(value * 1e6, 3)) / 1e6
