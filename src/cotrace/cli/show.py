"""`cotrace show`: the finding in a terminal, in the statement's own sentences."""

import textwrap
from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import InputError
from . import _terminal as terminal

MOST = 20        # clusters and links shown; the count says how many there are, the dossier holds all
WIDTH = 110
SECTIONS = ("summary", "chance", "withheld", "limits")


def show(case: Annotated[Path, typer.Argument(metavar="DIR", help="A case, or a dossier.")]) -> None:
    """Clusters, links, what placebos found, and what would have been found."""
    finding(dossier_of(case).read_bytes())


def dossier_of(case: Path) -> Path:
    """The dossier of a case, or the file itself.

    Raises:
        InputError: there is none.
    """
    if (case / "case.json").is_file():
        from ..case import Case

        Case(case)  # finishes what a killed process was asked to forget
    path = case / "dossier.zip" if case.is_dir() else case
    if not path.is_file():
        raise InputError(f"{case} holds no dossier yet.\nMake one:  cotrace run POSTS --case {case}")
    return path


def finding(dossier: bytes) -> None:
    """Print the finding of a dossier. With --json: the statement as it stands in the dossier."""
    from .. import digest

    files = digest.unarchive(dossier)
    if "withheld.json" in files:
        terminal.result({"withheld": "somebody was forgotten, and the statement that named them is withheld",
                         "check what is left": "cotrace verify dossier.zip", "make a finding": "cotrace run POSTS"})
        return
    statement: Any = digest.parse_canonical(files["statement.json"], "statement.json")
    if terminal.STATE.json:
        terminal.result(statement)
        return
    sections = {section["id"]: section for section in statement["sections"]}
    terminal.result(f"{statement['title']}\n{statement['review']}\n")
    terminal.result(_prose(sections["summary"]))
    for name, columns in (("clusters", ("cluster", "size", "traces", "observed", "expected", "first", "last")),
                          ("links", ("actor", "source", "word", "cluster"))):
        rows = _rows(files, name, columns)
        if name == "links":
            rows = [row for row in rows if row.pop("named") == "yes"]
        if name == "clusters":
            said = {row["cluster"]: row for row in _rows(files, "verdicts", ("cluster", "word", "first"))}
            rows = [{**row, "second verdict": said[row["cluster"]]["word"],
                     "benign explanation": said[row["cluster"]]["first"]} for row in rows]
        if rows:
            terminal.result(rows[:MOST], title=f"{name} ({min(MOST, len(rows))} of {len(rows)})")
    terminal.result("\n".join(_prose(sections[name]) for name in SECTIONS[1:]))


def _rows(files: dict[str, bytes], name: str, columns: tuple[str, ...]) -> list[dict]:
    from .. import digest

    header, rows = digest.parse_csv(files[f"evidence/{name}.csv"], name)
    wanted = [column for column in (*columns, "named") if column in header]
    return [{column: row[header.index(column)] for column in wanted} for row in rows]


def _prose(section: dict) -> str:
    from .. import derive

    said = [textwrap.fill(f"{sentence['type']:<10} {derive.says(sentence)}", WIDTH, subsequent_indent=" " * 11)
            for sentence in section["sentences"]]
    return "\n".join([section["title"], *said, ""])
