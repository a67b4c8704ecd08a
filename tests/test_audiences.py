"""Who is whose public: told by what people share, of small data to the last digit, of large as far as it counts."""

import functools
import os
import subprocess
import sys

import numpy as np
import polars as pl
import pytest
import scipy.sparse as sp

from cotrace import engines
from cotrace.network import _audiences, _layers

PUBLICS, PEOPLE, THINGS = 3, 200, 120     # each
WIDE = 16                                 # columns of a block


@functools.cache
def publics(many: int = PUBLICS, people: int = PEOPLE, group: int = 0) -> tuple[_layers.Layer, np.ndarray]:
    """Publics that share their own things and, one time in five, those of another; and who is of which. The first
    `group` people do fifteen other things besides, nearly always all of them."""
    rng = np.random.Generator(np.random.PCG64(7))
    acts = []
    for person in range(many * people):
        for thing in rng.choice(THINGS, size=12, replace=False):
            public = person // people if rng.random() < 0.8 else int(rng.integers(many))
            acts.append((f"p{person:04d}", f"o{public * THINGS + thing:04d}", int(rng.integers(10**6))))
    acts += [(f"p{person:04d}", f"x{thing:04d}", int(rng.integers(10**6)))
             for person in range(group) for thing in range(15) if rng.random() < 0.9]
    frame = pl.DataFrame(acts, schema=["actor", "object", "at"], orient="row").unique(["actor", "object"]).with_columns(
        pl.from_epoch("at").dt.cast_time_unit("us").dt.replace_time_zone("UTC"), kind=pl.lit("account"),
        post=pl.format("{}/{}", "actor", "object"), by=pl.lit(None, dtype=pl.String))
    (layer,), _ = _layers.layers("shared_link", engines.encode(frame), 10**6, 60)
    return layer, np.arange(many * people) // people


def mixed_up(audience: np.ndarray, truth: np.ndarray) -> float:
    """The share of people whose audience is mostly of another public."""
    counts = np.zeros((audience.max() + 1, truth.max() + 1), dtype=int)
    np.add.at(counts, (audience, truth), 1)
    return 1 - counts.max(axis=1).sum() / len(truth)


