"""`cotrace inspect`: what would be read, before anything is concluded from it."""

from typing import Annotated

import typer

from . import _options
from . import _terminal as terminal

SHOWN = 20  # problems printed one by one; the rest is counted


def inspect(
    posts: Annotated[list[str], typer.Argument(metavar="POSTS...", help="Files of posts; - is standard input.")],
    strict: Annotated[bool, typer.Option("--strict", help="Leave with 1 if there is any problem.")] = False,
    column: Annotated[list[str] | None, typer.Option(metavar="OURS=THEIRS", help="Overrule the mapping.")] = None,
    zone: Annotated[str | None, typer.Option(help="Zone of times that name none: UTC, Europe/Kyiv, +03:00.")] = None,
    platform: Annotated[str | None, typer.Option(help="Platform of posts whose file names none.")] = None,
) -> None:
    """Show what would be read, and every problem with its place.

    Format, mapping, sample rows, actors, time range and resolution, languages.
    """
    import dataclasses

    from .. import reading

    found = reading.inspect(posts, columns=_options.columns(column), zone=zone, platform=platform,
                            progress=terminal.progress())
    if terminal.STATE.json:
        terminal.result(dataclasses.asdict(found))
    else:
        terminal.result("\n".join(_page(found)))
    if strict and found.problems:
        raise terminal.Fails


def _page(found) -> list[str]:
    lines: list[str] = []
    for file in found.files:
        lines += _file(file)
    counts = found.counts
    lines.append(f"Together: {counts['posts']:,} posts of {counts['records']:,} records; "
                 + ", ".join(f"{number:,} {said}" for said, number in (
                     ("rejected", counts["rejected"]), ("identical twice", counts["duplicates"]),
                     ("in several versions", counts["conflicting"]), ("gathered into others", counts["gathered"]),
                     ("without time", counts["without_time"]), ("without account", counts["without_account"]))
                     if number) + ".")
    lines[-1] = lines[-1].replace("; .", ".")
    lines += list(found.notes)
    lines.append(f"Problems: {len(found.problems):,}")
    lines += [f"  {place}: {what}" for place, what in found.problems[:SHOWN]]
    if len(found.problems) > SHOWN:
        lines.append(f"  and {len(found.problems) - SHOWN:,} more (all with --json)")
    return lines


def _file(file) -> list[str]:
    width = max(len(ours) for ours, _ in file.mapping)
    actors = ", ".join(f"{number:,} {kind}{'s' if number != 1 else ''}" for kind, number in file.actors.items())
    languages = list(file.languages.items())
    spoken = ", ".join(f"{name} {number:,}" for name, number in languages[:6])
    more = f" and {len(languages) - 6} more" if len(languages) > 6 else ""
    lines = [
        file.name,
        f"  format      {file.format}: {file.publisher}",
        f"  bytes       {file.bytes:,}   sha256 {file.sha256}",
        f"  records     {file.records:,}, of which posts {file.posts:,}",
        f"  actors      {actors or 'none'}",
        f"  time        {file.first or 'unknown'} to {file.last or 'unknown'}",
        f"  resolution  {file.resolution_s} s" + ("" if file.resolution_s == 1 else " (all times are whole multiples)"),
        f"  zone        {file.zone}",
        f"  languages   {spoken}{more}",
        "  mapping     ours = theirs",
        *(f"    {ours:<{width}} = {theirs}" for ours, theirs in file.mapping),
        f"  not read    {', '.join(file.not_read) or 'none'}",
    ]
    for number, sample in enumerate(file.samples, 1):
        lines.append(f"  sample {number}")
        lines += [f"    {name:<8} {shown}" for name, shown in sample.items()]
    return [*lines, ""]
