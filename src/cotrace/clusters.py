"""Who belongs together, given which pairs are validated. It weighs no evidence of its own and adds none up.

A pair counts once, whatever the number of traces it was validated in: traces of one post are not independent. The
layers stay visible in each cluster. Communities are found by Leiden (constant Potts model), many times with other
random choices; who is not put together nine times in ten is not published, and is still an edge.

How much two groups must be joined to be one is measured on the part of the network they are in: its transitivity T (how
often two partners of one actor are partners) is the density inside its groups, and a tenth of that between two groups
is enough. So a ring that is only half seen stays whole, two rings joined by one false edge are two, and nothing that
is found elsewhere changes a cluster.

Names play no part: actors are ordered by the shape of the network around them. Actors that this cannot tell apart are
exchangeable, and the random choices treat them alike, so that one which could go either way is published with neither.
"""

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import polars as pl
from graspologic_native import leiden_csr

from . import digest
from .records import Cluster

RUNS = 50             # seeded runs; nine in ten is then told from eight in ten (standard error .04)
STABLE = 0.9          # share of runs; METHOD §2, "Clusters"
TRIALS = 4            # of each run the best is taken: about one trial in ten ends in a worse division than it could
SMALLEST = 3          # members; two actors are an edge
JOINED = 0.1          # of T: a ring of ten keeps a member that is seen with one of its nine others
LEAST_JOINED = 0.02   # where nobody's partners are partners (chains, stars) T says nothing: one pair in fifty
ROUNDS = 8            # of refining the order of actors; networks of people are told apart in two or three

Neighbours = dict[str, dict[str, tuple]]  # actor → partner → what is known of the pair, without names


def find(edges: pl.DataFrame, *, plan_digest: str, seed: int) -> tuple[Cluster, ...]:
    """Communities of at least three actors on validated edges.

    Args:
        edges: the table `tables.EDGES`; every row is taken as validated.
        plan_digest: sha256 of the plan; part of each cluster's id.
        seed: of the random choices; the same seed gives the same clusters.

    Returns:
        Clusters, the largest first. `stability` is each member's share of runs (0–1) in which it is with most of its
        cluster; `layers` counts the edges inside by trace; `q` is the weakest link: the largest q among the edges that
        are needed to hold the cluster together when the best are used (a minimum spanning tree; of a pair validated in
        several traces its smallest q).

    Source: Traag, Waltman & van Eck 2019, doi:10.1038/s41598-019-41695-z; Traag, Van Dooren & Nesterov 2011,
    doi:10.1103/PhysRevE.84.016114
    """
    neighbours = _neighbours(edges)
    found = []
    for part in _parts(neighbours, neighbours):
        if len(part) < SMALLEST:
            continue
        inside = {actor: neighbours[actor] for actor in part}
        runs = _runs(inside, seed)
        for group in _kept_together(inside, runs):
            share = _stability(group, runs)
            stable = {actor for actor in group if share[actor] >= STABLE}
            found += [_cluster(members, share, edges, neighbours, plan_digest)
                      for members in _parts(stable, neighbours) if len(members) >= SMALLEST]
    return tuple(sorted(found, key=lambda cluster: (-len(cluster.members), cluster.members)))


def _neighbours(edges: pl.DataFrame) -> Neighbours:
    known: dict[tuple[str, str], list] = defaultdict(list)
    columns = ("a", "b", "q", "trace", "window_s", "observed", "p")
    for a, b, *evidence in edges.select(columns).iter_rows():
        known[a, b].append(tuple(evidence))
    neighbours: Neighbours = defaultdict(dict)
    for (a, b), evidence in sorted(known.items()):
        neighbours[a][b] = neighbours[b][a] = tuple(sorted(evidence))
    return dict(neighbours)


def _parts(actors: Iterable[str], neighbours: Neighbours) -> Iterator[list[str]]:
    """Connected components among these actors."""
    left = set(actors)
    for first in sorted(left):
        if first not in left:
            continue
        left.remove(first)
        part = [first]
        for actor in part:  # grows while it is walked
            new = left.intersection(neighbours[actor])
            left -= new
            part += sorted(new)
        yield sorted(part)


