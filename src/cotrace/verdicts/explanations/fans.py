"""A fan community: people who openly carry what they are fans of."""

from ...records import Cluster
from .._disclosed import FANS
from .._open import carried
from .._scene import Scene, Told

COVERS = ("at", "avatar", "bio")  # they wear its picture and its words, and answer at once; they are not made in a day
ENOUGH = 67


def look(scene: Scene, cluster: Cluster) -> Told:
    return carried(scene, cluster, FANS, "members that openly carry one word which the cluster also posts about, or "
                   "call themselves fans")
