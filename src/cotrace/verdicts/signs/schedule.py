"""One schedule: apart from what they do together, the members are there in the same hours of the day."""

import functools
import operator
from collections.abc import Sequence

import polars as pl

from ...records import Cluster
from .._scene import Look, Scene

COLUMN = "at"
PROFILE = False           # people of one time zone, one trade or one faith keep the same hours
OPEN = False
POSTS = 40                # of each actor, spread evenly over what it did alone: equal numbers have equal noise
ALIKE = (0.7, 0.8, 0.9)   # of the two distributions over the hours that lies on the same hours


def look(scene: Scene, cluster: Cluster) -> Look:
    """Of members, posts on things that two of them acted on are left out: acting together would be a schedule too."""
    if "hours" not in scene.kept:
        scene.kept["hours"] = _hours(scene.posts_of)
    own = _hours(_alone(scene, cluster))
    pooled = [sum(column) for column in zip(*own.values(), strict=True)]
    says = "Half of the members or more keep the same hours of the day, also where they act alone."
    if not own:
        return scene.count(cluster, {}, lambda _: False, says)
    alike = {actor: _overlap(scene.kept["hours"][actor], pooled) for actor in scene.others(cluster)
             if actor in scene.kept["hours"]}
    for actor, mine in own.items():
        alike[actor] = _overlap(mine, [of_all - of_mine for of_all, of_mine in zip(pooled, mine, strict=True)])
    looks = [scene.count(cluster, alike, functools.partial(operator.le, least), says, tries=len(ALIKE))
             for least in ALIKE]
    return min(looks, key=lambda one: (2 * one.counts["seen"] < one.counts["of"], _rate(one, "others")
                                       - one.counts["seen"] / max(1, one.counts["of"])))


def _rate(look: Look, who: str) -> float:
    return look.counts[f"{who}_seen"] / max(1, look.counts[f"{who}_of"])


def _alone(scene: Scene, cluster: Cluster) -> pl.DataFrame:
    """Members' posts that are on nothing which two of them acted on."""
    members = pl.col("actor").is_in(list(cluster.members))
    shared = []
    for _, acts in sorted(scene.actions.items()):
        own = acts.lazy().filter(members).collect()
        of_two = own.group_by("object").agg(pl.col("actor").n_unique()).filter(pl.col("actor") > 1)
        shared.append(own.join(of_two, on="object", how="semi").select("post"))
    posts = scene.posts_of.filter(members)
    return posts.join(pl.concat(shared).unique(), on="post", how="anti") if shared else posts


def _hours(posts: pl.DataFrame) -> dict[str, list[int]]:
    """Of each actor with enough posts, how many of `POSTS` evenly chosen ones fall into each UTC hour."""
    timed = posts.drop_nulls("at")
    enough = timed.group_by("actor").len().filter(pl.col("len") >= POSTS).select("actor")
    timed = timed.join(enough, on="actor", how="semi").select("actor", "at").sort("at")
    listed = timed.select("actor", hour=pl.col("at").dt.hour()).group_by("actor").agg("hour")  # each in order of time
    found = {}
    for actor, at in listed.iter_rows():
        chosen = [at[i * len(at) // POSTS] for i in range(POSTS)]
        found[actor] = [chosen.count(hour) for hour in range(24)]
    return found


def _overlap(one: Sequence[int], other: Sequence[int]) -> float:
    """Share of two distributions that lies on the same hours, 0–1; 0 where one of them is empty."""
    of, among = sum(one), sum(other)
    if not of or not among:
        return 0.0
    return sum(min(a * among, b * of) for a, b in zip(one, other, strict=True)) / (of * among)
