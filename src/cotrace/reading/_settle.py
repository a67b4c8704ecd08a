"""Posts on the shelf → one row a post, in the order of time: what several records say of one post is settled here.

The same as `reading._joined` makes of whole tables, a stretch of time after the other; a test holds the two together.
Posts are known by a number made of their id, so that ten million ids need not be held; only those that share a number
with another are looked at themselves.
"""

import functools
import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from .. import digest, normalise
from ..ahead import ahead
from ..tables import ACTORS, POSTS, REJECTS, conform, empty
from ._shelf import FILE, ROWS, Shelf
from ._stream import File

CONTENT = [name for name in POSTS if name not in ("receipt", "at_resolution")]
RECORDS = 2**40  # records that a file can have; a receipt is put in order as file × RECORDS + record
_ACTORS: dict[str, Any] = ACTORS
SAID = ["actor", "platform", "kind", "id", "handle", "name", "created", "bio", "avatar", "site"]


@dataclass
class Tally:
    """What is counted while posts are settled."""

    posts: int = 0
    duplicates: int = 0
    gathered: int = 0
    without_time: int = 0
    without_account: int = 0
    able: int = 0                                     # posts with a time and somebody who acts
    times: set = field(default_factory=set)           # up to two distinct times of theirs
    acting: set = field(default_factory=set)          # up to two distinct accounts or places of theirs

    def see(self, kept: pl.DataFrame) -> None:
        """Hear of settled posts."""
        self.posts += kept.height
        self.without_time += kept["at"].null_count()
        nobody = kept["account"].is_null() & kept["place"].is_null()
        self.without_account += int(nobody.sum())
        able = kept["at"].is_not_null() & ~nobody
        self.able += int(able.sum())
        if len(self.times) < 2:
            self.times = set(sorted(self.times | set(kept["at"].filter(able).unique().sort().head(2)))[:2])
        for name in ("account", "place"):
            if len(self.acting) < 2:
                self.acting |= set(kept[name].filter(able).drop_nulls().unique().sort().head(2))


