"""`cotrace why`: the events, the chance, and what would have to be gone for somebody not to be found."""

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import _terminal as terminal
from .run import secret

if TYPE_CHECKING:
    from ..why import Pair, Removal, Why

EVENTS = 10   # of each pair; --all prints every one, and --json always does
PAIRS = 12
WIDTH = 110


def why(
    case: Annotated[Path, typer.Argument(metavar="DIR", help="A case, or a dossier.zip.")],
    actor: Annotated[str, typer.Argument(metavar="ACTOR", help="platform:id, as `cotrace show` prints it.")],
    other: Annotated[str | None, typer.Argument(metavar="[ACTOR2]", help="A second one: the pair in every trace.")]
    = None,
    everything: Annotated[bool, typer.Option("--all", help="Every pair and every event.")] = False,
    pseudonyms: Annotated[Path | None, typer.Option(metavar="KEYFILE", help="Of this case, where it has them.")] = None,
) -> None:
    """Say what an actor, or a pair, is among the findings for, and what would have to be gone for it not to be.

    Prints the events with their times, distances, chance and receipts, what was expected against what was observed, the
    smallest set of events without which nothing would be found, the innocent explanations, and what cannot be known.
    """
    from .. import review

    answer = review.why(case, actor, other, pseudonyms=secret(pseudonyms))
    if terminal.STATE.json:
        terminal.result(answer.as_plain())
        return
    terminal.result(f"{answer.says}\n{answer.review}; standing of the whole: {answer.standing}\n")
    _about(answer)
    shown = answer.pairs if everything else answer.pairs[:PAIRS]
    for pair in shown:
        _pair(pair, everything)
    if len(shown) < len(answer.pairs):
        terminal.result(f"{len(answer.pairs) - len(shown)} more pairs with larger p: --all prints them.\n")
    for trace, said in answer.no_edge.items():
        terminal.result(f"{trace}: {said}")
    if answer.without is not None:
        terminal.result(f"\n{_removal(answer.without)}\n")
    _list("Innocent explanations of its cluster, and the second verdict", answer.explanations)
    _list("What could not be known", answer.not_known)


def _about(answer: "Why") -> None:
    if answer.cluster:
        c = answer.cluster
        terminal.result(f"Cluster {c['cluster']}: {c['size']} members, {c['edges']} pairs, observed {c['observed']}, "
                        f"expected {c['expected']}; {c['first']} to {c['last']}")
    for row in answer.decisions:
        about = f" about the link to {row['source']}" if row["source"] else ""
        terminal.result(f"Decision{about}: {row['verdict']}, by {row['by']}, {row['at']}: {row['because']}")
    for row in answer.links:
        terminal.result(f"Link to {row['source']}: {row['word']}")


def _pair(pair: "Pair", everything: bool) -> None:
    terminal.result(
        f"{pair.actor} – {pair.other}, {pair.trace}: {pair.observed} times at most {pair.window_s} s apart, expected "
        f"{pair.expected} of {pair.tested} occasions\n  p {pair.p}, q {pair.q} (timing {pair.p_time}, choice "
        f"{pair.p_choice}: {pair.shared} things in common, {pair.shared_expected} expected of two others who do as "
        f"much; about {pair.alike} pair(s), itself included, have as much in common and meet by chance)")
    events = pair.events if everything else pair.events[:EVENTS]
    terminal.result([{"object": e.object, "at": e.at, "other": e.other_at, "Δt s": e.delta_s, "chance": e.chance,
                      "receipts": f"{_short(e.receipt)} {_short(e.other_receipt)}"} for e in events],
                    title=f"events ({len(events)} of {len(pair.events)})")
    terminal.result(f"  not together: {pair.apart} further occasions, on which {pair.apart_expected} were expected\n"
                    f"  {_removal(pair.without)}\n")


def _removal(gone: "Removal") -> str:
    enough = (f"{len(gone.posts)}" if gone.exact else
              f"at most {len(gone.posts)}, and at least {gone.at_least},")
    said = f"What would be gone without {enough} posts: {gone.leaves}. They are: {', '.join(gone.posts)}"
    return textwrap.fill(said, WIDTH, subsequent_indent="  ", break_long_words=False)


def _short(receipt: str) -> str:
    """sha256:<file>#<record> with the file's digest short enough to read; whole with --json."""
    file, _, record = receipt.partition("#")
    return f"{file[:15]}…#{record}" if record else receipt or "–"


def _list(title: str, lines: tuple[str, ...]) -> None:
    if lines:
        told = [textwrap.fill(f"- {line}", WIDTH, subsequent_indent="  ") for line in lines]
        terminal.result("\n".join([title, *told, ""]))
