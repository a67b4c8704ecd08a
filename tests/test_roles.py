"""Who comes first and who comes after: found where it is so, and nobody named where the order is drawn by lot."""

import csv
import datetime as dt
import io
import itertools
from collections import Counter
from fractions import Fraction

import numpy as np
import polars as pl
import pytest
from scipy import stats

from cotrace import derive, digest, elsewhere, network, pipeline, simulate, tables, verify
from cotrace.dossier import _roles, _sentences
from cotrace.dossier._evidence import moment
from cotrace.dossier._writer import Writer
from cotrace.errors import VerificationError
from cotrace.exporters import csv as exporter
from cotrace.records import Cluster, Plan
from cotrace.verify import _roles as check

START = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
ALPHA = Fraction(1, 20)   # so that a test that names too many does it in sight
Rows = list[list[str]]
Pace = dict[str, tuple[int, int]]
EVEN = {f"x:{place:03d}": (60, 60) for place in range(6)}  # nobody is quicker than others among strangers


def cluster(seed: int, *, members: int = 6, sittings: int = 20, each: int = 2, ahead: float = 0.0, late: float = 0.0,
            kept: bool = True, star: bool = False, taking_part: float = 0.8, window_s: int = 600) -> tuple[Rows, Rows]:
    """Rows of `members` and `occasions`: a group that acts together in sittings, a few times in each.

    ahead, late: share (0–1) of the times that member 0 comes before all, that member 1 comes after all.
    kept: an order that is drawn by lot holds for a whole sitting, as where somebody goes through a list of accounts.
    star: pairs are those of member 0 with each other one, and not all.
    """
    dice = np.random.default_rng(seed)
    who = [f"x:{place:03d}" for place in range(members)]
    pairs = [(0, other) for other in range(1, members)] if star else list(itertools.combinations(range(members), 2))
    rows: Rows = []
    for sitting in range(sittings):
        begins = START + dt.timedelta(days=sitting, hours=float(dice.uniform(0, 12)))
        lags = dice.exponential(200, members)
        for time in range(each):
            lags = lags if kept else dice.exponential(200, members)
            mine = lags + dice.uniform(0, 0.001, members)
            mine[0] = -5 if dice.random() < ahead else mine[0]
            mine[1] = mine.max() + 5 if dice.random() < late else mine[1]
            here = dice.random(members) < taking_part
            for one, other in pairs:
                if here[one] and here[other] and abs(mine[one] - mine[other]) <= window_s:
                    at = [moment(begins + dt.timedelta(minutes=20 * time, seconds=float(mine[one_of])))
                          for one_of in (one, other)]
                    post = [f"x:p{sitting}.{time}.{one_of}" for one_of in (one, other)]
                    rows.append(["c-1", who[one], who[other], "same_text", f"o{sitting}.{time}", post[0], at[0],
                                 post[1], at[1], "", "yes", "0.100000"])
    return [["c-1", actor, *[""] * 10] for actor in who], sorted(rows)


def named(world: tuple[Rows, Rows], alpha: Fraction = ALPHA, pace: Pace = EVEN) -> dict[str, str]:
    """Members with a role."""
    return {row[1]: row[9] for row in _roles.rows(*world, pace, alpha) if row[9]}


# ------------------------------------------------------------------------------------------- where it is so

@pytest.mark.parametrize("seed", range(5))
def test_who_always_comes_first_is_said_to_and_the_others_come_after(seed):
    world = cluster(seed, ahead=1.0, sittings=25, kept=False)

    rows = _roles.rows(*world, EVEN, Fraction(1, 100))

    first, *others = rows
    assert (first[9], first[5], first[6]) == ("acts first", "1.000000", "0.000000")
    assert sum(row[9] == "acts after others" and row[10] == "x:000" for row in others) >= 4
    assert not [row for row in others if row[9] == "acts first" or float(row[6]) < 5]


def test_who_always_comes_last_is_said_to_and_nothing_else_of_it():
    assert named(cluster(3, late=1.0, sittings=25, kept=False), Fraction(1, 100))["x:001"] == "acts last"


def test_too_few_sittings_show_nothing_however_clear_they_are():
    assert named(cluster(1, ahead=1.0, sittings=6)) == {}


# ------------------------------------------------------------------------------- where nobody comes first

