"""Pairs, occasions, decisions and clusters: does each row follow from the others?"""

import datetime
import re
from collections.abc import Mapping, Sequence
from fractions import Fraction

from .. import derive, digest
from ..derive import EVIDENCE, Tables, number
from ..errors import VerificationError
from ._chance import CLOSE, Search, agrees, pair_chance, taste

MOST_ROWS = 1_000_000   # of all tables
MOST_WORK = 60_000_000  # steps of exact tails; some ten seconds in plain Python
MEDIA = EVIDENCE["posts"].index("media")
FAINTEST = 1e-290       # of tails; below this floats lose digits, and which of two is rarer is not known
HASHED = re.compile(r"([^:]*:)?p-[0-9a-f]{20}")
WHOLE = re.compile(r"0|[1-9][0-9]{0,11}")


def check_occasions(tables: Tables) -> dict[tuple[str, ...], list[Sequence[str]]]:
    """The occasions of each edge (a, b, trace), after each was held against the posts that it names."""
    posts = {row[0]: row for row in tables.rows("posts")}
    if len(posts) != len(tables.rows("posts")):
        raise VerificationError("A post stands twice in the evidence.")
    of: dict[tuple[str, ...], list[Sequence[str]]] = {}
    needed: set[str] = set()
    for row in tables.rows("occasions"):
        cluster, a, b, trace, thing, post_a, at_a, post_b, at_b, delta_s, together, _ = row
        of.setdefault((cluster, a, b, trace), []).append(row)
        if together == "no":
            if any((post_a, at_a, post_b, at_b, delta_s)):
                raise VerificationError(f"A post is shown for an occasion of {a} and {b} that is no meeting.")
            continue
        for actor, post, at in ((a, post_a, at_a), (b, post_b, at_b)):
            if post not in posts or posts[post][3] != at or actor not in posts[post][1:3]:
                raise VerificationError(f"The meeting of {a} and {b} names a post, a time or an author that the "
                                        f"evidence does not have: {post[:60]!r}.")
            if trace == "similar_image" and derive.nearest_picture(posts[post][MEDIA], thing) is None:
                raise VerificationError(f"{actor} is said to have published a picture, and no hash of the post "
                                        f"{post[:60]!r} is within {derive.PICTURE_BITS} bits of it.")
            needed.add(post)
        if post_a == post_b or number(delta_s) * 1_000_000 != derive.microseconds(at_b) - derive.microseconds(at_a):
            raise VerificationError(f"A meeting of {a} and {b} does not have the distance that its times give.")
    listed: dict[str, set[str]] = {}
    for row in tables.rows("links"):
        if row[3] == "listed":
            listed.setdefault(row[2], set()).add(row[1])
    for row in tables.rows("meetings"):
        for post, authors in ((row[5], {row[1]}), (row[7], listed.get(row[2], set()))):
            if post in posts and not authors & set(posts[post][1:3]):
                raise VerificationError(f"A ground of {row[1]} names a post that is by somebody else: {post[:60]!r}.")
        needed |= {post for post in (row[5], row[7]) if post}
        for post, at in ((row[5], row[6]), (row[7], row[8])):
            if post and (post not in posts or posts[post][3] != at):
                raise VerificationError(f"A ground names a post or a time that is not in the evidence: {post[:60]!r}.")
        if row[9] and number(row[9]) * 1_000_000 != derive.microseconds(row[6]) - derive.microseconds(row[8]):
            raise VerificationError(f"A ground of {row[1]} does not have the distance that its times give.")
    if posts.keys() - needed:
        raise VerificationError("A post is in the evidence that no finding rests on.")
    return of


