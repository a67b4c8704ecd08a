"""Findings → a file. One format a file; each reads the files of a dossier and nothing else.

An exporter is a module with

    CANNOT_CARRY: tuple[str, ...]                  sentences: what the format leaves behind; the command prints them
    contents(files) -> bytes | dict[str, bytes]    a file, or a folder of files; the same dossier, the same bytes
    export(files, out)                             the same, written whole or not at all

where `files` is what `digest.unarchive` gives. What the exporters share is here: the published tables, and writing.
"""

import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from .. import derive, digest
from ..errors import InputError, VerificationError

# The published tables: a contract that others build on. Later versions add columns at the end.
COLUMNS: dict[str, tuple[str, ...]] = {
    "actors": ("actor", "name", "kind", "cluster", "stability", "traces", "q_min", "role", "after", "sittings",
               "came_first", "came_last", "share_first", "median_lag_s", "role_q", "before_elsewhere",
               "after_elsewhere", "role_q_placebo"),
    "edges": ("a", "b", "kind", "trace", "window_s", "observed", "expected", "p", "q"),
    "clusters": ("cluster", "size", "traces", "q", "posts", "first", "last", "stability", "inauthentic",
                 "explanations"),
    "links": ("cluster", "actor", "source", "indicator", "likelihood_ratio", "word", "identified_by", "cites"),
    "events": ("a", "b", "trace", "object", "post_a", "at_a", "post_b", "at_b", "delta_s", "receipt_a", "receipt_b",
               "text_a", "text_b"),
    "sources": ("source", "selector_type", "selector", "identified_by", "at", "cites", "platform", "name", "valid_from",
                "valid_to", "withdrawn", "note"),
}
NUMBERS = frozenset({"stability", "q_min", "window_s", "observed", "expected", "p", "q", "size", "posts",
                     "likelihood_ratio", "delta_s", "sittings", "came_first", "came_last", "share_first",
                     "median_lag_s", "role_q", "before_elsewhere", "after_elsewhere",
                     "role_q_placebo"})  # written by us and never by a post
Row = dict[str, str]


def tables(files: Mapping[str, bytes]) -> dict[str, list[Row]]:
    """The six published tables of a dossier, pairs in the order of their ids; unknown is the empty cell.

    Raises:
        VerificationError: the dossier lacks a table or a column, or one is not canonical.
    """
    posts = {row["post"]: row for row in evidence(files, "posts")}
    together = [row for row in evidence(files, "occasions") if row["together"] == "yes"]
    return {
        "actors": _chosen("actors", _ordered(files)),
        "edges": _chosen("edges", sorted(evidence(files, "edges"), key=_pair)),
        "clusters": _chosen("clusters", _judged(files)),
        "links": _chosen("links", _links(files)),
        "events": _chosen("events", [{**row, **_side(posts, row, "a"), **_side(posts, row, "b")}
                                     for row in sorted(together, key=_pair)]),
        "sources": _chosen("sources", evidence(files, "registry")),
    }


def evidence(files: Mapping[str, bytes], name: str) -> list[Row]:
    """One table of the evidence as rows."""
    place = f"evidence/{name}.csv"
    if place not in files:
        raise VerificationError(f"The dossier has no {place}: it is not one, or from another version.")
    header, rows = digest.parse_csv(files[place], place)
    if lacks := [column for column in derive.EVIDENCE[name] if column not in header]:
        raise VerificationError(f"{place} lacks the columns {', '.join(lacks)}.")
    return [dict(zip(header, row, strict=True)) for row in rows]


def _ordered(files: Mapping[str, bytes]) -> list[Row]:
    """Members with who came when."""
    order = {(row["cluster"], row["actor"]): {**row, "role_q": row["q"], "role_q_placebo": row["q_placebo"]}
             for row in evidence(files, "roles")}
    nothing = dict.fromkeys((*derive.EVIDENCE["roles"], "role_q", "role_q_placebo"), "")
    return [{**order.get((row["cluster"], row["actor"]), nothing), **row} for row in evidence(files, "members")]


