"""Why is somebody among the findings, and what would have to be gone for them not to be? From a dossier alone.

It prints what the evidence holds about one actor, or about a pair, and answers the question of whoever is accused: the
smallest set of posts without which nothing would be found. It weighs nothing anew: p is computed by the very functions
with which `verify` checks a dossier, from the chances that stand in it. What it cannot know it says.

Taking posts away is computed so: their occasions together are gone, what the two share is less by as many, and
everything else stays as it is printed. In the posts themselves, habits would change a little too, and other windows
than the printed one might then decide; so this is an answer about the evidence, and a new run without the posts is the
answer about the posts. Whether a thing that is gone was one of the rare ones is not in the evidence: where that
decides, or where the search has to stop early, the answer is a bound and says "at most".
"""

import bisect
import math
from collections.abc import Container, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from . import derive, digest
from .derive import Tables
from .errors import InputError
from .verify import Search, pair_chance

Row = dict[str, str]

ROUNDS = 60       # of looking for the smallest set; most actors need a few, and each takes some hundredths of a second
NODES = 5000      # of one search; beyond it the answer is a bound
ROUNDING = 1e-9   # p is printed with nine digits
DAYS = 2          # days on which a pair has to meet, where its trace spans as many (network._layers.DAYS)
DAY_US = 86_400_000_000
TOLD = ("benign", "inauthentic")  # sections of the statement that weigh what else a cluster may be


@dataclass(frozen=True)
class Event:
    """One occasion on which the two acted together, seen from the side that is asked about."""

    object: str
    post: str
    at: str
    other_post: str
    other_at: str
    delta_s: str                   # other_at − at
    chance: str                    # of being together, innocently
    receipt: str
    other_receipt: str


@dataclass(frozen=True)
class Removal:
    """The fewest posts without which the finding is gone."""

    posts: tuple[str, ...]
    exact: bool                    # False: at most so many
    at_least: int
    leaves: str                    # what is then gone


@dataclass(frozen=True)
class Pair:
    """A validated pair in one trace."""

    actor: str
    other: str
    cluster: str
    trace: str
    window_s: int
    observed: int
    expected: str
    p: str
    q: str
    p_time: str
    p_choice: str
    alike: int                     # estimate: pairs with as much in common that meet by chance, and this one
    shared: int
    shared_expected: str
    tested: int
    apart: int
    apart_expected: str
    events: tuple[Event, ...]
    without: Removal


@dataclass(frozen=True)
class Why:
    """All that the evidence says about an actor, or about a pair."""

    actor: str
    other: str | None
    found: bool
    says: str
    standing: str
    review: str
    cluster: Row | None = None
    decisions: tuple[Row, ...] = ()
    links: tuple[Row, ...] = ()        # those that may be named
    pairs: tuple[Pair, ...] = ()
    no_edge: dict[str, str] = field(default_factory=dict)   # trace → why there is no validated edge (pairs only)
    without: Removal | None = None
    explanations: tuple[str, ...] = ()
    not_known: tuple[str, ...] = ()

    def as_plain(self) -> dict:
        """As JSON can carry it."""
        return asdict(self)


def why(files: Mapping[str, bytes], actor: str, other: str | None = None) -> Why:
    """What a dossier says about an actor, or about two.

    Args:
        files: of a dossier, as `digest.unarchive` gives them.
        actor, other: as they are written in the dossier.

    Raises:
        InputError: the two are one.
    """
    if actor == other:
        raise InputError(f"A pair is of two, and both are {actor}.\nName another one, or leave the second out.")
    evidence = _Evidence(files)
    mine = [row for row in evidence.edges if actor in (row["a"], row["b"])
            and (other is None or other in (row["a"], row["b"]))]
    cluster = next((row["cluster"] for row in evidence.rows("members", actor=actor)), "")
    shared = {"actor": actor, "other": other, "standing": evidence.statement["standing"],
              "review": evidence.statement["review"], "decisions": tuple(_decisions(evidence, actor)),
              "links": tuple(row for row in evidence.rows("links", actor=actor) if row["named"] == "yes")}
    search = _Search(evidence, actor, mine)
    if other is not None:
        told = {row["trace"]: row["off"] for row in evidence.rows("traces")}
        missing = {trace: f"no validated edge: it was not looked for: {off}" if off else "no validated edge"
                   for trace, off in told.items() if trace not in {row["trace"] for row in mine}}
        here = cluster if cluster and evidence.rows("members", actor=other, cluster=cluster) else ""
        says = (f"{len(mine)} validated edge(s) between {actor} and {other}." if mine else
                f"no validated edge: nothing was found between {actor} and {other}.")
        return Why(**shared, found=bool(mine), says=says, pairs=search.pairs(), no_edge=missing,
                   cluster=_cluster(evidence, here), explanations=_explanations(evidence, here),
                   not_known=_not_known(evidence, mine, cluster))
    if not mine:
        return Why(**shared, found=False, says=_nothing(actor, shared["decisions"], shared["links"]),
                   not_known=_not_known(evidence, mine, cluster))
    says = (f"{actor} is a member of cluster {cluster}." if cluster else
            f"{actor} is in {len(mine)} validated pair(s) and in no cluster, so no statement names it.")
    return Why(**shared, found=True, says=says, pairs=search.pairs(), without=search.smallest(),
               cluster=_cluster(evidence, cluster), explanations=_explanations(evidence, cluster),
               not_known=_not_known(evidence, mine, cluster))


