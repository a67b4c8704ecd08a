"""What happens in one world, and what is true in it: a platform filled with people, and groups planted among them.

A world is told in a few lines (`_zoo.py`) with the verbs of `Plot`. Whoever joins a group was an ordinary account
before, keeps its ordinary life beside it, and nothing about its id, its place in the file or its name tells.
"""

from dataclasses import dataclass

import numpy as np

from . import _platform as platform
from ._words import Lexicon

# how somebody words an act
LINK, HEADLINE, REPOST, REPLY, CHATTER, VERBATIM, DISGUISED, EDITED, COPY, CHEER = range(10)
FOLLOW = (0.30, 0.30, 0.31, 0.09)   # of the acts of followers: own words and link, headline and link, repost, reply
PUBLISH = (0.55, 0.45)              # of first acts: own words, headline
CHATS = 0.22                        # posts about nothing that others share, as a share of the platform's acts
PAGES, CHANNELS = 0.07, 0.05        # shares of actors
ROOMS_PER_TASTE = 3                 # groups of the platform that anybody of one taste may post in
IN_ROOM = 0.1                       # of the posts of accounts, so many appear in one of them
STRAY = 0.05                        # of those, so many in a group that somebody opened for ends of their own
AT_HOME = 0.6                       # of the posts of those who opened it
FRINGE = 4                          # strangers who share an item of a site that few read, at most
WORDS_TEMPO_S = 4 * platform.MEDIAN_LAG_S  # words travel more slowly than links
NEWS_TEMPO_S = 2400.0                   # median age of a breaking story when somebody shares it
CHEER_S = 45.0                          # mean time that a cheer takes to type
COPY_AFTER_S = (180, 2 * platform.DAY)  # readers copy minutes to two days later, and always after


@dataclass(frozen=True)
class Group:
    """Some accounts that belong together, and the two verdicts that are true of them."""

    name: str
    what: str
    label: str               # operation or benign
    coordinated: bool
    inauthentic: bool
    members: np.ndarray      # codes; groups of the platform come after the people