def check_edges(tables: Tables, plan: Mapping[str, str],
                occasions: Mapping[tuple[str, ...], list[Sequence[str]]]) -> None:
    windows = [int(window) for window in plan["windows"].split(";") if WHOLE.fullmatch(window)]
    work, left = 0, dict(occasions)
    search = Search(len(windows), int(one_row(tables, "tests")), int(one_row(tables, "candidates")))
    _check_alike(tables, search)
    for row in tables.rows("edges"):
        edge = dict(zip(EVIDENCE["edges"], row, strict=True))
        who = f"{edge['a']} and {edge['b']} ({edge['trace']})"
        own = left.pop((edge["cluster"], edge["a"], edge["b"], edge["trace"]), [])
        window_s, observed = int(edge["window_s"]), int(edge["observed"])
        met = [number(one[9]) for one in own if one[10] == "yes"]
        chances = [number(one[11]) for one in own]
        counts = (len(own), len(met), sum(d > 0 for d in met), sum(d < 0 for d in met))
        if counts != (int(edge["tested"]), observed, int(edge["a_first"]), int(edge["b_first"])):
            raise VerificationError(f"{who}: the counts are not those of the occasions.")
        if edge["a"] >= edge["b"] or window_s not in windows or any(abs(d) > window_s for d in met):
            raise VerificationError(f"{who}: a meeting lies outside the window, or the window outside the plan.")
        if int(edge["rare"]) > int(edge["shared"]) or int(edge["shared"]) < len(own):
            raise VerificationError(f"{who}: the counts of what they share contradict each other.")
        if observed < int(plan["min_objects"]) or len({(one[4], one[5], one[7]) for one in own if one[5]}) != observed:
            raise VerificationError(f"{who}: fewer distinct meetings than the plan asks for, or than are counted.")
        if sum(chances, Fraction(0)) != number(edge["expected"]):
            raise VerificationError(f"{who}: expected is not the sum of the chances.")
        work += len(own) * (min(observed, len(own) - observed) + 1)
        if work > MOST_WORK:
            raise VerificationError("Its occasions need more work than any dossier's.")
        p_time, p_choice, p = pair_chance(edge, list(map(float, chances)), observed, search)
        for name, right in (("p_time", p_time), ("p_choice", p_choice), ("p", p)):
            agrees(float(edge[name]), right, f"{who}: {name}")
    if left:
        raise VerificationError("There are occasions of a pair that is not among the edges.")


def _check_alike(tables: Tables, search: Search) -> None:
    """Pairs of a rarer taste cannot be alike to more pairs, and nobody to more than there are."""
    if not len(tables.rows("edges")) <= search.candidates <= search.tests:
        raise VerificationError("The pairs that were tested are fewer than those that passed, or more than there are.")
    edges = (dict(zip(EVIDENCE["edges"], row, strict=True)) for row in tables.rows("edges"))
    rarest_first = sorted((max(taste(edge), FAINTEST), int(edge["alike"])) for edge in edges)
    least, rarer = 1, 0  # the most alike of those whose taste is rarer by more than a rounding; and how many those are
    for rare, alike in rarest_first:
        while rarest_first[rarer][0] * (1 + CLOSE) < rare:
            least, rarer = max(least, rarest_first[rarer][1]), rarer + 1
        if not least <= alike <= search.candidates + 1:
            raise VerificationError(f"A pair is counted alike to {alike} pairs: not possible beside the others.")


def check_decisions(tables: Tables) -> None:
    """A person's verdict was honoured: who was taken out is in no edge, member or link."""
    decided = [tuple(row[:2]) for row in tables.rows("decisions")]
    if len(set(decided)) != len(decided) or any(not row[3] or not row[5] for row in tables.rows("decisions")):
        raise VerificationError("Two decisions stand on one question, or one has no author or no reason.")
    out = set(tables.cells("decisions", "actor", {"source": "", "verdict": "different"}))
    linked = {(row[1], row[2]) for row in tables.rows("links")}
    present = {actor for row in tables.rows("edges") for actor in row[1:3]} | {actor for actor, _ in linked}
    present |= {f"sha256:{digest.sha256(actor.encode('utf-8'))}" for actor in present}
    if out & present:
        raise VerificationError("An actor that a person's decision took out is still among the findings.")
    if any((row[0], row[1]) in linked for row in tables.rows("decisions") if row[1] and row[2] == "different"):
        raise VerificationError("A link that a person's decision took out is still among the links.")
    known = present | set(tables.cells("members", "actor")) | out
    if strangers := [row[0] for row in tables.rows("decisions") if row[0] not in known and not HASHED.fullmatch(row[0])
                     and not row[0].startswith("sha256:")]:
        raise VerificationError(f"A decision names somebody who is not in the findings: {strangers[0][:60]!r}.")
    if any(not actor.startswith("sha256:") and not HASHED.fullmatch(actor) for actor in out):
        raise VerificationError("A decision that takes an actor out names it: it may only be told by its digest.")
    for row in tables.rows("decisions"):
        try:
            datetime.date.fromisoformat(row[4])
        except ValueError:
            raise VerificationError(f"A decision was made on a day that is none: {row[4]}.") from None
    if tables.rows("taken_out") and not out:
        raise VerificationError("Pairs were taken out, and no decision says so.")


