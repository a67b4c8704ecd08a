"""`cotrace images`: hashes of the pictures that posts name, so that a search can compare them."""

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from .. import parts
from ..errors import InputError
from . import _options
from . import _terminal as terminal

NEEDS = {"PIL": "images"}


def images(
    posts: Annotated[str, typer.Argument(metavar="POSTS", help="One file of posts; a column names files of pictures.")],
    below: Annotated[Path, typer.Option("--below", metavar="FOLDER", help="Where the pictures lie; nothing outside "
                                                                          "of it is opened.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The posts with hashes, as JSON Lines.")],
    column: Annotated[list[str] | None, typer.Option(metavar="media=THEIRS", help="Which column names them.")] = None,
    workers: Annotated[int | None, typer.Option(metavar="N", min=1, help="Pictures at once; default: one a core.")]
    = None,
) -> None:
    """Hash the pictures that posts name (PDQ), and write the posts with hashes in place of names.

    JPEG, PNG, WebP and GIF, the first image of an animation. Nothing is fetched, and no picture is copied.
    """
    from .. import images as computed

    parts.require(sys.modules[__name__])
    chosen = _options.columns(column, example="media=picture")
    if set(chosen) - {"media"}:
        raise InputError("--column says here which column names the pictures, and nothing else:  --column media=THEIRS")
    done = computed.hashed(posts, below=below, out=out, column=chosen.get("media"), workers=workers,
                           progress=terminal.progress())
    terminal.result({"written": str(out), "records": done.records, "records that cannot be read": done.unreadable,
                     "pictures": done.pictures, "hashed": done.hashed,
                     "hashed, with too little in them to compare": done.hashed - done.telling,
                     **{f"no hash: {why}": count for why, (count, _) in done.refused.items()}})
    for why, (count, names) in done.refused.items():
        terminal.say(f"No hash: {why}: {', '.join(names)}{', ...' if count > len(names) else ''}")
    which = shlex.quote(f"media={done.column}")
    terminal.say(f"Search     {terminal.program()} run {shlex.quote(str(out))} --column {which}")
