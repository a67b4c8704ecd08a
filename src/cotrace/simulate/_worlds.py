"""The worlds: each a few lines on one generator, with the truth it states."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from ..errors import InputError
from . import _posts
from ._plot import DISGUISED, EDITED, HEADLINE, LINK, VERBATIM, Plot

REGISTRY = ("source", "selector_type", "selector", "identified_by", "at", "cites", "platform", "name", "valid_from",
            "valid_to", "withdrawn", "note")
LANTERN, QUARRY = "Paper Lantern", "Glass Quarry"
OBSERVATORY = {"source": LANTERN, "identified_by": "Example Observatory", "at": "2024-02-20",
               "cites": "Example Observatory, Report 7, p. 12, https://observatory.example/reports/7"}
INSTITUTE = {"source": QUARRY, "identified_by": "Institute of Examples", "at": "2023-11-02",
             "cites": "Institute of Examples, Paper 3, table 2, https://institute.example/papers/3"}


@dataclass(frozen=True)
class World:
    """A platform and the truth about it. Actors are `platform:id`.

    posts: raw posts in the order of their times, columns as `cotrace.read` knows them; lists as lists.
    pairs: a, b (a < b), coordinated (bool), group: all pairs inside a group; no other pair coordinates.
    clusters: group, what, coordinated, inauthentic (bool), size, members (joined by ;): two verdicts, one row a group.
    labels: account_id, label (operation, benign, ordinary), group: one row an actor that posted.
    sources: rows of a registry.
    """

    name: str
    seed: int
    posts: pl.DataFrame
    pairs: pl.DataFrame
    clusters: pl.DataFrame
    labels: pl.DataFrame
    sources: pl.DataFrame


def world(name: str, *, seed: int) -> World:
    """One of the worlds as raw posts and truth; the same seed gives the same world.

    Raises:
        InputError: no world has this name.
    """
    if name not in TOLD:
        raise InputError(f"There is no world named {name!r}.\nThere are: {', '.join(TOLD)}.")
    plot = TOLD[name](seed)
    who = _posts.people(plot)
    writer = _posts.Writer(plot, who)
    posts = writer.posts()
    actors = [person.actor for person in who] + [f"{_posts.ROOMS_ON}:{room}" for room in writer.rooms]
    return World(name, seed, posts, _pairs(plot, actors), _clusters(plot, actors), _labels(plot, posts, actors),
                 _sources(plot, who))


# ------------------------------------------------------------------------------------------------ worlds

def nobody(seed: int) -> Plot:
    """Nobody coordinates: ordinary life, super-fans, viral items, words that belong to nobody."""
    plot = Plot(seed, accounts=800, items=1300, shares=10_000, days=14, fans=0.05)
    plot.burst(2, 200)
    plot.stock(2, 30)
    _fans(plot)
    return plot


def ring(seed: int) -> Plot:
    """Five rings of ten accounts that push 15 links each within ± 300 s, beside ordinary life; none is known."""
    plot = Plot(seed, accounts=800, items=1300, shares=10_000, days=14, fans=0.05)
    _fans(plot)
    for number in range(5):
        members = plot.recruit(10)
        plot.push(members, plot.pick_items(15), LINK, jitter_s=300)
        plot.declare(f"ring-{number + 1}", "accounts that push links within five minutes", members, label="operation",
                     coordinated=True, inauthentic=True)
    return plot


def readers(seed: int) -> Plot:
    """An identified operation, and innocent people who copy what three of its accounts post, always after them."""
    plot = Plot(seed, accounts=900, items=1400, shares=11_000, days=14, fans=0.05)
    _fans(plot)
    members = _lantern(plot, size=26, pages=0, known=12)
    for original in members[:3]:
        _readers(plot, int(original), 15)
    return plot


def demo(seed: int) -> Plot:
    """Three operations of different trade-craft, one of them partly known, among honest groups that look like them."""
    plot = Plot(seed, accounts=2000, items=2000, shares=13_000, days=21, fans=0.05)
    plot.burst(2, 250)
    plot.circulate(plot.write_items([plot.lexicon.sentence(2, 11, 17) for _ in range(60)]), 8)
    plot.stock(3, 40)
    _fans(plot)
    _volunteers(plot, 14)
    _syndicate(plot, 6)
    _bots(plot, 5)
    members = _lantern(plot, size=28, pages=4, known=12)
    _copyists(plot, 14)
    _slow(plot, 12)
    _readers(plot, int(members[0]), 12)
    return plot


TOLD: dict[str, Callable[[int], Plot]] = {"demo": demo, "nobody": nobody, "ring": ring, "readers": readers}


# ------------------------------------------------------------------------------------------ honest groups

def _fans(plot: Plot) -> None:
    """Super-fans of one community each: quick, many, and nobody tells them to."""
    for taste in range(plot.people.fan_of.max() + 1):
        members = np.flatnonzero(plot.people.fan_of == taste)
        plot.declare(f"fans-{taste + 1}", "super-fans who answer one community's links within a minute", members)


def _volunteers(plot: Plot, size: int) -> None:
    """Volunteers of an invented party: shared talking points, posted when each finds the time that evening."""
    members = plot.recruit(size)
    tags = tuple(plot.lexicon.slug(2) for _ in range(2))
    points = plot.write_items([plot.lexicon.sentence(1, 12, 18) for _ in range(14)], tags=tags)
    plot.push(members, points, (VERBATIM, VERBATIM, DISGUISED), jitter_s=3600, participation=0.8)
    plot.bios.update({int(code): "Volunteer, in my own time." for code in members})
    plot.declare("volunteers", "party volunteers with shared talking points", members, coordinated=True)


def _syndicate(plot: Plot, size: int) -> None:
    """Pages of several outlets that carry one desk's feed."""
    members = plot.recruit(size, "page")
    plot.push(members, plot.pick_items(25), HEADLINE, jitter_s=90, participation=0.9)
    plot.bios.update({int(code): "News of the day from the common desk." for code in members})
    plot.declare("syndication", "a news feed that several outlets carry", members, coordinated=True)