def some_table(rows: int, columns: int, rank: int | None = None) -> sp.csr_matrix:
    rng = np.random.Generator(np.random.PCG64(2))
    if rank is None:
        return sp.csr_matrix((rng.random((rows, columns)) < 0.05).astype(float))
    return sp.csr_matrix(np.kron(np.eye(rank), np.ones((rows // rank, columns // rank))) * np.sqrt(np.arange(columns)))


@pytest.mark.parametrize("table", [some_table(300, 200), some_table(200, 700), some_table(120, 90, rank=3)],
                         ids=["tall", "wide", "of fewer vectors than are asked for"])
def test_small_tables_are_told_to_the_last_digit(table):
    left, values, _ = np.linalg.svd(table.toarray())
    wanted = left[:, :12] * values[:12]
    found = _audiences._leading(table, 12)

    assert np.abs(found @ found.T - wanted @ wanted.T).max() < 1e-6 * values[0] ** 2
    assert (found @ found.T)[0, 0] > 0


def test_two_rounds_tell_publics_apart_as_all_rounds_do(monkeypatch):
    layer, truth = publics()
    to_the_end = _audiences.publics(layer).audience
    monkeypatch.setattr(_audiences, "WORK", 0)
    in_two = _audiences.publics(layer).audience

    assert mixed_up(to_the_end, truth) < 0.02
    assert mixed_up(in_two, truth) < 0.02
    monkeypatch.setattr(_audiences, "ROUNDS", (0, 0))  # what a random block says without a filter
    assert mixed_up(_audiences.publics(layer).audience, truth) > 0.02


def test_a_sample_of_the_busy_tells_where_everybodys_audience_lies(monkeypatch):
    layer, truth = publics()
    monkeypatch.setattr(_audiences, "SAMPLE", 150)

    assert mixed_up(_audiences.publics(layer).audience, truth) < 0.05
    monkeypatch.setattr(_audiences, "CROWD", 10_000)  # no audience is a crowd, so nobody is told from anybody
    assert _audiences.publics(layer).audience.max() == 0


def test_a_crowd_is_counted_among_all_and_not_in_the_sample(monkeypatch):
    """Three publics of two hundred: in a sample of sixty none of them has fifty."""
    layer, _ = publics()
    monkeypatch.setattr(_audiences, "SAMPLE", 60)
    monkeypatch.setattr(_audiences, "AUDIENCES", (3, 3))

    assert len(np.unique(_audiences.publics(layer).audience)) == 3


def test_the_sums_of_a_block_are_those_of_one_thread():
    """To the last bit, however many threads the library for matrices takes: pieces are too small to be shared."""
    asked = """
import hashlib, numpy as np
from cotrace.network import _audiences
block = np.random.Generator(np.random.PCG64(4)).normal(size=(50_003, 36))
by = np.random.Generator(np.random.PCG64(5)).normal(size=(36, 36))
products, mixed = _audiences._products(block), _audiences._mixed(block, by)
assert np.allclose(products, block.T @ block, atol=1e-6) and np.allclose(mixed, block @ by, atol=1e-6)
print(hashlib.sha256(products.tobytes() + mixed.tobytes()).hexdigest())
"""
    told = {subprocess.run([sys.executable, "-c", asked], env={**os.environ, "OPENBLAS_NUM_THREADS": threads},
                           capture_output=True, text=True, check=True).stdout for threads in ("1", "2", "7")}

    assert len(told) == 1


def test_a_table_times_a_block_is_the_same_on_any_number_of_cores(monkeypatch):
    """Rows are shared out; the sum of each is taken in the order of its entries."""
    monkeypatch.setattr(_audiences, "ALONE", 0)
    block = np.random.Generator(np.random.PCG64(4)).normal(size=(70, WIDE))
    dense = some_table(200, 70).toarray()
    dense[3:90] = 0  # rows without an entry, more than a core's share
    table = sp.csr_matrix(dense)

    for several in (1, 2, 5):
        monkeypatch.setattr(_audiences, "cores", lambda several=several: several)
        assert np.array_equal(_audiences._Table(table) @ block, table @ block)
        assert np.array_equal(_audiences._Table(table[:0]) @ block, np.empty((0, WIDE)))


def test_who_has_nothing_in_common_with_anybody_points_nowhere():
    vectors = np.array([[3.0, 4.0], [0.0, 2.0], [1e-9, -1e-9], [0.0, 0.0]])

    assert _audiences._directions(vectors).tolist() == [[0.6, 0.8], [0.0, 1.0], [0.0, 0.0], [0.0, 0.0]]


def test_the_first_of_centres_as_near_is_taken():
    tastes = np.array([[0.5, 0.0], [0.9, 0.0], [0.5 + 1e-12, 0.0]])

    assert _audiences._nearest(tastes, np.array([[0.0, 0.0], [1.0, 0.0]])).tolist() == [0, 1, 0]


def test_a_group_that_does_all_things_together_is_no_public_that_explains_it(monkeypatch):
    """Sixty people are a crowd. What each of them does, nine tenths of the others do: so no third is asked."""
    layer, _ = publics(group=60)
    told = _audiences.publics(layer)
    army = np.arange(len(told.audience)) < 60

    assert len(set(told.circle[army])) == 1 and not np.isin(told.circle[~army], told.circle[army]).any()
    assert np.isin(told.audience[army], told.audience[~army]).all()
    monkeypatch.setattr(_audiences, "TIGHT", 1.0)  # the naive way: whoever is a crowd is a public
    alone = _audiences.publics(layer).audience
    assert not np.isin(alone[~army], alone[army]).any()
    monkeypatch.setattr(_audiences, "TIGHT", 0.1)
    monkeypatch.setattr(_audiences, "PART", 11)    # six hundred people are not eleven times sixty: it is what is usual
    assert np.array_equal(_audiences.publics(layer).audience, alone)


def test_names_are_exchanged_among_few_of_one_taste_too(monkeypatch):
    """Thirty people are no crowd, and nobody's habits are told from theirs; but a copy keeps their taste."""
    layer, _ = publics(group=30)
    told = _audiences.publics(layer)
    club = np.arange(len(told.circle)) < 30

    assert not np.isin(told.circle[~club], told.circle[club]).any()
    assert np.isin(told.audience[club], told.audience[~club]).all()
    monkeypatch.setattr(_audiences, "CIRCLE", 31)
    wide = _audiences.publics(layer).circle
    assert np.isin(wide[club], wide[~club]).all()


def test_of_many_communities_more_are_told_where_there_are_people_enough(monkeypatch):
    """Twenty-four communities: twelve audiences mix two or three of them, so that a fan has strangers' habits."""
    layer, truth = publics(many=24, people=110)

    assert mixed_up(_audiences.publics(layer).audience, truth) < 0.1
    monkeypatch.setattr(_audiences, "AUDIENCES", (12, 12))
    assert mixed_up(_audiences.publics(layer).audience, truth) > 0.4
    monkeypatch.setattr(_audiences, "AUDIENCES", (12, 32))
    monkeypatch.setattr(_audiences, "EACH", 220)  # one for each 220 busy people: twelve again
    assert mixed_up(_audiences.publics(layer).audience, truth) > 0.4
