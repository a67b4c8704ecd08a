"""On a cluster the same is counted: for any number of partitions, any order of rows, and with tasks that die."""

import itertools
import os
import signal
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

import cotrace
from cotrace import engines, parts, pipeline, simulate, tables
from cotrace.engines import _session, local, reference, spark
from cotrace.errors import InputError, MissingPartError

MASTER = "local[2,3]"  # two tasks at once, three attempts each
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def cluster():
    """One Spark of two cores for all tests."""
    if hint := parts.missing(spark):
        pytest.skip(f"no Spark here: {hint}")
    if (_session.java_version() or 0) < _session.JAVA:
        pytest.skip(f"no Java {_session.JAVA} here: Spark cannot start")
    made = _session.session(MASTER)
    yield made
    made.stop()


@pytest.fixture
def asked(cluster, monkeypatch):
    """The engine, asked for everything however little it is."""
    monkeypatch.setattr(spark, "FEW", 0)
    spark.connect(MASTER)
    yield spark
    spark.connect(MASTER)


def acts(seed, count=400, people=12, objects=9):
    """Accounts and pages on few objects, so that they meet often; places that known accounts fill."""
    rng = np.random.default_rng(seed)
    who = [f"page{n}" if n % 3 == 0 else f"a{n:02}" for n in range(people)]
    rows = []
    for _ in range(count):
        actor = who[rng.integers(people)]
        by = [None, None, "x:a01", "x:a02", "x:z"][rng.integers(5)] if actor.startswith("page") else None
        rows.append({"actor": f"x:{actor}", "kind": "page" if actor.startswith("page") else "account",
                     "object": f"o{rng.integers(objects)}", "by": by, "post": f"x:{rng.integers(count)}",
                     "at": NOON + timedelta(seconds=int(rng.integers(rng.choice([60, 4000, 400_000]))))})
    return pl.DataFrame(rows, schema=tables.ACTIONS)


def answers(engine, actions, **how):
    """All that an engine can say of these actions."""
    events = engines.encode(actions)
    first = engines.first_acts(events)
    rng = np.random.default_rng(1)
    bins = rng.integers(-1, 3, len(events)).astype(np.int8)
    a, b = rng.integers(0, len(events.actors), (2, 60)).astype(np.int32)
    return [engine.pairs(events, [10, 1800], **how).to_dict(as_series=False),
            engine.pairs(events, [60], 3, common_property=8).to_dict(as_series=False),
            engine.near(first, 1800).tolist(), engine.lag_near(events, 60, bins, 3).tolist(),
            [column.tolist() for column in engine.meetings(first, a, b)]]


@pytest.mark.parametrize("partitions", [1, 2, 5])
def test_partitions_and_the_order_of_rows_change_no_count(asked, partitions):
    actions = acts(seed=partitions)
    asked.connect(MASTER, partitions)

    found = answers(asked, actions.sample(fraction=1.0, shuffle=True, seed=7))

    assert found == answers(reference, actions)
    assert len(found[0]["a"]) > 50 and len(found[4][0]) > 10


def test_shards_of_one_object_each_change_no_count(asked, monkeypatch):
    monkeypatch.setattr(spark, "SHARD", 1)
    asked.connect(MASTER, 2)

    assert answers(asked, acts(seed=4)) == answers(reference, acts(seed=4))


@pytest.mark.parametrize(("size", "expected"), [
    (1, [(0, 3), (3, 4), (4, 9)]), (4, [(0, 4), (4, 9)]), (8, [(0, 4), (4, 9)]), (9, [(0, 9)])])
def test_a_shard_is_of_whole_objects(size, expected):
    start = np.array([0, 3, 3, 4, 9, 9])  # objects without an act are nobody's burden

    assert spark.shards(start, size) == expected


def test_a_task_that_is_killed_once_changes_no_count(asked, monkeypatch, tmp_path):
    kernel, marker = spark.shard_pairs, str(tmp_path / "killed")

    def dies_once(windows, divisions, key, first, block):
        if key == 1 and not os.path.exists(marker):
            open(marker, "w").close()
            os.kill(os.getpid(), signal.SIGKILL)
        yield from kernel(windows, divisions, key, first, block)

    monkeypatch.setattr(spark, "shard_pairs", dies_once)
    asked.connect(MASTER, 3)
    events = engines.encode(acts(seed=5))

    found = asked.pairs(events, [60, 1800], 2)

    assert os.path.exists(marker)
    assert found.equals(reference.pairs(events, [60, 1800], 2))


def test_a_task_that_always_dies_is_told_in_words(asked, monkeypatch):
    def dies(*_):
        os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(spark, "shard_pairs", dies)

    with pytest.raises(InputError, match=r"gave up on a step[^\n]+\n.*the same command goes on"):
        asked.pairs(engines.encode(acts(seed=5)), [60])


def test_what_an_executor_refuses_is_told_in_its_own_words(asked, monkeypatch):
    def refuses(*_):
        raise InputError("This cannot be counted.\nCount something else.")

    monkeypatch.setattr(spark, "shard_pairs", refuses)

    with pytest.raises(InputError) as refused:
        asked.pairs(engines.encode(acts(seed=5)), [60])

    assert str(refused.value) == "This cannot be counted.\nCount something else."


def test_few_acts_are_counted_here_and_no_cluster_is_asked(monkeypatch):
    monkeypatch.setattr(_session, "session", lambda master: pytest.fail("asked for a cluster"))

    assert answers(spark, acts(seed=6)) == answers(reference, acts(seed=6))


def test_another_master_in_one_process_is_refused(asked):
    with pytest.raises(InputError, match="runs on the Spark master"):
        asked.connect("local[7]")