@dataclass
class Settling:
    """Posts of several files, and what they say of each other."""

    files: Sequence[File]
    shelf: Shelf
    resolutions: Sequence[int]
    tally: Tally = field(default_factory=Tally)
    contested: int = 0                                # records of posts that exist in several versions

    def __post_init__(self) -> None:
        by_digest = sorted(self.files, key=lambda file: file.sha256)
        self.ranked = by_digest
        self.rank = {file.attempt: rank for rank, file in enumerate(by_digest)}
        self.gathers = any(file.gathers for file in self.files)
        self.same = [name for name in CONTENT if not (self.gathers and name == "links")]
        self.twice = _twice(self.shelf.hashes([file.attempt for file in self.files]))
        self.conflicting = self._versions()
        self.conflicts = set(self.conflicting["post"].to_list())

    # --------------------------------------------------------------------------------------- several versions

    def _versions(self) -> pl.DataFrame:
        """Posts that exist in several versions: post, order, line, one row a version or a record of it."""
        columns = {"post": pl.String, "order": pl.Int64, "line": pl.Int64, "version": pl.Binary}
        if not len(self.twice):
            return pl.DataFrame(schema=columns)
        found = [empty(columns)]
        for posts in self.shelf.anything():
            again = self._ordered(posts.filter(self._again(posts)))
            spelled = again.select(pl.struct(self.same).struct.json_encode()).to_series()
            version = [hashlib.sha256(one.encode()).digest() for one in spelled.to_list()]
            found.append(again.select("post", "order", "line", version=pl.Series(version, dtype=pl.Binary)))
        told = pl.concat(found).sort("post", "order")
        told = told.with_columns(pl.col("version").n_unique().over("post").alias("versions"))
        self.contested = told.filter(pl.col("versions") > 1).height
        if self.gathers:
            first = told.unique(["post", "version"], keep="first", maintain_order=True)
            self.tally.gathered = told.height - first.height
            told = first
        else:
            same = told.filter(pl.col("versions") == 1)
            self.tally.duplicates = same.height - same["post"].n_unique()
        return told.filter(pl.col("versions") > 1).drop("versions")

    def _again(self, posts: pl.DataFrame) -> pl.Series:
        """Whether another record may be of the same post."""
        number = posts["post"].hash().to_numpy()
        at = np.searchsorted(self.twice, number).clip(max=len(self.twice) - 1)
        return pl.Series(self.twice[at] == number)

    def _ordered(self, posts: pl.DataFrame) -> pl.DataFrame:
        """With `order`: by the digest of the file, then by the number of the record."""
        file = pl.lit(0) if len(self.files) == 1 else pl.col(FILE).replace_strict(self.rank, return_dtype=pl.Int64)
        return posts.with_columns(order=file * RECORDS + pl.col("receipt"))

    # -------------------------------------------------------------------------------------------- what is kept

    def posts(self, seen: list[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        """tables.POSTS, a stretch of time after the other; who is seen in them is put into `seen`."""
        tasks = (functools.partial(self._settled, take) for take in self.shelf.stretches())
        for kept, who in filter(None, ahead(tasks, 1)):  # one is settled while the one before is written
            seen.append(who)
            self.tally.see(kept)
            yield kept

    def _settled(self, take: Callable[[], pl.DataFrame]) -> tuple[pl.DataFrame, pl.DataFrame] | None:
        """The posts of a stretch, and who is seen in them; None where nobody posted."""
        stretch = self._ordered(take())
        if stretch.is_empty():
            return None
        if self.conflicts:
            stretch = stretch.filter(~pl.col("post").is_in(sorted(self.conflicts)))
        who = _seen(stretch)
        if len(self.twice):
            again = self._again(stretch)
            stretch = pl.concat([stretch.filter(~again), self._once(stretch.filter(again))])
        return self._finished(stretch.sort("at", "post", nulls_last=True)), who

    def _once(self, again: pl.DataFrame) -> pl.DataFrame:
        """One record a post: the first; where records are gathered, with the links of all."""
        ordered = again.sort("post", "order")
        first = ordered.unique("post", keep="first", maintain_order=True)
        several = ordered.filter(ordered["post"].is_duplicated())
        if not self.gathers or several.is_empty():
            return first
        links = several.explode("links").group_by("post").agg(all_links=pl.col("links").drop_nulls().unique().sort())
        first = first.join(links, on="post", how="left", maintain_order="left")
        return first.with_columns(links=pl.coalesce("all_links", "links")).select(again.columns)

    def _finished(self, stretch: pl.DataFrame) -> pl.DataFrame:
        alike = len(self.files) == 1
        prefixes = {file.attempt: digest.receipt(file.sha256, 0).removesuffix("0") for file in self.files}
        known = {file.attempt: found for file, found in zip(self.files, self.resolutions, strict=True)}
        prefix = pl.lit(next(iter(prefixes.values()))) if alike else pl.col(FILE).replace_strict(
            prefixes, return_dtype=pl.String)
        resolution = pl.lit(self.resolutions[0], pl.Int32) if alike else pl.col(FILE).replace_strict(
            known, return_dtype=pl.Int32)
        return stretch.with_columns(receipt=prefix + pl.col("receipt").cast(pl.String),
                                    at_resolution=resolution).select(*POSTS)

    def actors(self, seen: list[pl.DataFrame]) -> pl.DataFrame:
        """tables.ACTORS, of what `posts` saw."""
        every = pl.concat([_seen(pl.DataFrame(schema={**ROWS, "order": pl.Int64})), *seen])
        merged = every.group_by(SAID).agg(pl.col("seen_from").min(), pl.col("seen_to").max(), pl.col("order").min())
        return conform(merged.with_columns(receipt=self._receipts()), ACTORS, "the actors").sort(
            [*SAID[:1], "seen_from", *SAID[1:]], nulls_last=True)

    def _receipts(self) -> pl.Expr:
        prefixes = [digest.receipt(file.sha256, 0).removesuffix("0") for file in self.ranked]
        prefix = (pl.col("order") // RECORDS).replace_strict(dict(enumerate(prefixes)), return_dtype=pl.String)
        return prefix + (pl.col("order") % RECORDS).cast(pl.String)

    def rejects(self) -> pl.DataFrame:
        """tables.REJECTS of all files, the versions of a post among them."""
        tables = [empty(REJECTS), *(table for file in self.files for table in file.rejects)]
        if self.conflicting.height:
            names = dict(enumerate(file.source.name for file in self.ranked))
            tables.append(self.conflicting.select(
                file=(pl.col("order") // RECORDS).replace_strict(names, return_dtype=pl.String),
                record=pl.col("order") % RECORDS, line="line", reason=pl.lit(normalise.CONFLICT),
                found=pl.col("post").str.slice(0, 80)))
        return pl.concat(tables).sort("file", "record", "reason", nulls_last=True)


def _twice(numbers: np.ndarray) -> np.ndarray:
    """The numbers that stand there more than once, sorted."""
    numbers.sort()
    return np.unique(numbers[1:][numbers[1:] == numbers[:-1]])


def _seen(posts: pl.DataFrame) -> pl.DataFrame:
    """Who was seen in posts, when, and in which record first: SAID, seen_from, seen_to, order."""
    return pl.concat([
        _shown(posts, "account", "account_kind", handle="_account_handle", name="_account_name",
               created="_account_created", bio="_account_bio", avatar="_account_avatar", site="_account_site"),
        _shown(posts, "place", "place_kind", name="_place_name")])


def _shown(posts: pl.DataFrame, actor: str, kind: str, **known: str) -> pl.DataFrame:
    """Grouped by what is there: a column that nobody fills is put beside the groups."""
    said = {name: theirs for name, theirs in known.items() if posts[theirs].count()}
    columns = {name: pl.col(theirs) for name, theirs in said.items()}
    if "handle" in said:
        columns["handle"] = pl.col(said["handle"]).str.strip_chars_start("@")
    rows = posts.lazy().filter(pl.col(actor).is_not_null()).select(
        "at", "order", "platform", actor=actor, kind=kind, **columns)
    groups = rows.group_by("actor", "platform", "kind", *columns).agg(
        seen_from=pl.col("at").min(), seen_to=pl.col("at").max(), order=pl.col("order").min()).collect()
    none = {name: pl.lit(None, _ACTORS[name]) for name in SAID[4:] if name not in columns}
    return groups.with_columns(
        id=pl.col("actor").str.slice(pl.col("platform").str.len_chars() + 1), **none).select(
        *SAID, "seen_from", "seen_to", "order")


def settled(files: Sequence[File], shelf: Shelf, resolutions: Sequence[int], refuse: Callable[["Settling"], None],
            keep: Callable[[pl.DataFrame], None]) -> tuple["Settling", pl.DataFrame]:
    """Hand every settled post to `keep`, in the order of time; returns what was settled, and tables.ACTORS.

    Args:
        refuse: raises where too many records are wrong, before anything is kept.
    """
    settling = Settling(files, shelf, resolutions)
    refuse(settling)
    seen: list[pl.DataFrame] = []
    for posts in settling.posts(seen):
        keep(posts)
    return settling, settling.actors(seen)
