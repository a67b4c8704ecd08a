"""One ring beside the data: what the tests of chance say of its pairs, where it is the only thing that is added.

Planting many rings into one copy changes what is usual there, and the answer with it; a whole search for every single
ring is not affordable. So what everybody does is counted once, and only what one ring adds is counted for it: its own
acts, and what they change in its members' habits, in the pool and in fame. Held as they are: the audiences, the hours
of everybody else, and all other pairs. `validate` of the data with this one ring in it gives the same answers (a test
compares them). It says nothing of any pair outside the ring.
"""

from dataclasses import dataclass
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from ..engines import Events
from . import _choice, _timing
from ._layers import (
    BINS,
    CLASSES,
    CLOSEST,
    DAY,
    FEW,
    HALF_DAY_S,
    LAGS_S,
    SECOND,
    SIDES,
    SIZES,
    UNIT,
    Layer,
    Pairs,
    Sums,
    Window,
    by_object,
    by_side,
    counted,
    one_a_post,
    side,
    sum_less,
)


@dataclass(frozen=True, eq=False)
class Ring:
    """A ring whose every member acts on every one of its new objects."""

    members: NDArray[np.int64]       # actor codes of a layer, ascending
    at: NDArray[np.int64]            # [object, member], µs


@dataclass(frozen=True, eq=False)
class _Counted:
    """A window of the data: all that the pairs of a ring can need of it."""

    us: int
    hot: NDArray[np.bool_]           # of each event of the crew
    near: NDArray[np.int64]
    others: NDArray[np.int64]
    habit_near: NDArray[np.int64]    # of all actors, each `side`
    habit_others: NDArray[np.int64]
    pool: "_Pool"


