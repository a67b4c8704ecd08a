"""Who may be read in a dossier: the actors of the findings, and accounts that a registry names. Nobody else.

Every other account becomes `masked:N`. The numbers stand for nothing outside the dossier: a hash of a handle could be
looked up by hashing all handles. With a secret, everybody who is left becomes a keyed hash too.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence

from .. import digest

MASKED = "[masked]"
LETTERS = 3          # a name or handle shorter than this is not searched for in text: it would hit ordinary words

# A mention is an @ and what follows it; an e-mail address is taken first, or its domain would pass for a handle.
# It is looked for from its @: looking for what stands before that takes the square of a text without spaces.
_EMAIL = re.compile(r"(?<=[\w.+-])[@＠][\w-]+(?:\.[\w-]+)+")
_BEFORE_AT = re.compile(r"[\w.+-]")
_PHONE = re.compile(r"(?<![\w/=])\+\d[\d ()./-]{7,18}\d")
_MENTION = re.compile(r"(?<![\w@＠])([@＠])([\w][\w.]*[\w]|[\w])")
# Addresses of a profile: the first part of the path is who it is.
_PROFILE = re.compile(
    r"((?:twitter\.com|x\.com|t\.me(?:/s)?|facebook\.com|instagram\.com|vk\.com|threads\.net|tiktok\.com|youtube\.com"
    r"|reddit\.com/u(?:ser)?|truthsocial\.com)/)(@?)([\w.-]+)", re.IGNORECASE)
_NOT_PEOPLE = frozenset(("i", "search", "hashtag", "share", "sharer", "sharer.php", "watch", "intent", "home", "s", "p",
                         "r", "c", "channel", "user", "u", "groups", "events", "photo.php", "permalink.php"))
_WORD = re.compile(r"[\w]+(?:[.-][\w]+)*")


class Mask:
    """Decides about every id, name and text that goes into a dossier, and counts what it hid.

    What rests on a registry must not change how the rest is written, or nobody could compare a finding without having
    the registry. So objects are masked by the findings alone, and numbers are given to them first.

    Args:
        found: actors (`platform:id`) of the findings; they may be named.
        identified: further actors that a registry or a link names.
        names: handles and names of all of those, by actor.
        outside: the other accounts that occasions and their posts would name.
        outside_grounds: the same of the grounds of links.
        secret: key of the pseudonyms; None: published actors keep their ids.
    """

    def __init__(self, found: Iterable[str], identified: Iterable[str], names: Mapping[str, Sequence[str]],
                 outside: Iterable[str], outside_grounds: Iterable[str], secret: bytes | None = None):
        self.found = frozenset(found)
        self.published = self.found | frozenset(identified)
        self.secret = secret
        self.mentions = 0
        self.used: set[str] = set()
        first = _shuffled(set(outside) - self.found)
        then = _shuffled(set(outside_grounds) - self.published - set(first))
        self._numbers = {account: f"masked:{number}" for number, account in enumerate([*first, *then], 1)}
        self._known_found = _spellings(self.found, names)
        self._known = self._known_found | _spellings(self.published, names)
        phrases = sorted((name for given in names.values() for name in given if len(name) >= LETTERS and " " in name),
                         key=lambda name: (-len(name), name))
        self._phrases = re.compile("|".join(map(re.escape, phrases)), re.IGNORECASE) if phrases else None
        self._platforms = frozenset(actor.partition(":")[0] for actor in self.found)

    def actor(self, actor: str) -> str:
        """An actor as it may be printed."""
        if actor in self.published:
            return self._id("actor", actor)
        return self._masked(actor)

    def post(self, post: str) -> str:
        return self._id("post", post)

    def name(self, name: str) -> str:
        """A name or handle of a published actor."""
        return name if self.secret is None or not name else self._hash("name", name.casefold())

    def selector(self, kind: str, selector: str, receipt: str) -> str:
        """A registry's selector: what reaches a person directly is never printed."""
        if kind in ("email", "phone", "wallet", "ip"):
            return self._hash(kind, selector) if self.secret else "[withheld: see the receipt]"
        if self.secret is None or not selector:
            return selector
        return self.name(selector.lstrip("@")) if kind in ("account", "handle") else self.text(selector, ())

    def thing(self, thing: str) -> str:
        """The object of an action: a link, a text, a list of tags, a post or an account."""
        if thing in self.found:
            return self._id("actor", thing)
        if thing in self._numbers:
            return self._masked(thing)
        platform, colon, _ = thing.partition(":")
        if colon and platform in self._platforms and not thing[len(platform) + 1 :].startswith("/"):
            return self._id("post", thing)
        return self._text(thing, (), self._known_found)

    def unseen(self, thing: str) -> str:
        """An object that is evidence only by its number: whoever has the posts can tell it, nobody can look it up."""
        if thing in self._numbers:
            return self._masked(thing)
        if self.secret is not None:
            return self._hash("thing", thing)
        return "sha256:" + digest.sha256(thing.encode("utf-8"))

    def decided(self, actor: str) -> str:
        """Whom a person decided on. Who is not published any more is a digest that only a list of actors can open."""
        if self.secret is not None or actor in self.published:
            return self._id("actor", actor)
        return actor if actor.startswith("sha256:") else "sha256:" + digest.sha256(actor.encode("utf-8"))

    def quoted(self, words: str, gone: Iterable[str] = ()) -> str:
        """What whoever decided gave as a reason. Nothing hidden in it counts: it is no part of the posts.

        Args:
            gone: ids, handles and names of those whom decisions took out: they are not named again.
        """
        before = self.mentions
        words = self.text(words, gone)
        self.mentions = before
        return words

    def text(self, text: str, mentioned: Iterable[str]) -> str:
        """A text in which nobody outside the findings is mentioned.

        Args:
            text: somebody's words.
            mentioned: whom the platform says that this post mentions, ids or handles.
        """
        return self._text(text, mentioned, self._known)

    def _text(self, text: str, mentioned: Iterable[str], known: frozenset[str]) -> str:
        text = self._without_emails(text)
        text = _PHONE.sub(lambda _: self._hide(f"[number {MASKED[1:]}"), text)
        text = _MENTION.sub(lambda found: self._mention(found, known), text)
        text = _PROFILE.sub(lambda found: self._profile(found, known), text)
        strangers = [bare for who in mentioned if (bare := who.partition(":")[2] if ":" in who else who.lstrip("@"))
                     and len(bare) >= LETTERS and bare.casefold() not in known]
        if strangers:
            one_of = "|".join(re.escape(bare) for bare in sorted(set(strangers), key=lambda bare: (-len(bare), bare)))
            text = re.sub(rf"(?<!\w)(?:{one_of})(?!\w)", lambda _: self._hide(MASKED), text, flags=re.IGNORECASE)
        return text if self.secret is None else self._rename(text, known)

    def _without_emails(self, text: str) -> str:
        pieces, done = [], 0
        for found in _EMAIL.finditer(text):
            begin = found.start()
            while begin > done and _BEFORE_AT.match(text, begin - 1):
                begin -= 1
            if begin < found.start():  # else all that stands before this @ is the end of the address before it
                pieces += [text[done:begin], self._hide(f"[e-mail {MASKED[1:]}")]
                done = found.end()
        return "".join([*pieces, text[done:]])

    def _mention(self, found: re.Match, known: frozenset[str]) -> str:
        if found[2].casefold() in known:
            return found[1] + self.name(found[2])
        return self._hide(found[1] + MASKED)

    def _profile(self, found: re.Match, known: frozenset[str]) -> str:
        who = found[3].casefold()
        if who in known or who in _NOT_PEOPLE:
            return found[0]
        return self._hide(found[1] + found[2] + MASKED)

    def _rename(self, text: str, known: frozenset[str]) -> str:
        if self._phrases:
            text = self._phrases.sub(lambda found: self.name(found[0]), text)
        return _WORD.sub(lambda found: self.name(found[0]) if len(found[0]) >= LETTERS
                         and found[0].casefold() in known else found[0], text)

    def _hide(self, instead: str) -> str:
        self.mentions += 1
        return instead

    def _masked(self, account: str) -> str:
        said = self._numbers.get(account, "masked:0")
        self.used.add(said)
        return said

    def _id(self, kind: str, spelled: str) -> str:
        if self.secret is None or not spelled:
            return spelled
        return f"{spelled.partition(':')[0]}:{self._hash(kind, spelled)}"

    def _hash(self, kind: str, spelled: str) -> str:
        if not self.secret:
            raise ValueError("a keyed hash needs its key")
        return "p-" + hmac.new(self.secret, f"{kind}\0{spelled}".encode(), hashlib.sha256).hexdigest()[:20]


def pseudonym(secret: bytes, actor: str) -> str:
    """How an actor is written in a dossier under a key of pseudonyms."""
    return Mask((), (), {}, (), (), secret)._id("actor", actor)


def _shuffled(accounts: Iterable[str]) -> list[str]:
    """In an order that does not tell the names: that of their digests."""
    return sorted(accounts, key=lambda account: digest.sha256(account.encode("utf-8")))


def _spellings(actors: Iterable[str], names: Mapping[str, Sequence[str]]) -> frozenset[str]:
    return frozenset(spelled.casefold() for actor in actors
                     for spelled in (actor.partition(":")[2], *names.get(actor, ())))
