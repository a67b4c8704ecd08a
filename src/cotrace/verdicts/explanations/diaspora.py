"""A diaspora: people of one language in several time zones, who have its news in common."""

from collections import Counter

import polars as pl

from ...records import Cluster
from .._scene import Scene, Told

COVERS = ("at",)
ENOUGH = 67
MINORITY = 5     # a language is one's own where at most a fifth of the others post in it mostly
FEWEST = 20      # posts; of fewer no hour of the day can be told


def look(scene: Scene, cluster: Cluster) -> Told:
    """For it: one language that few others have. Against it: members whose day is where most members' day is."""
    mostly = _languages(scene)
    own = Counter(mostly[actor] for actor in cluster.members if actor in mostly)
    if not own:
        return Told(PRO, CONTRA, 0, 0)
    language = min(own, key=lambda one: (-own[one], one))
    others = [mostly[actor] for actor in scene.others(cluster) if actor in mostly]
    rare = len(others) >= FEWEST and others.count(language) * MINORITY <= len(others)
    quarters = _quarters(scene, cluster)
    most = max(Counter(quarters).values(), default=0)
    return Told(PRO, CONTRA, own[language] if rare else 0, own.total(), most, len(quarters))


PRO = "members that post mostly in one language in which few others of these posts are written"
CONTRA = "members whose busiest six hours of the day are those of most members: they live in one zone"


def _languages(scene: Scene) -> dict[str, str]:
    if "languages" not in scene.kept:
        posts = scene.reading.columns("lang", "place", "account").select(
            "lang", actor=pl.coalesce("place", "account")).drop_nulls()
        counts = posts.group_by("actor", "lang").len().sort("actor", "len", "lang", descending=[False, True, False])
        first = counts.group_by("actor", maintain_order=True).agg(pl.col("lang").first())
        scene.kept["languages"] = dict(first.iter_rows())
    return scene.kept["languages"]


def _quarters(scene: Scene, cluster: Cluster) -> list[int]:
    """Of each member with enough posts, the quarter of the UTC day in which it posts most."""
    posts = scene.posts_of.filter(pl.col("actor").is_in(list(cluster.members))).drop_nulls("at")
    posts = posts.select("actor", hour=pl.col("at").dt.hour())
    found = []
    for _, hours in sorted(posts.group_by("actor").agg("hour").iter_rows()):
        if len(hours) >= FEWEST:
            tally = Counter(hour // 6 for hour in hours)
            found.append(min(tally, key=lambda quarter: (-tally[quarter], quarter)))
    return found
