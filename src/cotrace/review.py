"""What a person does to a finding: asks why somebody is in it, decides, has somebody forgotten.

A decision is kept and the finding made again; who is forgotten is taken out of every file of the case. It refuses to
decide by itself, to change a score, and to decide about anybody whom nothing was found about.
"""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from . import decisions, derive, digest, dossier, forgetting, kept, pipeline, traces
from . import why as reasons
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
        kept.recipe(store, pseudonyms)  # before anything is kept: can the finding be made again?
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


def why(place: str | Path, actor: str, other: str | None = None, *, pseudonyms: bytes | None = None) -> reasons.Why:
    """Why an actor, or a pair, is among the findings of a case or a dossier, or is not.

    Args:
        place: a case, or a dossier.zip (which cannot tell who is among the posts).
        pseudonyms: the key under which ids stand as hashes, where they do; actors are then given by their ids.

    Raises:
        InputError: there is no dossier, or the case knows no such actor.
    """
    path = Path(place)
    store = Case(path) if (path / "case.json").is_file() else None
    if store is None and not path.is_file():
        raise InputError(f"{path} is neither a case nor a dossier.\nMake a case:  cotrace run POSTS --case DIR")
    files = newest(store) if store else digest.unarchive(path.read_bytes())
    if "statement.json" not in files:
        raise InputError("Somebody was forgotten in this case, and the statement that named them is withheld.\n"
                         f"Make a finding without them:  cotrace run POSTS --case {path}")
    asked = [actor] if other is None else [actor, other]
    said = asked if pseudonyms is None else [dossier.pseudonym(pseudonyms, name) for name in asked]
    answer = reasons.why(files, *said)
    if store is None:
        return answer
    posts = kept.posts_of(store)
    known = {name for column in ("account", "place") for name in posts[column].drop_nulls().unique()}
    for name, spelled in zip(asked, said, strict=True):
        if name not in known and not reasons.mentions(files, spelled):
            near = difflib.get_close_matches(name, sorted(known), 3) or sorted(
                one for one in known if one.partition(":")[2] == name)[:3]
            raise InputError(f"There is no actor {name!r} in these posts.\nAn actor is written platform:id"
                             + (f"; did you mean {' or '.join(near)}?" if near else ", as `cotrace show` prints it."))
    if other is None or not set(asked) <= known:
        return answer
    return replace(answer, no_edge={trace: _no_edge(files, posts, asked, trace, said)
                                    for trace, said in answer.no_edge.items()})


def _no_edge(files: Mapping[str, bytes], posts: pl.DataFrame, asked: Sequence[str], trace: str, said: str) -> str:
    """What the posts say about a pair that did not pass in a trace; its p is not kept."""
    if ":" in said:  # the trace was off, and the evidence says why
        return said
    plan = {row["key"]: row["value"] for row in _rows(files, "plan")}
    widest = max(map(int, plan["windows"].split(";")))
    mine = posts.filter(pl.col("account").is_in(asked) | pl.col("place").is_in(asked))
    acts, _ = traces.act(trace, posts if traces.get(trace).whole else mine)
    first = acts.sort("at", "post").group_by("actor", "object", maintain_order=True).first()
    one, two = (first.filter(pl.col("actor") == name).select("object", "at", "post") for name in asked)
    both = one.join(two, on="object").filter(pl.col("post") != pl.col("post_right"))
    near = both.filter((pl.col("at") - pl.col("at_right")).dt.total_microseconds().abs() <= widest * 1_000_000).height
    if not both.height:
        return f"{said}: they never acted on the same thing"
    told = f"{said}: they acted on {both.height} of the same things, {near} of them at most {widest} s apart"
    if near < int(plan["min_objects"]):
        return f"{told}, and the plan asks for {plan['min_objects']}"
    return f"{told}; the test did not find that to be more than chance explains"


def forget(case: str | Path, actor: str, *, also: Sequence[str] = ()) -> dict[str, int | str]:
    """Take a person's posts out of a case for good, and everything that names them. Digests stay.

    Statements that named them are withheld; what is left of the evidence still belongs to its Merkle roots. The same
    files read again in this case do not bring them back. Files outside the case are not touched.

    Args:
        actor: platform:id.
        also: further names and handles of theirs, where the posts do not tell them.

    Returns:
        posts that were taken out, blobs that were changed and removed, dossiers that are withheld now, and, where there
        was nothing left to take out, why.

    Raises:
        InputError: the case never knew such an actor.
    """
    store = Case(case)
    with store.working():
        gone = forgetting.from_facts(store.secret(), store.forgotten)
        if gone.digest(actor) in gone.actors:
            return {"posts": 0, "changed": 0, "removed": 0, "withheld": 0, "already": "forgotten before"}
        names, posts = _spelled(store, actor)
        dossiers = {fact["files"]["dossier.zip"] for fact in store.runs}
        told = gone.add(actor, names=names | {name.lstrip("@") for name in also}, posts=posts)
        alone = forgetting.from_facts(gone.key, [told])
        done = store.forget(told, lambda raw: forgetting.without(raw, alone), forgetting.PAGE.encode())
        withheld = sum("withheld.json" in digest.unarchive(store.get(blob)) for blob in dossiers)
        return {"posts": len(posts), **done, "withheld": withheld}


def _spelled(store: Case, actor: str) -> tuple[set[str], set[str]]:
    """Names and handles that a case knows an actor by, and ids of their posts."""
    names: set[str] = set()
    posts: set[str] = set()
    known: set[str] = set()
    for read in kept.readings(store):
        theirs = read.rows((pl.col("account") == actor) | (pl.col("place") == actor))
        posts |= set(theirs["post"].drop_nulls())
        of = read.actors.filter(pl.col("actor") == actor)
        names |= {name for column in ("handle", "name") for name in of[column].drop_nulls()}
        said = read.columns("account", "place", "of_account", "mentions")
        mentions = said["mentions"].explode().drop_nulls().unique()
        known |= {*said["account"].drop_nulls().unique(), *said["place"].drop_nulls().unique(),
                  *said["of_account"].drop_nulls().unique(), *mentions, *read.actors["actor"].drop_nulls()}
    for fact in store.runs:
        files = digest.unarchive(store.get(fact["files"]["dossier.zip"]))
        rows = [row for row in _rows(files, "members") if row["actor"] == actor]
        names |= {row[column] for row in rows for column in ("name", "handle") if row[column]}
        known |= {row["actor"] for row in rows}
    if actor not in known:
        near = sorted(one for one in known if one.partition(":")[2] == actor)[:3]
        raise InputError(f"There is no actor {actor!r} in this case, so there is nothing to forget.\nAn actor is "
                         f"written platform:id{'; did you mean ' + ' or '.join(near) + '?' if near else '.'}")
    return names, posts


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