class _Pool:
    """`_layers.pool` of all objects that two actors share, with some more of one class.

    What more objects change is which of their class lie in the closest hundredth, and nothing of any other class. So
    a ring costs as much as it has objects, and not as much as there are in the data. Sums are of whole 1/1024ths, and
    so exact in any order.
    """

    def __init__(self, class_: NDArray[np.int8], near: NDArray[np.int64], others: NDArray[np.int64]):
        """Args: as those of `pool`."""
        self.class_, self.near, self.others = class_, near, others
        of = others.sum(axis=1)
        self.share = _share(near, others)
        self.limit = np.full(CLASSES, np.inf)
        self.hits, self.trials = np.zeros((CLASSES, BINS)), np.zeros((CLASSES, BINS))
        self.closest: list[tuple[NDArray, ...]] = []  # of each class: shares ascending, and the sums of so many of them
        for one in range(CLASSES):
            of_class = np.flatnonzero((class_ == one) & (of > 0))
            of_class = of_class[np.argsort(self.share[of_class], kind="stable")]
            none = np.zeros((1, BINS), dtype=np.int64)
            self.closest.append((self.share[of_class], *(np.cumsum(np.r_[none, count[of_class]], axis=0)
                                                         for count in (near, others))))
            self.limit[one], self.hits[one], self.trials[one] = self._of(one, none[:0], none[:0])

    def _of(self, one: int, near: NDArray[np.int64], others: NDArray[np.int64],
            ) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
        """Of a class with these objects more: the share above which an object is left out, hits and trials."""
        shares, near_of, others_of = self.closest[one]
        there = others.sum(axis=1) > 0
        near, others, new = near[there], others[there], _share(near, others)[there]
        most, count = np.inf, len(shares) + len(new)
        if count >= FEW:
            place = int(CLOSEST * (count - 1))  # the same place among those that can come to lie there
            first = max(0, place - len(new))
            most = np.sort(np.r_[shares[first : place + 1], new])[place - first]
        kept = np.searchsorted(shares, most, side="right")
        return (float(most), (near_of[kept] + near[new <= most].sum(axis=0)) / UNIT,
                (others_of[kept] + others[new <= most].sum(axis=0)) / UNIT)

    def beside(self, rows: NDArray[np.int64], one: int, near: NDArray[np.int64], others: NDArray[np.int64],
               ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """What `pool` gives, with the parts of these objects and of the new ones alone.

        Args:
            rows: objects of the data; one that no two actors share (the row after the last) has no part.
            one: the class of the new objects.
            near, others: of the new objects.
        """
        hits, trials, limit = self.hits.copy(), self.trials.copy(), self.limit.copy()
        limit[one], hits[one], trials[one] = self._of(one, near, others)
        there = rows < len(self.class_)
        old = rows[there]
        out = np.r_[self.share[old] > limit[self.class_[old]], _share(near, others) > limit[one]]
        parts = []
        for known, new in ((self.near, near), (self.others, others)):
            part = np.zeros((len(rows) + len(new), BINS))
            of_these = np.r_[known[old], new] / UNIT
            of_these[out] = 0
            part[np.r_[there, np.ones(len(new), dtype=bool)]] = of_these
            parts.append(part)
        return hits, trials, parts[0], parts[1]


def _share(near: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.float64]:
    return (near / UNIT).sum(axis=1) / np.maximum((others / UNIT).sum(axis=1), 1)


class Beside:
    """The data, counted once, for rings among a crew of actors.

    Args:
        pairs, weight: the candidates of the data, and how much each counts in habits.
        tried: windows, s.
        crew: actor codes; who may be a member of a ring.
    """

    def __init__(self, layer: Layer, audience: NDArray[np.int64], pairs: Pairs, weight: NDArray[np.int64],
                 tried: tuple[int, ...], crew: NDArray[np.int64], engine: ModuleType, min_objects: int):
        self.layer, self.audience, self.engine, self.min_objects = layer, audience, engine, min_objects
        counts = _choice.of_objects(layer, audience)
        self.fame = _choice.fame(layer, counts, audience, crew)
        self.hours = _timing.clock(layer, audience, counts)
        mine = np.zeros(len(layer.degree), dtype=bool)
        mine[crew] = True
        self.events = np.flatnonzero(mine[layer.events.actor])
        actor = layer.events.actor[self.events]
        self.of_actor = np.argsort(actor, kind="stable")  # rows of `events`, those of one actor together
        self.first_of = np.searchsorted(actor[self.of_actor], np.arange(len(layer.degree) + 1))
        self.shared = layer.shared
        home = _timing.at_home(layer, self.hours, audience)
        self.windows = [self._count(counted(layer, engine, window_s, pairs, weight, self.events, home))
                        for window_s in tried]
        self.windows.append(self._count(counted(layer, engine, HALF_DAY_S, pairs, weight, self.events, home,
                                                crowds=False)))

    def _count(self, one: Sums) -> _Counted:
        class_ = self.layer.class_[self.shared]
        return _Counted(*one[:6], _Pool(class_, one.object_near[:-1], one.object_others[:-1]))

    def test(self, ring: Ring, passed: NDArray[np.bool_] | None = None,
             ) -> tuple[Pairs, _choice.Choice, NDArray[np.float64]]:
        """Its pairs (codes: positions among its members), what they share, and p of each in its best window.

        That p is not yet multiplied by the number of windows tried.

        Args:
            passed: of each of its pairs: found before, and so no part of anybody's habits.
        """
        layer, joint, members = self.layer, len(ring.at), len(ring.members)
        rows = np.sort(np.concatenate([self.of_actor[self.first_of[one] : self.first_of[one + 1]]
                                       for one in ring.members]))
        old = self.events[rows]
        known, events = np.unique(layer.events.object[old]), _events(layer.events, old, ring)
        a, b = (side.astype(np.int32) for side in np.triu_indices(members, 1))
        pair, event_a, event_b = self.engine.meetings(events, a, b)
        start = np.searchsorted(pair, np.arange(len(a) + 1))
        pairs = Pairs(a, b, start, event_a, event_b, one_a_post(start, events.post[event_a], events.post[event_b]))

        audience = self.audience[ring.members]
        choice = _choice.expect(np.r_[layer.size[known], [members] * joint], events.object[event_a], pairs, audience,
                                self._fame(ring.members, joint))
        weight = _choice.weights(choice) if passed is None else np.where(passed, 0, _choice.weights(choice))
        lag = events.at[len(old):] - np.repeat(ring.at.min(axis=1), members)
        lag_bin = np.r_[layer.lag_bin[old], np.searchsorted(np.array(LAGS_S) * SECOND, lag, side="right")]
        class_ = np.r_[layer.class_[known], [np.digitize(members, SIZES)] * joint]
        likes = np.r_[self.hours.audience_of[known], [np.bincount(audience).argmax()] * joint]
        acts = _timing.Acts(events.object.astype(np.int64), events.at, events.by, lag_bin.astype(np.int8),
                            class_.astype(np.int8)[events.object], likes[events.object],
                            likes[events.object] == audience[events.actor])
        *tried, day = (self._window(counted, rows, known, ring, events, acts, pairs, weight)
                       for counted in self.windows)
        best = _timing.over_windows(pairs, weight, acts, tried, day, self._clock(ring, events), self.min_objects,
                                    layer.min_days, len(tried))
        return pairs, choice, best.p

    def _fame(self, members: NDArray[np.int64], joint: int) -> _choice.Fame:
        """That of the members, with the joint objects."""
        mine = np.bincount(self.audience[members], minlength=len(self.fame.totals)).astype(float)
        more = joint * np.array([1.0, len(members) <= _choice.RARE])
        return _choice.Fame(self.fame.objects + more[:, None, None] * (np.outer(mine, mine) - np.diag(mine)),
                            self.fame.own[:, self.fame.place[members]] + more[:, None, None] * mine,
                            np.arange(len(members)), self.fame.degree[:, members] + more[:, None],
                            self.fame.totals + joint * mine)

    def _window(self, counted: _Counted, rows: NDArray, known: NDArray, ring: Ring, events: Events,
                acts: _timing.Acts, pairs: Pairs, weight: NDArray[np.int64]) -> Window:
        members, old, joint = len(ring.members), len(rows), len(ring.at)  # old ones stand in the last row of `sums`
        at, lag = events.at[old:].reshape(-1, members), acts.lag_bin[old:].reshape(-1, members)
        fellow = ~np.eye(members, dtype=bool)
        of_bin = lag[:, None, :, None] == np.arange(BINS)
        close = np.abs(at[:, :, None] - at[:, None, :]) <= counted.us
        near = ((close & fellow)[..., None] & of_bin).sum(axis=2).reshape(-1, BINS) * UNIT
        others = (fellow[None, :, :, None] & of_bin).sum(axis=2).reshape(-1, BINS) * UNIT
        near = np.r_[counted.near[rows], near.astype(counted.near.dtype)]
        others = np.r_[counted.others[rows], others.astype(counted.near.dtype)]
        hot = np.r_[counted.hot[rows], np.zeros(len(events) - old, dtype=bool)]
        who, row = side(events.actor, acts.home), np.r_[[joint] * old, events.object[old:] - events.object[old]]
        mine = (SIDES * ring.members[:, None] + np.arange(SIDES)).ravel()
        habits = [habit[mine] + by_side(who[old:], count[old:], SIDES * members)
                  for habit, count in ((counted.habit_near, near), (counted.habit_others, others))]
        sums = [by_object(row[old:], acts.lag_bin[old:], count[old:], joint + 1) for count in (near, others)]
        sum_less(pairs.start, pairs.event_a, pairs.event_b, UNIT - weight, acts.lag_bin, hot, acts.at, counted.us, who,
                 row, np.arange(len(events), dtype=np.int32), near, others, *habits, *sums)
        pooled = counted.pool.beside(self.layer.row[known], int(np.digitize(members, SIZES)), sums[0][:-1],
                                     sums[1][:-1])
        return Window(counted.us, hot, near, others, habits[0], habits[1], *pooled)

    def _clock(self, ring: Ring, events: Events) -> _timing.Clock:
        hour = events.at % DAY
        order = np.lexsort((hour, events.actor))
        start = np.searchsorted(events.actor[order], np.arange(len(ring.members) + 1))
        return self.hours._replace(actor=hour[order], actor_start=start)


def _events(events: Events, old: NDArray, ring: Ring) -> Events:
    """The members' own acts, and the joint ones after them, in codes of the ring alone."""
    members = len(ring.members)
    known, object_ = np.unique(events.object[old], return_inverse=True)
    object_ = np.r_[object_, len(known) + np.repeat(np.arange(len(ring.at)), members)].astype(np.int32)
    order = np.argsort(ring.at, axis=1, kind="stable")
    at = np.take_along_axis(ring.at, order, axis=1).ravel()
    by = events.by[old]
    self_ = np.searchsorted(ring.members, by).clip(max=members - 1)
    by = np.where(by < 0, -1, np.where(ring.members[self_] == by, self_, members + by))
    return Events(actor=np.r_[np.searchsorted(ring.members, events.actor[old]), order.ravel()].astype(np.int32),
                  object=object_, at=np.r_[events.at[old], at],
                  post=np.r_[events.post[old], events.post.max(initial=0) + 1 + np.arange(len(at))].astype(np.int32),
                  by=np.r_[by, np.full(len(at), -1)].astype(np.int32),
                  start=np.searchsorted(object_, np.arange(len(known) + len(ring.at) + 1)),
                  kind=np.zeros(members, dtype=np.int8), actors=[""] * members, objects=[], posts=[], kinds=[""])