def test_where_the_order_is_drawn_by_lot_almost_nobody_is_named():
    worlds = [cluster(seed, sittings=16) for seed in range(100)]

    wrong = sum(bool(named(world)) for world in worlds)
    naive = sum(max(int(row[3]) for row in _roles.rows(*world, EVEN, ALPHA)) > 0 for world in worlds)

    assert wrong <= 11, "5 in 100, and three standard deviations more"
    assert naive == 100, "whoever is first most often is found everywhere"


def test_what_meets_in_one_sitting_is_no_second_witness(monkeypatch):
    """Somebody goes through the accounts in an order drawn anew each day, with ten texts: ten occasions, one order."""
    worlds = [cluster(seed, each=8, sittings=8) for seed in range(30)]

    ours = sum(bool(named(world)) for world in worlds)
    monkeypatch.setattr(derive, "SITTING_S", 1)
    naive = sum(bool(named(world)) for world in worlds)

    assert ours <= 5
    assert naive >= 15, "who counts every occasion names somebody in most groups that have no order"


def test_who_is_in_the_middle_of_a_star_does_not_follow_for_that():
    """All are found near the one in the middle, and not near each other: so it comes first less often than one time in
    three. Held against its share, it would be said to follow; held against how often it comes last, it is not."""
    worlds = [cluster(seed, members=3, sittings=600, each=1, star=True, taking_part=1.0, window_s=100)
              for seed in range(20)]

    shares, wrong = [], 0
    for members, rows in worlds:
        both = [key for key, count in Counter(row[4] for row in rows).items() if count == 2]
        rows = [row for row in rows if row[4] in set(both)]
        middle = _roles.rows(members, rows, EVEN, ALPHA)[0]
        shares.append(stats.binomtest(int(middle[3]), int(middle[2]), 1 / 3, alternative="less").pvalue)
        wrong += "x:000" in named((members, rows))

    assert wrong <= 4, "5 in 100 of 20 is 1, and three standard deviations more"
    assert stats.combine_pvalues(shares).pvalue < 1e-3, "a share of one in three accuses the one in the middle"


def test_of_equal_times_nobody_is_first():
    members, rows = cluster(2, sittings=30)
    same = [[*row[:6], row[6][:10] + "T12:00:00Z", row[7], row[6][:10] + "T12:00:00Z", *row[9:]] for row in rows]

    assert {tuple(row[3:5]) for row in _roles.rows(members, same, EVEN, ALPHA)} == {("0", "0")}
    assert named((members, same)) == {}


# ------------------------------------------------------------------------------ early everywhere, and early with them

def reaction(dice, habit: str, early: bool, born: float) -> float:
    """When somebody takes up what was published at `born`, s."""
    if habit == "fast":
        return born + dice.exponential(10 if early else 120)
    day, hour = divmod(born, 86_400)  # asleep until half past three, or until seven
    up = (3.5 if early else 7) * 3600 + dice.normal(0, 2400)
    start = born if up <= hour <= up + 50_400 else (day + (hour > up)) * 86_400 + up
    return start + dice.exponential(2400)


def life(seed: int, habit: str, *, early: bool = True, leads: bool = False, joint: int = 60, each: int = 80,
         members: int = 6) -> tuple[tuple[Rows, Rows], Pace]:
    """A cluster that takes up things together, and what each member takes up among strangers.

    early: whether member 0 is a fast reader, or awake before the others, with them and elsewhere.
    leads: whether it is ahead of the others with them, and as everybody else elsewhere.
    each: things that a member takes up among eight strangers.
    """
    dice = np.random.default_rng(seed)
    who = [f"x:{place:03d}" for place in range(members)]
    acts: list[tuple[str, str, float]] = []
    for thing in range(joint):
        born = thing * 86_400 + dice.uniform(0, 86_400)
        times = [reaction(dice, habit, early and member == 0, born) for member in range(members)]
        times[0] = min(times) - 5 if leads else times[0]
        acts += [(actor, f"joint{thing}", when) for actor, when in zip(who, times, strict=True)]
    for member, actor in enumerate(who):
        for thing in range(each):
            born = dice.integers(joint) * 86_400 + dice.uniform(0, 86_400)
            acts.append((actor, f"{actor}.{thing}", reaction(dice, habit, early and member == 0, born)))
            acts += [(f"x:s{stranger}", f"{actor}.{thing}", reaction(dice, habit, False, born))
                     for stranger in dice.choice(60, 8, replace=False)]
    shares = pl.DataFrame(acts, schema=["actor", "object", "s"], orient="row").with_columns(
        at=pl.lit(START) + pl.duration(microseconds=(pl.col("s") * 1e6).cast(pl.Int64)),
        post=pl.format("x:p{}", pl.int_range(pl.len())), kind=pl.lit("account"))
    shares = tables.conform(shares, tables.ACTIONS, "shares")
    return _counted(shares, who, 1800 if habit == "fast" else 21_600)


