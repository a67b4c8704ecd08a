"""What changed between two findings, and what caused it. Read from two dossiers alone.

    cluster   new · grown · shrunk · changed · merged · split · regrouped · vanished
    link      new · rose · fell · vanished

A cluster goes on in another where they share more than half of the members of the smaller one. It refuses to say what a
change means: a group grows where more posts are read, and that says nothing about who is in it or why. Near misses stay
nameless here too: a link that stands below likely is told as gone, and never with its word.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from . import derive, digest
from .errors import InputError

Row = dict[str, str]
Pair = tuple[str, str, str]      # a, b, trace

CAUTION = ("More posts make more pairs testable, so groups grow by reading on: growth says that more was read or "
           "posted, and nothing about who is in a group or why.")
OF_THE_LOOK = ("look", "alpha")  # settings that differ between two looks of one plan, told in a sentence of their own
ORDER = ("merged", "split", "regrouped", "new", "grown", "changed", "shrunk", "vanished")


@dataclass(frozen=True)
class Cause:
    """One thing that differs. what: posts, members, q, sources, plan, software, decisions, look, forgotten, groups."""

    what: str
    says: str


@dataclass(frozen=True)
class OfCluster:
    """What became of one or several clusters."""

    change: str
    before: tuple[str, ...]        # ids
    after: tuple[str, ...]
    stayed: int                    # members that are in both
    came: tuple[str, ...]
    went: tuple[str, ...]
    causes: tuple[Cause, ...]


@dataclass(frozen=True)
class OfLink:
    """What became of a link; word: as the statement names it, "" where it does not."""

    change: str
    actor: str
    source: str
    word_before: str
    word_after: str
    causes: tuple[Cause, ...]


@dataclass(frozen=True)
class Changes:
    """Everything that differs between two findings; `runs`: what differs between the runs as a whole."""

    clusters: tuple[OfCluster, ...]
    links: tuple[OfLink, ...]
    same_clusters: int
    same_links: int
    runs: tuple[Cause, ...]
    caution: str = CAUTION


class _Finding:
    """One dossier, as far as it is compared."""

    def __init__(self, files: Mapping[str, bytes], name: str):
        if "withheld.json" in files or "statement.json" not in files:
            raise InputError(f"{name} is withheld, because somebody was forgotten in it, and cannot be compared.\n"
                             "Make a finding without them:  cotrace run POSTS --case DIR")
        self.files = files
        told = json.loads(files["statement.json"])
        self.plan = {row["key"]: row["value"] for row in self.rows("plan")}
        self.software = {one["name"]: one["version"] for one in told["software"]}
        self.run = {row["key"]: row["value"] for row in self.rows("run")}
        self.inputs = {row["sha256"]: row["name"] for row in self.rows("inputs")}
        self.clusters: dict[str, set[str]] = {}
        for row in self.rows("members"):
            self.clusters.setdefault(row["cluster"], set()).add(row["actor"])
        self.pairs: dict[Pair, float] = {(row["a"], row["b"], row["trace"]): float(row["q"])
                                         for row in self.rows("edges")}
        self.read_from = {row["post"]: row["receipt"].removeprefix("sha256:").partition("#")[0]
                          for row in self.rows("posts")}
        self.posts: dict[Pair, set[str]] = {}
        for row in self.rows("occasions"):
            if row["together"] == "yes":
                self.posts.setdefault((row["a"], row["b"], row["trace"]), set()).update((row["post_a"], row["post_b"]))
        self.links = {(row["actor"], row["source"]): row for row in self.rows("links")}
        self.decided = {(row["actor"], row["source"]): row["verdict"] for row in self.rows("decisions")}

    def rows(self, table: str) -> list[Row]:
        """Rows of a table of the evidence; none where a dossier is older than the table."""
        raw = self.files.get(f"evidence/{table}.csv")
        if raw is None:
            return []
        header, rows = digest.parse_csv(raw, table)
        return [dict(zip(header, row, strict=True)) for row in rows]

    def word(self, link: tuple[str, str]) -> str:
        """The word of a link that may be named; else nothing."""
        row = self.links.get(link)
        return row["word"] if row and row["word"] in derive.NAMED else ""

    def verdict(self, actor: str, source: str) -> str:
        """A person's decision; who is taken out stands as a digest."""
        hidden = f"sha256:{digest.sha256(actor.encode('utf-8'))}"
        return self.decided.get((actor, source)) or self.decided.get((hidden, source), "")

    def inside(self, clusters: Iterable[str]) -> set[Pair]:
        """Validated pairs with both ends in one of these clusters."""
        return {(a, b, trace) for a, b, trace in self.pairs
                if any({a, b} <= self.clusters[cluster] for cluster in clusters)}


