"""The statement itself, byte for byte as it stands in the dossier: the page, the Markdown, the JSON.

Where `--out` ends with .html, .md or .json, that one spelling is written; else a folder with all three.
"""

from collections.abc import Mapping
from pathlib import Path

from ..errors import VerificationError
from . import write

CANNOT_CARRY = (
    "The evidence and the proof: numbers can be read here, but only the dossier lets somebody recompute them.",
)
SPELLINGS = ("statement.html", "statement.md", "statement.json")


def export(files: Mapping[str, bytes], out: Path) -> None:
    """Write the file `out`, or the folder `out` with statement.html, statement.md and statement.json."""
    every = contents(files)
    alone = every.get(f"statement{Path(out).suffix.lower()}")
    write(out, every if alone is None else alone)


def contents(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The three spellings."""
    if lacks := [name for name in SPELLINGS if name not in files]:
        raise VerificationError(f"The dossier has no {', no '.join(lacks)}: it is not one, or from another version.")
    return {name: files[name] for name in SPELLINGS}
