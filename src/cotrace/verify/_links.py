"""Links: ratios from their counts, posteriors and words from ratios, the ladder that holds words down."""

import math
import unicodedata
from collections.abc import Mapping, Sequence

from .. import derive
from ..derive import EVIDENCE, Tables, number
from ..errors import VerificationError
from ._chance import agrees
from ._own import INDICATORS, LISTED
from ._pairs import WHOLE

STRONG = frozenset(("identity", "infrastructure"))
READS = ("always after: reader or amplifier", "almost always after: reader or amplifier",
         "never first: reader or amplifier of others")
COPIED = ("always before: the source may copy it", "almost always before: the source may copy it")
ORDER = frozenset(("occasions", "before", "after", "before_due", "first", "first_due"))  # what tells who came first
COUNTS = {"content": ORDER | {"cap"}, "coordination": ORDER | {"cap", "ordered"}, "identity": frozenset(("cap",))}
FEWEST = 10             # known actors; fewer measure no ratio
Z = 1.959963984540054   # 97.5 % point of the normal distribution


def check_links(tables: Tables, plan: Mapping[str, str]) -> int:
    """Ratios from counts, words from ratios and prior; returns how many ratios were computed."""
    receipts = {row[12]: row for row in tables.rows("registry")}
    for_, _, against = plan["prior"].partition(":")
    odds = float(number(for_) / number(against))
    of: dict[tuple[str, ...], list[dict]] = {}
    ratios, used = 0, set()
    met: dict[tuple[str, ...], list[str]] = {}
    for row in tables.rows("meetings"):
        met.setdefault(tuple(row[:4]), []).append(row[9])
    for row in tables.rows("grounds"):
        if any(ground["indicator"] == row[3] for ground in of.get(tuple(row[:3]), ())):
            raise VerificationError(f"{row[1]} and {row[2]}: {row[3]} is counted twice.")
        ground = _ground(dict(zip(EVIDENCE["grounds"], row, strict=True)), met.pop(tuple(row[:4]), []))
        ratios += ground["right"] is not None
        used |= set(ground["receipts"])
        of.setdefault(tuple(row[:3]), []).append(ground)
    if set(receipts) != used or len(receipts) != len(tables.rows("registry")):
        raise VerificationError("The rows of the registry are not those that grounds rest on.")
    members = {row[1]: row[0] for row in tables.rows("members")}
    handles = {row[1]: row[4] for row in tables.rows("members")}
    seen = set()
    for row in tables.rows("links"):
        link = dict(zip(EVIDENCE["links"], row, strict=True))
        who, grounds = f"{link['actor']} and {link['source']}", of.pop(tuple(row[:3]), [])
        if tuple(row[:3]) in seen or not grounds or link["cluster"] != members.get(link["actor"], ""):
            raise VerificationError(f"{who}: a link without grounds, twice, or of another cluster.")
        seen.add(tuple(row[:3]))
        if link["named"] != ("yes" if link["word"] in derive.NAMED else "no"):
            raise VerificationError(f"{who}: a link below likely may not be named, and one above may not be hidden.")
        if link["word"] == "listed":
            _listed(link, grounds, receipts, handles.get(link["actor"], ""),
                    tables.cell("run", "value", {"key": "pseudonyms"}) == "yes", who)
        else:
            if any(ground["says"] == LISTED for ground in grounds):
                raise VerificationError(f"{who}: a registry is said to name the actor, and the word is not listed.")
            _word(link, grounds, odds, who)
    if of or met:
        raise VerificationError("There are grounds or meetings of a link that does not exist.")
    return ratios