def _judged(files: Mapping[str, bytes]) -> list[Row]:
    """Clusters with the second verdict and the benign explanations that fit, joined by ;."""
    words = {row["cluster"]: row["word"] for row in evidence(files, "verdicts")}
    fit: dict[str, list[str]] = {}
    for row in evidence(files, "explanations"):
        if row["fits"] == "fits":
            fit.setdefault(row["cluster"], []).append(row["explanation"])
    return [{**row, "inauthentic": words.get(row["cluster"], ""), "explanations": ";".join(fit.get(row["cluster"], []))}
            for row in evidence(files, "clusters")]


def _pair(row: Row) -> tuple[str, ...]:
    return row["a"], row["b"], row["trace"], row.get("at_a", ""), row.get("object", "")


def _side(posts: Mapping[str, Row], row: Row, side: str) -> Row:
    post = posts.get(row[f"post_{side}"], {})
    return {f"receipt_{side}": post.get("receipt", ""), f"text_{side}": post.get("text", "")}


def _links(files: Mapping[str, bytes]) -> list[Row]:
    """One row an actor × source × indicator; who identified the source, and where that can be read, beside each."""
    said: dict[str, list[Row]] = {}
    for selector in evidence(files, "registry"):
        said.setdefault(selector["source"], []).append(selector)
    grounds: dict[tuple[str, ...], list[Row]] = {}
    for ground in evidence(files, "grounds"):
        grounds.setdefault((ground["cluster"], ground["actor"], ground["source"]), []).append(ground)
    rows = []
    for link in evidence(files, "links"):
        for ground in grounds.get((link["cluster"], link["actor"], link["source"])) or [{}]:
            rests_on = set(filter(None, ground.get("selectors", "").split(";")))
            of_source = said.get(link["source"], [])
            cited = [selector for selector in of_source if selector["receipt"] in rests_on] or of_source
            rows.append({**link, "indicator": ground.get("indicator", ""), "likelihood_ratio": ground.get("ratio", ""),
                         **{column: _listed(selector[column] for selector in cited)
                            for column in ("identified_by", "cites")}})
    return rows


def _listed(items: Iterable[str]) -> str:
    """Distinct items, sorted, in one cell; a `;` inside an item is written %3B, as in the dossier."""
    return ";".join(sorted({item.replace(";", "%3B") for item in items if item}))


def _chosen(table: str, rows: Iterable[Row]) -> list[Row]:
    return [{column: row[column] for column in COLUMNS[table]} for row in rows]


def write(out: Path, contents: bytes | Mapping[str, bytes]) -> None:
    """Put a file, or a folder of files, at `out`: whole or not at all, and never over something else.

    Raises:
        InputError: there is something at `out`, or its folder does not exist.
    """
    out = Path(out)
    if not out.parent.is_dir():
        raise InputError(f"There is no folder {out.parent} to write {out.name} into.\n"
                         "Make it first, or name another --out.")
    if out.is_dir() and any(out.iterdir()):
        raise InputError(f"{out} is a folder with something in it, and an export never mixes with what is there.\n"
                         "Name a new folder, or empty this one first.")
    if out.exists() and not out.is_dir():
        raise InputError(f"{out} is already there.\nName another --out, or remove it first.")
    try:
        if isinstance(contents, bytes):
            _write_file(out, contents)
        else:
            _write_folder(out, contents)
    except OSError as fault:
        raise InputError(f"{out} could not be written: {fault.strerror or fault}.\nNothing was left behind.") from None


def _write_file(out: Path, contents: bytes) -> None:
    if out.is_dir():
        raise InputError(f"{out} is a folder, and this format is one file.\nName a file, such as {out / 'export'}.")
    handle, name = tempfile.mkstemp(prefix=f".{out.name}.", dir=out.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(contents)
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, out)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _write_folder(out: Path, contents: Mapping[str, bytes]) -> None:
    building = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        for name in sorted(contents):
            (building / name).write_bytes(contents[name])
        building.chmod(0o777 & ~_umask())
        os.replace(building, out)  # an empty folder at `out` gives way; a full one was refused
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise


def _umask() -> int:
    """The mask of this process; it can only be read by setting it."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
