"""Engines only count, so they cannot disagree: every engine equals the reference, integer for integer."""

import random
import time
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cotrace import engines, parts, reading, tables, traces
from cotrace.engines import _meetings, _near, _pairs, local, reference
from cotrace.errors import InputError

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
_pairs.GRAIN = 1  # or the few acts of these tests would be one range, and nothing would ever be divided
ENGINES = [parts.load("engines", name) for name in parts.names("engines")]
every_engine = pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.__name__.split(".")[-1])


def table(*rows: tuple) -> pl.DataFrame:
    """Rows of actor, object, seconds after noon and, optionally, by and post."""
    return pl.DataFrame([
        {"actor": f"x:{row[0]}", "kind": "page" if row[0].startswith("page") else "account", "object": row[1],
         "at": NOON + timedelta(seconds=row[2]), "post": f"x:{row[4]}" if len(row) > 4 else f"x:{number}",
         "by": f"x:{row[3]}" if len(row) > 3 and row[3] else None}
        for number, row in enumerate(rows)
    ], schema=tables.ACTIONS)


def counted(engine, actions, windows, **options):
    found = engine.pairs(engines.encode(actions), windows, **options)
    return {(a[2:], b[2:], w): n for a, b, _, w, n in found.iter_rows()}


acts = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c", "d", "e", "page1", "page2", "page3"]),  # few, so that they meet
        st.sampled_from(["o1", "o2", "o3", "o4"]),
        st.one_of(st.integers(0, 40), st.integers(0, 400_000)),
        st.sampled_from([None, None, "a", "b", "z", "page1"]),
        st.integers(0, 30),
    ),
    max_size=60,
).map(lambda rows: table(*rows))


@every_engine
@settings(max_examples=150, deadline=None)
@given(actions=acts, windows=st.lists(st.sampled_from([0, 1, 10, 60, 1800, 90_000]), min_size=1, max_size=4),
       least=st.integers(1, 3), workers=st.sampled_from([1, 3]), limit=st.sampled_from([None, 0, 2, 4]))
def test_an_engine_counts_what_the_reference_counts(engine, actions, windows, least, workers, limit):
    equals_the_reference(engine, actions, windows, least, workers, limit)


@settings(max_examples=150, deadline=None)
@given(actions=acts, windows=st.lists(st.sampled_from([0, 1, 10, 60, 1800, 90_000]), min_size=1, max_size=4),
       least=st.integers(1, 3), held=st.sampled_from([0, 2**25]), part=st.sampled_from([1, 50, 2**17]))
def test_what_is_spared_on_busy_objects_changes_no_count(actions, windows, least, held, part):
    with pytest.MonkeyPatch.context() as busy:
        for module, name, value in ((_pairs, "OFTEN", 0), (_pairs, "FEWER", 0), (_near, "LOOKS", 0),
                                    (_pairs, "HELD", held), (_pairs, "EACH", 0), (_pairs, "PART", part)):
            busy.setattr(module, name, value)
        equals_the_reference(local, actions, windows, least, 2, None)


def equals_the_reference(engine, actions, windows, least, workers, limit):
    events = engines.encode(actions)
    first = engines.first_acts(events)
    rng = np.random.default_rng(len(events))
    bins = rng.integers(-1, 3, len(events)).astype(np.int8)
    a, b = rng.integers(0, max(1, len(events.actors)), (2, 20 if len(events) else 0)).astype(np.int32)

    assert engine.pairs(events, windows, least, workers=workers, common_property=limit).equals(
        reference.pairs(events, windows, least, common_property=limit))
    assert np.array_equal(engine.lag_near(events, windows[0], bins, 3), reference.lag_near(events, windows[0], bins, 3))
    assert np.array_equal(engine.near(first, windows[0]), reference.near(first, windows[0]))
    for ours, theirs in zip(engine.meetings(first, a, b), reference.meetings(first, a, b), strict=True):
        assert np.array_equal(ours, theirs)


@pytest.mark.parametrize("seed", range(8))
def test_who_acts_around_is_counted_alike_on_objects_of_few_and_of_many(seed):
    """Among few, acts are compared two by two; of many, people and posts are marked in a table of everybody."""
    rng = np.random.default_rng(seed)
    events = engines.encode(table(*[
        (f"a{rng.integers(40)}", f"o{min(3, rng.integers(16))}", int(rng.integers(4000)), None,
         f"p{rng.integers(150 << seed)}") for _ in range(150)]))
    events = engines.first_acts(events) if seed % 2 else events

    assert np.diff(events.start).min() < _near.FEW < np.diff(events.start).max()
    for window_s in (0, 2, 60, 1800):
        assert np.array_equal(local.near(events, window_s), reference.near(events, window_s))


