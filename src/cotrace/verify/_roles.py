"""Who came first, and after whom: computed again from the occasions, with a coin and a placebo of its own."""

import math
from collections.abc import Mapping

from .. import derive
from ..derive import Tables, number
from ..errors import VerificationError
from ._chance import SMALLEST, agrees, tail

MOST_TOSSED = 400      # tosses that are counted one by one; of more, a tail is added up from its largest term
MOST_ELSEWHERE = 10**6  # sittings of six hours: seven hundred years of them

Signs = tuple[int, int]  # before, after


def check_roles(tables: Tables, plan: Mapping[str, str]) -> None:
    """Counts, shares, lags, p, q, of coin and placebo, the word, after whom; the counts elsewhere need the posts."""
    order = derive.order(tables.rows("members"), tables.rows("occasions"))
    rows = tables.rows("roles")
    if [row[:7] for row in rows] != order.members:
        raise VerificationError("Who came first, last and how late is not what the occasions give.")
    elsewhere = {row[1]: (int(row[11]), int(row[12])) for row in rows}
    if max((sum(signs) for signs in elsewhere.values()), default=0) > MOST_ELSEWHERE:
        raise VerificationError("Somebody met strangers in more sittings than there were.")
    alpha = float(number(plan["alpha"]))
    behind = _behind(order, elsewhere, alpha)
    for cluster, actor, _, first, last, _, _, p, q, role, after, _, _, p_placebo, q_placebo in rows:
        coin, own = even(int(first), int(last)), 1.0
        if int(first) != int(last):
            own = paced(elsewhere[actor], order.drawn.get((cluster, actor), {}), elsewhere, int(last) > int(first))
        for given, corrected, right, what in ((p, q, coin, "who came first"), (p_placebo, q_placebo, own,
                                                                               "its own pace")):
            agrees(float(given), right, f"The p of {what}, of {actor}")
            agrees(float(corrected), min(1.0, 2 * len(rows) * right), f"The q of {what}, of {actor}")
        others = behind.get((cluster, actor), [])
        said = "acts after others" if others else ""
        if max(float(q), float(q_placebo)) <= alpha:
            said = "acts first" if int(first) > int(last) else "acts last"
        if (role, after) != (said, ";".join(sorted(others))):
            raise VerificationError(f"{actor} is said to be one that {role or 'has no role'}, and the figures give "
                                    f"{said or 'none'}, or it comes after others than it is said to.")


def _behind(order: derive.Order, elsewhere: Mapping[str, Signs], alpha: float) -> dict[tuple[str, str], list[str]]:
    """After whom each member comes."""
    behind: dict[tuple[str, str], list[str]] = {}
    for (cluster, a, b), (a_before, b_before) in order.before.items():
        late, early = (b, a) if a_before > b_before else (a, b)
        met = {late: (max(a_before, b_before), min(a_before, b_before))}
        if 2 * len(order.before) * even(a_before, b_before) <= alpha and (
                2 * len(order.before) * paced(elsewhere[early], met, elsewhere, False) <= alpha):
            behind.setdefault((cluster, late), []).append(early)
    return behind


def even(one: int, other: int) -> float:
    """The two-sided sign test: how likely a fair coin is as uneven."""
    tosses, most = one + other, max(one, other)
    if tosses <= MOST_TOSSED:
        return min(1.0, max(SMALLEST, 2 * tail([0.5] * tosses, most)))
    term, total = 1, 0  # whole numbers: ways to get all heads, then one less, and so on
    for heads in range(tosses, most - 1, -1):
        total += term
        term = term * heads // (tosses - heads + 1)
    return min(1.0, max(SMALLEST, 2 * total / 2**tosses))


def paced(own: Signs, met: Mapping[str, Signs], elsewhere: Mapping[str, Signs], late: bool) -> float:
    """The exact exchange of sittings here and elsewhere, in which everybody comes before others as often as they did.

    Ways are counted by their logarithms: of some hundred sittings there are more than a float can hold.
    """
    ways = [0.0]
    for other, (before, after) in sorted(met.items()):
        first, here = elsewhere[other][0], before + after
        factor = [_log_ways(here, n) + _log_ways(sum(elsewhere[other]), after + first - here + n)
                  for n in range(here + 1)]
        ways = [_log_sum([ways[n - k] + factor[k] for k in range(max(0, n - len(ways) + 1), min(here, n) + 1)])
                for n in range(len(ways) + here)]
    seen = sum(before for before, _ in met.values())
    ways = [one + _log_ways(sum(own), seen + own[0] - n) for n, one in enumerate(ways)]
    as_far = _log_sum(ways[: seen + 1] if late else ways[seen:])
    return min(1.0, max(SMALLEST, 2 * math.exp(as_far - _log_sum(ways))))


def _log_ways(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) if 0 <= k <= n else -math.inf


def _log_sum(logs: list[float]) -> float:
    if (largest := max(logs)) == -math.inf:
        return largest
    return largest + math.log(math.fsum(math.exp(one - largest) for one in logs))
