"""One file → posts on the shelf, in one pass, some records at a time.

Which column is which is settled by the first records. Where later ones change that (a column that the first did not
have, dates with slashes, which need all of them), the file is read again, knowing. What has to be asked (a zone, a
column) is remembered, for all files are asked about at once.
"""

import functools
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from .. import normalise, readers
from ..ahead import ahead, cores
from ..errors import InputError
from ..tables import REJECTS
from ._shelf import Shelf

NEEDED = {"post": {"post"}, "at": {"at"}, "account": {"account", "place"}}
ATTEMPTS = 8  # one, and another for what was found late; more mean that the file is being written to


@dataclass(frozen=True)
class Asked:
    """What the caller says about the files."""

    columns: Mapping[str, str]
    zone: str | None
    platform: str | None


@dataclass(frozen=True)
class _Known:
    """What one look at the whole file tells before it is read."""

    columns: tuple[str, ...]
    dates: str | None


def mapped(columns: tuple[str, ...], layout: readers.Layout, asked: Mapping[str, str]) -> dict[str, str]:
    """Ours → theirs: the layout's, overruled by the caller."""
    mapping = {**layout.mapping}
    for ours, theirs in asked.items():
        if not theirs:
            mapping.pop(ours, None)
        elif theirs in columns:
            mapping[ours] = theirs
    return mapping


@dataclass
class File:
    """A file on its way, and what is known of it afterwards."""

    source: readers.Source
    asked: Asked
    shelf: Shelf
    attempt: int
    known: _Known | None = None
    columns: tuple[str, ...] = ()
    container: str = ""
    layout: readers.Layout = field(default_factory=lambda: readers.Layout("", {}, None, None, None, None))
    mapping: dict[str, str] = field(default_factory=dict)
    wanted: list[str] = field(default_factory=list)   # theirs
    there: set[str] = field(default_factory=set)      # ours that it has
    gathers: bool = False
    sha256: str = ""
    records: int = 0
    posts: int = 0
    zoneless: list[str] = field(default_factory=list)  # up to two times that do not name their zone
    first_time: pl.Series = field(default_factory=lambda: pl.Series("at", [], dtype=pl.String))
    dates: str | None = None
    clock: normalise.Clock = field(default_factory=normalise.Clock)
    rejects: list[pl.DataFrame] = field(default_factory=list)
    fault: InputError | None = None                   # a column that cannot be what it is said to be
    changed: bool = False                             # it has to be read again: what came later changes how it reads

    def whole(self, container) -> bool:
        """Read it; False: it has to be read again, in another way.

        Raises:
            InputError: it cannot be read, or holds no record.
        """
        told = hashlib.sha256()
        heard = 0

        def hear(piece: bytes | memoryview) -> None:
            nonlocal heard
            heard += len(piece)
            told.update(piece)

        self.container = container.__name__.rpartition(".")[2]
        self.take(readers.slices(self.source, container, self._wanted, hear))
        if self.changed:
            return False
        if not self.records:
            raise readers.nothing_in(self.source, self.container)
        self.sha256 = told.hexdigest() if heard else self.source.sha256()
        return True

    def take(self, slices: Iterable[readers.Slice]) -> None:
        """Put the posts of these records on the shelf; ends early where `changed`."""
        for looked in ahead(self._tasks(slices), cores()):
            self._land(looked)
            if self.changed:
                return

    def _tasks(self, slices: Iterable[readers.Slice]) -> Iterator[Callable[[], "_Looked"]]:
        """What is to be done for each slice, and asks nothing of those before it but which column is which."""
        for some in slices:
            if some.columns != self.columns or not self.layout.name:
                self._wanted(some.columns)
            if self.changed:
                return
            self.records += some.records
            yield functools.partial(_looked, some, dict(self.mapping), self.layout, self.zone, self.platform,
                                    self._day_first)

    def _wanted(self, columns: tuple[str, ...]) -> Iterable[str]:
        """Which columns are read; settles which is which."""
        if columns == self.columns and self.layout.name:
            return self.wanted
        self.columns = columns
        every = self.known.columns if self.known else columns
        layout = readers.layout_of(every)
        mapping = mapped(every, layout, self.asked.columns)
        if self.records and (layout.name, mapping) != (self.layout.name, self.mapping):
            self.changed = True
        if not self.records:
            self.layout, self.mapping = layout, mapping
        theirs = set(mapping.values())
        self.wanted = [name for name in columns if name in theirs]
        return self.wanted

    def _land(self, looked: "_Looked") -> None:
        """Heed a slice; slices come in the order of the file."""
        self.there = looked.there
        self.gathers = self.gathers or "gather" in looked.there
        if looked.faults:
            self.rejects.append(pl.DataFrame(
                [(self.source.name, one.number, one.line, one.fault, one.found) for one in looked.faults],
                schema=REJECTS, orient="row"))
        if looked.first_time is not None and not self._heed(looked.first_time, looked.unusual):
            self.changed = True
        elif not self._open_questions() and self.fault is None:
            self._put(looked.cleaned)

    @property
    def _day_first(self) -> str | None:
        """Whether dates are dmy or mdy; None: not known."""
        return self.layout.dates or (self.known.dates if self.known else None)

    def _heed(self, first_time: pl.Series, unusual: pl.Series) -> bool:
        """Look at the times for what may have to be asked; False: their order of day and month is not known yet."""
        if self.first_time.is_empty():
            self.first_time = first_time
        if len(self.zoneless) < 2:
            self.zoneless = (self.zoneless + normalise.zoneless(unusual))[:2]
        self.dates = self._day_first
        return self.known is not None or self.layout.dates is not None or not normalise.slashed(unusual)

    def _open_questions(self) -> bool:
        return not _known_enough(self.there) or (self.zone is None and bool(self.zoneless))

    def _put(self, cleaned: "_Cleaned") -> None:
        if isinstance(cleaned, InputError):
            self.fault = cleaned
            return
        kept, wrong = cleaned
        if wrong.height:
            self.rejects.append(wrong.select(pl.lit(self.source.name).alias("file"), pl.col("receipt").alias("record"),
                                             "line", "reason", "found"))
        self.clock.see(kept["at"])
        self.posts += kept.height
        self.shelf.add(kept, self.attempt)

    @property
    def first_fault(self) -> tuple[str, int | None]:
        """Why the first record that cannot be read cannot, and its line."""
        return self.rejects[0]["reason"][0], self.rejects[0]["line"][0]

    @property
    def one_object(self) -> bool:
        return self.container == "jsonl" and self.records == 1

    @property
    def _documented(self) -> bool:
        """Whether the publisher says in which zone the times are."""
        return self.layout.zone is not None and self.mapping.get("at") == self.layout.mapping.get("at")

    @property
    def zone(self) -> str | None:
        """The zone that zoneless times are read in."""
        return self.layout.zone[0] if self._documented and self.layout.zone else self.asked.zone

    @property
    def zone_said(self) -> str:
        """A sentence about whose word that is."""
        if self._documented and self.layout.zone:
            return f"{self.layout.zone[0]} ({self.layout.zone[1]})"
        if self.zoneless:
            return f"{self.asked.zone} (says --zone)" if self.asked.zone else "unknown"
        counted = normalise.counted(self.first_time)
        return "UTC (counted since 1970)" if counted else "UTC (every time stands with its zone)"

    @property
    def platform(self) -> str | None:
        return self.layout.platform or self.asked.platform


