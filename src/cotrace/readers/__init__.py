"""Bytes → raw records → rows in our column names. Readers neither clean nor judge what they read.

A file in this folder is one of two things, or both:

    a container   `claims(head, name) -> bool`, `records(source) -> Iterator[Record]`: how records lie in bytes
                  (a container that can give many records at once has `slices(source, choose, told)` as well: the
                  same records and faults, as columns, and only those columns that `choose` asks for)
    a layout      `mapping(columns) -> dict | None`: which column is which in records that a publisher lays out so,
                  with WHO (the publisher), ZONE (its times' zone and who documents it), PLATFORM, DATES, and
                  `unwrap(value) -> list[dict] | None` where one JSON value holds several posts, and UNWRAPS: sets of
                  names, without all of one of which no value does,
                  `finish(rows, mapping) -> rows` where a column means more than its name

Records are counted from 1 in the order of the file; what cannot be read counts too, so a receipt never shifts.
"""

import functools
import hashlib
import io
import itertools
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import BinaryIO

import polars as pl

from .. import digest, parts
from ..errors import InputError
from . import _packed

RECORD, LINE = "#record", "#line"   # columns of ours beside the file's; "#" keeps them apart from theirs
LONGEST = 16 * 2**20                # bytes of one record; the longest posts are 100 times shorter
CHUNK = 20_000                      # records read one by one before they become columns
LAST_RESORT = "columns"             # the layout that guesses by names; asked after all that know

# reasons are fixed phrases, so that they can be counted
UNDECODABLE = "bytes that are not UTF-8"
BROKEN_JSON = "truncated or broken JSON"
NOT_AN_OBJECT = "JSON that is not an object"
NOT_UNICODE = "text that is not Unicode (half a character)"
WIDTH = "wrong number of columns"
QUOTING = "broken quoting"
TOO_LONG = "a record longer than 16 MiB"


@dataclass(frozen=True)
class Record:
    """One raw record: its cells by column, or why it could not be read."""

    number: int                            # from 1
    line: int | None                       # of the file where it begins, from 1
    cells: Mapping[str, object] | None     # text, or a list of text; typed where the container is
    fault: str | None = None
    found: str = ""


@dataclass(frozen=True)
class Source:
    """Bytes and their name; `-` was read to its end, a table keeps its frame."""

    name: str
    path: Path | None = None
    raw: bytes | None = None
    frame: pl.DataFrame | None = None

    def open(self) -> BinaryIO:
        """The bytes as they are."""
        return open(self.path, "rb") if self.path is not None else io.BytesIO(self.raw or b"")

    def unpacked(self, told: _packed.Told | None = None) -> BinaryIO:
        """The bytes after gzip or zstandard, where the file is packed so; `told` hears the bytes as they lie there."""
        return _packed.opened(self.open(), self.size, self.name, told)

    def state(self) -> tuple[int, ...]:
        """What changes when somebody writes to the file: its size, the time of the last change, which file it is."""
        if self.path is None:
            return (self.size,)
        now = self.path.stat()
        return now.st_size, now.st_mtime_ns, now.st_ino

    @property
    def size(self) -> int:
        return self.path.stat().st_size if self.path is not None else len(self.raw or b"")

    def sha256(self) -> str:
        with self.open() as file:
            return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]

    def head(self, size: int = 65536) -> bytes:
        """The first bytes, unpacked."""
        with self.unpacked() as file:
            return file.read(size)


@dataclass(frozen=True)
class Slice:
    """Some records of a file, one after another."""

    columns: tuple[str, ...]               # of the file, as far as it was read: names in the order they were met
    records: int
    make: Callable[[], pl.DataFrame]       # its frame, in whichever thread asks first
    faults: Sequence[Record] = ()          # records between them that could not be read

    @functools.cached_property
    def frame(self) -> pl.DataFrame:
        """Those columns that were asked for and are here, RECORD, LINE."""
        return self.make()

    @classmethod
    def of(cls, columns: tuple[str, ...], frame: pl.DataFrame, faults: Sequence[Record] = ()) -> "Slice":
        """One whose frame is made already."""
        return cls(columns, frame.height + len(faults), lambda: frame, faults)


@dataclass
class Raw:
    """Records of one file as columns, beside those that could not be read."""

    frame: pl.DataFrame                    # their columns, RECORD, LINE
    faults: list[Record] = field(default_factory=list)
    container: str = ""

    @property
    def columns(self) -> list[str]:
        return [name for name in self.frame.columns if name not in (RECORD, LINE)]

    @property
    def records(self) -> int:
        return self.frame.height + len(self.faults)


Choose = Callable[[tuple[str, ...]], Iterable[str]]  # the columns so far → those that are wanted


def every(columns: tuple[str, ...]) -> tuple[str, ...]:
    """Chooses all columns."""
    return columns


