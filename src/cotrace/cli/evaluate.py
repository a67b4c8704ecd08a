"""`cotrace evaluate`: a finding beside labels."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import InputError
from . import _options
from . import _terminal as terminal

if TYPE_CHECKING:
    from ..evaluate import Evaluation


def evaluate(
    case: Annotated[Path, typer.Argument(metavar="DIR", help="A case, or a dossier.zip.")],
    labels: Annotated[Path, typer.Option(metavar="CSV", help="Accounts and their labels.")],
    positive: Annotated[str, typer.Option(metavar="LABEL", help="The label that published members should have.")],
    column: Annotated[list[str] | None, typer.Option(metavar="account=account_id", help="Ours=theirs.")] = None,
) -> None:
    """Precision, recall and F1 of the published members, and the purity of each cluster.

    Intervals are exact binomial, 95 %. Accounts that only one side knows are counted.
    """
    from .. import evaluate as evaluation

    columns = _options.columns(column, example="account=account_id")
    if empty := [ours for ours, theirs in columns.items() if not theirs]:
        raise InputError(f"--column {empty[0]}= names no column of the labels.\n"
                         f"For example:  --column {empty[0]}={empty[0]}_id")
    show(evaluation.of_case(case, labels, positive=positive, columns=columns))


def show(found: "Evaluation") -> None:
    """The tables of an evaluation; with --json one object."""
    if terminal.STATE.json:
        tables = {name: getattr(found, name).to_dicts() for name in ("overall", "clusters", "groups")}
        terminal.result({**tables, "counts": found.counts})
        return
    terminal.result(found.overall, title="published members against labels")
    terminal.result(found.clusters, title="clusters")
    terminal.result(found.groups, title="groups of the labels")
    terminal.result({name.replace("_", " "): "not known" if count is None else count
                     for name, count in found.counts.items()})
