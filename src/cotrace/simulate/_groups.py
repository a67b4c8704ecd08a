"""Honest groups: what stands beside operations, looks like them, and is not one.

Some of them coordinate, and say so or have a reason that is theirs to have; none is inauthentic.
"""

import numpy as np

from ._plot import DISGUISED, HEADLINE, LINK, VERBATIM, Plot


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


def syndicate(plot: Plot, size: int, kind: str = "page", name: str = "syndication") -> None:
    """Pages (or accounts) of several outlets that carry one desk's feed."""
    members = plot.recruit(size, kind)
    plot.push(members, plot.pick_items(25), HEADLINE, jitter_s=90, participation=0.9)
    plot.bios.update({int(code): "News of the day from the common desk." for code in members})
    plot.declare(name, "a news feed that several outlets carry", members, coordinated=True)


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


def army(plot: Plot, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A fan army: words and links for an idol, posted by whoever is there at the announced times. It says what it is.

    Returns:
        its members, and the words and links that they push.
    """
    members, idol = plot.recruit(size), plot.lexicon.name()
    words = plot.write_items([plot.lexicon.sentence(0, 11, 17) for _ in range(24)], tags=(plot.lexicon.slug(2), "vote"))
    plot.circulate(words, 6)
    links = plot.pick_items(20)
    plot.bios.update({int(code): f"Fan account. All for {idol}, every day." for code in members})
    plot.declare("army", "fans who post together at times that they announce", members, coordinated=True)
    return members, words, links


def march(plot: Plot, members: np.ndarray, words: np.ndarray, links: np.ndarray) -> None:
    """What a fan army does at the announced times, and whoever goes along with it."""
    plot.push(members, words, (VERBATIM, VERBATIM, DISGUISED), jitter_s=600, participation=0.6)
    plot.push(members, links, LINK, jitter_s=600, participation=0.5)


def relays(plot: Plot, size: int) -> None:
    """Accounts that pass one feed's links on by themselves, and say so."""
    members = plot.recruit(size)
    plot.push(members, plot.pick_items(30), (LINK, HEADLINE), jitter_s=5, participation=0.95)
    for number, code in enumerate(members.tolist(), 1):
        plot.names[code], plot.bios[code] = f"Relay {number} (bot)", "Automated: passes one public feed on."
        plot.clients[code], plot.born[code] = "plaza relay robot", 400
    plot.declare("relays", "labelled robots that relay one feed", members, coordinated=True)


def managed(plot: Plot, size: int, kind: str, name: str) -> None:
    """Pages or accounts of many clients that one agency runs openly: the same links and words, from one program."""
    members = plot.recruit(size, kind)
    plot.push(members, plot.pick_items(30), (LINK, HEADLINE), jitter_s=120, participation=0.6)
    words = plot.write_items([plot.lexicon.sentence(1, 11, 17) for _ in range(15)])
    plot.circulate(words, 6)
    plot.push(members, words, (VERBATIM, DISGUISED), jitter_s=120, participation=0.6)
    for code in members.tolist():
        plot.bios[code] = f"{plot.lexicon.name()}. Managed by Sample & Daughters, media agency."
        plot.clients[code] = "Sample & Daughters scheduler"
    plot.declare(name, "what one agency openly runs for many clients", members, coordinated=True)


def hunters(plot: Plot, size: int, prizes: int) -> None:
    """Giveaways ask for the same words of everybody; strangers enter one, prize hunters nearly all."""
    words = plot.write_items([plot.lexicon.sentence(2, 11, 17) for _ in range(prizes)], tags=("giveaway", "win"))
    plot.circulate(words, 25)
    members = plot.recruit(size)
    plot.enter(members, words, share=0.8)
    plot.declare("hunters", "people who enter every giveaway, each when it sees it", members)


def clubs(plot: Plot, count: int, *, hour: int | None) -> None:
    """People of one taste who are free in the same hour."""
    for number in range(count):
        members = plot.recruit(16)
        plot.club(members, plot.early(30), hour=hour, share=0.5)
        plot.declare(f"club-{number + 1}", "people of one taste who are free in one hour of the evening", members)


def supporters(plot: Plot, size: int, matches: int) -> None:
    """Two sides who watch matches live and cheer when something happens, with the tags of the match."""
    members = plot.recruit(size)
    for _ in range(matches):
        event, sides = plot.lexicon.slug(2), [plot.lexicon.slug(2) for _ in range(2)]
        moment = plot.lexicon.slug(2)
        tags = [(event, sides[0]), (event, sides[1]), (event, sides[0], moment), (event, sides[1], moment)]
        items = np.concatenate([plot.write_items([""], tags=one) for one in tags])
        plot.match(members[plot.rng.random(len(members)) < 0.7], items, 6, part=0.4)
    plot.declare("supporters", "people who watch the same matches and cheer live", members)
