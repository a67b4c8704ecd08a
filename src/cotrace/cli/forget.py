"""`cotrace forget`: takes a person's posts out of a case for good, and leaves digests."""

from pathlib import Path
from typing import Annotated

import typer

from ..errors import InputError
from . import _terminal as terminal


def forget(
    case: Annotated[Path, typer.Argument(metavar="DIR", help="A case.")],
    actor: Annotated[str, typer.Argument(metavar="ACTOR", help="platform:id.")],
    also: Annotated[list[str] | None, typer.Option(metavar="NAME", help="A handle or name that no file tells.")] = None,
) -> None:
    """Take somebody's posts, and all that names them, out of every file of a case; this cannot be undone.

    Statements that named them are withheld; what is left of their evidence still verifies against its roots. Later runs
    in this case on the same files do not bring the posts back. Files outside the case are not touched.
    """
    from .. import review

    if not (case / "case.json").is_file():
        raise InputError(f"{case} is no case, so there is nothing in it to forget.\nName the folder of a case.")
    done = review.forget(case, actor, also=also or ())
    terminal.result(done)
    terminal.say("Not touched: the files that the posts were read from, and copies of dossiers outside this folder.\n"
                 f"A finding without them:  cotrace run POSTS --case {case}")
