"""When: given who shared what, how often would these two fall together innocently?

Each object that a pair shares gets the *largest* of four innocent probabilities of falling together within the window:

    pooled     what happens around an act that comes as late as this one, on objects of this size that the two do not
               share: a ring would else be what is usual, and excuse itself
    habit      how often each of the two falls near others that come as late as the other one: everywhere, and on
               objects of its own audience (of others), as this one is: who is quick at home is not so everywhere
    burst      how often others of this very object fall near these two acts, where it has many
    schedule   both on the object within half a day (pooled, habit), times the mass of their hours near each other's:
               of each one's other acts, of the audience's acts, and of the pair's own other shared objects

and p is the exact Poisson-binomial tail. The largest of four makes p too large rather than too small.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from . import _choice, _search
from ._layers import BINS, DAY, POOL, SIDES, UNIT, Layer, Pairs, Window

HABIT = 10.0       # others: how many pooled acts a habit starts from
BURST = 30.0       # others: the same for an object's own burst
BURST_OTHERS = 60  # others of an object from which its own burst is counted at all
EXPLAINED = 4      # power of the part of a pair's shared objects that taste explains: .5 counts as .06, .95 as .8
HOURS = 10.0       # acts: how many of the population's acts an actor's hours start from
OWN_HOURS = 3.0    # acts: the same for the hours of a pair on its other shared objects
CEILING = 0.999    # a chance is never certain


class Clock(NamedTuple):
    """Times of day (µs since midnight UTC), sorted within each owner; owner i has start[i] ≤ n < start[i + 1]."""

    actor: NDArray[np.int64]
    actor_start: NDArray[np.int64]
    audience: NDArray[np.int64]
    audience_start: NDArray[np.int64]
    everybody: NDArray[np.int64]
    audience_of: NDArray[np.int64]   # of each object


class Acts(NamedTuple):
    """What the test has to know of each event."""

    object: NDArray[np.int64]        # its row among those that two actors share
    at: NDArray[np.int64]
    by: NDArray[np.int32]
    lag_bin: NDArray[np.int8]
    class_: NDArray[np.int8]
    audience: NDArray[np.int64]
    home: NDArray[np.bool_]          # whether the object is of the actor's own audience


class Timing(NamedTuple):
    """The best window of each pair so far: its index, p of its tail, and the chance of each meeting (−1: left out)."""

    p: NDArray[np.float64]
    window: NDArray[np.int64]
    chance: NDArray[np.float64]


def clock(layer: Layer, audience: NDArray[np.int64], counts: NDArray[np.int32]) -> Clock:
    """When actors, audiences and everybody act; `counts` as `_choice.of_objects` gives them."""
    hour = layer.events.at % DAY
    audience_of = _choice.mainly(layer.shared, counts, layer.events.object, audience[layer.events.actor],
                                 len(layer.size))
    times = []
    for owner, owners in ((layer.events.actor, len(layer.degree)),
                          (audience_of[layer.events.object], counts.shape[1])):
        times += [_by_owner(hour, owner), np.append(0, np.cumsum(np.bincount(owner, minlength=owners)))]
    return Clock(times[0], times[1], times[2], times[3], np.sort(hour), audience_of)


def _by_owner(hour: NDArray[np.int64], owner: NDArray) -> NDArray[np.int64]:
    """Times of day in order of owner, then time: sorted as one number, the owner above the time."""
    bits = int(DAY - 1).bit_length()
    if len(owner) and int(owner.max()).bit_length() + bits > 63:
        return hour[np.lexsort((hour, owner))]
    keys = owner.astype(np.int64) << bits | hour
    keys.sort()
    return keys & ((1 << bits) - 1)


def at_home(layer: Layer, hours: Clock, audience: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Of each event, whether its object is of the actor's own audience."""
    return hours.audience_of[layer.events.object] == audience[layer.events.actor]