def test_a_mask_takes_what_its_places_take():
    rng = np.random.default_rng(3)
    events = engines.encode(table(*[(f"a{rng.integers(9)}", f"o{rng.integers(9)}", int(rng.integers(99)))
                                    for _ in range(80)]))
    for mask in (rng.random(len(events)) < 0.4, np.zeros(len(events), dtype=bool), np.ones(len(events), dtype=bool)):
        one, other = engines.take(events, mask), engines.take(events, np.flatnonzero(mask))
        for name in ("actor", "object", "at", "post", "by", "start"):
            assert np.array_equal(getattr(one, name), getattr(other, name))
            assert getattr(one, name).dtype == getattr(other, name).dtype


@settings(max_examples=100, deadline=None)
@given(actions=acts, windows=st.lists(st.sampled_from([0, 10, 1800, 90_000]), min_size=1, max_size=3),
       least=st.integers(1, 4), held=st.sampled_from([1, 9, 80]))
def test_however_few_meetings_are_held_at_once_no_count_changes(actions, windows, least, held):
    events = engines.encode(actions)

    with pytest.MonkeyPatch.context() as few:
        few.setattr(_pairs, "HELD", held)
        few.setattr(_pairs, "EACH", 0)
        found = local.pairs(events, windows, least, workers=2)

    assert found.equals(reference.pairs(events, windows, least))


def test_two_who_meet_again_and_again_have_room_in_whatever_round_they_are(monkeypatch):
    actions = table(*[(actor, "o", second, None, f"{actor}{second}") for second in range(0, 400, 2) for actor in "ab"],
                    *[(actor, f"o{second}", 0) for second in range(2000) for actor in "cd"])
    monkeypatch.setattr(_pairs, "HELD", 100)
    monkeypatch.setattr(_pairs, "EACH", 0)

    assert counted(local, actions, [400], min_objects=2) == {("c", "d", 400): 2000}


@pytest.mark.parametrize("part", [1000, 2**17, 2**30])
def test_however_meetings_are_dealt_out_the_same_pairs_are_found(part, monkeypatch):
    rng = np.random.default_rng(0)
    actions = table(*[(f"{actor:03}", f"o{number}", int(second)) for number in range(8) for actor, second in
                      zip(rng.permutation(600)[:400], rng.integers(0, 100, 400), strict=True)])
    events = engines.encode(actions)
    monkeypatch.setattr(_pairs, "PART", part)

    found = [local.pairs(events, (10, 60), least, workers=2) for least in (1, 3)]

    monkeypatch.setattr(_pairs, "HELD", 200_000)
    monkeypatch.setattr(_pairs, "EACH", 0)
    for least, ours in zip((1, 3), found, strict=True):
        assert ours.equals(local.pairs(events, (10, 60), least)) and len(ours) > 10_000
        assert ours.equals(found[0].filter(pl.col("objects") >= least))


def test_a_counter_of_the_sketch_ends_at_255_and_forgets_nobody():
    actions = table(*[(actor, f"o{number:03}", 0) for number in range(300) for actor in "ab"])
    assert counted(local, actions, [10], min_objects=299) == {("a", "b", 10): 300}
    assert counted(local, actions, [10], min_objects=301) == {}


def test_taking_all_events_holds_none_of_them_twice():
    events = engines.encode(table(("a", "l", 0), ("b", "l", 5)))
    assert engines.take(events, np.ones(2, dtype=bool)) is events
    assert engines.take(events, np.array([True, False])).at.tolist() == events.at[:1].tolist()


@every_engine
@settings(max_examples=50, deadline=None)
@given(actions=acts, seed=st.integers(0, 99))
def test_the_sum_over_shards_of_objects_is_the_whole(engine, actions, seed):
    def pairs_of(frame):
        return engine.pairs(engines.encode(frame), (10, 1800))

    shard = pl.col("object").hash(seed) % 3
    whole = pairs_of(actions)
    summed = (
        pl.concat([pairs_of(actions.filter(shard == number)) for number in range(3)])
        .group_by("a", "b", "kind", "window_s").agg(pl.col("objects").sum()).sort("a", "b", "window_s")
    )

    assert summed.equals(whole)


