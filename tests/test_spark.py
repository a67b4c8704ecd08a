"""On a cluster the same is counted: for any number of partitions, any order of rows, and with tasks that die."""

import dataclasses
import itertools
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

import cotrace
from cotrace import afar, engines, forgetting, ondisk, parts, pipeline, reading, simulate, tables, traces
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
    with pytest.MonkeyPatch.context() as quick:  # Java compiles less for a minute's work
        quick.setenv("PYSPARK_SUBMIT_ARGS",
                     "--driver-java-options '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC' pyspark-shell")
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

    assert spark.shards(start, np.diff(start), size) == expected


def test_an_object_on_which_many_meet_weighs_as_much_as_they_meet():
    crowd = table_of(*[(f"a{n:02}", "crowd", 0) for n in range(40)], *[(f"a{n:02}", f"o{n:02}", 0) for n in range(40)])
    events = engines.encode(crowd)

    assert spark.work(events, 0).tolist() == [40, *[1] * 40]
    assert spark.work(events, 60_000_000).tolist() == [40 + 780, *[1] * 40]
    assert spark.shards(events.start, spark.work(events, 60_000_000), 40)[0] == (0, 40)


def table_of(*rows):
    acted = [(f"x:{actor}", "account", object_, NOON + timedelta(seconds=second), f"x:{number}", None)
             for number, (actor, object_, second) in enumerate(rows)]
    return pl.DataFrame(acted, schema=tables.ACTIONS, orient="row")


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

PLAN = cotrace.Plan(windows=(60,))


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


@pytest.mark.parametrize(("files", "looked_for", "placebos", "few"), [
    (1, ("shared_link",), 0, 500),  # the trace is counted there as well, the hundreds of planted rings here
    (2, ("shared_link", "similar_text"), 1, 200_000), (5, ("shared_link",), 0, 200_000)])
def test_posts_that_stay_on_the_cluster_give_the_same_dossier_byte_for_byte(asked, monkeypatch, world, tmp_path, files,
                                                                            looked_for, placebos, few):
    monkeypatch.setattr(spark, "FEW", few)
    paths = written(world, tmp_path / "posts", files)
    plan = dataclasses.replace(PLAN, traces=looked_for, placebos=placebos)

    run = pipeline.run(tmp_path / "posts" if files == 5 else paths, plan=plan, platform="sim", engine="spark",
                       master=MASTER, workers=5, case=tmp_path / "case")

    assert run.dossier == pipeline.run(paths, plan=plan, platform="sim", engine="reference").dossier
    assert len(run.findings.clusters) == 1 and run.findings.reading.counts["conflicting"] == 4
    told = run.findings.reading.posts.filter(pl.col("text").is_not_null())
    assert set(told["account"]) == set(run.findings.clusters[0].members), "words of others stay where they are"
    with pytest.raises(InputError, match=r"lie on a cluster.*\n.*--engine spark"):
        pipeline.again(tmp_path / "case")  # from half of them would be another finding


def both(posts, aside=None, **how):
    """What is read here, and on the cluster; with every post brought here at the end."""
    here = reading.read(posts, **how)
    there = afar.read(spark, afar.lie_there(posts, spark), aside=aside, **how)
    everybody = {who for column in ("account", "place") for who in here.posts[column].drop_nulls()}
    return here, there, there.whole(there.reading, actors=everybody)


@pytest.mark.parametrize("on_disk", [False, True])
def test_what_is_read_there_is_what_is_read_here(asked, world, tmp_path, on_disk):
    posts = written(world.with_columns(account_name=pl.format("n{}", pl.col("post_id").str.slice(-1)),
                                       hashtags=pl.lit("a b")), tmp_path / "posts", 3)

    here, there, whole = both(posts, tmp_path / "case" / "aside" if on_disk else None, platform="sim")

    assert isinstance(there.reading, ondisk.Kept) == on_disk == (tmp_path / "case").exists()
    assert whole.posts.equals(here.posts) and there.reading.actors.equals(here.actors)
    assert there.reading.rejects.equals(here.rejects) and there.reading.inputs == here.inputs
    assert (there.reading.counts, there.reading.notes) == (here.counts, here.notes)
    assert here.counts["duplicates"] == 3 and here.rejects.height == 4, "or nothing was settled across files"
    assert there.reading.posts.select(afar.THIN).equals(here.posts.select(afar.THIN))
    assert there.reading.posts.drop(afar.THIN).null_count().sum_horizontal()[0] == 7 * here.posts.height