class Plot:
    """A platform in the making."""

    def __init__(self, seed: int, *, accounts: int, items: int, shares: int, days: int, fans: float,
                 faces: bool = False, islands: bool = False) -> None:
        self.seed, self.faces = seed, faces      # faces: people show pictures and the programs that they post with
        self.rng = np.random.Generator(np.random.PCG64(seed))
        self.days = days
        self.lexicon = Lexicon(self.rng)
        self.people = platform.crowd(self.rng, accounts, fans=fans)
        self.people = platform.islands(self.rng, self.people) if islands else self.people
        self.things = platform.shelf(self.rng, self.people, items, shares=shares, days=days)
        kinds = self.rng.permutation(np.repeat([0, 1, 2], [accounts - round(PAGES * accounts) - round(
            CHANNELS * accounts), round(PAGES * accounts), round(CHANNELS * accounts)]))
        self.kinds = np.array(["account", "page", "channel"])[kinds]
        self.texts: dict[int, str] = {}          # item → its words, for items that are words and no link
        self.tags: dict[int, tuple[str, ...]] = {}
        self.begun: dict[int, int] = {}          # item → when strangers began to post those words, s
        self.sites: dict[int, str] = {}          # item → the site it is on, where a group chose it
        self.own_site: dict[int, str] = {}       # account → the site it calls its own
        self.bios: dict[int, str] = {}
        self.names: dict[int, str] = {}
        self.born: dict[int, int] = {}           # account → days before the world in which its group was made
        self.handles: dict[int, str] = {}
        self.pictures: dict[int, str] = {}
        self.clients: dict[int, str] = {}
        self.renamed: dict[int, int] = {}        # account → s at which it took another name and handle
        self.rooms = [taste for taste in range(platform.TASTES) for _ in range(ROOMS_PER_TASTE)]  # taste of each
        self.opened: list[int] = []              # rooms that a group of accounts opened
        self.haunts: dict[int, list[int]] = {}   # account → rooms in which it mostly posts
        self.groups: list[Group] = []
        self.across: list[tuple[str, str]] = []  # groups whose members coordinate with each other's
        self.registry: list[dict] = []
        self.free = self.rng.permutation(accounts).tolist()
        life = platform.life(self.rng, self.people, self.things, days=days, catch_up=0.3)
        self.acts, self.form = life, self._habits(life)
        self.source = np.full(len(life.at), -1)
        self._chat(round(CHATS * len(life.at)))

    def _habits(self, acts: platform.Acts) -> np.ndarray:
        follow = self.rng.choice((LINK, HEADLINE, REPOST, REPLY), len(acts.at), p=FOLLOW)
        first = acts.account == self.things.publisher[acts.item]
        return np.where(first, self.rng.choice((LINK, HEADLINE), len(acts.at), p=PUBLISH), follow)

    def _chat(self, count: int) -> None:
        who = self._anybody(count)
        at = platform.waking(self.rng, self.people.midday[who], days=self.days)
        self.add(platform.Acts(who, np.full(count, -1), at), CHATTER)

    def add(self, acts: platform.Acts, form: int | np.ndarray, source: np.ndarray | None = None) -> None:
        """These acts happen too, worded in this form."""
        inside = acts.at < self.days * platform.DAY
        count = len(acts.at)
        self.acts = platform.Acts.join(self.acts, acts.pick(inside))
        self.form = np.concatenate([self.form, np.broadcast_to(form, count)[inside]])
        self.source = np.concatenate([self.source, (np.full(count, -1) if source is None else source)[inside]])

    def recruit(self, count: int, kind: str = "account") -> np.ndarray:
        """Anybody of that kind who is in no group yet; super-fans are a group of their own."""
        fit = [code for code in self.free if self.kinds[code] == kind and self.people.fan_of[code] < 0][:count]
        taken = set(fit)
        self.free = [code for code in self.free if code not in taken]
        return np.array(sorted(fit))

    def declare(self, name: str, what: str, members: np.ndarray, *, label: str = "benign", coordinated: bool = False,
                inauthentic: bool = False) -> None:
        """State what is true of a group."""
        self.groups.append(Group(name, what, label, coordinated, inauthentic, members))

    def open_rooms(self, members: np.ndarray, count: int) -> np.ndarray:
        """Members open groups of the platform and post there; others come in as well. Returns the groups' codes."""
        rooms = list(range(len(self.rooms), len(self.rooms) + count))
        self.rooms += [0] * count
        self.opened += rooms
        self.haunts.update({int(code): rooms for code in members})
        return np.array(rooms) + self.people.size

    def room(self, code: int) -> int | None:
        """In which group of the platform an account posts this time, if in any."""
        if code in self.haunts and self.rng.random() < AT_HOME:
            return int(self.rng.choice(self.haunts[code]))
        if self.rng.random() >= IN_ROOM:
            return None
        if self.opened and self.rng.random() < STRAY:
            return int(self.rng.choice(self.opened))
        return int(self.people.taste[code]) * ROOMS_PER_TASTE + int(self.rng.integers(ROOMS_PER_TASTE))

    def pick_items(self, count: int, *, site: str | None = None) -> np.ndarray:
        """Items that others share too, early enough to be acted on; `site` puts them on one site, which few read."""
        early = np.flatnonzero((self.things.published < (self.days - 2) * platform.DAY)
                               & ((self.things.shares <= FRINGE) | (site is None)))
        early = early[[code not in self.sites for code in early]]
        items = self.rng.choice(early, count, replace=False)
        self.sites.update(dict.fromkeys(items.tolist(), site) if site else {})
        return items

    def write_items(self, texts: list[str], *, tags: tuple[str, ...] = ()) -> np.ndarray:
        """New items that are words."""
        first = self.things.size + len(self.texts)
        items = np.arange(first, first + len(texts))
        self.texts.update(zip(items.tolist(), texts, strict=True))
        self.tags.update(dict.fromkeys(items.tolist(), tags))
        return items

    def push(self, members: np.ndarray, items: np.ndarray, form: int | tuple[int, ...], *, jitter_s: int,
             participation: float = 1.0) -> None:
        """Members act together on items, some time after others began with them; on words of their own at any time."""
        midday = float(self.rng.choice(self.people.midday))
        theirs = np.full(len(items), midday)
        if items[0] < self.things.size:
            moments = platform.after(self.rng, self.things.published[items], self.things.tempo[items], theirs)
        elif int(items[0]) in self.begun:
            start = np.array([self.begun[one] for one in items.tolist()])
            moments = platform.after(self.rng, start, np.full(len(items), WORDS_TEMPO_S), theirs)
        else:
            moments = platform.waking(self.rng, theirs, days=self.days - 1)
        acts = platform.ring(self.rng, members=members, items=items, moments=moments, jitter_s=jitter_s,
                             participation=participation)
        self.add(acts, self.rng.choice(form, len(acts.at)) if isinstance(form, tuple) else form)

    def copy(self, readers: np.ndarray, original: int, *, share: float) -> None:
        """Readers post what `original` posted, word for word, each a `share` (0–1) of it, and always after it."""
        theirs = np.isin(self.acts.account, readers)
        known = self.acts.item[self.acts.account == original]
        kept = ~(theirs & np.isin(self.acts.item, known[known >= 0]))
        self._keep(kept)
        posts = np.flatnonzero((self.acts.account == original) & ~np.isin(self.form, (REPOST, REPLY)))
        source = np.tile(posts, len(readers))
        account = np.repeat(readers, len(posts))
        lag = np.clip(7200 * self.rng.lognormal(0.0, 1.5, len(source)), *COPY_AFTER_S).astype(np.int64)
        copied = self.rng.random(len(source)) < share
        acts = platform.Acts(account, self.acts.item[source], self.acts.at[source] + lag)
        self.add(acts.pick(copied), COPY, source[copied])

    def circulate(self, items: np.ndarray, size: int, form: int = VERBATIM) -> None:
        """Words go round: somebody posts them first, and about `size` strangers each after hours or days."""
        item = np.repeat(items, 1 + self.rng.poisson(size, len(items)))
        who = self._anybody(len(item))
        begun = platform.waking(self.rng, self.people.midday[who], days=self.days - 3)
        first = np.r_[True, np.diff(item) != 0]
        self.begun.update(zip(items.tolist(), begun[first].tolist(), strict=True))
        start = np.array([self.begun[one] for one in item.tolist()])
        lag = platform.after(self.rng, start, WORDS_TEMPO_S * self.people.speed[who], self.people.midday[who])
        self.add(platform.Acts(who, item, np.where(first, start, lag)), form)

    def _keep(self, kept: np.ndarray) -> None:
        place = np.cumsum(kept) - 1
        self.acts, self.form = self.acts.pick(kept), self.form[kept]
        moved = np.where(self.source >= 0, place[self.source], -1)
        self.source = moved[kept]

    def burst(self, count: int, size: int) -> None:
        """Some items go viral."""
        acts = platform.bursts(self.rng, self.people, self.things, count=count, size=size, days=self.days)
        self.add(acts, self.rng.choice((LINK, REPOST), len(acts.at)))

    def stock(self, texts: int, size: int) -> None:
        """Words that belong to nobody (a prayer, a lyric): strangers post them over the weeks."""
        items = self.write_items([self.lexicon.sentence(0, 12, 18) for _ in range(texts)])
        who = self.rng.choice(self.people.size, texts * size)
        at = platform.waking(self.rng, self.people.midday[who], days=self.days)
        self.add(platform.Acts(who, np.repeat(items, size), at), VERBATIM)

    def early(self, count: int) -> np.ndarray:
        """Any items that appear early enough to be taken up."""
        return self.rng.choice(np.flatnonzero(self.things.published < (self.days - 2) * platform.DAY), count,
                               replace=False)

    def club(self, members: np.ndarray, items: np.ndarray, *, hour: int | None, share: float) -> None:
        """People of one taste take up a `share` (0–1) of the items, each on its own, in one hour of the day (UTC)."""
        acts = platform.club(self.rng, self.people, self.things, members=members, items=items, hour=hour, share=share,
                             days=self.days)
        self.add(acts, self._habits(acts))

    def news(self, stories: int, outlets: int, readers: int) -> None:
        """Stories break: many outlets have each within half an hour, and whoever is up shares several of them."""
        items = self.early(stories * outlets)
        broke = platform.waking(self.rng, self.rng.choice(self.people.midday, stories), days=self.days - 1)
        moved = np.repeat(broke, outlets) + self.rng.integers(0, 1800, len(items)) - self.things.published[items]
        later = np.zeros(self.things.size + len(self.texts), dtype=np.int64)
        later[items] = moved
        self.things.published[items] += moved
        self.acts.at[:] += np.where(self.acts.item >= 0, later[self.acts.item], 0)
        self._keep(self.acts.at < self.days * platform.DAY)
        item = np.repeat(items, readers)
        who = self._anybody(len(item))
        lag = NEWS_TEMPO_S * self.people.speed[who] * self.rng.lognormal(0.0, 1.0, len(item))
        at = self.things.published[item] + 30 + lag.astype(np.int64)
        up = self.rng.random(len(item)) < platform.awake(self.people.midday[who], at)
        acts = platform.Acts(who, item, at).pick(up)
        self.add(acts, self._habits(acts))

    def match(self, crowd: np.ndarray, items: np.ndarray, goals: int, *, part: float) -> None:
        """A live event: at each goal a `part` (0–1) of the crowd cheers with its side's tags, as fast as it types.

        Args:
            items: two of each side, without and with the tag of the moment.
        """
        start = int(platform.waking(self.rng, self.rng.choice(self.people.midday, 1), days=self.days - 1)[0])
        side = self.rng.permutation(len(crowd)) % 2
        for goal in np.sort(self.rng.integers(0, 6000, goals)):
            cheers = self.rng.random(len(crowd)) < part
            which = items[side[cheers] + 2 * (self.rng.random(int(cheers.sum())) < 0.4)]
            at = start + goal + 4 + self.rng.exponential(CHEER_S, len(which)).astype(np.int64)
            self.add(platform.Acts(crowd[cheers], which, at), CHEER)

    def giant(self, count: int) -> None:
        """One link that everybody shares some time."""
        who = self.rng.permutation(self.people.size)[:count]
        at = platform.waking(self.rng, self.people.midday[who], days=self.days)
        item = self.rng.choice(self.things.size)
        self.add(platform.Acts(who, np.full(len(who), item), np.maximum(at, self.things.published[item])), LINK)

    def live(self, members: np.ndarray, each: int) -> None:
        """Members do `each` more of what anybody of their taste does, as anybody does it."""
        who, item = np.repeat(members, each), np.empty(len(members) * each, dtype=np.int64)
        for taste in np.unique(self.people.taste[who]):
            mine = self.people.taste[who] == taste
            liking = self.things.shares * np.where(self.things.taste == taste, platform.OWN_TASTE, 1.0)
            item[mine] = self.rng.choice(self.things.size, int(mine.sum()), p=liking / liking.sum())
        lag = platform.lags(self.rng, self.people, self.things, who, item)
        acts = platform.once(platform.Acts(who, item, self.things.published[item] + lag))
        self.add(acts, self._habits(acts))

    def enter(self, hunters: np.ndarray, items: np.ndarray, *, share: float) -> None:
        """Hunters look for words that go round; each finds a `share` (0–1) of them, minutes to hours later."""
        takes = self.rng.random(len(hunters) * len(items)) < share
        who, item = np.repeat(hunters, len(items))[takes], np.tile(items, len(hunters))[takes]
        start = np.array([self.begun[one] for one in item.tolist()])
        at = platform.after(self.rng, start, 1800.0 * self.people.speed[who], self.people.midday[who])
        self.add(platform.Acts(who, item, at), VERBATIM)

    def _anybody(self, count: int) -> np.ndarray:
        return self.rng.choice(self.people.size, count, p=self.people.activity / self.people.activity.sum())
