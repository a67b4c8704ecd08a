"""Copies of the data in which everything innocent stays and who meets whom again is broken.

The names of actors are exchanged among acts of one cell: the same audience, popularity and lateness of the object, and
in the stricter copy the same time of day. Every object keeps all its times, so bursts, fans, fast readers and the news
of the hour stay; every actor keeps how much it does, for which audience and how late. What a rule finds in such a copy
is what it finds without coordination.

An exchange among the members of one ring would leave the ring together and call it chance. Where a found group holds
more than a fifth of a cell, the cell is joined with its neighbours: over the hours, then lateness, then audiences.
"""

from collections.abc import Mapping

import numpy as np
import polars as pl
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from .. import tables
from ..engines import Events, encode, first_acts
from ._layers import DAY, LAGS_S, SECOND, SIZES

PLACEBOS = ("lateness", "lateness_hour")
HOURS = 2            # width of a time of day, h
CELL = 10            # acts; smaller cells are exchanged together: two acts that swap names are what they were
HELD = 0.2           # share of a cell that one found group may hold
DISSOLVES = 50       # effective actors of a group, from which on an exchange among its own members breaks it up as well


def exchange(actions: Mapping[str, pl.DataFrame], audience: Mapping[tuple[str, str], int], edges: pl.DataFrame, *,
             cell: str, seed: int) -> dict[str, pl.DataFrame]:
    """A copy of the actions with names exchanged; of an actor's acts on one object all go to the same new name.

    Args:
        audience: of (trace, actor); those without one are in audience 0.
        edges: what was found in the data, for the groups that must not exchange among themselves.
        cell: one of PLACEBOS.
    """
    groups = _groups(edges)
    copies = {}
    for number, trace in enumerate(sorted(actions)):
        frame = tables.conform(actions[trace], tables.ACTIONS, "The table of actions")
        rng = np.random.Generator(np.random.PCG64([seed, PLACEBOS.index(cell), number]))
        copies[trace] = frame if frame.is_empty() else _exchanged(frame, trace, audience, groups, cell, rng)
    return copies


def _exchanged(frame: pl.DataFrame, trace: str, audience: Mapping[tuple[str, str], int], groups: Mapping[str, int],
               cell: str, rng: np.random.Generator) -> pl.DataFrame:
    acts = first_acts(encode(frame))
    likes = np.array([audience.get((trace, actor), 0) for actor in acts.actors])
    group = np.array([groups.get(actor, -1) for actor in acts.actors])
    new = acts.actor.copy()
    for kind in range(len(acts.kinds)):
        of_kind = np.flatnonzero(acts.kind[acts.actor] == kind)
        cells = joined(_levels(acts, of_kind, likes, cell), acts.actor[of_kind], group)
        in_order = np.argsort(cells, kind="stable")
        shuffled = np.lexsort((rng.random(len(cells)), cells))
        new[of_kind[in_order]] = acts.actor[of_kind[shuffled]]
    names = pl.Series(acts.actors, dtype=pl.String)
    table = pl.DataFrame({"actor": names.gather(acts.actor), "object": pl.Series(acts.objects).gather(acts.object),
                          "new": names.gather(new)})
    copy = frame.join(table, on=["actor", "object"], how="left", maintain_order="left")
    return copy.with_columns(actor="new").select(list(tables.ACTIONS))


def _levels(acts: Events, of_kind: NDArray, likes: NDArray, cell: str) -> list[NDArray[np.int64]]:
    """Cells from the finest to the coarsest: codes of each act; every cell lies within one of the next level."""
    object_, at = acts.object[of_kind], acts.at[of_kind]
    counts = np.zeros((len(acts.objects), int(likes.max(initial=0)) + 1), dtype=np.int64)
    np.add.at(counts, (object_, likes[acts.actor[of_kind]]), 1)
    first = np.full(len(acts.objects), np.iinfo(np.int64).max)
    np.minimum.at(first, object_, at)
    size = np.digitize(counts.sum(axis=1), SIZES)[object_]
    lag = np.searchsorted(np.array(LAGS_S) * SECOND, at - first[object_], side="right")
    keys = [size, counts.argmax(axis=1)[object_], lag]
    if cell == "lateness_hour":
        keys.append(at % DAY // (HOURS * 3600 * SECOND))
    levels = []
    for depth in range(len(keys), 0, -1):
        code = np.zeros(len(at), dtype=np.int64)
        for key in keys[:depth]:
            code = code * 64 + key
        levels.append(np.unique(code, return_inverse=True)[1].astype(np.int64))
    return levels


def joined(levels: list[NDArray[np.int64]], actor: NDArray[np.int32], group: NDArray[np.int64]) -> NDArray[np.int64]:
    """The cell of each act: cells that a found group holds are joined with all their neighbours, small ones together.

    Args:
        levels: as `_levels` gives them.
        actor: of each act.
        group: of each actor code; −1: in none.
    """
    cells = levels[0].copy()
    for coarse in levels[1:]:
        whole = np.isin(coarse, np.unique(coarse[_held(cells, actor, group)]))
        small = (np.bincount(cells)[cells] < CELL) & ~whole
        cells[whole] = -1 - 2 * coarse[whole]
        cells[small] = -2 - 2 * coarse[small]
        cells = np.unique(cells, return_inverse=True)[1].astype(np.int64)
    return cells


def _held(cells: NDArray, actor: NDArray, group: NDArray) -> NDArray[np.bool_]:
    """Acts in a cell that one found group of few actors holds."""
    mine = group[actor]
    inside = mine >= 0
    table = pl.DataFrame({"cell": cells[inside], "group": mine[inside], "actor": actor[inside]})
    table = table.group_by("cell", "group", "actor").len().group_by("cell", "group").agg(
        acts=pl.col("len").sum(), squares=(pl.col("len").cast(pl.Int64) ** 2).sum())
    share = table["acts"].to_numpy() / np.bincount(cells)[table["cell"].to_numpy()]
    effective = table["acts"].to_numpy().astype(float) ** 2 / table["squares"].to_numpy()
    held = table["cell"].to_numpy()[(share > HELD) & (effective < DISSOLVES)]
    return np.isin(cells, held)


def _groups(edges: pl.DataFrame) -> dict[str, int]:
    """Actors that validated edges hold together, of all traces."""
    names = sorted({*edges["a"], *edges["b"]})
    rank = {name: code for code, name in enumerate(names)}
    a, b = [rank[name] for name in edges["a"]], [rank[name] for name in edges["b"]]
    table = sp.csr_matrix((np.ones(len(a)), (a, b)), shape=(len(names), len(names)))
    return dict(zip(names, connected_components(table, directed=False)[1].tolist(), strict=True)) if names else {}