def source(given: object) -> Source:
    """A path, `-` for standard input, or a table of polars, pandas or Arrow.

    Raises:
        InputError: nothing there, a folder, a pipe or device, an address, no permission, not a table.
    """
    if isinstance(given, str) and given == "-":
        return Source("stdin", raw=sys.stdin.buffer.read())
    if not isinstance(given, str | Path):
        return parts.load("readers", "table").as_source(given)
    if "://" in str(given):
        raise InputError(f"{given} is an address, and nothing is fetched.\nDownload it and name the file; Parquet that "
                         "lies where a cluster can read it is read there:  --engine spark --master URL")
    path = Path(given)
    try:
        if path.is_dir():
            raise InputError(f"{path} is a folder.\nName the files in it:  {path}/*")
        if not stat.S_ISREG(path.stat().st_mode):  # opening a pipe would wait for a writer
            raise InputError(f"{path} is a pipe or a device, which can be read once, and posts are read more than once."
                             "\nWrite it to a file, or hand it over on standard input:  ... | cotrace run -")
        with open(path, "rb"):
            pass
    except FileNotFoundError:
        raise InputError(f"There is no file {path}.\nIt was looked for in {Path.cwd()}.") from None
    except PermissionError:
        raise InputError(f"{path} may not be read by this user.\nChange its permissions, or copy it.") from None
    except (OSError, ValueError) as fault:
        raise InputError(f"{path} cannot be opened: {fault}.") from None
    return Source(digest.encodable(path.name), path=path)


# -------------------------------------------------------------------------------------------- containers

_MAGIC = {  # what people hand over by mistake
    b"\x89PNG": "a PNG image", b"\xff\xd8\xff": "a JPEG image", b"GIF8": "a GIF image", b"RIFF": "a media file",
    b"PK\x03\x04": "a ZIP archive (or a spreadsheet: those are ZIP archives too)", b"%PDF": "a PDF",
    b"\x7fELF": "a program", b"SQLite format 3": "an SQLite database", b"BZh": "a bzip2 archive",
    b"\xfd7zXZ": "an xz archive", b"7z\xbc\xaf": "a 7z archive", b"ARROW1": "an Arrow file", b"<?xml": "XML",
    b"<!DOCTYPE": "a web page", b"<html": "a web page", b"\xd0\xcf\x11\xe0": "an old Office file",
    _packed.GZIP: "a gzip archive in another; unpack it once", _packed.ZSTD: "zstandard in an archive; unpack it once",
    b"window.YTD": "the archive of one account, in JavaScript",
}