@every_engine
@settings(max_examples=50, deadline=None)
@given(actions=acts, seed=st.integers(0, 99))
def test_neither_the_order_of_rows_nor_a_repeated_row_changes_a_count(engine, actions, seed):
    shuffled = pl.concat([actions, actions.head(5)]).sample(fraction=1.0, shuffle=True, seed=seed)

    assert engine.pairs(engines.encode(shuffled), (60, 1800)).equals(engine.pairs(engines.encode(actions), (60, 1800)))


@every_engine
def test_two_acts_on_both_sides_of_a_full_minute_meet(engine):
    actions = table(("a", "o", 59), ("b", "o", 61))

    binned = actions.with_columns(bin=pl.col("at").dt.truncate("60s")).group_by("object", "bin").len()
    assert binned["len"].max() == 1, "the naive rule, one bin a minute, does not see this pair"
    assert counted(engine, actions, [60]) == {("a", "b", 60): 1}


@every_engine
def test_a_day_and_five_seconds_is_not_five_seconds(engine):
    actions = table(("a", "o", 0), ("b", "o", 86_405))

    assert (actions["at"][1] - actions["at"][0]).seconds == 5, "timedelta.seconds wraps every day"
    assert counted(engine, actions, [10, 86_404, 86_405]) == {("a", "b", 86_405): 1}


@every_engine
def test_the_end_of_a_window_belongs_to_it(engine):
    actions = table(("a", "o", 0), ("b", "o", 60)).with_columns(
        at=pl.col("at") + pl.Series([timedelta(0), timedelta(microseconds=1)]))

    assert counted(engine, actions, [60, 61]) == {("a", "b", 61): 1}
    assert counted(engine, table(("a", "o", 0), ("b", "o", 60)), [59, 60]) == {("a", "b", 60): 1}


@every_engine
def test_a_hundred_posts_of_one_link_are_one_object(engine):
    actions = table(*[(actor, "o", second) for second in range(100) for actor in "ab"])

    assert counted(engine, actions, [10]) == {("a", "b", 10): 1}


@every_engine
def test_two_acts_of_one_post_never_meet(engine):
    actions = table(("a", "o", 0, None, "same"), ("b", "o", 0, None, "same"), ("c", "o", 0, None, "other"))

    assert counted(engine, actions, [10]) == {("a", "c", 10): 1, ("b", "c", 10): 1}


@every_engine
def test_one_account_posting_in_two_pages_is_one_account(engine):
    actions = table(("page1", "o", 0, "a"), ("page2", "o", 5, "a"), ("page3", "o", 5, "b"), ("page4", "o", 5, None))
    itself = table(("page1", "o", 0), ("page2", "o", 5, "page1"))

    assert counted(engine, actions, [10]) == {
        ("page1", "page3", 10): 1, ("page1", "page4", 10): 1, ("page2", "page3", 10): 1, ("page2", "page4", 10): 1,
        ("page3", "page4", 10): 1}
    assert counted(engine, itself, [10]) == {}


@every_engine
def test_an_account_and_a_page_are_never_a_pair(engine):
    assert counted(engine, table(("a", "o", 0), ("page1", "o", 0, "b")), [10]) == {}


@every_engine
def test_an_object_of_many_acts_in_narrow_windows_is_no_burden(engine):
    acts_each = 100_000 if engine.__name__.endswith("local") else 1_000
    rows = pl.DataFrame({"actor": [f"x:{i % 2000:04}" for i in range(acts_each)],
                         "post": [f"x:{i}" for i in range(acts_each)]})
    actions = rows.with_columns(kind=pl.lit("account"), object=pl.lit("o"), by=pl.lit(None, dtype=pl.String),
                                at=pl.lit(NOON) + pl.duration(seconds=pl.int_range(acts_each)))

    found = engine.pairs(engines.encode(actions.select(tables.ACTIONS.keys()).cast(tables.ACTIONS)), [2])

    actors = min(2000, acts_each)
    assert len(found) == (2 * actors if acts_each > actors else 2 * actors - 3)
    assert set(found["objects"]) == {1}


def viral(people: int) -> pl.DataFrame:
    """Everybody shares one link within a minute; two of them share two more."""
    apart = 60_000_000 // people
    crowd = pl.DataFrame({"actor": [f"x:{i:07}" for i in range(people)]}).with_columns(
        object=pl.lit("viral"), at=pl.lit(NOON) + pl.duration(microseconds=pl.int_range(people) * apart),
        post=pl.format("x:p{}", pl.int_range(people)))
    two = pl.DataFrame({"actor": ["x:0000000", "x:0000001"] * 2, "object": ["s", "s", "t", "t"],
                        "at": [NOON + timedelta(days=1, seconds=n) for n in range(4)],
                        "post": [f"x:q{n}" for n in range(4)]}).cast({"at": tables.TIME})
    return tables.conform(pl.concat([crowd.cast({"at": tables.TIME}), two]).with_columns(kind=pl.lit("account")),
                          tables.ACTIONS, "a viral link")


