"""Identified before: half of the members are listed by a registry, or likely linked to a source that one names."""

from ...records import Cluster
from .._scene import Look, Scene

COLUMN = "registry"
PROFILE = True
LINKED = ("listed", "likely", "very likely", "almost certain")  # below "likely" is a near miss, and no ground


def look(scene: Scene, cluster: Cluster) -> Look:
    """Members with a link that a statement may name, and others whom a registry lists. Without a registry: unknown."""
    linked = {link.actor for link in scene.links if link.word in LINKED}
    known = dict.fromkeys(scene.kind, False) | dict.fromkeys(linked, True) if scene.sources else {}
    return scene.count(cluster, known, bool, "Half of the members or more are listed as, or likely linked to, a source "
                       "that somebody identified before.")
