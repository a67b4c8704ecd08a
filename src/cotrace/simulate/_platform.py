"""A small platform on which people share things: who is there, what is there, and who took up what, when.

Everything that makes honest people act at the same time is in here, because a test of chance is only worth what its
world is: a few accounts do most of the work, a few items get most of the shares, people sleep, read what they like, and
some of them always answer within a minute. Nobody in this file coordinates except in `ring`.

Counts and times are numpy arrays: account and item are codes from 0, times whole seconds since the start of the world.
"""

from dataclasses import dataclass, replace

import numpy as np

DAY = 86400
TASTES = 8                # communities of interest, as in the worlds of NULL.md
OWN_TASTE = 8.0           # how much likelier an item of one's own taste is: about half of all shares stay at home
FAN_QUICK = 0.9           # of the links there that a super-fan takes up while awake, it answers so many within a minute
MEDIAN_LAG_S = 5400.0     # half of all shares come within 1.5 h of the first; the tail reaches days
TRIES = 8                 # moments a person may find to share; the first at which it is awake is taken
ISLANDS = (4.0, 12.0, 20.0)  # the same where zones hardly overlap, one zone to a taste
ZONES = ((18.0, 0.6), (12.0, 0.25), (23.5, 0.15))  # middle of the waking day in UTC, and how many live so


@dataclass(frozen=True)
class Crowd:
    """Accounts: how much they do, what they like, when they are awake, whom they answer at once (−1: nobody)."""

    activity: np.ndarray
    taste: np.ndarray
    midday: np.ndarray       # UTC hour of the middle of the waking day
    speed: np.ndarray        # factor on every lag
    fan_of: np.ndarray
    devotion: float          # how much likelier an item of the community that a super-fan follows is
    tastes: int              # how many communities there are

    @property
    def size(self) -> int:
        return len(self.activity)


@dataclass(frozen=True)
class Shelf:
    """Items: what they are about, when and by whom first published, how much they are taken up and how fast."""

    taste: np.ndarray
    published: np.ndarray    # s
    publisher: np.ndarray
    shares: np.ndarray       # wanted, the publisher's among them
    tempo: np.ndarray        # s, median lag

    @property
    def size(self) -> int:
        return len(self.taste)


@dataclass(frozen=True)
class Acts:
    """Who took up what, when; parallel arrays."""

    account: np.ndarray
    item: np.ndarray
    at: np.ndarray           # whole s

    @staticmethod
    def join(*parts: "Acts") -> "Acts":
        return Acts(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("account", "item", "at")))

    def pick(self, chosen: np.ndarray) -> "Acts":
        return Acts(self.account[chosen], self.item[chosen], self.at[chosen])


def crowd(rng: np.random.Generator, accounts: int, *, fans: float, devotion: float = OWN_TASTE,
          tastes: int = TASTES) -> Crowd:
    """A crowd with heavy-tailed activity, overlapping waking hours and a share `fans` of super-fans (0–1)."""
    activity = np.minimum(rng.lognormal(0.0, 1.1, accounts), 40.0)
    taste = rng.choice(tastes, accounts, p=_uneven(tastes))
    zone = rng.choice(len(ZONES), accounts, p=[share for _, share in ZONES])
    midday = (np.array([hour for hour, _ in ZONES])[zone] + rng.normal(0.0, 1.8, accounts)) % 24
    speed = rng.lognormal(0.0, 0.5, accounts)
    fan_of = np.full(accounts, -1)
    chosen = rng.permutation(accounts)[: round(fans * accounts)]
    fan_of[chosen] = rng.choice(tastes, len(chosen), p=_uneven(tastes))
    return Crowd(activity, taste, midday, speed, fan_of, devotion, tastes)


def islands(rng: np.random.Generator, people: Crowd) -> Crowd:
    """The same crowd in zones that hardly overlap: everybody of one taste is awake in the same hours."""
    midday = (np.array(ISLANDS)[people.taste % len(ISLANDS)] + rng.normal(0.0, 0.3, people.size)) % 24
    return replace(people, midday=midday)


def _uneven(parts: int) -> np.ndarray:
    sizes = 1.0 / np.sqrt(np.arange(1, parts + 1))
    return sizes / sizes.sum()


def awake(midday: np.ndarray, at: np.ndarray) -> np.ndarray:
    """How much of its usual pace a person has at a moment, 0–1: full at midday, a fortieth in the dead of night."""
    angle = np.cos((at / 3600.0 - midday) * (2 * np.pi / 24))
    return 0.025 + 0.975 / (1.0 + np.exp(-5.0 * (angle + 0.25)))


def _first_awake(rng: np.random.Generator, midday: np.ndarray, moments: np.ndarray) -> np.ndarray:
    """Of each row of `moments` [n, TRIES] the first at which the person is awake; the last where it never is."""
    is_awake = rng.random(moments.shape) < awake(midday[:, None], moments)
    is_awake[:, -1] = True
    return moments[np.arange(len(moments)), is_awake.argmax(axis=1)]


