"""A plot as the posts that its platforms would give out. What is true of anybody is not in here.

Posts are numbered in the order of their times, ids are drawn without regard to groups, and what could break a careless
program stands somewhere: markup in a name, a formula in a text, a direction mark, a line end.
"""

import datetime as dt
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from . import _platform as platform
from ._plot import CHATTER, CHEER, COPY, DISGUISED, EDITED, HEADLINE, LINK, REPLY, REPOST, Plot
from ._shares import START
from ._words import LANGS, TASTE_SCRIPTS

PLATFORMS = {"account": "plaza", "page": "plaza", "channel": "kanal"}
ROOMS_ON = "plaza"
UTM = ("", "", "", "", "", "?utm_source=share", "?utm_source=app&utm_medium=social")  # as share buttons decorate links
TAGGED = 0.35             # of posts on an item carry its tags
GREETINGS = 0.06          # of chatter says what everybody says
FACELESS, STOCK_BIOS = 0.15, 0.06  # of people keep the platform's picture, have a bio that many have
NEWCOMERS = 0.1           # of people came in the same month, each for itself: something was in the news
PROGRAMS = ("web", "web", "phone", "phone", "phone", "tablet")
HOSTILE_NAMES = ('<img src=x onerror="alert(1)">', "=1+1", "\u202eelpmaxe\u202c Veri",
                 "</script><script>alert(2)</script>")
HOSTILE_WORDS = ('=HYPERLINK("https://prize.example","Look here") ', "<b onmouseover=alert(3)>&amp;</b> ",
                 "\u202edesrever\u202c ", "@SUM(1,2), \"quoted\",\n- and a new line ")

COLUMNS = ("platform", "post", "account", "account_kind", "account_name", "account_handle", "account_created",
           "account_bio", "account_site", "at", "kind", "of", "of_account", "of_at", "place", "place_kind",
           "place_name", "text", "links", "tags", "lang", "account_avatar", "client")
LISTS = ("links", "tags")


@dataclass(frozen=True)
class Person:
    """What an actor shows of itself."""

    platform: str
    kind: str
    id: str
    name: str
    handle: str
    created: str
    bio: str | None
    site: str | None
    avatar: str | None = None
    client: str | None = None
    renamed: tuple[int, str, str] | None = None  # until when (s) it had which name and handle

    @property
    def actor(self) -> str:
        return f"{self.platform}:{self.id}"


def time(seconds: int) -> str:
    """Seconds since the start of a world as UTC, whole seconds, with its zone."""
    return (START + dt.timedelta(seconds=int(seconds))).strftime("%Y-%m-%dT%H:%M:%SZ")


def people(plot: Plot) -> list[Person]:
    """Everybody, by code; ids and handles are drawn at random and say nothing."""
    rng, lexicon = plot.rng, plot.lexicon
    ids = rng.choice(9 * 10**8, plot.people.size, replace=False) + 10**8  # longer than the ids of groups
    age = rng.integers(60, 3000, plot.people.size)
    hostile = rng.permutation(plot.people.size)[: len(HOSTILE_NAMES)].tolist()
    planted = [int(group.members[0]) for group in plot.groups if group.label == "operation"]
    odd = dict(zip(hostile, HOSTILE_NAMES, strict=True)) | dict(zip(planted, HOSTILE_NAMES, strict=False))
    found = []
    for code in range(plot.people.size):
        taste, kind = int(plot.people.taste[code]), str(plot.kinds[code])
        name = plot.names.get(code) or odd.get(code) or lexicon.name(taste)
        born = plot.born[code] + int(rng.integers(0, 20)) if code in plot.born else int(age[code])
        created = time(-born * platform.DAY + int(rng.integers(0, platform.DAY)))
        bio = plot.bios.get(code) or (lexicon.sentence(taste, 4, 8) if rng.random() < 0.7 else None)
        found.append(Person(PLATFORMS[kind], kind, str(ids[code]), name, f"{lexicon.slug(2)}{rng.integers(10, 999)}",
                            created, bio, plot.own_site.get(code)))
    return _faces(plot, found) if plot.faces else found