def acts(layer: Layer, hours: Clock, kept: NDArray[np.int64], home: NDArray[np.bool_]) -> Acts:
    """What the test has to know of these events; `home`: of all of them."""
    events, object_ = layer.events, layer.events.object[kept]
    return Acts(layer.row[object_], events.at[kept], events.by[kept], layer.lag_bin[kept], layer.class_[object_],
                hours.audience_of[object_], home[kept])


def over_windows(pairs: Pairs, weight: NDArray[np.int64], events: Acts, windows: Iterable[Window], day: Window,
                 hours: Clock, min_objects: int, min_days: int, looks: int) -> Timing:
    """The best window of each pair; before the first, every pair is explained by chance.

    Args:
        weight: 1/1024ths, of each pair: how much the two count in each other's habits.
        day: the window of the schedule.
        min_objects, min_days: on how many a pair has to meet.
        looks: how many windows there are.

    Returns:
        p is exact up to `_search.CHANCE` / `looks`; a larger one can be told as another that is larger.
    """
    best = Timing(np.ones(len(pairs.a)), np.full(len(pairs.a), -1), np.full(len(pairs.event_a), -1.0))
    for index, window in enumerate(windows):
        test(best, index, pairs, weight, events, window, day, hours, min_objects, min_days,
             _search.CHANCE / looks)
    return best


@njit(cache=True, nogil=True)
def test(best, index, pairs, weight, events, window, day, hours, min_objects, min_days, enough):  # pragma: no cover
    """Test one window (the index-th), and keep it in `best` for the pairs whose smallest p it gives.

    The schedule costs most. It is left out where the meetings are chance without it, so that p is not told exactly
    there: nobody asks for it.
    """
    longest = 0
    for pair in range(len(pairs.a)):
        longest = max(longest, pairs.start[pair + 1] - pairs.start[pair])
    chance, pace = np.empty(longest), np.empty(longest)
    counted = np.empty(longest, dtype=np.int64)
    for pair in range(len(pairs.a)):
        first, last = pairs.start[pair], pairs.start[pair + 1]
        together = _together(pairs, first, last, events, window, min_objects, min_days)
        if together < min_objects:
            continue
        short = _habits(pairs, pair, weight[pair], events, window)
        usual = _usual(pairs, first, last, events, window)
        n = 0
        for m in range(first, last):
            x, y = pairs.event_a[m], pairs.event_b[m]
            if not pairs.counted[m] or window.hot[x] or window.hot[y]:
                continue
            pace[n] = _pace(x, y, weight[pair], events, window, short, usual)
            chance[n] = _told(pace[n])
            counted[n] = m
            n += 1
        if tail(chance, n, together) > enough:  # the schedule could only make it larger
            continue
        long, usual_day = _habits(pairs, pair, weight[pair], events, day), _usual(pairs, first, last, events, day)
        own_a = np.sort(events.at[pairs.event_a[first:last]] % DAY)
        own_b = np.sort(events.at[pairs.event_b[first:last]] % DAY)
        for i in range(n):
            x, y = pairs.event_a[counted[i]], pairs.event_b[counted[i]]
            schedule = _pace(x, y, weight[pair], events, day, long, usual_day) * _hours(
                x, y, pairs.a[pair], pairs.b[pair], own_a, own_b, events, window.us, hours)
            chance[i] = _told(max(pace[i], schedule))
        p = tail(chance, n, together)
        if p < best.p[pair]:
            best.p[pair] = p
            best.window[pair] = index
            best.chance[first:last] = -1.0
            for i in range(n):
                best.chance[counted[i]] = chance[i]


@njit(cache=True, nogil=True)
def _told(q):  # pragma: no cover
    """A chance as it is used and printed."""
    return min(np.ceil(np.round(q * 1e6, 3)) / 1e6, CEILING)


