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
from typing import BinaryIO

from ..errors import InputError
from . import (
    CHUNK,
    LONGEST,
    QUOTING,
    TOO_LONG,
    UNDECODABLE,
    WIDTH,
    Choose,
    Record,
    Slice,
    Source,
    columns_of,
    every,
)
from ._packed import Told

SUFFIXES = (".csv", ".tsv", ".tab", ".csv.gz", ".tsv.gz", ".csv.zst", ".tsv.zst")
HALF = re.compile("[\udc80-\udcff]")  # how a byte that is not UTF-8 is carried along
_DELIMITERS = ",\t;"
BLOCK = 32 * 2**20   # bytes at a time: some 200,000 posts
ENOUGH = 8 * 2**20   # bytes; what is shorter is read before the machine code is loaded


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
    lines = _Lines(source)
    yield from _rest(lines)
    lines.buffer.file.close()


def slices(source: Source, choose: Choose = every, told: Told | None = None) -> Iterator[Slice]:
    """The same as `records`, some at a time; most records are taken apart by machine code."""
    lines = _Lines(source, told)
    buffer, header = lines.buffer, tuple(lines.header)
    if buffer.ended and len(buffer.text) < ENOUGH:
        known = dict.fromkeys(header)
        while some := list(itertools.islice(_rest(lines), CHUNK)):
            yield columns_of(some, known, choose)
    else:
        from . import _rows  # not before: small files need no machine code
        yield from _rows.slices(lines, choose)
    buffer.file.close()


def _rest(lines: _Lines) -> Iterator[Record]:
    while (record := lines.record()) is not None:
        yield record


class Buffer:
    """The bytes of a file, a block at a time; what was read since `kept` can be read again."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.text = file, file.read(3).removeprefix(b"\xef\xbb\xbf")
        piece = file.read(BLOCK)
        self.text, self.ended = self.text + piece, len(piece) < BLOCK
        self.at = self.kept = 0

    def more(self) -> bool:
        """Read another block behind what is kept; False: there is none."""
        piece = b"" if self.ended else self.file.read(BLOCK)
        self.ended = self.ended or len(piece) < BLOCK
        self.text = self.text[self.kept :] + piece
        self.at, self.kept = self.at - self.kept, 0
        return bool(piece)

    def readline(self) -> bytes:
        """A line with its end, or `LONGEST` bytes of it; nothing at the end of the file."""
        while True:
            end = self.text.find(b"\n", self.at, self.at + LONGEST) + 1
            if not end and len(self.text) - self.at < LONGEST and self.more():
                continue
            begin, self.at = self.at, end or min(self.at + LONGEST, len(self.text))
            return self.text[begin : self.at]


class _Lines:
    """Decoded lines that can be taken back, and the records in them."""

    def __init__(self, source: Source, told: Told | None = None) -> None:
        self.delimiter, hints = _delimiter(source)
        self.buffer = Buffer(source.unpacked(told))
        self.number = hints           # lines that were taken
        for _ in range(hints):
            self.buffer.readline()
        self.records = 0
        self.taken: list[str] = []
        self.undecodable = False
        self.second = 0               # where the second line of this record begins
        csv.field_size_limit(LONGEST)
        self.reader = csv.reader(self, delimiter=self.delimiter, strict=True)
        self.header = _header(source, self.reader)

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        raw = self.buffer.readline()
        if not raw:
            raise StopIteration
        try:
            line = raw.decode("utf-8")
        except UnicodeDecodeError:
            line = raw.decode("utf-8", "surrogateescape")
        self.number += 1
        if not line.isascii() and HALF.search(line):
            self.undecodable = True
        if not self.taken:
            self.second = len(raw)
        self.taken.append(line)
        return line

    def record(self) -> Record | None:
        """The next record; None: there is none."""
        while True:
            self.buffer.kept = self.buffer.at
            self.taken, self.undecodable, began = [], False, self.number + 1
            try:
                cells = next(self.reader)
            except StopIteration:
                return None
            except csv.Error as broken:
                self.records += 1
                # an open quote swallows what follows: those lines get their own hearing
                self.number, self.buffer.at = began, self.buffer.kept + self.second
                return Record(self.records, began, None, TOO_LONG if "field limit" in str(broken) else QUOTING,
                              _shown(self.taken[:1]))
            if not cells:
                continue  # a blank line is no record
            self.records += 1
            fault = UNDECODABLE if self.undecodable else WIDTH if len(cells) != len(self.header) else None
            if fault is not None:
                return Record(self.records, began, None, fault, _shown(cells))
            return Record(self.records, began, dict(zip(self.header, cells, strict=True)))


def _header(source: Source, reader: Iterator[list[str]]) -> list[str]:
    try:
        header = [name.strip().strip("\ufeff") for name in next(reader)]  # files put together have a mark too many
    except (csv.Error, StopIteration) as fault:
        if b"\n" not in source.head():
            raise InputError(f"{source.name}: its lines end with a carriage return alone, as on old machines.\n"
                             "Give them line ends:  tr '\\r' '\\n' < FILE > NEWFILE") from None
        raise InputError(f"{source.name}: its first line is not a header: {fault}.") from None
    if len(header) < 2 or len(set(header)) < len(header) or any("\udc80" <= c <= "\udcff" for n in header for c in n):
        twice = sorted({name for name in header if header.count(name) > 1})
        what = f"names {', '.join(map(repr, twice))} twice" if twice else "does not name at least two columns in UTF-8"
        raise InputError(f"{source.name}: its first line {what}.\nIt begins: {_shown(header)!r}\n"
                         "A table of posts has a header, one name a column.")
    return [name or f"(column {at})" for at, name in enumerate(header, 1)]


def _delimiter(source: Source) -> tuple[str, int]:
    """The delimiter, and how many lines before the header only say so: Excel writes `sep=;` above it."""
    first = source.head().removeprefix(b"\xef\xbb\xbf").split(b"\n", 1)[0].decode("utf-8", "replace")
    said = first.rstrip("\r")
    if said.startswith("sep=") and len(said) == 5 and said[4] in _DELIMITERS:
        return said[4], 1
    return max(_DELIMITERS, key=first.count), 0


def _shown(cells: list[str]) -> str:
    return ",".join(cells)[:80].encode("utf-8", "replace").decode("utf-8")
