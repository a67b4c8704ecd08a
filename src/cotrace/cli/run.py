"""`cotrace run`: the whole line, from files to a dossier."""

import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from ..errors import InputError
from . import _options, show
from . import _terminal as terminal

PACKED = (".gz", ".zst")
UNITS = {"K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
Files = Annotated[list[str], typer.Argument(metavar="POSTS...", help="CSV, TSV, JSON Lines, Parquet; - is stdin.")]


def run(
    posts: Files,
    case: Annotated[Path | None, typer.Option(metavar="DIR", help="Default: NAME.case beside the first file.")] = None,
    sources: Annotated[list[Path] | None, typer.Option(metavar="FILE", help="Previously identified sources.")] = None,
    plan: Annotated[Path | None, typer.Option(metavar="plan.toml", help="Settings; all are optional.")] = None,
    trace: Annotated[list[str] | None, typer.Option(metavar="T", help="Look for this trace alone.")] = None,
    without: Annotated[list[str] | None, typer.Option(metavar="T", help="Leave this trace out.")] = None,
    column: Annotated[list[str] | None, typer.Option(metavar="ours=theirs", help="Which column is which.")] = None,
    zone: Annotated[str | None, typer.Option(metavar="UTC", help="Of times that do not name theirs.")] = None,
    platform: Annotated[str | None, typer.Option(metavar="NAME", help="Where the file names none.")] = None,
    allow_rejects: Annotated[float, typer.Option(metavar="0.10", help="Share of records that may be wrong.")] = 0.05,
    sign: Annotated[Path | None, typer.Option(metavar="KEYFILE", help="As `cotrace key new` wrote it.")] = None,
    pseudonyms: Annotated[Path | None, typer.Option(metavar="KEYFILE", help="Ids and names as keyed hashes.")] = None,
    seed: Annotated[int | None, typer.Option(metavar="N", min=0, help="Overrules the plan's.")] = None,
    workers: Annotated[int | None, typer.Option(metavar="N", min=1, help="Threads; default: all cores.")] = None,
    memory: Annotated[str | None, typer.Option(metavar="8G", help="Refuse what needs more.")] = None,
    engine: Annotated[str, typer.Option(metavar="local|spark|reference", help="Who counts; one answer.")] = "local",
    master: Annotated[str | None, typer.Option(metavar="URL", help="Of --engine spark: where the cluster is.")] = None,
) -> None:
    """Find who acts together, link them to published sources, write the dossier.

    Leaves DIR/dossier.zip and DIR/statement.html. The same inputs and plan resume; another plan or more files is a
    new run beside it.
    """
    from .. import needs, pipeline

    folder = case or beside(posts[0])
    if told := needs.before(posts, columns=_options.columns(column), zone=zone, platform=platform):
        terminal.say(f"Needs      {told.words(folder)}")
    done = pipeline.run(
        posts, case=folder, registries=sources or (), plan=plan, only=trace or (), without=without or (), seed=seed,
        columns=_options.columns(column) or None, zone=zone, platform=platform, allow_rejects=allow_rejects,
        key=secret(sign), pseudonyms=secret(pseudonyms), engine=engine, workers=workers, master=master,
        memory=size(memory), progress=terminal.progress())
    show.finding(done.dossier)
    for note in (*done.findings.reading.notes, *done.findings.notes):
        terminal.say(f"Note       {note}")
    terminal.say(f"Statement  {folder / 'statement.html'}\n"
                 f"Dossier    {folder / 'dossier.zip'}\n"
                 f"Check it   {_check(folder / 'dossier.zip', posts, sources or ())}")


def _check(dossier: Path, posts: list[str], sources: Sequence[Path]) -> str:
    """The command that verifies, as a shell takes it, with the posts where they are files that can be read again."""
    words = ["verify", str(dossier)]
    if all(Path(one).is_file() for one in posts):
        words += ["--posts", *posts, *(word for path in sources for word in ("--sources", str(path)))]
    return f"{terminal.program()} {shlex.join(words)}"


def beside(first: str) -> Path:
    """NAME.case beside the first file: posts.jsonl.gz → posts.case."""
    if "://" in first:
        raise InputError(f"{first} lies elsewhere, and a case is a folder of this machine.\nName it:  --case DIR")
    path = Path("stdin" if first == "-" else first)
    if not path.name:
        raise InputError(f"{first!r} is no file of posts.\nName one:  cotrace run POSTS...")
    packed = path.suffix.lower() in PACKED
    return path.with_name((Path(path.stem).stem if packed else path.stem) + ".case")


def secret(path: Path | None) -> bytes | None:
    """The bytes of a key file.

    Raises:
        InputError: it cannot be read, or is empty.
    """
    if path is None:
        return None
    try:
        raw = path.read_bytes()
    except OSError as fault:
        raise InputError(f"The key {path} cannot be read: {fault.strerror}.\n"
                         f"Make one:  cotrace key new {path}") from None
    if not raw.strip():
        raise InputError(f"The key {path} is empty.\nMake one:  cotrace key new {path}.new")
    return raw


def size(said: str | None) -> int | None:
    """Bytes from `8G`, `500M`.

    Raises:
        InputError: not a number with a unit.
    """
    if said is None:
        return None
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([KMGT])i?B?", said.strip(), re.IGNORECASE)
    if not found:
        raise InputError(f"--memory takes a size such as 8G or 500M; found {said!r}.")
    return int(float(found[1]) * UNITS[found[2].upper()])
