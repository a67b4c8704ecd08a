"""JSON Lines: one JSON object a line, or a whole file that is one JSON value; plain, gzip or zstandard.

A line may hold a page of posts (an answer of an API): a layout that knows such pages unwraps them, and each post
counts as a record. Nested objects become columns with dotted names, lists stay lists in JSON spelling.
"""

import json
from collections.abc import Iterator, Mapping

from ..errors import InputError
from . import BROKEN_JSON, LONGEST, NOT_AN_OBJECT, NOT_UNICODE, TOO_LONG, UNDECODABLE, Record, Source, unwraps

DEEPEST = 6                # levels of objects that become column names; posts of known platforms need 3
_DECODER = json.JSONDecoder(parse_constant=lambda _: None)  # NaN and Infinity are no JSON: unknown
LARGEST_WHOLE = 2**30      # bytes of a file that is one JSON value; it has to be held whole


def claims(head: bytes, name: str) -> bool:
    """It begins with a bracket of JSON."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")


def records(source: Source) -> Iterator[Record]:
    """Records by dotted column name; cells are text."""
    hooks = unwraps()
    number = 0
    for line, value, fault, found in _values(source):
        if fault is None and not isinstance(value, dict):
            fault, found = NOT_AN_OBJECT, str(value)[:80]
        if fault is not None:
            number += 1
            yield Record(number, line, None, fault, found)
            continue
        assert isinstance(value, dict)
        posts = None
        for hook in hooks:
            if (posts := hook(value)) is not None:
                break
        for post in [value] if posts is None else posts:
            number += 1
            yield Record(number, line, _flat(post))


def _values(source: Source) -> Iterator[tuple[int | None, object, str | None, str]]:
    """(line, value, fault, found) of every line, or of the elements of the one value that the file is."""
    if (whole := _whole(source)) is not None:
        yield from ((None, value, None, "") for value in whole)
        return
    with source.unpacked() as file:
        number = 0
        while raw := file.readline(LONGEST):
            number += 1
            if len(raw) == LONGEST and not raw.endswith(b"\n"):
                while (more := file.readline(LONGEST)) and not more.endswith(b"\n"):
                    pass
                yield number, None, TOO_LONG, ""
                continue
            if number == 1:
                raw = raw.removeprefix(b"\xef\xbb\xbf")
            if not raw.strip():
                continue
            yield number, *_value(raw)


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


def _flat(value: Mapping[str, object]) -> dict[str, str | None]:
    """Cells by dotted name."""
    cells: dict[str, str | None] = {}
    waiting: list[tuple[str, Mapping[str, object], int]] = [("", value, 0)]
    while waiting:
        prefix, level, depth = waiting.pop()
        for name, cell in level.items():
            name = prefix + name
            if cell is None or isinstance(cell, str):
                cells[name] = cell
            elif isinstance(cell, dict) and depth < DEEPEST:
                waiting.append((name + ".", cell, depth + 1))
            elif isinstance(cell, float) and cell.is_integer() and abs(cell) >= 2**53:
                cells[name] = f"{cell:e}"  # it has lost digits: as an id it will be refused
            elif isinstance(cell, bool | int | float):
                cells[name] = json.dumps(cell)
            else:
                cells[name] = json.dumps(cell, ensure_ascii=False)
    return cells
