"""`cotrace add`: files that arrive later, and what then is found in everything."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import _options, diff, show
from . import _terminal as terminal
from .run import secret, size

if TYPE_CHECKING:
    from ..adding import Added


def add(
    case: Annotated[Path, typer.Argument(metavar="DIR", help="A case; one that is not there yet is begun.")],
    posts: Annotated[list[str], typer.Argument(metavar="POSTS...", help="Files, as `cotrace run` takes them.")],
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
    """Add files to a case; the finding is that of a run on everything, byte for byte.

    New files are read once, their order and day make no difference, and a file that is there already changes nothing.
    Each look at the whole has its own share of alpha, so looking every day does not inflate the error (docs/days.md).
    """
    from .. import adding

    done = adding.add(case, posts, registries=sources or (), plan=plan, columns=_options.columns(column), zone=zone,
                      platform=platform, allow_rejects=allow_rejects, key=secret(sign),
                      pseudonyms=secret(pseudonyms), engine=engine, workers=workers, memory=size(memory),
                      progress=terminal.progress())
    if done.run is not None:
        show.finding(done.run.dossier)
    elif terminal.STATE.json:
        terminal.result({"new": list(done.new), "known": list(done.known), "look": done.look, "waiting": done.waiting})
    _words(case, done)


def _words(case: Path, done: "Added") -> None:
    for name in done.known:
        terminal.say(f"Known      {name} is in the case already; it changes nothing.")
    for name in done.new:
        terminal.say(f"Added      {name}")
    if done.waiting:
        terminal.say(f"Waiting    {done.waiting}\n           The posts are kept; nothing was tested, and no look was "
                     "taken.\n           If they were not read as they should be, begin again in another folder.")
        return
    if done.run is None:
        terminal.say("No change: nothing was added, and the finding of the case stands.")
        return
    plan = done.run.findings.plan
    terminal.say(f"Look       {done.look}, at alpha {plan.alpha:g}; all looks together may spend "
                 f"{plan.alpha_of_looks or plan.alpha:g}")
    if done.changed is not None:
        told = {"clusters": len(done.changed.clusters), "links": len(done.changed.links)}
        terminal.say(f"Changed    {told['clusters']} cluster(s), {told['links']} link(s) since the run before:  "
                     f"{terminal.program()} diff {diff.shell(case)}")
    terminal.say("Spent      " + ", ".join(f"{seconds:.1f} s of processor {what}" for what, seconds in (
        ("reading and counting what is new", done.spent_s["counting"]),
        ("on everything anew", done.spent_s["anew"]))))
    terminal.say(f"Statement  {case / 'statement.html'}\nDossier    {case / 'dossier.zip'}")
