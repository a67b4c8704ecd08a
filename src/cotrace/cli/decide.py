"""`cotrace decide`: a person's verdict on a member or a link, kept with who, when and why."""

from pathlib import Path
from typing import Annotated

import typer

from ..errors import InputError
from . import _terminal as terminal
from . import show
from .run import secret


def decide(
    case: Annotated[Path, typer.Argument(metavar="DIR", help="A case.")],
    actor: Annotated[str | None, typer.Argument(metavar="ACTOR", help="platform:id, as `cotrace show` prints it.")]
    = None,
    verdict: Annotated[str | None, typer.Argument(metavar="same|different|unsure")] = None,
    by: Annotated[str | None, typer.Option(metavar="NAME", help="Who decides; printed as given.")] = None,
    because: Annotated[str | None, typer.Option(metavar="TEXT", help="Why; printed as given.")] = None,
    source: Annotated[str, typer.Option(metavar="ID", help="About the link to this source.")] = "",
    at: Annotated[str, typer.Option(metavar="2026-03-01", help="When; default: today.")] = "",
    sign: Annotated[Path | None, typer.Option(metavar="KEYFILE", help="Sign the dossier that is made again.")] = None,
    pseudonyms: Annotated[Path | None, typer.Option(metavar="KEYFILE", help="Of this case, where it has them.")] = None,
) -> None:
    """Keep a person's decision and make the finding again with it; with DIR alone, list all decisions.

    same: belongs to what was found. different: does not, and is taken out; clusters, links and sentences are made
    again, chance is not. unsure: changes nothing. A later decision on the same question stands, and the earlier ones
    are kept. Nothing is ever decided by the program.
    """
    from .. import decisions, review

    if not (case / "case.json").is_file():
        raise InputError(f"{case} is no case.\nDecisions are kept in one; make it:  cotrace run POSTS --case DIR")
    if actor is None:
        made = review.decided(case)
        terminal.result(made, title="decisions")
        terminal.say(f"{len(made)} decision(s) in {case}.")
        return
    one = decisions.decision(actor=actor, verdict=verdict or "", by=by or "", because=because or "", source=source,
                             at=at)
    signed = secret(sign)
    done = review.decide(case, one, key=signed, pseudonyms=secret(pseudonyms), progress=terminal.progress())
    show.finding(done.dossier)
    terminal.say(f"Kept in {case}, and made again: {case / 'statement.html'}, {case / 'dossier.zip'}")
    if signed is None:
        terminal.say("The new dossier is not signed; sign it with  --sign KEYFILE")
