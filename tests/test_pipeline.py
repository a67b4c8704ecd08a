"""The line is one function of posts and plan: nothing else moves a byte of what it finds."""

import contextlib
import dataclasses
import os
import signal
import subprocess
import sys
import time

import polars as pl
import pytest

import cotrace
from cotrace import case as store
from cotrace import digest, needs, pipeline, simulate
from cotrace.errors import InputError, VerificationError

PLAN = cotrace.Plan(traces=("same_text", "shared_link"), placebos=1)
FROM_FILES = {"inputs", "posts"}  # tables that name files and receipts


@pytest.fixture(scope="module")
def world():
    """A ring of eight among 150 accounts, as raw posts."""
    shares = simulate.shares("ring", seed=3, accounts=150, objects=500, rings=1, ring_size=8, ring_objects=20,
                             jitter_s=30)
    return _raw(shares.actions)


def _raw(actions):
    return actions.select(
        post_id=pl.col("post").str.split(":").list.last(), account_id=pl.col("actor").str.split(":").list.last(),
        posted_at=pl.col("at").dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
        text=pl.format("look at https://n.example/{}", pl.col("object").str.replace_all(r"\W", "-")),
    ).sort("posted_at", "post_id")


@pytest.fixture(scope="module")
def files(world, tmp_path_factory):
    path = tmp_path_factory.mktemp("world") / "posts.csv"
    world.write_csv(path)
    return path


@pytest.fixture(scope="module")
def found(files):
    return pipeline.run(files, plan=PLAN, platform="sim")


def tables(run):
    return {name: raw for name, raw in digest.unarchive(run.dossier).items() if name.startswith("evidence/")}


def alike(one, other):
    """The same evidence but for what names files."""
    mine, theirs = tables(one), tables(other)
    return [name for name in mine
            if name.split("/")[1].removesuffix(".csv") not in FROM_FILES and mine[name] != theirs[name]]


def test_where_there_is_too_little_nothing_is_concluded_and_that_is_the_first_thing_said():
    few = pl.DataFrame({"post_id": [str(n) for n in range(30)], "account_id": [str(n % 5) for n in range(30)],
                        "posted_at": [f"2026-03-{1 + n % 28:02}T12:00:{n:02}Z" for n in range(30)],
                        "text": [f"look at https://n.example/{n // 5}" for n in range(30)]})

    run = pipeline.run(few, plan=PLAN, platform="sim")

    statement = digest.unarchive(run.dossier)["statement.md"].decode()
    assert "Nothing can be concluded" in statement
    assert "5 of them act, and chance needs 20" in statement
    assert "Nobody was found" not in statement


def test_the_ring_is_found_and_nobody_else(found):
    assert len(found.findings.clusters) == 1
    assert len(found.members) >= 7


def test_the_same_posts_and_plan_give_the_same_bytes(files, found):
    assert pipeline.run(files, plan=PLAN, platform="sim").dossier == found.dossier


def test_copies_are_searched_one_a_core_as_far_as_memory_goes():
    some = 1_000_000

    assert [needs.abreast(some, 2**34, workers) for workers in (1, 3)] == [1, 3]
    assert [needs.abreast(some, room, 8) for room in (0, 10**8, 2**34)] == [1, 2, 8]


def test_copies_take_what_the_memory_that_is_allowed_leaves(found):
    read = found.findings.reading

    assert needs.room(read, needs.MEMORY_BASE) == 0 < needs.room(read, None)
    assert 2**30 - needs.MEMORY_BASE > needs.room(read, 2**30) > 2**29


def test_copies_searched_at_once_are_those_searched_one_by_one(files, monkeypatch):
    plan, seen = dataclasses.replace(PLAN, placebos=3), []
    whole = needs.abreast
    monkeypatch.setattr(needs, "abreast", lambda *given: seen.append(whole(*given)) or 4)

    at_once = pipeline.run(files, plan=plan, platform="sim")
    monkeypatch.setattr(needs, "abreast", lambda *_: 1)

    assert at_once.dossier == pipeline.run(files, plan=plan, platform="sim").dossier and seen
    assert len(at_once.findings.placebos) == 6


@pytest.mark.parametrize("workers", [1, 3])
def test_workers_change_nothing(files, found, workers):
    assert pipeline.run(files, plan=PLAN, platform="sim", workers=workers).dossier == found.dossier


def test_the_reference_engine_gives_the_same_bytes(files, found):
    assert pipeline.run(files, plan=PLAN, platform="sim", engine="reference").dossier == found.dossier


def test_rows_in_another_order_and_another_split_of_files_change_nothing(world, found, tmp_path):
    shuffled = world.sample(fraction=1, shuffle=True, seed=1)
    shuffled[:700].write_csv(tmp_path / "a.csv")
    shuffled[700:].write_csv(tmp_path / "b.csv")

    again = pipeline.run([tmp_path / "b.csv", tmp_path / "a.csv"], plan=PLAN, platform="sim")

    assert alike(found, again) == []