def busy(actors: int, kind: str = "account", accounts: int = 0) -> pl.DataFrame:
    """A million shares of one link in a minute, by few who share it over and over."""
    n = pl.int_range(1_000_000)
    by = pl.format("x:z{}", n % accounts) if accounts else pl.lit(None, dtype=pl.String)
    rows = pl.select(n=n).with_columns(
        actor=pl.format("x:{}", n * 7919 % actors), kind=pl.lit(kind), object=pl.lit("viral"), by=by,
        at=pl.lit(NOON) + pl.duration(microseconds=n * 60), post=pl.format("x:p{}", n))
    return tables.conform(rows, tables.ACTIONS, "a busy link")


@pytest.mark.parametrize(("actors", "kind", "accounts"), [
    (300, "account", 0), pytest.param(2, "account", 0, marks=pytest.mark.slow),
    pytest.param(40, "page", 7, marks=pytest.mark.slow)])
def test_a_million_shares_of_one_link_in_a_minute_cost_no_square(actors, kind, accounts):
    events = engines.encode(busy(actors, kind, accounts))
    began = time.process_time()

    found = local.pairs(events, [1, 60], common_property=5000)
    near = local.near(events, 60)
    bins = local.lag_near(events, 60, (np.arange(len(events)) % 3).astype(np.int8), 3)
    a, b = (side.astype(np.int32) for side in np.triu_indices(actors, 1))
    meetings = local.meetings(engines.first_acts(events), a, b)

    assert time.process_time() - began < 60, "the square of a million takes half an hour"
    assert set(found["window_s"]) == {1, 60} and set(found["objects"]) == {1}
    assert np.array_equal(bins.sum(axis=1), near)
    if not accounts:
        assert len(found) == actors * (actors - 1) and len(meetings[0]) == actors * (actors - 1) // 2
        assert near.sum() == (1_000_000 - np.bincount(events.actor)[events.actor]).sum()