def between(first: Mapping[str, bytes], second: Mapping[str, bytes]) -> Changes:
    """What became of the clusters and links of the first dossier in the second.

    Args:
        first, second: the files of two dossiers, as `digest.unarchive` gives them.

    Raises:
        InputError: one of them is withheld, or ids stand as hashes in one of them alone.
    """
    old, new = _Finding(first, "The first dossier"), _Finding(second, "The second dossier")
    if old.run.get("pseudonyms") != new.run.get("pseudonyms"):
        raise InputError("Ids stand as keyed hashes in one of these dossiers and not in the other, so nobody can be "
                         "followed from one to the other.\nCompare dossiers that were made with the same --pseudonyms.")
    runs = _runs(old, new)
    clusters = [_cluster(old, new, before, after, runs) for before, after in _followed(old.clusters, new.clusters)]
    changed = sorted((one for one in clusters if one is not None),
                     key=lambda one: (ORDER.index(one.change), one.after, one.before))
    named = [link for link in sorted({*old.links, *new.links}) if old.word(link) or new.word(link)]
    links = [_link(old, new, link, runs) for link in named if old.word(link) != new.word(link)]
    return Changes(tuple(changed), tuple(links), len(clusters) - len(changed), len(named) - len(links), tuple(runs))


# ------------------------------------------------------------------------------------------ which goes on in which

def _followed(old: Mapping[str, set[str]], new: Mapping[str, set[str]]) -> list[tuple[list[str], list[str]]]:
    """Clusters that go on in each other, in groups of (before, after); one of the two may be empty."""
    home = {actor: cluster for cluster, members in new.items() for actor in members}
    joined: dict[tuple[str, str], set[tuple[str, str]]] = {**{("old", one): set() for one in old},
                                                           **{("new", one): set() for one in new}}
    for before, members in old.items():
        shared: dict[str, int] = {}
        for actor in members & home.keys():
            shared[home[actor]] = shared.get(home[actor], 0) + 1
        for after, both in shared.items():
            if 2 * both > min(len(members), len(new[after])):
                joined["old", before].add(("new", after))
                joined["new", after].add(("old", before))
    groups, left = [], set(joined)
    for first in sorted(joined):
        if first not in left:
            continue
        left.remove(first)
        part = [first]
        for one in part:  # grows while it is walked
            more = joined[one] & left
            left -= more
            part += sorted(more)
        groups.append((sorted(name for side, name in part if side == "old"),
                       sorted(name for side, name in part if side == "new")))
    return groups


def _cluster(old: _Finding, new: _Finding, before: list[str], after: list[str], runs: Sequence[Cause],
             ) -> OfCluster | None:
    mine = set().union(*(old.clusters[one] for one in before))
    theirs = set().union(*(new.clusters[one] for one in after))
    came, went = theirs - mine, mine - theirs
    change = _change(len(before), len(after), bool(came), bool(went))
    if not change:
        return None
    causes = _causes(old, new, before, after, came, went, runs)
    return OfCluster(change, tuple(before), tuple(after), len(mine & theirs), tuple(sorted(came)), tuple(sorted(went)),
                     tuple(causes))


def _change(before: int, after: int, came: bool, went: bool) -> str:
    if not before or not after:
        return "new" if after else "vanished"
    if (before, after) != (1, 1):
        return "merged" if after == 1 else "split" if before == 1 else "regrouped"
    return "changed" if came and went else "grown" if came else "shrunk" if went else ""


# --------------------------------------------------------------------------------------------------------- causes

def _causes(old: _Finding, new: _Finding, before: list[str], after: list[str], came: set[str], went: set[str],
            runs: Sequence[Cause]) -> list[Cause]:
    was, now = old.inside(before), new.inside(after)
    passed, failed, both = now - old.pairs.keys(), was - new.pairs.keys(), was & now
    fresh = {pair for pair in passed if any(_from_elsewhere(new, old, post) for post in new.posts.get(pair, ()))}
    lost = {pair for pair in failed if any(_from_elsewhere(old, new, post) for post in old.posts.get(pair, ()))}
    causes = []
    if fresh:
        causes.append(Cause("posts", f"{len(fresh)} pair(s) that did not pass before rest on posts in files that the "
                                     "first run had not read."))
    if lost:
        causes.append(Cause("posts", f"{len(lost)} pair(s) that passed before rest on posts in files that the second "
                                     "run did not read."))
    if came or went:
        causes.append(Cause("members", f"{len(came)} member(s) came and {len(went)} went; "
                                       f"{len(_outside(old, came))} of those who came had validated pairs before."))
    out = [actor for actor in went if new.verdict(actor, "") == "different" != old.verdict(actor, "")]
    if out:
        causes.append(Cause("decisions", f"{len(out)} member(s) went: a person decided that they are different."))
    decided = {pair for pair in failed if {pair[0], pair[1]} & set(out)}
    if passed - fresh or failed - lost - decided:
        causes.append(Cause("q", f"{len(passed - fresh)} pair(s) pass now and {len(failed - lost - decided)} no longer "
                                 "do on the same posts: what is usual, or how many pairs are corrected for, is "
                                 "reckoned from all posts and settings of a run."))
    if moved := [pair for pair in both if old.pairs[pair] != new.pairs[pair]]:
        less = sum(new.pairs[pair] < old.pairs[pair] for pair in moved)
        causes.append(Cause("q", f"q changed in {len(moved)} pair(s) that passed both times: {less} times smaller, "
                                 f"{len(moved) - less} times larger."))
    if not passed and not failed and not out:
        causes.append(Cause("groups", "The same pairs passed; how they are divided into stable groups depends on all "
                                      "pairs around them."))
    return causes + [cause for cause in runs if cause.what in ("plan", "software", "look", "forgotten")]


