"""Who acts around each act: by sums over sliding windows, never by looking at every two acts of a busy object.

Where nothing but time keeps acts of an object apart, all acts within the window are counted, less the act itself. Where
one actor acts twice, or an account behind places is known, small objects are looked at act by act; of large ones, acts
of the same people are counted in the same way and taken away. So time grows with the acts, whatever goes viral.
"""

import numpy as np
from numpy.typing import NDArray

from . import Events
from ._pairs import TASKS, can_meet, compiled, even, on_all_cores

FEW = 16    # acts of an object; each two of them are compared, which takes less than tables of all actors and posts
LOOKS = 32  # other acts to look at for each act of an object, from which on sorting them costs less


def counted(events: Events, window: int, bin_of: NDArray[np.int8], bins: int, workers: int) -> NDArray[np.int32]:
    """See `reference.lag_near`.

    Args:
        window: µs.
    """
    counts = np.zeros((len(events), bins), dtype=np.int32)

    def task(first: int, last: int) -> None:
        many = np.zeros(last - first, dtype=np.bool_)
        _near(first, last, events.actor, events.at, events.post, events.by, events.start, events.kind,
              len(events.actors), len(events.posts), window, LOOKS, bin_of, counts, many)
        if many.any():
            acts = np.concatenate([np.arange(events.start[j], events.start[j + 1])
                                   for j in first + np.flatnonzero(many)])
            _near_many(events, acts, window, bin_of, counts)

    on_all_cores(task, even(np.diff(events.start) + 1, TASKS * workers), workers)
    return counts


@compiled
def _near(first, last, actor, at, post, by, start, kind, actors, posts, window, looks, bin_of, counts,
          many):
    """Counts acts around each other; `many`: objects that are left to `_near_many`."""
    seen_actor, seen_post = np.empty(0, dtype=np.int32), np.empty(0, dtype=np.int32)
    bins = counts.shape[1]
    inside = np.empty(bins, dtype=np.int32)
    for j in range(first, last):
        low, high = start[j], start[j + 1]
        if _far_apart(low, high, at, window):
            continue
        if high - low > FEW and not len(seen_actor):
            seen_actor, seen_post = np.full(actors, -1, dtype=np.int32), np.full(posts, -1, dtype=np.int32)
        if _everybody_can_meet(low, high, j, actor, post, by, kind, seen_actor, seen_post):
            inside[:] = 0
            left = right = low
            for i in range(low, high):  # inside: the acts left ≤ k < right, all those within the window of act i
                while right < high and at[right] - at[i] <= window:
                    if bin_of[right] >= 0:
                        inside[bin_of[right]] += 1
                    right += 1
                while at[i] - at[left] > window:
                    if bin_of[left] >= 0:
                        inside[bin_of[left]] -= 1
                    left += 1
                counts[i] = inside
                if bin_of[i] >= 0:
                    counts[i, bin_of[i]] -= 1
        elif _pairs_within(low, high, at, window) > looks * (high - low):
            many[j - first] = True
        else:
            for i in range(low, high):
                for step in (-1, 1):
                    k = i + step
                    while low <= k < high and abs(at[k] - at[i]) <= window:
                        if bin_of[k] >= 0 and can_meet(actor[i], actor[k], post[i], post[k], kind[actor[i]],
                                                       kind[actor[k]], by[i], by[k]):
                            counts[i, bin_of[k]] += 1
                        k += step


@compiled
def _pairs_within(low, high, at, window):
    left, total = low, 0
    for i in range(low, high):
        while at[i] - at[left] > window:
            left += 1
        total += i - left
    return total


@compiled
def _far_apart(low, high, at, window):
    """No two acts of the object lie within the window."""
    apart = True
    for i in range(low + 1, high):
        apart &= at[i] - at[i - 1] > window
    return apart