def test_columns_that_are_not_declared_change_nothing(world, found, tmp_path):
    labelled = world.with_columns(label=pl.lit("operation"), source=pl.lit("x"))
    labelled.write_csv(tmp_path / "posts.csv")

    assert alike(found, pipeline.run(tmp_path / "posts.csv", plan=PLAN, platform="sim")) == []


@pytest.mark.parametrize("library", ["polars", "pandas", "arrow"])
def test_tables_give_what_files_give(world, found, library):
    table = {"polars": lambda: world, "pandas": world.to_pandas, "arrow": world.to_arrow}[library]()

    assert alike(found, pipeline.run(table, plan=PLAN, platform="sim")) == []


def test_another_seed_moves_the_placebos(files, found):
    other = pipeline.run(files, plan=PLAN, platform="sim", seed=9)

    assert other.digest != found.digest
    assert tables(other)["evidence/plan.csv"] != tables(found)["evidence/plan.csv"]


def test_a_case_resumes_and_another_plan_is_a_run_beside_it(files, found, tmp_path):
    first = pipeline.run(files, plan=PLAN, platform="sim", case=tmp_path / "c")
    log = (tmp_path / "c" / "log.jsonl").read_bytes()

    again = pipeline.run(files, plan=PLAN, platform="sim", case=tmp_path / "c")
    other = pipeline.run(files, plan=PLAN, platform="sim", case=tmp_path / "c", only=["shared_link"])

    assert first.dossier == again.dossier == found.dossier
    assert (tmp_path / "c" / "log.jsonl").read_bytes().startswith(log)
    assert other.folder != first.folder
    assert (tmp_path / "c" / "dossier.zip").read_bytes() == other.dossier
    assert (first.folder / "dossier.zip").read_bytes() == first.dossier


def test_how_a_file_was_read_is_remembered_in_the_case(files, found, tmp_path):
    pipeline.run(files, plan=PLAN, platform="sim", case=tmp_path / "c")

    assert pipeline.run(files, plan=PLAN, case=tmp_path / "c").dossier == found.dossier
    assert pipeline.run(files, plan=PLAN, case=tmp_path / "c", platform="other").dossier != found.dossier


def test_killed_and_run_again_gives_the_same_bytes(files, found, tmp_path):
    plan = tmp_path / "plan.toml"
    plan.write_text('traces = ["same_text", "shared_link"]\nplacebos = 1\n')
    command = [sys.executable, "-m", "cotrace", "run", str(files), "--case", str(tmp_path / "c"), "--plan", str(plan),
               "--platform", "sim", "-q"]
    killed = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not (tmp_path / "c" / "log.jsonl").exists():
        time.sleep(0.01)
    time.sleep(0.3)
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()

    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    assert (tmp_path / "c" / "dossier.zip").read_bytes() == found.dossier
    assert not list((tmp_path / "c").rglob("*.part")) or all(str(killed.pid) in p.name
                                                             for p in (tmp_path / "c").rglob("*.part"))


def test_killed_after_any_step_the_same_command_goes_on_and_does_none_twice(files, found, tmp_path, monkeypatch):
    class Killed(BaseException):
        pass

    kept, steps = store.Case._append, []

    def append(case, fact):
        kept(case, fact)
        steps.append((fact["kind"], fact.get("name"), fact.get("key")))
        raise Killed

    monkeypatch.setattr(store.Case, "_append", append)
    done, runs = None, 0
    while done is None:
        runs += 1
        with contextlib.suppress(Killed):
            done = pipeline.run(files, plan=PLAN, platform="sim", case=tmp_path / "c")

    assert done.dossier == found.dossier
    assert {name for kind, name, _ in steps if kind == "step"} == {"read", "validated", "placebo", "plantings", "naive"}
    assert len(set(steps)) == len(steps) == runs - 1 >= 7


def test_too_little_memory_is_refused_before_the_search(files):
    with pytest.raises(InputError, match="--memory allows"):
        pipeline.run(files, plan=PLAN, platform="sim", memory=1000)


def test_the_finding_comes_out_of_its_own_posts_again(files, found):
    said, unsaid = cotrace.replay(found.dossier, [files])

    assert "every table of the evidence is the same" in said[1]
    assert unsaid == []


def test_other_posts_are_refused_by_name(world, found, tmp_path):
    world[1:].write_csv(tmp_path / "posts.csv")

    with pytest.raises(VerificationError, match=r"not the posts of this dossier: no file given is posts\.csv"):
        cotrace.replay(found.dossier, [tmp_path / "posts.csv"])
