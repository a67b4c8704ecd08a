"""The laws of chance: where nobody coordinates almost nobody is accused, and a planted ring comes back whole.

Every law is shown to be able to fail: the rule "60 s, twice", which other tools use, fails it in the same test.
"""

import dataclasses
import functools
from itertools import combinations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from cotrace import engines, network, tables, verify
from cotrace.engines import Events, local, reference
from cotrace.errors import InputError
from cotrace.network import _audiences, _choice, _layers, _placebo, _planting, _search, _timing
from cotrace.network._beside import Ring
from cotrace.records import Plan
from cotrace.simulate import Shares, shares

PLAN = Plan()


def validate(actions: pl.DataFrame, plan: Plan = PLAN, engine=local, resolution_s: int = 1) -> network.Validation:
    return network.validate({"shared_link": actions}, plan=plan, engine=engine, resolution_s=resolution_s)


def naive(actions: pl.DataFrame, window_s: int = 60, objects: int = 2) -> pl.DataFrame:
    return network.naive({"shared_link": actions}, window_s=window_s, objects=objects, engine=local)


def precision_recall(edges: pl.DataFrame, world: Shares) -> tuple[float, float]:
    """Of accounts: how many that are accused are in a ring, and how many of the rings are accused."""
    accused, guilty = {*edges["a"], *edges["b"]}, frozenset().union(*world.rings)
    return len(accused & guilty) / max(1, len(accused)), len(accused & guilty) / len(guilty)


def false_edges(edges: pl.DataFrame, world: Shares) -> int:
    return sum(1 for a, b in zip(edges["a"], edges["b"], strict=True)
               if not any(a in ring and b in ring for ring in world.rings))


@functools.cache
def ring_world(jitter_s: int, seed: int = 1) -> tuple[Shares, network.Validation]:
    world = shares("ring", seed=seed, jitter_s=jitter_s, accounts=400, objects=800, rings=3)
    return world, validate(world.actions)


def acts(rows: list[tuple], kind: str = "account") -> pl.DataFrame:
    """(actor, object, s, post, by) as ACTIONS."""
    frame = pl.DataFrame(rows, schema=["actor", "object", "at", "post", "by"], orient="row",
                         schema_overrides={"by": pl.String})
    return tables.conform(frame.with_columns(pl.from_epoch("at").dt.cast_time_unit("us").dt.replace_time_zone("UTC"),
                                             kind=pl.lit(kind)), tables.ACTIONS, "acts")


# ------------------------------------------------------------------------------------------------ the laws

def test_where_nobody_coordinates_almost_nobody_is_accused():
    worlds = [shares("nobody", seed=seed) for seed in range(50)]

    ours = sum(not validate(world.actions).edges.is_empty() for world in worlds)
    theirs = sum(not naive(world.actions).is_empty() for world in worlds)

    assert ours <= 2
    assert theirs > 2, "a law that '60 s, twice' keeps proves nothing"


@pytest.mark.parametrize(("jitter_s", "recall_wanted"), [(30, 0.95), (300, 0.95), (1800, 0.85)])
def test_a_planted_ring_comes_back_whole(jitter_s, recall_wanted):
    worlds = [shares("ring", seed=seed, jitter_s=jitter_s) for seed in range(5)]

    ours = np.array([precision_recall(validate(world.actions).edges, world) for world in worlds])
    theirs = np.array([precision_recall(naive(world.actions), world) for world in worlds])

    assert ours[:, 0].min() >= 0.95
    assert ours[:, 1].mean() >= recall_wanted
    assert theirs[:, 0].max() < 0.95, "a law that '60 s, twice' keeps proves nothing"


@given(st.lists(st.integers(1, 999_000), min_size=3, max_size=25), st.floats(1e-9, 1.0))
def test_with_expectation_held_p_never_rises_with_what_is_observed(millionths, p_choice):
    chance = np.array(millionths) / 1e6

    tails = np.array([_timing.tail(chance, len(chance), x) for x in range(len(chance) + 1)])
    p = _search.p(np.clip(5 * tails, 1e-300, 1.0), np.full(len(tails), p_choice))

    assert (np.diff(tails) <= 1e-15).all()
    assert (np.diff(p) <= 1e-15).all()


def test_two_meetings_of_a_hundred_convict_nobody_who_was_expected_to_meet_ten_times():
    chance = np.full(100, 0.1)

    p = _search.p(np.array([_timing.tail(chance, 100, 2)]), np.array([1e-9]))
    theirs = naive(acts([(who, f"o{n}", n * 90_000 + (0 if n < 2 or who == "x:a" else 4000), f"x:{who}{n}", None)
                         for n in range(100) for who in ("x:a", "x:b")]))

    assert p[0] == 1.0
    assert len(theirs) == 1, "'60 s, twice' does not ask what was expected"


