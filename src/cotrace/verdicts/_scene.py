"""What signs and explanations look at: who is a member, who else is there, what each shows, and what each does.

Prepared once a run. It gives no chance and no verdict. `label`-like columns never come this far.
"""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..records import Cluster, Link, Plan, Reading
from ..tables import Table

MACHINE_MADE = re.compile(r"[0-9a-f]{32,}|[A-Za-z0-9+/_-]{38,}={0,2}|[A-Za-z0-9+/]{20,}={1,2}")  # a hash in the place
# of a name tells how the file was made, and nothing about the account
WIDEST_S = 1800  # s; within more than half an hour of somebody's act nearly every act lies
FAR = 2**61      # µs; a time that is not near any other
LINK = re.compile(r"(?:https?://|www\.)\S+")
MENTION = re.compile(r"[@#]\w+")

Counts = dict[str, int]


@dataclass(frozen=True)
class Look:
    """What a sign saw in one cluster: who of the members shows it, and the counts that its chance follows from.

    chosen: 1 where the value was chosen by looking at the members. tries: values that could have been chosen.
    """

    says: str
    bearers: tuple[str, ...]
    counts: Counts


@dataclass(frozen=True)
class Told:
    """What speaks for an explanation and against it, as counts, and what is counted."""

    pro: str
    contra: str
    for_seen: int
    for_of: int
    against_seen: int = 0
    against_of: int = 0


@dataclass(frozen=True)
class Profile:
    """The newest that is known of each thing that an actor shows."""

    name: str | None = None
    handle: str | None = None
    bio: str | None = None
    avatar: str | None = None
    site: str | None = None
    created: datetime | None = None

    @property
    def said(self) -> str:
        """All that it says of itself, in one line."""
        return " \n ".join(plain(part) for part in (self.name, self.handle, self.bio) if part)


NOBODY = Profile()


