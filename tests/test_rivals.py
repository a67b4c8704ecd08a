"""The rules of others are theirs: our copies of them say what their own programs and formulas say."""

import sys
from pathlib import Path

import numpy as np
import polars as pl

from cotrace import reading, tables, traces

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "benchmarks"))
import _rivals


def acts(rows):
    """(actor, object, s, post) as ACTIONS of one trace."""
    frame = pl.DataFrame(rows, schema=["actor", "object", "at", "post"], orient="row").with_columns(
        pl.from_epoch("at").dt.cast_time_unit("us").dt.replace_time_zone("UTC"), kind=pl.lit("account"))
    return {"shared_link": tables.conform(frame, tables.ACTIONS, "acts")}


def test_coortweet_finds_the_edges_that_coortweet_finds(shared):
    peers = shared / "data" / "peers"
    posts = reading.read([peers / "russian_coord_tweets.parquet"]).posts
    theirs = pl.read_csv(peers / "coortweet_ru_edges_tw60_mp2_ew0.5.csv", infer_schema=False).filter(
        pl.col("weight_threshold") == "1")

    ours = _rivals.coortweet({"shared_link": traces.act("shared_link", posts)[0]}, 60)

    assert {tuple(sorted(actor.partition(":")[2] for actor in pair)) for pair in ours} == {
        tuple(sorted(pair)) for pair in theirs.select("from", "to").iter_rows()}


def test_coornet_keeps_the_heaviest_edges_whatever_there_is():
    rows = [(f"x:{who}", f"o{n}", 100_000 * n + 7 + who, f"x:p{n}-{who}") for n in range(20) for who in (1, 2)]
    rows += [(f"x:{n + 10}", f"o{n}", 100_000 * n + 3, f"x:q{n}") for n in range(20)]

    assert _rivals.coornet(acts(rows)) >= {("x:1", "x:2")}


def test_the_configuration_model_keeps_degrees_on_average():
    rng = np.random.default_rng(0)
    degree = rng.integers(1, 20, 200)
    table = np.zeros((200, 90), dtype=int)
    for row, count in enumerate(degree):
        table[row, rng.choice(90, count, replace=False)] = 1
    fame = table.sum(axis=0)

    of_actor, chance, things = _rivals._fitted(degree, fame[fame > 0])

    assert np.allclose((chance * things).sum(axis=1)[of_actor], degree, rtol=1e-6)


def test_statistics_of_choice_find_who_shares_what_nobody_else_does_and_do_not_look_at_times():
    rng = np.random.default_rng(1)
    rows = [(f"x:{who}", f"o{thing}", int(rng.integers(0, 10**6)), f"x:{who}-{thing}") for who in range(60)
            for thing in rng.choice(300, 12, replace=False)]
    rows += [(f"x:pair{who}", f"rare{thing}", int(rng.integers(0, 10**6)), f"x:r{who}-{thing}") for who in (1, 2)
             for thing in range(10)]

    for rule in (_rivals.hypergeometric, _rivals.bicm, _rivals.cosine):
        assert ("x:pair1", "x:pair2") in rule(acts(rows)), rule.__name__
    assert not _rivals.twice_in_60_s(acts(rows))
