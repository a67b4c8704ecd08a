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


def of_objects(layer: Layer, audience: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many actors of each audience act on each object; [object, audience]."""
    return _of_objects(layer.events.object, layer.events.actor, audience, len(layer.size),
                       int(audience.max(initial=0)) + 1)


@njit(cache=True, nogil=True)
def _of_objects(object_, actor, audience, objects, audiences):  # pragma: no cover
    counts = np.zeros((objects, audiences), dtype=np.int64)
    for i in range(len(actor)):
        counts[object_[i], audience[actor[i]]] += 1
    return counts


class Fame(NamedTuple):
    """How popular objects are in each audience, and what each actor has in that; of all objects, and of those of few
    actors. Whole numbers, whose sums are exact in any order."""

    objects: NDArray[np.float64]   # [of which, audience, audience]: how often two actors of these share an object
    own: NDArray[np.float64]       # [of which, actor, audience]: acts of these on its objects, its own included
    degree: NDArray[np.float64]    # [of which, actor]: its objects
    totals: NDArray[np.float64]    # [audience]: acts


def fame(counts: NDArray[np.int64], actor: NDArray, object_: NDArray, actors: int) -> Fame:
    """Count it.

    Args:
        counts: as `of_objects` gives them.
        actor, object_: of each act.
        actors: how many there are.
    """
    rare = counts.sum(axis=1) <= RARE
    objects, own, degree = _fame(counts, rare, actor, object_, actors)
    return Fame(objects.astype(float), own, degree, counts.sum(axis=0).astype(float))


@njit(cache=True, nogil=True)
def _fame(counts, rare, actor, object_, actors):  # pragma: no cover
    there = counts.shape[1]
    objects = np.zeros((2, there, there), dtype=np.int64)
    for j in range(len(counts)):
        for one in range(there):
            if counts[j, one] == 0:  # few audiences act on most objects
                continue
            for other in range(there):
                both = counts[j, one] * (counts[j, other] - (one == other))
                objects[0, one, other] += both
                if rare[j]:
                    objects[1, one, other] += both
    own, degree = np.zeros((2, actors, there)), np.zeros((2, actors))
    for i in range(len(actor)):
        a, j = actor[i], object_[i]
        for which in range(2 if rare[j] else 1):
            degree[which, a] += 1
            for one in range(there):
                own[which, a, one] += counts[j, one]
    return objects, own, degree


def expect(size: NDArray[np.int64], object_: NDArray, pairs: Pairs, audience: NDArray[np.int64], known: Fame) -> Choice:
    """Compare what the pairs share with what activity, taste and fame explain.

    What two share is expected as far as **two others** share such things: where few act, a pair and its friends are
    else the public that explains them. One more such sharing is taken as seen, because no taste is impossible.

    Args:
        size: actors of each object.
        object_: of each meeting of the pairs.
        audience: of each actor.
    """
    a, b, of_a, of_b = pairs.a, pairs.b, audience[pairs.a], audience[pairs.b]
    same = of_a == of_b
    acts_a = known.totals[of_a] - known.degree[0][a] - np.where(same, known.degree[0][b], 0)
    acts_b = known.totals[of_b] - known.degree[0][b] - np.where(same, known.degree[0][a] + 1, 0)
    chance = known.degree[0][a] * known.degree[0][b] / (acts_a.clip(1) * acts_b.clip(1))
    results = []
    for which, of in enumerate((np.ones(len(size), dtype=bool), size <= RARE)):
        own, degree, both = known.own[which], known.degree[which], _by_pair(of[object_], pairs)
        theirs = np.where(same, 2 * (own[a, of_a] + own[b, of_b] - degree[a] - degree[b] - both),
                          own[a, of_b] + own[b, of_a] - both)
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
