"""One hand behind several pages: half of the places are filled to a good part by the same account."""

from collections import Counter, defaultdict

import polars as pl

from ...records import Cluster
from .._scene import Look, Scene

COLUMN = "account"
PROFILE = True
OPEN = False     # who fills a page is not written on it
FEWEST = 3       # posts; somebody who posted twice in a group does not run it
PART = 20        # percent of a place's posts that one account has to fill


def look(scene: Scene, cluster: Cluster) -> Look:
    """The account that fills most of the members; groups that the same people visit are as common among others."""
    if "operators" not in scene.kept:
        scene.kept["operators"] = _filled(scene)
    return scene.commonest(cluster, scene.kept["operators"], "Half of the members or more are filled by one and the "
                           "same account.")


def _filled(scene: Scene) -> dict[str, frozenset[str]]:
    """Of each place whose authors are known, the accounts that fill a good part of it."""
    posts = scene.reading.columns("place", "account").drop_nulls().filter(pl.col("place") != pl.col("account"))
    fillers: dict[str, Counter] = defaultdict(Counter)
    for place, account, count in posts.group_by("place", "account").len().iter_rows():
        fillers[place][account] = count
    return {place: frozenset(account for account, count in tally.items()
                             if count >= FEWEST and 100 * count >= PART * tally.total())
            for place, tally in fillers.items()}
