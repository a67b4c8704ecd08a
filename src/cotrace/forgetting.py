"""What is left of a case when a person's posts are taken out of it: everything else, and digests.

Who was forgotten is known by keyed digests of ids, names and posts alone, so that the same files read again do not
bring them back, and nobody can read from a case whom it forgot. Other people's posts stay; where they name the person,
answer or repost them, the name is gone and a hash stands where a thing was. It refuses to guess: what it cannot take
the person out of is taken out whole, and can be computed again.
"""

import hashlib
import hmac
import io
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import polars as pl

from . import derive, digest, tables
from .records import Reading

GONE = "[forgotten]"
BARE = 8          # of a post: its id alone is looked for from this length on; shorter numbers are anything
REMEMBERED = 500_000  # spellings that were looked up: about 100 MB, and words of posts come again and again
LETTERS = 3       # a shorter id or name is looked for as a whole cell only: in a text it would hit ordinary words
WORD = re.compile(r"\w+")
UNNAMED = ("receipt", "sha256", "selectors", "cluster")   # columns of digests, in which no word is a name
SPELLED = ("handle", "name", "text", "tags", "selector", "object", "because")  # here a number may be somebody's id
PERSONS = ("members", "roles", "edges", "occasions", "posts", "links", "grounds", "meetings", "bearers", "decisions")
WITHHELD = "cotrace dossier 1, withheld"
PAGE = ("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Withheld</title></head><body><p>"
        "Somebody was forgotten in this case, and the statement that named them is withheld. What is left of its "
        "evidence, and the digests of the rest, are in dossier.zip: cotrace verify says what still follows.</p></body>"
        "</html>\n")
PEOPLE = {*tables.ACTORS, "post", "at"} - {"seen_from", "seen_to"}  # of one file: `reading.Share`
COLUMNS = {frozenset(schema): name for name, schema in (
    ("posts", tables.POSTS), ("actors", tables.ACTORS), ("rejects", tables.REJECTS), ("sources", tables.SOURCES),
    ("actors", PEOPLE))}


class Forgotten:
    """Whom a case forgot, by keyed digests of how they are spelled: ids, handles, names, and ids of posts."""

    def __init__(self, key: bytes, whole: Iterable[str] = (), actors: Iterable[str] = (), lengths: Iterable[int] = ()):
        """
        Args:
            whole: digests of every spelling.
            actors: digests of ids alone, `platform:id`.
            lengths: in words, of the spellings that are looked for in texts.
        """
        self.key = key
        self.whole, self.actors, self.lengths = set(whole), set(actors), sorted(set(lengths))
        self._known: dict[str, bool] = {}

    def __bool__(self) -> bool:
        return bool(self.actors)

    def digest(self, spelled: str) -> str:
        return hmac.new(self.key, b"forgotten\0" + spelled.casefold().encode("utf-8"), hashlib.sha256).hexdigest()

    def add(self, actor: str, *, names: Iterable[str] = (), posts: Iterable[str] = ()) -> dict:
        """Forget one more; returns what has to be kept of them.

        Args:
            actor: platform:id.
            names: handles and names that they ever had.
            posts: ids of their posts, platform:id.
        """
        ids = {actor, *posts}
        every = {actor, actor.partition(":")[2], *names, *posts,
                 *(bare for post in posts if len(bare := post.partition(":")[2]) >= BARE)} - {""}
        every |= {_core(one) for one in every} - {""}
        every |= {f"sha256:{digest.sha256(one.encode('utf-8'))}" for one in ids}  # as a dossier writes whom it masks
        told = {"actor": self.digest(actor), "whole": sorted(map(self.digest, every)),
                "lengths": sorted({len(WORD.findall(one)) for one in every if len(one) >= LETTERS} - {0})}
        self.learn(told)
        return told

    def learn(self, told: Mapping) -> None:
        """What `add` gave, from the case."""
        self.actors.add(told["actor"])
        self.whole |= set(told["whole"])
        self.lengths = sorted({*self.lengths, *told["lengths"]})
        self._known.clear()

    def knows(self, spelled: str | None) -> bool:
        """Is this whole cell a spelling of somebody forgotten?"""
        if not spelled:
            return False
        folded = spelled.casefold()
        if folded not in self._known:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[folded] = self.digest(folded) in self.whole
        return self._known[folded]

    def text(self, text: str) -> str:
        """The text without them; runs of words are compared, whatever stands between the words."""
        spans = self._spans(text)
        for start, end in reversed(spans):
            text = text[:start] + GONE + text[end:]
        return text

    def names(self, text: str | None) -> bool:
        """Does the text name somebody forgotten?"""
        return bool(text) and (self.knows(text) or bool(self._spans(text or "")))

    def _spans(self, text: str) -> list[tuple[int, int]]:
        words = [found.span() for found in WORD.finditer(text)]
        spans: list[tuple[int, int]] = []
        at = 0
        while at < len(words):
            end = next((words[at + length - 1][1] for length in reversed(self.lengths) if at + length <= len(words)
                        and words[at + length - 1][1] - words[at][0] >= LETTERS
                        and self.knows(text[words[at][0] : words[at + length - 1][1]])), None)
            if end is None:
                at += 1
                continue
            spans.append((words[at][0], end))
            while at < len(words) and words[at][0] < end:
                at += 1
        return spans

    def instead(self, spelled: str) -> str:
        """What stands where an id stood: the same for the same id, so that others who meet on it still do."""
        return f"{spelled.partition(':')[0]}:forgotten-{self.digest(spelled)[:16]}"


