"""Viral: everybody shared it at once, and these were among them."""

from datetime import timedelta

import polars as pl

from ...records import Cluster
from .._scene import Scene, Told

COVERS = ("at",)
ENOUGH = 67
MANY = 20  # others who took up the same thing make it something that went round
AT_ONCE = timedelta(hours=1)  # before the first member, until the last one: whoever comes later may follow them


def look(scene: Scene, cluster: Cluster) -> Told:
    """Counted are others who were there before the members were done; those who come after them explain nothing."""
    met = scene.objects(cluster)
    members = pl.col("actor").is_in(list(cluster.members))
    many = alone = 0
    for trace in sorted(met["trace"].unique()):
        things = met.filter(pl.col("trace") == trace).select("object")
        acts = scene.actions[trace].lazy().drop_nulls("at").join(things.lazy(), on="object", how="semi").collect()
        own = acts.filter(members).group_by("object").agg(first=pl.col("at").min(), last=pl.col("at").max())
        others = acts.filter(~members).join(own, on="object")
        near = others.filter(pl.col("at").is_between(pl.col("first") - AT_ONCE, pl.col("last")))
        many += near.group_by("object").agg(pl.col("actor").n_unique()).filter(pl.col("actor") >= MANY).height
        alone += things.height - others["object"].n_unique()
    return Told("things they met on that twenty others or more took up in the hour before, or while they did",
                "things they met on that nobody else took up", many, met.height, alone, met.height)
