"""The second verdict: the chance of each sign, which explanations fit, and what then is left."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from ..derive import EVIDENCE, Tables
from ..errors import VerificationError
from ._chance import agrees, fourfold

FEWEST_MEMBERS, FEWEST_OTHERS = 3, 20  # whose column is known; with fewer a sign cannot be judged
ODDS = 9                # of members that show a sign against the odds of others
INAUTHENTIC, NOT_SHOWN = "inauthentic", "not shown to be inauthentic"
UNKNOWN = "cannot be judged: no profile data"


def check_signs(tables: Tables, plan: Mapping[str, str]) -> None:
    """Chance of each sign from its counts, q over all that can be judged, and the state that follows."""
    size = {row[0]: int(row[2]) for row in tables.rows("clusters")}
    of = {row[1]: row[0] for row in tables.rows("members")}
    bearers: dict[tuple[str, str], int] = {}
    for cluster, sign, actor in tables.rows("bearers"):
        if of.get(actor) != cluster:
            raise VerificationError(f"{actor} is said to bear a sign of a cluster that it is no member of.")
        bearers[cluster, sign] = bearers.get((cluster, sign), 0) + 1
    names: dict[str, list[tuple[str, ...]]] = {}
    judged: list[tuple[float, float, Mapping[str, int], str, str]] = []
    for row in tables.rows("signs"):
        one = dict(zip(EVIDENCE["signs"], row, strict=True))
        counts = {name: int(one[name]) for name in EVIDENCE["signs"][5:14]}
        who = f"Cluster {one['cluster']}, sign {one['sign']}"
        if counts["members"] != size.get(one["cluster"]) or counts["seen"] != bearers.pop((row[0], row[1]), 0):
            raise VerificationError(f"{who}: the counts are not those of the members and of who bears it.")
        if not all(counts[f"{side}seen"] <= counts[f"{side}of"] for side in ("", "others_", "audience_")) or (
                counts["of"] > counts["members"] or counts["audience_of"] > counts["others_of"]
                or counts["audience_seen"] > counts["others_seen"] or counts["chosen"] > 1 or counts["tries"] < 1):
            raise VerificationError(f"{who}: the counts contradict each other.")
        names.setdefault(one["cluster"], []).append((one["sign"], one["column"], one["profile"], one["open"]))
        p = _sign_p(counts)
        if (p is None) != (one["p"] == "") or (p is None) != (one["q"] == ""):
            raise VerificationError(f"{who}: it has a chance where none can be told, or none where one can.")
        if p is not None:
            agrees(float(one["p"]), p, f"{who}: its chance")
            judged.append((p, float(one["q"]), counts, one["state"], who))
        elif one["state"] != "cannot be judged":
            raise VerificationError(f"{who}: too little is known, and it is given as {one['state']!r}.")
    if bearers or set(names) != set(size) or len({tuple(found) for found in names.values()}) > 1:
        raise VerificationError("Not every cluster was looked at for the same signs.")
    _sign_states(judged, float(plan["alpha"]))


def _sign_states(judged: Sequence[tuple[float, float, Mapping[str, int], str, str]], alpha: float) -> None:
    least = 1.0
    ordered = sorted(judged, key=lambda one: -one[0])
    for rank, (p, q, counts, state, who) in zip(range(len(ordered), 0, -1), ordered, strict=True):
        least = min(least, p * len(ordered) / rank)
        agrees(q, least, f"{who}: its q")
        if state != ("seen" if q <= alpha and _large(counts) else "not seen"):
            raise VerificationError(f"{who}: it is given as {state!r}, and its counts give the other.")


def _sign_p(counts: Mapping[str, int]) -> float | None:
    """The worse of two comparisons, times the values that could have been chosen."""
    if counts["of"] < FEWEST_MEMBERS or 2 * counts["of"] < counts["members"] or counts["others_of"] < FEWEST_OTHERS:
        return None
    if counts["seen"] <= counts["chosen"]:
        return 1.0
    sides = [side for side in ("others", "audience") if counts[f"{side}_of"] >= FEWEST_OTHERS]
    return min(1.0, counts["tries"] * max(fourfold(counts["seen"] - counts["chosen"], counts["of"] - counts["chosen"],
                                                   counts[f"{side}_seen"], counts[f"{side}_of"]) for side in sides))


def _large(counts: Mapping[str, int]) -> bool:
    """At least three members and half of those known, at odds nine times those of the others."""
    seen, lack = counts["seen"], counts["of"] - counts["seen"]
    for side in ("others", "audience"):
        theirs, without = counts[f"{side}_seen"], counts[f"{side}_of"] - counts[f"{side}_seen"]
        if counts[f"{side}_of"] >= FEWEST_OTHERS and (
                seen * without < ODDS * theirs * lack or seen * (theirs + without) <= theirs * (seen + lack)):
            return False
    return seen >= FEWEST_MEMBERS and seen >= lack


def check_explanations(tables: Tables) -> None:
    names: dict[str, list[tuple[str, ...]]] = {row[0]: [] for row in tables.rows("clusters")}
    for row in tables.rows("explanations"):
        one = dict(zip(EVIDENCE["explanations"], row, strict=True))
        needs, speak, of, against, among = (int(one[name]) for name in (
            "needs", "for_seen", "for_of", "against_seen", "against_of"))
        if row[0] not in names or speak > of or against > among or not 50 <= needs <= 100:
            raise VerificationError(f"Cluster {row[0]}, {row[1]}: the counts contradict each other.")
        names[row[0]].append((one["explanation"], one["covers"], one["needs"]))
        right = "fits" if of and 100 * speak >= needs * of and 2 * against <= among else "does not fit"
        if one["fits"] != (right if of else "cannot be judged"):
            raise VerificationError(f"Cluster {row[0]}: {row[1]} is given as {one['fits']!r}, and its counts give "
                                    f"{right!r}.")
    if len({tuple(found) for found in names.values()}) > 1:
        raise VerificationError("Not every cluster was tested for the same explanations.")


def check_verdicts(tables: Tables) -> None:
    """Words from the states of signs and explanations, and the same with each sign taken away."""
    told = {(row[0], row[1]): row[2] for row in tables.rows("without")}
    if {row[0] for row in tables.rows("verdicts")} != {row[0] for row in tables.rows("clusters")}:
        raise VerificationError("Not every cluster has a verdict, or one that is no cluster has.")
    for cluster, word, seen, unexplained, bounded_by, first in tables.rows("verdicts"):
        signs = [row for row in tables.where("signs", {"cluster": cluster})]
        fit = [row for row in tables.where("explanations", {"cluster": cluster}) if row[11] == "fits"]
        names = [row[1] for row in signs if row[16] == "seen"]
        right = (verdict_of(signs, fit), ";".join(names), verdict_of(signs, ()),
                 ";".join(row[1] for row in fit) if verdict_of(signs, fit) != verdict_of(signs, ()) else "",
                 min(((-len(row[2].split(";")), -Fraction(int(row[7]), int(row[8])), row[1]) for row in fit),
                     default=(0, 0, ""))[2])
        if (word, seen, unexplained, bounded_by, first) != right:
            raise VerificationError(f"The verdict on cluster {cluster} is given as {word[:40]!r} and its grounds; the "
                                    f"signs and explanations give {right[0]!r}.")
        for name in names:
            if told.pop((cluster, name), "") != verdict_of([row for row in signs if row[1] != name], fit):
                raise VerificationError(f"Cluster {cluster}: what the verdict would be without {name} is wrong.")
    if told:
        raise VerificationError("A verdict is told without a sign that was not seen.")


def verdict_of(signs: Sequence[Sequence[str]], fit: Sequence[Sequence[str]]) -> str:
    """Inauthentic: signs that no explanation which fits accounts for, on two columns, one of them of the profile and
    not shown to every reader; or on three, one of them of the profile."""
    covered = {column for row in fit for column in row[2].split(";")}
    left = [row for row in signs if row[16] == "seen" and row[2] not in covered]
    columns = len({row[2] for row in left})
    if (columns > 1 and any(row[3] == "yes" and row[17] == "no" for row in left)) or (
            columns > 2 and any(row[3] == "yes" for row in left)):
        return INAUTHENTIC
    known = any(row[3] == "yes" and row[2] not in ("account", "registry") and row[16] != "cannot be judged"
                for row in signs)
    return NOT_SHOWN if known else UNKNOWN
