"""What verification computes of chance, in plain Python and apart from the code that made the figures."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

from ..errors import VerificationError

CLOSE = 1e-6            # p and q are printed with nine digits; computing again in another order may move the eighth
SMALLEST = 1e-300       # below this a float has no digits left
GATE = 0.01             # the timing has to be rarer than this before taste may add to it (network.GATE)


def pair_chance(edge: Mapping[str, str], chances: Sequence[float], observed: int, windows: int, tests: int,
                ) -> tuple[float, float, float]:
    """p_time, p_choice and p of a pair from its occasions and from what the two share (a row of `edges`)."""
    p_time = min(1.0, windows * tail(chances, observed))
    p_choice = chosen(edge, tests)
    k = max(p_time, SMALLEST) * p_choice
    return p_time, p_choice, min(1.0, k * (1 - math.log(k))) if p_time <= GATE and k > 0 else float(p_time > GATE)


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


def chosen(edge: Mapping[str, str], tests: int) -> float:
    """p of what the two share: twice the smaller of two Poisson tails, at most 1, at least 1 / tests."""
    both = min(poisson_tail(int(edge["shared"]), float(edge["shared_expected"])),
               poisson_tail(int(edge["rare"]), float(edge["rare_expected"])))
    return max(1 / max(tests, 1), min(1.0, 2 * both))


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
