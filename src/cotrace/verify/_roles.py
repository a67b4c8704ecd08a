"""Who came first, and after whom: computed again from the occasions, with a coin of its own."""

from collections.abc import Mapping

from .. import derive
from ..derive import Tables, number
from ..errors import VerificationError
from ._chance import SMALLEST, agrees, tail

MOST_TOSSED = 400  # tosses that are counted one by one; of more, a tail is added up from its largest term


def check_roles(tables: Tables, plan: Mapping[str, str]) -> None:
    """Counts, shares, lags, p, q, the word, and after whom."""
    order, before = derive.order(tables.rows("members"), tables.rows("occasions"))
    if [row[:7] for row in tables.rows("roles")] != order:
        raise VerificationError("Who came first, last and how late is not what the occasions give.")
    alpha = float(number(plan["alpha"]))
    behind: dict[tuple[str, str], list[str]] = {}
    for (cluster, a, b), (a_before, b_before) in before.items():
        if 2 * len(before) * even(a_before, b_before) <= alpha:
            late, early = (b, a) if a_before > b_before else (a, b)
            behind.setdefault((cluster, late), []).append(early)
    for cluster, actor, _, first, last, _, _, p, q, role, after in tables.rows("roles"):
        right = even(int(first), int(last))
        agrees(float(p), right, f"The p of who came first, of {actor}")
        agrees(float(q), min(1.0, 2 * len(order) * right), f"The q of who came first, of {actor}")
        others = behind.get((cluster, actor), [])
        said = "acts after others" if others else ""
        if float(q) <= alpha:
            said = "acts first" if int(first) > int(last) else "acts last"
        if (role, after) != (said, ";".join(sorted(others))):
            raise VerificationError(f"{actor} is said to be one that {role or 'has no role'}, and the figures give "
                                    f"{said or 'none'}, or it comes after others than it is said to.")


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
