"""Clusters follow from validated edges alone: not from names, rows, or what is found elsewhere."""

import random

import polars as pl
import pytest
from graspologic_native import leiden
from hypothesis import given, settings
from hypothesis import strategies as st

from cotrace import clusters, digest, tables

PLAN = "0" * 64


def table(pairs, trace="shared_link", q=0.001, kind="account"):
    """EDGES of these pairs; a pair may carry its own q as a third element, its own trace as a fourth."""
    rows = []
    for a, b, *more in pairs:
        own_q = more[0] if more else q
        rows.append({"a": min(a, b), "b": max(a, b), "kind": kind, "trace": more[1] if len(more) > 1 else trace,
                     "window_s": 60, "observed": 5, "expected": 0.1, "p": own_q / 10, "q": own_q})
    return tables.conform(pl.DataFrame(rows or tables.empty(tables.EDGES)), tables.EDGES, "edges")


def ring(size, start=0, density=1.0, seed=0):
    chance = random.Random(f"ring {start} {seed}")
    names = [f"x:{start + number:03}" for number in range(size)]
    return [(a, b) for place, a in enumerate(names) for b in names[place + 1:] if chance.random() < density]


def members(found):
    return [set(cluster.members) for cluster in found]


def found_in(pairs, seed=0, **more):
    return clusters.find(table(pairs, **more), plan_digest=PLAN, seed=seed)


networks = st.builds(
    lambda sizes, density, bridges, seed: (
        [pair for number, size in enumerate(sizes) for pair in ring(size, 100 * number, density, seed)]
        + [(f"x:{100 * one:03}", f"x:{100 * other + 1:03}") for one, other in bridges
           if one < len(sizes) and other < len(sizes) and one != other]),
    st.lists(st.integers(3, 9), min_size=1, max_size=4), st.sampled_from([0.5, 0.8, 1.0]),
    st.sets(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=3), st.integers(0, 1000))


@settings(max_examples=40, deadline=None)
@given(pairs=networks, seed=st.integers(0, 5), q_seed=st.sampled_from([None, 1]))
def test_renaming_actors_renames_members_and_nothing_else(pairs, seed, q_seed):
    chance = random.Random(seed)
    pairs = [(*sorted(pair), chance.random() / 100 if q_seed else 0.001)
             for pair in sorted({tuple(sorted(pair)) for pair in pairs})]
    names = sorted({name for a, b, _ in pairs for name in (a, b)})
    renamed = dict(zip(names, [f"y:{number}" for number in chance.sample(range(1000), len(names))], strict=True))

    before = found_in(pairs, seed)
    after = found_in([(renamed[a], renamed[b], q) for a, b, q in pairs], seed)

    assert sorted(map(sorted, members(after))) == sorted(sorted(renamed[m] for m in group) for group in members(before))
    assert sorted((c.q, str(c.layers), sorted(c.stability)) for c in after) == \
        sorted((c.q, str(c.layers), sorted(c.stability)) for c in before)


@settings(max_examples=20, deadline=None)
@given(pairs=networks, seed=st.integers(0, 5))
def test_neither_the_order_of_rows_nor_running_again_changes_a_cluster(pairs, seed):
    edges = table(sorted({tuple(sorted(pair)) for pair in pairs}))
    shuffled = edges.sample(fraction=1.0, shuffle=True, seed=seed)

    assert clusters.find(shuffled, plan_digest=PLAN, seed=seed) == clusters.find(edges, plan_digest=PLAN, seed=seed)


def test_what_is_found_elsewhere_changes_no_cluster():
    pairs = [*ring(12, density=0.5), *ring(8, 100, 0.7), ("x:000", "x:100")]
    elsewhere = [pair for number in range(2, 9) for pair in ring(10, 100 * number)]

    alone, among_others = found_in(pairs), found_in([*pairs, *elsewhere])

    assert len(alone) == 2 and len(among_others) == 9
    assert all(cluster in among_others for cluster in alone)


@pytest.mark.parametrize("seed", range(5))
def test_two_rings_joined_by_one_edge_are_two(seed):
    found = found_in([*ring(10), *ring(10, 100), ("x:000", "x:100")], seed)

    assert members(found) == [{f"x:{n:03}" for n in range(10)}, {f"x:{100 + n}" for n in range(10)}]


@pytest.mark.parametrize("density", [0.3, 0.5, 0.9])
@pytest.mark.parametrize("seed", range(4))
def test_one_ring_that_is_half_seen_stays_one(density, seed):
    pairs = ring(30, density=density, seed=seed)
    named = {name for pair in pairs for name in pair}

    [found] = found_in(pairs, seed)
    _, by_modularity = leiden(edges=[(a, b, 1.0) for a, b in pairs], seed=seed)

    assert set(found.members) == named and min(map(float, found.stability)) >= clusters.STABLE
    if density < 0.9:
        assert len(set(by_modularity.values())) > 1, "the usual rule, modularity, cuts one ring into several"


def test_who_could_go_either_way_is_published_with_neither():
    pairs = [*ring(6), *ring(6, 100), ("x:000", "x:999"), ("x:001", "x:999"), ("x:100", "x:999"), ("x:101", "x:999")]

    found = found_in(pairs)

    assert "x:999" not in {name for cluster in found for name in cluster.members}
    assert [len(cluster.members) for cluster in found] == [6, 6]


def test_two_actors_are_an_edge_and_no_cluster():
    assert found_in([("x:a", "x:b")]) == ()
    assert found_in([]) == ()


def test_a_pair_in_two_traces_is_one_pair_and_two_layers():
    pairs = [("x:a", "x:b", 0.001), ("x:b", "x:c", 0.001), ("x:a", "x:c", 0.001), ("x:a", "x:b", 0.002, "same_text")]

    [cluster] = found_in(pairs)

    assert cluster.layers == {"same_text": 1, "shared_link": 3} and cluster.traces == ("same_text", "shared_link")


def test_the_q_of_a_cluster_is_that_of_its_weakest_needed_edge():
    pairs = [("x:a", "x:b", 0.001), ("x:b", "x:c", 0.004), ("x:a", "x:c", 0.009)]

    [cluster] = found_in(pairs)

    assert cluster.q == 0.004


def test_the_id_is_the_digest_of_members_and_plan():
    [cluster] = found_in(ring(3))

    said = digest.digest({"members": ["x:000", "x:001", "x:002"], "plan_digest": PLAN})
    assert cluster.id == f"c-{said[:12]}" and cluster.stability == ("1", "1", "1")


def test_accounts_and_pages_make_clusters_of_their_own():
    pages = table([("x:p1", "x:p2"), ("x:p2", "x:p3"), ("x:p1", "x:p3")], kind="page")

    found = clusters.find(pl.concat([table(ring(4)), pages]), plan_digest=PLAN, seed=0)

    assert members(found) == [{"x:000", "x:001", "x:002", "x:003"}, {"x:p1", "x:p2", "x:p3"}]