def _counted(shares: pl.DataFrame, who: list[str], window_s: int) -> tuple[tuple[Rows, Rows], Pace]:
    together = shares.filter(pl.col("object").str.starts_with("joint")).select("object", "actor", "post", "at")
    met = together.join(together, on="object", suffix="_b").filter(
        pl.col("actor") < pl.col("actor_b"), (pl.col("at") - pl.col("at_b")).abs() <= pl.duration(seconds=window_s))
    occasions = tables.conform(met.select(
        "object", a="actor", b="actor_b", post_a="post", at_a="at", post_b="post_b", at_b="at_b",
        trace=pl.lit("shared_link"), together=pl.lit(True)), tables.OCCASIONS, "occasions")
    rows = sorted(["c-1", a, b, "shared_link", thing, x, moment(at), y, moment(then), "", "yes", "0.100000"]
                  for thing, a, b, x, at, y, then in occasions.select(
                      "object", "a", "b", "post_a", "at_a", "post_b", "at_b").iter_rows())
    pace = elsewhere.counts([Cluster("c-1", tuple(who), ("1",) * len(who), ("shared_link",), 0.0)], occasions,
                            tables.empty(tables.COMMON), {"shared_link": shares}, 21_600)
    return ([["c-1", actor, *[""] * 10] for actor in who], rows), {a: (x, y) for a, x, y in pace.iter_rows()}


@pytest.mark.parametrize("habit", ["fast", "awake"])
def test_who_is_early_everywhere_is_named_by_a_coin_and_not_by_us(habit):
    """A fast reader, and somebody who is awake before the others: first with them, and first among strangers."""
    worlds = [life(seed, habit, joint=90) for seed in range(20)]
    rows = [_roles.rows(*world, pace, ALPHA) for world, pace in worlds]

    naive = sum(max(found, key=lambda row: int(row[3]))[1] == "x:000" for found in rows)
    coin = sum(float(found[0][8]) <= ALPHA for found in rows)
    ours = sum(bool(named(world, pace=pace)) for world, pace in worlds)

    assert naive == 20, "whoever is first most often"
    assert coin >= 15, "whoever is first more often than last, by the sign test"
    assert ours <= 3, "5 in 100 of 20 is 1, and two standard deviations more"


def test_who_is_first_with_them_alone_is_named():
    worlds = [life(seed, "fast", early=False, leads=True) for seed in range(10)]

    assert [named(world, pace=pace).get("x:000") for world, pace in worlds] == ["acts first"] * 10


def test_whose_pace_elsewhere_is_unknown_is_not_named():
    world = cluster(0, ahead=1.0, sittings=25, kept=False)

    assert named(world)["x:000"] == "acts first"
    assert named(world, pace={}) == {} == named(world, pace={**EVEN, "x:000": (0, 0)})
    assert named(world, pace={"x:000": (60, 60)}) == {}, "they may all be slow"


@pytest.mark.parametrize(("left_out", "then"), [
    ("", (1, 0)), ("another member near", (0, 0)), ("another hour", (0, 0)), ("a crowd", (0, 0)),
    ("the same post", (0, 0)), ("far away", (0, 0)), ("of another kind", (0, 0)), ("the same account behind", (0, 0)),
    ("the same moment", (0, 0)), ("in the same sitting", (1, 0))])
