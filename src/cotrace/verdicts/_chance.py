"""How rare is a sign among people with nothing to hide? Exact tails of counts, so that anyone can compute them again.

Members of a cluster are compared with other actors of the same data, never with a table of what is normal elsewhere.
Everything here follows from integers that the dossier prints; `verify` computes it again in code of its own.
"""

import math
from collections.abc import Mapping, Sequence

from ..records import Explanation, Sign, Verdict

FEWEST_MEMBERS = 3     # with fewer whose column is known, nothing can be said of a cluster
FEWEST_OTHERS = 20     # with fewer, what is usual here is not known
ODDS = 9               # times the odds of others: what is rare by chance is not yet large. Three to one among members
                       # against one to three among others is nine
HALF = 50              # percent of the members that a sign has to be known of, and that show it
ELSEWHERE = ("account", "registry")  # columns that tell of an account what no profile of it shows
INAUTHENTIC = "inauthentic"
NOT_SHOWN = "not shown to be inauthentic"
UNKNOWN = "cannot be judged: no profile data"
SEEN, NOT_SEEN, CANNOT = "seen", "not seen", "cannot be judged"
FITS, DOES_NOT_FIT = "fits", "does not fit"


def tail(seen: int, of: int, others_seen: int, others_of: int) -> float:
    """P(at least `seen` of `of` drawn without returning from all, of whom `seen + others_seen` show the sign).

    Source: Fisher 1935, the exact test of a fourfold table, one-sided.
    """
    marked, everybody = seen + others_seen, of + others_of
    last = min(of, marked)
    if seen <= max(0, of - (everybody - marked)):
        return 1.0
    term = math.exp(_ways(marked, seen) + _ways(everybody - marked, of - seen) - _ways(everybody, of))
    total = 0.0
    for k in range(seen, last + 1):
        total += term
        if k < last:
            term *= (marked - k) * (of - k) / ((k + 1) * (everybody - marked - of + k + 1))
    return min(1.0, total)


def _ways(of: int, chosen: int) -> float:
    return math.lgamma(of + 1) - math.lgamma(chosen + 1) - math.lgamma(of - chosen + 1)


def p(counts: Mapping[str, int]) -> float | None:
    """Chance of a sign, the worse of two comparisons times what was tried; None where it cannot be judged.

    Compared with all others, and with those others who took up the same things, where twenty of them are known: what
    brings people to one thing (an event, an idol, a strike) may also have brought them to the platform. Where the value
    was chosen by looking at the members, one of them does not count: it is what the others are compared to.
    """
    if counts["of"] < FEWEST_MEMBERS or 100 * counts["of"] < HALF * counts["members"]:
        return None
    if counts["others_of"] < FEWEST_OTHERS:
        return None
    chosen = counts["chosen"]
    if counts["seen"] <= chosen:
        return 1.0
    worst = 0.0
    for who in ("others", "audience"):
        if counts[f"{who}_of"] >= FEWEST_OTHERS:
            worst = max(worst, tail(counts["seen"] - chosen, counts["of"] - chosen, counts[f"{who}_seen"],
                                    counts[f"{who}_of"]))
    return min(1.0, counts["tries"] * worst)


def large(counts: Mapping[str, int]) -> bool:
    """Whether half of the members show it, at odds nine times those of the others."""
    seen, of = counts["seen"], counts["of"]
    often = all(seen * (counts[f"{who}_of"] - counts[f"{who}_seen"]) >= ODDS * counts[f"{who}_seen"] * (of - seen)
                and seen * counts[f"{who}_of"] > counts[f"{who}_seen"] * of
                for who in ("others", "audience") if counts[f"{who}_of"] >= FEWEST_OTHERS)
    return seen >= FEWEST_MEMBERS and 100 * seen >= HALF * of and often


def corrected(chances: Sequence[float]) -> list[float]:
    """q of each p over all signs of all clusters that could be judged. Source: Benjamini & Hochberg 1995."""
    order = sorted(range(len(chances)), key=lambda i: -chances[i])
    q, least = [1.0] * len(chances), 1.0
    for rank, i in zip(range(len(chances), 0, -1), order, strict=True):
        least = min(least, chances[i] * len(chances) / rank)
        q[i] = least
    return q


def state(counts: Mapping[str, int], q: float | None, alpha: float) -> str:
    if q is None:
        return CANNOT
    return SEEN if q <= alpha and large(counts) else NOT_SEEN


def fits(for_seen: int, for_of: int, against_seen: int, against_of: int, needs: int) -> str:
    """An explanation fits where `needs` percent speak for it, and at most half of what could speak against it does."""
    if for_of == 0:
        return CANNOT
    return FITS if 100 * for_seen >= needs * for_of and 2 * against_seen <= against_of else DOES_NOT_FIT


def decide(cluster: str, signs: Sequence[Sign], explanations: Sequence[Explanation]) -> Verdict:
    """The word of `_word`, and what it would be without each sign and without the explanations."""
    own = [sign for sign in signs if sign.cluster == cluster]
    tested = [one for one in explanations if one.cluster == cluster]
    seen = tuple(sign.name for sign in own if sign.state == SEEN)
    without = tuple((name, _word([sign for sign in own if sign.name != name], tested)) for name in seen)
    unexplained = _word(own, ())
    word = _word(own, tested)
    bounded_by = tuple(one.name for one in tested if one.fits == FITS) if word != unexplained else ()
    return Verdict(cluster=cluster, word=word, signs=seen, without=without, without_explanations=unexplained,
                   bounded_by=bounded_by, first=first(tested))


def first(explanations: Sequence[Explanation]) -> str:
    """Of those that fit, the one that accounts for most columns; then the one for which most speaks."""
    fitting = [one for one in explanations if one.fits == FITS]
    return min(((-len(one.covers), -one.for_seen / one.for_of, one.name) for one in fitting), default=(0, 0, ""))[2]


def _word(signs: Sequence[Sign], explanations: Sequence[Explanation]) -> str:
    """Inauthentic: signs that no explanation which fits accounts for, on two columns, one of them of the profile and
    not open; or on three, one of them of the profile. What every reader sees conceals nothing by itself."""
    covered = {column for one in explanations if one.fits == FITS for column in one.covers}
    left = [sign for sign in signs if sign.state == SEEN and sign.column not in covered]
    columns = len({sign.column for sign in left})
    if columns >= 2 and any(sign.profile and not sign.open for sign in left):
        return INAUTHENTIC
    if columns >= 3 and any(sign.profile for sign in left):
        return INAUTHENTIC
    known = any(sign.profile and sign.column not in ELSEWHERE and sign.state != CANNOT for sign in signs)
    return NOT_SHOWN if known else UNKNOWN