@njit(cache=True, nogil=True)
def _together(pairs, first, last, events, window, min_objects, min_days):  # pragma: no cover
    """Occasions within the window; 0 where too few, on too few days, or one account filled a place alone."""
    together, day, days = 0, -1, 0
    by_a, by_b, one_a, one_b = -1, -1, False, False  # the first known account behind each; and whether it is the only
    for m in range(first, last):
        x, y = pairs.event_a[m], pairs.event_b[m]
        if not pairs.counted[m] or window.hot[x] or window.hot[y] or abs(events.at[x] - events.at[y]) > window.us:
            continue
        together += 1
        if events.at[x] // DAY != day:
            day = events.at[x] // DAY
            days += 1
        # Whom the data do not name is nobody's second account; a place of which they never name one speaks for itself.
        if events.by[x] >= 0:
            one_a = by_a < 0 or (one_a and by_a == events.by[x])
            by_a = events.by[x]
        if events.by[y] >= 0:
            one_b = by_b < 0 or (one_b and by_b == events.by[y])
            by_b = events.by[y]
    return 0 if together < min_objects or days < min_days or one_a or one_b else together


@njit(cache=True, nogil=True)
def _habits(pairs, pair, weight, events, window):  # pragma: no cover
    """[near a, others of a, near b, others of b] by side and lag bin of the other, without the other one of the pair.

    The objects that the two share count as far as taste explains how much they share: two fans of one thing have hardly
    a habit outside them, and two members of a ring would there have the habit that excuses them.
    """
    a, b = pairs.a[pair], pairs.b[pair]
    explained = (weight / UNIT) ** EXPLAINED
    sums = np.zeros((4, SIDES, BINS))
    for side in range(SIDES):
        sums[0, side], sums[1, side] = window.habit_near[SIDES * a + side], window.habit_others[SIDES * a + side]
        sums[2, side], sums[3, side] = window.habit_near[SIDES * b + side], window.habit_others[SIDES * b + side]
    for m in range(pairs.start[pair], pairs.start[pair + 1]):
        x, y = pairs.event_a[m], pairs.event_b[m]
        of_a, of_b = int(events.home[x]), int(events.home[y])
        for lag in range(BINS):
            sums[0, of_a, lag] -= (1 - explained) * window.near[x, lag]
            sums[1, of_a, lag] -= (1 - explained) * window.others[x, lag]
            sums[2, of_b, lag] -= (1 - explained) * window.near[y, lag]
            sums[3, of_b, lag] -= (1 - explained) * window.others[y, lag]
        if not window.hot[x] and not window.hot[y]:
            met = weight if abs(events.at[x] - events.at[y]) <= window.us else 0
            sums[0, of_a, events.lag_bin[y]] -= explained * met
            sums[1, of_a, events.lag_bin[y]] -= explained * weight
            sums[2, of_b, events.lag_bin[x]] -= explained * met
            sums[3, of_b, events.lag_bin[x]] -= explained * weight
    return np.maximum(sums, 0.0) / UNIT


@njit(cache=True, nogil=True)
def _usual(pairs, first, last, events, window):  # pragma: no cover
    """[class, lag bin]: of the others of an event, the share within the window, on objects that the two do not share;
    by class, shrunk to the bin over classes, and that to all of them: where nobody but two people is ever quick, they
    are not what is usual."""
    hits, trials = window.pool_near.copy(), window.pool_others.copy()
    for m in range(first, last):
        x = pairs.event_a[m]
        for lag in range(BINS):
            hits[events.class_[x], lag] -= window.own_near[events.object[x], lag]
            trials[events.class_[x], lag] -= window.own_others[events.object[x], lag]
    all_hits, all_trials = hits.sum(), trials.sum()
    of_all = (all_hits + 0.5) / (all_trials + 1)
    for lag in range(BINS):
        of_bin = (hits[:, lag].sum() + POOL * of_all) / (trials[:, lag].sum() + POOL)
        for one in range(len(hits)):
            hits[one, lag] = (hits[one, lag] + POOL * of_bin) / (trials[one, lag] + POOL)
    return hits