def _bots(plot: Plot, size: int) -> None:
    """A family of automated accounts that say so."""
    members = plot.recruit(size)
    notices = [f"Automatic notice {plot.rng.integers(100, 999)}: {plot.lexicon.sentence(2, 9, 13)}" for _ in range(30)]
    plot.push(members, plot.write_items(notices), VERBATIM, jitter_s=2)
    for number, code in enumerate(members.tolist(), 1):
        plot.names[code], plot.bios[code] = f"Notice board {number} (automated)", "Automated account, run openly."
    plot.declare("bots", "a labelled bot family", members, coordinated=True)


def _readers(plot: Plot, original: int, size: int) -> None:
    members = plot.recruit(size)
    plot.copy(members, original, share=0.7)
    known = sum(group.name.startswith("readers") for group in plot.groups)
    plot.declare(f"readers-{known + 1}", "people who copy one identified account, always after it", members)


# --------------------------------------------------------------------------------------------- operations

def _lantern(plot: Plot, *, size: int, pages: int, known: int) -> np.ndarray:
    """Links in lock-step, some of them on its own site, and texts; `known` of its accounts stand in a registry."""
    members = plot.rng.permutation(plot.recruit(size))
    crew = np.concatenate([members, plot.recruit(pages, "page")]) if pages else members
    site = f"{plot.lexicon.slug(4)}.example"
    links = np.concatenate([plot.pick_items(14), plot.pick_items(12, site=site)])
    texts = plot.write_items([plot.lexicon.sentence(0, 11, 17) for _ in range(12)])
    plot.push(crew, links, LINK, jitter_s=25, participation=0.7)
    plot.push(crew, texts, (VERBATIM, DISGUISED), jitter_s=60, participation=0.6)
    plot.own_site.update({int(code): f"https://{site}" for code in crew[size:]})
    plot.born.update({int(code): 200 for code in crew})
    plot.declare("lantern", "an operation that pushes links in lock-step, partly identified before", crew,
                 label="operation", coordinated=True, inauthentic=True)
    _register(plot, members[:known], texts, site)
    return members[:known]


