"""`cotrace sources check`: is a registry fit to be quoted?"""

from pathlib import Path
from typing import Annotated

import typer

from ..errors import InputError
from . import _terminal as terminal

app = typer.Typer(help="Registries of previously identified sources.", no_args_is_help=True)


@app.callback()
def sources() -> None:
    """Registries of previously identified sources."""


@app.command()
def check(files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Registries, CSV or JSON.")]) -> None:
    """Report duplicates, impossible selectors, missing citations, defanged spellings and common property.

    Leaves with 1 where a selector cannot give a word, with 0 where all can; notes alone are no problem.
    """
    from .. import sources as registries

    if missing := [str(file) for file in files if not file.is_file()]:
        raise InputError(f"There is no file {', '.join(missing)}.\nA registry is a CSV or JSON file: docs/sources.md")
    found = registries.check(files)
    problems = sum(problem.level == "problem" for problem in found)
    terminal.result([{"file": problem.file, "record": problem.record, "level": problem.level, "found": problem.found,
                      "do": problem.do} for problem in found])
    terminal.say(f"{len(files)} file(s), {problems} problem(s), {len(found) - problems} note(s).")
    if problems:
        raise terminal.Fails
