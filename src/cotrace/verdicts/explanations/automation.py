"""Labelled automation: accounts that say openly that a program posts for them."""

from ...records import Cluster
from .._disclosed import AUTOMATED, declare
from .._scene import Scene, Told

COVERS = ("account", "at", "avatar", "bio", "client", "created", "handle")  # alike in all of it, openly
ENOUGH = 67  # a label on a few does not speak for the rest


def look(scene: Scene, cluster: Cluster) -> Told:
    said, known = declare(scene, cluster, AUTOMATED)
    return Told("members whose name, handle or description says that they are automatic",
                "members whose description is known and does not say it", said, known, known - said, known)