def _listed(link: Mapping[str, str], grounds: Sequence[dict], receipts: Mapping[str, Sequence[str]], handle: str,
            hashed: bool, who: str) -> None:
    """A registry names this very actor as this very source, and says where; where ids are keyed hashes, that it is this
    actor is not known."""
    if [(ground["indicator"], ground["says"]) for ground in grounds] != [("identity", LISTED)]:
        raise VerificationError(f"{who}: listed, and not because a registry says so.")
    rows = [dict(zip(EVIDENCE["registry"], receipts[receipt], strict=True)) for receipt in grounds[0]["receipts"]]
    if not rows or any(not row["cites"] or row["withdrawn"] for row in rows):
        raise VerificationError(f"{who}: listed, and no citation says where, or it was withdrawn.")
    platform, _, bare = link["actor"].partition(":")
    for row in rows:
        prefix = f"{row['platform']}:" if row["platform"] else ""
        spelled = unicodedata.normalize("NFKC", row["selector"]).strip()
        same = (spelled.removeprefix(prefix) == bare if row["selector_type"] == "account" else
                row["selector_type"] == "handle" and (
                    not handle or spelled.lstrip("@").casefold() == handle.lstrip("@").casefold()))
        if row["source"] != link["source"] or row["platform"] not in ("", platform) or not (same or hashed):
            raise VerificationError(f"{who}: listed, and the row of the registry names another: "
                                    f"{row['selector_type']} {row['selector'][:60]!r} of {row['source'][:60]!r}.")


def _ground(ground: dict, met: Sequence[str]) -> dict:
    who = f"{ground['actor']} and {ground['source']} ({ground['indicator']})"
    own = dict(part.partition("=")[::2] for part in ground["counts"].split(";") if part)
    if any(not WHOLE.fullmatch(value) for value in own.values()):
        raise VerificationError(f"{who}: a count is no count.")
    counts = {key: int(value) for key, value in own.items()}
    if ground["says"] != LISTED and (not COUNTS[ground["indicator"]] <= set(counts) or counts["cap"] != INDICATORS[
            ground["indicator"]][0] or (ground["indicator"] != "coordination" and "ordered" in counts)):
        raise VerificationError(f"{who}: it lacks a count that its indicator has, or has another cap.")
    four = ("same_seen", "same_of", "unrelated_seen", "unrelated_of")
    counts |= {key: int(ground[key]) for key in four if ground[key]}
    before, after = sum(delta.startswith("-") for delta in met), sum(delta != "0" for delta in met)
    # `ordered`: the order was told over more occasions than the ground shows, those of all the actor's edges
    shown = (before, after - before) if "ordered" not in counts else (counts["before"], counts["after"])
    if "occasions" in counts and (len(met), *shown) != (counts["occasions"], counts["before"], counts["after"]):
        raise VerificationError(f"{who}: its meetings are not those that it counts.")
    bounds = interval(counts)
    right = None if bounds is None else min(float(counts["cap"]), bounds[0])
    if (bounds is None) != (ground["ratio"] == "") or (ground["ratio"] == "") != (ground["low"] == ""):
        raise VerificationError(f"{who}: a ratio needs {FEWEST} known and {FEWEST} unrelated actors, and has one then.")
    if bounds is not None:
        agrees(float(ground["ratio"]), right or 0.0, f"{who}: the likelihood ratio")
        agrees(float(ground["low"]), bounds[0], f"{who}: its lower bound")
    if ground["high"] or (bounds is not None and not math.isinf(bounds[1])):
        agrees(float(ground["high"] or 0), bounds[1] if bounds else math.nan, f"{who}: its upper bound")
    receipts = [receipt for receipt in ground["selectors"].split(";") if receipt]
    return {"indicator": ground["indicator"], "says": ground["says"], "counts": counts, "right": right,
            "receipts": receipts}


def interval(counts: Mapping[str, int]) -> tuple[float, float] | None:
    """P(seen | same operator) ÷ P(seen | unrelated), each bound from the worse ends of two Wilson intervals."""
    if min(counts.get("same_of", 0), counts.get("unrelated_of", 0)) < FEWEST:
        return None
    same, other = (_wilson(counts[f"{kind}_seen"], counts[f"{kind}_of"]) for kind in ("same", "unrelated"))
    return same[0] / other[1], same[1] / other[0] if other[0] else math.inf


def _wilson(seen: int, of: int) -> tuple[float, float]:
    """95 % interval of a proportion. Source: Wilson 1927, doi:10.1080/01621459.1927.10502953"""
    if seen > of:
        raise VerificationError("More were seen than there are.")
    middle = (seen + Z * Z / 2) / (of + Z * Z)
    half = Z / (of + Z * Z) * math.sqrt(seen * (of - seen) / of + Z * Z / 4)
    return 0.0 if seen == 0 else max(0.0, middle - half), 1.0 if seen == of else min(1.0, middle + half)


