"""Text tables: one record a line, cells apart by comma, tab or semicolon; quoted cells may hold line ends.

Every record has as many cells as the header, or it is a reject: a row that slipped by one column would put one
person's words into another person's mouth.
"""

from __future__ import annotations

import codecs
import csv
import itertools
import re
from collections.abc import Iterator

import polars as pl

from ..errors import InputError
from . import (
    CHUNK,
    LINE,
    LONGEST,
    QUOTING,
    RECORD,
    TOO_LONG,
    UNDECODABLE,
    WIDTH,
    Choose,
    Record,
    Slice,
    Source,
    every,
)
from ._packed import Told

SUFFIXES = (".csv", ".tsv", ".tab", ".csv.gz", ".tsv.gz", ".csv.zst", ".tsv.zst")
HALF = re.compile("[\udc80-\udcff]")  # how a byte that is not UTF-8 is carried along
_DELIMITERS = ",\t;"


def claims(head: bytes, name: str) -> bool:
    """Text whose first line has a delimiter; JSON begins with a bracket and is not ours."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text[:1] in (b"{", b"[", b"<") or head[:4] == b"PAR1" or text[:5] == b"%PDF-":
        return False
    first = text.split(b"\n", 1)[0]
    if any(byte < 9 or 13 < byte < 32 for byte in first[:4096]):
        return False
    if b"\x00" in head[:4096] and not _is_text(head[:4096]):  # a cell of text may hold NUL; an image is no text
        return False
    return name.lower().endswith(SUFFIXES) or any(sign.encode() in first for sign in _DELIMITERS)


def _is_text(piece: bytes) -> bool:
    """Whether bytes are UTF-8, as far as they go."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(piece)
    except UnicodeDecodeError:
        return False
    return True


def records(source: Source) -> Iterator[Record]:
    """Records by column name."""
    rows = _rows(source)
    header = next(rows)
    for number, line, cells, fault in rows:
        yield Record(number, line, None if fault else dict(zip(header[2], cells, strict=True)), fault,
                     "" if not fault else _shown(cells))


def slices(source: Source, choose: Choose = every, told: Told | None = None) -> Iterator[Slice]:
    """The same as `records`, some at a time."""
    rows = _rows(source, told)
    header = tuple(next(rows)[2])
    wanted = [header.index(name) for name in choose(header)]
    places = [(RECORD, pl.Int64, 0), (LINE, pl.Int64, 1), *((header[at], pl.String, at + 2) for at in wanted)]
    while some := list(itertools.islice(rows, CHUNK)):
        faults = [Record(number, line, None, fault, _shown(cells)) for number, line, cells, fault in some if fault]
        kept = [(number, line, *cells) for number, line, cells, fault in some if not fault]
        turned = list(zip(*kept, strict=True)) if kept else [()] * (len(header) + 2)
        yield Slice(header, pl.DataFrame([pl.Series(name, turned[at], dtype=dtype) for name, dtype, at in places]),
                    faults)


def _rows(source: Source, told: Told | None = None) -> Iterator[tuple[int, int, list[str], str | None]]:
    """(record, line, cells, fault); the header first, as record 0."""
    lines = _Lines(source, told)
    reader = csv.reader(lines, delimiter=_delimiter(source), strict=True)
    csv.field_size_limit(LONGEST)
    header = _header(source, reader)
    yield 0, 1, header, None
    number = 0
    while True:
        lines.begin()
        try:
            cells = next(reader)
        except StopIteration:
            lines.file.close()
            return
        except csv.Error as broken:
            number += 1
            begun = lines.began
            yield number, begun, [lines.first()], TOO_LONG if "field limit" in str(broken) else QUOTING
            lines.back_to_second()  # an open quote swallows what follows: those lines get their own hearing
            continue
        if not cells:
            continue  # a blank line is no record
        number += 1
        fault = UNDECODABLE if lines.undecodable else WIDTH if len(cells) != len(header) else None
        yield number, lines.began, cells, fault


class _Lines:
    """Decoded lines that can be taken back."""

    def __init__(self, source: Source, told: Told | None) -> None:
        self.file = source.unpacked(told)
        self.number = 0
        self.waiting: list[str] = []
        self.taken: list[str] = []
        self.undecodable = False
        self.began = 1

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if self.waiting:
            line = self.waiting.pop()
        else:
            raw = self.file.readline(LONGEST)
            if not raw:
                raise StopIteration
            if self.number == 0:
                raw = raw.removeprefix(b"\xef\xbb\xbf")
            try:
                line = raw.decode("utf-8")
            except UnicodeDecodeError:
                line = raw.decode("utf-8", "surrogateescape")
        self.number += 1
        if not line.isascii() and HALF.search(line):
            self.undecodable = True
        self.taken.append(line)
        return line

    def begin(self) -> None:
        self.taken.clear()
        self.undecodable = False
        self.began = self.number + 1

    def first(self) -> str:
        return self.taken[0] if self.taken else ""

    def back_to_second(self) -> None:
        again = self.taken[1:]
        self.waiting.extend(reversed(again))
        self.number -= len(again)


def _header(source: Source, reader: Iterator[list[str]]) -> list[str]:
    try:
        header = [name.strip() for name in next(reader)]
    except (csv.Error, StopIteration) as fault:
        raise InputError(f"{source.name}: its first line is not a header: {fault}.") from None
    if len(header) < 2 or len(set(header)) < len(header) or any("\udc80" <= c <= "\udcff" for n in header for c in n):
        twice = sorted({name for name in header if header.count(name) > 1})
        what = f"names {', '.join(map(repr, twice))} twice" if twice else "does not name at least two columns in UTF-8"
        raise InputError(f"{source.name}: its first line {what}.\nIt begins: {_shown(header)!r}\n"
                         "A table of posts has a header, one name a column.")
    return [name or f"(column {at})" for at, name in enumerate(header, 1)]


def _delimiter(source: Source) -> str:
    first = source.head().removeprefix(b"\xef\xbb\xbf").split(b"\n", 1)[0].decode("utf-8", "replace")
    return max(_DELIMITERS, key=first.count)


def _shown(cells: list[str]) -> str:
    return ",".join(cells)[:80].encode("utf-8", "replace").decode("utf-8")
