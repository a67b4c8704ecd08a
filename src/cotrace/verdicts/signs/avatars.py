"""One picture for several: half of the members show the same picture as another account."""

from ...records import Cluster
from .._scene import Look, Scene

COLUMN = "avatar"
PROFILE = True
OPEN = True       # a badge or a flag is shown to be seen


def look(scene: Scene, cluster: Cluster) -> Look:
    """The commonest picture among members; the platform's own picture for the faceless is as common among others."""
    pictures = {actor: frozenset((profile.avatar,)) for actor, profile in scene.profiles.items() if profile.avatar}
    return scene.commonest(cluster, pictures, "Half of the members or more show one and the same picture.")