@njit(cache=True, nogil=True)
def _pace(x, y, weight, events, window, habits, usual):  # pragma: no cover
    """The largest of pooled, habit and burst."""
    lag_x, lag_y = events.lag_bin[x], events.lag_bin[y]
    pooled_x, pooled_y = usual[events.class_[x], lag_x], usual[events.class_[y], lag_y]
    q = max(pooled_x, pooled_y)
    for one, home, lag, pooled in ((0, events.home[x], lag_y, pooled_y), (2, events.home[y], lag_x, pooled_x)):
        near, others, side = habits[one, :, lag], habits[one + 1, :, lag], int(home)
        q = max(q, (near.sum() + HABIT * pooled) / (others.sum() + HABIT))
        q = max(q, (near[side] + HABIT * pooled) / (others[side] + HABIT))
    met = weight if abs(events.at[x] - events.at[y]) <= window.us else 0
    for event, pooled in ((x, pooled_x), (y, pooled_y)):
        others = (window.others[event].sum() - weight) / UNIT
        if others >= BURST_OTHERS:
            near = (window.near[event].sum() - met) / UNIT
            q = max(q, (max(near, 0.0) + BURST * pooled) / (others + BURST))
    return q


@njit(cache=True, nogil=True)
def _hours(x, y, a, b, own_a, own_b, events, us, hours):  # pragma: no cover
    """How much of the schedules of the two lies near each other's hour."""
    at_x, at_y = events.at[x] % DAY, events.at[y] % DAY
    usual_x = _around(hours.everybody, at_x, us) / len(hours.everybody)
    usual_y = _around(hours.everybody, at_y, us) / len(hours.everybody)
    mass = 0.0
    for at, usual, audience in ((at_x, usual_x, events.audience[x]), (at_y, usual_y, events.audience[y])):
        of = hours.audience[hours.audience_start[audience] : hours.audience_start[audience + 1]]
        mass = max(mass, (_around(of, at, us) + HOURS * usual) / (len(of) + HOURS))
    for actor, own, at, usual in ((a, own_a, at_y, usual_y), (b, own_b, at_x, usual_x)):
        all_ = hours.actor[hours.actor_start[actor] : hours.actor_start[actor + 1]]
        elsewhere = _around(all_, at, us) - _around(own, at, us)
        mass = max(mass, (elsewhere + HOURS * usual) / (len(all_) - len(own) + HOURS))
    both = abs(at_x - at_y) <= us or DAY - abs(at_x - at_y) <= us
    near = _around(own_a, at_y, us) + _around(own_b, at_x, us) - (2 if both else 0)
    return max(mass, (near + OWN_HOURS * mass) / (2 * (len(own_a) - 1) + OWN_HOURS))


@njit(cache=True, nogil=True)
def _around(times, at, us):  # pragma: no cover
    """How many of sorted times of day lie within ± us of one, around midnight too."""
    if 2 * us >= DAY:
        return len(times)
    n = np.searchsorted(times, at + us, side="right") - np.searchsorted(times, at - us, side="left")
    if at - us < 0:
        n += len(times) - np.searchsorted(times, at - us + DAY, side="left")
    if at + us >= DAY:
        n += np.searchsorted(times, at + us - DAY, side="right")
    return n


@njit(cache=True, nogil=True)
def tail(chance, count, observed):  # pragma: no cover
    """P(sum of Bernoulli(chance[:count]) ≥ observed), exact; every step adds positive numbers."""
    if observed <= 0:
        return 1.0
    f = np.zeros(observed + 1)
    f[0] = 1.0
    for i in range(count):
        reached = f[observed] + f[observed - 1] * chance[i]
        for h in range(observed - 1, 0, -1):
            f[h] = f[h] * (1 - chance[i]) + f[h - 1] * chance[i]
        f[0] *= 1 - chance[i]
        f[observed] = reached
    return min(f[observed], 1.0)
