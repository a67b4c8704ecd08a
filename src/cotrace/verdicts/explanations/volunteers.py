"""Campaign or relief volunteers: people who say that they help, with talking points in common."""

from ...records import Cluster
from .._disclosed import VOLUNTEER
from .._open import said
from .._scene import Scene, Told

COVERS = ("at", "avatar", "bio", "client")  # a badge, a slogan, a campaign's app and its hours
ENOUGH = 67


def look(scene: Scene, cluster: Cluster) -> Told:
    return said(scene, cluster, VOLUNTEER, "members whose name, handle or description says that they volunteer, "
                "campaign or bring relief")
