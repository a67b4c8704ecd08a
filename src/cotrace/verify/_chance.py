"""What verification computes of chance, in plain Python and apart from the code that made the figures."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from ..errors import VerificationError

CLOSE = 1e-6            # p and q are printed with nine digits; computing again in another order may move the eighth
SMALLEST = 1e-300       # below this a float has no digits left
GATE = 0.01             # the timing has to be rarer than this before taste may add to it (network._search.GATE)
TOLL = 4                # on what taste pays for the search (network._search.TOLL)
EULER = 0.5772156649015329


class Search(NamedTuple):
    """How much was looked at."""

    windows: int      # that were tried
    tests: int        # pairs that could have been found, in all traces
    candidates: int   # those of them that met often enough to be tested


def pair_chance(edge: Mapping[str, str], chances: Sequence[float], observed: int, search: Search,
                ) -> tuple[float, float, float]:
    """p_time, p_choice and p of a pair from its occasions and from what the two share (a row of `edges`)."""
    p_time = min(1.0, search.windows * tail(chances, observed))
    chosen = min(1.0, TOLL * max(taste(edge), harmonic(search.candidates) * int(edge["alike"]) / max(search.tests, 1)))
    return p_time, chosen, max(p_time, SMALLEST) * chosen if p_time <= GATE else 1.0


def tail(chances: Sequence[float], observed: int) -> float:
    """P(at least `observed` of independent events with these chances), exact: every step adds positive numbers.

    Counted from the shorter side: at least k happen exactly where at most n − k fail.
    """
    n = len(chances)
    if observed <= 0:
        return 1.0
    if observed > n:
        return 0.0
    if observed <= n - observed:
        ways, reached = [1.0] + [0.0] * (observed - 1), 0.0
        for chance in chances:
            reached += ways[-1] * chance
            ways = [ways[0] * (1 - chance), *(one * (1 - chance) + before * chance
                                              for before, one in pairwise(ways))]
        return reached
    fails = [1.0] + [0.0] * (n - observed)
    for chance in chances:
        fails = [fails[0] * chance, *(one * chance + before * (1 - chance) for before, one in pairwise(fails))]
    return math.fsum(fails)


def poisson_tail(count: int, mean: float) -> float:
    """P(N ≥ count) of a Poisson number; 1 where count ≤ mean (there it is at least a half, and taken twice)."""
    if count <= mean:
        return 1.0
    if mean <= 0:
        return 0.0
    if mean > 1e7:
        raise VerificationError("It expects more shared objects than any data have.")
    term = math.exp(count * math.log(mean) - mean - math.lgamma(count + 1))
    total, k = 0.0, count
    while term > total * 1e-17:
        total += term
        k += 1
        term *= mean / k
    return total


def taste(edge: Mapping[str, str]) -> float:
    """How rare the taste is that the two share: twice the smaller of two Poisson tails, at most 1."""
    both = min(poisson_tail(int(edge["shared"]), float(edge["shared_expected"])),
               poisson_tail(int(edge["rare"]), float(edge["rare_expected"])))
    return min(1.0, 2 * both)


def harmonic(n: int) -> float:
    """1 + 1/2 + … + 1/n; from 65 on by its series, which is exact to ten digits there."""
    if n <= 64:
        return math.fsum(1 / i for i in range(1, n + 1))
    return math.log(n) + EULER + 1 / (2 * n) - 1 / (12 * n * n)


def fourfold(seen: int, of: int, others_seen: int, others_of: int) -> float:
    """P(at least `seen` of `of`), drawn without returning, where `seen + others_seen` of all bear the mark."""
    marked, bare = seen + others_seen, of - seen + others_of - others_seen

    def chosen(n: int, k: int) -> float:
        return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)

    ways = [math.exp(chosen(marked, k) + chosen(bare, of - k) - chosen(marked + bare, of))
            for k in range(seen, min(of, marked) + 1) if of - k <= bare]
    return min(1.0, math.fsum(ways))


def agrees(given: float, right: float, what: str) -> None:
    if not math.isclose(given, right, rel_tol=CLOSE, abs_tol=SMALLEST):
        raise VerificationError(f"{what} is given as {given:.9g}; computed again it is {right:.9g}.")