@pytest.mark.slow
@pytest.mark.parametrize("jitter_s", [30, 300, 1800])
@pytest.mark.parametrize("seed", range(3))
def test_a_planted_ring_comes_back_from_three_thousand_accounts(jitter_s, seed):
    world = shares("ring", seed=seed, jitter_s=jitter_s, accounts=3000, objects=6000)

    precision, recall = precision_recall(validate(world.actions).edges, world)

    assert precision >= 0.95 and recall >= (0.85 if jitter_s == 1800 else 0.95)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["nobody", "clubs", "niche", "bursts"])
def test_where_three_thousand_do_not_coordinate_almost_nobody_is_accused(name):
    worlds = [shares(name, seed=seed, accounts=3000, objects=6000) for seed in range(5)]

    assert sum(validate(world.actions).edges.height for world in worlds) <= 3


@pytest.mark.parametrize(("name", "knobs"), [("clubs", {}), ("niche", {}), ("bursts", {}), ("nobody", {"fans": 0.15})])
def test_people_of_one_taste_one_hour_or_one_news_are_not_accused(name, knobs):
    worlds = [shares(name, seed=seed, **knobs) for seed in range(3)]

    assert sum(not validate(world.actions).edges.is_empty() for world in worlds) <= 1
    assert all(naive(world.actions).height > 10 for world in worlds)


@pytest.mark.parametrize("seed", [3003, 3007])
def test_who_is_quick_where_its_audience_is_at_home_is_not_so_everywhere(seed, monkeypatch):
    """Fans of one thing who do little else: within a minute there, and late wherever they look in."""
    fans = shares("nobody", seed=seed, fans=0.15, devotion=24.0)
    assert validate(fans.actions).edges.is_empty() and len(naive(fans.actions)) > 300

    monkeypatch.setattr(_timing, "at_home", lambda layer, hours, audience: np.zeros(len(layer.events), dtype=bool))
    assert not validate(fans.actions).edges.is_empty()  # one habit for all, and two fans are accused


def test_fans_on_a_platform_of_many_communities_are_told_by_more_audiences(monkeypatch):
    """Forty communities, 4,000 accounts: where an audience mixes three of them, a fan is quick among strangers."""
    fans = shares("nobody", seed=3000, accounts=4000, objects=8000, fans=0.15, tastes=40, devotion=40.0)
    assert validate(fans.actions).edges.is_empty() and len(naive(fans.actions)) > 1000

    monkeypatch.setattr(_audiences, "AUDIENCES", (12, 12))
    assert validate(fans.actions).edges.height > 3  # all of them pairs of fans


def test_a_ring_of_sixty_is_not_the_public_that_explains_it(monkeypatch):
    """Each act by two in five: any pair meets on six things of forty, and sixty people are a crowd."""
    world = shares("ring", seed=3000, rings=1, ring_size=60, ring_objects=40, participation=0.4)
    edges = validate(world.actions).edges
    assert len({*edges["a"], *edges["b"]} & world.rings[0]) > 30 and not false_edges(edges, world)

    monkeypatch.setattr(_audiences, "TIGHT", 1.0)  # whoever is a crowd is a public
    edges = validate(world.actions).edges
    assert len({*edges["a"], *edges["b"]} & world.rings[0]) < 10


def test_rings_beside_evening_clubs_do_not_take_the_clubs_with_them():
    worlds = [shares("ring", seed=seed, jitter_s=30, clubs=10, club_hour=20) for seed in range(3)]

    found = [validate(world.actions).edges for world in worlds]

    assert sum(false_edges(edges, world) for edges, world in zip(found, worlds, strict=True)) \
        <= 0.02 * sum(map(len, found))


def test_without_the_schedule_evening_clubs_are_accused(monkeypatch):
    worlds = [shares("clubs", seed=seed) for seed in range(3)]
    monkeypatch.setattr(network, "HALF_DAY_S", 0)  # nobody is ever on an object on the same day: no schedule

    assert sum(validate(world.actions).edges.height for world in worlds) > 3


# --------------------------------------------------------------------------------------- the same every time

def test_neither_the_order_of_rows_nor_the_engine_makes_a_difference():
    world, found = ring_world(300)
    again = validate(world.actions.sample(fraction=1.0, shuffle=True, seed=3), engine=reference)

    assert found.edges.equals(again.edges) and len(found.edges) > 50
    assert found.occasions.equals(again.occasions)


def test_renaming_accounts_renames_edges_and_nothing_else():
    world, found = ring_world(300)
    names = sorted(world.actions["actor"].unique())
    shuffled = np.random.Generator(np.random.PCG64(5)).permutation(len(names))
    other = dict(zip(names, (f"sim:z{n:05d}" for n in shuffled), strict=True))

    again = validate(world.actions.with_columns(pl.col("actor").replace_strict(other))).edges
    figures = ["window_s", "observed", "expected", "p", "q", "p_time", "p_choice", "shared", "shared_expected", "rare"]

    def plain(edges, name):
        return sorted((*sorted((name(row["a"]), name(row["b"]))), *(row[f] for f in figures))
                      for row in edges.iter_rows(named=True))

    assert plain(found.edges, other.get) == plain(again, str)


# ------------------------------------------------------------------------------- what verification rests on

