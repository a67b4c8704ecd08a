"""JSON Lines: one JSON object a line, or a whole file that is one JSON value; plain, gzip or zstandard.

A line may hold a page of posts (an answer of an API): a layout that knows such pages unwraps them, and each post
counts as a record. Nested objects become columns with dotted names, lists stay lists in JSON spelling.
"""

import json
from collections.abc import Iterator, Mapping

from ..errors import InputError
from . import (
    BROKEN_JSON,
    LONGEST,
    NOT_AN_OBJECT,
    NOT_UNICODE,
    TOO_LONG,
    UNDECODABLE,
    Choose,
    Record,
    Slice,
    Source,
    every,
    gathered,
    unwraps,
)
from ._packed import Told

DEEPEST = 6                # levels of objects that become column names; posts of known platforms need 3
_DECODER = json.JSONDecoder(parse_constant=lambda _: None)  # NaN and Infinity are no JSON: unknown
LARGEST_WHOLE = 2**30      # bytes of a file that is one JSON value; it has to be held whole
ENOUGH = 8 * 2**20         # bytes; what is shorter is read before the machine code is loaded


def claims(head: bytes, name: str) -> bool:
    """It begins with a bracket of JSON."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")


def records(source: Source) -> Iterator[Record]:
    """Records by dotted column name; cells are text."""
    number = 0
    for found in _said(source):
        for one in found:
            number += 1
            yield Record(number, one.line, one.cells, one.fault, one.found)


def slices(source: Source, choose: Choose = every, told: Told | None = None) -> Iterator[Slice]:
    """The same as `records`, some at a time; many lines are taken apart by machine code."""
    if _whole(source) is not None:
        yield from gathered(records(source), choose)
        return
    with source.unpacked(told) as file:
        first = file.read(ENOUGH)
        if len(first) < ENOUGH:
            yield from gathered(records(source), choose)
            return
        from . import _lines  # not before: small files need no machine code
        yield from _lines.slices(first, file, choose, taken_apart)


def _said(source: Source) -> Iterator[list[Record]]:
    """What stands on each line, or in the elements of the one value that the file is; not numbered yet."""
    hooks = unwraps()
    if (whole := _whole(source)) is not None:
        yield from (_posts(None, value, hooks) for value in whole)
        return
    with source.unpacked() as file:
        line = 0
        while raw := file.readline(LONGEST):
            line += 1
            if len(raw) == LONGEST and not raw.endswith(b"\n"):
                while (more := file.readline(LONGEST)) and not more.endswith(b"\n"):
                    pass
            yield taken_apart(raw, line, hooks)


def taken_apart(raw: bytes, line: int, hooks: list) -> list[Record]:
    """The records of one line, not numbered yet: one, none where it is blank, more where a layout unwraps it.

    Args:
        raw: the line with its end; of one that is too long, more than `LONGEST` bytes or that many without an end.
    """
    if len(raw) > LONGEST or (len(raw) == LONGEST and not raw.endswith(b"\n")):
        return [Record(0, line, None, TOO_LONG)]
    if line == 1:
        raw = raw.removeprefix(b"\xef\xbb\xbf")
    if not raw.strip():
        return []
    value, fault, found = _value(raw)
    return [Record(0, line, None, fault, found)] if fault is not None else _posts(line, value, hooks)


def _posts(line: int | None, value: object, hooks: list) -> list[Record]:
    if not isinstance(value, dict):
        return [Record(0, line, None, NOT_AN_OBJECT, str(value)[:80])]
    for hook in hooks:
        if (posts := hook(value)) is not None:
            return [Record(0, line, flat(post)) for post in posts]
    return [Record(0, line, flat(value))]


def _value(raw: bytes) -> tuple[object, str | None, str]:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return None, UNDECODABLE, raw[:80].decode("utf-8", "replace")
    try:
        value = _DECODER.decode(text)  # one for all lines: json.loads would make one for each
        if "\\ud" in text or "\\uD" in text:
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return None, NOT_UNICODE, text[:80]
    except (ValueError, RecursionError):
        return None, BROKEN_JSON, text.strip()[:80]
    return value, None, ""


def _whole(source: Source) -> list | None:
    """The elements of a file that is one JSON value: an array, or an object over several lines; None: lines."""
    head = source.head()
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    first = text.split(b"\n", 1)[0]
    if not text.startswith(b"[") and (b"\n" not in text or _value(first)[1] is None):
        return None
    with source.unpacked() as file:
        raw = file.read(LARGEST_WHOLE + 1)
    if len(raw) > LARGEST_WHOLE:
        if text.startswith(b"["):
            raise InputError(f"{source.name} is one JSON value of more than 1 GiB.\n"
                             "Write it as JSON Lines, one object a line:  jq -c '.[]' FILE > FILE.jsonl")
        return None
    value, fault, _ = _value(raw.removeprefix(b"\xef\xbb\xbf"))
    if fault is not None:
        if text.startswith(b"[") and not first.rstrip().endswith(b"]"):
            raise InputError(f"{source.name} is one JSON value that cannot be read: {fault}.\n"
                             "It may have been cut off. JSON Lines (one object a line) would lose one record, not all.")
        return None
    return value if isinstance(value, list) else [value]


def flat(value: Mapping[str, object]) -> dict[str, str | None]:
    """Cells by dotted name."""
    cells: dict[str, str | None] = {}
    waiting: list[tuple[str, Mapping[str, object], int]] = [("", value, 0)]
    while waiting:
        prefix, level, depth = waiting.pop()
        for name, cell in level.items():
            name = prefix + name
            if isinstance(cell, dict) and depth < DEEPEST:
                waiting.append((name + ".", cell, depth + 1))
            else:
                cells[name] = spelled(cell)
    return cells


def spelled(cell: object) -> str | None:
    """One cell as text."""
    if cell is None or isinstance(cell, str):
        return cell
    if isinstance(cell, float) and cell.is_integer() and abs(cell) >= 2**53:
        return f"{cell:e}"  # it has lost digits: as an id it will be refused
    if isinstance(cell, bool | int | float):
        return json.dumps(cell)
    return json.dumps(cell, ensure_ascii=False)


def decoded(raw: bytes) -> object:
    """The value of one cell that is known to be JSON."""
    return _DECODER.decode(raw.decode("utf-8"))
