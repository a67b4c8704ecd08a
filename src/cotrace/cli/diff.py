"""`cotrace diff`: what became of clusters and links from one finding to another, and what caused it."""

import shlex
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import InputError
from . import _terminal as terminal
from . import show

if TYPE_CHECKING:
    from ..changes import Changes, OfCluster

WIDTH = 110
NAMES = 6  # members told of each cluster; --json tells all


def diff(
    first: Annotated[Path, typer.Argument(metavar="RUN", help="A dossier.zip, a case, or a folder of its runs/.")],
    second: Annotated[Path | None, typer.Argument(metavar="[RUN]", help="Default: the last two runs of the case.")]
    = None,
) -> None:
    """Say which clusters and links are new, grown, merged, split or vanished, and what caused each.

    A change is told with its causes: new posts, members, q, sources, plan, software, decisions. What a change means is
    not said: a group grows where more posts are read.
    """
    from .. import changes, digest
    from ..records import as_plain

    one, two = _last_two(first) if second is None else (_dossier(first), _dossier(second))
    found = changes.between(digest.unarchive(one), digest.unarchive(two))
    if terminal.STATE.json:
        terminal.result(as_plain(found))
        return
    _tell(found)


def _dossier(place: Path) -> bytes:
    if not place.exists():
        raise InputError(f"There is no {place}.\nName a dossier.zip, a case, or a folder of its runs/.")
    return show.dossier_of(place).read_bytes()


def _last_two(case: Path) -> tuple[bytes, bytes]:
    from ..case import Case

    if not (case / "case.json").is_file():
        raise InputError(f"{case} is no case, so it does not hold two runs.\nName two:  cotrace diff RUN RUN")
    runs = Case(case).runs
    if len(runs) < 2:
        raise InputError(f"{case} holds {len(runs)} run(s), and two are compared.\nMake another:  cotrace add {case} "
                         "POSTS   or name a second:  cotrace diff RUN RUN")
    store = Case(case)
    return store.get(runs[-2]["files"]["dossier.zip"]), store.get(runs[-1]["files"]["dossier.zip"])


def shell(path: Path) -> str:
    """A path as a shell takes it."""
    return shlex.quote(str(path))


def _tell(found: "Changes") -> None:
    lines = ["What changed from the first finding to the second", ""]
    lines += [_fold(cause.says) for cause in found.runs] or ["Posts, plan, software and registries are the same."]
    for one in found.clusters:
        lines += ["", _cluster(one), *(_fold(f"because: {cause.says}", "    ") for cause in one.causes
                                       if cause not in found.runs)]
    for link in found.links:
        words = f"{link.word_before or 'not named'} → {link.word_after or 'not named'}"
        lines += ["", f"{link.change:<9} link {link.actor} to {link.source}: {words}",
                  *(_fold(f"because: {cause.says}", "    ") for cause in link.causes if cause not in found.runs)]
    if not found.clusters and not found.links:
        lines += ["", "No cluster and no link changed."]
    lines += ["", f"{found.same_clusters} cluster(s) and {found.same_links} link(s) are as they were.",
              _fold(found.caution)]
    terminal.result("\n".join(lines))


def _cluster(one: "OfCluster") -> str:
    ways = " + ".join(one.before) + (" → " if one.before and one.after else "") + " + ".join(one.after)
    told = [f"{one.change:<9} cluster {ways}: {one.stayed} stayed, {len(one.came)} came, {len(one.went)} went"]
    for said, actors in (("came", one.came), ("went", one.went)):
        if actors:
            rest = f" and {len(actors) - NAMES} more (--json)" if len(actors) > NAMES else ""
            told.append(_fold(f"{said}: {', '.join(actors[:NAMES])}{rest}", "    "))
    return "\n".join(told)


def _fold(said: str, indent: str = "") -> str:
    return textwrap.fill(said, WIDTH, initial_indent=indent, subsequent_indent=indent + "  ", break_long_words=False)