def _core(spelled: str) -> str:
    """From the first word to the last: what a text holds of a name that has signs around it."""
    words = [found.span() for found in WORD.finditer(spelled)]
    return spelled[words[0][0] : words[-1][1]] if words else ""


def from_facts(key: bytes | None, told: Iterable[Mapping]) -> Forgotten:
    """Everybody whom a case forgot."""
    everybody = Forgotten(key or b"")
    for one in told:
        everybody.learn(one)
    return everybody


# ------------------------------------------------------------------------------------------------- a reading

def scrub(read: Reading, gone: Forgotten) -> Reading:
    """A reading without the posts of those who were forgotten, and with nobody's naming them."""
    if not gone:
        return read
    inputs = tuple(replace(one, name=gone.text(one.name)) for one in read.inputs)
    return replace(read, posts=posts(read.posts, gone), actors=actors(read.actors, gone),
                   rejects=rejects(read.rejects, gone), inputs=inputs, notes=tuple(map(gone.text, read.notes)))


def posts(frame: pl.DataFrame, gone: Forgotten) -> pl.DataFrame:
    """tables.POSTS without theirs; of reposts of theirs the words go too, for they are theirs."""
    kept = frame.filter(~_known(frame, "account", gone), ~_known(frame, "place", gone))
    theirs = (_known(kept, "of", gone) | _known(kept, "of_account", gone)
              | _texts(kept, "text", gone.names)) & (kept["kind"] == "share").fill_null(False)
    kept = kept.with_columns(
        pl.when(pl.Series(theirs)).then(None).otherwise(pl.col(name)).alias(name)
        for name in ("text", "links", "tags", "mentions", "media"))
    return kept.with_columns(
        _cells(kept, "of", lambda one: gone.instead(one) if gone.knows(one) else one),
        _cells(kept, "of_account", lambda one: gone.instead(one) if gone.knows(one) else one),
        _cells(kept, "text", gone.text), _cells(kept, "client", gone.text),
        *(_lists(kept, name, gone) for name in ("links", "tags", "mentions")))


def actors(frame: pl.DataFrame, gone: Forgotten) -> pl.DataFrame:
    """tables.ACTORS without theirs."""
    kept = frame.filter(~_known(frame, "actor", gone))
    return kept.with_columns(_cells(kept, name, gone.text) for name in ("handle", "name", "bio", "avatar", "site"))


def rejects(frame: pl.DataFrame, gone: Forgotten) -> pl.DataFrame:
    """tables.REJECTS: what was found in a rejected record could be anybody's, and is dropped where it is theirs."""
    return frame.with_columns(_cells(frame, "found", gone.text), _cells(frame, "file", gone.text))


def sources(frame: pl.DataFrame, gone: Forgotten) -> pl.DataFrame:
    """tables.SOURCES without the entries that name them: what was published stays published, and is not kept here."""
    if not gone:
        return frame
    named = [any(gone.names(str(cell)) for cell in row if cell is not None) or gone.knows(f"{platform}:{selector}")
             for row, platform, selector in zip(frame.select("selector", "name", "note").iter_rows(),
                                                frame["platform"], frame["selector"], strict=True)]
    return frame.filter(~pl.Series(named, dtype=pl.Boolean))


def _known(frame: pl.DataFrame, column: str, gone: Forgotten) -> pl.Series:
    return _texts(frame, column, gone.knows)


def _texts(frame: pl.DataFrame, column: str, test: Callable[[str | None], bool]) -> pl.Series:
    distinct = {one: test(one) for one in frame[column].unique().to_list()}
    return pl.Series([distinct[one] for one in frame[column].to_list()], dtype=pl.Boolean)


def _cells(frame: pl.DataFrame, column: str, change: Callable[[str], str]) -> pl.Series:
    changed = {one: one if one is None else change(one) for one in frame[column].unique().to_list()}
    return pl.Series(column, [changed[one] for one in frame[column].to_list()], dtype=frame.schema[column])


