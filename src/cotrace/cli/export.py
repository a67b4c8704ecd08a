"""`cotrace export`: findings as a file that other programs read."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from .. import digest, parts
from ..errors import InputError
from . import _terminal as terminal

FORMATS = parts.names("exporters")


def export(
    dossier: Annotated[Path, typer.Argument(metavar="DIR", help="A case, or a dossier.zip.")],
    to: Annotated[str, typer.Option("--to", help=f"One of: {', '.join(FORMATS)}.")],
    out: Annotated[str, typer.Option("--out", help="File or folder to write; - is stdout, for formats of one file.")],
) -> None:
    """Write what was found as CSV, GEXF, GraphML, Parquet, or as the statement itself.

    It reads the dossier alone, and checks it no further than reading needs: `cotrace verify` does that.
    """
    exporter = parts.require(parts.load("exporters", to))
    place = dossier / "dossier.zip" if dossier.is_dir() else dossier
    if not place.is_file():
        raise InputError(f"There is no {place}.\nName a case that `cotrace run` has finished, or a dossier.zip.")
    files = digest.unarchive(place.read_bytes())
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