@every_engine
def test_a_viral_object_is_left_out_and_costs_no_square(engine):
    people = 1_000_000 if engine is local else 300  # all pairs of so many would be 500,000,000,000
    events = engines.encode(viral(people))

    found = engine.pairs(events, [60], common_property=people // 2)

    assert found["objects"].to_list() == [2]
    assert events.objects[int(engines.crowded(events, 60, people // 2).argmax())] == "viral"
    assert not engines.crowded(events, 60, people).any()


@every_engine
def test_what_is_common_is_told_by_actors_inside_one_window_and_not_by_acts(engine):
    slow = table(*[(actor, "o", 1000 * n) for n, actor in enumerate("abcde")])
    loud = table(*[("a", "o", second) for second in range(50)], ("b", "o", 10))

    assert len(counted(engine, slow, [1000], common_property=2)) == 4
    assert counted(engine, slow, [2000], common_property=2) == {}
    assert counted(engine, loud, [60], common_property=2) == {("a", "b", 60): 1}


@every_engine
def test_where_there_is_nothing_there_are_no_pairs(engine):
    events = engines.encode(tables.empty(tables.ACTIONS))

    assert engine.pairs(events, [10]).schema == tables.PAIRS
    assert len(engine.near(events, 10)) == 0


@pytest.mark.parametrize("searched", [1, _meetings.SEARCHED, 1000])
def test_who_did_much_and_who_did_little_share_what_they_share(searched, monkeypatch):
    """The shorter list is looked up in the longer one: either side may be it, and either way of looking."""
    monkeypatch.setattr(_meetings, "SEARCHED", searched)
    rows = [("busy", f"o{n:03}", 7 * n) for n in range(0, 200, 2)] + [
        (f"few{actor}", f"o{(31 * actor + 3 * n) % 200:03}", 11 * n + actor) for actor in range(9) for n in range(4)]
    events = engines.first_acts(engines.encode(table(*rows)))
    a, b = (side.ravel().astype(np.int32) for side in np.meshgrid(np.arange(10), np.arange(10)))
    told = np.random.default_rng(0).permutation(len(a))

    found = local.meetings(events, a[told], b[told], 2)

    for ours, theirs in zip(found, reference.meetings(events, a[told], b[told]), strict=True):
        assert np.array_equal(ours, theirs)


@every_engine
def test_meetings_are_refused_on_more_than_first_acts(engine):
    events = engines.encode(table(("a", "o", 0), ("a", "o", 5)))

    with pytest.raises(ValueError, match="first"):
        engine.meetings(events, np.array([0], dtype=np.int32), np.array([0], dtype=np.int32))


def test_codes_are_ranks_and_events_are_sorted():
    events = engines.encode(table(("b", "z", 5), ("a", "z", 5), ("b", "y", 9), ("b", "z", 1), ("page1", "y", 0, "q")))

    assert list(events.actors) == ["x:a", "x:b", "x:page1"] and list(events.objects) == ["y", "z"]
    assert events.actor.tolist() == [2, 1, 1, 0, 1] and events.start.tolist() == [0, 2, 5]
    assert events.by.tolist() == [3, -1, -1, -1, -1]
    assert [events.kinds[code] for code in events.kind] == ["account", "account", "page"]
    assert engines.first_acts(events).at.tolist() == [events.at[i] for i in (0, 1, 2, 3)]


def test_what_is_unknown_is_not_an_act():
    with pytest.raises(InputError, match=r"unknown in some rows: at\."):
        engines.encode(table(("a", "o", 0)).with_columns(at=pl.lit(None, dtype=tables.TIME)))


def test_on_real_shares_we_count_the_pairs_that_two_other_tools_count(shared):
    posts = reading.read([shared / "data" / "peers" / "russian_coord_tweets.parquet"]).posts
    actions, without = traces.act("shared_link", posts)

    found = local.pairs(engines.encode(actions), (10, 60, 300))

    assert dict(found.group_by("window_s").len().iter_rows()) == {10: 1_092, 60: 6_206, 300: 30_010}
    assert without == 0


@pytest.mark.parametrize("apart_us", [1, 700, 10**9, 10**14])
@pytest.mark.parametrize("behind", [False, True])
def test_acts_are_in_order_whatever_room_their_times_leave(apart_us, behind):
    rng, size = np.random.default_rng(apart_us), 160_000  # half on one object: more than a block has room for
    codes = pl.DataFrame({
        "object": np.minimum(rng.integers(0, 20_000, size), rng.integers(0, 20_000, size)) * (rng.random(size) < 0.5),
        "at": rng.integers(0, 40, size) * apart_us + rng.integers(0, 40, size), "actor": rng.integers(0, 9, size),
        "post": rng.integers(0, 9, size), "by": rng.integers(-1, 9, size) if behind else np.full(size, -1),
    }).cast({"object": pl.Int32, "actor": pl.Int32, "post": pl.Int32, "by": pl.Int32})

    events = engines.arrange(codes, kind=np.zeros(9, np.int8), actors=[""] * 9, objects=[""] * 20_000, posts=[],
                             kinds=["account"])

    rows = np.stack([events.object, events.at, events.actor, events.post, events.by], axis=1)
    assert np.array_equal(rows, np.unique(codes.select("object", "at", "actor", "post", "by").to_numpy(), axis=0))
    assert np.array_equal(events.object, np.repeat(np.arange(20_000), np.diff(events.start)))


def test_most_objects_may_have_no_act_at_all():
    codes = pl.DataFrame({"object": [900_000, 5, 900_000], "at": [3, 2, 1], "actor": [0, 1, 2], "post": [0, 1, 2],
                          "by": [-1, -1, -1]}).cast({"object": pl.Int32, "actor": pl.Int32, "post": pl.Int32,
                                                     "by": pl.Int32})

    events = engines.arrange(codes, kind=np.zeros(3, np.int8), actors=[""] * 3, objects=[""] * 1_000_000, posts=[],
                             kinds=["account"])

    assert events.object.tolist() == [5, 900_000, 900_000] and events.actor.tolist() == [1, 2, 0]
    assert events.start[[5, 6, 900_000, 900_001, -1]].tolist() == [0, 1, 1, 3, 3]


@pytest.mark.parametrize("seed", range(3))
def test_many_acts_at_one_time_are_in_order(seed):
    chance = random.Random(seed)
    actions = table(*[(chance.choice("abcdef"), "o", chance.randrange(2), chance.choice([None, "y", "z"]),
                       str(chance.randrange(40))) for _ in range(300)])

    events = engines.encode(actions)

    rows = np.stack([events.object, events.at, events.actor, events.post, events.by], axis=1)
    assert np.array_equal(rows, np.unique(rows, axis=0)) and len(rows) == actions.unique().height
