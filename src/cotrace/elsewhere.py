"""How early each member of a cluster comes where no other member is near: its own pace, which no cluster gave it.

Who reads fast or gets up early comes before others everywhere, and so within its cluster too. What a member does among
strangers is the placebo for the order in time (docs/dossier.md, `roles`): what it does when no other member of its
cluster acts on the same object within the widest window that was tried, beside strangers within that window (in a
narrower one whoever is quick is ahead of fewer, and would seem less quick than it is), in the hours of the day in which
it met the others, and of each sitting one meeting with one stranger, drawn by lot. It refuses to say who leads: it
counts.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from . import derive, tables
from .records import Cluster

SECOND, HOUR, HOURS_OF_A_DAY = 1_000_000, 3_600_000_000, 24
NEAR_HOURS = 1  # an hour of the day is like the ones before and after it: who met the others at 7:59 also counts 8:01


class _Acts(NamedTuple):
    """What was done on the objects of members, sorted by (object, at); each actor once on each object."""

    at: NDArray[np.int64]      # µs
    actor: NDArray[np.int64]
    kind: NDArray[np.int64]
    post: NDArray[np.int64]
    by: NDArray[np.int64]      # in codes of `actor`; −1 unknown
    object: NDArray[np.int64]  # of one trace; ascending
    start: NDArray[np.int64]   # acts start[j] ≤ i < start[j + 1] are those on object j


def counts(clusters: Sequence[Cluster], occasions: pl.DataFrame, common: pl.DataFrame,
           actions: Mapping[str, tables.Table], window_s: int) -> pl.DataFrame:
    """How often each member came before, and after, a stranger.

    Args:
        occasions, common: tables.OCCASIONS, COMMON; what is common property is left out.
        actions: trace → tables.ACTIONS, the same that the occasions were found in.
        window_s: the widest that was tried.

    Returns:
        tables.ELSEWHERE, one row a member, sorted by actor.
    """
    members = pl.DataFrame([(actor, cluster.id) for cluster in clusters for actor in cluster.members],
                           schema={"actor": pl.String, "cluster": pl.String}, orient="row").sort("actor")
    if members.is_empty():
        return tables.empty(tables.ELSEWHERE)
    told = _told(members, common, actions)
    acts, alone = _laid_out(told), _alone(told, members, window_s)
    hours = _hours(occasions)
    rows = []
    for actor in members["actor"]:
        mine = alone.get(actor, np.zeros(0, dtype=np.int64))
        signs = _signs(acts, mine, window_s * SECOND, hours.get(actor, frozenset()))
        rows.append((actor, signs.count(1), signs.count(-1)))
    return pl.DataFrame(rows, schema=tables.ELSEWHERE, orient="row")


def _told(members: pl.DataFrame, common: pl.DataFrame, actions: Mapping[str, tables.Table]) -> pl.DataFrame:
    """First acts on the objects of members, sorted by (trace, object, at, post, actor)."""
    parts = [tables.empty({**tables.ACTIONS, "trace": pl.String})]
    for trace in sorted(actions):
        aside = common.lazy().filter(trace=trace).select("object")
        acts = actions[trace].lazy().select(*tables.ACTIONS).join(aside, on="object", how="anti")
        objects = acts.join(members.lazy(), on="actor", how="semi").select("object").unique()
        parts.append(acts.join(objects, on="object", how="semi").with_columns(trace=pl.lit(trace)).collect())
    order = ["trace", "object", "at", "post", "actor"]
    return pl.concat(parts).sort(*order, "by").unique(["trace", "object", "actor"], keep="first", maintain_order=True)


def _laid_out(told: pl.DataFrame) -> _Acts:
    who = pl.concat([told["actor"], told["by"].drop_nulls()]).unique().sort()
    code = pl.DataFrame({"name": who, "code": np.arange(len(who))}, schema={"name": pl.String, "code": pl.Int64})
    actor, by = (told.select(name=column).join(code, on="name", how="left", maintain_order="left")["code"].fill_null(-1)
                 for column in ("actor", "by"))
    object_ = told.select(pl.struct("trace", "object").rle_id().cast(pl.Int64)).to_series().to_numpy()
    kind, post = (told[column].rank("dense").cast(pl.Int64).to_numpy() for column in ("kind", "post"))
    return _Acts(told["at"].to_physical().to_numpy(), actor.to_numpy(), kind, post, by.to_numpy(), object_,
                 np.searchsorted(object_, np.arange(object_.max(initial=-1) + 2)))


def _alone(told: pl.DataFrame, members: pl.DataFrame, window_s: int) -> dict[str, NDArray[np.int64]]:
    """Of each member, the rows of its acts near which nobody else of its cluster acts, in order of time."""
    order = ["trace", "object", "cluster"]
    mine = told.with_row_index("row").join(members, on="actor").sort(*order, "at", "row")
    mine = mine.filter(*[(pl.col("at").diff(step).over(order).abs() > pl.duration(seconds=window_s)).fill_null(True)
                         for step in (1, -1)]).sort("at", "post", "row")
    return {actor: rows["row"].to_numpy().astype(np.int64)
            for (actor,), rows in mine.partition_by("actor", as_dict=True, maintain_order=True).items()}


def _hours(occasions: pl.DataFrame) -> dict[str, frozenset[int]]:
    """Of each actor, the hours of the day (UTC) in which it met another, and those beside them."""
    together = occasions.filter("together")
    met = pl.concat([together.select(actor=side, hour=pl.col(f"at_{side}").dt.hour()) for side in ("a", "b")]).unique()
    hours: dict[str, set[int]] = {}
    for actor, hour in met.iter_rows():
        hours.setdefault(actor, set()).update((hour + off) % HOURS_OF_A_DAY
                                              for off in range(-NEAR_HOURS, NEAR_HOURS + 1))
    return {actor: frozenset(found) for actor, found in hours.items()}


def _signs(acts: _Acts, mine: NDArray[np.int64], widest: int, hours: frozenset[int]) -> list[int]:
    """1 where it came before the stranger that the lot gave it, −1 where after; one a sitting."""
    signs: list[int] = []
    begun = None
    for row in mine:
        at = int(acts.at[row])
        if at // HOUR % HOURS_OF_A_DAY not in hours or (begun is not None and at - begun < derive.SITTING_S * SECOND):
            continue
        if when := _met(acts, row, at, widest):
            begun = at
            signs.append(1 if at < when else -1)
    return signs


def _met(acts: _Acts, row: int, at: int, widest: int) -> int | None:
    """When the stranger came that the lot gave it there; None: there was none, or one at the very same time."""
    low, high = acts.start[acts.object[row]], acts.start[acts.object[row] + 1]
    times = acts.at[low:high]
    near = slice(low + np.searchsorted(times, at - widest), low + np.searchsorted(times, at + widest, side="right"))
    by, mine = acts.by[near], acts.by[row]
    fit = ((acts.actor[near] != acts.actor[row]) & (acts.kind[near] == acts.kind[row])
           & (acts.post[near] != acts.post[row]) & (by != acts.actor[row]) & ((by != mine) | (by < 0))
           & (acts.actor[near] != mine))
    times = acts.at[near][fit]
    if not len(times) or (when := int(times[derive.lot(at, len(times))])) == at:
        return None
    return when
