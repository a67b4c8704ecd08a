"""`cotrace export`: findings as a file that other programs read."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from .. import digest, parts
from ..errors import InputError
from . import _terminal as terminal
from .run import secret

FORMATS = parts.names("exporters")


def export(
    dossier: Annotated[Path, typer.Argument(metavar="DIR", help="A case, or a dossier.zip.")],
    to: Annotated[str, typer.Option("--to", help=f"One of: {', '.join(FORMATS)}.")],
    out: Annotated[str, typer.Option("--out", help="File or folder to write; - is stdout, for formats of one file.")],
    public: Annotated[bool, typer.Option("--public", help="The statement for everybody: names only after a decision.")]
    = False,
    key: Annotated[Path | None, typer.Option("--key", metavar="KEYFILE", help="Of the hashes of --public.")] = None,
) -> None:
    """Write what was found as CSV, GEXF, GraphML, Parquet, or as the statement itself.

    It reads the dossier alone, and checks it no further than reading needs: `cotrace verify` does that.
    """
    exporter = parts.require(parts.load("exporters", to))
    place = dossier / "dossier.zip" if dossier.is_dir() else dossier
    if (dossier / "case.json").is_file():
        from ..case import Case

        Case(dossier)  # finishes what a killed process was asked to forget
    if not place.is_file():
        raise InputError(f"There is no {place}.\nName a case that `cotrace run` has finished, or a dossier.zip.")
    files = digest.unarchive(place.read_bytes())
    if "withheld.json" in files:
        raise InputError("Somebody was forgotten in this case, and what is left of this dossier is no finding.\n"
                         "Make one without them:  cotrace run POSTS --case DIR")
    if public or key:
        if to != "statement" or not public or out == "-":
            raise InputError("--public and --key belong to the statement:  "
                             "cotrace export DIR --to statement --public --out FOLDER")
        exporter.export_public(files, Path(out), key=_key(dossier, key))
        terminal.result({"written": out, "format": "statement, public form"})
        return
    if out == "-":
        written = exporter.contents(files)
        if not isinstance(written, bytes):
            raise InputError(f"{to} is several files, which stdout cannot carry.\nName a folder with  --out FOLDER.")
        sys.stdout.buffer.write(written)
    else:
        exporter.export(files, Path(out))
        terminal.result({"written": out, "format": to})
    for sentence in exporter.CANNOT_CARRY:
        terminal.say(f"Not in it: {sentence}")


def _key(place: Path, given: Path | None) -> bytes:
    """The key of the hashes: a file, or one that the case keeps."""
    if (known := secret(given)) is not None:
        return known
    if not (place / "case.json").is_file():
        raise InputError("Who is not named is a hash under a key, and a dossier keeps none.\n"
                         "Give one:  --key KEYFILE  (any file that nobody else has; keep it)")
    from ..case import Case

    case = Case(place)
    with case.working():
        return case.secret()