# ------------------------------------------------------------------------------------------- where there is none

def test_without_java_it_says_so(monkeypatch, tmp_path):
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))

    with pytest.raises(InputError, match=r"needs Java 17 or newer, and none was found[^\n]*\n.*--engine local"):
        _session.refuse_java()


@pytest.mark.parametrize(("said", "expected"), [
    ('openjdk version "17.0.15" 2025-04-15', 17), ('java version "1.8.0_392"', 8), ('openjdk version "21" x', 21),
    ("Segmentation fault", None)])
def test_the_version_of_java_is_read(monkeypatch, tmp_path, said, expected):
    _java(tmp_path, monkeypatch, f"echo '{said}' >&2")

    assert _session.java_version() == expected


def test_an_old_java_is_told(monkeypatch, tmp_path):
    _java(tmp_path, monkeypatch, "echo 'java version \"1.8.0_392\"' >&2")

    with pytest.raises(InputError, match="the one found is 8"):
        _session.refuse_java()


def _java(folder, monkeypatch, does):
    (folder / "bin").mkdir()
    java = folder / "bin" / "java"
    java.write_text(f"#!/bin/sh\n{does}\n")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(folder))


def test_what_is_no_master_is_refused_before_anything_starts():
    with pytest.raises(InputError, match="There is no Spark master 'mesos://x:1'"):
        _session._refuse_unheard_of("mesos://x:1")


def test_a_master_that_never_answers_is_given_up_in_time():
    given_up = []

    with pytest.raises(InputError, match=r"The master did not answer within 0 s\.\n.*spark.cotrace.patience"):
        _session._within(0.1, "The master did not answer", lambda: __import__("time").sleep(1),
                         lambda: given_up.append(1))

    assert given_up == [1]


def test_executors_with_other_software_are_refused():
    with pytest.raises(InputError, match=r"run other software.*cotrace 0\.0 \(here"):
        _session._refuse_other_software([("cotrace", "0.0"), *_session.software()[1:]], "spark://h:7077")
    with pytest.raises(InputError, match="have no cotrace"):
        _session._refuse_other_software(("missing", "No module named 'cotrace'"), "spark://h:7077")


def test_without_pyspark_the_engine_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr(spark, "NEEDS", {"no_such_module": "spark"})

    with pytest.raises(MissingPartError, match=r"pip install 'cotrace\[spark\]'"):
        parts.require(spark)


def test_the_kernel_is_the_one_of_local():
    events = engines.encode(acts(seed=8))
    frame = pl.DataFrame({"object": events.object, "at": events.at, "actor": events.actor, "post": events.post,
                          "by": events.by, "kind": events.kind[events.actor]})

    blocks = list(spark.shard_pairs(np.array([60_000_000]), 1, 0, 0, spark.packed(frame)))

    theirs = local.pairs(events, [60])
    assert spark.unpacked(blocks[0][2])["objects"].to_list() == theirs["objects"].to_list()


# ----------------------------------------------------------------------------------------------- the whole line

PLAN = cotrace.Plan(traces=("same_text", "shared_link", "similar_text"), placebos=1)


@pytest.fixture(scope="module")
def world():
    """A ring of five among 60 accounts, as raw posts; some stand twice, two in two versions."""
    shares = simulate.shares("ring", seed=3, accounts=60, objects=150, rings=1, ring_size=5, ring_objects=20,
                             jitter_s=30)
    posts = shares.actions.select(
        post_id=pl.col("post").str.split(":").list.last(), account_id=pl.col("actor").str.split(":").list.last(),
        posted_at=pl.col("at").dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
        text=pl.format("look at https://n.example/{} they counted the votes twice in the district of {}{}",
                       pl.col("object").str.replace_all(r"\W", "-"), "object", pl.col("post").str.slice(-1)))
    twice = posts.head(3)                                                      # identical records
    other = posts.slice(10, 2).with_columns(text=pl.lit("another version"))    # posts in two versions
    return pl.concat([posts, twice, other]).sort("posted_at", "post_id", "text")


def written(world, folder, files):
    """Parquet in so many files, rows in another order."""
    folder.mkdir()
    shuffled = world.sample(fraction=1.0, shuffle=True, seed=files)
    edges = [len(shuffled) * n // files for n in range(files + 1)]
    for number, (first, last) in enumerate(itertools.pairwise(edges)):
        shuffled[first:last].write_parquet(folder / f"part {number} [x].parquet")
    return sorted(folder.iterdir())


@pytest.fixture(scope="module")
def found(world, tmp_path_factory):
    """What `reference` finds, by number of files, because receipts name files."""
    folder = tmp_path_factory.mktemp("reference")
    return {files: pipeline.run(written(world, folder / str(files), files), plan=PLAN, platform="sim",
                                engine="reference") for files in (1, 2, 5)}


@pytest.mark.parametrize("files", [1, 2, 5])
def test_posts_that_stay_on_the_cluster_give_the_same_dossier_byte_for_byte(asked, monkeypatch, world, found, tmp_path,
                                                                            files):
    monkeypatch.setattr(spark, "FEW", 500)  # the traces are counted there, the hundreds of planted rings here
    written(world, tmp_path / "posts", files)
    posts = tmp_path / "posts" if files == 5 else sorted((tmp_path / "posts").iterdir())

    run = pipeline.run(posts, plan=PLAN, platform="sim", engine="spark", master=MASTER, workers=files)

    assert run.dossier == found[files].dossier
    assert len(run.findings.clusters) == 1 and run.findings.reading.counts["conflicting"] == 4
    members = set(run.findings.clusters[0].members)
    told = run.findings.reading.posts.filter(pl.col("text").is_not_null())
    assert set(told["account"]) == members, "words of others stay where they are"
