"""What an engine counts on: actions as sorted integers, and the one rule of who can meet whom.

An engine only counts, so engines cannot disagree; whether a count means anything is the business of `network.py`.
Every engine is a module with the same four functions, `pairs`, `near`, `lag_near` and `meetings`, and is equal to
`reference` integer for integer. Two acts **meet** where all of this holds:

    the same object · two actors of one kind · two posts · not one account behind both · |Δt| ≤ window

"One account behind both" is: both acts are of places that one known account filled, or one act is of a place and the
other of the very account that filled it. Windows slide: they are never bins, so no pair falls between two of them.

An object on which more actors act inside one window than a limit allows (`crowded`) says nothing about any two of them
and would cost the square of their number. Every engine leaves it out of `pairs` where it is given that limit, and
`network` leaves it out of everything and lists it; nothing is sampled.
"""

from dataclasses import dataclass, fields, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from .. import tables
from ..errors import InputError

Names = list[str] | pl.Series  # ascending; a column of millions takes a fifth of the memory of a list


@dataclass(frozen=True, eq=False)
class Events:
    """Actions as parallel arrays, one element an act, sorted by (object, at, actor, post, by).

    A code is the rank of its string among `actors`, `objects` or `posts`, so codes sort as the strings do. `by` is the
    account that filled a place, −1 where unknown; accounts that act themselves have their actor code there too, others
    have codes from len(actors) on, so that `by` can be compared with `actor`.
    """

    actor: NDArray[np.int32]
    object: NDArray[np.int32]
    at: NDArray[np.int64]          # µs since 1970, UTC
    post: NDArray[np.int32]
    by: NDArray[np.int32]
    start: NDArray[np.int64]       # acts start[j] ≤ i < start[j + 1] are those of object j
    kind: NDArray[np.int8]         # of each actor code: an index of `kinds`
    actors: Names
    objects: Names
    posts: Names
    kinds: list[str]

    def __post_init__(self) -> None:
        for field in fields(self):
            if isinstance(values := getattr(self, field.name), np.ndarray):
                values.flags.writeable = False

    def __len__(self) -> int:
        return len(self.actor)


def encode(actions: tables.Table) -> Events:
    """Actions as an engine reads them; the order of rows and repeated rows make no difference.

    Args:
        actions: the table `tables.ACTIONS`; where it lies on disk, one column of it is in memory at a time.

    Raises:
        InputError: an actor, kind, object, time or post is unknown: such a row is not an action.
    """
    frame = (tables.conform(actions, tables.ACTIONS, "The table of actions").lazy()
             if isinstance(actions, pl.DataFrame) else actions)

    def column(name: str) -> pl.Series:
        return frame.select(name).collect().to_series()

    unknown = [name for name in ("actor", "kind", "object", "at", "post") if column(name).null_count()]
    if unknown:
        raise InputError(f"Actions need an actor, a kind, an object, a time and a post; unknown in some rows: "
                         f"{', '.join(unknown)}.\nLeave these rows out: what is unknown cannot be an act.")
    actor, actors = _ranks(column("actor"))
    kind, kinds = _ranks(column("kind"))
    # One id that is named both as an account and as a place is one actor; the later word (page after account) is the
    # narrower one, and an actor of two kinds would be paired within neither.
    kind_of = np.zeros(len(actors), dtype=np.int8)
    np.maximum.at(kind_of, actor.to_numpy(), kind.to_numpy().astype(np.int8))
    object_, objects = _ranks(column("object"))
    post, posts = _ranks(column("post"))
    coded = pl.DataFrame({"object": object_, "at": column("at").to_physical(), "actor": actor, "post": post,
                          "by": _filled_by(column("by"), actors)})
    return arrange(coded, kind=kind_of, actors=actors, objects=objects, posts=posts, kinds=kinds.to_list())


def arrange(coded: pl.DataFrame, *, kind: NDArray[np.int8], actors: Names, objects: Names, posts: Names,
            kinds: list[str]) -> Events:
    """Codes as events: sorted, each row once.

    Args:
        coded: object, actor, post, by (i32, see `Events`) and at (i64, µs); any order of rows.
        kind, actors, objects, posts, kinds: as in `Events`.
    """
    from ._order import arranged  # compiled: not for those who only import names

    given = (coded["object"].to_numpy(), coded["at"].to_numpy(), coded["actor"].to_numpy(), coded["post"].to_numpy(),
             coded["by"].to_numpy())
    (object_, at, actor, post, by), start, repeated = arranged(given, len(objects))
    events = Events(actor=actor, object=object_, at=at, post=post, by=by, start=start, kind=kind, actors=actors,
                    objects=objects, posts=posts, kinds=kinds)
    if not repeated:
        return events
    new = np.ones(len(events), dtype=bool)
    new[1:] = False
    for column in (object_, at, actor, post, by):
        new[1:] |= column[1:] != column[:-1]
    return take(events, new)


def _ranks(words: pl.Series) -> tuple[pl.Series, pl.Series]:
    known = words.unique().sort().alias("word")
    ranks = pl.DataFrame({"word": known, "rank": pl.int_range(len(known), dtype=pl.Int32, eager=True)})
    coded = words.to_frame("word").join(ranks, on="word", how="left", maintain_order="left")
    return coded["rank"], known