def mentions(files: Mapping[str, bytes], actor: str) -> bool:
    """Does the evidence say anything about this actor: as found, linked or decided on?"""
    evidence = _Evidence(files)
    return bool(_decisions(evidence, actor) or evidence.rows("members", actor=actor)
                or evidence.rows("links", actor=actor)
                or any(actor in (row["a"], row["b"]) for row in evidence.edges))


def _nothing(actor: str, decided: Sequence[Row], links: Sequence[Row]) -> str:
    if any(row["verdict"] == "different" and not row["source"] for row in decided):
        return f"{actor} was taken out by a person's decision; nothing is said about it."
    listed = " A registry lists it, which is that registry's claim." if links else ""
    return f"Nothing was found about {actor}: it is in no validated pair and in no cluster.{listed}"


class _Evidence:
    """The tables of a dossier, as rows with names."""

    def __init__(self, files: Mapping[str, bytes]):
        self.tables = Tables({name: digest.parse_csv(files[f"evidence/{name}.csv"], name) for name in derive.EVIDENCE
                              if f"evidence/{name}.csv" in files})
        told = digest.parse_canonical(files["statement.json"], "statement.json")
        self.statement: dict = told if isinstance(told, dict) else {}
        self.edges = self.rows("edges")
        self.posts = {row["post"]: row for row in self.rows("posts")}
        plan = {row["key"]: row["value"] for row in self.rows("plan")}
        run = {row["key"]: row["value"] for row in self.rows("run")}
        self.alpha, self.min_objects = float(plan["alpha"]), int(plan["min_objects"])
        self.tests = int(run["tests"])
        self.search = Search(len(plan["windows"].split(";")), self.tests, int(run["candidates"]))
        self.resolution_s = run["resolution_s"]
        self.pseudonyms = run["pseudonyms"] == "yes"
        self.spans = _spans(self.rows("occasions"))
        self.long = bool(run["first_post"]) and _apart_us(run["first_post"], run["last_post"]) >= DAYS * DAY_US
        self.out = [float(row["p"]) for row in self.rows("taken_out") for _ in range(int(row["edges"]))]

    def rows(self, name: str, **where: str) -> list[Row]:
        if name not in self.tables.tables:
            return []
        header = self.tables.tables[name][0]
        return [dict(zip(header, row, strict=True)) for row in self.tables.where(name, where or None)]

    def bar(self, mine: Sequence[float], others: Sequence[float]) -> float:
        """The largest p that still passes Benjamini–Hochberg beside these; below nought: nothing passes."""
        everything = sorted([*mine, *others])
        step = self.alpha / max(self.tests, 1)
        return next((step * rank for rank in range(len(everything), 0, -1)
                     if everything[rank - 1] <= step * rank * (1 + ROUNDING)), -1.0) * (1 + ROUNDING)


# ------------------------------------------------------------------------------------ what would have to be gone