_Cleaned = tuple[pl.DataFrame, pl.DataFrame] | InputError
NOTHING: _Cleaned = (pl.DataFrame(), pl.DataFrame())  # of a slice that cannot be cleaned before something is asked


@dataclass(frozen=True)
class _Looked:
    """What a slice comes to."""

    there: set[str]                # ours that it has
    faults: Sequence[readers.Record]
    first_time: pl.Series | None   # the first time as it is spelled, where there are times
    unusual: pl.Series             # times that say something about how all are to be read
    cleaned: _Cleaned              # posts and rejects, or the column that cannot be what it is said to be


def _looked(some: readers.Slice, mapping: Mapping[str, str], layout: readers.Layout, zone: str | None,
            platform: str | None, dates: str | None) -> _Looked:
    """All that can be done for a slice alone; in any thread."""
    have = set(some.frame.columns)
    rows = some.frame.select(
        *((pl.col(theirs) if theirs in have else pl.lit(None, pl.String)).alias(ours)
          for ours, theirs in mapping.items()),
        pl.col(readers.LINE).alias("line"), pl.col(readers.RECORD).alias("record"))
    if layout.finish is not None:
        rows = layout.finish(rows, mapping)
    there = set(rows.columns)
    timed = "at" in there
    unusual = normalise.unusual(rows["at"]) if timed else pl.Series("at", [], dtype=pl.String)
    cleaned = NOTHING
    if _known_enough(there) and not (zone is None and normalise.zoneless(unusual)):
        try:
            cleaned = normalise.clean(rows.drop("gather", strict=False).rename({"record": "receipt"}), zone=zone,
                                      platform=platform, dates=dates)
        except InputError as fault:
            cleaned = fault
    return _Looked(there, some.faults, rows["at"].drop_nulls().head(1) if timed else None, unusual, cleaned)


def _known_enough(there: set[str]) -> bool:
    return all(names & there for names in NEEDED.values())


def stream(source: readers.Source, asked: Asked, shelf: Shelf, number: int) -> File:
    """Read one file onto the shelf.

    Args:
        number: of the file among those that are read.

    Raises:
        InputError: it cannot be read, or somebody writes to it.
    """
    before = source.state()
    container = readers.container_of(source)
    known = None
    for attempt in range(ATTEMPTS):
        file = File(source, asked, shelf, number * ATTEMPTS + attempt, known)
        if file.whole(container):
            if source.state() != before:
                raise growing(source, before[0])
            return file
        shelf.drop(file.attempt)
        known = _look(source, container, asked)
    raise growing(source, before[0])


def growing(source: readers.Source, before: int) -> InputError:
    """What to say of a file that somebody writes to."""
    return InputError(f"{source.name} was changed while it was being read: it had {before:,} bytes when reading began "
                      f"and has {source.state()[0]:,} now.\nWait until it is written, or read a copy of it; then run "
                      "the same command again. Nothing of it was kept.")


def _look(source: readers.Source, container, asked: Asked) -> _Known:
    """What the whole file tells: all its columns, and whether the day or the month stands first."""
    columns: tuple[str, ...] = ()
    for some in readers.slices(source, container, lambda _: ()):
        columns = some.columns
    layout = readers.layout_of(columns)
    theirs = mapped(columns, layout, asked.columns).get("at")
    if layout.dates is not None or theirs is None:
        return _Known(columns, None)
    first: list[str] = []
    cells = pl.Series("at", [], dtype=pl.String)
    for some in readers.slices(source, container, lambda names: [theirs] if theirs in names else []):
        rows = some.frame.select(pl.col(theirs).alias("at")) if theirs in some.frame.columns else some.frame.select(
            at=pl.lit(None, pl.String))
        found = normalise.slashes(rows["at"])
        first = (first + found.head(2).to_list())[:2]
        cells = pl.concat([cells, found]).unique(maintain_order=True)
    return _Known(columns, normalise.date_order(pl.concat([pl.Series("at", first, dtype=pl.String), cells])))
