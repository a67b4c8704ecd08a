"""One trace and one kind of actor, laid out for the tests of chance: events, lags, classes, and the window counts.

Everything here is an integer that the engine counted or that follows from one, so chance is the same on every engine.
No table of all co-sharing pairs is ever held: window counts are kept by event and lag bin, and objects are looked up
only for the candidate pairs.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import NamedTuple

import numpy as np
import polars as pl
from numba import njit
from numpy.typing import NDArray

from .. import tables
from ..engines import Events, busiest, first_acts, take

SECOND = 1_000_000                          # µs
DAY = 86_400 * SECOND

LAGS_S = (1, 120, 600, 3600, 21600, 86400)  # s since an object's first act: how late is it? The first stands alone:
                                            # among the 2-minute acts it made 2–14 false pairs of fans a world
BINS = len(LAGS_S) + 1
SIZES = (3, 5, 10, 25, 75)                  # actors of an object: classes of popularity
CLASSES = len(SIZES) + 1                    # none of tempo: an operation fills the fastest, and excuses itself there
SIDES = 2                                   # of an actor's habits: where its audience is not at home, and where it is
POOL = 20                                   # others, by which a share is drawn to that of the coarser pool
CLOSEST = 0.99                              # of the objects of a class; those that lie closer are no baseline
FEW = 100                                   # objects of a class, below which a hundredth of them is none
HOT = 40                                    # others within the window: a public moment, which says nothing about two
                                            # people (20 would blind the test to rings of twenty at once)
HALF_DAY_S = 43_200                         # the schedule: both on one object within half a day, then the hours
DAYS = 2                                    # days on which a pair has to meet, where the data span them
UNIT = 1024                                 # weights are whole 1/1024ths: their sums do not depend on any order


_compiled = njit(cache=True, nogil=True)


@dataclass(frozen=True, eq=False)
class Layer:
    """The acts of one kind of actor in one trace; the first act of an actor on an object alone counts."""

    trace: str
    kind: str
    events: Events                   # first acts, common property left out
    actors: int                      # actors of this kind with any act in the trace, common property included
    span_days: int                   # 1: all acts lie within two days of each other
    size: NDArray[np.int64]          # actors of each object
    degree: NDArray[np.int64]        # objects of each actor
    lag_bin: NDArray[np.int8]        # of each event
    class_: NDArray[np.int8]         # of each object: its size, 0 … CLASSES − 1
    hot: dict[int, NDArray[np.bool_]] = field(default_factory=dict)  # of each event, by window, s: what was counted yet

    @functools.cached_property
    def shared(self) -> NDArray[np.int64]:
        """Objects of two actors and more, ascending: those on which anybody meets."""
        return np.flatnonzero(self.size > 1)

    @functools.cached_property
    def row(self) -> NDArray[np.int64]:
        """Of each object, its place among the shared ones; all others have the row after the last."""
        row = np.full(len(self.size), len(self.shared))
        row[self.shared] = np.arange(len(self.shared))
        return row

    @property
    def tests(self) -> int:
        """Pairs that could have been found, seen or not."""
        return self.actors * (self.actors - 1) // 2

    @property
    def min_days(self) -> int:
        """Days on which a pair has to meet."""
        return DAYS if self.span_days > 1 else 1


class Pairs(NamedTuple):
    """Candidate pairs, a < b, and every object that both acted on."""

    a: NDArray[np.int32]
    b: NDArray[np.int32]
    start: NDArray[np.int64]         # meetings start[i] ≤ m < start[i + 1] are those of pair i
    event_a: NDArray[np.int64]
    event_b: NDArray[np.int64]
    counted: NDArray[np.bool_]       # one meeting a post: further objects of the same two posts are the same occasion


class Window(NamedTuple):
    """What happened around events within one window; counts in 1/1024ths of an actor, hot events left out."""

    us: int
    hot: NDArray[np.bool_]           # of each event that is kept
    near: NDArray[np.int64]          # [event, lag bin of the other]: others within the window
    others: NDArray[np.int64]        # [event, lag bin of the other]: others at any distance
    habit_near: NDArray[np.int64]    # [`side`, lag bin of the other]: the same, summed over events of an actor
    habit_others: NDArray[np.int64]
    pool_near: NDArray[np.float64]   # [class, lag bin of the event]: the same, summed over typical objects, in actors
    pool_others: NDArray[np.float64]
    own_near: NDArray[np.float64]    # [row of the object, lag bin of the event]: what each object has in that sum
    own_others: NDArray[np.float64]


def layers(trace: str, every: Events, common_property: int, widest_s: int) -> tuple[list[Layer], pl.DataFrame]:
    """The layers of a trace, by kind of actor, and what was set aside as common property.

    Args:
        common_property: actors; an object on which more of them act inside one window of `widest_s` is left out.

    Returns:
        Layers, and `tables.COMMON`, sorted by object.
    """
    most = busiest(every, widest_s, common_property)
    common = most > common_property
    acts = first_acts(every)
    found = []
    for code, kind in enumerate(acts.kinds):
        of_kind = acts.kind[acts.actor] == code
        kept = take(acts, of_kind & ~common[acts.object])
        actors = int(np.count_nonzero(np.bincount(acts.actor[of_kind])))
        if actors:
            found.append(_layer(trace, kind, kept, actors))
    aside = np.flatnonzero(common)
    return found, pl.DataFrame({
        "trace": pl.repeat(trace, len(aside), eager=True, dtype=pl.String),
        "object": pl.Series(acts.objects, dtype=pl.String).gather(aside),
        "actors": np.diff(acts.start)[aside], "busiest": most[aside],
        "window_s": pl.repeat(widest_s, len(aside), eager=True, dtype=pl.Int64)}, schema=tables.COMMON)


def _layer(trace: str, kind: str, events: Events, actors: int) -> Layer:
    size = np.diff(events.start)
    used = size > 0
    first = np.zeros(len(size), dtype=np.int64)
    first[used] = events.at[events.start[:-1][used]]
    lag = events.at - first[events.object]
    lag_bin = np.searchsorted(np.array(LAGS_S) * SECOND, lag, side="right").astype(np.int8)
    span = int(events.at.max() - events.at.min()) if len(events) else 0
    return Layer(trace, kind, events, actors, 2 if span >= 2 * DAY else 1, size,
                 np.bincount(events.actor, minlength=len(events.actors)), lag_bin,
                 np.digitize(size, SIZES).astype(np.int8))


def candidates(layer: Layer, engine: ModuleType, windows_s: Sequence[int], min_objects: int,
               known: pl.DataFrame | None = None) -> Pairs:
    """Pairs that a test can be about, with all objects that they share: in one of the windows they met on at least
    `min_objects` objects, and not in a public moment.

    A hot event counts nowhere in its window, so a pair that only meets in crowds has nothing to test. Crowds are where
    nearly all meetings are, and their number grows with the square; those of cold events grow with the events.

    Args:
        known: a, b; every candidate is among them, so that these alone are counted. None: all pairs are.
    """
    seen = [counted_again(layer, engine, windows_s, min_objects, known)] if known is not None else [
        engine.pairs(take(layer.events, ~hot_events(layer, engine, window_s)), (window_s,), min_objects=min_objects)
            for window_s in windows_s]
    code = pl.DataFrame({"name": pl.Series(layer.events.actors, dtype=pl.String),
                         "code": np.arange(len(layer.events.actors), dtype=np.int32)})
    met = pl.concat(seen).select("a", "b").unique()
    codes = met.join(code.rename({"code": "code_a"}), left_on="a", right_on="name")
    codes = codes.join(code, left_on="b", right_on="name").sort("code_a", "code")
    a, b = codes["code_a"].to_numpy().copy(), codes["code"].to_numpy().copy()
    pair, event_a, event_b = engine.meetings(layer.events, a, b)
    start = np.searchsorted(pair, np.arange(len(a) + 1))
    counted = one_a_post(start, layer.events.post[event_a], layer.events.post[event_b])
    return Pairs(a, b, start, event_a, event_b, counted)


def counted_again(layer: Layer, engine: ModuleType, windows_s: Sequence[int], min_objects: int, known: pl.DataFrame,
                  ) -> pl.DataFrame:
    """Of the known pairs those that are candidates; a, b."""
    code = pl.DataFrame({"name": pl.Series(layer.events.actors, dtype=pl.String),
                         "code": np.arange(len(layer.events.actors), dtype=np.int32)})
    there = known.select("a", "b").unique().join(code.rename({"code": "code_a"}), left_on="a", right_on="name")
    there = there.join(code, left_on="b", right_on="name").sort("code_a", "code")
    pair, event_a, event_b = engine.meetings(layer.events, there["code_a"].to_numpy().copy(),
                                             there["code"].to_numpy().copy())
    apart = np.abs(layer.events.at[event_a] - layer.events.at[event_b])
    enough = np.zeros(there.height, dtype=bool)
    for window_s in windows_s:
        cold = ~hot_events(layer, engine, window_s)
        met = (apart <= window_s * SECOND) & cold[event_a] & cold[event_b]
        enough |= np.bincount(pair[met], minlength=there.height) >= min_objects
    return there.filter(pl.Series(enough, dtype=pl.Boolean)).select("a", "b")


def hot_events(layer: Layer, engine: ModuleType, window_s: int) -> NDArray[np.bool_]:
    """Whether an event lies in a public moment; bool[events]."""
    if window_s not in layer.hot:
        layer.hot[window_s] = engine.near(layer.events, window_s) >= HOT
    return layer.hot[window_s]


def one_a_post(start: NDArray[np.int64], post_a: NDArray[np.int32], post_b: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Of each meeting, whether no earlier counted one of the pair is by one of the same two posts.

    Args:
        start: where the meetings of each pair begin (and end).
        post_a, post_b: of each meeting.
    """
    posts = max(post_a.max(initial=-1), post_b.max(initial=-1)) + 1
    if posts > 4 * len(post_a):  # few meetings of many posts: a table of all of them would cost more than a sort
        post_a, post_b = np.split(np.unique(np.r_[post_a, post_b], return_inverse=True)[1].astype(np.int32), 2)
        posts = 2 * len(post_a)
    return _one_a_post(start, post_a, post_b, *np.full((2, posts), -1, dtype=np.int64))