def _from_elsewhere(mine: _Finding, other: _Finding, post: str) -> bool:
    """Does this post stand in a file that the other run did not read, as far as two dossiers tell?"""
    return post not in other.read_from and mine.read_from.get(post, "") not in other.inputs


def _outside(finding: _Finding, actors: set[str]) -> set[str]:
    return {actor for a, b, _ in finding.pairs for actor in (a, b) if actor in actors}


def _link(old: _Finding, new: _Finding, link: tuple[str, str], runs: Sequence[Cause]) -> OfLink:
    actor, source = link
    was, now = old.word(link), new.word(link)
    change = "new" if not was else "vanished" if not now else "rose" if rank(now) > rank(was) else "fell"
    causes = []
    if new.verdict(*link) == "different" != old.verdict(*link):
        causes.append(Cause("decisions", "A person decided that this link does not hold."))
    if not was and link in old.links:
        causes.append(Cause("q", "Before, it stood below likely, where nobody is named."))
    if not now and link in new.links:
        causes.append(Cause("q", "Now it stands below likely, where nobody is named."))
    grounds = [{row["indicator"] for row in run.rows("grounds") if (row["actor"], row["source"]) == link}
               for run in (old, new)]
    for shown, said in ((grounds[1] - grounds[0], "came"), (grounds[0] - grounds[1], "went")):
        if shown:
            causes.append(Cause("posts", f"Grounds that {said}: {', '.join(sorted(shown))}."))
    entries = [{tuple(row.values()) for row in run.rows("registry") if row["source"] == source} for run in (old, new)]
    if entries[0] != entries[1]:
        causes.append(Cause("sources", f"Of the registry's entries that it rests on, {len(entries[1] - entries[0])} "
                                       f"came or changed and {len(entries[0] - entries[1])} went or changed."))
    if old.links.get(link, {}).get("cluster", "") != new.links.get(link, {}).get("cluster", ""):
        causes.append(Cause("members", "The actor is in another cluster now, or in none."))
    return OfLink(change, actor, source, was, now, (*causes, *runs))


def rank(word: str) -> int:
    """How strong a word is; to be listed by a registry is a fact, and stands above them."""
    return len(derive.LADDER) if word == "listed" else derive.LADDER.index(word)


def _runs(old: _Finding, new: _Finding) -> list[Cause]:
    """What differs between two runs as a whole."""
    causes = []
    more, fewer = new.inputs.keys() - old.inputs.keys(), old.inputs.keys() - new.inputs.keys()
    if more or fewer:
        causes.append(Cause("posts", f"The second run read {len(more)} file(s) that the first had not, and left out "
                                     f"{len(fewer)}: {old.run.get('posts', '?')} posts before, "
                                     f"{new.run.get('posts', '?')} now."))
    settings = [key for key in sorted({*old.plan, *new.plan}) if old.plan.get(key) != new.plan.get(key)]
    if "look" in settings:
        causes.append(Cause("look", f"The first was look {old.plan.get('look', 'one of one')} at alpha "
                                    f"{old.plan['alpha']}, the second look {new.plan.get('look', 'one of one')} at "
                                    f"alpha {new.plan['alpha']}."))
        settings = [key for key in settings if key not in OF_THE_LOOK]
    if settings:
        causes.append(Cause("plan", "The plans differ: " + "; ".join(
            f"{key} {old.plan.get(key) or 'unsaid'} before, {new.plan.get(key) or 'unsaid'} now" for key in settings)
            + "."))
    versions = [name for name in sorted({*old.software, *new.software})
                if old.software.get(name) != new.software.get(name)]
    if versions:
        causes.append(Cause("software", f"Another version of {', '.join(versions)} computed."))
    if old.run.get("registry_selectors") != new.run.get("registry_selectors"):
        causes.append(Cause("sources", f"The registries held {old.run.get('registry_selectors', '?')} selectors before "
                                       f"and {new.run.get('registry_selectors', '?')} now."))
    if old.decided != new.decided:
        causes.append(Cause("decisions", f"{len(old.decided)} decision(s) stood before and {len(new.decided)} now."))
    if old.run.get("forgotten") != new.run.get("forgotten"):
        causes.append(Cause("forgotten", f"{old.run.get('forgotten', '0')} person(s) were forgotten before and "
                                         f"{new.run.get('forgotten', '0')} now."))
    return causes