def _filled_by(by: pl.Series, actors: pl.Series) -> NDArray[np.int32]:
    codes = np.full(len(by), -1, dtype=np.int32)
    if by.null_count() < len(by):
        ranks, names = _ranks(by.drop_nulls())
        acting = pl.DataFrame({"word": actors, "code": pl.int_range(len(actors), dtype=pl.Int32, eager=True)})
        code_of = names.to_frame("word").join(acting, on="word", how="left", maintain_order="left")["code"]
        others = pl.int_range(len(actors), len(actors) + len(names), dtype=pl.Int32, eager=True)
        codes[by.is_not_null().to_numpy()] = code_of.fill_null(others).gather(ranks).to_numpy()
    return codes


def _starts(object_: NDArray[np.int32], objects: int) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(np.bincount(object_, minlength=objects))]).astype(np.int64)


def firsts(events: Events) -> NDArray[np.int32]:
    """Of each act, the place of its actor's first act on its object; i32[E]."""
    from ._again import first_of

    return first_of(events.start, events.actor, len(events.kind))


def first_acts(events: Events) -> Events:
    """Each actor's first act on each object; codes stay what they were."""
    return take(events, firsts(events) == np.arange(len(events)))


def by_others(events: Events, actor: NDArray[np.int32]) -> Events:
    """The same acts, on the same objects at the same times, done by these actors (a code for each act).

    Codes stay what they were, and so does the account behind an act; a row that is there already goes.
    """
    from ._again import in_order

    actor, post, by = actor.astype(np.int32), events.post.copy(), events.by.copy()
    new = in_order(events.start, events.at, actor, post, by)
    done = replace(events, actor=actor, post=post, by=by)
    return done if new.all() else take(done, new)


def take(events: Events, kept: NDArray) -> Events:
    """The events at these positions (ascending, or a mask); codes stay what they were, objects may become empty.

    Where all are taken, they are the events themselves, and nothing is held twice.
    """
    if kept.dtype == np.bool_ and kept.all():
        return events
    if kept.dtype == np.bool_:
        from ._again import those

        actor, object_, at, post, by, start = those(kept, events.start, events.actor, events.object, events.at,
                                                    events.post, events.by)
    else:
        actor, object_, at, post, by = (column[kept] for column in (events.actor, events.object, events.at,
                                                                    events.post, events.by))
        start = _starts(object_, len(events.objects))
    return Events(actor=actor, object=object_, at=at, post=post, by=by, start=start, kind=events.kind,
                  actors=events.actors, objects=events.objects, posts=events.posts, kinds=events.kinds)


def busiest(events: Events, window_s: int, least: int = 0) -> NDArray[np.int64]:
    """Of each object, the most actors that act on it inside one window of `window_s` (s, ends included).

    Args:
        least: objects of so many acts or fewer are not looked at, and have 0.

    Returns:
        i64[objects].
    """
    from ._order import most_actors

    most = np.zeros(len(events.start) - 1, dtype=np.int64)
    candidates = np.flatnonzero(np.diff(events.start) > least)
    if len(candidates):
        most_actors(candidates, events.start, events.actor, events.at, window_s * 1_000_000,
                    np.zeros(len(events.kind), dtype=np.int32), most)
    return most


def crowded(events: Events, window_s: int, limit: int) -> NDArray[np.bool_]:
    """Of each object, whether more than `limit` actors act on it inside some window of `window_s` (s, ends included).

    Returns:
        bool[objects].
    """
    return busiest(events, window_s, limit) > limit


def without_crowds(events: Events, window_s: int, limit: int | None) -> Events:
    """The events on objects that are not `crowded`; all of them where there is no limit."""
    common = crowded(events, window_s, limit) if limit is not None else np.zeros(0, dtype=np.bool_)
    return take(events, ~common[events.object]) if common.any() else events


def windows_us(windows_s: tuple[int, ...] | list[int]) -> NDArray[np.int64]:
    """Windows in µs, ascending, each once.

    Raises:
        ValueError: no window, a negative one, or one that is not whole seconds.
    """
    if not windows_s or any(int(w) != w or w < 0 for w in windows_s):
        raise ValueError(f"windows are whole seconds, 0 or more, at least one: {windows_s!r}")
    return np.array(sorted({int(w) for w in windows_s}), dtype=np.int64) * 1_000_000


def pair_table(events: Events, a: NDArray, b: NDArray, window_s: NDArray, objects: NDArray) -> pl.DataFrame:
    """Counts, already sorted by (a, b, window_s), as `tables.PAIRS`."""
    names = pl.Series(events.actors, dtype=pl.String)
    kinds = pl.Series(events.kinds, dtype=pl.String)
    return pl.DataFrame({
        "a": names.gather(a), "b": names.gather(b), "kind": kinds.gather(events.kind[a]),
        "window_s": window_s.astype(np.int64), "objects": objects.astype(np.int64),
    }, schema=tables.PAIRS)
