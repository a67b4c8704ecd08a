"""Newcomers: people who joined the platform, each in its own hour, when the thing began that they act on."""

from bisect import bisect_left, bisect_right
from datetime import timedelta

import polars as pl

from ...records import Cluster
from .._scene import Scene, Told

COVERS = ("created",)
ENOUGH = 67
BEFORE = timedelta(days=30)  # of the first thing they did together: an event calls people in for about so long
SITTING = timedelta(hours=1)  # accounts made within one hour are one sitting's work, and no crowd arriving


def look(scene: Scene, cluster: Cluster) -> Told:
    """For it: created in the month before they first met, or later. Against it: created within an hour of another."""
    own = list(cluster.members)
    met = scene.occasions.filter("together", pl.col("a").is_in(own), pl.col("b").is_in(own))
    born = sorted(created for actor in own if (created := scene.profile(actor).created) is not None)
    pro, contra = ("members created in the thirty days before they first acted together, or later",
                   "members created within one hour of another member")
    if not met.height or not born:
        return Told(pro, contra, 0, 0)
    first = met.select(pl.min_horizontal(pl.col("at_a").min(), pl.col("at_b").min())).item()
    late = sum(created >= first - BEFORE for created in born)
    together = sum(bisect_right(born, created + SITTING) - bisect_left(born, created - SITTING) > 1 for created in born)
    return Told(pro, contra, late, len(born), together, len(born))
