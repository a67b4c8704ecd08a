"""An agency: one firm that says openly that it posts for its clients."""

from ...records import Cluster
from .._disclosed import AGENCY, declare
from .._scene import Scene, Told

COVERS = ("account", "at", "avatar", "bio", "client", "created", "handle")
ENOUGH = 67


def look(scene: Scene, cluster: Cluster) -> Told:
    said, known = declare(scene, cluster, AGENCY)
    return Told("members whose name, handle or description names an agency, or says that it posts for a client",
                "members whose description is known and does not say it", said, known, known - said, known)