def test_every_figure_of_an_edge_follows_from_its_row_and_its_occasions():
    _, found = ring_world(300)
    occasions = found.occasions.partition_by("a", "b", "trace", as_dict=True)

    for edge in found.edges.iter_rows(named=True):
        mine = occasions[edge["a"], edge["b"], edge["trace"]]
        chance = mine["chance"].to_numpy()
        tail = brute_tail(chance.tolist(), edge["observed"])
        taste = _choice.tails(_choice.Choice(*(np.array([edge[name]]) for name in (
            "shared", "shared_expected", "rare", "rare_expected"))))
        p_choice = float(_search.p_choice(taste, np.array([edge["alike"]]), found.candidates, found.tests)[0])

        assert edge["observed"] == mine["together"].sum() >= PLAN.min_objects
        assert ((mine["delta_s"].abs() <= edge["window_s"]) == mine["together"]).all()
        assert edge["expected"] == pytest.approx(chance.sum(), abs=1e-9)
        assert edge["p_time"] == pytest.approx(min(1.0, 5 * tail), rel=1e-9)
        assert edge["p_choice"] == pytest.approx(p_choice)
        assert edge["p"] == pytest.approx(edge["p_time"] * p_choice) and edge["p_time"] <= network.GATE
        assert mine["post_a"].is_unique().all() and mine["post_b"].is_unique().all()
        assert np.allclose(chance * 1e6, np.round(chance * 1e6), atol=1e-6)


def brute_tail(chance: list[float], observed: int) -> float:
    mass = [1.0]
    for q in chance:
        mass = [(mass[i] if i < len(mass) else 0) * (1 - q) + (mass[i - 1] * q if i else 0)
                for i in range(len(mass) + 1)]
    return sum(mass[observed:])


@given(st.lists(st.floats(0.001, 0.999), min_size=1, max_size=8), st.integers(0, 8))
def test_the_tail_is_that_of_counting_every_outcome(chance, observed):
    ways = (set(chosen) for size in range(len(chance) + 1) for chosen in combinations(range(len(chance)), size)
            if size >= observed)
    counted = sum(np.prod([q if i in chosen else 1 - q for i, q in enumerate(chance)]) for chosen in ways)

    assert _timing.tail(np.array(chance), len(chance), observed) == pytest.approx(counted, abs=1e-12) \
        or observed > len(chance)


@given(st.lists(st.floats(1e-12, 1.0), min_size=1, max_size=30), st.integers(0, 50))
def test_q_is_benjamini_and_hochbergs_with_the_unseen_pairs_at_one(p, unseen):
    ours = _search.benjamini_hochberg(np.array(p), len(p) + unseen)
    theirs = multipletests(p + [1.0] * unseen, method="fdr_bh")[1][: len(p)]

    assert ours == pytest.approx(theirs)


def test_taste_alone_never_convicts():
    assert _search.p(np.array([2 * network.GATE]), np.array([1e-12]))[0] == 1.0


@given(st.lists(st.tuples(st.floats(1e-12, 1.0), st.floats(1e-12, 1.0)), min_size=1, max_size=40), st.integers(0, 500))
def test_what_taste_gives_one_pair_it_takes_from_others(pairs, unseen):
    tail, p_time = (np.array(side) for side in zip(*pairs, strict=True))
    tests = len(tail) + unseen

    alike = _search.alike(tail, [_search.family(tail, np.ones(len(tail)))])  # all of them meet by chance
    paid = _search.p_choice(tail, alike, len(tail), tests)

    assert (_search.TOLL / paid[paid < 1]).sum() <= tests * (1 + 1e-9), "the weights add up to the number of tests"
    assert (_search.alike(tail, [_search.family(tail, p_time)]) <= alike).all()


def test_many_of_one_rare_taste_have_to_be_rarer_in_time_than_two():
    two, many = np.full(2, 1e-9), np.full(400, 1e-9)
    hunters = _search.family(many, np.ones(400))
    ring = _search.family(many, np.full(400, 1e-6))  # as many, who do not meet by chance

    assert _search.alike(two, [_search.family(two, np.ones(2))]).tolist() == [3, 3]
    assert _search.alike(many[:1], [hunters])[0] == 401
    assert _search.alike(many[:1], [ring])[0] == 1


def acts_of(table: np.ndarray) -> _layers.Layer:
    """A layer in which actor a acted on object j where table[a, j] is true."""
    object_, actor = (codes.astype(np.int32) for codes in np.nonzero(table.T))
    size, degree = table.sum(axis=0), table.sum(axis=1)
    events = Events(actor=actor, object=object_, at=np.arange(len(actor)), post=np.arange(len(actor), dtype=np.int32),
                    by=np.full(len(actor), -1, dtype=np.int32), start=np.append(0, np.cumsum(size)),
                    kind=np.zeros(len(table), dtype=np.int8), actors=[str(a) for a in range(len(table))],
                    objects=[str(j) for j in range(table.shape[1])], posts=[str(i) for i in range(len(actor))],
                    kinds=["account"])
    return _layers.Layer("shared_link", "account", events, len(table), 1, size, degree,
                         np.zeros(len(actor), dtype=np.int8), np.zeros(len(size), dtype=np.int8))