def _runs(inside: Neighbours, seed: int) -> list[dict[str, int]]:
    """One partition a run: actor → community."""
    order = _order(inside)
    code = {actor: number for number, actor in enumerate(order)}
    ends = np.array([(code[a], code[b]) for a in order for b in inside[a]], dtype=np.int64)
    if len(ends) == len(order) * (len(order) - 1):
        return [dict.fromkeys(order, 0)] * RUNS  # everybody with everybody: there is nothing to divide
    resolution = max(LEAST_JOINED, JOINED * _transitivity(inside))

    def run(number: int) -> dict[str, int]:
        # Seeded by text, so that it is the same on every version of Python; for each component anew, so that a
        # component does not depend on others.
        chance = random.Random(f"{seed} {number}")
        place = np.array(chance.sample(range(len(order)), len(order)), dtype=np.int64)
        row, column = place[ends].T
        sorted_ = np.lexsort((column, row))
        begin = np.zeros(len(order) + 1, dtype=np.int64)
        np.cumsum(np.bincount(row, minlength=len(order)), out=begin[1:])
        _, community = leiden_csr(begin, column[sorted_].astype(np.int32), np.ones(len(ends)), len(order),
                                  resolution=resolution, use_modularity=False, trials=TRIALS,
                                  seed=chance.getrandbits(32))
        return {actor: community[at] for actor, at in zip(order, place.tolist(), strict=True)}

    with ThreadPoolExecutor() as pool:  # Leiden lets go of the interpreter; the order of runs is kept
        return list(pool.map(run, range(RUNS)))


def _order(inside: Neighbours) -> list[str]:
    """Actors by the shape of the network around them (Weisfeiler–Leman); names decide only between equals."""
    colour = dict.fromkeys(inside, 0)
    for _ in range(ROUNDS):
        around = {actor: (colour[actor], tuple(sorted((evidence, colour[partner])
                                                      for partner, evidence in inside[actor].items())))
                  for actor in inside}
        rank = {shape: number for number, shape in enumerate(sorted(set(around.values())))}
        refined = {actor: rank[around[actor]] for actor in inside}
        if len(rank) == len(set(colour.values())):
            break
        colour = refined
    return sorted(inside, key=lambda actor: (colour[actor], actor))


def _transitivity(inside: Neighbours) -> float:
    """Share of two partners of one actor that are partners themselves, 0–1."""
    open_or_closed = sum(len(mine) * (len(mine) - 1) for mine in inside.values())
    closed = sum(len(mine.keys() & inside[partner].keys()) for mine in inside.values() for partner in mine)
    return closed / open_or_closed if open_or_closed else 0.0


def _kept_together(inside: Neighbours, runs: list[dict[str, int]]) -> Iterator[list[str]]:
    """Groups joined by edges whose two ends are in one community nine times in ten."""
    together: Neighbours = {actor: {} for actor in inside}
    for a in inside:
        for b in inside[a]:
            if a < b and sum(run[a] == run[b] for run in runs) >= STABLE * len(runs):
                together[a][b] = together[b][a] = ()
    return _parts(together, together)


def _stability(group: list[str], runs: list[dict[str, int]]) -> dict[str, float]:
    """Share of runs in which each actor is in the community that most of the group is in."""
    with_most = dict.fromkeys(group, 0)
    for run in runs:
        held: dict[int, list[str]] = defaultdict(list)
        for actor in group:
            held[run[actor]].append(actor)
        most = max(len(actors) for actors in held.values())
        largest = [actors for actors in held.values() if len(actors) == most]
        for actor in largest[0] if len(largest) == 1 else ():  # halves of equal size: nobody is with most
            with_most[actor] += 1
    return {actor: times / len(runs) for actor, times in with_most.items()}


def _cluster(members: list[str], share: dict[str, float], edges: pl.DataFrame, neighbours: Neighbours,
             plan_digest: str) -> Cluster:
    inside = edges.filter(pl.col("a").is_in(members), pl.col("b").is_in(members))
    layers = {trace: count for trace, count in inside.group_by("trace").len().sort("trace").iter_rows()}
    name = digest.digest({"members": members, "plan_digest": plan_digest})
    return Cluster(id=f"c-{name[:12]}", members=tuple(members),
                   stability=tuple(digest.decimal(share[actor]) for actor in members), traces=tuple(layers),
                   q=_weakest(members, neighbours), layers=layers)


def _weakest(members: list[str], neighbours: Neighbours) -> float:
    """The largest q on a minimum spanning tree of the members (Kruskal)."""
    group = {actor: {actor} for actor in members}
    pairs = sorted((evidence[0][0], a, b) for a in members for b, evidence in neighbours[a].items()
                   if a < b and b in group)
    weakest = 0.0
    for q, a, b in pairs:
        if group[a] is not group[b]:
            weakest = q
            group[a] |= group[b]
            for actor in group[b]:
                group[actor] = group[a]
    return weakest