@compiled
def _everybody_can_meet(low, high, j, actor, post, by, kind, seen_actor, seen_post):
    """No two acts of the object are kept apart by anything but time."""
    of_kind = kind[actor[low]]
    for i in range(low, high):
        a, p = actor[i], post[i]
        if by[i] >= 0 or kind[a] != of_kind:
            return False
        if high - low <= FEW:  # who is among a few is told without a table of everybody, which is in no cache
            for k in range(low, i):
                if actor[k] == a or post[k] == p:
                    return False
            continue
        if seen_actor[a] == j or seen_post[p] == j:
            return False
        seen_actor[a] = j
        seen_post[p] = j
    return True


def _near_many(events: Events, acts: NDArray, window: int, bin_of: NDArray[np.int8], counts: NDArray[np.int32]) -> None:
    """What `_near` counts, of objects on which looking at every two acts would cost the square of their number.

    Two acts are of one person where the actor or the account behind the one is the actor or the account behind the
    other. So of all acts of the kind, those with this act's actor and those with its account are taken away, and those
    with both, which went twice, are put back; then those of its post that are of others.

    Args:
        acts: whole objects, in the order of the events.
    """
    object_, actor, by = events.object[acts], events.actor[acts].astype(np.int64), events.by[acts].astype(np.int64)
    kind = events.kind[actor].astype(np.int64)
    filled = np.flatnonzero((by >= 0) & (by != actor))
    every = np.arange(len(acts))
    twice, people = np.r_[every, filled], np.r_[actor, by[filled]]
    one, other = np.minimum(actor, by), np.maximum(actor, by)
    for sign, who, keys in ((1, every, [kind]), (-1, twice, [people, kind[twice]]),
                            (1, filled, [one[filled], other[filled], kind[filled]])):
        order, ends = _groups([*keys, object_[who]], who)
        _slide(acts[who[order]], ends, events.at, window, bin_of, sign, counts)
    order, ends = _groups([events.post[acts], object_], every)
    _of_one_post(acts[order], ends, events.actor, events.at, events.by, events.kind, window, bin_of, counts)


def _groups(keys: list[NDArray], then: NDArray) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Positions in the order of the keys, the last one first, and the ends of those with the same keys."""
    order = np.lexsort((then, *keys))
    new = np.zeros(max(0, len(order) - 1), dtype=bool)
    for key in keys:
        new |= key[order[1:]] != key[order[:-1]]
    return order, np.r_[0, np.flatnonzero(new) + 1, len(order)]


@compiled
def _slide(acts, ends, at, window, bin_of, sign, counts):
    """Add, to each act of a group, the acts of the group within the window; acts of a group are in order of time."""
    inside = np.zeros(counts.shape[1], dtype=np.int32)
    for group in range(len(ends) - 1):
        inside[:] = 0
        left = right = ends[group]
        for place in range(ends[group], ends[group + 1]):
            i = acts[place]
            while right < ends[group + 1] and at[acts[right]] - at[i] <= window:
                if bin_of[acts[right]] >= 0:
                    inside[bin_of[acts[right]]] += 1
                right += 1
            while at[i] - at[acts[left]] > window:
                if bin_of[acts[left]] >= 0:
                    inside[bin_of[acts[left]]] -= 1
                left += 1
            for one in range(len(inside)):
                counts[i, one] += sign * inside[one]


@compiled
def _of_one_post(acts, ends, actor, at, by, kind, window, bin_of, counts):
    """Take away the acts of one post that nothing else keeps apart: those of its account and place, so hardly any."""
    for group in range(len(ends) - 1):
        for one in range(ends[group], ends[group + 1]):
            for other in range(ends[group], ends[group + 1]):
                i, k = acts[one], acts[other]
                a, b = actor[i], actor[k]
                if (one != other and bin_of[k] >= 0 and abs(at[i] - at[k]) <= window and a != b and kind[a] == kind[b]
                        and by[i] != b and by[k] != a and (by[i] < 0 or by[i] != by[k])):
                    counts[i, bin_of[k]] -= 1