def test_elsewhere_is_where_a_stranger_is_near_and_no_other_member(left_out, then):
    at = START + dt.timedelta(hours=9)
    near, hour = dt.timedelta(minutes=5), dt.timedelta(hours=1)
    acts = [("x:a", "account", "thing", at, "x:1", None), ("x:s", "account", "thing", at + near, "x:2", None)]
    acts += {"another member near": [("x:b", "account", "thing", at + hour, "x:3", None)],
             "in the same sitting": [("x:a", "account", "other", at + hour, "x:3", None),
                                     ("x:s", "account", "other", at, "x:4", None)]}.get(left_out, [])
    acts[1] = {"the same post": (*acts[1][:4], "x:1", None), "far away": (*acts[1][:3], at + 7 * hour, "x:2", None),
               "of another kind": ("x:s", "page", *acts[1][2:]), "the same moment": (*acts[1][:3], at, "x:2", None),
               "the same account behind": (*acts[1][:5], "x:a")}.get(left_out, acts[1])
    shares = pl.DataFrame(acts, schema=tables.ACTIONS | {}, orient="row")
    met = at + (12 * hour if left_out == "another hour" else dt.timedelta(0))
    occasions = tables.conform(pl.DataFrame({"a": "x:a", "b": "x:b", "at_a": met, "at_b": met, "together": True}),
                               tables.OCCASIONS, "occasions")
    common = tables.conform(pl.DataFrame({"trace": "shared_link", "object": "thing" if left_out == "a crowd" else "-"}),
                            tables.COMMON, "common")

    found = elsewhere.counts([Cluster("c-1", ("x:a", "x:b"), ("1", "1"), ("shared_link",), 0.0)], occasions, common,
                             {"shared_link": shares}, 21_600)

    assert found.rows() == [("x:a", *then), ("x:b", 0, 0)]


def test_the_placebo_counts_every_way_and_verify_counts_its_own():
    """Against drawing: all signs of each account in an urn, drawn again until each comes before as often as it did."""
    own, met, pace = (3, 4), {"b": (4, 1), "c": (2, 0)}, {"b": (2, 3), "c": (1, 1)}
    dice = np.random.default_rng(1)
    n = 400_000
    here = {other: dice.binomial(sum(signs), 0.5, n) for other, signs in met.items()}
    fit = sum(here.values()) + dice.binomial(sum(own), 0.5, n) == 6 + own[0]
    for other, signs in met.items():
        fit &= sum(signs) - here[other] + dice.binomial(sum(pace[other]), 0.5, n) == signs[1] + pace[other][0]
    drawn = 2 * np.mean(sum(here.values())[fit] >= 6)

    assert _roles.placebo(own, met, pace) == pytest.approx(drawn, rel=0.05)
    for late in (False, True):
        assert check.paced(own, met, pace, late) == pytest.approx(_roles.placebo(own, met, pace, late=late), rel=1e-9)
    many = {other: (200, 100) for other in "bc"}
    assert check.paced((900, 1000), many, many, False) == pytest.approx(_roles.placebo((900, 1000), many, many),
                                                                        rel=1e-6)


# ---------------------------------------------------------------------------------------------- the figures

@pytest.mark.parametrize(("one", "other"), [(0, 0), (1, 0), (7, 7), (12, 1), (0, 25), (3, 40), (700, 600), (3000, 1)])
def test_the_coin_is_the_exact_sign_test_and_verify_tosses_its_own(one, other):
    right = stats.binomtest(one, one + other).pvalue if one + other else 1.0

    assert _roles.coin(one, other) == pytest.approx(max(right, 1e-300), rel=1e-9)
    assert check.even(one, other) == pytest.approx(max(right, 1e-300), rel=1e-9)


def test_rows_in_another_order_and_other_names_change_nothing_else():
    members, rows = cluster(5, ahead=0.9)
    back = {f"x:{place:03d}": f"x:{5 - place:03d}" for place in range(6)}
    turned = []
    for row in rows[::-1]:  # the greater name is second in a row: times and posts go with it
        turned.append([row[0], back[row[2]], back[row[1]], *row[3:5], *row[7:9], *row[5:7], *row[9:]])

    again = _roles.rows([[row[0], back[row[1]], *row[2:]] for row in members], turned, EVEN, ALPHA)

    assert sorted([back[row[1]], *row[2:10], *row[11:]] for row in again) == sorted([*row[1:10], *row[11:]] for row in
                                                                          _roles.rows(members, rows, EVEN, ALPHA))