class _Edge:
    """A pair whose occasions can be taken away."""

    def __init__(self, evidence: _Evidence, row: Row, actor: str):
        self.row, self.evidence = row, evidence
        self.side, self.far = ("a", "b") if row["a"] == actor else ("b", "a")
        own = evidence.rows("occasions", a=row["a"], b=row["b"], trace=row["trace"])
        self.together = sorted((one for one in own if one["together"] == "yes"),
                               key=lambda one: (one[f"at_{self.side}"], one["object"], one[f"post_{self.side}"]))
        self.apart = [one for one in own if one["together"] == "no"]
        self.posts = {self.post(one) for one in self.together}
        self._known: dict[tuple[frozenset[str], bool], float] = {}

    def post(self, one: Row) -> str:
        return one[f"post_{self.side}"]

    def p(self, posts: Container[str] = (), rows: Container[int] = (), *, rare_goes: bool) -> float:
        """p of the pair when the occasions of these posts, or these rows by id, are gone; 1: too few left to be tested.

        Args:
            rare_goes: whatever the evidence leaves open goes in favour of the pair's being gone: every thing that goes
                was a rare one, and it had to meet on two days. Else against it.
        """
        left = [one for one in self.together if self.post(one) not in posts and id(one) not in rows]
        lost = len(self.together) - len(left)
        if len(left) < self.evidence.min_objects or (self._days(rare_goes) and len(set(map(_day, left))) < DAYS):
            return 1.0
        if not lost:
            return float(self.row["p"])
        shared = int(self.row["shared"]) - lost
        rare = max(0, int(self.row["rare"]) - lost) if rare_goes else min(int(self.row["rare"]), shared)
        edge = {**self.row, "shared": str(shared), "rare": str(rare)}
        chances = [float(one["chance"]) for one in (*left, *self.apart)]
        return pair_chance(edge, chances, len(left), self.evidence.search)[2]

    def p_without(self, posts: set[str], rare_goes: bool) -> float:
        """p without these posts, remembered: a search asks for the same ones again and again."""
        asked = (frozenset(posts & self.posts), rare_goes)
        if asked not in self._known:
            self._known[asked] = self.p(asked[0], rare_goes=rare_goes)
        return self._known[asked]

    def _days(self, in_favour: bool) -> bool:
        """Does the pair have to meet on several days?"""
        return self.evidence.spans[self.row["trace"]] or (in_favour and self.evidence.long)

    def fewest(self, bar: float, *, rare_goes: bool) -> list[Row]:
        """Occasions whose loss lifts p above the bar: those of least chance first, which lifts it most."""
        order = sorted(self.together, key=lambda one: (float(one["chance"]), one["object"]))
        by_chance = next((order[:count] for count in range(len(order) + 1)
                          if self._without(order[:count], rare_goes) > bar), order)
        days = [_day(one) for one in order]
        fullest = max(sorted(set(days)), key=days.count, default="")
        of_others = [one for one in order if _day(one) != fullest]
        return of_others if self._days(rare_goes) and len(of_others) < len(by_chance) else by_chance

    def _without(self, gone: Sequence[Row], rare_goes: bool) -> float:
        return self.p(rows={id(one) for one in gone}, rare_goes=rare_goes)