@settings(deadline=None)  # the first example compiles
@given(st.lists(st.lists(st.booleans(), min_size=12, max_size=12), min_size=4, max_size=9),
       st.lists(st.integers(0, 2), min_size=9, max_size=9))
def test_what_one_actor_alone_took_up_is_in_no_table(shares_of, audience_of):
    """Most texts are one actor's: a row for each of them made a table of audiences the largest thing of a run."""
    table, audience = np.array(shares_of), np.array(audience_of)[: len(shares_of)]
    layer = acts_of(table)
    every = np.array([[int(table[audience == one, j].sum()) for one in range(audience.max() + 1)] for j in range(12)])
    counts = _choice.of_objects(layer, audience)
    assert counts.tolist() == every[table.sum(axis=0) > 1].tolist()
    hours = _timing.clock(layer, audience, counts)
    assert hours.audience_of.tolist() == every.argmax(axis=1).tolist()
    asked = _choice.fame(layer, counts, audience, np.array([2, 0, 2]))
    of_all = _choice.fame(layer, counts, audience, np.arange(len(table)))
    assert asked.own.shape[1] == 2
    assert asked.own[:, asked.place[[0, 2]]].tolist() == of_all.own[:, [0, 2]].tolist()
    assert of_all.own[0].tolist() == (table.astype(int) @ every).tolist()


@settings(deadline=None)  # the first example compiles
@given(st.lists(st.lists(st.booleans(), min_size=12, max_size=12), min_size=4, max_size=9),
       st.lists(st.integers(0, 1), min_size=9, max_size=9))
def test_what_two_share_is_explained_by_what_two_others_share(shares_of, audience_of):
    """Counted again with the two really left out, for every pair."""
    table = np.array(shares_of)
    audience = np.array(audience_of)[: len(table)]
    layer = acts_of(table)
    counts = _choice.of_objects(layer, audience)
    famous = _choice.fame(layer, counts, audience, np.arange(len(table)))
    for a, b in combinations(range(len(table)), 2):
        met = np.flatnonzero(table[a] & table[b])
        one = _layers.Pairs(np.array([a]), np.array([b]), np.array([0, len(met)]), met, met, np.ones(len(met), bool))
        others = np.setdiff1d(np.arange(len(table)), [a, b])
        of_a, of_b = (others[audience[others] == audience[x]] for x in (a, b))
        sharing = sum(bool(table[x, j] and table[y, j]) for x in of_a for y in of_b if x != y for j in range(12))
        acts_a, acts_b = int(table[of_a].sum()), int(table[of_b].sum()) - int(audience[a] == audience[b])
        expected = table[a].sum() * table[b].sum() * (sharing + 1) / (max(acts_a, 1) * max(acts_b, 1))
        told = _choice.expect(layer.size, met, one, audience, famous)
        assert told.shared_expected[0] == pytest.approx(expected, abs=2e-6) and told.shared[0] == len(met)


def houses(seed: int) -> tuple[list[tuple], set[frozenset[str]]]:
    """Twenty-four channels that post a wire's news within the hour and some of each other's posts within the day; two
    houses of three channels post a hundred things of their own on all three within 40 s."""
    rng = np.random.Generator(np.random.PCG64(seed))
    rows = [(f"x:c{who}", f"wire{n}", int(n * 20_000 + rng.exponential(1200)), f"x:w{who}.{n}", None)
            for n in range(60) for who in range(24) if rng.random() < 0.15]
    rows += [(f"x:c{who}", f"any{n}", int(n * 6000 + rng.exponential(20_000)), f"x:a{who}.{n}", None)
             for n in range(200) for who in rng.choice(24, 3, replace=False)]
    rows += [(f"x:c{3 * house + who}", f"own{house}.{n}", 1000 * house + n * 12_000 + int(rng.integers(0, 40)),
              f"x:h{house}.{n}.{who}", None) for house in range(2) for n in range(100) for who in range(3)]
    return rows, {frozenset(f"x:c{3 * house + who}" for who in pair) for house in range(2)
                  for pair in combinations(range(3), 2)}


def explained_by_themselves(size, object_, pairs, audience, known):
    """What was expected before: the pair and its friends are part of the public that explains it."""
    squares = known.objects + np.stack([np.diag(np.bincount(audience, degree, len(known.totals)))
                                        for degree in known.degree])
    of_a, of_b = audience[pairs.a], audience[pairs.b]
    both = known.degree[0][pairs.a] * known.degree[0][pairs.b] / (known.totals[of_a] * known.totals[of_b])
    honest = EXPECT(size, object_, pairs, audience, known)
    return dataclasses.replace(honest, shared_expected=_choice.round_up(both * squares[0][of_a, of_b]),
                               rare_expected=_choice.round_up(both * squares[1][of_a, of_b]))


EXPECT = _choice.expect


