"""Bugs that tools of this field have shipped: here each is seen in a naive rule, and not in cotrace.

Sources: METHOD §7 and the design's list of anti-patterns. The laws of each part test the same more widely.
"""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from cotrace import engines, network, parts, pipeline, reading, tables, traces
from cotrace.engines import local
from cotrace.errors import InputError
from cotrace.network import benjamini_hochberg
from cotrace.records import Plan
from cotrace.simulate import shares

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def acts(*rows: tuple[str, str, float]) -> pl.DataFrame:
    """(actor, object, seconds after noon), each in a post of its own."""
    return pl.DataFrame([{"actor": f"x:{actor}", "kind": "account", "object": thing, "post": f"x:{number}",
                          "at": NOON + timedelta(seconds=seconds), "by": None}
                         for number, (actor, thing, seconds) in enumerate(rows)], schema=tables.ACTIONS)




@pytest.mark.parametrize("engine", parts.names("engines"))
def test_a_day_and_five_seconds_later_is_not_five_seconds_later(engine):
    apart = timedelta(days=1, seconds=5)
    actions = acts(("a", "link", 0), ("b", "link", apart.total_seconds()))

    found = parts.load("engines", engine).pairs(engines.encode(actions), (60,))

    assert apart.seconds <= 60, "the naive rule, timedelta.seconds, takes them for a pair"
    assert found.is_empty()


@pytest.mark.parametrize("engine", parts.names("engines"))
def test_two_acts_two_seconds_apart_meet_on_whichever_side_of_a_bin_they_fall(engine):
    actions = acts(("a", "link", 59), ("b", "link", 61))

    found = parts.load("engines", engine).pairs(engines.encode(actions), (60,))

    assert 59 // 60 != 61 // 60, "the naive rule, bins of a minute, loses them"
    assert found["objects"].to_list() == [1]


@pytest.mark.parametrize("engine", parts.names("engines"))
def test_five_posts_of_one_link_are_one_object(engine):
    actions = acts(*(("a", "link", 10 * n) for n in range(5)), *(("b", "link", 10 * n + 1) for n in range(5)))

    found = parts.load("engines", engine).pairs(engines.encode(actions), (60,))

    naive = actions.join(actions, on="object").filter((pl.col("actor") == "x:a") & (pl.col("actor_right") == "x:b"))
    assert naive.height == 25, "the naive rule counts pairs of posts"
    assert found["objects"].to_list() == [1]


def test_pairs_that_never_met_count_in_the_correction():
    """Seeds 2000–2007: worlds without coordination in which correcting over the pairs that were seen accuses people."""
    ours, naive = 0, 0
    for seed in range(2000, 2008):
        world = shares("nobody", seed=seed, accounts=300, objects=600)

        found = network.validate({"shared_link": world.actions}, plan=Plan(min_objects=2), engine=local, resolution_s=1)

        ours += found.edges.height
        seen = int((found.p < 1).sum())
        naive += int((benjamini_hochberg(found.p[found.p < 1], seen) <= 0.01).sum())
        assert seen < found.tests / 10

    assert naive > ours == 0


def test_a_percentile_always_finds_somebody_and_we_do_not():
    world = shares("nobody", seed=2100, accounts=300, objects=600)
    events = engines.encode(world.actions)

    pairs = local.pairs(events, (60,))
    top = pairs.filter(pl.col("objects") > pairs["objects"].quantile(0.995))
    found = network.validate({"shared_link": world.actions}, plan=Plan(), engine=local, resolution_s=1)

    assert top.height > 0, "the naive rule, the top half per cent, accuses somebody in any data"
    assert found.edges.is_empty()


def minutes() -> pl.DataFrame:
    """Posts whose times are whole minutes."""
    return pl.DataFrame({
        "post_id": [str(n) for n in range(60)], "account_id": [str(n % 20) for n in range(60)],
        "posted_at": [(NOON + timedelta(minutes=7 * n)).strftime("%Y-%m-%dT%H:%M:%SZ") for n in range(60)],
        "text": [f"look https://n.example/{n % 12}" for n in range(60)]})


def test_whole_minutes_are_not_read_as_seconds():
    read = reading.read(minutes(), platform="x")

    assert {file.resolution_s for file in read.inputs} == {60}
    assert network.windows(Plan(), 60) == (60, 300, 1800, 21600)
    with pytest.raises(InputError, match="only known to 60 s"):
        network.windows(Plan(windows=(10,)), 60)


def test_a_trace_bound_to_seconds_is_off_where_the_clock_shows_minutes_and_it_is_said():
    done = pipeline.run(minutes(), platform="x", plan=Plan(placebos=1))

    off = {trace.name: trace.off for trace in done.findings.traces if trace.off}
    assert "60 s" in off["rapid_repost"]
    assert 10 not in done.findings.plan.windows


def test_an_account_is_never_paired_with_the_page_that_it_fills():
    posts = pl.DataFrame({
        "post_id": [str(n) for n in range(40)], "account_id": ["7"] * 20 + ["8"] * 20,
        "page_id": ["100"] * 20 + ["200"] * 20,
        "posted_at": [(NOON + timedelta(hours=n % 20)).strftime("%Y-%m-%dT%H:%M:%SZ") for n in range(40)],
        "text": [f"look https://n.example/{n % 20}" for n in range(40)]})
    read = reading.read(posts, platform="x", columns={"place": "page_id"})
    actions, _ = traces.act("shared_link", read.posts)

    found = local.pairs(engines.encode(actions), (60,))

    kinds = dict(actions.select("actor", "kind").unique().iter_rows())
    naive = actions.join(actions, on=["object", "at"]).filter(pl.col("actor") < pl.col("actor_right"))
    assert naive.filter(pl.col("kind") != pl.col("kind_right")).height, "the naive rule pairs an account with its page"
    assert found.height == 2
    assert all(kinds[a] == kinds[b] for a, b in found.select("a", "b").iter_rows())
