"""The same acts once more: some of them, which act of an actor on an object is the first, and acts that others did.

Objects and times stay where they are, so nothing has to be sorted again but acts at one time on one object.
"""

import numpy as np

from ._pairs import compiled

FEW = 24            # acts at one time; below it putting each into its place is quicker than any sort


@compiled
def first_of(start, actor, actors):
    """Of each act, the place of its actor's first act on its object."""
    first, place = np.empty(len(actor), dtype=np.int32), np.full(actors, -1, dtype=np.int32)
    for j in range(len(start) - 1):
        for i in range(start[j], start[j + 1]):
            if place[actor[i]] < start[j]:
                place[actor[i]] = i
            first[i] = place[actor[i]]
    return first


@compiled
def those(kept, start, actor, object_, at, post, by):
    """The acts that a mask keeps, column by column, and where each object's begin: in one walk."""
    some = 0
    for i in range(len(kept)):
        some += kept[i]
    out = (np.empty(some, dtype=np.int32), np.empty(some, dtype=np.int32), np.empty(some, dtype=np.int64),
           np.empty(some, dtype=np.int32), np.empty(some, dtype=np.int32))
    begins, n = np.zeros(len(start), dtype=np.int64), 0
    for j in range(len(start) - 1):
        for i in range(start[j], start[j + 1]):
            if kept[i]:
                out[0][n], out[1][n], out[2][n], out[3][n], out[4][n] = actor[i], object_[i], at[i], post[i], by[i]
                n += 1
        begins[j + 1] = n
    return out[0], out[1], out[2], out[3], out[4], begins


@compiled
def in_order(start, at, actor, post, by):
    """Put acts at one time on one object in order of actor, post and account behind, in place.

    Returns:
        bool[acts]: not the act before it once more.
    """
    new = np.ones(len(at), dtype=np.bool_)
    for j in range(len(start) - 1):
        one = start[j]
        while one < start[j + 1]:
            end = one + 1
            while end < start[j + 1] and at[end] == at[one]:
                end += 1
            if end - one > FEW:
                keys = (actor[one:end].astype(np.int64) << 32) | post[one:end]
                order = np.argsort(keys, kind="mergesort")
                actor[one:end], post[one:end], by[one:end] = (actor[one:end][order], post[one:end][order],
                                                              by[one:end][order])
            _into_place(one, end, actor, post, by)
            for i in range(one + 1, end):
                new[i] = actor[i] != actor[i - 1] or post[i] != post[i - 1] or by[i] != by[i - 1]
            one = end
    return new


@compiled
def _into_place(one, end, actor, post, by):
    for i in range(one + 1, end):
        a, p, z, k = actor[i], post[i], by[i], i
        while k > one and (actor[k - 1] > a or (actor[k - 1] == a and (post[k - 1] > p or (
                post[k - 1] == p and by[k - 1] > z)))):
            actor[k], post[k], by[k] = actor[k - 1], post[k - 1], by[k - 1]
            k -= 1
        actor[k], post[k], by[k] = a, p, z
