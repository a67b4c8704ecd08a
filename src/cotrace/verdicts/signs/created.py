"""Accounts made in one go: half of the members were created within the same day, week or month."""

from ...records import Cluster
from .._scene import Look, Scene

COLUMN = "created"
PROFILE = True
OPEN = False
DAYS = (1, 7, 30)  # an afternoon's work, a week's, a month's; in a quarter of a year innocent people arrive together


def look(scene: Scene, cluster: Cluster) -> Look:
    """News and invitations bring innocent people in one week too: so others are counted in the same days."""
    born = {actor: profile.created for actor, profile in scene.profiles.items() if profile.created is not None}
    return scene.burst(cluster, born, DAYS, "Half of the members or more were created within {stretch}.")