def _faces(plot: Plot, bare: list[Person]) -> list[Person]:
    """Pictures, programs and earlier names; and what honest people have in common by chance."""
    rng = np.random.Generator(np.random.PCG64([plot.seed, 1]))
    stock = [plot.lexicon.sentence(0, 3, 5) for _ in range(4)]
    month = int(rng.integers(200, 2000))
    dressed = []
    for code, person in enumerate(bare):
        luck = rng.random(3)
        joined = time(-(month + int(rng.integers(0, 30))) * platform.DAY + int(rng.integers(0, platform.DAY)))
        changes: dict = {"avatar": plot.pictures.get(code) or picture("plain" if luck[0] < FACELESS else rng.bytes(9)),
                         "client": plot.clients.get(code) or f"{person.platform} {rng.choice(PROGRAMS)}"}
        if code in plot.handles:
            changes["handle"] = plot.handles[code]
        if luck[1] < STOCK_BIOS and code not in plot.bios:
            changes["bio"] = str(rng.choice(stock))
        if luck[2] < NEWCOMERS and code not in plot.born:
            changes["created"] = joined
        if code in plot.renamed:
            changes["renamed"] = (plot.renamed[code], plot.lexicon.name(int(plot.people.taste[code])),
                                  f"{plot.lexicon.slug(2)}{rng.integers(10, 999)}")
        dressed.append(replace(person, **changes))
    return dressed


def picture(of: str | bytes) -> str:
    """The address of a picture; the same picture has the same one."""
    return f"https://faces.example/{of if isinstance(of, str) else of.hex()}.png"