class _Search:
    """The smallest set of posts of one actor without which it has no validated edge."""

    def __init__(self, evidence: _Evidence, actor: str, mine: Sequence[Row]):
        self.evidence, self.actor = evidence, actor
        self.edges = [_Edge(evidence, row, actor) for row in mine]
        inside = {id(edge.row) for edge in self.edges}
        self.others = [float(row["p"]) for row in evidence.edges if id(row) not in inside] + evidence.out
        step = evidence.alpha / max(evidence.tests, 1) * (1 + ROUNDING)
        passing = _passing(evidence, self.others)
        self.stays = step * (passing + 1)            # up to here an edge stays whatever becomes of the actor's others
        self.passes = step * (passing + len(mine))   # above here it goes, whatever becomes of them

    def pairs(self) -> tuple[Pair, ...]:
        """The edges, the smallest p first, each with what it alone would have to lose."""
        order = sorted(self.edges, key=lambda edge: (float(edge.row["p"]), edge.row[edge.far], edge.row["trace"]))
        return tuple(self._pair(edge) for edge in order)

    def _pair(self, edge: _Edge) -> Pair:
        row, posts = edge.row, self.evidence.posts
        events = tuple(Event(
            object=one["object"], post=one[f"post_{edge.side}"], at=one[f"at_{edge.side}"],
            other_post=one[f"post_{edge.far}"], other_at=one[f"at_{edge.far}"],
            delta_s=one["delta_s"] if edge.side == "a" else _turned(one["delta_s"]), chance=one["chance"],
            receipt=posts.get(one[f"post_{edge.side}"], {}).get("receipt", ""),
            other_receipt=posts.get(one[f"post_{edge.far}"], {}).get("receipt", "")) for one in edge.together)
        alone = [float(other.row["p"]) for other in self.edges if other is not edge]
        bar = (_passing(self.evidence, [*self.others, *alone]) + 1) * self.evidence.alpha / max(self.evidence.tests, 1)
        bar *= 1 + ROUNDING
        surely, hardly = (edge.fewest(bar, rare_goes=goes) for goes in (False, True))
        return Pair(actor=self.actor, other=row[edge.far], cluster=row["cluster"], trace=row["trace"],
                    window_s=int(row["window_s"]), observed=int(row["observed"]), expected=row["expected"], p=row["p"],
                    q=row["q"], p_time=row["p_time"], p_choice=row["p_choice"], alike=int(row["alike"]),
                    shared=int(row["shared"]), shared_expected=row["shared_expected"], tested=int(row["tested"]),
                    apart=len(edge.apart),
                    apart_expected=f"{sum(float(one['chance']) for one in edge.apart):.6f}", events=events,
                    without=Removal(tuple(edge.post(one) for one in surely), len(surely) == len(hardly), len(hardly),
                                    "this pair, in this trace"))

    def smallest(self) -> Removal:
        """Exact where the fewest that surely do are no more than the fewest that may do; else a bound."""
        surely, _ = self._fewest(rare_goes=False)
        chosen = surely if surely is not None else self._pruned(self._greedy())
        _, least = self._fewest(rare_goes=True)
        return Removal(tuple(chosen), least == len(chosen), least,
                       "every validated pair of the actor, and its place in a cluster with them")

    def _fewest(self, *, rare_goes: bool) -> tuple[list[str] | None, int]:
        """The fewest posts without which nothing is left (None: not found in time), and how many it takes at least.

        Every edge needs a number of its occasions gone: the smallest set that gives each its number is a cover, found
        by integer programming. If something is left after all, whatever was held back has to give one more post, and so
        on until nothing is left: p never falls when more is gone, so no set that works is ever cut off.
        """
        import numpy as np
        from scipy.optimize import LinearConstraint, milp

        posts = sorted({edge.post(one) for edge in self.edges for one in edge.together})
        cuts = []
        for edge in self.edges:
            own = [edge.post(one) for one in edge.together]
            cuts.append(([own.count(post) for post in posts], len(edge.fewest(self.stays, rare_goes=rare_goes))))
        least = 1
        for _ in range(ROUNDS):
            needed = LinearConstraint(np.array([row for row, _ in cuts]), lb=np.array([need for _, need in cuts]))
            found = milp(np.ones(len(posts)), constraints=needed, integrality=np.ones(len(posts)), bounds=(0, 1),
                         options={"node_limit": NODES})
            if found.mip_dual_bound is not None:
                least = max(least, math.ceil(found.mip_dual_bound - 1e-6))
            if found.status != 0:
                break
            chosen = {post for post, taken in zip(posts, found.x, strict=True) if taken > 0.5}
            if self._gone(chosen, rare_goes):
                return sorted(chosen), len(chosen)
            cuts += [([int(post in others) for post in posts], 1) for others in self._held_back(chosen, rare_goes)]
        return None, least

    def _held_back(self, out: set[str], rare_goes: bool) -> list[set[str]]:
        """Of each edge that is left, posts of which at least one has to go too."""
        found = []
        for edge in self.edges:
            if edge.p_without(out, rare_goes) <= self.stays:
                ascending = sorted(edge.together, key=lambda one: (float(one["chance"]), one["object"]))
                own = list(dict.fromkeys(edge.post(one) for one in ascending))
                gone = out & set(own)
                for post in reversed(own):  # the likeliest meetings first: they lift p least
                    if edge.p_without(gone | {post}, rare_goes) <= self.stays:
                        gone = gone | {post}
                found.append(set(own) - gone)
        if found:
            return found
        every = {edge.post(one) for edge in self.edges for one in edge.together}
        gone = set(out)  # each edge is above what it alone may have, and together they still pass
        for post in sorted(every - out):
            if not self._gone(gone | {post}, rare_goes):
                gone.add(post)
        return [every - gone]

    def _gone(self, out: set[str], rare_goes: bool) -> bool:
        """Is no edge of the actor left without these posts?"""
        mine = [edge.p_without(out, rare_goes) for edge in self.edges]
        return min(mine, default=1.0) > self.evidence.bar(mine, self.others)

    def _greedy(self) -> list[str]:
        """The post that most of the edges left over need, again and again."""
        out: set[str] = set()
        left, chosen = list(self.edges), []
        while left and not self._gone(out, False):
            weight: dict[str, float] = {}
            of: dict[str, list[_Edge]] = {}
            for edge in left:
                for one in edge.together:
                    if (post := edge.post(one)) not in out:
                        weight[post] = weight.get(post, 0.0) + 1 - math.log(max(float(one["chance"]), 1e-6)) / 100
                        of.setdefault(post, []).append(edge)
            if not weight:
                break
            best = max(sorted(weight), key=lambda post: weight[post])
            out.add(best)
            chosen.append(best)
            left = [edge for edge in left if edge not in of[best] or edge.p_without(out, False) <= self.passes]
        return chosen

    def _pruned(self, chosen: list[str]) -> list[str]:
        """Without posts that it turned out not to need."""
        for post in sorted(chosen):
            fewer = [one for one in chosen if one != post]
            if self._gone(set(fewer), False):
                chosen = fewer
        return sorted(chosen)


