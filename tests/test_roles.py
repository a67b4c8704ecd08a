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

from cotrace import derive, digest, network, pipeline, simulate, verify
from cotrace.dossier import _roles, _sentences
from cotrace.dossier._evidence import moment
from cotrace.dossier._writer import Writer
from cotrace.errors import VerificationError
from cotrace.exporters import csv as exporter
from cotrace.records import Plan
from cotrace.verify import _roles as check

START = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
ALPHA = Fraction(1, 20)   # so that a test that names too many does it in sight
Rows = list[list[str]]


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


def named(world: tuple[Rows, Rows], alpha: Fraction = ALPHA) -> dict[str, str]:
    """Members with a role."""
    return {row[1]: row[9] for row in _roles.rows(*world, alpha) if row[9]}


# ------------------------------------------------------------------------------------------- where it is so

@pytest.mark.parametrize("seed", range(5))
def test_who_always_comes_first_is_said_to_and_the_others_come_after(seed):
    world = cluster(seed, ahead=1.0, sittings=25, kept=False)

    rows = _roles.rows(*world, Fraction(1, 100))

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
    naive = sum(max(int(row[3]) for row in _roles.rows(*world, ALPHA)) > 0 for world in worlds)

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
        middle = _roles.rows(members, rows, ALPHA)[0]
        shares.append(stats.binomtest(int(middle[3]), int(middle[2]), 1 / 3, alternative="less").pvalue)
        wrong += "x:000" in named((members, rows))

    assert wrong <= 4, "5 in 100 of 20 is 1, and three standard deviations more"
    assert stats.combine_pvalues(shares).pvalue < 1e-3, "a share of one in three accuses the one in the middle"


def test_of_equal_times_nobody_is_first():
    members, rows = cluster(2, sittings=30)
    same = [[*row[:6], row[6][:10] + "T12:00:00Z", row[7], row[6][:10] + "T12:00:00Z", *row[9:]] for row in rows]

    assert {tuple(row[3:5]) for row in _roles.rows(members, same, ALPHA)} == {("0", "0")}
    assert named((members, same)) == {}


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

    again = _roles.rows([[row[0], back[row[1]], *row[2:]] for row in members], turned, ALPHA)

    assert sorted([back[row[1]], *row[2:10]] for row in again) == sorted(row[1:10] for row in
                                                                          _roles.rows(members, rows, ALPHA))


def evidence(world: tuple[Rows, Rows], alpha: Fraction = ALPHA) -> dict[str, derive.Table]:
    members, occasions = world
    found: dict[str, Rows] = {"members": members, "occasions": occasions, "roles": _roles.rows(*world, alpha)}
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
            if header[column] in ("p", "q") and float(other) == pytest.approx(float(row[column]), rel=1e-6):
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
    world = simulate.shares("ring", seed=11, accounts=200, objects=400, days=28, ring_objects=30, rings=2)
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
    assert len(rows) >= 16 and first == ({early} if ahead else set())
    assert all(row["after"] in ("", early) for row in rows)
    if ahead:
        mine = next(row for row in rows if row["actor"] == early)
        assert float(mine["share_first"]) > 0.8 and float(mine["role_q"]) <= 0.01
        assert "following is not operating" in digest.unarchive(run.dossier)["statement.md"].decode()
