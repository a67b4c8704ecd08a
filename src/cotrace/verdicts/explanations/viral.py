"""Viral: everybody shared it at once, and these were among them."""

import polars as pl

from ...records import Cluster
from .._scene import Scene, Told

COVERS = ("at",)
ENOUGH = 67
MANY = 20  # others who took up the same thing make it something that went round


def look(scene: Scene, cluster: Cluster) -> Told:
    met = scene.objects(cluster)
    members = set(cluster.members)
    many = alone = 0
    for trace in sorted(met["trace"].unique()):
        objects = met.filter(pl.col("trace") == trace)["object"]
        acts = scene.acts_on(trace, objects.to_list()).filter(~pl.col("actor").is_in(sorted(members)))
        others = dict(acts.group_by("object").agg(pl.col("actor").n_unique()).iter_rows())
        many += sum(others.get(thing, 0) >= MANY for thing in objects)
        alone += sum(thing not in others for thing in objects)
    return Told("things they met on that twenty others or more took up as well",
                "things they met on that nobody else took up", many, met.height, alone, met.height)
