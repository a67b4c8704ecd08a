"""A registry as CSV: a header with our column names, one selector a line.

UTF-8, comma, with or without byte-order mark. Cells that stand outside the header, a quote that does not close and
bytes that are no text are refused with their record: what a registry says about people is not guessed at.
"""

import csv
import io
from collections.abc import Sequence

from ..errors import InputError

SUFFIXES = (".csv",)
COLUMNS = ("source", "selector_type", "selector", "identified_by", "at", "cites", "platform", "name", "valid_from",
           "valid_to", "withdrawn", "note")
MAX_CELL = 2**20  # characters; a selector is a word or a post, never a book


def recognises(head: bytes) -> bool:
    """The first line names at least the columns `source`, `selector_type` and `selector`."""
    first = head.removeprefix(b"\xef\xbb\xbf").lstrip().split(b"\n", 1)[0].decode("utf-8", "replace")
    return {"source", "selector_type", "selector"} <= {cell.strip().strip('"').lower() for cell in first.split(",")}


def rows(raw: bytes, name: str) -> list[tuple[int, dict[str, str | None]]]:
    """(record, cells) of each line after the header, records counted from 1.

    Raises:
        InputError: not UTF-8, a header that names a column twice, a line of another width, broken quoting.
    """
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise InputError(f"{name} is not UTF-8: byte {fault.start + 1} is no text.\n"
                         "Save the registry as UTF-8.") from None
    before = csv.field_size_limit(MAX_CELL)
    try:
        table = [line for line in csv.reader(io.StringIO(text, newline=""), strict=True) if any(map(str.strip, line))]
    except csv.Error as fault:
        raise InputError(f"{name} is not CSV: {fault}.\nIs a quote not closed?") from None
    finally:
        csv.field_size_limit(before)
    header = [cell.strip().lower() for cell in table[0]]
    if len(set(header)) != len(header):
        raise InputError(f"{name} names a column twice: {', '.join(header)[:200]}.\nKeep one of them.")
    for record, line in enumerate(table[1:], 1):
        if len(line) != len(header):
            raise InputError(f"{name}, record {record}: {len(line)} cells, the header has {len(header)}.\n"
                             "Put cells that hold a comma between quotes.")
    return [(record, dict(zip(header, line, strict=True))) for record, line in enumerate(table[1:], 1)]


def spell(rows: Sequence[dict[str, str | None]]) -> bytes:
    """The rows as CSV with all columns; unknown is the empty cell."""
    lines = [COLUMNS, *([row.get(column) or "" for column in COLUMNS] for row in rows)]
    return "".join(",".join(map(_cell, line)) + "\n" for line in lines).encode("utf-8")


def _cell(text: str) -> str:
    """Quoted where a reader could end the cell or the line early; csv.writer forgets a lone carriage return."""
    return '"' + text.replace('"', '""') + '"' if any(sign in text for sign in ',"\r\n') else text
