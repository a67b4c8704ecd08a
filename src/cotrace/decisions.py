"""What persons decided about a finding, and what then is left of it. It computes no verdict and no chance.

`same`: the actor belongs to what was found. `different`: it does not, and its pairs and links are taken out before
clusters are formed. `unsure`: somebody looked and could not tell, which changes nothing. A decision stands until a
later one on the same actor and source; every one is kept. Scores stay as they are: nothing here reads or writes one.
"""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

import polars as pl

from . import derive, digest
from .errors import InputError
from .records import Decision, Link

LONGEST = {"actor": 500, "source": 500, "by": 200, "because": 2000}  # characters; a sentence of a page, not a report
DAY = r"\d{4}-\d{2}-\d{2}"


@dataclass(frozen=True)
class Left:
    """Validated pairs without those of actors that were decided to be different."""

    edges: pl.DataFrame            # tables.EDGES
    occasions: pl.DataFrame        # tables.OCCASIONS of these edges
    taken_out: tuple[float, ...]   # p of each edge that went, ascending


def decision(*, actor: str, verdict: str, by: str, because: str, source: str = "", at: str = "") -> Decision:
    """A decision as it will be kept and printed.

    Args:
        at: a day, 2026-03-01; "": today, UTC.

    Raises:
        InputError: no such verdict, nobody who decided, no reason, no such day, or a text that is too long.
    """
    said = {"actor": actor, "source": source, "by": by.strip(), "because": " ".join(because.split())}
    if verdict not in derive.VERDICTS:
        raise InputError(f"A decision is one of: {', '.join(derive.VERDICTS)}; found {verdict[:40]!r}.")
    if not said["by"]:
        raise InputError("A decision is somebody's.\nSay whose:  --by 'NAME'")
    if not said["because"]:
        raise InputError("A decision has a reason, and the reason is printed with it.\nGive it:  --because 'TEXT'")
    if too_long := [name for name, most in LONGEST.items() if len(said[name]) > most]:
        raise InputError(f"The {too_long[0]} of this decision has {len(said[too_long[0]]):,} characters; at most "
                         f"{LONGEST[too_long[0]]} are printed.\nSay it shorter.")
    try:
        day = datetime.date.fromisoformat(at) if at else datetime.datetime.now(datetime.UTC).date()
    except ValueError:
        raise InputError(f"There is no day {at[:40]!r}.\nWrite it as  --at 2026-03-01") from None
    return Decision(verdict=verdict, at=day.isoformat(), **said)


def standing(made: Iterable[Decision]) -> tuple[Decision, ...]:
    """The newest decision on each actor and source, sorted; `made` is in the order in which they were made."""
    newest = {(one.actor, one.source): one for one in made}
    return tuple(newest[key] for key in sorted(newest))


def as_rows(made: Sequence[Decision]) -> list[dict[str, str]]:
    """As JSON can carry them."""
    return [asdict(one) for one in made]


def take_out(edges: pl.DataFrame, occasions: pl.DataFrame, stand: Sequence[Decision]) -> Left:
    """Validated pairs without those of actors that somebody decided to be different; every other row as it was."""
    out = sorted(one.actor for one in stand if one.verdict == "different" and not one.source)
    with_them = pl.col("a").is_in(out) | pl.col("b").is_in(out)
    gone = edges.filter(with_them)["p"].to_list() if out else []
    return Left(edges.filter(~with_them) if out else edges, occasions.filter(~with_them) if out else occasions,
                tuple(sorted(gone)))


def without(links: Sequence[Link], stand: Sequence[Decision]) -> tuple[Link, ...]:
    """Links without those that were decided to be different, and without those of actors that were."""
    actors = {one.actor for one in stand if one.verdict == "different" and not one.source}
    pairs = {(one.actor, one.source) for one in stand if one.verdict == "different"}
    return tuple(link for link in links if link.actor not in actors and (link.actor, link.source) not in pairs)


def told(rows: Iterable[dict[str, str]], actors: Iterable[str]) -> tuple[Decision, ...]:
    """The decisions of a dossier, to follow them again: digests of actors are opened with the actors of the posts."""
    wanted = [row for row in rows if row["actor"].startswith("sha256:")]
    names = {f"sha256:{digest.sha256(actor.encode('utf-8'))}": actor for actor in actors} if wanted else {}
    return tuple(Decision(**{**row, "actor": names.get(row["actor"], row["actor"])}) for row in rows)