@pytest.mark.parametrize("seed", range(2))
def test_a_house_of_channels_is_not_the_public_that_explains_it(seed, monkeypatch):
    rows, wanted = houses(seed)
    found = {frozenset(pair) for pair in validate(acts(rows, "channel")).edges.select("a", "b").iter_rows()}

    assert found == wanted
    assert len(naive(acts(rows, "channel"), 3600)) > 5 * len(wanted)  # who watches one wire is no house

    monkeypatch.setattr(_choice, "expect", explained_by_themselves)
    assert validate(acts(rows, "channel")).edges.is_empty()


def test_the_harmonic_number_is_the_sum_on_both_sides_of_the_seam():
    for n in (1, 2, 63, 64, 65, 66, 1000):
        assert _search.harmonic(n) == pytest.approx(sum(1 / i for i in range(1, n + 1)), rel=1e-9)
        assert _search.harmonic(n) == pytest.approx(verify._chance.harmonic(n), rel=1e-12)


# -------------------------------------------------------------------------------------- who counts and what

def crowd(kind: str = "account", people: int = 60, seed: int = 0) -> list[tuple]:
    """Innocents who share one of 120 objects now and then, over ten days."""
    rng = np.random.Generator(np.random.PCG64(seed))
    return [(f"x:{kind}{who}", f"o{rng.integers(0, 120)}", int(rng.integers(0, 864_000)), f"x:p{kind}{who}.{n}", None)
            for who in range(people) for n in range(12)]


def together(a: str, b: str, *, objects: int, one_post: bool = False, by: tuple = (None, None), days: int = 9,
             ) -> list[tuple]:
    filled = [who if isinstance(who, list) else [who] * objects for who in by]
    return [(who, f"joint{n}", 3600 + (n % days) * 86_400 + 700 * n + 5 * side,
             f"x:j{who}" if one_post else f"x:j{who}.{n}", filled[side][n])
            for n in range(objects) for side, who in enumerate((a, b))]


def edge_between(rows: list[tuple], kind: str = "account", plan: Plan = PLAN) -> bool:
    return not validate(acts(rows, kind), plan).edges.is_empty()


def test_two_who_meet_ten_times_are_found_and_the_same_ten_links_of_one_post_are_not():
    assert edge_between(crowd() + together("x:m", "x:n", objects=10))
    assert not edge_between(crowd() + together("x:m", "x:n", objects=10, one_post=True))


def test_ten_meetings_on_one_day_of_many_are_not_enough():
    assert not edge_between(crowd() + together("x:m", "x:n", objects=10, days=1))


def test_fewer_objects_than_the_plan_asks_for_are_not_enough():
    rows = crowd() + together("x:m", "x:n", objects=10)

    assert not edge_between(rows, plan=Plan(min_objects=11))
    assert edge_between(rows, plan=Plan(min_objects=10))


TWO, OTHER_TWO = [["x:k", "x:l"][n % 2] for n in range(10)], [["x:q", "x:r"][n % 2] for n in range(10)]
ONE_AND_UNKNOWN = ["x:q" if n == 4 else None for n in range(10)]
TWO_AND_UNKNOWN = [["x:q", None, "x:r"][n % 3] for n in range(10)]


@pytest.mark.parametrize(("by", "is_one"), [
    ((TWO, OTHER_TWO), True),
    ((TWO, "x:q"), False), (("x:q", TWO), False), (("x:q", "x:r"), False),  # one account alone fills a page
    ((TWO, TWO), False),                                                    # one account fills both, every time
    ((None, None), True), ((None, TWO), True),                              # the data name nobody: it speaks for itself
    ((None, "x:q"), False), ((TWO, ONE_AND_UNKNOWN), False), ((ONE_AND_UNKNOWN, TWO), False),
    (([*TWO[:9], "x:k"], TWO_AND_UNKNOWN), True)])
def test_a_pair_of_pages_needs_two_accounts_on_each_side(by, is_one):
    assert edge_between(crowd("page") + together("x:m", "x:n", objects=10, by=by), "page") == is_one


def test_the_second_account_counts_only_where_the_pages_met():
    elsewhere = [("x:n", f"o{n}", n * 9000, f"x:e{n}", "x:r") for n in range(20)]

    assert not edge_between(crowd("page") + elsewhere + together("x:m", "x:n", objects=10, by=(TWO, "x:q")), "page")


