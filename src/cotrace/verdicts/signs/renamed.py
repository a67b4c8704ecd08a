"""Recycled accounts: they took another handle while they were watched, or one that another account had before."""

from collections import defaultdict

from ...records import Cluster
from .._scene import Look, Scene, plain

COLUMN = "handle"
PROFILE = True
OPEN = False


def look(scene: Scene, cluster: Cluster) -> Look:
    """Who had two handles, or shares one with another account of the platform."""
    if "renamed" not in scene.kept:
        scene.kept["renamed"] = _recycled(scene)
    recycled: dict[str, bool] = scene.kept["renamed"]
    return scene.count(cluster, recycled, bool, "Half of the members or more changed their handle in these posts, or "
                       "took one that another account had.")


def _recycled(scene: Scene) -> dict[str, bool]:
    handles: dict[str, set[str]] = defaultdict(set)
    owners: dict[tuple[str, str], set[str]] = defaultdict(set)
    rows = scene.reading.actors.select("actor", "platform", "handle").drop_nulls("handle").unique()
    for actor, platform, handle in rows.iter_rows():
        spelled = plain(handle).removeprefix("@")
        handles[actor].add(spelled)
        owners[platform or "", spelled].add(actor)
    taken = {actor for having in owners.values() if len(having) > 1 for actor in having}
    return {actor: len(spelled) > 1 or actor in taken for actor, spelled in handles.items()}
