"""Files of pictures → hashes in a file of posts, so that `similar_image` can compare them. Nothing is ever fetched.

It writes the posts once more, with a hash for the name of each picture; the search, its dossier and whoever checks it
need that file and no picture. Names come from strangers: only files below the one folder that the caller names are
opened, and only pictures of a bounded size, each decoded in a process that may die of it (`_decoder.py`).
"""

import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from .. import derive, readers
from ..errors import InputError
from ..progress import Progress, quiet
from . import _files
from ._decoders import Decoders

NEEDS = {"PIL": "images"}  # decoding; hashes that come with the posts need nothing
HASH = re.compile(r"(?i:pdq:)?[0-9a-fA-F]{64}(?::[0-9]{1,3})?")
MANY = re.compile(r"[,;|]\s*|\s+")
SHOWN = 5                  # names shown of those that gave no hash for one reason


@dataclass(frozen=True)
class Hashed:
    """What became of the pictures that a file of posts names."""

    records: int
    unreadable: int                        # records that are not written: see `cotrace inspect`
    pictures: int                          # different names
    hashed: int                            # of which a hash was made
    telling: int                           # of those, with enough in them to be compared
    refused: Mapping[str, tuple[int, tuple[str, ...]]]  # why not → how many, and the first names
    column: str                            # of the file, that now holds hashes


def hashed(posts: str | Path, *, below: str | Path, out: str | Path, column: str | None = None,
           workers: int | None = None, progress: Progress = quiet) -> Hashed:
    """Write posts with hashes in place of the names of their pictures, as JSON Lines.

    Each record is written as it was read, in the same order; the column of pictures holds a list of `HASH:QUALITY`, and
    the names are in `COLUMN_files`. Hashes that stand there already stay; a picture without hash is left out.

    Args:
        posts: one file of posts.
        below: the folder that names are relative to; nothing outside is opened.
        out: the file to write; there must be none.
        column: of the file, the one with the names; None: the one that is taken for `media`.
        workers: pictures decoded at once; None: one a core. The answer does not depend on it.

    Raises:
        InputError: no such file, folder or column, or there is something at `out`.
        MissingPartError: Pillow is not installed.
    """
    folder, given, into = _files.Folder(below), readers.source(str(posts)), Path(out)
    if into.exists() or not into.parent.is_dir():
        raise InputError(f"{into} is already there.\nName another --out." if into.exists() else
                         f"There is no folder {into.parent} to write {into.name} into.\nMake it first.")
    container = readers.container_of(given)
    column = column or _column(_names_of_columns(container.records(given)), given.name)
    wanted, records, unreadable = _wanted(container.records(given), column, given.name, folder)
    found = _fingerprints(folder, sorted(wanted), workers, progress)
    building = into.with_name(f".{into.name}.part")
    try:
        with open(building, "w", encoding="utf-8", newline="\n") as file:
            file.writelines(_lines(container.records(given), column, folder, found))
        os.replace(building, into)
    finally:
        building.unlink(missing_ok=True)
    made = [quality for first, quality in found.values() if first != "-"]
    telling = sum(int(quality) >= derive.PICTURE_QUALITY for quality in made)
    return Hashed(records, unreadable, len(found), len(made), telling, _refused(found), column)


def _names_of_columns(records: Iterable[readers.Record]) -> list[str]:
    names: dict[str, None] = {}
    for record in records:
        names.update(dict.fromkeys(record.cells or ()))
    return list(names)


def _column(columns: list[str], where: str) -> str:
    """The column that a search would take for `media`."""
    theirs = readers.layout_of(columns).mapping.get("media") if columns else None
    if theirs is None:
        raise InputError(f"{where} has no column that is known to hold pictures.\nIt has: {', '.join(columns)}.\n"
                         "Name the one with the names of files:  --column media=THEIRS")
    return theirs


def _wanted(records: Iterable[readers.Record], column: str, where: str, folder: _files.Folder,
            ) -> tuple[set[str], int, int]:
    """Names to look up, how many records there are, and how many could not be read."""
    wanted: set[str] = set()
    count = unreadable = 0
    known = False
    for record in records:
        count += 1
        unreadable += record.cells is None
        known = known or column in (record.cells or ())
        wanted |= {name for name in _listed((record.cells or {}).get(column), folder) if not HASH.fullmatch(name)}
    if not known:
        raise InputError(f"{where} has no column {column!r}.\nSee  cotrace inspect {where}  for those it has.")
    return wanted, count, unreadable


def _listed(cell: object, folder: _files.Folder) -> list[str]:
    """The items of a cell: a list, a list as JSON, one name as it stands where there is such a file, or several."""
    if isinstance(cell, list | tuple):
        return [str(one).strip() for one in cell if one is not None and str(one).strip()]
    if cell is None or not (said := str(cell).strip()):
        return []
    if said.startswith("["):
        try:
            return [str(one).strip() for one in json.loads(said) if one is not None and str(one).strip()]
        except (ValueError, RecursionError, TypeError):
            return [said]
    items = [item for item in MANY.split(said) if item]
    return [said] if len(items) > 1 and _is_a_name(said, folder) else items


def _is_a_name(said: str, folder: _files.Folder) -> bool:
    """Whether a cell with spaces or commas is one name: there is something of that name."""
    try:
        return (folder.root / said).is_file()
    except (OSError, ValueError):
        return False


def _fingerprints(folder: _files.Folder, names: list[str], workers: int | None, progress: Progress,
                  ) -> dict[str, tuple[str, str]]:
    """Of each name `(HASH, QUALITY)`, or `("-", why not)`."""
    found: dict[str, tuple[str, str]] = {}
    with Decoders() as decoders, ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        def one(name: str) -> tuple[str, str]:
            try:
                return decoders.answer(folder.read(name))
            except _files.Refused as why:
                return "-", str(why)

        for done, (name, said) in enumerate(zip(names, pool.map(one, names), strict=True)):
            progress("Hashing pictures", done, len(names))
            found[name] = said
    return found


def _lines(records: Iterable[readers.Record], column: str, folder: _files.Folder,
           found: Mapping[str, tuple[str, str]]) -> Iterator[str]:
    for record in records:
        if record.cells is None:
            continue
        items = _listed(record.cells.get(column), folder)
        hashes = [item if item not in found else ":".join(found[item]) for item in items
                  if item not in found or found[item][0] != "-"]
        said = {name: _plain(cell) for name, cell in record.cells.items()}
        yield json.dumps({**said, column: hashes, f"{column}_files": items}, ensure_ascii=False) + "\n"


def _plain(cell: object) -> object:
    """A cell as JSON carries it."""
    if isinstance(cell, list | tuple):
        return [_plain(one) for one in cell]
    if hasattr(cell, "isoformat"):
        return cell.isoformat()
    return cell if cell is None or isinstance(cell, str | int | float | bool) else str(cell)


def _refused(found: Mapping[str, tuple[str, str]]) -> dict[str, tuple[int, tuple[str, ...]]]:
    why = Counter(said for first, said in found.values() if first == "-")
    return {reason: (count, tuple(name for name, said in found.items() if said == ("-", reason))[:SHOWN])
            for reason, count in sorted(why.items())}
