"""From counts to a word: ratios, the posterior, and the ladder that no posterior climbs beyond.

Plain arithmetic on the counts of a `Ground`, so that whoever holds a dossier computes every word again.
"""

import math
from collections.abc import Mapping, Sequence

from ..records import WORDS, Ground, word

Z = 1.959963984540054   # 97.5 % point of the normal distribution: two-sided 95 %
FEWEST = 10             # listed actors in the data; fewer measure nothing, and the indicator is "compatible with"
EVEN, LIKELY = dict(WORDS)["roughly even chance"], dict(WORDS)["likely"]
NOTHING_MEASURED = dict(WORDS)["unlikely"]  # a prior alone is no evidence, however the plan was written
READER = dict(WORDS)["unlikely"]            # where the source has fans 95 of 425 in a reader's order were its own:
                                            # "roughly even chance" was not earned (docs/calibration.md)
ALWAYS = "always after: reader or amplifier"
ALMOST = "almost always after: reader or amplifier"
NEVER_FIRST = "never first: reader or amplifier of others"
READS = (ALWAYS, ALMOST, NEVER_FIRST)
COPIED = "always before: the source may copy it"
MOSTLY_COPIED = "almost always before: the source may copy it"
TOLD = ("occasions", "before", "after", "before_due", "first", "first_due")  # the counts that tell who followed whom
DUE = 2000     # thousandths; with two firsts due, none at all is a chance of one in seven
ORDERED = 6    # occasions; all before, where either order is as likely, is a chance of one in sixty-four


def wilson(seen: int, of: int) -> tuple[float, float]:
    """95 % interval of a proportion, 0–1. Source: Wilson 1927, doi:10.1080/01621459.1927.10502953"""
    if of <= 0 or not 0 <= seen <= of:
        raise ValueError(f"{seen} of {of} is no proportion")
    share, bend = seen / of, Z * Z / of
    middle = (share + bend / 2) / (1 + bend)
    half = Z / (1 + bend) * math.sqrt(share * (1 - share) / of + bend / (4 * of))
    low = 0.0 if seen == 0 else max(0.0, middle - half)
    return low, 1.0 if seen == of else min(1.0, middle + half)


def interval(counts: Mapping[str, int]) -> tuple[float, float] | None:
    """Bounds of P(seen | same operator) / P(seen | unrelated), each bound from the worse ends of both proportions.

    None where fewer than `FEWEST` listed or unrelated actors could be measured. The upper bound is infinite where the
    unrelated were never seen with the indicator.
    """
    if counts.get("same_of", 0) < FEWEST or counts.get("unrelated_of", 0) < FEWEST:
        return None
    same = wilson(counts["same_seen"], counts["same_of"])
    unrelated = wilson(counts["unrelated_seen"], counts["unrelated_of"])
    return same[0] / unrelated[1], same[1] / unrelated[0] if unrelated[0] else math.inf


def ratio(counts: Mapping[str, int]) -> float | None:
    """The likelihood ratio of a ground from its counts: the cautious end of the interval, at most `cap`.

    ratio = min(cap, lower Wilson bound of same_seen/same_of ÷ upper Wilson bound of unrelated_seen/unrelated_of); None
    ("compatible with") where fewer than 10 of either could be measured.
    """
    bounds = interval(counts)
    return None if bounds is None else min(float(counts["cap"]), bounds[0])


def one_way(counts: Mapping[str, int]) -> str:
    """The benign explanation that the order of occasions leaves open, or "".

    Whoever is run by the same hand as the source is now before it and now after it. Among n users of an object each is
    as likely first if none waits for another; `first_due` (all users) and `before_due` (identified users alone) add
    these shares up, in thousandths. A reader is: an actor that is before the source less than twice (once may be
    chance) or in fewer than half of the due; and one that is first of all in fewer than a quarter of the due, where
    two or more are due: it follows somebody else. An actor that comes after the source in fewer than a quarter of the
    ordered occasions is one whose posts the source takes.
    """
    before, after, first = counts["before"], counts["after"], counts["first"]
    if not before:
        return ALWAYS
    if after * 4 < before + after:
        return COPIED if after == 0 else MOSTLY_COPIED
    if before < 2 or before * 2000 < counts["before_due"]:
        return ALMOST
    if counts["first_due"] >= DUE and first * 4000 < counts["first_due"]:
        return ALMOST if first else NEVER_FIRST
    return ""


def explain(grounds: Sequence[Ground]) -> str:
    """The benign explanation of a link: what the order of all its occasions leaves open; "" where it goes both
    ways."""
    behind = [ground.counts for ground in grounds if "occasions" in ground.counts]
    return one_way({name: sum(counts[name] for counts in behind) for name in TOLD}) if behind else ""


def counts_as_class(ground: Ground) -> bool:
    """Whether a ground is a class of its own on the ladder: measured, for the link, and not plainly of one way.

    A single class has few occasions, so its order is held against it only where it was due before or first twice, or
    where six occasions have an order; `explain` asks the same of all occasions together, however few.
    """
    if ground.ratio is None or ground.ratio <= 1:
        return False
    counts = ground.counts
    if "occasions" not in counts or (said := one_way(counts)) == "":
        return True
    if said in (COPIED, MOSTLY_COPIED):
        return counts["before"] + counts["after"] < ORDERED
    return max(counts["first_due"], counts["before_due"]) < DUE


def judge(grounds: Sequence[Ground], strong: Sequence[str], prior_odds: float) -> tuple[float, str]:
    """(posterior, which rule holds it down or ""), posterior 0–1 and never above what the ladder allows.

    Posterior odds = prior odds × the ratios above 1. Beyond "roughly even chance" only the classes that count
    (`counts_as_class`) are multiplied. Where all occasions together are in a reader's order: at most "unlikely". Where
    they are in the order of somebody whom the source copies, or one class counts, or none but some were measured: at
    most "roughly even chance". Two classes: at most "likely", unless one is strong (identity, infrastructure). Nothing
    measured: at most "unlikely".
    """
    measured = sorted((g for g in grounds if g.ratio is not None and g.ratio > 1), key=lambda ground: ground.indicator)
    own = [ground for ground in measured if counts_as_class(ground)]
    posterior, by_all = _posterior(own, prior_odds), _posterior(measured, prior_odds)
    classes = {ground.indicator for ground in own}
    if not measured:
        limit, rule = NOTHING_MEASURED, "no indicator with a measured ratio"
    elif (one := explain(grounds)) or len(classes) <= 1:
        limit = READER if one in READS else EVEN
        return (by_all, "") if by_all <= limit else (limit, one or "one indicator class")
    elif len(classes) == 2 and not classes & set(strong):
        limit, rule = LIKELY, "two indicator classes, neither of them identity or infrastructure"
    else:
        limit, rule = 1.0, ""
    posterior = max(posterior, min(by_all, EVEN))
    return (posterior, "") if posterior <= limit else (limit, rule)


def _posterior(grounds: Sequence[Ground], odds: float) -> float:
    for ground in grounds:
        odds *= float(ground.ratio or 1)
    return odds / (1 + odds)


def words(grounds: Sequence[Ground], strong: Sequence[str], prior_odds: float) -> tuple[str, str, str]:
    """The words at the plan's prior, at a tenth of it and at ten times it."""
    at, tenth, tenfold = (word(judge(grounds, strong, prior_odds * factor)[0]) for factor in (1.0, 0.1, 10.0))
    return at, tenth, tenfold
