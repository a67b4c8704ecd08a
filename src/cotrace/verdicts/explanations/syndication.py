"""Syndication: outlets that carry the same feed, as newspapers carry a wire service."""

import polars as pl

from ...records import Cluster
from .._disclosed import NEWS, declare
from .._scene import Scene, Told

COVERS = ("at", "client")  # a feed explains what is posted when, and with which program; not who the outlets are
ENOUGH = 67
CARRIED = ("same_text", "shared_link", "similar_image", "similar_text")  # behaviours in which a feed shows


def look(scene: Scene, cluster: Cluster) -> Told:
    titles = scene.kind_of(cluster) in ("page", "channel")
    outlets = len(cluster.members) if titles else declare(scene, cluster, NEWS)[0]
    inside = scene.edges.filter(pl.col("a").is_in(list(cluster.members)) & pl.col("b").is_in(list(cluster.members)))
    other = inside.filter(~pl.col("trace").is_in(CARRIED)).height
    return Told("members that are pages or channels, or call themselves a news outlet",
                "pairs that act together in something that no feed delivers, such as reposts and replies",
                outlets, len(cluster.members), other, inside.height)
