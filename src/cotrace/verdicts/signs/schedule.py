"""One schedule: apart from what they do together, the members are there in the same hours of the day."""

import functools
import operator
from collections.abc import Sequence

import polars as pl

from ...records import Cluster
from .._scene import Look, Scene

COLUMN = "at"
PROFILE = False           # people of one time zone, one trade or one faith keep the same hours
POSTS = 40                # of each actor, spread evenly over what it did alone: equal numbers have equal noise
ALIKE = (0.7, 0.8, 0.9)   # of the two distributions over the hours that lies on the same hours


def look(scene: Scene, cluster: Cluster) -> Look:
    """Posts on things that two members acted on are left out for everybody: or acting together would be it."""
    hours = {actor: _hours(at) for actor, at in _alone(scene, cluster).items() if len(at) >= POSTS}
    own = [hours[actor] for actor in cluster.members if actor in hours]
    pooled = [sum(column) for column in zip(*own, strict=True)]
    says = "Half of the members or more keep the same hours of the day, also where they act alone."
    if not own:
        return scene.count(cluster, {}, lambda _: False, says)
    members = set(cluster.members)
    alike = {}
    for actor, mine in hours.items():
        rest = [of_all - (of_mine if actor in members else 0) for of_all, of_mine in zip(pooled, mine, strict=True)]
        alike[actor] = _overlap(mine, rest)
    looks = [scene.count(cluster, alike, functools.partial(operator.le, least), says, tries=len(ALIKE))
             for least in ALIKE]
    return min(looks, key=lambda one: (2 * one.counts["seen"] < one.counts["of"], _rate(one, "others")
                                       - one.counts["seen"] / max(1, one.counts["of"])))


def _rate(look: Look, who: str) -> float:
    return look.counts[f"{who}_seen"] / max(1, look.counts[f"{who}_of"])


def _alone(scene: Scene, cluster: Cluster) -> dict[str, list[int]]:
    """UTC hours of each actor's posts that are on nothing which two members acted on."""
    shared = []
    for _, acts in sorted(scene.actions.items()):
        own = acts.filter(pl.col("actor").is_in(list(cluster.members)))
        of_two = own.group_by("object").agg(pl.col("actor").n_unique()).filter(pl.col("actor") > 1)
        shared.append(acts.join(of_two, on="object", how="semi").select("post"))
    posts = scene.posts_of.drop_nulls("at")
    if shared:
        posts = posts.join(pl.concat(shared).unique(), on="post", how="anti")
    wanted = [*cluster.members, *scene.others(cluster)]
    posts = posts.filter(pl.col("actor").is_in(wanted)).sort("actor", "at", "post")
    hours = posts.select("actor", hour=pl.col("at").dt.hour()).group_by("actor", maintain_order=True).agg("hour")
    return dict(hours.iter_rows())


def _hours(at: Sequence[int]) -> list[int]:
    chosen = [at[i * len(at) // POSTS] for i in range(POSTS)]
    return [chosen.count(hour) for hour in range(24)]


def _overlap(one: Sequence[int], other: Sequence[int]) -> float:
    """Share of two distributions that lies on the same hours, 0–1; 0 where one of them is empty."""
    of, among = sum(one), sum(other)
    if not of or not among:
        return 0.0
    return sum(min(a * among, b * of) for a, b in zip(one, other, strict=True)) / (of * among)
