"""Honest groups: what stands beside operations, looks like them, and is not one.

Some of them coordinate, and say so or have a reason that is theirs to have; none is inauthentic.
"""

import numpy as np

from ._plot import DISGUISED, HEADLINE, VERBATIM, Plot


def fans(plot: Plot) -> None:
    """Super-fans of one community each: quick, many, and nobody tells them to."""
    for taste in range(plot.people.fan_of.max() + 1):
        members = np.flatnonzero(plot.people.fan_of == taste)
        plot.declare(f"fans-{taste + 1}", "super-fans who answer one community's links within a minute", members)


def volunteers(plot: Plot, size: int) -> None:
    """Volunteers of an invented party: shared talking points, posted when each finds the time that evening."""
    members = plot.recruit(size)
    tags = tuple(plot.lexicon.slug(2) for _ in range(2))
    points = plot.write_items([plot.lexicon.sentence(1, 12, 18) for _ in range(14)], tags=tags)
    plot.push(members, points, (VERBATIM, VERBATIM, DISGUISED), jitter_s=3600, participation=0.8)
    plot.bios.update({int(code): "Volunteer, in my own time." for code in members})
    plot.declare("volunteers", "party volunteers with shared talking points", members, coordinated=True)


def syndicate(plot: Plot, size: int) -> None:
    """Pages of several outlets that carry one desk's feed."""
    members = plot.recruit(size, "page")
    plot.push(members, plot.pick_items(25), HEADLINE, jitter_s=90, participation=0.9)
    plot.bios.update({int(code): "News of the day from the common desk." for code in members})
    plot.declare("syndication", "a news feed that several outlets carry", members, coordinated=True)


def bots(plot: Plot, size: int) -> None:
    """A family of automated accounts that say so."""
    members = plot.recruit(size)
    notices = [f"Automatic notice {plot.rng.integers(100, 999)}: {plot.lexicon.sentence(2, 9, 13)}" for _ in range(30)]
    plot.push(members, plot.write_items(notices), VERBATIM, jitter_s=2)
    for number, code in enumerate(members.tolist(), 1):
        plot.names[code], plot.bios[code] = f"Notice board {number} (automated)", "Automated account, run openly."
    plot.declare("bots", "a labelled bot family", members, coordinated=True)


def readers(plot: Plot, original: int, size: int) -> None:
    members = plot.recruit(size)
    plot.copy(members, original, share=0.7)
    known = sum(group.name.startswith("readers") for group in plot.groups)
    plot.declare(f"readers-{known + 1}", "people who copy one identified account, always after it", members)
