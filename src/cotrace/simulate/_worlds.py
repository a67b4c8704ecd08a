"""A world: a plot told as raw posts, with the truth about it in tables."""

from dataclasses import dataclass

import polars as pl

from ..errors import InputError
from . import _posts
from ._plot import Plot
from ._zoo import TOLD

REGISTRY = ("source", "selector_type", "selector", "identified_by", "at", "cites", "platform", "name", "valid_from",
            "valid_to", "withdrawn", "note")


@dataclass(frozen=True)
class World:
    """A platform and the truth about it. Actors are `platform:id`.

    posts: raw posts in the order of their times, columns as `cotrace.read` knows them; lists as lists.
    pairs: a, b (a < b), coordinated (bool), group: all pairs inside a group, and between groups that act together; no
        other pair coordinates.
    clusters: group, what, coordinated, inauthentic (bool), size, members (joined by ;): two verdicts, one row a group.
    labels: account_id, label (operation, benign, ordinary), group: one row an actor that posted.
    sources: rows of a registry.
    """

    name: str
    seed: int
    posts: pl.DataFrame
    pairs: pl.DataFrame
    clusters: pl.DataFrame
    labels: pl.DataFrame
    sources: pl.DataFrame


def world(name: str, *, seed: int, size: float = 1.0) -> World:
    """One of the worlds as raw posts and truth; the same seed and size give the same world.

    Args:
        size: of the platform; 1 is about 10,000 posts. The platform grows, the groups in it do not: what coordinates in
            a world of size 100 is as rare as needles.

    Raises:
        InputError: no world has this name.
    """
    if not 0.05 <= size <= 1000:
        raise InputError(f"A world cannot have the size {size}: 1 is about 10,000 posts, the least is 0.05.")
    if name not in TOLD:
        raise InputError(f"There is no world named {name!r}.\nThere are: {', '.join(TOLD)}.")
    return told(TOLD[name](seed, size), name, seed)


def told(plot: Plot, name: str, seed: int) -> World:
    """A plot as raw posts and truth."""
    who = _posts.people(plot)
    writer = _posts.Writer(plot, who)
    posts = writer.posts()
    actors = [person.actor for person in who] + [f"{_posts.ROOMS_ON}:{room}" for room in writer.rooms]
    return World(name, seed, posts, _pairs(plot, actors), _clusters(plot, actors), _labels(plot, posts, actors),
                 _sources(plot, who))


# -------------------------------------------------------------------------------------------------- truth

def _pairs(plot: Plot, actors: list[str]) -> pl.DataFrame:
    rows = []
    for group in plot.groups:
        members = sorted(actors[code] for code in group.members)
        rows += [(a, b, group.coordinated, group.name) for i, a in enumerate(members) for b in members[i + 1 :]]
    members_of = {group.name: [actors[code] for code in group.members] for group in plot.groups}
    for one, other in plot.across:
        rows += [(min(a, b), max(a, b), True, f"{one} and {other}") for a in members_of[one] for b in members_of[other]]
    schema = {"a": pl.String, "b": pl.String, "coordinated": pl.Boolean, "group": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row").sort("a", "b")


def _clusters(plot: Plot, actors: list[str]) -> pl.DataFrame:
    rows = [(group.name, group.what, group.coordinated, group.inauthentic, len(group.members),
             ";".join(sorted(actors[code] for code in group.members))) for group in plot.groups]
    schema = {"group": pl.String, "what": pl.String, "coordinated": pl.Boolean, "inauthentic": pl.Boolean,
              "size": pl.Int64, "members": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row").sort("group")


def _labels(plot: Plot, posts: pl.DataFrame, actors: list[str]) -> pl.DataFrame:
    belongs = {actors[code]: group for group in plot.groups for code in group.members}
    acting = pl.concat([posts.select(actor=pl.col("platform") + ":" + pl.col(who)) for who in ("account", "place")])
    posted = acting["actor"].drop_nulls().unique().sort().to_list()
    rows = [(actor, belongs[actor].label, belongs[actor].name) if actor in belongs else (actor, "ordinary", "ordinary")
            for actor in posted]
    return pl.DataFrame(rows, schema={"account_id": pl.String, "label": pl.String, "group": pl.String}, orient="row")


def _sources(plot: Plot, who: list[_posts.Person]) -> pl.DataFrame:
    rows = []
    for row in plot.registry:
        said = {name: row.get(name) for name in REGISTRY}
        if "code" in row:
            person = who[row["code"]]
            said |= {"selector": person.id, "platform": person.platform, "name": person.name}
        rows.append(said)
    return pl.DataFrame(rows, schema=dict.fromkeys(REGISTRY, pl.String))
