"""Registries of previously identified sources: who was identified, by whom, when, and where that can be read.

A registry is quoted, never believed: every selector keeps who identified it and its citation, withdrawals are kept,
and a selector without citation gives no word. Nothing here decides whether an account belongs to a source (that is
`attribution`), nothing is fetched, and a registry is hostile input like any post.

One format a file. A format has `SUFFIXES`, `recognises(head) -> bool`, `rows(raw, name) -> [(record, {column: text})]`
and `spell([{column: text}]) -> bytes`; reading what it spelled gives the same rows.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from .. import digest, normalise, parts, tables
from ..errors import InputError
from ._selectors import TYPES, canonical, common_property, refang

__all__ = ["COLUMNS", "TYPES", "Problem", "canonical", "check", "common_property", "comparable",
           "platform_of", "read", "refang", "usable", "write"]

COLUMNS = tuple(name for name in tables.SOURCES if name != "receipt")  # of our own formats, in this order
NEEDED = ("source", "selector_type", "selector", "identified_by", "at", "cites")
MAX_BYTES = 2**28  # a registry of a million selectors has about 200 MB; more is not a registry
_SCHEMA: Mapping = tables.SOURCES
SHOWN = 80         # characters of a value that a message repeats


@dataclass(frozen=True)
class Problem:
    """Something in a registry that keeps it, or a selector, from giving a word."""

    file: str              # without folders
    record: int            # counted from 1; 0: the file as a whole
    level: str             # problem, or note: understood as it stands, and said
    found: str             # what stands there
    do: str                # what to do about it


def read(paths: Sequence[str | Path] | str | Path) -> pl.DataFrame:
    """All selectors of these registries, in the order of the files.

    Every record becomes a row, impossible selectors and withdrawals included: `usable` says which of them may give a
    word, and `check` what is wrong with the others. Dates without a zone are UTC; a last day counts to its end.

    Returns:
        tables.SOURCES; selectors stand as written, receipts point at the record of the registry.

    Raises:
        InputError: a file that is no registry, a record without source or selector, an unknown selector type, a time
            that cannot be read. What a registry says about people is not guessed at.
    """
    rows = []
    for path in _listed(paths):
        raw, records = _open(path)
        sha256 = digest.sha256(raw)
        for record, cells in records:
            if wrong := _unreadable(cells):
                found, do = wrong[0]
                raise InputError(f"{path.name}, record {record}: {found}.\n{do}\n"
                                 f"All problems of the file:  cotrace sources check {path.name}")
            rows.append({**cells, "selector_type": _bare(cells["selector_type"]),
                         "valid_from": _time(cells.get("valid_from")), "receipt": digest.receipt(sha256, record),
                         "valid_to": _time(cells.get("valid_to"), end=True)})
    columns = [pl.Series(name, [row.get(name) for row in rows], dtype=kind) for name, kind in _SCHEMA.items()]
    return pl.DataFrame(columns)


def write(sources: pl.DataFrame, path: str | Path) -> None:
    """Write a registry in the format that the name ends with; reading it again gives the same registry.

    Raises:
        InputError: no format writes files of this name.
    """
    path = Path(path)
    for name in parts.names("sources"):
        form = parts.load("sources", name)
        if path.suffix.lower() in form.SUFFIXES and hasattr(form, "spell"):
            rows = [{column: _spelled(row[column]) for column in COLUMNS}
                    for row in tables.conform(sources, tables.SOURCES, "A registry").to_dicts()]
            path.write_bytes(form.spell(rows))
            return
    raise InputError(f"No source format writes {path.name}.\nThere are: {', '.join(parts.names('sources'))}.")


def usable(sources: pl.DataFrame) -> pl.DataFrame:
    """The rows that may give a word: cited, dated, possible, not common property, and not withdrawn.

    A withdrawal in one record ends what the same voice says of the same selector in another.
    """
    keyed = [(row, _claim(row)) for row in sources.iter_rows(named=True)]
    ended = {claim for row, claim in keyed if row["withdrawn"] is not None}
    keep = [all(row[need] for need in NEEDED) and claim not in ended and claim[2] is not None
            and common_property(claim[1], claim[2]) is None for row, claim in keyed]
    return sources.filter(pl.Series(keep, dtype=pl.Boolean))


def comparable(sources: pl.DataFrame, platforms: Collection[str]) -> pl.DataFrame:
    """The rows that can be compared with posts of these platforms; one that names none where there is one alone."""
    keep = [platform_of(said) in platforms if said is not None else len(platforms) == 1 for said in sources["platform"]]
    return sources.filter(pl.Series(keep, dtype=pl.Boolean))


def _claim(cells: Mapping) -> tuple[str | None, str, str | None, str, str]:
    """(source, type, canonical selector, platform, voice): two records with one claim say the same."""
    kind = _bare(cells.get("selector_type"))
    return (cells.get("source"), kind, canonical(kind, cells.get("selector") or "", cells.get("platform")),
            platform_of(cells.get("platform")) or "", (cells.get("identified_by") or "").casefold())


def check(paths: Sequence[str | Path] | str | Path) -> list[Problem]:
    """What is wrong with these registries, in the order of files and records; empty where nothing is.

    Never raises for what a registry holds: a file that cannot be read is one problem, with record 0.
    """
    found: list[Problem] = []
    seen: dict[tuple, tuple[str, int]] = {}
    for path in _listed(paths):
        try:
            _, records = _open(path)
        except InputError as fault:
            said, _, do = str(fault).partition("\n")
            found.append(Problem(path.name, 0, "problem", said, do or "A registry is CSV or JSON: docs/sources.md"))
            continue
        if not records:
            found.append(Problem(path.name, 0, "problem", "no selector at all", "Is this the right file?"))
        for record, cells in records:
            complaints = [("problem", *wrong) for wrong in _unreadable(cells)] + list(_doubtful(cells))
            if twin := _twin(cells, seen, (path.name, record)):
                complaints.append(("problem", f"the same selector of the same source as in {twin[0]}, record {twin[1]}",
                                   "Keep one of them; two citations of one selector can stand in one cites, with ;"))
            found += [Problem(path.name, record, level, what, do) for level, what, do in complaints]
    return found


def platform_of(cell: str | None) -> str | None:
    """The platform of a selector as ids spell it ("X" is twitter); None where none is named, or it cannot be one."""
    try:
        return normalise.platform_name(cell) if cell else None
    except InputError:
        return None


def _listed(paths: Sequence[str | Path] | str | Path) -> list[Path]:
    return [Path(paths)] if isinstance(paths, str | Path) else [Path(path) for path in paths]


def _open(path: Path) -> tuple[bytes, list[tuple[int, dict[str, str | None]]]]:
    """The bytes of a registry and its records, by whichever format recognises them."""
    try:
        with open(path, "rb") as file:
            raw = file.read(MAX_BYTES + 1)  # not by the size that it says: a device says 0 and never ends
        if len(raw) > MAX_BYTES:
            raise InputError(f"{path.name} has more than {MAX_BYTES // 2**20} MiB: this is not a registry.\n"
                             "Name a CSV or JSON file of identified sources: docs/sources.md")
    except OSError as fault:
        raise InputError(f"The registry {path.name} cannot be read: {fault.strerror}.\nGive the path of a CSV or JSON "
                         "file.") from None
    if not raw.strip():
        raise InputError(f"{path.name} is empty.\nA registry has at least the columns {', '.join(NEEDED)}.")
    for name in parts.names("sources"):
        form = parts.load("sources", name)
        if form.recognises(raw[:4096]):
            records = [(record, {key: _tidy(value) for key, value in cells.items()})
                       for record, cells in form.rows(raw, path.name)]
            _refuse_strangers(records, path.name)
            return raw, records
    raise InputError(f"{path.name} is no registry in a format that cotrace knows ({', '.join(parts.names('sources'))})."
                     f"\nA registry has the columns {', '.join(NEEDED)}: docs/sources.md")


def _refuse_strangers(records: Iterable[tuple[int, Mapping]], name: str) -> None:
    for record, cells in records:
        if strangers := sorted(set(cells) - set(COLUMNS)):
            raise InputError(f"{name}, record {record}: a registry has no column {', '.join(map(_short, strangers))}.\n"
                             f"It has: {', '.join(COLUMNS)}.")


def _tidy(value: str | None) -> str | None:
    value = (value or "").strip()
    return value or None


def _bare(kind: str | None) -> str:
    return (kind or "").strip().lower()


def _short(value: object) -> str:
    text = str(value)
    return repr(text if len(text) <= SHOWN else text[:SHOWN] + "…")


def _unreadable(cells: Mapping[str, str | None]) -> list[tuple[str, str]]:
    """(found, do): what keeps a record from being read at all."""
    wrong = []
    for need in ("source", "selector"):
        if not cells.get(need):
            wrong.append((f"no {need}", "Name it, or take the record out."))
    if (kind := _bare(cells.get("selector_type"))) not in TYPES:
        wrong.append((f"selector_type {_short(kind)} is unknown", f"One of {', '.join(TYPES)}."))
    if (platform := cells.get("platform")) and platform_of(platform) is None:
        wrong.append((f"platform {_short(platform)} cannot be one", "Name it as ids do: twitter, telegram."))
    for column in ("valid_from", "valid_to"):
        if cells.get(column) and _time(cells[column]) is None:
            wrong.append((f"{column} {_short(cells[column])} is no date",
                          "Write ISO dates: 2018-08-22, or 2018-08-22T10:00:00Z."))
    return wrong


def _doubtful(cells: Mapping[str, str | None]) -> Iterable[tuple[str, str, str]]:
    """(level, found, do): what can be read and gives no word, or is not what it seems."""
    for need, why in (("identified_by", "who says so"), ("at", "when they said it"), ("cites", "where to read it")):
        if not cells.get(need):
            yield "problem", f"no {need}", f"Say {why}: without it the selector gives no word."
    if (dated := cells.get("at")) and _time(_full(dated)) is None:
        yield "problem", f"at {_short(dated)} is no ISO date", "Write 2018, 2018-08 or 2018-08-22."
    begin, end = _time(cells.get("valid_from")), _time(cells.get("valid_to"), end=True)
    if begin and end and end < begin:
        yield "problem", "valid_to is before valid_from", "Exchange or correct them."
    kind, selector = _bare(cells.get("selector_type")), cells.get("selector")
    if kind not in TYPES or not selector:
        return
    plain = refang(selector) if kind not in ("text", "media") else selector
    if plain != selector:
        yield "note", f"defanged spelling {_short(selector)}", f"Read as {_short(plain)}; nothing needs to be done."
    shape = canonical(kind, selector, cells.get("platform"))
    if shape is None:
        yield "problem", f"{kind} {_short(selector)} is impossible", TYPES[kind]
    elif reason := common_property(kind, shape):
        yield "problem", f"{kind} {_short(selector)} is common property: {reason}", \
            "Take it out: it would accuse everybody who uses it. It gives no word."
    if kind == "handle" and not (begin and (end or _time(_full(cells.get("at"))))):
        yield "note", "a handle without the dates for which it was identified", \
            "Add valid_from and valid_to, or the account id: handles are recycled, so alone it is only a lead."


def _twin(cells: Mapping, seen: dict[tuple, tuple[str, int]], here: tuple[str, int]) -> tuple[str, int] | None:
    """Where the same voice says the same of the same selector for the same dates."""
    claim = _claim(cells)
    key = (*claim, None if claim[2] else cells.get("selector"), cells.get("valid_from"), cells.get("valid_to"),
           cells.get("withdrawn"))
    if first := seen.get(key):
        return first
    seen[key] = here
    return None


def _full(date: str | None) -> str | None:
    """An ISO date of a year or a month, as its first day."""
    pieces = (date or "").split("-")
    if date and len(pieces) <= 2 and all(piece.isascii() and piece.isdigit() for piece in pieces):
        return "-".join([*pieces, "01", "01"][:3])
    return date


def _time(text: str | None, *, end: bool = False) -> datetime | None:
    """An ISO date or time as UTC; with `end`, a bare date counts to its end. None: absent or unreadable."""
    if not text:
        return None
    try:
        when = datetime.fromisoformat(text)
        when = when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
        return when + timedelta(days=1, microseconds=-1) if end and len(text) <= len("2018-08-22") else when
    except (ValueError, OverflowError):
        return None


def _spelled(value: object) -> str | None:
    return value.isoformat() if isinstance(value, datetime) else None if value is None else str(value)