def _register(plot: Plot, known: np.ndarray, texts: np.ndarray, site: str) -> None:
    """What two bodies that do not exist say: accounts, texts, a site, a withdrawal, and another network altogether."""
    rows: list[dict] = [{**OBSERVATORY, "selector_type": "account", "code": int(code)} for code in known]
    rows += [{**OBSERVATORY, "selector_type": "text", "selector": plot.texts[int(item)], "platform": "plaza",
              "cites": "Example Observatory, Report 7, annex B, https://observatory.example/reports/7"}
             for item in texts[:3]]
    rows.append({**OBSERVATORY, "selector_type": "domain", "selector": site.replace(".", "[.]"),
                 "platform": "plaza"})
    mistaken = plot.recruit(1)
    plot.declare("mistaken", "somebody whom a registry named in error and withdrew", mistaken)
    rows.append({**OBSERVATORY, "selector_type": "account", "code": int(mistaken[0]), "withdrawn": "2024-02-27",
                 "note": "named in error"})
    rows += [{**INSTITUTE, "selector_type": "account", "selector": f"99{number:06d}", "platform": "plaza"}
             for number in range(3)]
    rows.append({**INSTITUTE, "selector_type": "domain", "selector": "glass-quarry.example", "platform": "plaza"})
    plot.registry += rows


def _copyists(plot: Plot, size: int) -> None:
    """Pasted text with small edits: most of them same_text sees through, a fifth only a later trace will."""
    members = plot.recruit(size)
    texts = [plot.lexicon.sentence(4, 11, 17) for _ in range(24)]
    texts[0] = _posts.HOSTILE_WORDS[0] + texts[0]
    texts[1] = _posts.HOSTILE_WORDS[1] + texts[1]
    items = plot.write_items(texts)
    plot.circulate(items, 8)
    plot.push(members, items, (VERBATIM, DISGUISED, DISGUISED, DISGUISED, EDITED), jitter_s=240, participation=0.85)
    plot.born.update({int(code): 90 for code in members})
    plot.declare("copyists", "an operation that pastes texts with small edits", members, label="operation",
                 coordinated=True, inauthentic=True)


def _slow(plot: Plot, size: int) -> None:
    """The patient one: links within half an hour, mostly into three groups of its own."""
    members = plot.recruit(size)
    plot.push(members, plot.pick_items(34), LINK, jitter_s=1800, participation=0.9)
    plot.declare("slow-groups", "groups that the slow operation opened and fills; strangers come in as well",
                 plot.open_rooms(members, 3), label="operation", coordinated=True, inauthentic=True)
    plot.declare("slow", "an operation that shares links within thirty minutes", members, label="operation",
                 coordinated=True, inauthentic=True)


# -------------------------------------------------------------------------------------------------- truth

def _pairs(plot: Plot, actors: list[str]) -> pl.DataFrame:
    rows = []
    for group in plot.groups:
        members = sorted(actors[code] for code in group.members)
        rows += [(a, b, group.coordinated, group.name) for i, a in enumerate(members) for b in members[i + 1 :]]
    schema = {"a": pl.String, "b": pl.String, "coordinated": pl.Boolean, "group": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row").sort("a", "b")


def _clusters(plot: Plot, actors: list[str]) -> pl.DataFrame:
    rows = [(group.name, group.what, group.coordinated, group.inauthentic, len(group.members),
             ";".join(sorted(actors[code] for code in group.members))) for group in plot.groups]
    schema = {"group": pl.String, "what": pl.String, "coordinated": pl.Boolean, "inauthentic": pl.Boolean,
              "size": pl.Int64, "members": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row").sort("group")


def _labels(plot: Plot, posts: pl.DataFrame, actors: list[str]) -> pl.DataFrame:
    belongs = {actors[code]: group for group in plot.groups for code in group.members}
    acting = pl.concat([posts.select(actor=pl.col("platform") + ":" + pl.col(who)) for who in ("account", "place")])
    posted = acting["actor"].drop_nulls().unique().sort().to_list()
    rows = [(actor, belongs[actor].label, belongs[actor].name) if actor in belongs else (actor, "ordinary", "ordinary")
            for actor in posted]
    return pl.DataFrame(rows, schema={"account_id": pl.String, "label": pl.String, "group": pl.String}, orient="row")


def _sources(plot: Plot, who: list[_posts.Person]) -> pl.DataFrame:
    rows = []
    for row in plot.registry:
        said = {name: row.get(name) for name in REGISTRY}
        if "code" in row:
            person = who[row["code"]]
            said |= {"selector": person.id, "platform": person.platform, "name": person.name}
        rows.append(said)
    return pl.DataFrame(rows, schema=dict.fromkeys(REGISTRY, pl.String))
