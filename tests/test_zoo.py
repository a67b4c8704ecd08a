"""The laws on the zoo: hardly anybody is accused where nobody coordinates, and plain operations come back whole.

Small worlds here; `make test-slow` takes them whole. `docs/honesty.md` has the figures of many seeds, and says where
the null is wrong: what a test below asks of a world is what holds there.
"""

import functools

import pytest

from cotrace import network, parts, reading, simulate, traces
from cotrace.engines import local
from cotrace.records import Plan

PURE = ("nobody", "viral", "breaking-news", "live-event", "time-zone-islands", "evening-clubs", "super-fans",
        "one-giant-object")
HONEST = ("fan-army", "party-volunteers", "news-syndication", "labelled-bots", "agency")


@functools.cache
def acted(name, seed, size):
    """A world, its actions, and who coordinates with whom."""
    world = simulate.world(name, seed=seed, size=size)
    posts = reading.read(world.posts).posts
    actions = {trace: traces.act(trace, posts)[0] for trace in parts.names("traces")}
    return world, actions, set(world.pairs.filter("coordinated").select("a", "b").iter_rows())


def found(name, seed, size):
    """Our pairs, and those of "60 s, once" and "60 s, twice"."""
    _, actions, _ = acted(name, seed, size)
    ours = network.validate(actions, plan=Plan(), engine=local, resolution_s=1).edges
    rules = [network.naive(actions, window_s=60, objects=objects, engine=local) for objects in (1, 2)]
    return [set(edges.select("a", "b").iter_rows()) for edges in (ours, *rules)]


def holds_on_pure_worlds(name, seeds, size):
    counts = [tuple(map(len, found(name, seed, size))) for seed in seeds]
    ours, once, _ = (sum(column) for column in zip(*counts, strict=True))

    assert ours == 0
    assert once > 20 * len(seeds), "a world on which the naive rule passes proves nothing"


@pytest.mark.parametrize("name", PURE)
def test_where_nobody_coordinates_nobody_is_accused(name):
    holds_on_pure_worlds(name, (30_000,), 0.3)


@pytest.mark.slow
@pytest.mark.parametrize("name", PURE)
def test_where_nobody_coordinates_nobody_is_accused_in_whole_worlds(name):
    holds_on_pure_worlds(name, (30_001, 30_002, 30_003), 1.0)


def test_prize_hunters_are_accused_far_less_often_than_by_the_rule():
    """They come early to every giveaway and do little else: the null has no habit of theirs to hold against it."""
    _, actions, _ = acted("giveaway", 30_000, 0.3)
    patient = network.naive(actions, window_s=1800, objects=3, engine=local).height

    ours, _, _ = found("giveaway", 30_000, 0.3)

    assert len(ours) <= 2 and patient > 50


def test_where_hardly_anything_happens_nothing_is_concluded():
    _, actions, _ = acted("empty-ish", 30_000, 0.3)

    said = network.validate(actions, plan=Plan(), engine=local, resolution_s=1)

    assert said.edges.is_empty() and said.notes


@pytest.mark.parametrize("name", ["lock-step", "jitter-5min", "small", "echo"])
def test_plain_operations_come_back_whole_and_nobody_else(name):
    recalled(name, 30_000, 0.3, 0.95)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["lock-step", "jitter-30s", "jitter-5min", "jitter-30min", "small", "echo", "ring"])
def test_plain_operations_come_back_whole_in_whole_worlds(name):
    recalled(name, 30_001, 1.0, 0.95)


def recalled(name, seed, size, least):
    world, _, coordinated = acted(name, seed, size)
    ours, once, _ = found(name, seed, size)
    posted = set(world.labels["account_id"])
    members = {actor for pair in coordinated for actor in pair} & posted

    assert len({actor for pair in ours for actor in pair} & members) >= least * len(members)
    assert len(ours - coordinated) <= 0.02 * len(ours) < len(once - coordinated)


@pytest.mark.parametrize("name", HONEST)
def test_whom_we_find_among_honest_groups_does_coordinate(name):
    _, _, coordinated = acted(name, 30_000, 0.3)
    ours, once, _ = found(name, 30_000, 0.3)

    assert ours <= coordinated and len(once - coordinated) > 10
