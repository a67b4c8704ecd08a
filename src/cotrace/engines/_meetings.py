"""Which objects do given pairs share? The shorter list of acts is looked up in the longer one, on all cores.

Pairs are taken actor by actor: the objects of the first are marked once, in a table of one place an object, and each
partner that did less is walked along it; a partner that did more is searched instead, act by act. So a pair costs what
the one who did less did, and not what both did: pairs of the busiest are the most, and the longest.
"""

import numpy as np
from numpy.typing import NDArray

from . import Events
from ._pairs import TASKS, can_meet, compiled, even, on_all_cores, threads

SEARCHED = 8     # times as many acts: from there on a search of the longer list is quicker than walking it


def shared(events: Events, a: NDArray[np.int32], b: NDArray[np.int32], workers: int | None,
           ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """See `reference.meetings`."""
    acts, begin = _by_actor(events.actor, len(events.kind))
    theirs = events.object[acts]
    if _twice(theirs, begin):
        raise ValueError("meetings are counted on first acts: use first_acts(events)")
    if not len(a):
        return (np.empty(0, dtype=np.int64),) * 3
    given = _in_order(a, b)
    first, other = (a, b) if given is None else (a[given], b[given])
    size = np.diff(begin)
    cost = np.minimum(size[first], size[other]) + 4

    def task(low: int, high: int) -> tuple[NDArray, NDArray, NDArray]:
        mark = np.full(len(events.start) - 1, -1, dtype=np.int32)
        return _shared(low, high, first, other, acts, theirs, begin, mark, events.actor, events.post, events.by,
                       events.kind, SEARCHED)

    found = on_all_cores(task, even(cost, TASKS * threads(workers)), workers)
    pair, event_a, event_b = (np.concatenate(column) for column in zip(*found, strict=True))
    if given is None:
        return pair, event_a, event_b
    pair = given[pair]
    order = np.argsort(pair, kind="stable")
    return pair[order], event_a[order], event_b[order]


def _in_order(a: NDArray[np.int32], b: NDArray[np.int32]) -> NDArray[np.int64] | None:
    """An order in which the pairs of one actor stand together; None where they do."""
    return None if np.all(a[1:] >= a[:-1]) else np.lexsort((b, a))


@compiled
def _by_actor(actor, actors):
    """The acts of each actor, sorted by object and time, and where each actor's begin."""
    begin = np.zeros(actors + 1, dtype=np.int64)
    for a in actor:
        begin[a + 1] += 1
    for a in range(actors):
        begin[a + 1] += begin[a]
    acts, filled = np.empty(len(actor), dtype=np.int32), begin.copy()
    for i in range(len(actor)):
        acts[filled[actor[i]]] = i
        filled[actor[i]] += 1
    return acts, begin


@compiled
def _twice(theirs, begin):
    for a in range(len(begin) - 1):
        for i in range(begin[a] + 1, begin[a + 1]):
            if theirs[i] == theirs[i - 1]:
                return True
    return False


@compiled
def _shared(low, high, first, other, acts, theirs, begin, mark, actor, post, by, kind, searched):
    pair, event_a, event_b = np.empty(64, dtype=np.int64), np.empty(64, dtype=np.int64), np.empty(64, dtype=np.int64)
    found, marked = 0, -1
    for row in range(low, high):
        a, b = first[row], other[row]
        if a != marked:
            if marked >= 0:
                for i in range(begin[marked], begin[marked + 1]):
                    mark[theirs[i]] = -1
            for i in range(begin[a], begin[a + 1]):
                mark[theirs[i]] = acts[i]
            marked = a
        mine, few = begin[a + 1] - begin[a], begin[b + 1] - begin[b]
        if found + min(mine, few) > len(pair):
            more = max(len(pair), min(mine, few))
            pair = np.concatenate((pair, np.empty(more, dtype=np.int64)))
            event_a = np.concatenate((event_a, np.empty(more, dtype=np.int64)))
            event_b = np.concatenate((event_b, np.empty(more, dtype=np.int64)))
        if few <= searched * mine:
            for n in range(begin[b], begin[b + 1]):
                i, k = mark[theirs[n]], acts[n]
                if i >= 0 and can_meet(a, b, post[i], post[k], kind[a], kind[b], by[i], by[k]):
                    pair[found], event_a[found], event_b[found] = row, i, k
                    found += 1
        else:
            left = begin[b]
            for n in range(begin[a], begin[a + 1]):
                left += np.searchsorted(theirs[left : begin[b + 1]], theirs[n])
                if left == begin[b + 1]:
                    break
                i, k = acts[n], acts[left]
                if theirs[left] == theirs[n] and can_meet(a, b, post[i], post[k], kind[a], kind[b], by[i], by[k]):
                    pair[found], event_a[found], event_b[found] = row, i, k
                    found += 1
    return pair[:found].copy(), event_a[:found].copy(), event_b[:found].copy()