@dataclass(frozen=True)
class Scene:
    """An investigation, as signs and explanations see it."""

    plan: Plan
    reading: Reading
    actions: Mapping[str, Table]
    edges: pl.DataFrame
    occasions: pl.DataFrame
    clusters: Sequence[Cluster]
    links: Sequence[Link]
    sources: int                                 # usable selectors of registries

    # --------------------------------------------------------------------------------------------- who is there

    @cached_property
    def kind(self) -> dict[str, str]:
        """Of everybody who posts: account, page, group or channel."""
        posts = self.reading.columns("account", "account_kind", "place", "place_kind")
        rows = pl.concat([posts.select(actor="account", kind="account_kind"),
                          posts.select(actor="place", kind="place_kind")]).drop_nulls("actor").unique()
        return {actor: kind or "account" for actor, kind in rows.sort("actor", "kind").iter_rows()}

    @cached_property
    def member_of(self) -> dict[str, str]:
        return {actor: cluster.id for cluster in self.clusters for actor in cluster.members}

    def kind_of(self, cluster: Cluster) -> str:
        """Members are of one kind; pairs are formed within one."""
        return Counter(self.kind.get(actor, "account") for actor in cluster.members).most_common(1)[0][0]

    @cached_property
    def _others(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for actor in sorted(self.kind):
            if actor not in self.member_of:
                found[self.kind[actor]].append(actor)
        return found

    def others(self, cluster: Cluster) -> list[str]:
        """Everybody else of that kind who is in no cluster, sorted."""
        return self._others.get(self.kind_of(cluster), [])

    @cached_property
    def _audiences(self) -> dict[str, frozenset[str]]:
        together = self.occasions.filter("together")
        of = [self.member_of.get(a) if self.member_of.get(a) == self.member_of.get(b) else None
              for a, b in together.select("a", "b").iter_rows()]
        met = together.select("trace", "object", cluster=pl.Series(of, dtype=pl.String)).drop_nulls("cluster").unique()
        found: dict[str, set[str]] = defaultdict(set)
        for trace in sorted(self.actions):
            here = met.lazy().filter(pl.col("trace") == trace).select("object", "cluster")
            acts = self.actions[trace].lazy().join(here, on="object").select("cluster", "actor").unique()
            for cluster, actor in acts.collect().iter_rows():
                found[cluster].add(actor)
        return {cluster: frozenset(actors) for cluster, actors in found.items()}

    def audience(self, cluster: Cluster) -> frozenset[str]:
        """All who took up something that members of the cluster met on."""
        return self._audiences.get(cluster.id, frozenset())

    @cached_property
    def profiles(self) -> dict[str, Profile]:
        rows = self.reading.actors.sort("actor", "seen_to", "seen_from", "receipt", nulls_last=False)
        found: dict[str, Profile] = {}
        columns = ("name", "handle", "bio", "avatar", "site", "created")
        for actor, *cells in rows.select("actor", *columns).iter_rows():
            before = found.get(actor, Profile())
            told = {name: cell if cell not in (None, "") else getattr(before, name)
                    for name, cell in zip(columns, cells, strict=True)}
            for name in ("name", "handle"):
                if told[name] and MACHINE_MADE.fullmatch(told[name]):
                    told[name] = None
            found[actor] = Profile(**told)
        return found

    def profile(self, actor: str) -> Profile:
        return self.profiles.get(actor, NOBODY)

    # -------------------------------------------------------------------------------------------- what they do

    @cached_property
    def posts_of(self) -> pl.DataFrame:
        """actor, post, at: each post under its account and under its place, in no order."""
        posts = self.reading.columns("post", "at", "account", "place")
        elsewhere = posts.filter(pl.col("place").ne_missing(pl.col("account")))
        return pl.concat([posts.select("post", "at", actor="account"), elsewhere.select("post", "at", actor="place")]
                         ).drop_nulls("actor").select("actor", "post", "at")

    def posts_by(self, actors: Iterable[str]) -> pl.DataFrame:
        """Rows of POSTS by these accounts or in these places."""
        wanted = set(actors)
        posts = self._of_members if wanted <= self.member_of.keys() else self.reading.rows(_by(wanted))
        return posts.filter(_by(wanted))

    @cached_property
    def _of_members(self) -> pl.DataFrame:
        return self.reading.rows(_by(self.member_of))

    @cached_property
    def posted(self) -> dict[str, int]:
        return dict(self.posts_of.group_by("actor").len().iter_rows())

    def window_s(self, cluster: Cluster) -> int:
        """s; the widest window of its edges, at most half an hour."""
        inside = self.edges.filter(pl.col("a").is_in(list(cluster.members)) & pl.col("b").is_in(list(cluster.members)))
        return min(WIDEST_S, max(inside["window_s"].to_list(), default=60))

    @cached_property
    def _near(self) -> pl.DataFrame:
        """actor, post, gap (µs, at most WIDEST_S): to the nearest act of somebody else of that kind on the same thing,
        over all traces."""
        frames = [pl.DataFrame(schema={"actor": pl.String, "post": pl.String, "gap": pl.Int64})]
        for _, acts in sorted(self.actions.items()):
            rows = acts.lazy().drop_nulls("at").select("actor", "post", pl.col("at").to_physical(), *(
                pl.col(name).cast(pl.Categorical).to_physical().alias(f"{name}_code")
                for name in ("kind", "object", "actor"))).collect()
            gap = _gaps(*(rows[name].to_numpy() for name in ("kind_code", "object_code", "at", "actor_code")))
            frames.append(rows.select("actor", "post", gap=pl.Series(gap)).filter(
                pl.col("gap") <= WIDEST_S * 1_000_000))
        return pl.concat(frames).group_by("actor", "post").agg(pl.col("gap").min())

    @cached_property
    def kept(self) -> dict[Hashable, Any]:
        """What a part computed of everybody, for the next cluster."""
        return {}

    def joint(self, within_s: int) -> dict[str, int]:
        """Of each actor, posts that came within so many seconds of somebody else's on the same thing."""
        if ("joint", within_s) not in self.kept:
            near = self._near.filter(pl.col("gap") <= within_s * 1_000_000)
            self.kept["joint", within_s] = dict(near.group_by("actor").len().iter_rows())
        return self.kept["joint", within_s]

    def objects(self, cluster: Cluster) -> pl.DataFrame:
        """trace, object: what members met on."""
        own = list(cluster.members)
        return self.occasions.filter("together", pl.col("a").is_in(own), pl.col("b").is_in(own)).select(
            "trace", "object").unique().sort("trace", "object")

    # --------------------------------------------------------------------------------------------------- counting

    def count(self, cluster: Cluster, values: Mapping[str, Any], shows: Callable[[Any], bool], says: str, *,
              tries: int = 1, chosen: int = 0) -> Look:
        """Count who shows something: members, everybody else of their kind, and those who took up the same things.

        `values` holds an entry for whoever it is known of; nobody else is counted at all.
        """
        known = [actor for actor in cluster.members if actor in values]
        bearers = tuple(sorted(actor for actor in known if shows(values[actor])))
        others = [actor for actor in self.others(cluster) if actor in values]
        marked = {actor for actor in others if shows(values[actor])}
        audience = self.audience(cluster)
        near = [actor for actor in others if actor in audience]
        counts = {"members": len(cluster.members), "seen": len(bearers), "of": len(known), "others_seen": len(marked),
                  "others_of": len(others), "audience_seen": sum(actor in marked for actor in near),
                  "audience_of": len(near), "tries": tries, "chosen": chosen}
        return Look(says, bearers, counts)

    def commonest(self, cluster: Cluster, values: Mapping[str, frozenset], says: str) -> Look:
        """The value that most members have in common, where each may have several; "" never counts.

        A value is chosen by looking at the members, so all that they have are counted as tries.
        """
        tally = Counter(value for actor in cluster.members for value in values.get(actor, ()))
        if not tally:
            return self.count(cluster, values, lambda _: False, says)
        value = min(tally, key=lambda value: (-tally[value], str(value)))
        tries = sum(len(values.get(actor, ())) for actor in cluster.members)
        return self.count(cluster, values, lambda has: value in has, says, tries=tries, chosen=1)


    def burst(self, cluster: Cluster, times: Mapping[str, datetime | None], days: Sequence[int], says: str) -> Look:
        """The stretch of so many days that holds most more of the members' times than of the others'.

        Stretches begin at a member's time, so no edge of a day or week hides anybody; each start and length is a try.
        Who has None is counted, and lies in no stretch. `says` has a place for the {stretch}.
        """
        own, theirs = (sorted(at for actor in actors if (at := times.get(actor)) is not None)
                       for actors in (cluster.members, self.others(cluster)))
        spans = [(first, first + timedelta(days=length)) for first in own for length in days]

        def rank(span: tuple[datetime, datetime]) -> tuple:
            inside, among = (bisect_right(sides, span[1]) - bisect_left(sides, span[0]) for sides in (own, theirs))
            return 2 * inside < len(own), among / max(1, len(theirs)) - inside / len(own), span[1] - span[0], span[0]

        if not spans:
            return self.count(cluster, times, lambda _: False, says.format(stretch="some days"))
        start, end = min(spans, key=rank)
        length = (end - start).days
        said = says.format(stretch="one day" if length == 1 else f"{length} days")
        return self.count(cluster, times, lambda at: at is not None and start <= at <= end, said, tries=len(spans),
                          chosen=1)


def _by(actors: Iterable[str]) -> pl.Expr:
    """Whether a post is by one of them, or in one of them."""
    wanted = pl.Series(sorted(actors), dtype=pl.String).implode()
    return pl.col("account").is_in(wanted) | pl.col("place").is_in(wanted)


def _gaps(kind: NDArray, object_: NDArray, at: NDArray[np.int64], actor: NDArray) -> NDArray[np.int64]:
    """µs from each act to the nearest one of another actor of its kind on its object; FAR where there is none.

    Acts in order of time fall into runs of one actor: the nearest of another one is the last act of the run before, or
    the first of the run after.
    """
    if not len(at):
        return at.astype(np.int64)
    what = kind.astype(np.int64) << 32 | object_
    order = np.lexsort((at, what))  # acts at one time in any order: whoever stands between, the nearest is as near
    what, at, actor = what[order], at[order], actor[order]
    thing = np.r_[True, what[1:] != what[:-1]]
    begins = thing | np.r_[True, actor[1:] != actor[:-1]]
    run, first = np.cumsum(begins) - 1, np.flatnonzero(begins)
    last = np.r_[first[1:], len(order)] - 1
    before = np.where(thing[first], -FAR, at[first - 1])[run]
    after = np.where(np.r_[thing[first[1:]], True], FAR, at[(last + 1) % len(order)])[run]
    gap = np.empty(len(order), dtype=np.int64)
    gap[order] = np.minimum(at - before, after - at)
    return gap


def plain(text: str) -> str:
    """Letters as they are compared: compatible forms made one, case folded, spaces single."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def words(text: str | None) -> list[str]:
    """Words of a text without links, mentions and tags; digits are all 0, so that numbering is no difference."""
    bare = MENTION.sub(" ", LINK.sub(" ", plain(text or "")))
    return re.findall(r"[^\W\d_]+|\d+", re.sub(r"\d+", "0", bare))
