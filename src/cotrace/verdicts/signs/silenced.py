"""One switch: half of the members fell silent within one day, while others went on."""

from datetime import datetime, timedelta

import polars as pl

from ...records import Cluster
from .._scene import Look, Scene

COLUMN = "at"
PROFILE = False    # a campaign ends, a server closes, a platform suspends
OPEN = False
DAYS = (1,)
AFTER = timedelta(days=7)  # of the data after the last post of an actor; who is silent for less may only be away
FEWEST = 5                 # days with posts; of whoever is rarely there no silence can be told


def look(scene: Scene, cluster: Cluster) -> Look:
    """Whoever goes on to the last week of the data is counted, and did not fall silent."""
    if "silenced" not in scene.kept:
        scene.kept["silenced"] = _last(scene)
    return scene.burst(cluster, scene.kept["silenced"], DAYS, "Half of the members or more fell silent within "
                       "{stretch}, a week or longer before these posts end.")


def _last(scene: Scene) -> dict[str, datetime | None]:
    posts = scene.posts_of.drop_nulls("at")
    end = posts["at"].max()
    days = posts.group_by("actor").agg(pl.col("at").max(), days=pl.col("at").dt.date().n_unique())
    known = days.filter(pl.col("days") >= FEWEST).sort("actor").select("actor", "at").iter_rows()
    return {actor: at if at + AFTER <= end else None for actor, at in known}
