"""Identified before: half of the members are listed by a registry, or linked to its source by what they are."""

from ...records import Cluster, Link
from .._scene import Look, Scene

COLUMN = "registry"
PROFILE = True
OPEN = False
LINKED = ("likely", "very likely", "almost certain")  # below "likely" is a near miss, and no ground
ALIKE = frozenset(("coordination", "content"))        # grounds of what is done alike: the first verdict's evidence


def look(scene: Scene, cluster: Cluster) -> Look:
    """Without a registry: unknown. A link that rests on acting or posting alike would count coordination twice."""
    linked = {link.actor for link in scene.links if _counts(link)}
    known = dict.fromkeys(scene.kind, False) | dict.fromkeys(linked, True) if scene.sources else {}
    return scene.count(cluster, known, bool, "Half of the members or more are listed as a source that somebody "
                       "identified before, or likely linked to one by what they are.")


def _counts(link: Link) -> bool:
    own = {ground.indicator for ground in link.grounds if ground.ratio is not None and ground.ratio > 1}
    return link.word == "listed" or (link.word in LINKED and bool(own - ALIKE))
