"""`cotrace verify`: is this dossier what it says?"""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import InputError, VerificationError
from . import _terminal as terminal

if TYPE_CHECKING:
    from ..verify import Report


def verify(
    dossier: Annotated[str, typer.Argument(help="dossier.zip, or - for stdin.")],
    more: Annotated[list[str] | None, typer.Argument(metavar="[POSTS]...", help="Further files of --posts.")] = None,
    posts: Annotated[list[str] | None, typer.Option(help="The files it was made from: computes the finding again.")]
    = None,
    sources: Annotated[list[str] | None, typer.Option(help="The registries it was made with, for --posts.")] = None,
    key: Annotated[list[str] | None, typer.Option(help="A public key that must have signed: FILE.pub, or hex.")] = None,
) -> None:
    """Check a dossier with nothing but the file; with --posts, compute the whole finding again.

    Prints the steps of the proof and what was not checked. Exit code 1: it does not verify, or it is no dossier.
    """
    if more and not posts:
        raise InputError(f"What is {more[0]} for?\nFiles of posts come after --posts:  "
                         "cotrace verify DOSSIER --posts FILE...")
    try:
        report = _proof(dossier, [*(posts or ()), *(more or ())], sources or (), key or ())
    except VerificationError as fault:
        if terminal.STATE.json:
            terminal.result({"verified": False, "why": str(fault)})
        raise
    if terminal.STATE.json:
        terminal.result({"verified": True, "signer": report.signer, "standing": report.standing,
                         "steps": [{"step": step.number, "shown": step.shown} for step in report.steps],
                         "not_checked": list(report.not_checked)})
    else:
        terminal.result("\n".join(report.lines()))


def _proof(dossier: str, posts: Sequence[str], registries: Sequence[str], keys: Sequence[str]) -> "Report":
    from ..digest import unarchive
    from ..verify import LARGEST
    from ..verify import verify as check

    raw = _bytes(dossier, LARGEST)
    report = check(raw, keys=[_key(given) for given in keys])
    files = unarchive(raw)
    if "withheld.json" in files:
        if posts:
            raise InputError("Somebody was forgotten in this dossier, and these files may still hold them: nothing is "
                             "computed again from posts.\nLeave --posts out to check what is left.")
        return report
    report = _told_again(report, files)
    return _replayed(report, raw, posts, registries) if posts else report


def _bytes(dossier: str, largest: int) -> bytes:
    if dossier == "-":
        return sys.stdin.buffer.read(largest + 1)
    path = Path(dossier)
    if path.is_dir():
        inside = path / "dossier.zip"
        raise InputError(f"{path} is a folder.\nName the file" + (f":  {inside}" if inside.exists() else "."))
    try:
        with open(path, "rb") as file:
            return file.read(largest + 1)
    except OSError as fault:
        raise InputError(f"{path} cannot be read: {fault.strerror}.\n"
                         "Name a dossier.zip, as `cotrace run` leaves it in a case.") from None


def _key(given: str) -> bytes:
    """The bytes of a key file; hex digits stand for themselves."""
    if len(given) == 64 and not Path(given).exists():
        return given.encode()
    try:
        with open(given, "rb") as file:
            return file.read(10_000)
    except OSError as fault:
        raise InputError(f"The key {given} cannot be read: {fault.strerror}.\n"
                         "Give a .pub file of  cotrace key new , or 64 hex digits.") from None


def _replayed(report: "Report", raw: bytes, posts: Sequence[str], registries: Sequence[str]) -> "Report":
    """Step 4: the whole finding from the posts."""
    from ..replay import replay
    from ..verify import NEED_POSTS, Step

    shown, left = replay(raw, posts, registries=registries, progress=terminal.progress())
    kept = [line for line in report.not_checked if line not in NEED_POSTS]
    return replace(report, steps=(*report.steps, *(Step(4, line) for line in shown)), not_checked=(*kept, *left))


def _told_again(report: "Report", files: dict[str, bytes]) -> "Report":
    """Sentences and page written again from the evidence, and compared."""
    from .. import dossier
    from ..verify import Step

    html = next(line for line in report.not_checked if "statement.html" in line)
    left = tuple(line for line in report.not_checked if line != html)
    differing = dossier.differing(files)
    if differing:
        others = dossier.other_versions(files)
        why = ("it claims to be written by exactly this program" if not others else
               f"it claims another version of {', '.join(others)}: install the versions that it names before you "
               "conclude anything. What nobody here would write is not verified")
        raise VerificationError(f"Written again from the same evidence, {' and '.join(differing)} would read "
                                f"otherwise, and {why}.")
    step = Step(3, "Written again from the same evidence, the sentences and the page are the same, byte for byte.")
    return replace(report, steps=(*report.steps, step), not_checked=left)