def test_pairs_are_counted_within_kinds_seen_or_not():
    both = pl.concat([acts(crowd("account", 40)), acts(crowd("page", 30), "page")])

    found = network.validate({"shared_link": both, "same_text": both}, plan=PLAN, engine=local, resolution_s=1)

    assert found.tests == 2 * (40 * 39 // 2 + 30 * 29 // 2)


def test_who_only_meets_in_crowds_is_no_candidate_and_hides_nobody_who_meets_elsewhere():
    """Six moments that 80 people share at once are 3,160 pairs, and say nothing of any of them."""
    public = [(f"x:c{who}", f"news{n}", 100_000 * n + who % 9, f"x:n{who}.{n}", None) for who in range(80)
              for n in range(6)]
    rows = acts(crowd() + public + together("x:c3", "x:c4", objects=10))

    found = validate(rows)

    (one,) = found.tested
    assert local.pairs(one.layer.events, (60,), min_objects=3).height >= 80 * 79 // 2, "so many met"
    assert len(one.pairs.a) < 20
    assert found.edges.select("a", "b").rows() == [("x:c3", "x:c4")]
    assert found.edges["shared"].item() == 16, "crowds or not, what they share is counted"


@given(posts=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 4), st.integers(0, 4)), max_size=30))
def test_a_post_is_one_occasion_however_many_objects_it_has(posts):
    pair, a, b = (np.array(column, dtype=np.int64) for column in zip(*sorted(posts, key=lambda m: m[0]), strict=True)
                  ) if posts else (np.zeros(0, dtype=np.int64),) * 3

    start = np.searchsorted(pair, np.arange(4))
    for far in (0, 10_000):  # few posts, and few of many
        counted = _layers.one_a_post(start, (a + far).astype(np.int32), b.astype(np.int32))

        kept = []
        for of, x, y in zip(pair, a, b, strict=True):
            kept.append(not any(ok and of == p and (x == m or y == n)
                                for ok, p, m, n in zip(kept, pair, a, b, strict=False)))
        assert counted.tolist() == kept


def test_leaving_the_schedule_out_where_meetings_are_chance_changes_no_p(monkeypatch):
    world, found = ring_world(1800)
    plain, told = _timing.over_windows, []

    def both(pairs, weight, events, windows, *given):
        windows = list(windows)
        told.append(plain(pairs, weight, events, windows, *given[:-1], 1e-9).p)  # the schedule of every pair
        return plain(pairs, weight, events, windows, *given)

    monkeypatch.setattr(_timing, "over_windows", both)
    quick = validate(world.actions)

    (one,) = quick.tested
    whole = np.clip(told[-1] * len(network.windows(PLAN, 1)), network.SMALLEST, 1)
    assert np.array_equal(quick.p, found.p)
    assert (one.p_time != whole).sum() > 50, "some were spared"
    assert np.array_equal(one.p_time <= 0.5, whole <= 0.5)
    assert np.array_equal(one.p_time[whole <= 0.5], whole[whole <= 0.5])


def test_common_property_is_set_aside_and_listed():
    viral = [(f"x:{n}", "viral", 900_000 + 60 * n, f"x:v{n}", None) for n in range(40)]
    rows = acts(crowd() + together("x:m", "x:n", objects=10) + viral)

    found = validate(rows, Plan(common_property=30))

    assert found.common.rows() == [("shared_link", "viral", 40, 40, 21_600)]
    assert found.set_aside == {"shared_link": 1} and found.tests == 102 * 101 // 2
    assert "viral" not in found.tested[0].layer.events.objects or not found.tested[0].layer.size[
        found.tested[0].layer.events.objects.index_of("viral")]


def test_what_many_use_in_the_course_of_weeks_is_no_common_property():
    rows = acts(crowd() + together("x:m", "x:n", objects=10) + [(f"x:{n}", "slow", 50_000 * n, f"x:v{n}", None)
                                                                for n in range(40)])

    found = validate(rows, Plan(common_property=30))

    assert rows.filter(pl.col("object") == "slow")["actor"].n_unique() > 30, "the naive rule, by users, sets it aside"
    assert found.common.is_empty()
    assert validate(rows, Plan(common_property=30, windows=(60, 2_000_000))).common["object"].to_list() == ["slow"]


def test_the_rule_of_others_leaves_out_what_we_leave_out():
    rows = acts([(f"x:{n}", f"viral{k}", 900_000 * k + 600 * n + n % 2 * 599, f"x:v{k}.{n}", None)
                 for n in range(40) for k in range(2)])

    def both(**how):
        return len(network.naive({"shared_link": rows}, engine=local, common_property=30, **how))

    assert both() > 0 and both(widest_s=21_600) == 0


FEW_PEOPLE = crowd(people=19)
FEW_SHARED = [(f"x:{n}", f"own{n // 2 if n < 4 else n}", n * 9000, f"x:q{n}", None) for n in range(30)]


@pytest.mark.parametrize("rows", [FEW_PEOPLE, FEW_SHARED])
def test_where_data_are_too_small_nothing_is_concluded_and_it_is_said(rows):
    found = validate(acts(rows))

    assert found.edges.is_empty() and "nothing can be concluded" in found.notes[0]


def test_nothing_in_nothing_out():
    found = validate(tables.empty(tables.ACTIONS))

    assert found.edges.schema == pl.Schema(tables.EDGES) and found.occasions.schema == pl.Schema(tables.OCCASIONS)
    assert found.tests == 0 and network.smallest_rings({}, plan=PLAN, engine=local, resolution_s=1,
                                                       validation=found) == ()


def test_windows_are_never_finer_than_the_clock():
    assert network.windows(PLAN, 60) == (60, 300, 1800, 21600)
    assert network.windows(Plan(windows=(300, 60)), 1) == (60, 300)
    with pytest.raises(InputError, match="only known to 60 s"):
        network.windows(Plan(windows=(10, 300)), 60)


