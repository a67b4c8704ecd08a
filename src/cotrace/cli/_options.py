"""What an option means that several commands take, told once."""

from pathlib import Path
from typing import Annotated

import typer

from ..errors import InputError

# Of the commands by which a case goes on, `add` and `watch`.
Sources = Annotated[list[Path] | None, typer.Option(metavar="FILE", help="Instead of those of the case.")]
PlanFile = Annotated[Path | None, typer.Option(metavar="plan.toml", help="Of a case that is begun.")]
Columns = Annotated[list[str] | None, typer.Option(metavar="ours=theirs", help="Of a case that is begun.")]
Zone = Annotated[str | None, typer.Option(metavar="UTC", help="Of a case that is begun.")]
Platform = Annotated[str | None, typer.Option(metavar="NAME", help="Of a case that is begun.")]
AllowRejects = Annotated[float | None, typer.Option(metavar="0.10", help="Of a case that is begun.")]
Sign = Annotated[Path | None, typer.Option(metavar="KEYFILE", help="As `cotrace key new` wrote it.")]
Pseudonyms = Annotated[Path | None, typer.Option(metavar="KEYFILE", help="Of this case, where it has them.")]
Workers = Annotated[int | None, typer.Option(metavar="N", min=1, help="Threads; default: all cores.")]
Memory = Annotated[str | None, typer.Option(metavar="8G", help="Refuse what needs more.")]
Engine = Annotated[str, typer.Option(metavar="local|reference", help="Who counts; the answer is one.")]


def columns(given: list[str] | None, *, example: str = "post=tweet_id") -> dict[str, str]:
    """`--column ours=theirs` as a mapping, split at the first equals sign; nothing on the right: no such column.

    Raises:
        InputError: no equals sign, or one of ours twice.
    """
    chosen: dict[str, str] = {}
    for one in given or []:
        ours, sign, theirs = (part.strip() for part in one.partition("="))
        if not sign or not ours:
            raise InputError(f"--column takes OURS=THEIRS; found {one!r}.\nFor example:  --column {example}")
        if ours in chosen:
            raise InputError(f"--column names {ours!r} twice.\nA post has one column of each name.")
        chosen[ours] = theirs
    return chosen
