"""A registry as JSON: a list of objects with our column names, one selector each.

Values are text, null, or whole numbers (ids); anything else, and a name given twice in one object, is refused: two
readers of such a file could read two different accusations.
"""

import json
from collections.abc import Sequence

from ..errors import InputError

SUFFIXES = (".json",)


def recognises(head: bytes) -> bool:
    """The first sign is that of a JSON list."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"["


def rows(raw: bytes, name: str) -> list[tuple[int, dict[str, str | None]]]:
    """(record, cells) of each object, records counted from 1.

    Raises:
        InputError: not JSON in UTF-8, not a list of flat objects, a name twice in one object.
    """
    try:
        listed = json.loads(raw.decode("utf-8-sig"), object_pairs_hook=_once, parse_constant=_no_number)
    except UnicodeDecodeError as fault:
        raise InputError(f"{name} is not UTF-8: byte {fault.start + 1} is no text.\n"
                         "Save the registry as UTF-8.") from None
    except (ValueError, RecursionError) as fault:
        raise InputError(f"{name} is not JSON that can be read in one way only: {str(fault)[:200]}.\n"
                         "A registry is a list of flat objects: docs/sources.md") from None
    cells = []
    for record, found in enumerate(listed, 1):
        if not isinstance(found, dict):
            raise InputError(f"{name}, record {record}: not an object.\nA registry is a list of flat objects.")
        cells.append((record, {key.strip().lower(): _text(value, key, record, name) for key, value in found.items()}))
    return cells


def spell(rows: Sequence[dict[str, str | None]]) -> bytes:
    """The rows as JSON, one object a line; unknown is left out."""
    lines = [json.dumps({key: value for key, value in row.items() if value is not None}, ensure_ascii=False)
             for row in rows]
    return ("[\n" + ",\n".join(lines) + "\n]\n").encode("utf-8")


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs) or len({key.strip().lower() for key in found}) != len(found):
        raise ValueError("a name stands twice in one object")
    return found


def _no_number(constant: str) -> object:
    raise ValueError(f"{constant} is no value")


def _text(value: object, key: str, record: int, name: str) -> str | None:
    if value is None or isinstance(value, str):
        if value is not None and any("\ud800" <= sign <= "\udfff" for sign in value):
            raise InputError(f"{name}, record {record}: {key[:40]!r} holds half a character.\nSave it as UTF-8.")
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise InputError(f"{name}, record {record}: {key[:40]!r} is neither text nor a whole number.\n"
                     "Write ids between quotes: large numbers lose digits on the way.")
