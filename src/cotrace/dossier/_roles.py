"""Who comes first and who comes after, in each cluster: an order in time, and nothing that it might mean.

It names nobody because somebody has to be first, and nobody because it is early everywhere. A member acts first, or
last, where two tests say so, and a member acts after another where both say so of the two:

    coin      it was the one more often than the other, and more often than tossing a coin explains
    placebo   more often than its own pace, and that of the others, among strangers explains

A coin is what is left where nobody leads and all are alike: of two the one comes first as often as the other, whatever
the others do. Where one is a fast reader, or awake before the others, a coin names it, and only the placebo sees that
it comes as early where nobody of its cluster is. Whose pace elsewhere is not known is not named: it might be anything.
It refuses to count what met in one sitting several times, and to say that whoever comes first leads, or that whoever
comes after obeys.
"""

import functools
import math
from collections.abc import Mapping, Sequence
from fractions import Fraction

from .. import derive, digest

SMALLEST = 1e-300  # of a p: below this a float has no digits left
HALVES = 2         # of alpha: one for who comes first or last, one for who comes after whom; and two sides of a test
UNKNOWN = (0, 0)   # before and after: of whom nothing is known elsewhere

Signs = tuple[int, int]  # sittings in which one came before another, and in which it came after


def rows(named: Sequence[Sequence[str]], occasions: Sequence[Sequence[str]], elsewhere: Mapping[str, Signs],
         alpha: Fraction) -> list[list[str]]:
    """The rows of `roles`.

    Args:
        named, occasions: rows in the columns of `members` and `occasions`.
        elsewhere: member → how often it came before a stranger, and after one, where no other member acts.
        alpha: 0–1, the chance that in a dossier without any order somebody is said to come first, last or after.

    Source: the sign test, exact and two-sided (Arbuthnot 1710); Bonferroni over all members, and over all pairs.
    """
    order = derive.order(named, occasions)
    after: dict[tuple[str, str], list[str]] = {}
    for (cluster, a, b), signs in order.before.items():
        if coin(*signs) * HALVES * len(order.before) <= alpha:
            early, late = (a, b) if signs[0] > signs[1] else (b, a)
            p = placebo(elsewhere.get(early, UNKNOWN), {late: (max(signs), min(signs))}, elsewhere)
            if p * HALVES * len(order.before) <= alpha:
                after.setdefault((cluster, late), []).append(early)
    found = []
    for row in order.members:
        cluster, actor, first, last = row[0], row[1], int(row[3]), int(row[4])
        own, drawn = elsewhere.get(actor, UNKNOWN), order.drawn.get((cluster, actor), {})
        both = coin(first, last), 1.0 if first == last else placebo(own, drawn, elsewhere, late=last > first)
        q, q_placebo = (min(1.0, p * HALVES * len(order.members)) for p in both)
        behind = sorted(after.get((cluster, actor), []))
        role = ("acts first" if first > last else "acts last") if max(q, q_placebo) <= alpha else (
            "acts after others" if behind else "")
        found.append([*row, digest.decimal(both[0]), digest.decimal(q), role, ";".join(behind), *map(str, own),
                      digest.decimal(both[1]), digest.decimal(q_placebo)])
    return sorted(found)


@functools.lru_cache(maxsize=65536)
def coin(one: int, other: int) -> float:
    """How likely a fair coin falls as unevenly as this, or more, to either side; 1 where it was not tossed."""
    tosses, more = one + other, max(one, other)
    ways = sum(math.comb(tosses, heads) for heads in range(more, tosses + 1))
    return max(SMALLEST, float(min(Fraction(1), Fraction(2 * ways, 2**tosses))))


def placebo(own: Signs, met: Mapping[str, Signs], elsewhere: Mapping[str, Signs], *, late: bool = False) -> float:
    """How likely somebody comes so often before (late: after) those it met in its cluster, by everybody's own pace.

    Who was first in each of its sittings is exchanged with who was first elsewhere, in every way in which it comes
    before others as often as it did, there and here together, and so does each of those it met. All ways are counted:
    p is exact and two-sided (twice the one side), and 1 where nothing is known of its pace, or of theirs.

    Args:
        own: its sittings with strangers.
        met: other member → sittings in which it came before that one, and after.

    Source: Cox 1970, The Analysis of Binary Data, §4: under odds that are a product of two paces (Bradley & Terry 1952)
    these totals are all that the sittings say of the paces, so given them no pace is left in the chance.
    """
    ways = [1]  # of coming before those met so often: 0, 1, 2 … times
    for other, (before, after) in sorted(met.items()):
        theirs_before, theirs = elsewhere.get(other, UNKNOWN)[0], sum(elsewhere.get(other, UNKNOWN))
        here, total = before + after, after + theirs_before
        ways = _times(ways, [math.comb(here, n) * _choose(theirs, total - (here - n)) for n in range(here + 1)])
    seen = sum(before for before, _ in met.values())
    ways = [many * _choose(sum(own), seen + own[0] - n) for n, many in enumerate(ways)]
    as_far = ways[: seen + 1] if late else ways[seen:]
    return max(SMALLEST, float(min(Fraction(1), Fraction(2 * sum(as_far), sum(ways)))))


def _choose(n: int, k: int) -> int:
    return math.comb(n, k) if 0 <= k <= n else 0


def _times(one: list[int], other: list[int]) -> list[int]:
    product = [0] * (len(one) + len(other) - 1)
    for place, many in enumerate(one):
        for further, more in enumerate(other):
            product[place + further] += many * more
    return product
