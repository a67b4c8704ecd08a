"""`cotrace watch`: adds the files that arrive in a folder, and tells when something appears."""

import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import InputError
from . import _options
from . import _terminal as terminal
from .run import secret, size

if TYPE_CHECKING:
    from ..watching import Watch

EVERY_S = 60.0   # between two looks at the folder
ONCE_S = 2.0     # between the two looks of --once: a file has to lie still that long


def watch(
    case: Annotated[Path, typer.Argument(metavar="DIR", help="A case; one that is not there yet is begun.")],
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where files of posts arrive.")],
    once: Annotated[bool, typer.Option("--once", help="Look twice, a little apart, then leave: for cron.")] = False,
    every: Annotated[float | None, typer.Option(metavar="SECONDS", min=0.05, help="Between looks; default 60.")] = None,
    call: Annotated[str | None, typer.Option(metavar="CMD", help="Called for each alert, JSON on its stdin.")] = None,
    sources: _options.Sources = None,
    plan: _options.PlanFile = None,
    column: _options.Columns = None,
    zone: _options.Zone = None,
    platform: _options.Platform = None,
    allow_rejects: _options.AllowRejects = None,
    sign: _options.Sign = None,
    pseudonyms: _options.Pseudonyms = None,
    workers: _options.Workers = None,
    memory: _options.Memory = None,
    engine: _options.Engine = "local",
) -> None:
    """Add files as they arrive, and tell when a cluster or a link appears or rises in word; never twice for the same.

    Alerts are lines of DIR/alerts.jsonl, lines on stdout, and calls of CMD (without a shell). A file is read when it
    has not changed between two looks. Ends with Ctrl-C; started again it goes on.
    """
    from .. import watching

    begun = {"registries": sources or (), "plan": plan, "columns": _options.columns(column), "zone": zone,
             "platform": platform, "allow_rejects": allow_rejects}
    settings = watching.Settings(folder, begun, command(call), secret(sign), secret(pseudonyms), engine, workers,
                                 size(memory))
    watched = watching.Watch(case, settings, say=terminal.say, progress=terminal.progress())
    pause = every or (ONCE_S if once else EVERY_S)
    try:
        if once:
            told = watched.poll()
            time.sleep(pause)
            _tell([*told, *watched.poll()])
        else:
            _for_ever(watched, pause)
    finally:
        watched.close()


def _for_ever(watched: "Watch", pause: float) -> None:
    terminal.say(f"Watching {watched.settings.folder}, every {pause:g} s; Ctrl-C ends it.")
    while True:
        for alert in watched.poll():
            typer.echo(terminal.as_json(alert) if terminal.STATE.json else terminal.clean(line(alert)))
        time.sleep(pause)


def _tell(alerts: list[dict]) -> None:
    if terminal.STATE.json:
        terminal.result(alerts)
    else:
        terminal.result("\n".join(map(line, alerts)) or "Nothing to tell.")


def line(alert: dict) -> str:
    """An alert on one line."""
    if alert["alert"] == "cluster":
        return (f"cluster {alert['change']}: {alert['cluster']}, {len(alert['members'])} members, "
                f"{alert['verdict'] or 'not judged'} ({alert['review']}; look {alert['look']}, alpha {alert['alpha']})")
    if alert["alert"] == "link":
        return (f"link {alert['change']}: {alert['actor']} to {alert['source']}, {alert['word']} ({alert['review']}; "
                f"look {alert['look']}, alpha {alert['alpha']})")
    about = f" {alert['name']}" if "name" in alert else ""
    return f"{alert['alert']}{about}: {' '.join(alert['why'].split())}"


def command(said: str | None) -> tuple[str, ...]:
    """The words of a command, as a shell would take them; no shell is asked.

    Raises:
        InputError: a quote is open, or there is no word.
    """
    try:
        words = tuple(shlex.split(said or ""))
    except ValueError:
        raise InputError(f"--call takes a command and its words; a quote is open in {said!r}.") from None
    if said is not None and not words:
        raise InputError("--call takes a command; found nothing.\nLeave it out, or name a program.")
    return words
