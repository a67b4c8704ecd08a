"""Handles from one mould: the same pattern of letters and of a number of fixed length, each number another one."""

import re

from ...records import Cluster
from .._scene import Look, Scene, plain

COLUMN = "handle"
PROFILE = True
OPEN = False
LONGEST = 64    # letters; no platform has longer handles, and what is written in their place is no handle
DIGITS = 3      # a number of fewer digits is common property: birth years in two digits, lucky numbers
YEAR = re.compile(r"(?<!\d)(19[3-9]\d|20[0-3]\d)(?!\d)")
APART = 2 / 3   # of the numbers in one mould differ: who carries the same date or number belongs to a club, openly


def look(scene: Scene, cluster: Cluster) -> Look:
    """The commonest mould among the members. A word in common is no mould: a club carries its word openly."""
    known = {actor: said for actor, profile in scene.profiles.items()
             if (said := profile.handle or _as_handle(profile.name))}
    moulds = {actor: mould(handle) for actor, handle in known.items()}
    says = ("Half of the members or more have handles of one pattern of letters and digits that no word or date "
            "explains.")
    seen = scene.commonest(cluster, moulds, says)
    numbers = [tuple(re.findall(r"\d+", known[actor])) for actor in seen.bearers]
    if len(set(numbers)) < APART * len(numbers):
        return scene.count(cluster, moulds, lambda _: False, says)
    return seen


def mould(handle: str) -> frozenset[str]:
    """The pattern of a handle, {} where it has none: runs of lower, upper and title case, digits by their count."""
    text = handle.removeprefix("@")
    numbers = [run for run in re.findall(r"\d+", text) if len(run) >= DIGITS and not YEAR.fullmatch(run)]
    if len(text) > LONGEST or not numbers:
        return frozenset()
    shape = re.sub(r"\d+", lambda run: f"<{len(run[0])}>", text)
    shape = re.sub(r"[^\W\d_]+(?![^<]*>)", lambda run: "A" if run[0].isupper() else "a" if run[0].islower() else "Aa",
                   shape)
    return frozenset((shape,))


def _as_handle(name: str | None) -> str | None:
    """A name that is spelled as handles are: one word, in letters, digits and _."""
    return name if name and re.fullmatch(r"@?\w{3,30}", plain(name)) and " " not in name else None