def check_q(tables: Tables, plan: Mapping[str, str]) -> None:
    """Benjamini–Hochberg over all tests. The smallest of the later ones is always among those that passed.

    Pairs that a person's decision took out passed too: their p are there, and they have no q here.
    """
    tests = int(one_row(tables, "tests"))
    out = [(float(p), -1.0) for p, count in tables.rows("taken_out") for _ in range(min(int(count), MOST_ROWS))]
    rows = sorted([*((float(row[8]), float(row[9])) for row in tables.rows("edges")), *out], reverse=True)
    if len(rows) > min(tests, MOST_ROWS):
        raise VerificationError("More pairs passed than were tested.")
    least = 1.0
    for rank, (p, q) in zip(range(len(rows), 0, -1), rows, strict=True):
        least = min(least, p * tests / rank)
        if q < 0:
            continue
        agrees(q, least, f"The q of the pair of rank {rank}")
        if q > float(plan["alpha"]) * (1 + CLOSE):
            raise VerificationError(f"A pair with q = {q:.3g} is among the edges; the plan accepts {plan['alpha']}.")


def one_row(tables: Tables, key: str) -> str:
    value = tables.cell("run", "value", {"key": key})
    if not WHOLE.fullmatch(value):
        raise VerificationError(f"The run's {key} is no count.")
    return value


def check_clusters(tables: Tables) -> None:
    named = [row[:6] for row in tables.rows("members")]
    members, clusters = derive.summaries(named, tables.rows("edges"), tables.rows("occasions"))
    if members != tables.rows("members") or clusters != tables.rows("clusters"):
        raise VerificationError("Clusters and members are not what their edges and occasions give.")
    of: dict[str, str] = {}
    for row in named:
        if row[1] in of:
            raise VerificationError(f"{row[1]} is a member twice.")
        of[row[1]] = row[0]
    near: dict[str, list[str]] = {}
    kinds = {row[1]: row[2] for row in named}
    for row in tables.rows("edges"):
        cluster, a, b = row[:3]
        if cluster != (of.get(a, "") if of.get(a) == of.get(b) else ""):
            raise VerificationError(f"The edge of {a} and {b} is put into a cluster that it does not belong to.")
        if cluster:
            near.setdefault(a, []).append(b)
            near.setdefault(b, []).append(a)
            if {kinds[a], kinds[b]} != {row[3]}:
                raise VerificationError(f"{a} and {b} are not of one kind.")
    for cluster in {row[0] for row in named}:
        everybody = [actor for actor, where in of.items() if where == cluster]
        reached, todo = {everybody[0]}, [everybody[0]]
        while todo:
            for other in near.get(todo.pop(), ()):
                if other not in reached:
                    reached.add(other)
                    todo.append(other)
        if len(everybody) < 3 or reached != set(everybody):
            raise VerificationError(f"Cluster {cluster} has fewer than three members, or none that hold it together.")


def check_cluster_names(statement: Mapping, tables: Tables) -> None:
    """A cluster is named by the digest of its members and the plan; keyed hashes hide what it was computed from."""
    if tables.cell("run", "value", {"key": "pseudonyms"}) == "yes":
        if plain := sorted(actor for actor in tables.cells("members", "actor") if not HASHED.fullmatch(actor)):
            raise VerificationError(f"It says that ids are keyed hashes, and {plain[0][:60]!r} is none.")
        return
    for cluster in {row[0] for row in tables.rows("members")}:
        members = sorted(tables.cells("members", "actor", {"cluster": cluster}))
        name = digest.digest({"members": members, "plan_digest": statement["plan_digest"]})
        if cluster != f"c-{name[:12]}":
            raise VerificationError(f"The name of cluster {cluster} is not the digest of its members and the plan.")


def check_common_property(tables: Tables, plan: dict[str, str]) -> None:
    """What was set aside is listed, all of it, and was busier than the plan allows."""
    traces = {row[0]: row for row in tables.rows("traces")}
    listed = dict.fromkeys(traces, 0)
    widest = max((int(number(window)) for window in plan["windows"].split(";") if window), default=0)
    for trace, thing, actors, busiest, window_s in tables.rows("common_property"):
        if trace not in traces or traces[trace][7] or int(actors) > int(traces[trace][3]):
            raise VerificationError(f"A thing was set aside in the behaviour {trace[:60]!r}, which was not looked for, "
                                    "or by fewer actors.")
        if not int(number(plan.get("common_property", ""))) < int(busiest) <= int(actors) or int(window_s) != widest:
            raise VerificationError(f"{thing[:60]!r} was set aside, and by its counts it is no common property.")
        listed[trace] += 1
    for trace in set(tables.cells("edges", "trace")):
        if trace not in traces or traces[trace][7]:
            raise VerificationError(f"There are pairs in the behaviour {trace[:60]!r}, which was not looked for.")
    for trace, row in traces.items():
        if listed[trace] != int(row[6]):
            raise VerificationError(f"Of {row[6]} things that the behaviour {trace!r} set aside, {listed[trace]} are "
                                    "listed.")