def test_a_post_of_several_records_in_several_files_is_one_post_with_all_its_links(asked, tmp_path):
    rows = pl.DataFrame([(f"c{n // 2}", f"a{n // 2 % 4}", 1_700_000_000 + n // 2, f"https://n.example/{n}")
                         for n in range(40)],
                        schema=["content_id", "account_id", "timestamp_share", "object_id"], orient="row")
    rows[::2].write_parquet(tmp_path / "a.parquet")
    rows[1::2].write_parquet(tmp_path / "b.parquet")

    here, there, whole = both([tmp_path / "a.parquet", tmp_path / "b.parquet"], platform="sim")

    assert whole.posts.equals(here.posts) and here.counts["gathered"] == 20
    acts, without = there.act("shared_link")
    assert acts.equals(traces.act("shared_link", here.posts)[0]) and acts.height == 40 and without == 0


def test_whose_posts_were_forgotten_are_not_read_there_either(asked, world, tmp_path):
    posts = written(world, tmp_path / "posts", 2)
    gone = forgetting.Forgotten(b"key")
    gone.add(reading.read(posts, platform="sim").posts["account"][0])

    there = afar.read(spark, afar.lie_there(posts, spark), platform="sim", gone=gone)

    here = forgetting.scrub(reading.read(posts, platform="sim"), gone)
    assert there.reading.posts["post"].equals(here.posts["post"]) and there.reading.actors.equals(here.actors)


def test_a_registry_that_names_domains_brings_the_links_of_everybody(asked, world, tmp_path):
    posts = afar.lie_there(written(world, tmp_path / "posts", 1), spark)

    assert afar.read(spark, posts, platform="sim", selectors=["domain"]).reading.posts["links"].null_count() == 0
    assert afar.read(spark, posts, platform="sim", selectors=["account"]).reading.posts["links"].null_count() > 700


def test_a_task_that_is_killed_while_it_reads_or_looks_changes_nothing(asked, monkeypatch, world, tmp_path):
    posts = written(world, tmp_path / "posts", 2)

    for name in ("_read", "_act"):
        monkeypatch.setattr(afar, name, dying_once(getattr(afar, name), str(tmp_path / name)))
    here, there, whole = both(posts, platform="sim")
    acts, _ = there.act("shared_link")

    assert os.path.exists(tmp_path / "_read") and os.path.exists(tmp_path / "_act")
    assert whole.posts.equals(here.posts) and acts.equals(traces.act("shared_link", here.posts)[0])


def dying_once(step, marker):
    def dies_once(*given):
        if not os.path.exists(marker):
            open(marker, "w").close()
            os.kill(os.getpid(), signal.SIGKILL)
        yield from step(*given)

    return dies_once


def known_by(path, account):
    """Twelve accounts that are called name0 and so on, known by something that begins so."""
    pl.DataFrame([{"post": f"{account}{n}", "account": f"{account}{n}", "username": f"name{n}", "text": "words",
                   "at": f"2026-03-02T10:00:{n:02}Z"} for n in range(12)]).write_parquet(path)


@pytest.mark.parametrize(("spoil", "said"), [
    (lambda folder: (folder / "part 1 [x].parquet").write_bytes(b"PAR1 and no more"), "part 1 .x..parquet begins like"),
    (lambda folder: (folder / "again.parquet").write_bytes((folder / "part 0 [x].parquet").read_bytes()),
     "is the same file as"),
    (lambda folder: pl.DataFrame({"b": [1]}).write_parquet(folder / "b.parquet"), "b.parquet has no column that"),
    (lambda folder: known_by(folder / "ids.parquet", "i") or known_by(folder / "handles.parquet", "name"),
     "12 accounts stand under their id and"),
], ids=["cut off", "twice", "another table", "by id and by handle"])
def test_what_cannot_be_read_there_is_told_as_here_and_at_once(asked, world, tmp_path, spoil, said):
    written(world, tmp_path / "posts", 2)
    spoil(tmp_path / "posts")

    with pytest.raises(InputError, match=said):
        afar.read(spark, afar.lie_there(tmp_path / "posts", spark), platform="sim")


def test_what_is_not_there_is_told(asked, tmp_path):
    with pytest.raises(InputError, match=r"Spark cannot list .*nowhere\.parquet"):
        spark.listed([f"file://{tmp_path}/nowhere.parquet"])


def test_a_folder_is_the_parquet_files_in_it_at_any_depth(asked, world, tmp_path):
    written(world, tmp_path / "posts", 2)
    written(world, tmp_path / "posts" / "day=2", 1)
    (tmp_path / "posts" / "_SUCCESS").touch()
    (tmp_path / "posts" / "notes.csv").write_text("post_id\n1\n")

    assert [path.rpartition("posts/")[2] for path, _ in spark.listed(afar.lie_there(tmp_path / "posts", spark))] == [
        "day=2/part 0 [x].parquet", "part 0 [x].parquet", "part 1 [x].parquet"]


def test_a_file_that_no_row_can_hold_is_refused_before_it_is_read(asked, monkeypatch, world, tmp_path):
    written(world, tmp_path / "posts", 1)
    monkeypatch.setattr(spark, "LARGEST", 1000)

    with pytest.raises(InputError, match="has more than 2 GiB"):
        spark.listed([f"file://{tmp_path}/posts"])


def test_tables_and_other_files_are_read_here(world, tmp_path):
    (tmp_path / "a.csv").touch()

    assert afar.lie_there(world, spark) is None and afar.lie_there([tmp_path / "a.csv"], spark) is None
    assert afar.lie_there([tmp_path / "a.parquet"], local) is None, "the engine of one machine reads here"
    assert afar.lie_there("s3a://b/posts/", spark) == ["s3a://b/posts/"]
    assert afar.lie_there("hdfs://n/p/*.parquet", spark) == ["hdfs://n/p/*.parquet"]
    with pytest.raises(InputError, match="reads Parquet and nothing else"):
        afar.lie_there(["s3a://b/posts.csv"], spark)


def test_a_master_for_an_engine_that_has_none_is_refused(tmp_path):
    (tmp_path / "posts.csv").write_text("x")

    ran = subprocess.run([sys.executable, "-m", "cotrace", "run", str(tmp_path / "posts.csv"), "--master", "local[2]"],
                         capture_output=True, text=True)

    assert ran.returncode == 2 and "--engine spark --master URL" in ran.stderr
    assert list(tmp_path.iterdir()) == [tmp_path / "posts.csv"] or not list(tmp_path.glob("*.case/runs/*"))


@pytest.mark.slow
def test_a_master_that_is_not_there_is_told_within_the_patience():
    """In a process of its own: one process has one Spark."""
    code = """if True:
        from cotrace.engines import _session, spark
        _session.PATIENCE_S = 20
        try:
            spark.connect("spark://127.0.0.1:1")
        except _session.InputError as told:
            print(told)
        """
    began = time.monotonic()

    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)

    assert "did not answer" in ran.stdout, ran.stderr[-2000:]
    assert time.monotonic() - began < 90


@pytest.mark.slow
def test_a_whole_platform_with_registries_signs_and_explanations_gives_the_same_dossier(asked, monkeypatch, tmp_path):
    """What is compared with everybody must be in the thin rows, or a word about somebody would change."""
    monkeypatch.setattr(spark, "FEW", 200_000)
    made = simulate.world("demo", seed=7)
    sources = simulate.write(made, tmp_path / "world")["sources"]
    (tmp_path / "posts").mkdir()
    for number, part in enumerate(made.posts.partition_by("platform", maintain_order=True)):
        part.write_parquet(tmp_path / "posts" / f"{number}.parquet")
    posts, plan = sorted((tmp_path / "posts").iterdir()), cotrace.Plan(placebos=1)

    run = pipeline.run(posts, plan=plan, registries=[sources], engine="spark", master=MASTER)

    here = pipeline.run(posts, plan=plan, registries=[sources])
    assert run.dossier == here.dossier
    assert here.findings.links and here.findings.signs and len(here.findings.clusters) > 3
