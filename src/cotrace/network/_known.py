"""Who may act together because of acts that came in since, counted from these acts and the windows around them alone.

A pair becomes a candidate when it met often enough where not everybody meets (`_layers.candidates`). A meeting can be
new only if one of its two acts is, or if it lay in a public moment before and does not any more, for which an act near
it has to be gone. So whoever met on the objects, within the windows, around the acts that changed is looked at again,
and everybody else is what they were: a candidate or not. What this gives are pairs that *may* reach the number; they
are counted again on all acts, so it refuses to decide anything itself. Where it cannot be sure it gives nothing, and
everything is counted.
"""

from collections.abc import Sequence
from types import ModuleType

import numpy as np
import polars as pl
from numba import njit
from numpy.typing import NDArray

from ..engines import Events, encode
from ._layers import HOT, SECOND

KEY = ["object", "actor"]
ORDER = ["object", "at", "actor", "post", "by"]
PAIR = {"a": pl.String, "b": pl.String, "kind": pl.String}


def may_meet(before: pl.DataFrame, after: pl.DataFrame, went: pl.DataFrame, came: pl.DataFrame, *,
             windows_s: Sequence[int], common_property: int, engine: ModuleType) -> pl.DataFrame | None:
    """Pairs that may be candidates after, and were none before.

    Args:
        before, after: tables.ACTIONS of one trace, in any order.
        went, came: of them, those that may not be in the other; all others are in both.
        windows_s: the same as before.

    Returns:
        a < b, kind; None: everything has to be counted.
    """
    keys = pl.concat([came.select(KEY), went.select(KEY)]).unique()
    if keys.is_empty():
        return pl.DataFrame(schema=PAIR)
    if _another_kind(before, after, keys) or _no_crowd_any_more(before, went, common_property):
        return None
    objects = keys.select("object").unique()
    now, was = _first(after.join(objects, on="object", how="semi")), _first(before.join(keys, on=KEY, how="semi"))
    gone = was.join(now, on=[*KEY, "at", "post"], how="anti")
    centres = pl.concat([now.join(keys, on=KEY, how="semi").select("object", "at"), gone.select("object", "at")])
    span = centres.group_by("object").agg(low=pl.col("at").min(), high=pl.col("at").max())
    wide = pl.duration(seconds=max(windows_s))
    around = now.join(span, on="object").filter(pl.col("at").is_between(pl.col("low") - 2 * wide,
                                                                        pl.col("high") + 2 * wide))
    around = around.with_columns(inner=pl.col("at").is_between(pl.col("low") - wide, pl.col("high") + wide))
    return _met(around if after["kind"].n_unique() == 1 else _of_one_kind(around, after), windows_s, engine)


def _first(acts: pl.DataFrame) -> pl.DataFrame:
    """Each actor's first act on each object."""
    return acts.sort(ORDER).unique(KEY, keep="first", maintain_order=True)


def _kinds(acts: pl.DataFrame) -> pl.DataFrame:
    """The kind that `engines.encode` gives each actor: the later word."""
    return acts.select("actor", "kind").unique().group_by("actor").agg(pl.col("kind").max())


def _another_kind(before: pl.DataFrame, after: pl.DataFrame, keys: pl.DataFrame) -> bool:
    """Is somebody of another kind now, so that all their acts are others'?"""
    if pl.concat([before["kind"], after["kind"]]).n_unique() == 1:
        return False
    actors = keys.select("actor").unique()
    was, now = (_kinds(acts.join(actors, on="actor", how="semi")) for acts in (before, after))
    return not was.join(now, on="actor").filter(pl.col("kind") != pl.col("kind_right")).is_empty()


def _no_crowd_any_more(before: pl.DataFrame, went: pl.DataFrame, common_property: int) -> bool:
    """May an object that was set aside be one like others now? Only where acts on it are gone."""
    if went.is_empty():
        return False
    objects = went.select("object").unique()
    acts = before.join(objects, on="object", how="semi").group_by("object").len()
    return not acts.filter(pl.col("len") > common_property).is_empty()


def _of_one_kind(around: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    actors = around.select("actor").unique()
    kinds = _kinds(after.join(actors, on="actor", how="semi"))
    return around.drop("kind").join(kinds, on="actor")


def _met(around: pl.DataFrame, windows_s: Sequence[int], engine: ModuleType) -> pl.DataFrame:
    events = encode(around)
    inner = _inner(events, around)
    codes = [np.zeros(0, dtype=np.int64)]
    for window_s in windows_s:
        cold = engine.near(events, window_s) < HOT
        codes.append(np.unique(_pairs(events.start, events.actor, events.at, events.kind, cold, cold & inner,
                                      window_s * SECOND, len(events.actors))))
    both = np.unique(np.concatenate(codes))
    a, b = both // max(len(events.actors), 1), both % max(len(events.actors), 1)
    names, kinds = pl.Series(events.actors, dtype=pl.String), pl.Series(events.kinds, dtype=pl.String)
    return pl.DataFrame({"a": names.gather(a), "b": names.gather(b), "kind": kinds.gather(events.kind[a])}, schema=PAIR)


def _inner(events: Events, around: pl.DataFrame) -> NDArray[np.bool_]:
    """Of each event, whether it is near enough to a change to have become another."""
    spelled = pl.DataFrame({
        "object": pl.Series(events.objects, dtype=pl.String).gather(events.object),
        "actor": pl.Series(events.actors, dtype=pl.String).gather(events.actor)})
    return spelled.join(around.select(*KEY, "inner"), on=KEY, how="left",
                        maintain_order="left")["inner"].fill_null(True).to_numpy()


@njit(cache=True)
def _pairs(start, actor, at, kind, cold, inner, window, actors):  # pragma: no cover
    """a · actors + b of cold events within the window of each other of which one is near a change."""
    found, n = np.empty(1024, dtype=np.int64), 0
    for j in range(len(start) - 1):
        for i in range(start[j], start[j + 1]):
            if not inner[i]:
                continue
            for step in (-1, 1):
                k = i + step
                while start[j] <= k < start[j + 1] and abs(at[k] - at[i]) <= window:
                    a, b = min(actor[i], actor[k]), max(actor[i], actor[k])
                    if cold[k] and a != b and kind[a] == kind[b]:
                        if n == len(found):
                            found = np.concatenate((found, np.empty(n, dtype=np.int64)))
                        found[n] = np.int64(a) * actors + b
                        n += 1
                    k += step
    return found[:n].copy()
