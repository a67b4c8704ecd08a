"""One tool behind them: half of the members post mostly with the same program, which few others use."""

from collections import Counter, defaultdict

from ...records import Cluster
from .._scene import Look, Scene, plain

COLUMN = "client"
PROFILE = False  # a campaign's app, an agency's desk and a fan club's scheduler are tools in common too
OPEN = False


def look(scene: Scene, cluster: Cluster) -> Look:
    """The program that most members use most."""
    if "clients" not in scene.kept:
        scene.kept["clients"] = _mostly(scene)
    return scene.commonest(cluster, scene.kept["clients"], "Half of the members or more post with the same program, "
                           "which few others use.")


def _mostly(scene: Scene) -> dict[str, frozenset[str]]:
    used: dict[str, Counter] = defaultdict(Counter)
    rows = scene.reading.columns("account", "place", "client").drop_nulls("client")
    for account, place, client in rows.iter_rows():
        for actor in (account, place):
            if actor is not None:
                used[actor][plain(client)] += 1
    return {actor: frozenset((min(tally, key=lambda one: (-tally[one], one)),)) for actor, tally in used.items()}
