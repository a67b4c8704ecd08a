"""The worlds: each a few lines on one generator, with the truth that it states.

`size` 1 is about 10,000 posts. The platform grows with it, and what goes viral; groups and operations stay as they are.
"""

from collections.abc import Callable

import numpy as np

from . import _groups as groups
from . import _operations as operations
from ._plot import EDITED, LINK, Plot

LEAST = 40            # accounts and items of the smallest platform


def _many(count: int, size: float) -> int:
    return max(1, round(count * size))


def _platform(seed: int, size: float, *, accounts: int = 800, items: int = 1300, shares: int = 8000, days: int = 14,
              fans: float = 0.05, faces: bool = True, islands: bool = False) -> Plot:
    """Ordinary life with its super-fans: where the other worlds of the zoo take place."""
    plot = Plot(seed, accounts=max(LEAST, round(accounts * size)), items=max(LEAST, round(items * size)),
                shares=round(shares * size), days=days, fans=fans, faces=faces, islands=islands)
    return plot


# --------------------------------------------------------------------------------------- nobody coordinates

def nobody(seed: int, size: float) -> Plot:
    """Nobody coordinates: ordinary life, super-fans, viral items, words that belong to nobody."""
    plot = _platform(seed, size, shares=10_000, faces=False)
    plot.burst(_many(2, size), min(200, plot.people.size // 4))
    plot.stock(_many(2, size), 30)
    groups.fans(plot)
    return plot


def viral(seed: int, size: float) -> Plot:
    """Items go viral: a few at once through a third of the platform, many through a twelfth of it."""
    plot = _platform(seed, size)
    plot.burst(_many(5, size), min(250, plot.people.size // 3))
    plot.burst(_many(20, size), min(60, plot.people.size // 12))
    groups.fans(plot)
    return plot


def breaking_news(seed: int, size: float) -> Plot:
    """Stories break on several days: a dozen outlets at once, and whoever is up shares several of them."""
    plot = _platform(seed, size)
    plot.news(_many(5, size), 12, 80)
    groups.fans(plot)
    return plot


def live_event(seed: int, size: float) -> Plot:
    """Eight matches: two sides cheer within a minute of what they see, with the same tags in the same order."""
    plot = _platform(seed, size)
    groups.fans(plot)
    groups.supporters(plot, min(150, plot.people.size // 5), 8)
    return plot


def giveaway(seed: int, size: float) -> Plot:
    """Fourteen giveaways ask for the same words; strangers enter one, prize hunters nearly all."""
    plot = _platform(seed, size)
    groups.fans(plot)
    groups.hunters(plot, min(30, plot.people.size // 10), 14)
    return plot


def time_zone_islands(seed: int, size: float) -> Plot:
    """Three populations in zones that hardly overlap, each with tastes of its own."""
    plot = _platform(seed, size, islands=True)
    plot.burst(_many(2, size), min(100, plot.people.size // 8))
    groups.fans(plot)
    return plot


def evening_clubs(seed: int, size: float) -> Plot:
    """Clubs of one taste whose members are free in one hour of the evening."""
    plot = _platform(seed, size)
    groups.fans(plot)
    groups.clubs(plot, min(10, plot.people.size // 40), hour=20)
    return plot


def super_fans(seed: int, size: float) -> Plot:
    """Three times as many super-fans: they answer one community's links within a minute, honestly."""
    plot = _platform(seed, size, fans=0.15)
    groups.fans(plot)
    return plot


def empty_ish(seed: int, size: float) -> Plot:
    """Hardly anything happens."""
    plot = _platform(seed, size, accounts=60, items=60, shares=150)
    groups.fans(plot)
    return plot


def one_giant_object(seed: int, size: float) -> Plot:
    """One post in a hundred shares the same link."""
    plot = _platform(seed, size)
    plot.giant(len(plot.acts.at) // 100)
    groups.fans(plot)
    return plot


# ------------------------------------------------------------------------------- coordinated, and not inauthentic

def fan_army(seed: int, size: float) -> Plot:
    """Forty fans of one idol post together at times that they announce."""
    plot = _platform(seed, size)
    groups.fans(plot)
    groups.march(plot, *groups.army(plot, 40))
    return plot


def party_volunteers(seed: int, size: float) -> Plot:
    """Volunteers of a party with shared talking points, within an hour of each other."""
    plot = _platform(seed, size)
    groups.fans(plot)
    groups.volunteers(plot, 24)
    return plot


def news_syndication(seed: int, size: float) -> Plot:
    """Pages and accounts of several outlets that carry one desk's feed."""
    plot = _platform(seed, size)
    groups.fans(plot)
    groups.syndicate(plot, 8)
    groups.syndicate(plot, 10, "account", "syndication-accounts")
    return plot


def labelled_bots(seed: int, size: float) -> Plot:
    """Two families of automated accounts that say so."""
    plot = _platform(seed, size)
    groups.fans(plot)
    groups.bots(plot, 8)
    groups.relays(plot, 8)
    return plot


def agency(seed: int, size: float) -> Plot:
    """One firm that openly posts for many clients."""
    plot = _platform(seed, size)
    groups.fans(plot)
    groups.managed(plot, 8, "page", "managed-pages")
    groups.managed(plot, 12, "account", "managed-accounts")
    return plot


# ------------------------------------------------------------------------------------------------- operations

def rings(jitter_s: int, *, count: int = 5, members: int = 10, objects: int = 15, busy: int = 0,
          ) -> Callable[[int, float], Plot]:
    """Worlds of rings that push links within ± `jitter_s`; members do `busy` more of what anybody does."""
    def told(seed: int, size: float) -> Plot:
        plot = _platform(seed, size)
        groups.fans(plot)
        for number in range(count):
            crew = operations.crew(plot, number, members, objects=objects, jitter_s=jitter_s)
            if busy:
                plot.live(crew, busy)
        return plot

    return told


def ring(seed: int, size: float) -> Plot:
    """Five rings of ten accounts that push 15 links each within ± 300 s, beside ordinary life; none is known."""
    plot = _platform(seed, size, shares=10_000, faces=False)
    groups.fans(plot)
    for number in range(5):
        members = plot.recruit(10)
        plot.push(members, plot.pick_items(15), LINK, jitter_s=300)
        plot.declare(f"ring-{number + 1}", "accounts that push links within five minutes", members, label="operation",
                     coordinated=True, inauthentic=True)
    return plot


def large(seed: int, size: float) -> Plot:
    """An operation of 500, of whom each act has a twentieth: any two of them meet now and then."""
    plot = _platform(seed, max(size, 0.5), accounts=2000, items=1500, shares=9000)
    groups.fans(plot)
    operations.crew(plot, 0, 500, objects=120, jitter_s=300, participation=0.05,
                    what="an operation of five hundred, of whom each act has a few")
    return plot


def rotating(seed: int, size: float) -> Plot:
    """Thirty accounts of which ten are on duty in each of twelve shifts."""
    plot = _platform(seed, size)
    groups.fans(plot)
    members = plot.recruit(30)
    links = plot.pick_items(48).reshape(12, 4)
    for shift in links:
        plot.push(plot.rng.choice(members, 10, replace=False), shift, LINK, jitter_s=120)
    operations.staff(plot, 0, members, "accounts that take turns in pushing links")
    return plot


def object_splitting(seed: int, size: float) -> Plot:
    """Thirty accounts and sixty links, of which each account takes a few: hardly any two meet three times."""
    plot = _platform(seed, size)
    groups.fans(plot)
    operations.crew(plot, 0, 30, objects=60, jitter_s=120, participation=0.15,
                    what="accounts that split their links among themselves")
    return plot


def paraphrased(seed: int, size: float) -> Plot:
    """Two operations that post the same words with some of them replaced each time."""
    plot = _platform(seed, size)
    groups.fans(plot)
    for number in range(2):
        members = plot.recruit(12)
        words = plot.write_items([plot.lexicon.sentence(4, 11, 17) for _ in range(24)])
        plot.circulate(words, 6)
        plot.push(members, words, EDITED, jitter_s=240, participation=0.85)
        operations.staff(plot, number, members, "accounts that post the same words, paraphrased")
    return plot


def cross_platform(seed: int, size: float) -> Plot:
    """An operation of accounts on one platform and channels on another."""
    plot = _platform(seed, size)
    groups.fans(plot)
    members = np.concatenate([plot.recruit(10), plot.recruit(6, "channel")])
    plot.push(members, plot.pick_items(20), LINK, jitter_s=120, participation=0.9)
    operations.staff(plot, 0, members, "accounts and channels of two platforms that push the same links")
    return plot


def copy_of_authentic(seed: int, size: float) -> Plot:
    """An operation goes along with everything a fan army does, and pushes links of its own beside it."""
    plot = _platform(seed, size)
    groups.fans(plot)
    fans, words, links = groups.army(plot, 40)
    hidden = plot.recruit(12)
    groups.march(plot, np.concatenate([fans, hidden]), words, links)
    plot.push(hidden, plot.pick_items(12), LINK, jitter_s=60, participation=0.9)
    operations.staff(plot, 0, hidden, "accounts that hide in a fan army and push links of their own")
    plot.across.append(("army", "ring-1"))
    return plot


# --------------------------------------------------------------------------------- operations, and who looks like them

def echo(seed: int, size: float) -> Plot:
    """Rings push links; clubs that are free in the evening take half of these links up, afterwards."""
    plot = _platform(seed, size)
    groups.fans(plot)
    for number in range(3):
        members, links = plot.recruit(10), plot.pick_items(15)
        plot.push(members, links, LINK, jitter_s=300)
        operations.staff(plot, number, members, "accounts that push links together")
        club = plot.recruit(16)
        plot.club(club, np.concatenate([links, plot.early(15)]), hour=20, share=0.5)
        plot.declare(f"echo-{number + 1}", "people of one taste who take a ring's links up in the evening", club)
    return plot


def readers(seed: int, size: float) -> Plot:
    """An identified operation, and innocent people who copy what three of its accounts post, always after them."""
    plot = _platform(seed, size, accounts=900, items=1400, shares=11_000, faces=False)
    groups.fans(plot)
    members = operations.lantern(plot, size=26, pages=0, known=12)
    for original in members[:3]:
        groups.readers(plot, int(original), 15)
    return plot


def demo(seed: int, size: float) -> Plot:
    """Three operations of different trade-craft, one of them partly known, among honest groups that look like them."""
    plot = _platform(seed, size, accounts=2000, items=2000, shares=13_000, days=21, faces=False)
    plot.burst(_many(2, size), min(250, plot.people.size // 4))
    plot.circulate(plot.write_items([plot.lexicon.sentence(2, 11, 17) for _ in range(_many(60, size))]), 8)
    plot.stock(_many(3, size), 40)
    groups.fans(plot)
    groups.volunteers(plot, 14)
    groups.syndicate(plot, 6)
    groups.bots(plot, 5)
    members = operations.lantern(plot, size=28, pages=4, known=12)
    operations.copyists(plot, 14)
    operations.slow(plot, 12)
    groups.readers(plot, int(members[0]), 12)
    return plot


TOLD: dict[str, Callable[[int, float], Plot]] = {
    "demo": demo, "nobody": nobody, "ring": ring, "readers": readers,
    "viral": viral, "breaking-news": breaking_news, "live-event": live_event, "giveaway": giveaway,
    "time-zone-islands": time_zone_islands, "evening-clubs": evening_clubs, "super-fans": super_fans,
    "empty-ish": empty_ish, "one-giant-object": one_giant_object,
    "fan-army": fan_army, "party-volunteers": party_volunteers, "news-syndication": news_syndication,
    "labelled-bots": labelled_bots, "agency": agency,
    "lock-step": rings(5), "jitter-30s": rings(30), "jitter-5min": rings(300), "jitter-30min": rings(1800),
    "jitter-6h": rings(21_600), "small": rings(60, count=6, members=3, objects=20),
    "camouflaged": rings(300, count=3, busy=180), "large": large, "rotating": rotating,
    "object-splitting": object_splitting, "paraphrased": paraphrased, "cross-platform": cross_platform,
    "copy-of-authentic": copy_of_authentic, "echo": echo,
}
