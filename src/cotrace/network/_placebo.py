"""Copies of the data in which everything innocent stays and who meets whom again is broken.

The names of actors are exchanged among acts of one cell: the same circle of taste, popularity and lateness of the
object, and in the stricter copy the same time of day. Every object keeps all its times, so bursts, fans, fast readers
and the news of the hour stay; every actor keeps how much it does, for which circle and how late. What a rule finds in
such a copy is what it finds without coordination.

An exchange among the members of one ring would leave the ring together and call it chance. Where a found group holds
more than a fifth of a cell, the cell is joined with its neighbours: over the hours, then lateness, then circles.

What is the same in every copy is counted once (`Deck`): objects, times, and in which cell each act lies. A copy is made
on codes, and no name is written or sorted for it.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from .. import tables
from ..engines import Events, by_others, encode, firsts, take
from . import _choice
from ._layers import DAY, LAGS_S, SECOND, SIZES

PLACEBOS = ("lateness", "lateness_hour")
HOURS = 2            # width of a time of day, h
CELL = 10            # acts; smaller cells are exchanged together: two acts that swap names are what they were
HELD = 0.2           # share of a cell that one found group may hold
DISSOLVES = 50       # effective actors of a group, from which on an exchange among its own members breaks it up as well
KEYS = 64            # more than a key of a cell has values


class Deck:
    """One trace, cut into the cells of one placebo: what all copies have in common."""

    def __init__(self, number: int, frame: tables.Table, events: Events, likes: NDArray[np.int64],
                 groups: Mapping[str, int], cell: str):
        """Args:
            number: of the trace among those of the plan, sorted.
            frame, events: the actions, which may lie on disk, and the same encoded.
            likes: the circle of each actor code (`_audiences.py`).
            groups: of actors that were found, the group that must not exchange among itself.
            cell: one of PLACEBOS.
        """
        self.number, self.frame, self.events, self.cell = number, frame, events, cell
        self.of_two_kinds = len(events.kinds) > 1 and frame.lazy().select("actor", "kind").unique().select(
            pl.len()).collect().item() > len(events.actors)  # some actor is
        self.first = firsts(events)
        self.acts = take(events, self.first == np.arange(len(events)))
        self.hands: list[tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int64]]] = []
        group = _codes(events.actors, groups)
        for kind in range(len(events.kinds)):
            of_kind = np.flatnonzero(self.acts.kind[self.acts.actor] == kind).astype(np.int32)
            cells = joined(_levels(self.acts, of_kind, likes, cell), self.acts.actor[of_kind], group)
            in_order = np.argsort(cells, kind="stable")
            self.hands.append((of_kind, in_order, np.append(0, np.cumsum(np.bincount(cells)))))

    def dealt(self, seed: int) -> NDArray[np.int32]:
        """The new actor of each first act."""
        rng = np.random.Generator(np.random.PCG64([seed, PLACEBOS.index(self.cell), self.number]))
        new = self.acts.actor.copy()
        for of_kind, in_order, bounds in self.hands:
            drawn = rng.random(len(of_kind))[in_order]
            shuffled = np.concatenate([in_order[:0], *(first + _order(drawn[first:last]) for first, last
                                                       in zip(bounds[:-1], bounds[1:], strict=True))])
            new[of_kind[in_order]] = self.acts.actor[of_kind[in_order[shuffled]]]
        return new

    def copy(self, seed: int) -> pl.DataFrame:
        """`tables.ACTIONS` with names exchanged; of an actor's acts on one object all go to the same new name."""
        acts, names = self.acts, pl.Series(self.acts.actors, dtype=pl.String)
        table = pl.DataFrame({"actor": names.gather(acts.actor),
                              "object": pl.Series(acts.objects, dtype=pl.String).gather(acts.object),
                              "new": names.gather(self.dealt(seed))})
        frame = tables.conform(self.frame.lazy().collect(), tables.ACTIONS, "The table of actions")
        copy = frame.join(table, on=["actor", "object"], how="left", maintain_order="left")
        return copy.with_columns(actor="new").select(list(tables.ACTIONS))

    def events_of(self, seed: int) -> Events:
        """`encode(copy(seed))`, without a name being written."""
        if self.of_two_kinds:
            return encode(self.copy(seed))  # ids of two kinds: which of them an actor has, depends on its new acts
        place = np.cumsum(self.first == np.arange(len(self.first))) - 1
        return by_others(self.events, self.dealt(seed)[place[self.first]])


def _order(drawn: NDArray[np.float64]) -> NDArray[np.int64]:
    order = np.argsort(drawn)  # quicker than a stable one, and the same where no number was drawn twice
    if np.any(drawn[order[1:]] == drawn[order[:-1]]):
        return np.argsort(drawn, kind="stable")
    return order


def decks(actions: Mapping[str, tables.Table], events: Mapping[str, Events], likes: Mapping[str, NDArray[np.int64]],
          edges: pl.DataFrame, *, cell: str) -> dict[str, Deck]:
    """What copies of one cell are dealt from, of each trace in which somebody acted.

    Args:
        likes: the circle of each actor code, of each trace; those without one are in circle 0.
        edges: what was found in the data, for the groups that must not exchange among themselves.
        cell: one of PLACEBOS.
    """
    groups = _groups(edges)
    return {trace: Deck(number, actions[trace], events[trace],
                        likes.get(trace, np.zeros(len(events[trace].actors), dtype=np.int64)), groups, cell)
            for number, trace in enumerate(sorted(actions)) if len(events[trace])}


def _codes(names: Sequence[str] | pl.Series, groups: Mapping[str, int]) -> NDArray[np.int64]:
    """The group of each actor code; −1: in none."""
    codes = np.full(len(names), -1, dtype=np.int64)
    for name, group in groups.items():
        at = bisect_left(names, name)
        if at < len(names) and names[at] == name:
            codes[at] = group
    return codes


def _levels(acts: Events, of_kind: NDArray, likes: NDArray, cell: str) -> list[NDArray[np.int64]]:
    """Cells from the finest to the coarsest: codes of each act; every cell lies within one of the next level."""
    object_, at = acts.object[of_kind], acts.at[of_kind]
    circle, size = likes[acts.actor[of_kind]], np.bincount(object_, minlength=len(acts.start) - 1)
    row = np.where(size > 1, np.cumsum(size > 1) - 1, len(size))
    counts = _choice.counted(row, object_, circle, np.count_nonzero(size > 1), int(likes.max(initial=0)) + 1)
    first = np.zeros(len(size), dtype=np.int64)
    first[object_[::-1]] = at[::-1]  # acts on an object are in order of time: what is written last, is the first
    lag = np.searchsorted(np.array(LAGS_S) * SECOND, at - first[object_], side="right")
    keys = [np.digitize(size, SIZES)[object_],
            _choice.mainly(np.flatnonzero(size > 1), counts, object_, circle, len(size))[object_], lag]
    if cell == "lateness_hour":
        keys.append(at % DAY // (HOURS * 3600 * SECOND))
    levels = []
    for depth in range(len(keys), 0, -1):
        code = np.zeros(len(at), dtype=np.int64)
        for key in keys[:depth]:
            code = code * KEYS + key
        levels.append(_ranked(code))
    return levels


def _ranked(code: NDArray[np.int64]) -> NDArray[np.int64]:
    """The rank of each number among the different ones; they lie in a narrow range."""
    if not len(code):
        return code
    there = np.zeros(int(code.max() - code.min()) + 1, dtype=np.bool_)
    there[code - code.min()] = True
    return (np.cumsum(there) - 1)[code - code.min()]


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
        cells = _ranked(cells)
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
