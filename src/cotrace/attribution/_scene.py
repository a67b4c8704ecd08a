"""What every indicator looks at: who is listed, who is unrelated to whom, and what everybody did.

Prepared once a run. It gives no ratio and no word.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

import polars as pl

from .. import sources as registries
from .. import tables
from ..records import Cluster, Plan, Reading
from ..tables import Table

OBJECT = ["trace", "object", "kind"]  # pairs are formed within one kind of actor, so an object is of one kind too
ACTS: Mapping = {"trace": pl.String, **tables.ACTIONS}


@dataclass(frozen=True)
class Sighting:
    """One actor that shows an indicator towards one source."""

    says: str
    counts: dict[str, int]
    occasions: tuple[tuple[str, ...], ...] = ()  # object, post_actor, at, post_source, at, delta_s (+: the actor later)
    selectors: tuple[str, ...] = ()              # receipts of registry rows
    lead: bool = False                           # never a ratio, whatever the counts


@dataclass(frozen=True)
class Look:
    """What an indicator saw of one source: by actor, and the posts that it used up."""

    sightings: dict[str, Sighting] = field(default_factory=dict)
    behind: pl.DataFrame | None = None           # actor, post: for this actor, this post is evidence already


@dataclass(frozen=True)
class Scene:
    """An investigation, as indicators see it."""

    plan: Plan
    seed: int
    reading: Reading
    actions: Mapping[str, Table]
    edges: pl.DataFrame
    occasions: pl.DataFrame
    sources: pl.DataFrame                        # usable rows that match the platforms of this case
    clusters: Sequence[Cluster]

    @cached_property
    def acts(self) -> pl.DataFrame:
        """All actions of all traces, with their trace; sorted by (at, post, trace, object, actor)."""
        frames = [self.actions[name].lazy().select(pl.lit(name).alias("trace"), *tables.ACTIONS)
                  for name in sorted(self.actions)]
        every = pl.concat([pl.LazyFrame(schema=ACTS), *frames]).filter(pl.col("at").is_not_null())
        return every.sort("at", "post", *OBJECT, "actor").collect()

    @cached_property
    def objects(self) -> pl.DataFrame:
        """Of each object: users, when it began, how many began it at once, and by how many unrelated communities."""
        first = (self.acts.group_by(*OBJECT, "actor").agg(pl.col("at").min())
                 .join(self.community, on="actor", how="left"))
        return first.group_by(OBJECT).agg(
            users=pl.len(), began=pl.col("at").min(),
            starters=(pl.col("at") == pl.col("at").min()).sum(), communities=pl.col("component").n_unique())

    @cached_property
    def actors(self) -> list[str]:
        """Everybody who acts or is known, sorted."""
        return sorted(set(self.acts["actor"]) | set(self.reading.actors["actor"]) - {None})

    @cached_property
    def acting(self) -> dict[str, int]:
        """Distinct objects of each actor that acts."""
        return dict(self.acts.group_by("actor").agg(pl.struct(OBJECT).n_unique()).iter_rows())

    @cached_property
    def component(self) -> dict[str, str]:
        """Of each actor, the first name among all that validated edges connect it with."""
        root = {actor: actor for actor in self.actors}

        def top(actor: str) -> str:
            while root.setdefault(actor, actor) != actor:
                root[actor] = root[root[actor]]
                actor = root[actor]
            return actor

        for a, b in sorted(self.edges.select("a", "b").unique().iter_rows()):
            low, high = sorted((top(a), top(b)))
            root[high] = low
        return {actor: top(actor) for actor in list(root)}

    @cached_property
    def community(self) -> pl.DataFrame:
        """actor, component."""
        return pl.DataFrame(sorted(self.component.items()), schema={"actor": pl.String, "component": pl.String},
                            orient="row")

    @cached_property
    def spans(self) -> pl.DataFrame:
        """actor, from, to: the time in which each was seen to act."""
        return self.acts.group_by("actor").agg(pl.col("at").min().alias("from"), pl.col("at").max().alias("to"))

    @cached_property
    def listed(self) -> dict[str, dict[str, tuple[str, ...]]]:
        """source → actor → receipts: the actors that a registry itself names, by id or by handle within its dates."""
        return self._named[0]

    @cached_property
    def leads(self) -> dict[str, dict[str, tuple[str, ...]]]:
        """source → actor → receipts: a handle of the registry, outside its dates or without dates."""
        return self._named[1]

    @cached_property
    def _named(self) -> tuple[dict, dict]:
        by_id: dict = defaultdict(list)
        by_handle: dict = defaultdict(list)
        for actor in self.actors:
            platform, _, bare = actor.partition(":")
            by_id[bare].append((platform, actor))
        carried = self.reading.actors.filter(pl.col("handle").is_not_null()).sort("actor", "receipt")
        for row in carried.iter_rows(named=True):
            by_handle[registries.canonical("handle", row["handle"])].append(row)
        sure: dict = defaultdict(lambda: defaultdict(set))
        lead: dict = defaultdict(lambda: defaultdict(set))
        for row in self.of_type("account", "handle").iter_rows(named=True):
            shape = registries.canonical(row["selector_type"], row["selector"], row["platform"])
            if row["selector_type"] == "account":
                for platform, actor in by_id.get(shape, ()):
                    if row["platform"] is None or registries.platform_of(row["platform"]) == platform:
                        sure[row["source"]][actor].add(row["receipt"])
            for known in by_handle.get(shape, ()) if row["selector_type"] == "handle" else ():
                if row["platform"] is None or registries.platform_of(row["platform"]) == known["platform"]:
                    (sure if _then(row, known) else lead)[row["source"]][known["actor"]].add(row["receipt"])
        leads = {source: {a: r for a, r in found.items() if a not in sure[source]} for source, found in lead.items()}
        return _sorted(sure), _sorted(leads)

    @cached_property
    def registered(self) -> set[str]:
        """Actors that any registry names, leads included: none of them is taken for unrelated."""
        return {actor for named in (*self.listed.values(), *self.leads.values()) for actor in named}

    @cached_property
    def unrelated(self) -> list[str]:
        """Actors that no registry names and that did enough to be seen with an indicator at all, sorted."""
        return sorted(actor for actor, objects in self.acting.items()
                      if objects >= self.plan.min_objects and actor not in self.registered)

    def of_type(self, *kinds: str, source: str | None = None) -> pl.DataFrame:
        """Usable selectors of these types."""
        rows = self.sources.filter(pl.col("selector_type").is_in(list(kinds)))
        return rows if source is None else rows.filter(pl.col("source") == source)

    def answering(self, actors: Iterable[str]) -> pl.DataFrame:
        """Posts that share, quote, answer or mention one of these actors: a reader's posts, which count for
        nothing."""
        return self._answers.filter(pl.col("to").is_in(sorted(set(actors)))).select("post").unique()

    @cached_property
    def _answers(self) -> pl.DataFrame:
        posts = self.reading.columns("post", "platform", "account", "place", "of_account", "mentions").filter(
            pl.col("account").is_not_null() | pl.col("place").is_not_null())
        named = self.reading.actors.filter(pl.col("handle").is_not_null()).select(
            (pl.col("platform") + ":" + pl.col("handle").str.strip_chars_start("@").str.to_lowercase()).alias("said"),
            to="actor").drop_nulls().unique()
        direct = posts.filter(pl.col("of_account").is_not_null()).select("post", to="of_account")
        mentioned = (posts.select("post", "platform", "mentions").explode("mentions").drop_nulls("mentions")
                     .with_columns(pl.col("mentions").str.strip_chars_start("@")))
        lower = pl.col("mentions").str.to_lowercase()
        mentioned = pl.concat([
            mentioned.select("post", to="mentions"),
            mentioned.select("post", to=pl.col("platform") + ":" + pl.col("mentions")),
            mentioned.select("post", said=pl.col("platform") + ":" + lower).join(named, on="said").select("post", "to"),
            mentioned.select("post", said=lower).join(named, on="said").select("post", "to"),
        ])
        return pl.concat([direct, mentioned]).drop_nulls().unique()


def stage(*, clusters: Sequence[Cluster], edges: pl.DataFrame, occasions: pl.DataFrame,
          actions: Mapping[str, Table], reading: Reading, sources: pl.DataFrame, plan: Plan, seed: int) -> Scene:
    """The scene of a run; selectors that cannot match here (no citation, withdrawn, another platform) left out."""
    usable = registries.comparable(registries.usable(sources), reading.platforms)
    return Scene(plan, seed, reading, actions, edges, occasions, usable.sort("source", "receipt"), clusters)


def _then(row: Mapping, known: Mapping) -> bool:
    """Was the handle seen on this actor within the dates for which it was identified?

    Without a first date there are no such dates. Without a last one they end with the day of the identification.
    """
    begin, end = row["valid_from"], row["valid_to"] or _day_after(row["at"])
    if begin is None or end is None:
        return False
    seen = [when for when in (known["seen_from"], known["seen_to"]) if when is not None]
    return bool(seen) and min(seen) <= end and max(seen) >= begin


def _day_after(date: str) -> datetime | None:
    try:
        when = datetime.fromisoformat(f"{date[:10]}T00:00:00+00:00")
    except ValueError:
        return None
    return when + timedelta(days=1)


def _sorted(found: Mapping[str, Mapping[str, set]]) -> dict[str, dict[str, tuple[str, ...]]]:
    return {source: {actor: tuple(sorted(receipts)) for actor, receipts in sorted(actors.items())}
            for source, actors in sorted(found.items()) if actors}
