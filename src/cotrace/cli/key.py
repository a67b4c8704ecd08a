"""`cotrace key`: keys to sign dossiers with."""

import os
from pathlib import Path
from typing import Annotated

import typer

from ..errors import InputError
from . import _terminal as terminal

NEEDS = {"cryptography": "sign"}

app = typer.Typer(help="Make keys to sign dossiers with.", no_args_is_help=True)


@app.callback()
def key() -> None:
    """Make keys to sign dossiers with."""


@app.command()
def new(file: Annotated[Path, typer.Argument(help="Of the private key; FILE.pub gets the public one.")]) -> None:
    """Make a key pair: FILE (private, readable by you alone) and FILE.pub (to publish). Never overwrites."""
    from .. import parts, statement

    public_file = file.with_name(file.name + ".pub")
    for path in (file, public_file):
        if path.exists() or path.is_symlink():
            raise InputError(f"{path} is already there, and a key is never overwritten.\nName another file.")
    parts.require(statement)
    private, public = statement.new_key()
    _write(file, private, 0o600)
    try:
        _write(public_file, public, 0o644)
    except InputError:
        file.unlink()
        raise
    terminal.result({"private": str(file), "public": str(public_file)})
    terminal.say(f"Sign with  cotrace run ... --sign {file}\nPublish {public_file}, and keep {file} to yourself.")


def _write(path: Path, content: bytes, mode: int) -> None:
    """A new file and nothing else: a file or link that appeared meanwhile is left alone."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except OSError as fault:
        raise InputError(f"{path} cannot be written: {fault.strerror}.\n"
                         "Name a file in a folder that is there and that you may write.") from None
    with os.fdopen(handle, "wb") as written:
        written.write(content)
