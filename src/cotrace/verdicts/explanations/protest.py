"""A union or a protest: people who say that they are part of it, and act at its hours."""

from ...records import Cluster
from .._disclosed import PROTEST
from .._open import said
from .._scene import Scene, Told

COVERS = ("at", "avatar", "bio")
ENOUGH = 67


def look(scene: Scene, cluster: Cluster) -> Told:
    return said(scene, cluster, PROTEST, "members whose name, handle or description speaks of a union, a strike or a "
                "protest")