def _passing(evidence: _Evidence, ps: Sequence[float]) -> int:
    """How many of these pass."""
    bar = evidence.bar((), ps)
    return bisect.bisect_right(sorted(ps), bar)


def _apart_us(one: str, other: str) -> int:
    return abs(derive.microseconds(other) - derive.microseconds(one))


def _day(one: Row) -> str:
    """The day of an occasion: that of the first of the two (network counts it so)."""
    return one["at_a"][:10]


def _spans(occasions: Sequence[Row]) -> dict[str, bool]:
    """Of each trace, whether its acts are known to span so many days that a pair has to meet on two of them."""
    times: dict[str, list[str]] = {}
    for one in occasions:
        times.setdefault(one["trace"], []).extend(at for at in (one["at_a"], one["at_b"]) if at)
    return {trace: bool(at) and _apart_us(min(at), max(at)) >= DAYS * DAY_US for trace, at in times.items()}


def _turned(delta_s: str) -> str:
    return delta_s.removeprefix("-") if delta_s.startswith("-") else delta_s if delta_s == "0" else f"-{delta_s}"


# --------------------------------------------------------------------------------- what else the dossier says

def _cluster(evidence: _Evidence, cluster: str) -> Row | None:
    return next(iter(evidence.rows("clusters", cluster=cluster)), None) if cluster else None


def _decisions(evidence: _Evidence, actor: str) -> list[Row]:
    hidden = f"sha256:{digest.sha256(actor.encode('utf-8'))}"
    return [row for row in evidence.rows("decisions") if row["actor"] in (actor, hidden)]


def _explanations(evidence: _Evidence, cluster: str) -> tuple[str, ...]:
    """What else a cluster may be, and the second verdict, in the statement's own sentences about it and about all."""
    if not cluster:
        return ()
    return tuple(derive.says(made) for section in evidence.statement["sections"] if section["id"] in TOLD
                 for made in section["sentences"]
                 if any(given.get("where", {}).get("cluster") in (cluster, [cluster]) for given in made["evidence"])
                 or not any("cluster" in given.get("where", {}) for given in made["evidence"]))


def _not_known(evidence: _Evidence, mine: Sequence[Row], cluster: str) -> tuple[str, ...]:
    lines = ["What the posts that were not collected would show: who is not in the files cannot explain a meeting."]
    if mine:
        lines += ["How the chance of each single occasion was estimated, and what other windows than the printed one "
                  "would say: that needs the posts (cotrace verify DOSSIER --posts FILES).",
                  "How many pairs would have as much in common once posts are gone, and which other pairs would then "
                  "be found: both are held as they are.",
                  "Whether a source or a timetable that these posts do not show brought them together.",
                  f"Times are known to {evidence.resolution_s} s: every distance is at most so much longer."]
    if cluster:
        said = [derive.says(made) for section in evidence.statement["sections"] if section["id"] == "inauthentic"
                for made in section["sentences"] if "cannot be judged" in made["text"]]
        lines += said[:1]
    if near := len(evidence.rows("links", named="no")):
        lines.append(f"{near} comparison(s) with sources stayed below likely; they are near misses and name nobody.")
    if evidence.pseudonyms:
        lines.append("Ids stand as keyed hashes in this dossier.")
    return tuple(lines)