def shelf(rng: np.random.Generator, people: Crowd, items: int, *, shares: int, days: int) -> Shelf:
    """Items whose popularity is heavy-tailed around a mean of `shares` / `items`, published by people who are awake."""
    taste = rng.choice(people.tastes, items, p=_uneven(people.tastes))
    publisher = _takers(rng, people, taste)
    published = waking(rng, people.midday[publisher], days=days)
    weight = np.minimum(rng.pareto(1.25, items) + 0.25, 60.0)
    wanted = np.minimum(rng.poisson(weight / weight.mean() * max(0.0, shares / items - 1.0)), people.size // 4)
    tempo = MEDIAN_LAG_S * rng.lognormal(0.0, 1.0, items)
    return Shelf(taste, published, publisher, wanted + 1, tempo)


def _takers(rng: np.random.Generator, people: Crowd, taste: np.ndarray) -> np.ndarray:
    """One account for each wanted taste: busy accounts and those of that taste are likelier."""
    takers = np.empty(len(taste), dtype=np.int64)
    for about in range(people.tastes):
        wanted = np.flatnonzero(taste == about)
        liking = np.where(people.taste == about, OWN_TASTE, 1.0)
        liking = people.activity * np.where(people.fan_of == about, people.devotion, liking)
        bounds = np.cumsum(liking)
        takers[wanted] = np.searchsorted(bounds, rng.random(len(wanted)) * bounds[-1], side="right")
    return takers


def lags(rng: np.random.Generator, people: Crowd, things: Shelf, account: np.ndarray, item: np.ndarray) -> np.ndarray:
    """s after publication at which each account meets each item: heavy-tailed, while it is awake."""
    start = things.published[item]
    return after(rng, start, things.tempo[item] * people.speed[account], people.midday[account]) - start


def life(rng: np.random.Generator, people: Crowd, things: Shelf, *, days: int, catch_up: float) -> Acts:
    """What happens when nobody coordinates: the first sharer of an item is its publisher, the others follow.

    Of the links that appear while a super-fan sleeps it takes up a share `catch_up` (0–1) later, and misses the rest.
    """
    item = np.repeat(np.arange(things.size), things.shares - 1)
    account = _takers(rng, people, things.taste[item])
    lag = lags(rng, people, things, account, item)
    fan = people.fan_of[account] == things.taste[item]
    up = rng.random(len(item)) < awake(people.midday[account], things.published[item])
    quick = fan & up & (rng.random(len(item)) < FAN_QUICK)
    lag = np.where(quick, 1 + np.minimum(rng.exponential(18.0, len(item)), 58.0).astype(np.int64), lag)
    acts = Acts(account, item, things.published[item] + lag)
    acts = acts.pick(~fan | up | (rng.random(len(item)) < catch_up))
    first = Acts(things.publisher, np.arange(things.size), things.published)
    return once(Acts.join(first, acts).pick(np.concatenate([first.at, acts.at]) < days * DAY))


def once(acts: Acts) -> Acts:
    """The first time that each account took up each item, sorted by item and account."""
    order = np.lexsort((acts.at, acts.account, acts.item))
    sorted_ = acts.pick(order)
    new = np.r_[True, (np.diff(sorted_.item) != 0) | (np.diff(sorted_.account) != 0)]
    return sorted_.pick(new)


def bursts(rng: np.random.Generator, people: Crowd, things: Shelf, *, count: int, size: int, days: int) -> Acts:
    """`count` items go viral: each is taken up by `size` more accounts within ten minutes."""
    item = np.repeat(rng.choice(things.size, count, replace=False), size)
    start = things.published[item] + np.repeat(rng.integers(600, 4 * 3600, count), size)
    at = start + rng.integers(0, 600, len(item))
    acts = Acts(_takers(rng, people, things.taste[item]), item, at)
    return acts.pick(at < days * DAY)


def club(rng: np.random.Generator, people: Crowd, things: Shelf, *, members: np.ndarray, items: np.ndarray,
         hour: int | None, share: float, days: int) -> Acts:
    """People of one taste: each takes up a `share` (0–1) of the club's items, at `hour` UTC of the day or day after.

    Without an hour they come to the items as anybody does. They never agree on anything: tastes alone, and habit.
    """
    takes = rng.random(len(members) * len(items)) < share
    account, item = np.repeat(members, len(items))[takes], np.tile(items, len(members))[takes]
    if hour is None:
        at = things.published[item] + lags(rng, people, things, account, item)
    else:
        evening = (things.published[item] // DAY) * DAY + hour * 3600
        evening += np.where(evening <= things.published[item], DAY, 0) + DAY * (rng.random(len(item)) < 0.25)
        at = evening + rng.integers(1, 3600, len(item))
    return Acts(account, item, at).pick(at < days * DAY)


def waking(rng: np.random.Generator, midday: np.ndarray, *, days: int) -> np.ndarray:
    """For each a moment (s) in the waking part of some day."""
    return _first_awake(rng, midday, rng.integers(0, days * DAY, (len(midday), TRIES)))


def after(rng: np.random.Generator, start: np.ndarray, tempo: np.ndarray, midday: np.ndarray) -> np.ndarray:
    """A moment (s) for each start, later by a heavy-tailed lag around `tempo` (s), in the waking part of a day."""
    tried = 1.0 + tempo[:, None] * rng.lognormal(0.0, 1.4, (len(start), TRIES))
    return _first_awake(rng, midday, start[:, None] + tried).astype(np.int64)


def ring(rng: np.random.Generator, *, members: np.ndarray, items: np.ndarray, moments: np.ndarray, jitter_s: int,
         participation: float = 1.0) -> Acts:
    """People who act together: on each item the members, or a share of them (0–1), act around one moment.

    Each member's distance from it is uniform within ± `jitter_s` (s): a window as long as the jitter holds three
    quarters of their pairs.
    """
    item, moment = np.repeat(items, len(members)), np.repeat(moments, len(members))
    at = np.ceil(moment + rng.uniform(-jitter_s, jitter_s, len(item))).astype(np.int64)
    return Acts(np.tile(members, len(items)), item, np.maximum(at, 0)).pick(rng.random(len(item)) < participation)
