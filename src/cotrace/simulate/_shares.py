"""Shares without words: worlds for the laws of chance, thousands of accounts in a fraction of a second."""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import polars as pl

from .. import tables
from ..errors import InputError
from . import _platform as platform

START = dt.datetime(2024, 3, 4, tzinfo=dt.UTC)  # a Monday; an invented world, but its times must be possible
SHARES_PER_ACCOUNT = 25                         # mean, as in NULL.md (75,000 shares of 3,000 accounts)

KINDS: dict[str, dict] = {                      # what a world has beside ordinary life and super-fans
    "nobody": {"rings": 0},
    "ring": {},
    "bursts": {"rings": 0, "viral": 0.01},
    "clubs": {"rings": 0, "clubs": 10},
    "niche": {"rings": 0, "clubs": 10, "club_hour": None},
}


@dataclass(frozen=True)
class Shares:
    """A world of shares and what is true in it."""

    actions: pl.DataFrame                  # tables.ACTIONS, sorted by (at, post)
    rings: tuple[frozenset[str], ...]      # who coordinates: the members of each ring
    fans: frozenset[str]                   # super-fans: quick and honest
    clubs: tuple[frozenset[str], ...]      # people of one taste, honest


def shares(name: str = "ring", *, seed: int, accounts: int = 800, objects: int = 1600, days: int = 14,
           fans: float = 0.05, devotion: float = 8.0, catch_up: float = 0.3, rings: int = 5, ring_size: int = 10,
           ring_objects: int = 15, jitter_s: int = 300, participation: float = 1.0, viral: float = 0.0,
           clubs: int = 0, club_size: int = 16, club_objects: int = 30, club_hour: int | None = 20,
           each: int = SHARES_PER_ACCOUNT, tastes: int = platform.TASTES) -> Shares:
    """A world of link shares as ACTIONS.

    Args:
        name: nobody, ring, bursts, clubs or niche; it sets some of the options below, which otherwise hold as given.
        accounts, objects: how many.
        days: length of the world.
        fans: share of accounts (0–1) that answer one community's links within a minute, honestly.
        devotion: how much likelier a fan shares a link of its community than another; 8 is anybody's liking of its own
            taste. At 24 fans share little else, and what they do elsewhere hardly tells their habits.
        catch_up: share (0–1) of what super-fans slept through that they take up later; it makes their quickness a
            matter of the hour, which is harder to tell from coordination.
        rings, ring_size, ring_objects: operations, their members, and the objects that each acts on together.
        jitter_s: each member acts within ± so many seconds of the moment of the ring's act, uniformly.
        participation: share of members (0–1) that take part in each act.
        viral: share of objects (0–1) that 300 more accounts take up within ten minutes.
        each: shares of an account, mean; heavy-tailed.
        tastes: communities of interest, of uneven size.
        clubs, club_size, club_objects, club_hour: people of one taste who share in one hour (UTC; None: at any).

    Raises:
        InputError: no world has this name.
    """
    if name not in KINDS:
        raise InputError(f"There is no world of shares named {name!r}.\nThere are: {', '.join(KINDS)}.")
    given = KINDS[name]
    rings, clubs = given.get("rings", rings), given.get("clubs", clubs)
    viral, club_hour = given.get("viral", viral), given.get("club_hour", club_hour)
    rng = np.random.Generator(np.random.PCG64(seed))
    people = platform.crowd(rng, accounts, fans=fans, devotion=devotion, tastes=tastes)
    things = platform.shelf(rng, people, objects, shares=each * accounts, days=days)
    parts = [platform.life(rng, people, things, days=days, catch_up=catch_up)]
    if viral:
        parts.append(platform.bursts(rng, people, things, count=round(viral * objects), size=min(300, accounts // 3),
                                     days=days))
    tasteful = []
    for _ in range(clubs):
        members = rng.choice(people.size, club_size, replace=False)
        items = rng.choice(np.flatnonzero(things.published < (days - 2) * platform.DAY), club_objects, replace=False)
        tasteful.append(members)
        parts.append(platform.club(rng, people, things, members=members, items=items, hour=club_hour, share=0.5,
                                   days=days))
    crews = rng.permutation(accounts)[: rings * ring_size].reshape(rings, ring_size)
    fresh = np.flatnonzero(things.published < (days - 1) * platform.DAY)
    for members in crews:
        items = rng.choice(fresh, ring_objects, replace=False)
        theirs = np.full(ring_objects, rng.choice(people.midday))
        moments = platform.after(rng, things.published[items], things.tempo[items], theirs)
        acts = platform.ring(rng, members=members, items=items, moments=moments, jitter_s=jitter_s,
                             participation=participation)
        parts.append(acts.pick(acts.at < days * platform.DAY))
    names = np.array([f"sim:a{i:05d}" for i in range(accounts)])

    def who(codes: np.ndarray) -> frozenset[str]:
        return frozenset(names[codes].tolist())

    return Shares(_actions(rng, platform.once(platform.Acts.join(*parts)), names, objects),
                  tuple(map(who, crews)), who(np.flatnonzero(people.fan_of >= 0)), tuple(map(who, tasteful)))


def _actions(rng: np.random.Generator, acts: platform.Acts, names: np.ndarray, objects: int) -> pl.DataFrame:
    acts = acts.pick(np.lexsort((rng.random(len(acts.at)), acts.at)))
    items = np.array([f"https://read.example/{i:05d}" for i in rng.permutation(objects)])
    posts = np.array([f"sim:p{i:07d}" for i in range(len(acts.at))])
    micros = acts.at.astype(np.int64) * 1_000_000 + round(START.timestamp()) * 1_000_000
    frame = pl.DataFrame({"actor": names[acts.account], "kind": pl.repeat("account", len(posts), eager=True),
                          "object": items[acts.item], "at": pl.Series(micros).cast(tables.TIME), "post": posts})
    return tables.conform(frame, tables.ACTIONS, "a simulated world")