def _word(link: Mapping[str, str], grounds: Sequence[dict], odds: float, who: str) -> None:
    posterior, rule = judge(grounds, odds)
    agrees(float(link["posterior"]), posterior, f"{who}: the posterior")
    if (link["bounded_by"], link["explanation"]) != (rule, _explanation(grounds)):
        raise VerificationError(f"{who}: the rule or the explanation is not what the grounds give.")
    for name, factor in (("word", 1.0), ("word_if_prior_tenth", 0.1), ("word_if_prior_tenfold", 10.0)):
        right, _ = judge(grounds, odds * factor)
        if link[name] not in {_ladder(right * (1 - 1e-9)), _ladder(min(1.0, right * (1 + 1e-9)))}:
            raise VerificationError(f"{who}: {name} is {link[name][:40]!r}; the posterior gives {_ladder(right)!r}.")


def judge(grounds: Sequence[dict], odds: float) -> tuple[float, str]:
    """The posterior that the ladder allows, and the rule that holds it down (METHOD §3).

    Ratios above one multiply the prior odds; beyond an even chance only those whose occasions are not plainly in the
    order of a reader, or of somebody who is read. All occasions together in a reader's order: at most unlikely; in that
    of somebody who is read, or one such class: at most an even chance. Two: at most likely, unless one is identity or
    infrastructure. Nothing measured: at most unlikely.
    """
    measured = sorted((ground for ground in grounds if ground["right"] is not None and ground["right"] > 1),
                      key=lambda ground: ground["indicator"])
    own = [ground for ground in measured if _counts_as_class(ground["counts"])]
    kinds = {ground["indicator"] for ground in own}
    even, likely, unlikely = (float(derive.LADDER_ENDS[derive.LADDER.index(word)])
                              for word in ("roughly even chance", "likely", "unlikely"))
    by_all, posterior = _posterior(measured, odds), _posterior(own, odds)
    one = _explanation(grounds)
    if not measured:
        limit, rule = unlikely, "no indicator with a measured ratio"
    elif one or len(kinds) <= 1:
        limit = unlikely if one in READS else even
        return (by_all, "") if by_all <= limit else (limit, one or "one indicator class")
    elif len(kinds) == 2 and not kinds & STRONG:
        limit, rule = likely, "two indicator classes, neither of them identity or infrastructure"
    else:
        limit, rule = 1.0, ""
    posterior = max(posterior, min(by_all, even))
    return (posterior, "") if posterior <= limit else (limit, rule)


def _posterior(grounds: Sequence[dict], odds: float) -> float:
    for ground in grounds:
        odds *= ground["right"]
    return odds / (1 + odds)


def _one_way(counts: Mapping[str, int]) -> str:
    """What the order of occasions leaves open, or "". Whoever shares the source's hand is now before it, now after it.

    `first_due`, `before_due`: how often the actor would be first, or before, if nobody waited for anybody; thousandths.
    """
    before, after, first = counts["before"], counts["after"], counts["first"]
    if not before:
        return READS[0]
    if after * 4 < before + after:
        return COPIED[0] if after == 0 else COPIED[1]
    if before < 2 or before * 2000 < counts["before_due"]:
        return READS[1]
    if counts["first_due"] >= 2000 and first * 4000 < counts["first_due"]:
        return READS[1] if first else READS[2]
    return ""


def _explanation(grounds: Sequence[dict]) -> str:
    told = [ground["counts"] for ground in grounds if "occasions" in ground["counts"]]
    names = ("before", "after", "before_due", "first", "first_due")
    return _one_way({name: sum(counts[name] for counts in told) for name in names}) if told else ""


def _counts_as_class(counts: Mapping[str, int]) -> bool:
    """Held against a single class is its order only where two firsts were due, or six occasions have an order."""
    said = _one_way(counts) if "occasions" in counts else ""
    if said in COPIED:
        return counts["before"] + counts["after"] < 6
    return said == "" or max(counts["first_due"], counts["before_due"]) < 2000


def _ladder(posterior: float) -> str:
    return next(word for word, end in zip(derive.LADDER, derive.LADDER_ENDS, strict=True) if posterior <= float(end))
