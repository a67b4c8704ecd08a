"""Who comes first and who comes after, in each cluster: an order in time, and nothing that it might mean.

It names nobody because somebody has to be first. A member acts first, or last, where it was the one more often than the
other, and a member acts after another where it came behind it more often than before it, each time more often than
tossing a coin explains. A coin is what is left where nobody leads: of two who act alike the one comes first as often as
the other, whatever the others do, and being the first of all is as likely as being the last. It refuses to count what
met in one sitting several times, and to say that whoever comes first leads, or that whoever comes after obeys.
"""

import functools
import math
from collections.abc import Sequence
from fractions import Fraction

from .. import derive, digest

SMALLEST = 1e-300  # of a p: below this a float has no digits left
HALVES = 2         # of alpha: one for who comes first or last, one for who comes after whom


def rows(named: Sequence[Sequence[str]], occasions: Sequence[Sequence[str]], alpha: Fraction) -> list[list[str]]:
    """The rows of `roles`.

    Args:
        named, occasions: rows in the columns of `members` and `occasions`.
        alpha: 0–1, the chance that in a dossier without any order somebody is said to come first, last or after.

    Source: the sign test, exact and two-sided (Arbuthnot 1710); Bonferroni over all members, and over all pairs.
    """
    order, before = derive.order(named, occasions)
    after: dict[tuple[str, str], list[str]] = {}
    for (cluster, a, b), (a_before, b_before) in before.items():
        if coin(a_before, b_before) * HALVES * len(before) <= alpha:
            late, early = (b, a) if a_before > b_before else (a, b)
            after.setdefault((cluster, late), []).append(early)
    found = []
    for cluster, actor, sittings, first, last, share, lag in order:
        p = coin(int(first), int(last))
        q = min(1.0, p * HALVES * len(order))
        behind = sorted(after.get((cluster, actor), []))
        role = ("acts first" if int(first) > int(last) else "acts last") if q <= alpha else (
            "acts after others" if behind else "")
        found.append([cluster, actor, sittings, first, last, share, lag, digest.decimal(p), digest.decimal(q), role,
                      ";".join(behind)])
    return sorted(found)


@functools.lru_cache(maxsize=65536)
def coin(one: int, other: int) -> float:
    """How likely a fair coin falls as unevenly as this, or more, to either side; 1 where it was not tossed."""
    tosses, more = one + other, max(one, other)
    ways = sum(math.comb(tosses, heads) for heads in range(more, tosses + 1))
    return max(SMALLEST, float(min(Fraction(1), Fraction(2 * ways, 2**tosses))))
