"""The statement itself, byte for byte as it stands in the dossier: the page, the Markdown, the JSON.

`--public`: the form for everybody, which names only those on whom a person decided (`_public.py`). Where `--out` ends
with .html, .md or .json, that one spelling is written; else a folder with all three.
"""

from collections.abc import Mapping
from pathlib import Path

from .. import derive
from ..errors import VerificationError
from . import _public, write

CANNOT_CARRY = (
    "The evidence and the proof: numbers can be read here, but only the dossier lets somebody recompute them.",
)
SPELLINGS = ("statement.html", "statement.md", "statement.json")


def export(files: Mapping[str, bytes], out: Path) -> None:
    """Write the file `out`, or the folder `out` with statement.html, statement.md and statement.json."""
    _write(contents(files), out)


def export_public(files: Mapping[str, bytes], out: Path, *, key: bytes) -> None:
    """The same, as it may be published; everybody who is not named is a hash under this key.

    Raises:
        InputError: somebody named is without a decision.
    """
    if lacks := [name for name in (*SPELLINGS, *(f"evidence/{table}.csv" for table in derive.EVIDENCE))
                 if name not in files]:
        raise VerificationError(f"The dossier has no {', no '.join(lacks[:3])}: it is from another version.\n"
                                "Run the same files again; decisions of the case are kept.")
    _write(_public.public(files, key), out)


def _write(every: Mapping[str, bytes], out: Path) -> None:
    alone = every.get(f"statement{Path(out).suffix.lower()}")
    write(out, every if alone is None else alone)


def contents(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The three spellings."""
    if lacks := [name for name in SPELLINGS if name not in files]:
        raise VerificationError(f"The dossier has no {', no '.join(lacks)}: it is not one, or from another version.")
    return {name: files[name] for name in SPELLINGS}
