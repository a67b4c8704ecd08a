"""Little else to do: half of what the members post falls within the window of somebody else's act on the same thing."""

from ...records import Cluster
from .._scene import Look, Scene

COLUMN = "at"
PROFILE = False  # fans, feeds and newsrooms may do nothing else either
OPEN = False
FEWEST = 5       # posts; of fewer no share can be told


def look(scene: Scene, cluster: Cluster) -> Look:
    """Counted alike for members and others: every act near anybody's on the same thing, validated or not."""
    window_s = scene.window_s(cluster)
    joint = scene.joint(window_s)
    mostly = {actor: 2 * joint.get(actor, 0) >= posts for actor, posts in scene.posted.items() if posts >= FEWEST}
    return scene.count(cluster, mostly, bool, "Half of the members or more do half of what they do close to somebody "
                       "else's act on the same thing.")