def container_of(given: Source) -> ModuleType:
    """The container whose bytes these are; the bytes decide, the name only between those that fit.

    Raises:
        InputError: empty, or none of ours.
        MissingPartError: the container needs an extra.
    """
    if given.frame is not None:
        return parts.load("readers", "table")
    head = given.head()
    if not head.strip(b"\xef\xbb\xbf \t\r\n\x00"):
        raise InputError(f"{given.name} is empty.\nIt has {given.size} bytes and no record: was it saved, and is the "
                         "download complete?")
    modules = [parts.load("readers", name) for name in parts.names("readers")]
    for module in modules:
        if hasattr(module, "claims") and module.claims(head, given.name):
            return parts.require(module)
    what = next((said for magic, said in _MAGIC.items() if head.startswith(magic)), None)
    nulls = sorted((head[::2].count(0), head[1::2].count(0)))  # of Latin letters, every second byte of UTF-16 is one
    if what is None and (head[:2] in (b"\xff\xfe", b"\xfe\xff") or 20 * nulls[0] < nulls[1] > len(head) // 4):
        what = "text in UTF-16; save it as UTF-8"
    raise InputError(f"{given.name} is not a file of posts: it looks like {what or 'something else'}.\n"
                     "Posts are read from CSV, TSV, JSON Lines (also .gz and .zst) and Parquet.")


def read(given: Source) -> Raw:
    """All records of one file.

    Raises:
        InputError: not a file of posts, or no record in it.
    """
    container = container_of(given)
    name = container.__name__.rpartition(".")[2]
    found = list(slices(given, container))
    empty = pl.DataFrame(schema={RECORD: pl.Int64, LINE: pl.Int64})
    frame = pl.concat([some.frame for some in found] or [empty], how="diagonal_relaxed", rechunk=True)
    names = found[-1].columns if found else ()
    raw = Raw(frame.select(RECORD, LINE, *names), [fault for some in found for fault in some.faults], name)
    if not raw.records:
        raise nothing_in(given, name)
    return raw


def nothing_in(given: Source, container: str) -> InputError:
    """What to say of a file without a record."""
    return InputError(f"{given.name} holds no record.\nIt has {given.size} bytes and reads as {container}: a header "
                      "alone is no posts. Export it again, or name another file.")


def slices(given: Source, container: ModuleType, choose: Choose = every, told: _packed.Told | None = None,
           ) -> Iterator[Slice]:
    """All records of one file, in its order, some at a time.

    Args:
        told: hears the bytes of the file on their way, where the container reads them from first to last.
    """
    if hasattr(container, "slices"):
        yield from container.slices(given, choose, told)
    else:
        yield from gathered(container.records(given), choose)


def gathered(records: Iterator[Record], choose: Choose = every, chunk: int = CHUNK) -> Iterator[Slice]:
    """Records as columns of text; a record that lacks a column is null there."""
    known: dict[str, None] = {}
    while some := list(itertools.islice(records, chunk)):
        yield columns_of(some, known, choose)


def columns_of(records: list[Record], known: dict[str, None], choose: Choose) -> Slice:
    """The same records as columns; names that are new are added to `known`."""
    faults = [record for record in records if record.cells is None]
    kept = [record for record in records if record.cells is not None] if faults else records
    cells = [record.cells or {} for record in kept]
    for one in cells:
        if not one.keys() <= known.keys():  # most records have the columns of those before
            known.update(dict.fromkeys(one))
    series = [pl.Series(RECORD, [record.number for record in kept], dtype=pl.Int64),
              pl.Series(LINE, [record.line for record in kept], dtype=pl.Int64)]
    for name in choose(tuple(known)):
        series.append(pl.Series(name, [one.get(name) for one in cells], dtype=pl.String))
    return Slice.of(tuple(known), pl.DataFrame(series), faults)


def numbered(frame: pl.DataFrame, choose: Choose = every, before: int = 0) -> Slice:
    """Typed columns with record numbers; columns of structures are left out, bytes are read as UTF-8 or are faults.

    Args:
        before: records of the file before these.
    """
    texts, undecodable = {}, pl.lit(False)
    for name, dtype in frame.schema.items():
        if dtype == pl.Binary:
            text = pl.col(name).cast(pl.String, strict=False)
            undecodable = undecodable | (pl.col(name).is_not_null() & text.is_null())
            texts[name] = text
        elif dtype == pl.Categorical or isinstance(dtype, pl.Enum):
            texts[name] = pl.col(name).cast(pl.String)
        elif not dtype.is_nested() or (isinstance(dtype, pl.List) and not dtype.inner.is_nested()):
            texts[name] = pl.col(name)
    number = pl.int_range(before + 1, before + pl.len() + 1, dtype=pl.Int64).alias(RECORD)
    frame = frame.select(*(texts[name] for name in choose(tuple(texts))), number,
                         pl.lit(None, pl.Int64).alias(LINE), undecodable.alias("#undecodable"))
    faults = frame.filter("#undecodable")[RECORD].to_list()
    kept = frame.filter(~pl.col("#undecodable")) if faults else frame
    return Slice.of(tuple(texts), kept.drop("#undecodable"),
                    [Record(number, None, None, UNDECODABLE) for number in faults])


def rows(found: Slice) -> Iterator[Record]:
    """The records of a slice one by one, faults in their place."""
    told = sorted(found.faults, key=lambda fault: fault.number)
    names = [name for name in found.frame.columns if name not in (RECORD, LINE)]
    for number, line, *cells in found.frame.select(RECORD, LINE, *names).iter_rows():
        while told and told[0].number < number:
            yield told.pop(0)
        yield Record(number, line, dict(zip(names, cells, strict=True)))
    yield from told


def follow(path: str | Path, record: int) -> Mapping[str, object]:
    """The raw record that a receipt `sha256:<file>#<record>` points at: its cells by column.

    Raises:
        InputError: the file has no such record, or it cannot be read.
    """
    given = source(path)
    container = container_of(given)
    for found in container.records(given):
        if found.number == record:
            if found.cells is None:
                raise InputError(f"{given.name} record {record} cannot be read: {found.fault}.")
            return found.cells
    raise InputError(f"{given.name} has no record {record}.")


# ----------------------------------------------------------------------------------------------- layouts

@dataclass(frozen=True)
class Layout:
    """Which column is which, and what the publisher says about them."""

    name: str
    mapping: dict[str, str]                # ours → theirs
    zone: tuple[str, str] | None           # zone of the times, and who documents it
    platform: str | None
    dates: str | None
    finish: Callable[[pl.DataFrame, Mapping[str, str]], pl.DataFrame] | None


def layouts() -> list[ModuleType]:
    """All layouts, the one that only guesses last."""
    modules = [parts.load("readers", name) for name in parts.names("readers")]
    known = [module for module in modules if hasattr(module, "mapping")]
    return sorted(known, key=lambda module: module.__name__.endswith(f".{LAST_RESORT}"))


def layout_of(columns: Sequence[str]) -> Layout:
    """The first layout that knows these columns."""
    for module in layouts():
        mapping = module.mapping(columns)
        if mapping is not None:
            name = module.__name__.rpartition(".")[2]
            return Layout(name, mapping, getattr(module, "ZONE", None), getattr(module, "PLATFORM", None),
                          getattr(module, "DATES", None), getattr(module, "finish", None))
    raise InputError(f"No layout knows the columns {', '.join(columns)}.")


def unwraps() -> list[Callable[[dict], list[dict] | None]]:
    """What turns one JSON value into several records, from every layout that has it."""
    return [module.unwrap for module in layouts() if hasattr(module, "unwrap")]