def _lists(frame: pl.DataFrame, column: str, gone: Forgotten) -> pl.Series:
    def left(items: list[str] | None) -> list[str] | None:
        return None if items is None else [one for one in items if not gone.names(one)] or None

    return pl.Series(column, [left(items) for items in frame[column].to_list()], dtype=frame.schema[column])


# --------------------------------------------------------------------------------------------------- a blob

def without(raw: bytes, gone: Forgotten) -> bytes:
    """A blob of a case without them: the same bytes where it never held them, b"" where it goes whole."""
    if raw[:4] == b"PAR1":
        return _table(raw, gone)
    if raw[:4] == b"PK\x03\x04":
        return withhold(raw, gone)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw  # a key: 32 random bytes
    try:
        return _json(raw, gone)
    except ValueError:
        pass  # a page, a table or a plan
    return (PAGE.encode() if text.lstrip().startswith("<!doctype") else gone.text(text).encode()) if (
        gone.text(text) != text) else raw


def _table(raw: bytes, gone: Forgotten) -> bytes:
    frame = pl.read_parquet(io.BytesIO(raw))
    kind = COLUMNS.get(frozenset(frame.columns))
    if kind is not None:
        changed = {"posts": posts, "actors": actors, "rejects": rejects, "sources": sources}[kind](frame, gone)
        if changed.equals(frame):
            return raw
        buffer = io.BytesIO()
        changed.write_parquet(buffer)
        return buffer.getvalue()
    for name, dtype in frame.schema.items():
        cells = frame[name] if dtype == pl.String else frame[name].explode() if dtype == pl.List(pl.String) else None
        if cells is not None and any(gone.names(one) for one in cells.unique().to_list()):
            return b""
    return raw


def _json(raw: bytes, gone: Forgotten) -> bytes:
    value = json.loads(raw)
    if isinstance(value, dict) and "decision" in value and gone.knows(value["decision"]["actor"]):
        return b""
    changed = _strings(value, gone)
    return raw if changed == value else digest.canonical(changed)


def _strings(value: object, gone: Forgotten) -> object:
    if isinstance(value, dict):
        return {key: _strings(inner, gone) for key, inner in value.items()}
    if isinstance(value, list):
        return [_strings(inner, gone) for inner in value]
    return gone.text(value) if isinstance(value, str) else value


# ------------------------------------------------------------------------------------------------ a dossier

def withhold(raw: bytes, gone: Forgotten) -> bytes:
    """A dossier in which rows about them are leaf digests, so that what is left still belongs to the same root.

    The statement goes, for its numbers rest on rows that are gone. The manifest, and the signature over it, stay.
    """
    files = digest.unarchive(raw)
    told = json.loads(files.get("withheld.json") or files["statement.json"])
    leaves: dict[str, dict[str, str]] = told.get("leaves", {})
    run = dict(digest.parse_csv(files["evidence/run.csv"], "run")[1])
    hidden = run.get("pseudonyms") == "yes"  # hashes under a key that is not here: who is who cannot be told
    made: dict[str, bytes] = {}
    for place in sorted(name for name in files if name.startswith("evidence/")):
        table = place.removeprefix("evidence/").removesuffix(".csv")
        header, rows = digest.parse_csv(files[place], place)
        known = leaves.get(table, {})
        numbers = [number for number in range(len(rows) + len(known)) if str(number) not in known]
        left = []
        for number, row in zip(numbers, rows, strict=True):
            if (hidden and table in PERSONS) or _about(header, row, gone):
                known[str(number)] = leaf(row)
            else:
                left.append(row)
        leaves[table] = known
        made[place] = digest.csv_bytes(header, left)
    leaves = {table: known for table, known in leaves.items() if known}
    if not leaves:
        return raw
    kept = {name: raw for name, raw in files.items() if name in ("manifest.json", "signature.json")}
    said = {"format": WITHHELD, "evidence": told["evidence"], "plan_digest": told["plan_digest"], "leaves": leaves}
    return digest.archive({**made, **kept, "withheld.json": digest.canonical(said)})


def _about(header: list[str], row: list[str], gone: Forgotten) -> bool:
    return any(gone.names(cell) for column, cell in zip(header, row, strict=True) if column not in UNNAMED
               and (column in SPELLED or not (derive.NUMBER.fullmatch(cell) or derive.MOMENT.fullmatch(cell))))


def leaf(row: list[str]) -> str:
    """The digest of a row in the Merkle tree of its table."""
    return hashlib.sha256(b"\x00" + digest.csv_line(row).encode("utf-8")).hexdigest()