# --------------------------------------------------------------------------------------- placebos, plantings

@pytest.mark.parametrize("cell", network.PLACEBOS)
@pytest.mark.parametrize("name", ["nobody", "clubs", "bursts"])
def test_a_placebo_keeps_the_innocent_reasons_for_synchrony(name, cell):
    world = shares(name, seed=0)
    found = validate(world.actions)

    copies = [network.placebo({"shared_link": world.actions}, found, cell=cell, seed=copy)["shared_link"]
              for copy in range(2)]
    there = np.mean([naive(copy).height for copy in copies])

    assert 0.5 <= there / naive(world.actions).height <= 2
    assert naive(by_whole_days(world.actions)).height / naive(world.actions).height < 0.5, "days acquit any rule"
    assert all(copy.drop("actor").equals(world.actions.drop("actor")) for copy in copies)


def by_whole_days(actions: pl.DataFrame) -> pl.DataFrame:
    days = {actor: n * 5 % 14 for n, actor in enumerate(sorted(actions["actor"].unique()))}
    return actions.with_columns(at=pl.col("at") + pl.duration(days=pl.col("actor").replace_strict(days)))


@pytest.mark.parametrize("cell", network.PLACEBOS)
@pytest.mark.parametrize("jitter_s", [30, 1800])
def test_a_placebo_breaks_up_the_rings_that_were_found(jitter_s, cell):
    world, found = ring_world(jitter_s)

    copies = [network.placebo({"shared_link": world.actions}, found, cell=cell, seed=copy) for copy in range(5)]
    edges = [validate(copy["shared_link"]).edges.height for copy in copies]

    assert np.mean(edges) <= 0.02 * found.edges.height
    assert copies[0]["shared_link"].equals(
        network.placebo({"shared_link": world.actions}, found, cell=cell, seed=0)["shared_link"])


@pytest.mark.parametrize("cell", network.PLACEBOS)
@pytest.mark.parametrize("who", ["accounts", "pages", "ids of two kinds"])
def test_a_copy_on_codes_is_the_copy_in_names(who, cell):
    """Several acts on one object, at one time, by pages that accounts fill: what is dealt is what is written."""
    rng = np.random.Generator(np.random.PCG64(5))
    people = acts([(f"x:{rng.integers(0, 60)}", f"o{rng.integers(0, 40)}", int(rng.integers(0, 300)) * 600,
                    f"x:p{n // 2}", None) for n in range(900)])
    pages = acts([(f"x:{'' if who == 'ids of two kinds' else 'page'}{rng.integers(0, 30)}", f"o{rng.integers(0, 40)}",
                   int(rng.integers(0, 300)) * 600, f"x:q{n // 2}", f"x:{n % 50}") for n in range(600)], "page")
    actions = {"shared_link": people if who == "accounts" else pl.concat([people, pages])}
    found = network.validate(actions, plan=PLAN, engine=local, resolution_s=1)

    dealt = network.copies(actions, network.encoded(actions), found, cell=cell)["shared_link"]

    for seed in range(3):
        written = engines.encode(network.placebo(actions, found, cell=cell, seed=seed)["shared_link"])
        ours = dealt.events_of(seed)
        assert not np.array_equal(ours.actor, engines.encode(actions["shared_link"]).actor)
        for field in dataclasses.fields(ours):
            assert np.array_equal(getattr(ours, field.name), getattr(written, field.name)), field.name
        assert network.validate({"shared_link": ours}, plan=PLAN, engine=local, resolution_s=1).p.tolist() == (
            network.validate({"shared_link": dealt.copy(seed)}, plan=PLAN, engine=local, resolution_s=1).p.tolist())


def test_a_ring_alone_in_its_cell_exchanges_with_its_neighbours():
    actor = np.array([0, 1, 2] * 5 + list(range(3, 43)), dtype=np.int32)
    fine, coarse = np.r_[np.zeros(15), np.ones(40)].astype(np.int64), np.zeros(55, dtype=np.int64)

    assert len(np.unique(_placebo.joined([fine, coarse], actor, np.full(43, -1)))) == 2
    assert len(np.unique(_placebo.joined([fine, coarse], actor, np.r_[[0, 0, 0], np.full(40, -1)]))) == 1


@pytest.mark.parametrize("name", ["nobody", "ring"])
def test_what_is_promised_comes_back_when_it_alone_is_really_in_the_posts(name):
    world = shares(name, seed=3, accounts=400, objects=800, **({"rings": 3, "jitter_s": 30} if name == "ring" else {}))
    found = validate(world.actions)
    kinds, promised = planted(world, found)

    for kind, promise in list(zip(kinds, promised, strict=True))[::4]:  # 3 at 30 s, 5 at 5 minutes, 10 at 30 minutes
        back = sum(comes_back(world, found, Ring(ring.members, ring.at[: promise.objects])) for ring in kind.rings[:3])
        assert promise.recovered >= 9 and back >= 2