class Writer:
    """Writes the posts of a plot in the order of their times."""

    def __init__(self, plot: Plot, who: list[Person]) -> None:
        self.plot, self.who = plot, who
        self.rng, self.lexicon = plot.rng, plot.lexicon
        outlets = [[f"{self.lexicon.slug()}.example" for _ in range(7)] for _ in range(platform.TASTES)]
        vocabulary = [[self.lexicon.slug(2) for _ in range(24)] for _ in range(platform.TASTES)]
        self.headlines, self.links, self.tags = [], [], []
        for item, taste in enumerate(plot.things.taste.tolist()):
            site = plot.sites.get(item) or self._any(outlets[taste])
            self.headlines.append(self.lexicon.headline(taste))
            self.links.append(f"https://{site}/{self.lexicon.slug(4)}-{item}")
            self.tags.append(tuple(self._any(vocabulary[taste]) for _ in range(int(self.rng.integers(0, 4)))))
        self.greetings = [f"{self.lexicon.sentence(0, 2, 4)}" for _ in range(6)]
        self.rooms = [str(i) for i in self.rng.choice(9 * 10**7, len(plot.rooms), replace=False) + 10**7]
        self.room_names = [self.lexicon.name(taste) for taste in plot.rooms]
        self.first: dict[tuple[int, str], dict] = {}
        self.written: dict[int, dict] = {}

    def _any(self, choices: list) -> str:
        return choices[self.rng.integers(len(choices))]

    def posts(self) -> pl.DataFrame:
        """All posts, one row each, columns `COLUMNS`."""
        acts = self.plot.acts
        order = np.lexsort((self.rng.random(len(acts.at)), acts.at))
        sources = set(self.plot.source[self.plot.source >= 0].tolist())
        rows = []
        for number, event in enumerate(order.tolist(), 1):
            code, item, form = int(acts.account[event]), int(acts.item[event]), int(self.plot.form[event])
            row = self._row(code, number, time(acts.at[event]))
            self._word(row, code, item, form, int(self.plot.source[event]))
            if event in sources:
                self.written[event] = row
            if item >= 0 and row["kind"] == "post":
                self.first.setdefault((item, row["platform"]), row)
            rows.append(row)
        return pl.DataFrame([pl.Series(name, [row[name] for row in rows],
                                       dtype=pl.List(pl.String) if name in LISTS else pl.String) for name in COLUMNS])

    def _row(self, code: int, number: int, at: str) -> dict:
        person, taste = self.who[code], int(self.plot.people.taste[code])
        room = self.plot.room(code) if person.kind == "account" else None
        name, handle = person.name, person.handle
        if person.renamed is not None and at < time(person.renamed[0]):
            _, name, handle = person.renamed
        return {"platform": person.platform, "post": str(7_000_000 + number), "account": person.id,
                "account_kind": person.kind, "account_name": name, "account_handle": handle,
                "account_created": person.created, "account_bio": person.bio, "account_site": person.site, "at": at,
                "kind": "post", "of": None, "of_account": None, "of_at": None,
                "place": None if room is None else self.rooms[room], "place_kind": None if room is None else "group",
                "place_name": None if room is None else self.room_names[room],
                "lang": LANGS[TASTE_SCRIPTS[taste]], "links": [], "tags": [],
                "account_avatar": person.avatar, "client": person.client}

    def _word(self, row: dict, code: int, item: int, form: int, source: int) -> None:
        """Fill in what the post says, and what it answers or repeats."""
        taste = int(self.plot.people.taste[code])
        first = self.first.get((item, row["platform"])) if form in (REPOST, REPLY) else None
        first = None if first is None or first["account"] == row["account"] else first
        if form == COPY:
            said = self.written[source]
            row.update(text=said["text"], links=said["links"], tags=said["tags"], lang=said["lang"])
        elif first is not None:
            row.update(of=first["post"], of_account=first["account"], of_at=first["at"])
            if form == REPOST:
                row.update(kind="share", **{name: first[name] for name in ("text", "links", "tags", "lang")})
            else:
                row.update(kind="reply", text=self.lexicon.sentence(taste, 4, 11))
        elif form == CHEER:
            self._tag(row, self.lexicon.sentence(taste, 3, 9), self.plot.tags[item])
        elif form == CHATTER:
            row.update(text=self._chatter(taste))
        elif item in self.plot.texts:
            self._repeat(row, item, taste, form)
        else:
            self._share(row, item, taste, form)

    def _chatter(self, taste: int) -> str:
        if self.rng.random() < GREETINGS:
            return self._any(self.greetings)
        text = self.lexicon.sentence(taste, 5, 18)
        return self._any(list(HOSTILE_WORDS)) + text if self.rng.random() < 0.01 else text

    def _repeat(self, row: dict, item: int, taste: int, form: int) -> None:
        text = self.plot.texts[item]
        if form == EDITED:
            text = self.lexicon.edit(taste, text)
        if form in (DISGUISED, EDITED):
            text = self.lexicon.disguise(text)
        if form in (DISGUISED, EDITED) and self.rng.random() < 0.3:
            row["links"] = [f"https://{self.lexicon.slug()}.example/{self.lexicon.slug(2)}"]
            text = f"{text} {row['links'][0]}"
        self._tag(row, text, self.plot.tags[item])

    def _share(self, row: dict, item: int, taste: int, form: int) -> None:
        link = self.links[item] + self._any(list(UTM))
        words = self.headlines[item] if form == HEADLINE else self.lexicon.sentence(taste, 5, 14)
        row["links"] = [link]
        tags = self.tags[item] if form in (LINK, HEADLINE) and self.rng.random() < TAGGED else ()
        self._tag(row, f"{words} {link}", tags)

    def _tag(self, row: dict, text: str, tags: tuple[str, ...]) -> None:
        row["tags"] = list(tags)
        row["text"] = " ".join([text, *(f"#{tag}" for tag in tags)])