def evidence(world: tuple[Rows, Rows], alpha: Fraction = ALPHA, pace: Pace = EVEN) -> dict[str, derive.Table]:
    members, occasions = world
    found: dict[str, Rows] = {"members": members, "occasions": occasions, "roles": _roles.rows(*world, pace, alpha)}
    return {name: (columns, found.get(name, [])) for name, columns in derive.EVIDENCE.items()}


def test_verify_computes_every_figure_again():
    tables = evidence(cluster(4, ahead=1.0, late=1.0, sittings=25, each=1, kept=False, members=4))
    plan = {"alpha": "0.05"}
    check.check_roles(derive.Tables(tables), plan)

    header, rows = tables["roles"]
    assert {row[9] for row in rows} >= {"acts first", "acts last", "acts after others"}
    for place, row in enumerate(rows):
        for column in range(2, len(header)):
            other = {"role": "acts first" if row[9] != "acts first" else "", "after": row[10] + ";x:999"}.get(
                header[column], row[column] + "1")
            changed = [*rows[:place], [*row[:column], other, *row[column + 1:]], *rows[place + 1:]]
            if header[column][0] in "pq" and float(other) == pytest.approx(float(row[column]), rel=1e-6):
                continue  # one digit more, beyond those that are compared
            with pytest.raises(VerificationError):
                check.check_roles(derive.Tables({**tables, "roles": (header, changed)}), plan)


def test_the_words_say_an_order_in_time_and_nothing_more():
    said = {}
    for name, world in (("order", cluster(4, ahead=1.0, sittings=30, kept=False)), ("none", cluster(6))):
        w = Writer(derive.Tables(evidence(world, Fraction(1, 100))))
        w.section("cluster", "a cluster")
        _sentences._order(w, "c-1")
        said[name] = " ".join(derive.says(sentence) for sentence in w.sections[0]["sentences"])

    assert "x:000" in said["order"] and "following is not operating" in said["order"]
    assert "nobody in it came first or last" in said["none"] and "x:" not in said["none"]
    for word in ("leader", "command", "control", "orders", "obey", "follower", "direct"):
        assert word not in said["order"].lower()


def test_roles_use_the_gate_of_nobody_else():
    """Order plays no part in who is found: the test of pairs looks at distances in time, and these have no sign."""
    assert "role" not in {name for name in dir(network)}


# ------------------------------------------------------------------------------------------ from posts to export

@pytest.mark.parametrize("ahead", [pytest.param(False, marks=pytest.mark.slow), True])
def test_who_is_put_ahead_of_its_ring_is_told_and_nobody_is_where_nobody_is(ahead):
    world = simulate.shares("ring", seed=11, accounts=200, objects=800, days=28, ring_objects=30, rings=1, ring_size=8,
                            each=60)
    early = min(world.rings[0])
    theirs = world.actions.filter(pl.col("actor").is_in(sorted(world.rings[0]))).group_by("object").agg(
        start=pl.col("at").min(), many=pl.len()).filter(pl.col("many") >= 5)
    moved = world.actions.join(theirs, on="object", how="left").with_columns(
        at=pl.when(pl.lit(ahead) & (pl.col("actor") == early) & pl.col("start").is_not_null())
        .then(pl.col("start") - pl.duration(seconds=1)).otherwise("at"))
    posts = moved.select(pl.col("post").str.slice(4), pl.col("actor").str.slice(4).alias("account"), "at",
                         links=pl.concat_list("object"))

    run = pipeline.run(posts, plan=Plan(traces=("shared_link",), placebos=0), platform="sim")

    verify.verify(run.dossier)
    rows = list(csv.DictReader(io.StringIO(exporter.contents(digest.unarchive(run.dossier))["actors.csv"].decode())))
    first = {row["actor"] for row in rows if row["role"] == "acts first"}
    assert len(rows) >= 8 and first == ({early} if ahead else set())
    assert all(row["after"] in ("", early) for row in rows)
    if ahead:
        mine = next(row for row in rows if row["actor"] == early)
        assert float(mine["share_first"]) > 0.8 and max(float(mine["role_q"]), float(mine["role_q_placebo"])) <= 0.01
        assert "following is not operating" in digest.unarchive(run.dossier)["statement.md"].decode()