@_compiled
def _one_a_post(start, post_a, post_b, last_a, last_b):  # pragma: no cover
    counted = np.zeros(len(post_a), dtype=np.bool_)
    for pair in range(len(start) - 1):
        for m in range(start[pair], start[pair + 1]):
            if last_a[post_a[m]] != pair and last_b[post_b[m]] != pair:
                last_a[post_a[m]] = last_b[post_b[m]] = pair
                counted[m] = True
    return counted


class Sums(NamedTuple):
    """What happened around events within one window, in 1/1024ths of an actor, hot events left out; by lag bin of the
    other. Of single events only what was asked for is kept: of all of them it would be most of the memory of a run.
    """

    us: int
    hot: NDArray[np.bool_]           # of each event that is kept
    near: NDArray[np.int64]
    others: NDArray[np.int64]
    habit_near: NDArray[np.int64]    # of each `side` of an actor
    habit_others: NDArray[np.int64]
    object_near: NDArray[np.int64]   # of each object that two share, by lag bin of the event; a row after the last
    object_others: NDArray[np.int64]


def side(actor: NDArray, home: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The habit that each event belongs to: who is quick where its own audience is, is not so everywhere."""
    return actor * np.int64(SIDES) + home


def met(pairs: Pairs, events: int) -> tuple[NDArray[np.int64], Pairs]:
    """The events of which there are so many that lie in meetings, and the pairs with meetings as places among them."""
    there = np.zeros(events, dtype=bool)
    there[pairs.event_a] = there[pairs.event_b] = True
    place = np.cumsum(there) - 1
    return np.flatnonzero(there), pairs._replace(event_a=place[pairs.event_a], event_b=place[pairs.event_b])


def window(layer: Layer, engine: ModuleType, window_s: int, pairs: Pairs, weight: NDArray[np.int64],
           kept: NDArray[np.int64], home: NDArray[np.bool_], crowds: bool = True) -> Window:
    """Count one window. Arguments as those of `counted`."""
    sums = counted(layer, engine, window_s, pairs, weight, kept, home, crowds)
    class_ = np.append(layer.class_[layer.shared], 0)
    return Window(*sums[:6], *pool(class_, sums.object_near, sums.object_others))


def counted(layer: Layer, engine: ModuleType, window_s: int, pairs: Pairs, weight: NDArray[np.int64],
            kept: NDArray[np.int64], home: NDArray[np.bool_], crowds: bool = True) -> Sums:
    """Count around all events, and sum it up.

    Args:
        crowds: whether there are hot events in it.
        weight: 1/1024ths, of each pair: how much two actors count in each other's habits. Whoever meets a partner more
            often than taste predicts would otherwise define the habit that excuses them both.
        kept: events of which single counts are asked for, ascending.
        home: of each event, whether its object is of the actor's own audience.
    """
    events, who = layer.events, side(layer.events.actor, home)
    hot = hot_events(layer, engine, window_s) if crowds else np.zeros(len(events), dtype=bool)
    cold = (layer.size > 1)[events.object] & ~hot  # where nobody else is, nobody is near
    around = np.ascontiguousarray(engine.lag_near(take(events, cold), window_s, layer.lag_bin[cold], BINS),
                                  dtype=np.int32)
    narrow = int(layer.size.max(initial=0)) < 2**31 // UNIT  # half the memory, where it is enough
    near, others = np.zeros((2, len(kept), BINS), dtype=np.int32 if narrow else np.int64)
    place = np.full(len(events), -1, dtype=np.int32)
    place[kept] = np.arange(len(kept), dtype=np.int32)
    habits, objects = (np.zeros((2, rows, BINS), dtype=np.int64) for rows in
                       (SIDES * len(layer.degree), len(layer.shared) + 1))
    _sum_up(around, events.start, layer.lag_bin, hot, who, layer.row, place, near, others, *habits, *objects)
    sum_less(pairs.start, pairs.event_a, pairs.event_b, UNIT - weight, layer.lag_bin, hot, events.at,
             window_s * SECOND, who, layer.row[events.object], place, near, others, *habits, *objects)
    return Sums(window_s * SECOND, hot[kept], near, others, *habits, *objects)


@_compiled
def _sum_up(around, start, lag_bin, hot, who, row, place, near, others, habit_near, habit_others,
            object_near, object_others):  # pragma: no cover
    """Sum up what surrounds each event; `around`: what cold ones have near them, of objects of two actors and more."""
    of_bin, there, cold = np.zeros(BINS, dtype=np.int64), np.empty(BINS, dtype=np.int64), 0
    for j in range(len(start) - 1):
        if start[j + 1] - start[j] < 2:  # nobody else is there
            continue
        of_bin[:] = 0
        for i in range(start[j], start[j + 1]):
            of_bin[lag_bin[i]] += not hot[i]
        bins = 0
        for lag in range(BINS):  # acts on most objects lie in one bin or two
            if of_bin[lag] > 0:
                there[bins] = lag
                bins += 1
        for i in range(start[j], start[j + 1]):
            if hot[i]:
                continue
            mine, whose, kept, of_near, of_others = lag_bin[i], who[i], place[i], 0, 0
            for n in range(bins):
                lag = there[n]
                close, all_ = UNIT * around[cold, lag], UNIT * (of_bin[lag] - (lag == mine))
                if close > 0:  # in a minute it hardly ever is, and the habits of everybody are in no cache
                    habit_near[whose, lag] += close
                    of_near += close
                habit_others[whose, lag] += all_
                of_others += all_
                if kept >= 0:
                    near[kept, lag] = close
                    others[kept, lag] = all_
            object_near[row[j], mine] += of_near
            object_others[row[j], mine] += of_others
            cold += 1


@_compiled
def sum_less(start, event_a, event_b, less, lag_bin, hot, at, us, who, row, place, near, others, habit_near,
             habit_others, object_near, object_others):  # pragma: no cover
    """Take away what two actors of a pair count less in each other's habits."""
    for pair in range(len(start) - 1):
        if less[pair] == 0:
            continue
        for m in range(start[pair], start[pair + 1]):
            x, y = event_a[m], event_b[m]
            if hot[x] or hot[y]:
                continue
            close = less[pair] if abs(at[x] - at[y]) <= us else 0
            for one, other in ((x, y), (y, x)):
                lag, kept = lag_bin[other], place[one]
                habit_others[who[one], lag] -= less[pair]
                habit_near[who[one], lag] -= close
                object_others[row[one], lag_bin[one]] -= less[pair]
                object_near[row[one], lag_bin[one]] -= close
                if kept >= 0:
                    others[kept, lag] -= less[pair]
                    near[kept, lag] -= close


@_compiled
def by_object(row, lag_bin, count, rows):  # pragma: no cover
    """Counts of events, all bins of the others together, summed by row of the object and the event's own lag bin."""
    sums = np.zeros((rows, BINS), dtype=np.int64)
    for i in range(len(row)):
        for lag in range(BINS):
            sums[row[i], lag_bin[i]] += count[i, lag]
    return sums


@_compiled
def by_side(who, count, sides):  # pragma: no cover
    """Counts of events summed over the events of each `side`."""
    sums = np.zeros((sides, BINS), dtype=np.int64)
    for i in range(len(who)):
        for lag in range(BINS):
            sums[who[i], lag] += count[i, lag]
    return sums


def pool(class_: NDArray[np.int8], near: NDArray[np.int64], others: NDArray[np.int64],
         ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """How many others of the events of a class and lag bin fall within the window, and of how many; and the part that
    each object has in either sum.

    The one object in a hundred of a class whose acts lie closest is left out: an operation's own objects would be the
    baseline that excuses them.

    Args:
        class_: of each object.
        near, others: as `by_object` gives them.
    """
    own_near, own_others = near / UNIT, others / UNIT
    of = own_others.sum(axis=1)
    share = own_near.sum(axis=1) / np.maximum(of, 1)
    hits, trials = np.zeros((CLASSES, BINS)), np.zeros((CLASSES, BINS))
    for one in range(CLASSES):
        of_class = np.flatnonzero((class_ == one) & (of > 0))
        if len(of_class) >= FEW:
            most = np.sort(share[of_class])[int(CLOSEST * (len(of_class) - 1))]
            own_near[of_class[share[of_class] > most]] = 0
            own_others[of_class[share[of_class] > most]] = 0
        hits[one] = own_near[of_class].sum(axis=0)
        trials[one] = own_others[of_class].sum(axis=0)
    return hits, trials, own_near, own_others
