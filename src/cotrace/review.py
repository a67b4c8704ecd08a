"""What a person does to a finding: decides about somebody in it. The case keeps it, and the finding is made again.

It refuses to decide by itself, to change a score, and to decide about anybody whom nothing was found about.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from . import decisions, derive, digest, dossier, pipeline
from .case import Case
from .errors import InputError
from .progress import Progress, quiet
from .records import Decision

NAMES = 8  # members told where somebody was not found


def decide(case: str | Path, made: Decision, *, key: bytes | None = None, pseudonyms: bytes | None = None,
           progress: Progress = quiet) -> pipeline.Run:
    """Keep a decision and make the newest finding of the case again, which takes no search.

    Args:
        made: as `decisions.decision` gives it.
        key: private key to sign the new dossier with; None: it is unsigned, whatever the last one was.
        pseudonyms: the key under which ids stand as hashes in this case, where they do.

    Raises:
        InputError: nothing was found about this actor or link, or the finding cannot be made again from the case.
    """
    store = Case(case)
    with store.working():
        pipeline.recipe(store, pseudonyms)  # before anything is kept: can the finding be made again?
        before = [Decision(**one) for one in store.decisions]
        if not any((one.actor, one.source) == (made.actor, made.source) for one in before):
            _refuse_unknown(newest(store), made, pseudonyms)
        store.decide(decisions.as_rows([made])[0])
    return pipeline.again(case, key=key, pseudonyms=pseudonyms, progress=progress)


def decided(case: str | Path) -> list[dict[str, str]]:
    """Every decision of a case in the order in which they were made; `stands`: "no" where a later one does instead."""
    made = [Decision(**one) for one in Case(case).decisions]
    last = {(one.actor, one.source): number for number, one in enumerate(made)}
    return [{**row, "stands": "yes" if last[row["actor"], row["source"]] == number else "no"}
            for number, row in enumerate(decisions.as_rows(made))]


def newest(store: Case) -> dict[str, bytes]:
    """The files of the newest dossier of a case.

    Raises:
        InputError: there is none.
    """
    if not store.runs:
        raise InputError(f"{store.folder} holds no dossier yet.\nMake one:  cotrace run POSTS --case {store.folder}")
    return digest.unarchive(store.get(store.runs[-1]["files"]["dossier.zip"]))


def _refuse_unknown(files: Mapping[str, bytes], made: Decision, pseudonyms: bytes | None) -> None:
    rows = {name: _rows(files, name) for name in ("members", "edges", "links")}
    name = made.actor if pseudonyms is None else dossier.pseudonym(pseudonyms, made.actor)
    members = [row["actor"] for row in rows["members"]]
    found = {*members, *(row[side] for row in rows["edges"] for side in "ab"), *(row["actor"] for row in rows["links"])}
    if name not in found:
        some = ", ".join(members[:NAMES]) + (f" and {len(members) - NAMES} more" if len(members) > NAMES else "")
        raise InputError(f"Nothing was found about {made.actor!r}, so there is nothing to decide.\n"
                         f"An actor is written platform:id. Members are: {some or 'none'}.")
    of = sorted({row["source"] for row in rows["links"] if row["actor"] == name})
    if made.source and made.source not in of:
        raise InputError(f"There is no link of {made.actor!r} to {made.source!r}.\n"
                         f"Linked sources of this actor: {', '.join(of) or 'none'}.")


def _rows(files: Mapping[str, bytes], name: str) -> Sequence[dict[str, str]]:
    header, rows = digest.parse_csv(files[f"evidence/{name}.csv"], name)
    return [dict(zip(header, row, strict=True)) for row in rows if len(row) == len(derive.EVIDENCE[name])]