def test_the_wider_the_jitter_the_more_things_a_ring_needs():
    world, found = ring_world(30)
    _, promised = planted(world, found)
    things = np.array([promise.objects for promise in promised]).reshape(3, 3)  # [members, jitter]

    assert [(p.members, p.jitter_s) for p in promised] == [(m, j) for m in (3, 5, 10) for j in (30, 300, 1800)]
    assert (np.diff(things, axis=1) >= 0).all() and things.max() < _planting.OBJECTS[-1]
    assert all(promise.planted == 10 for promise in promised)


def test_a_ring_is_not_what_is_usual_where_it_is_most_of_what_is_shared(monkeypatch):
    """In small data the ring's own things are most of what anybody shares: its own timing may not be its baseline."""
    rng = np.random.Generator(np.random.PCG64(8))
    alone = [(f"x:{who}", f"only{who}.{n}", int(rng.integers(0, 864_000)), f"x:o{who}.{n}", None)
             for who in range(150) for n in range(30)]
    shared = [(f"x:{rng.integers(0, 150)}", f"o{n % 60}", int(rng.integers(0, 864_000)), f"x:s{n}", None)
              for n in range(150)]
    ring = [(f"x:{who}", f"joint{n}", n * 80_000 + int(rng.integers(0, 30)), f"x:r{who}.{n}", None)
            for n in range(10) for who in range(10)]

    assert validate(acts(alone + shared)).edges.is_empty()
    assert validate(acts(alone + shared + ring)).edges.height == 45

    whole = _layers.pool
    monkeypatch.setattr(_layers, "pool", lambda *given: (*whole(*given)[:2], *map(np.zeros_like, whole(*given)[2:])))
    assert validate(acts(alone + shared + ring)).edges.is_empty(), "with its own things in it the ring is what is usual"


def test_a_ring_beside_the_posts_has_the_p_of_the_same_ring_in_them():
    world = shares("nobody", seed=1001, accounts=400, objects=800)
    found = validate(world.actions)
    kinds, _ = planted(world, found)

    for kind in (kinds[0], kinds[4], kinds[8]):
        ring = Ring(kind.rings[0].members, kind.rings[0].at[:20])
        a, b, p, _ = network.beside(found, [ring], plan=PLAN, engine=local, resolution_s=1)(ring)
        really = validate(pl.concat([world.actions, in_the_posts(found, ring)]))
        names, again = list(found.tested[0].layer.events.actors), really.tested[0]
        known = {(again.layer.events.actors[int(x)], again.layer.events.actors[int(y)]): one
                 for x, y, one in zip(again.pairs.a, again.pairs.b, really.p, strict=True)}
        other = [known.get((names[ring.members[x]], names[ring.members[y]]), 1.0) for x, y in zip(a, b, strict=True)]
        assert np.median(np.abs(np.log10(p) - np.log10(other))) < 0.5


def planted(world: Shares, found: network.Validation) -> tuple[list, tuple]:
    """The rings that are planted into a world, and what is promised of them."""
    kinds = network.kinds_of_rings(found, plan=PLAN, resolution_s=1)
    return kinds, network.smallest_rings({"shared_link": world.actions}, plan=PLAN, engine=local, resolution_s=1,
                                         validation=found)


def in_the_posts(found: network.Validation, ring: Ring) -> pl.DataFrame:
    names = list(found.tested[0].layer.events.actors)
    rows = [(names[member], f"planted{n}", int(ring.at[n, k]), f"planted{n}.{k}", None)
            for n in range(len(ring.at)) for k, member in enumerate(ring.members)]
    frame = pl.DataFrame(rows, schema=["actor", "object", "at", "post", "by"], orient="row",
                         schema_overrides={"by": pl.String})
    return tables.conform(frame.with_columns(pl.col("at").cast(tables.TIME), kind=pl.lit("account")), tables.ACTIONS,
                          "a ring")


def comes_back(world: Shares, found: network.Validation, ring: Ring) -> bool:
    names = list(found.tested[0].layer.events.actors)
    members = [names[member] for member in ring.members]
    edges = validate(pl.concat([world.actions, in_the_posts(found, ring)])).edges
    edges = edges.filter(pl.col("a").is_in(members) & pl.col("b").is_in(members))
    return len({*edges["a"], *edges["b"]}) >= max(3, 0.8 * len(members))


def test_where_a_clock_shows_minutes_no_ring_of_seconds_is_promised():
    world = shares("nobody", seed=3, accounts=100, objects=200)
    found = validate(world.actions, resolution_s=60)

    assert {kind.jitter_s for kind in network.kinds_of_rings(found, plan=PLAN, resolution_s=60)} == {300, 1800}


def test_nothing_is_planted_on_more_than_half_of_the_actors():
    found = validate(shares("nobody", seed=3, accounts=30, objects=60).actions)
    few = max(found.tested, key=lambda one: one.layer.actors).layer.degree

    assert {kind.members for kind in network.kinds_of_rings(found, plan=PLAN, resolution_s=1)} == {3, 5, 10}
    assert _planting.kinds(found.tested[0].layer, np.flatnonzero(few)[:9], 1, np.random.default_rng(0))[-1].members == 3
