"""What the search costs: one p of timing and taste, and the correction over every pair that could have been found.

Taste says where to look, and what it chooses is paid for: whoever shares as rare a taste as h other pairs, whose
meetings are chance, is one of h that were looked at. So p = p_time · p_choice, where p_choice is the share of all pairs
that are as much alike; it cannot convict, because the timing has to be rare by itself as well.

Source: Genovese, Roeder & Wasserman 2006, doi:10.1093/biomet/93.3.509 (weighted Benjamini-Hochberg: the weights are
1 / p_choice, they add up to the number of tests at most, and do not depend on the timing); Storey 2002,
doi:10.1111/1467-9868.00346 (how many of a family are chance).
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

GATE = 0.01             # timing has to be rarer than this before taste may add to it: at .05 a mixed world of rings and
                        # evening clubs has 6 false edges, at .01 one; rings at 30 minutes lose .02 of their accounts
CHANCE = 0.5            # of p_time, from which on a pair's meetings are taken for chance: half of those that are chance
                        # lie above it. Counting from the gate on, a ring that meets loosely pays for its own members
TOLL = 4                # pairs of one actor are not independent, and the habits of who posts little are known badly:
                        # 1, 2, 4 gave 2, 0, 0 of 80 giveaways an edge, and mixed worlds 3, 3, 1 false edges of 2,000
SUMMED = 64             # up to here the harmonic number is summed; from here on its series is exact to ten digits


class Family(NamedTuple):
    """The pairs of one search, by how rare a taste each shares (`_choice.tails`); both sorted."""

    every: NDArray[np.float64]
    by_chance: NDArray[np.float64]   # those of them whose meetings are chance


def family(tail: NDArray[np.float64], p_time: NDArray[np.float64]) -> Family:
    return Family(np.sort(tail), np.sort(tail[p_time > CHANCE]))


def alike(tail: NDArray[np.float64], families: Sequence[Family]) -> NDArray[np.int64]:
    """How many pairs have a taste as rare as each of these and meet by chance, and the pair itself."""
    as_rare, by_chance = (np.sum([np.searchsorted(one[side], tail, side="right") for one in families], axis=0)
                          for side in (0, 1))
    return 1 + np.minimum(by_chance * round(1 / (1 - CHANCE)), as_rare)


def p_choice(tail: NDArray[np.float64], alike: NDArray[np.int64], candidates: int, tests: int) -> NDArray[np.float64]:
    """The share of all pairs that have a taste as rare, or its Poisson tail where that is larger; with the toll.

    Args:
        candidates: pairs among which `alike` was counted.
        tests: pairs that could have been found.
    """
    return np.minimum(1.0, TOLL * np.maximum(tail, harmonic(candidates) * alike / max(tests, 1)))


def p(p_time: NDArray[np.float64], p_choice: NDArray[np.float64]) -> NDArray[np.float64]:
    """p_time · p_choice where p_time ≤ GATE; else 1."""
    return np.where(p_time <= GATE, p_time * p_choice, 1.0)


def harmonic(n: int) -> float:
    """1 + 1/2 + … + 1/n: what weights that fall as 1 / rank add up to."""
    if n <= SUMMED:
        return math.fsum(1 / i for i in range(1, n + 1))
    return math.log(n) + float(np.euler_gamma) + 1 / (2 * n) - 1 / (12 * n * n)


def benjamini_hochberg(p: NDArray[np.float64], tests: int) -> NDArray[np.float64]:
    """q of each p among `tests` hypotheses; those that have no p here have p = 1."""
    order = np.argsort(p, kind="stable")
    scaled = p[order] * tests / np.arange(1, len(p) + 1)
    q = np.empty(len(p))
    q[order] = np.minimum(1.0, np.minimum.accumulate(scaled[::-1])[::-1])
    return q
