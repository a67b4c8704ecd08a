"""The command line as a stranger meets it: `cotrace` alone, made-up files, exit codes, what stands on which stream."""

import contextlib
import csv
import gzip
import io
import json
import os
import pty
import random
import re
import signal
import stat
import subprocess
import sys
import time
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
import zstandard

from cotrace.cli import _terminal as terminal
from cotrace.cli import answer

ITSELF = Path(sys.executable).with_name("cotrace")
START = datetime(2024, 3, 4, tzinfo=UTC)
CLEAR = "placebos = 0\ntraces = ['shared_link']\n"  # a plan that costs nothing


@dataclass(frozen=True)
class Said:
    """How a command left, and what it said where."""

    code: int
    raw: bytes
    err: str

    @property
    def out(self) -> str:
        return self.raw.decode("utf-8")

    @property
    def json(self):
        return json.loads(self.out)


def cotrace(*words, stdin: bytes = b"") -> Said:
    """One command in this process, with streams of its own."""
    out, err, into = (io.TextIOWrapper(io.BytesIO(raw), "utf-8", write_through=True) for raw in (b"", b"", stdin))
    before, sys.stdin = sys.stdin, into
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = answer([str(word) for word in words])
    finally:
        sys.stdin = before
    said = Said(code, out.buffer.getvalue(), err.buffer.getvalue().decode("utf-8"))
    assert "Traceback" not in said.err
    return said


def refused(said: Said, *told: str) -> None:
    """It left with 2 and said, on stderr alone, what happened and what to do."""
    assert said.code == 2, said.err
    assert said.raw == b""
    for piece in told:
        assert piece in said.err, said.err
    assert len(said.err.strip().splitlines()) > 1 or re.search(r"[.;:] +\S", said.err), f"no way out: {said.err}"


def posts(number: int = 60, *, accounts: int = 5, step_s: int = 7, **change) -> list[dict]:
    """Made-up posts: ids from 1000, a link in each, every so many seconds."""
    return [{"post": str(1000 + n), "account": f"a{n % accounts}",
             "at": (START + timedelta(seconds=step_s * n)).strftime("%Y-%m-%dT%H:%M:%SZ"),
             "text": f"see https://n.example/{n % 3}", **change} for n in range(number)]


def written(path: Path, rows: list[dict]) -> Path:
    """Posts as a file of the kind that its name says."""
    name = path.name.removesuffix(".gz").removesuffix(".zst")
    if name.endswith(".parquet"):
        pl.DataFrame(rows).write_parquet(path)
        return path
    if name.endswith(("csv", "tsv")):
        text = io.StringIO()
        table = csv.DictWriter(text, rows[0].keys(), delimiter="\t" if name.endswith("tsv") else ",")
        table.writeheader()
        table.writerows(rows)
        raw = text.getvalue().encode()
    else:
        raw = "".join(json.dumps(row) + "\n" for row in rows).encode()
    packed = {".gz": gzip.compress, ".zst": zstandard.ZstdCompressor().compress}.get(path.suffix, bytes)
    path.write_bytes(packed(raw))
    return path


def plan(folder: Path, text: str = CLEAR) -> Path:
    (folder / "plan.toml").write_text(text)
    return folder / "plan.toml"


def inside(dossier: Path, name: str) -> list[dict]:
    """A table of the evidence of a case or dossier."""
    with zipfile.ZipFile(dossier / "dossier.zip" if dossier.is_dir() else dossier) as archive:
        return list(csv.DictReader(io.StringIO(archive.read(f"evidence/{name}.csv").decode("utf-8"))))


def settings(case: Path) -> dict[str, str]:
    return {row["key"]: row["value"] for table in ("run", "plan") for row in inside(case, table)}


def statement(case: Path) -> str:
    with zipfile.ZipFile(case / "dossier.zip") as archive:
        return archive.read("statement.md").decode("utf-8")


# ------------------------------------------------------------------------------- a world with something to find

@dataclass(frozen=True)
class World:
    """One ring of ten among 150 ordinary accounts, half of it in a registry, run once."""

    folder: Path
    posts: Path
    sources: Path
    labels: Path
    plan: Path
    key: Path
    case: Path
    ring: tuple[str, ...]
    said: Said

    def run(self, case: Path, *more, plan: str | None = None, sources: bool = False) -> Said:
        """The same posts in another way."""
        file = self.plan if plan is None else case.with_suffix(".toml")
        if plan is not None:
            file.write_text(plan)
        listed = ["--sources", self.sources] if sources else []
        said = cotrace("run", self.posts, "--case", case, "--plan", file, *listed, *more)
        assert said.code == 0, said.err
        return said


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> World:
    folder = tmp_path_factory.mktemp("ring")
    assert cotrace("simulate", "--out", folder / "raw", "--world", "ring", "--seed", 1).code == 0
    labels = {row["account_id"]: row for row in _rows(folder / "raw" / "labels.csv")}
    ring = tuple(sorted(one for one, row in labels.items() if row["group"] == "ring-1"))
    ordinary = [one for one, row in labels.items() if row["group"] == "ordinary" and one.startswith("plaza:")][:150]
    kept = [row for row in _rows(folder / "raw" / "posts-plaza.csv") if f"plaza:{row['account']}" in {*ring, *ordinary}]
    for row in kept:  # what a spreadsheet would run, in a name and in a text
        if f"plaza:{row['account']}" == ring[0]:
            row.update(account_name="=cmd|'/c calc'!A1", text="-1+2 " + row["text"])
    registry = [{"source": "The Lantern", "selector_type": "account", "selector": one.split(":")[1],
                 "identified_by": "Office of Invented Affairs", "at": "2024-02-01", "cites": "https://office.example/4",
                 "platform": "plaza"} for one in ring[:5]]
    file, sources = written(folder / "posts.csv", kept), written(folder / "sources.csv", registry)
    assert cotrace("key", "new", folder / "key").code == 0
    chosen = plan(folder, "traces = ['shared_link']\nplacebos = 1\n")
    said = cotrace("run", file, "--sources", sources, "--plan", chosen, "--sign", folder / "key")
    assert said.code == 0, said.err
    return World(folder, file, sources, folder / "raw" / "labels.csv", chosen, folder / "key", folder / "posts.case",
                 ring, said)


def _rows(path: Path) -> list[dict]:
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def members(case: Path) -> set[str]:
    return {row["actor"] for row in inside(case, "members")}


# ------------------------------------------------------------------------------------------- doors and switches

@pytest.mark.parametrize("door", [[ITSELF], [sys.executable, "-m", "cotrace"]])
def test_there_are_two_doors_and_both_are_the_same(door):
    told = subprocess.run([*door, "--version"], capture_output=True, text=True, check=True)

    assert re.fullmatch(r"cotrace \d+\.\d+\.\d+\S*\n", told.stdout) and told.stderr == ""


@pytest.mark.parametrize(("command", "options"), [
    ("inspect", "--strict --column --zone --platform"),
    ("run", "--case --sources --plan --trace --without --column --zone --platform --allow-rejects --sign --seed "
            "--workers --memory --engine --master"),
    ("add", "--sources --plan --workers --memory"), ("watch", "--once --every --call"), ("diff", ""),
    ("images", "--below --out"), ("show", ""), ("export", "--to --out"), ("verify", "--posts --key"), ("key new", ""),
    ("evaluate", "--labels --positive --column"), ("simulate", "--out --world --seed"), ("demo", "--out"),
    ("sources check", ""), ("parts", ""),
])
def test_every_command_of_the_contract_is_there_with_its_options(command, options):
    told = cotrace(*command.split(), "--help")

    assert told.code == 0 and told.err == ""
    assert [option for option in options.split() if option not in told.out] == []


def test_help_names_every_command_and_the_switches():
    told = cotrace("--help")

    assert told.code == 0
    words = "inspect run show export verify key evaluate simulate demo sources parts --version --json -q -v"
    assert [word for word in words.split() if word not in told.out] == []


@pytest.mark.parametrize(("words", "told"), [
    ([], "Usage:"), (["key"], "Usage:"), (["sources"], "Usage:"),
    (["telepathy"], "telepathy"), (["run"], "POSTS"), (["run", "a.csv", "--telepathy"], "--telepathy"),
    (["run", "a.csv", "--workers", "0"], "--workers"), (["run", "a.csv", "--workers", "many"], "--workers"),
    (["export", "x.case"], "--to"), (["evaluate", "x.case"], "--labels"), (["simulate"], "--out"), (["verify"], ""),
])
def test_a_wrong_word_is_a_fault_of_use_and_says_where_help_is(words, told):
    refused(cotrace(*words), told, "--help")


@pytest.mark.parametrize("words", [["parts", "--json"], ["--json", "parts"]])
def test_switches_may_stand_before_or_after_the_command(words):
    assert {"kind", "name", "state", "what"} == set(cotrace(*words).json[0])


def test_results_go_to_stdout_and_words_to_stderr(world):
    assert "What acts together in these posts" in world.said.out and "Statement" not in world.said.out
    assert f"cotrace verify {world.case}/dossier.zip --posts {world.posts} --sources {world.sources}" in world.said.err
    assert "\r" not in world.said.err and "\x1b" not in world.said.err + world.said.out  # nobody watches: no progress


def test_q_leaves_the_results_alone_and_no_word(world):
    quiet = cotrace("run", world.posts, "--sources", world.sources, "--plan", world.plan, "--sign", world.key, "-q")

    assert (quiet.code, quiet.raw, quiet.err) == (0, world.said.raw, "")


def test_json_is_one_value_on_stdout_for_every_result(world, tmp_path):
    file = written(tmp_path / "posts.csv", posts())
    for words in (["run", file, "--plan", plan(tmp_path)], ["inspect", file], ["show", world.case], ["parts"],
                  ["verify", world.case / "dossier.zip"], ["sources", "check", world.sources],
                  ["export", world.case, "--to", "gexf", "--out", tmp_path / "net.gexf"],
                  ["evaluate", world.case, "--labels", world.labels, "--positive", "operation"],
                  ["simulate", "--out", tmp_path / "sim", "--world", "nobody"], ["key", "new", tmp_path / "key"]):
        said = cotrace(*words, "--json")
        assert said.code == 0, (words, said.err)
        assert isinstance(said.json, dict | list), words


def test_a_bug_of_ours_leaves_with_3_and_asks_for_a_report(world, monkeypatch, capsys):
    def broken(*_, **__):
        raise ZeroDivisionError("ratio of nothing")
    monkeypatch.setattr("cotrace.cli.show.finding", broken)

    assert answer(["show", str(world.case)]) == 3
    first = capsys.readouterr()
    assert answer(["-v", "show", str(world.case)]) == 3
    assert "ratio of nothing" in first.err and "report" in first.err and "Traceback" not in first.err
    assert first.out == "" and "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("plain", [True, False])
def test_colours_are_for_those_who_watch_and_want_them(world, plain):
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100"} | ({"NO_COLOR": "1"} if plain else {})
    mine, theirs = pty.openpty()
    told = subprocess.Popen([ITSELF, "show", world.case], stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    seen = b""
    with contextlib.suppress(OSError):  # the end of a terminal is an error on Linux
        while piece := os.read(mine, 65536):
            seen += piece
    os.close(mine)

    assert told.wait() == 0 and b"What was found" in seen
    assert (b"\x1b[" in seen) == (not plain)


# ---------------------------------------------------------------------------------------------------- the case

def test_the_ring_is_found_and_nobody_else(world):
    assert members(world.case) <= set(world.ring) and len(members(world.case)) >= 8
    assert (world.case / "statement.html").read_bytes().startswith(b"<!")


@pytest.mark.parametrize(("file", "case"), [
    ("posts.csv", "posts.case"), ("posts.jsonl.gz", "posts.case"), ("posts.2024.jsonl.zst", "posts.2024.case"),
    ("posts.parquet", "posts.case")])
def test_a_case_lies_beside_the_first_file_under_its_name(file, case, tmp_path, monkeypatch):
    written(tmp_path / file, posts())
    monkeypatch.chdir(tmp_path.parent)

    said = cotrace("run", Path(tmp_path.name) / file, "--plan", plan(tmp_path), "-q")

    assert said.code == 0, said.err
    assert (tmp_path / case / "dossier.zip").is_file() and (tmp_path / case / "statement.html").is_file()


def test_a_folder_that_is_not_empty_and_not_a_case_is_refused_and_left_alone(tmp_path):
    file = written(tmp_path / "posts.csv", posts())
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("three years of work")

    refused(cotrace("run", file, "--case", tmp_path / "mine"), "not empty and not a case", "--case")
    refused(cotrace("run", file, "--case", file), "is a file", "--case")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]


def test_the_same_inputs_and_plan_resume_and_nothing_is_done_twice(tmp_path):
    words = ["run", written(tmp_path / "posts.csv", posts()), "--plan", plan(tmp_path)]
    first = cotrace(*words)
    log = (tmp_path / "posts.case" / "log.jsonl").read_bytes()

    again = cotrace(*words)

    assert again == first and (tmp_path / "posts.case" / "log.jsonl").read_bytes() == log
    assert len(list((tmp_path / "posts.case" / "runs").iterdir())) == 1


def test_another_plan_or_more_files_is_a_new_run_beside_the_old_one(tmp_path):
    one, two = written(tmp_path / "posts.csv", posts()), written(tmp_path / "more.csv", posts(20, post_extra="x"))
    two.write_text(two.read_text().replace("\n1", "\n2"))
    runs = tmp_path / "posts.case" / "runs"
    words = ["--case", tmp_path / "posts.case", "-q"]
    cotrace("run", one, "--plan", plan(tmp_path), *words)
    first = {path.name: (path / "dossier.zip").read_bytes() for path in runs.iterdir()}

    assert cotrace("run", one, two, "--plan", plan(tmp_path), *words).code == 0
    assert cotrace("run", one, "--plan", plan(tmp_path, CLEAR + "alpha = 0.05\n"), *words).code == 0

    assert len(list(runs.iterdir())) == 3 and all(re.fullmatch("[0-9a-f]{12,}", path.name) for path in runs.iterdir())
    assert all((runs / name / "dossier.zip").read_bytes() == raw for name, raw in first.items())
    assert settings(tmp_path / "posts.case")["alpha"] == "0.05"  # the newest stands at the top


def test_the_order_of_files_makes_no_other_run(tmp_path):
    rows = posts()
    one, two = written(tmp_path / "a.csv", rows[:30]), written(tmp_path / "b.csv", rows[30:])
    for files in ([one, two], [two, one]):
        assert cotrace("run", *files, "--case", tmp_path / "c", "--plan", plan(tmp_path), "-q").code == 0

    assert len(list((tmp_path / "c" / "runs").iterdir())) == 1


def test_the_defaults_stand_in_the_case(tmp_path):
    cotrace("run", written(tmp_path / "posts.csv", posts()), "-q")
    (printed,) = (tmp_path / "posts.case" / "runs").glob("*/plan.toml")

    again = cotrace("run", tmp_path / "posts.csv", "--plan", printed, "-q")

    assert again.code == 0 and len(list((tmp_path / "posts.case" / "runs").iterdir())) == 1
    for line in ("alpha = 0.01", "min_objects = 3", "placebos = 20", "seed = 0", 'prior = "1:1000"',
                 "common_property = 5000", "windows = [10, 60, 300, 1800, 21600]", '"rapid_repost"', '"shared_link"'):
        assert line in printed.read_text()


def test_a_run_that_could_not_begin_leaves_no_folder(tmp_path):
    (tmp_path / "cat.csv").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(60))

    refused(cotrace("run", tmp_path / "cat.csv"), "a PNG image")
    refused(cotrace("run", tmp_path / "nowhere.csv"), "There is no file")

    assert [path.name for path in tmp_path.iterdir()] == ["cat.csv"]


def test_an_interrupted_run_leaves_with_130_and_the_same_command_goes_on(world, tmp_path):
    words = ["run", str(world.posts), "--sources", str(world.sources), "--plan", str(world.plan), "--sign",
             str(world.key), "--case", str(tmp_path / "c")]
    command = [sys.executable, "-m", "cotrace", *words]
    stopped = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while not (tmp_path / "c" / "log.jsonl").exists() and stopped.poll() is None:
        time.sleep(0.01)
    stopped.send_signal(signal.SIGINT)
    out, err = stopped.communicate(timeout=60)
    left = [path.name for path in (tmp_path / "c").rglob("*") if path.name.endswith(".part")]

    again = cotrace(*words)

    assert (stopped.returncode, out, left) == (130, b"", []) and b"resumes" in err and b"Traceback" not in err
    assert again.code == 0
    assert (tmp_path / "c" / "dossier.zip").read_bytes() == (world.case / "dossier.zip").read_bytes()


# ------------------------------------------------------------------------------- options: what changes the answer

NARROW = "traces = ['shared_link']\nplacebos = 0\nwindows = [60]\n"


@pytest.fixture(scope="module")
def narrow(world) -> Path:
    """The same posts under a plan of one window."""
    world.run(world.folder / "narrow", plan=NARROW)
    return world.folder / "narrow"


def test_neither_engine_nor_workers_nor_memory_moves_a_byte(world, narrow, tmp_path):
    world.run(tmp_path / "c", "--engine", "reference", "--workers", 1, "--memory", "8G", plan=NARROW)

    assert len(inside(narrow, "edges")) > 0
    assert (tmp_path / "c" / "dossier.zip").read_bytes() == (narrow / "dossier.zip").read_bytes()


def test_memory_that_is_too_little_is_refused_before_the_search(world, tmp_path):
    refused(cotrace("run", world.posts, "--case", tmp_path / "c", "--memory", "1M"), "--memory allows 1.0 MiB",
            "in parts")
    refused(cotrace("run", world.posts, "--case", tmp_path / "c", "--memory", "plenty"), "8G")


def test_a_trace_that_is_left_out_finds_nothing(world, tmp_path):
    both = "traces = ['shared_link', 'reply_target']\nplacebos = 0\n"
    world.run(tmp_path / "c", "--without", "shared_link", plan=both)

    assert members(tmp_path / "c") == set() and settings(tmp_path / "c")["traces"] == "reply_target"
    assert "Nobody was found to act together" in statement(tmp_path / "c")


def test_one_trace_alone_is_looked_for(tmp_path):
    file = written(tmp_path / "posts.csv", posts())

    assert cotrace("run", file, "--trace", "same_text", "--trace", "repost", "-q").code == 0

    assert settings(tmp_path / "posts.case")["traces"] == "repost;same_text"
    refused(cotrace("run", file, "--trace", "telepathy"), "telepathy", "shared_link")
    refused(cotrace("run", file, "--trace", "repost", "--without", "repost"), "No trace is left", "--without")


def test_the_seed_of_the_command_overrules_the_plan(tmp_path):
    file = written(tmp_path / "posts.csv", posts())
    for words in ([], ["--seed", 9]):
        cotrace("run", file, "--plan", plan(tmp_path, CLEAR + "seed = 4\n"), *words, "-q")
        assert settings(tmp_path / "posts.case")["seed"] == ("9" if words else "4")

    assert len(list((tmp_path / "posts.case" / "runs").iterdir())) == 2
    refused(cotrace("run", file, "--seed", -1), "seed")


def test_the_mapping_is_overruled_remembered_and_taken_back(tmp_path):
    rows = [{**row, "nr": row["post"], "post": "1", "topic": f"https://n.example/t{n % 2}"}
            for n, row in enumerate(posts())]
    file, case = written(tmp_path / "posts.csv", rows), tmp_path / "posts.case"
    words = ["run", file, "--plan", plan(tmp_path), "-q"]

    refused(cotrace(*words), "same id, different content", "--column post=THEIRS")
    assert cotrace(*words, "--column", "post=nr", "--column", "links=topic", "--column", "text=").code == 0
    told = dict(pair.split("=") for pair in inside(case, "inputs")[0]["mapping"].split(";"))
    first = (case / "dossier.zip").read_bytes()

    assert told == {"account": "account", "at": "at", "links": "topic", "post": "nr"}
    assert inside(case, "traces")[0]["objects"] == "2"
    assert cotrace(*words).code == 0 and (case / "dossier.zip").read_bytes() == first  # remembered
    assert cotrace(*words, "--column", "post=nr").code == 0                            # and overruled
    assert inside(case, "traces")[0]["objects"] == "3"
    assert cotrace("verify", case / "dossier.zip", "--posts", file).code == 0


def test_what_did_not_work_is_not_remembered(tmp_path):
    file = written(tmp_path / "posts.csv", [{**row, "at": row["at"].rstrip("Z")} for row in posts()])

    refused(cotrace("run", file, "--zone", "UTC", "--column", "post=nr"), "'nr'", "--column post=THEIRS", "text")
    refused(cotrace("run", file, "--zone", "Mars/Olympus"), "Mars/Olympus", "Europe/Kyiv")
    refused(cotrace("run", file, "--zone", "UTC", "--column", "telepathy=post"), "telepathy", "--column")
    refused(cotrace("run", file, "--zone", "UTC", "--column", "post"), "OURS=THEIRS", "--column post=tweet_id")

    assert cotrace("run", file, "--zone", "UTC", "--plan", plan(tmp_path), "-q").code == 0
    assert cotrace("run", file, "--plan", plan(tmp_path), "-q").code == 0  # what worked is


def test_a_column_of_any_name_can_be_named_and_replayed(tmp_path):
    rows = [{("a=b;c%3B 100%" if name == "account" else name): cell for name, cell in row.items()} for row in posts()]
    file = written(tmp_path / "posts.csv", rows)

    assert cotrace("run", file, "--column", "account=a=b;c%3B 100%", "--plan", plan(tmp_path), "-q").code == 0
    assert cotrace("verify", tmp_path / "posts.case" / "dossier.zip", "--posts", file).code == 0


def test_zoneless_times_stop_once_and_the_zone_moves_them(tmp_path):
    one, two = (written(tmp_path / f"{name}.csv", [{**row, "post": name + row["post"], "at": row["at"].rstrip("Z")}
                                                  for row in posts()]) for name in "ab")

    refused(cotrace("run", one, two), "a.csv, column 'at': '2024-03-04T00:00:00'", "b.csv", "--zone UTC")

    for zone, first in (("UTC", "2024-03-04T00:00:00Z"), ("Europe/Kyiv", "2024-03-03T22:00:00Z"),
                        ("+03:00", "2024-03-03T21:00:00Z")):
        assert cotrace("run", one, two, "--zone", zone, "--plan", plan(tmp_path), "-q").code == 0
        assert settings(tmp_path / "a.case")["first_post"] == first


def test_ids_are_platform_and_id_split_at_the_first_colon(tmp_path):
    file = written(tmp_path / "posts.csv", [{**row, "account": f"urn:user:{row['account']}"} for row in posts()])

    def ids(*words):
        found = cotrace("inspect", file, *words, "--json")
        assert found.code == 0, found.err
        return found.json["files"][0]["samples"][0]["account"]

    assert ids() == "unknown:urn:user:a0"
    assert ids("--platform", "Plaza") == "plaza:urn:user:a0"
    assert ids("--platform", "x") == "twitter:urn:user:a0"
    refused(cotrace("inspect", file, "--platform", "a:b"), "a:b", "no colon")


def test_rejects_that_are_allowed_are_recorded_and_listed_with_line_and_reason(tmp_path):
    wrong = [{**posts(1)[0], "post": f"x{n}", "at": "never"} for n in range(6)]
    file = written(tmp_path / "posts.csv", posts() + wrong)

    refused(cotrace("run", file), "6 of 66 records are wrong, more than 5 %", "not a time", "record 61, line 62",
            "--allow-rejects 0.10")
    assert cotrace("run", file, "--allow-rejects", "0.10", "--plan", plan(tmp_path), "-q").code == 0

    case = tmp_path / "posts.case"
    assert settings(case)["read_allow_rejects"] == "0.1" and "6 records were present and wrong" in statement(case)
    (listed,) = (case / "runs").glob("*/rejects.csv")
    assert _rows(listed)[0] == {"file": "posts.csv", "record": "61", "line": "62", "reason": "not a time",
                                "found": "never"}
    for share in ("2", "-0.1", "nan"):
        refused(cotrace("run", file, "--allow-rejects", share), "from 0 to 1", "--allow-rejects 0.10")


# --------------------------------------------------------------------------------------------------- the plan

@pytest.mark.parametrize("setting", ["alpha = 1e-9", "min_objects = 16"])
def test_a_stricter_plan_finds_less(world, tmp_path, setting):
    world.run(tmp_path / "c", plan=f"traces = ['shared_link']\nplacebos = 0\n{setting}\n")

    assert len(inside(tmp_path / "c", "edges")) < len(inside(world.case, "edges"))


def test_only_the_windows_of_the_plan_are_looked_at(world, narrow):
    usual, chosen = ({row["window_s"] for row in inside(case, "edges")} for case in (world.case, narrow))

    assert chosen == {"60"} and usual - chosen


def test_a_higher_prior_gives_stronger_words_and_no_more_than_that(world, tmp_path):
    world.run(tmp_path / "c", sources=True, plan="traces = ['shared_link']\nplacebos = 0\nprior = '1:3'\n")

    before, after = ({row["actor"]: row["word"] for row in inside(case, "links")} for case in
                     (world.case, tmp_path / "c"))
    assert before != after and before.keys() == after.keys()
    assert members(tmp_path / "c") == members(world.case)


@pytest.mark.parametrize(("setting", "name", "said"), [
    ("common_property = 4", "traces", {"set_aside": "3"}), ("placebos = 1", "plan", {"value": "1"}),
    ("seed = 5", "plan", {"value": "5"}), ("traces = ['repost']", "traces", {"trace": "repost"})])
def test_a_setting_stands_in_the_dossier(tmp_path, setting, name, said):
    text = CLEAR if "traces" not in setting else "placebos = 0\n"
    text = "\n".join(line for line in text.splitlines() if line.split(" ")[0] != setting.split(" ")[0])

    told = cotrace("run", written(tmp_path / "posts.csv", posts()), "--plan", plan(tmp_path, f"{text}\n{setting}\n"))

    assert told.code == 0, told.err
    assert any(said.items() <= row.items() for row in inside(tmp_path / "posts.case", name))


@pytest.mark.parametrize(("text", "told"), [
    ("telepathy = 1", "telepathy"), ("[traces]", "traces = {}"), ("traces = 'shared_link'", "traces = 'shared_link'"),
    ("traces = 5", "traces = 5"), ("traces = [[1]]", "traces"), ("traces = ['telepathy']", "telepathy"),
    ("windows = 60", "windows = 60"), ("windows = '60'", "windows = '60'"), ("windows = []", "windows"),
    ("windows = [60.5]", "60.5"), ("windows = [0]", "windows"), ("windows = [9999999]", "a week"),
    ("alpha = 'x'", "alpha"), ("alpha = nan", "alpha = nan"), ("alpha = true", "alpha"), ("alpha = 0.9", "0.2"),
    ("min_objects = 1", "METHOD"), ("min_objects = 3.0", "min_objects"), ("placebos = -1", "placebos"),
    ("seed = 1.5", "seed"), ("prior = 3", "1:1000"), ("prior = '0:1'", "1:1000"),
    ("common_property = 1", "pairs nobody"), ("alpha =", "not TOML")])
def test_a_plan_that_makes_no_sense_is_refused_with_its_place(tmp_path, text, told):
    file = written(tmp_path / "posts.csv", posts())

    refused(cotrace("run", file, "--plan", plan(tmp_path, text + "\n")), told)

    assert not (tmp_path / "posts.case").exists()


def test_a_plan_that_cannot_be_read_is_refused(tmp_path):
    file = written(tmp_path / "posts.csv", posts())

    refused(cotrace("run", file, "--plan", tmp_path / "absent.toml"), "absent.toml", "--plan")
    refused(cotrace("run", file, "--plan", tmp_path), "Is a directory")
    (tmp_path / "latin.toml").write_bytes(b"# caf\xe9\n")
    refused(cotrace("run", file, "--plan", tmp_path / "latin.toml"), "not TOML", "alpha")


def test_windows_that_the_clock_cannot_tell_are_left_out_and_said_or_refused(tmp_path):
    file, case = written(tmp_path / "posts.csv", posts(step_s=60)), tmp_path / "posts.case"

    told = cotrace("run", file, "--plan", plan(tmp_path, "placebos = 0\n"))

    assert settings(case)["resolution_s"] == "60" and settings(case)["windows"] == "60;300;1800;21600"
    assert "Windows shorter than 60 s were left out" in statement(case)
    assert "left out" in told.err
    rapid = next(row for row in inside(case, "traces") if row["trace"] == "rapid_repost")
    assert "known to 60 s only" in rapid["off"]
    refused(cotrace("run", file, "--plan", plan(tmp_path, "windows = [10, 300]\n")), "10 s", "60 s")
    assert cotrace("verify", case / "dossier.zip", "--posts", file).code == 0


def test_dates_alone_are_no_times_to_meet_at(tmp_path):
    file = written(tmp_path / "posts.csv", [{**row, "at": (START + timedelta(days=n // 3)).date().isoformat()}
                                            for n, row in enumerate(posts())])

    refused(cotrace("run", file, "--zone", "UTC"), "known to 86400 s", "windows = [86400]")


# --------------------------------------------------------------------------------------------------- reading

OTHERS = {
    "nothing": b"", "blank.csv": b"\n \n", "header.csv": b"post,account,at\n",
    "cat.png": b"\x89PNG\r\n\x1a\n" + bytes(99), "cat.csv": b"\xff\xd8\xff\xe0" + bytes(99),
    "prose.txt": b"Once upon a time\nthere was\n", "wide.csv": "post,account,at\n1,a,b\n".encode("utf-16"),
    "latin.csv": b"post,account,at\n" + b"".join(b"%d,caf\xe9,2024-03-04T00:00:%02dZ\n" % (n, n) for n in range(40)),
    "cut.json": json.dumps(posts()).encode()[:-40], "cut.jsonl.gz": gzip.compress(json.dumps(posts(1)).encode())[:-9],
    "cut.parquet": b"PAR1" + bytes(99), "twice.csv": b"post,post,at\n1,2,3\n",
}


@pytest.mark.parametrize(("name", "told"), [
    ("nothing", "is empty"), ("blank.csv", "is empty"), ("header.csv", "holds no record"), ("cat.png", "a PNG image"),
    ("cat.csv", "a JPEG image"), ("prose.txt", "not a file of posts"), ("wide.csv", "UTF-16"), ("latin.csv", "iconv"),
    ("cut.json", "cut off"), ("cut.jsonl.gz", "cut off"), ("cut.parquet", "cut off"), ("twice.csv", "'post' twice")])
def test_what_is_no_file_of_posts_is_told_what_it_is(name, told, tmp_path):
    (tmp_path / name).write_bytes(OTHERS[name])

    refused(cotrace("run", tmp_path / name), name, told)
    refused(cotrace("run", "-", "--case", tmp_path / "c", stdin=OTHERS[name]), "stdin") if name != "cat.csv" else None

    assert not list(tmp_path.glob("*.case")) and not (tmp_path / "c").exists()


def test_a_zip_is_not_opened_whatever_its_name(tmp_path):
    for name in ("posts.zip", "posts.csv"):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("posts.csv", "post,account,at\n1,a,2024-03-04T00:00:00Z\n")
        refused(cotrace("run", tmp_path / name), "a ZIP archive", "CSV, TSV, JSON Lines")


def _without(column: str):
    return lambda rows: [{name: row[name] for name in row if name != column} for row in rows]


def _with(**change):
    return lambda rows: [{**row, **change} for row in rows]


@pytest.mark.parametrize(("change", "told", "do"), [
    (_with(at="2024-03-04T00:00:00Z"), "have the same time", "--column at=THEIRS"),
    (_with(account="a"), "one account", "--column account=THEIRS"),
    (_with(account=None), "nothing can act", "cotrace inspect"),
    (_without("at"), "no column that is at", "--column at=THEIRS"),
    (_without("post"), "no column that is post", "--column post=THEIRS"),
    (_without("account"), "no column that is account", "--column account=THEIRS"),
    (_with(at="1785-03-04T00:00:00Z"), "an impossible time", "cotrace inspect"),
    (_with(post=None), "missing id", "cotrace inspect"),
])
def test_posts_that_cannot_meet_are_refused_with_a_way_out(change, told, do, tmp_path):
    refused(cotrace("run", written(tmp_path / "posts.csv", change(posts()))), told, do)


def test_a_strange_character_in_a_cell_keeps_nothing_out(tmp_path):
    rows = posts()
    rows[9]["text"] += " \0 \x0b \u202e =1+2"

    assert cotrace("inspect", written(tmp_path / "posts.csv", rows), "--strict").code == 0


def test_paths_that_are_no_files_are_refused(tmp_path):
    file = written(tmp_path / "posts.csv", posts())
    (tmp_path / "again.csv").write_bytes(file.read_bytes())

    refused(cotrace("run", tmp_path / "absent.csv"), "absent.csv", "looked for in")
    refused(cotrace("run", tmp_path), "is a folder", "/*")
    refused(cotrace("run", ""), "no file of posts", "cotrace run POSTS")
    refused(cotrace("run", file, tmp_path / "again.csv"), "byte for byte", "once")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_refused(tmp_path):
    file = written(tmp_path / "posts.csv", posts())
    file.chmod(0)

    refused(cotrace("run", file), "may not be read", "permissions")


def test_single_wrong_records_are_counted_and_the_rest_is_read(tmp_path):
    rows = written(tmp_path / "posts.jsonl", posts(200)).read_bytes()
    (tmp_path / "posts.jsonl").write_bytes(rows.replace(b'"1007"', b'"10\xff7"').replace(b'"1009"', b'"1008"')
                                           + rows[:90] + b"\n" + rows[: rows.index(b"\n")][:-9])
    idle = [{**posts(1)[0], "post": "n1", "account": None}, {**posts(1)[0], "post": "n2", "at": None}]
    more = written(tmp_path / "more.csv", posts(3) + idle)

    said = cotrace("run", tmp_path / "posts.jsonl", more, "--plan", plan(tmp_path), "-q")

    assert said.code == 0, said.err
    count = {row["what"]: row["value"] for row in inside(tmp_path / "posts.case", "counts")}
    reasons = {row["reason"]: row["records"] for row in inside(tmp_path / "posts.case", "rejects")}
    assert (count["duplicates"], count["without_time"], count["without_account"]) == ("3", "1", "1")
    assert reasons == {"bytes that are not UTF-8": "1", "same id, different content": "2",
                       "truncated or broken JSON": "2"}


@pytest.mark.parametrize("name", ["p.csv", "p.tsv", "p.jsonl", "p.csv.gz", "p.jsonl.gz", "p.jsonl.zst", "p.parquet"])
def test_the_same_posts_are_the_same_in_every_container(name, tmp_path):
    found = cotrace("inspect", written(tmp_path / name, posts()), "--strict", "--json")

    assert found.code == 0, found.err
    (file,) = found.json["files"]
    assert (file["posts"], file["actors"], file["resolution_s"]) == (60, {"account": 5}, 1)
    assert file["first"] == "2024-03-04T00:00:00+00:00" and file["samples"][0]["links"] == "https://n.example/0"


def _clemson(n: int) -> dict:
    return {"external_author_id": "9.06E+17", "author": f"TROLL{n % 4}", "content": f"so true {n}",
            "region": "Unknown", "language": "English", "publish_date": f"3/{1 + n % 28}/2016 1{n % 10}:22",
            "harvested_date": "3/1/2016 10:22", "post_type": "RETWEET" if n % 2 else "", "retweet": n % 2}


def _archive(n: int) -> dict:
    return {"tweetid": str(10**17 + n), "userid": f"hash{n % 4}=", "user_display_name": "N", "tweet_language": "en",
            "tweet_text": f"words {n}", "tweet_time": f"2016-03-0{1 + n % 9} 10:{n:02d}", "is_retweet": "false",
            "hashtags": "[one, two]", "urls": "[https://n.example/1, https://n.example/2]", "user_mentions": "[]"}


def _coortweet(n: int) -> dict:
    return {"object_id": f"o{n % 3}", "account_id": f"a{n % 4}", "content_id": f"c{n}",
            "timestamp_share": 1709510400 + n}


def _schema(n: int) -> dict:
    return {"platform": "plaza", "account_id": f"a{n % 4}", "account_name": "N", "post_id": f"p{n}",
            "posted_at": f"2024-03-04T00:00:{n:02d}Z", "text": "words", "urls": "", "hashtags": "", "mentions": "",
            "repost_of_post": "", "repost_of_account": "", "reply_to": "", "lang": "en", "label": "x", "source": "y"}


@pytest.mark.parametrize(("row", "who", "actor", "zone"), [
    (_clemson, "Clemson", "twitter:TROLL0", "github.com/fivethirtyeight"),
    (_archive, "Twitter", "twitter:hash0=", "readme"),
    (_coortweet, "CooRTweet", "unknown:a0", "since 1970"), (_schema, "account_id", "plaza:a0", "stands with its zone")])
def test_tables_of_known_publishers_read_as_they_are(row, who, actor, zone, tmp_path):
    found = cotrace("inspect", written(tmp_path / "posts.csv", [row(n) for n in range(60)]), "--strict", "--json")

    assert found.code == 0, found.json["problems"]
    (file,) = found.json["files"]
    assert who in file["publisher"] and zone in file["zone"] and file["posts"] == 60
    assert file["actors"] == {"account": 4} and file["samples"][0]["account"] == actor
    assert {"label", "source"} & set(row(0)) <= set(file["not_read"])  # a verdict is never a feature


def test_answers_of_x_read_as_they_are(tmp_path):
    answers = [{"data": [{"id": str(n * 10 + k), "author_id": str(k), "created_at": f"2024-03-04T00:0{n}:0{k}.000Z",
                          "text": f"words {n}", "entities": {"urls": [{"url": "https://t.co/a", "expanded_url":
                                                                       "https://n.example/1"}]}} for k in range(1, 6)],
                "includes": {"users": [{"id": str(k), "name": "N", "username": f"u{k}"} for k in range(1, 6)]},
                "meta": {"result_count": 5}} for n in range(6)]
    for name, text in (("pages.jsonl", "".join(json.dumps(one) + "\n" for one in answers)),
                       ("one.json", json.dumps(answers[0], indent=1))):
        (tmp_path / name).write_text(text)
        (file,) = cotrace("inspect", tmp_path / name, "--strict", "--json").json["files"]
        assert "X API" in file["publisher"] and "X documents" in file["zone"] and file["actors"] == {"account": 5}
        assert file["samples"][0]["links"] == "https://n.example/1"


def test_standard_input_is_a_file_like_any(tmp_path, monkeypatch):
    raw = written(tmp_path / "posts.jsonl", posts()).read_bytes()
    monkeypatch.chdir(tmp_path)

    seen = cotrace("inspect", "-", "--json", stdin=raw)
    ran = cotrace("run", "-", "--plan", plan(tmp_path), stdin=raw)

    assert seen.json["files"][0]["posts"] == 60
    assert ran.code == 0 and (tmp_path / "stdin.case" / "dossier.zip").exists()
    assert "--posts" not in ran.err  # it cannot be read a second time
    assert cotrace("verify", "-", stdin=(tmp_path / "stdin.case" / "dossier.zip").read_bytes()).code == 0


def test_inspect_shows_what_would_be_read_and_strict_leaves_with_1(tmp_path):
    fine = written(tmp_path / "fine.csv", [{**row, "lang": "en"} for row in posts()])
    wrong = written(tmp_path / "wrong.csv", [*posts(), {**posts(1)[0], "post": "x", "at": "never"}])

    told = cotrace("inspect", fine)

    for piece in ("csv", "account = account", "5 accounts", "2024-03-04", "resolution  1 s", "en 60", "Problems: 0",
                  "sample 1"):
        assert piece in told.out, piece
    assert cotrace("inspect", fine, "--strict").code == 0 and cotrace("inspect", wrong).code == 0
    failed = cotrace("inspect", wrong, "--strict")
    assert failed.code == 1 and "wrong.csv, record 61, line 62: not a time: never" in failed.out


# ---------------------------------------------------------------------------------------------------- export

CONTRACT = {
    "actors": "actor name kind cluster stability traces q_min",
    "edges": "a b kind trace window_s observed expected p q",
    "clusters": "cluster size traces q posts first last stability",
    "links": "cluster actor source indicator likelihood_ratio word identified_by cites",
    "events": "a b trace object post_a at_a post_b at_b delta_s receipt_a receipt_b text_a text_b",
    "sources": "source selector_type selector identified_by at cites",
}
WORDS = {"listed", "almost no chance", "very unlikely", "unlikely", "roughly even chance", "likely", "very likely",
         "almost certain"}


@pytest.fixture(scope="module")
def exported(world) -> Path:
    out = world.folder / "export"
    said = cotrace("export", world.case, "--to", "csv", "--out", out)
    assert said.code == 0, said.err
    return out


@pytest.mark.parametrize("name", CONTRACT)
def test_the_columns_of_the_contract_come_first_and_in_order(exported, name):
    with open(exported / f"{name}.csv", newline="", encoding="utf-8") as file:
        header = next(csv.reader(file))

    assert header[: len(CONTRACT[name].split())] == CONTRACT[name].split()


def test_the_tables_agree_with_each_other(world, exported):
    actors, edges, clusters, links, events = (_rows(exported / f"{name}.csv") for name in list(CONTRACT)[:5])

    assert {row["actor"] for row in actors} == members(world.case)
    assert sum(int(row["size"]) for row in clusters) == len(actors)
    assert all(row["a"] < row["b"] and float(row["q"]) <= 0.01 for row in edges)
    assert {(row["a"], row["b"]) for row in events} <= {(row["a"], row["b"]) for row in edges}
    for row in events:
        moments = [datetime.fromisoformat(row[name]) for name in ("at_a", "at_b")]
        assert float(row["delta_s"]) == (moments[1] - moments[0]).total_seconds()
        assert re.fullmatch(r"sha256:[0-9a-f]{64}#\d+", row["receipt_a"])
    assert {row["word"] for row in links} <= WORDS and "listed" in {row["word"] for row in links}
    assert {row["actor"] for row in links if row["word"] == "listed"} == set(world.ring[:5])
    assert {(row["identified_by"], row["cites"]) for row in links} == {("Office of Invented Affairs",
                                                                        "https://office.example/4")}


def test_cells_that_a_spreadsheet_would_run_are_guarded_and_it_is_said(exported, world):
    cells = [cell for name in CONTRACT for row in _rows(exported / f"{name}.csv") for key, cell in row.items()
             if key not in ("stability", "q_min", "observed", "expected", "p", "q", "delta_s", "likelihood_ratio")]

    assert "'=cmd|'/c calc'!A1" in cells and any(cell.startswith("'-1+2") for cell in cells)
    assert [cell for cell in cells if cell[:1] in ("=", "+", "-", "@", "\t", "\r")] == []
    assert "GUARDED" in (exported / "README.txt").read_text()


def test_every_format_is_written_and_one_file_goes_to_stdout(world, tmp_path):
    for to, name in (("gexf", "n.gexf"), ("graphml", "n.graphml"), ("parquet", "p"), ("statement", "s"), ("csv", "c")):
        assert cotrace("export", world.case, "--to", to, "--out", tmp_path / name).code == 0
    piped = cotrace("export", world.case / "dossier.zip", "--to", "gexf", "--out", "-")

    assert piped.raw == (tmp_path / "n.gexf").read_bytes() and piped.raw.startswith(b"<?xml")
    refused(cotrace("export", world.case, "--to", "csv", "--out", "-"), "stdout", "--out")
    refused(cotrace("export", world.case, "--to", "xlsx", "--out", tmp_path / "x"), "gexf")
    refused(cotrace("export", world.case, "--to", "csv", "--out", tmp_path / "c"), "something in it")
    refused(cotrace("export", tmp_path, "--to", "csv", "--out", tmp_path / "y"), "cotrace run")


def test_show_tells_clusters_links_placebos_and_what_would_have_been_found(world, tmp_path):
    told = cotrace("show", world.case)

    assert told.code == 0 and "DRAFT, NOT REVIEWED" in told.out
    for piece in (inside(world.case, "clusters")[0]["cluster"], world.ring[0], "The Lantern", "listed", "copies",
                  "planted"):
        assert piece in told.out, piece
    assert "almost no chance" not in told.out  # below "likely": never beside a name
    refused(cotrace("show", tmp_path), "holds no dossier", "cotrace run")


# ---------------------------------------------------------------------------------------------------- verify

def test_a_signed_dossier_verifies_and_names_its_key(world):
    public = world.key.with_name("key.pub")

    told = cotrace("verify", world.case / "dossier.zip", "--key", public)

    assert told.code == 0 and "UNSIGNED" not in told.out and "not checked" in told.out.lower()
    assert all(f"({step})" in told.out for step in range(4))


def test_an_unsigned_dossier_says_so_first_and_fails_where_a_signature_is_asked_for(tmp_path):
    cotrace("run", written(tmp_path / "posts.csv", posts()), "--plan", plan(tmp_path), "-q")
    dossier = tmp_path / "posts.case" / "dossier.zip"
    cotrace("key", "new", tmp_path / "key")

    told = cotrace("verify", dossier)

    assert told.code == 0 and told.out.startswith("UNSIGNED: anyone could have rebuilt this whole")
    assert cotrace("verify", dossier, "--key", tmp_path / "key.pub").code == 1


def test_another_key_fails_and_what_is_no_key_is_a_fault_of_use(world, tmp_path):
    cotrace("key", "new", tmp_path / "key")
    (tmp_path / "junk").write_text("junk")
    dossier = world.case / "dossier.zip"

    assert cotrace("verify", dossier, "--key", tmp_path / "key.pub").code == 1
    for wrong, told in ((tmp_path / "junk", "not a public"), (tmp_path / "absent", "cannot be read"),
                        (tmp_path / "key", "private")):
        refused(cotrace("verify", dossier, "--key", wrong), told)


def test_any_changed_byte_is_refused(world, tmp_path):
    whole = (world.case / "dossier.zip").read_bytes()
    rng = random.Random(7)

    for place in [0, len(whole) - 1, *(rng.randrange(len(whole)) for _ in range(12))]:
        bent = bytearray(whole)
        bent[place] ^= 1 << rng.randrange(8)
        assert cotrace("verify", "-", stdin=bytes(bent)).code == 1, place
    for bent in (whole[:-1], whole + b"\0", b"\0" + whole):
        assert cotrace("verify", "-", stdin=bent).code == 1


def _bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("statement.json", bytes(50_000_000))
    return packed.getvalue()


def _named(*names: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in names:
            info = zipfile.ZipInfo(name)
            info.external_attr = (stat.S_IFLNK | 0o777) << 16 if name == "link" else 0
            with pytest.warns() if names.count(name) > 1 and name in archive.namelist() else contextlib.nullcontext():
                archive.writestr(info, "/etc/passwd")
    return packed.getvalue()


@pytest.mark.parametrize("raw", [b"", b"PK", b"hello", b"%PDF-1.7", _bomb(), _named("../../etc/passwd"),
                                 _named("/etc/passwd"), _named("link"), _named("statement.json", "statement.json"),
                                 _named("inner.zip")])
def test_what_is_no_dossier_fails_and_says_so(raw, tmp_path):
    (tmp_path / "dossier.zip").write_bytes(raw)
    began = time.monotonic()

    told = cotrace("verify", tmp_path / "dossier.zip")

    assert (told.code, told.raw) == (1, b"")
    assert ("not a dossier" in told.err) == (raw[:4] != b"PK\3\4"), told.err  # else: what is wrong with the archive
    assert time.monotonic() - began < 5


def test_with_the_posts_the_whole_finding_is_computed_again(world, tmp_path):
    dossier = world.case / "dossier.zip"
    fewer = written(tmp_path / "posts.csv", _rows(world.posts)[1:])

    told = cotrace("verify", dossier, "--posts", world.posts, "--sources", world.sources)
    other = cotrace("verify", dossier, "--posts", fewer, "--sources", world.sources)

    assert told.code == 0 and "(4)" in told.out and "every table of the evidence is the same" in told.out
    assert other.code == 1 and "not the posts of this dossier" in other.err
    refused(cotrace("verify", dossier, "--posts", tmp_path / "absent.csv"), "cannot be read")
    refused(cotrace("verify", dossier, world.posts), "--posts")
    refused(cotrace("verify", tmp_path / "absent.zip"), "cannot be read", "cotrace run")
    refused(cotrace("verify", world.case), "dossier.zip")


# --------------------------------------------------------------------------------- sources, keys, worlds, parts

def test_sources_check_leaves_with_1_where_there_are_problems(world, tmp_path):
    row = {"source": "S", "selector_type": "domain", "selector": "t.co", "identified_by": "X", "at": "2024-01-01",
           "cites": ""}
    bad = written(tmp_path / "bad.csv", [row, row])

    fine, told = cotrace("sources", "check", world.sources), cotrace("sources", "check", bad, "--json")

    assert (fine.code, told.code) == (0, 1)
    said = " ".join(problem["found"] for problem in told.json)
    assert "common property" in said and "cit" in said and "same selector" in said
    refused(cotrace("sources", "check", tmp_path / "absent.csv"), "absent.csv")
    refused(cotrace("run", world.posts, "--case", tmp_path / "c", "--sources", tmp_path / "absent.csv"), "absent.csv")


def test_selectors_that_were_compared_with_nothing_are_counted_and_said(tmp_path):
    rows = [{**row, "platform": ("plaza", "kanal")[n % 2]} for n, row in enumerate(posts())]
    entry = {"source": "S", "selector_type": "account", "selector": "a1", "identified_by": "X", "at": "2024-01-01",
             "cites": "https://x.example/1", "platform": ""}
    listed = [entry, {**entry, "platform": "plaza"}, {**entry, "platform": "elsewhere"}, {**entry, "cites": ""}]
    words = ["--sources", written(tmp_path / "sources.csv", listed), "--plan", plan(tmp_path)]

    two = cotrace("run", written(tmp_path / "two.csv", rows), *words)
    one = cotrace("run", written(tmp_path / "one.csv", posts()), "--platform", "plaza", *words)

    assert "2 of 4 selectors of the registries were compared with nothing" in two.err and "kanal, plaza" in two.err
    assert "1 of 4 selectors of the registries were compared with nothing" in one.err
    assert "1 of 4 selectors of the registries can give no word" in one.err
    assert "were compared with nothing" in statement(tmp_path / "two.case")


def test_a_key_is_written_for_its_owner_alone_and_never_over_anything(tmp_path):
    assert cotrace("key", "new", tmp_path / "key").code == 0

    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    refused(cotrace("key", "new", tmp_path / "key"), "never overwritten")
    refused(cotrace("key", "new", tmp_path / "absent" / "key"), "cannot be written", "folder")


@pytest.mark.parametrize(("content", "told"), [(None, "cannot be read"), (b"", "is empty"), (b"junk", "Ed25519")])
def test_a_key_that_cannot_sign_is_refused_before_the_work(tmp_path, content, told):
    file = written(tmp_path / "posts.csv", posts())
    if content is not None:
        (tmp_path / "key").write_bytes(content)

    refused(cotrace("run", file, "--sign", tmp_path / "key"), told, "cotrace key new")

    assert not (tmp_path / "posts.case").exists()


def test_a_missing_extra_leaves_with_2_and_the_way_to_install_it(tmp_path, monkeypatch):
    import importlib.util
    file, packed = written(tmp_path / "posts.csv", posts()), written(tmp_path / "p.jsonl.zst", posts())
    cotrace("key", "new", tmp_path / "old")
    real = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec",
                        lambda name, *of: None if name in ("cryptography", "zstandard") else real(name, *of))

    refused(cotrace("key", "new", tmp_path / "key"), "pip install 'cotrace[sign]'")
    refused(cotrace("run", file, "--sign", tmp_path / "old"), "pip install 'cotrace[sign]'")
    refused(cotrace("inspect", packed), "pip install 'cotrace[zst]'")
    listed = {part["name"]: part["state"] for part in cotrace("parts", "--json").json if part["kind"] == "command"}
    assert listed["run"] == "ready" and "cotrace[sign]" in listed["key"]


def test_parts_lists_every_kind():
    listed = cotrace("parts", "--json").json

    assert {"readers", "traces", "engines", "sources", "attribution", "exporters", "command"} <= {
        part["kind"] for part in listed}
    assert {"shared_link", "same_text", "repost", "rapid_repost", "tag_sequence", "reply_target", "local", "reference",
            "identity", "content", "coordination", "gexf", "graphml"} <= {part["name"] for part in listed}


def test_a_world_is_the_same_for_the_same_seed_and_reads_without_a_question(tmp_path):
    for folder, name, seed in (("a", "nobody", 3), ("b", "nobody", 3), ("c", "readers", 3)):
        assert cotrace("simulate", "--out", tmp_path / folder, "--world", name, "--seed", seed).code == 0
    first, again, other = ({path.name: path.read_bytes() for path in (tmp_path / folder).rglob("*") if path.is_file()}
                           for folder in "abc")

    assert first == again and first["posts-plaza.csv"] != other["posts-plaza.csv"]
    assert {"pairs.csv", "clusters.csv", "labels.csv", "README.txt"} <= first.keys() and "sources.csv" in other
    assert cotrace("sources", "check", tmp_path / "c" / "sources.csv").code == 0
    refused(cotrace("simulate", "--out", tmp_path / "a"), "not an empty folder", "--out")
    refused(cotrace("simulate", "--out", tmp_path / "d", "--world", "utopia"), "utopia", "nobody")


def test_evaluate_counts_right_wrong_and_missed(world, tmp_path):
    renamed = written(tmp_path / "labels.csv", [{"user": row["account_id"], "label": row["label"]}
                                                for row in _rows(world.labels)])
    words = ["evaluate", world.case, "--labels", renamed, "--positive", "operation"]

    told = cotrace(*words, "--column", "account=user", "--json")

    figures = {row["figure"]: row for row in told.json["overall"]}
    assert told.code == 0 and figures["precision"]["value"] == 1 and figures["recall"]["of"] == len(world.ring)
    assert figures["recall"]["count"] == len(members(world.case))
    refused(cotrace(*words), "no column for account", "--column account=")
    refused(cotrace(*words, "--column", "account="), "--column account=")
    refused(cotrace(*words[:-1], "hero", "--column", "account=user"), "hero", "operation")
    refused(cotrace("evaluate", world.case, "--labels", tmp_path / "absent.csv", "--positive", "x"), "absent.csv")
    refused(cotrace("evaluate", tmp_path, "--labels", renamed, "--positive", "x"), "holds no dossier", "cotrace run")


def test_names_and_texts_of_strangers_cannot_steer_the_terminal(tmp_path):
    evil = "\x1b]0;owned\x07\x1b[31m\u202eback\u2066\x9b2J"
    file = written(tmp_path / f"po{evil[5:10]}sts.jsonl", [{**row, "text": evil, "lang": evil} for row in posts()])

    for words in (["inspect", file], ["run", file, "--plan", plan(tmp_path)], ["run", tmp_path / evil[1:5]]):
        said = cotrace(*words)
        assert not set("\x1b\x07\x9b\u202e\u2066") & set(said.out + said.err), words


def test_json_says_the_same_and_cannot_steer_the_terminal_either(monkeypatch, capsys):
    monkeypatch.setattr(terminal.STATE, "json", True)
    evil = {"name": "\x1b[31m\x9b2J\u202eback\\\u2066 \u0633\u200c\u0627"}

    terminal.result(evil)

    said = capsys.readouterr().out
    assert not set("\x1b\x9b\u202e\u2066") & set(said) and json.loads(said) == evil


def test_a_file_whose_name_is_in_other_letters_is_read_and_named(tmp_path):
    file = tmp_path / os.fsdecode(b"posts-\xe9.jsonl")
    written(file, posts())

    case = tmp_path / "case"
    done = cotrace("run", file, "--case", case, "--plan", plan(tmp_path))

    assert done.code == 0 and "posts-?.jsonl" in statement(case)
    assert cotrace("inspect", file, "--json").json["files"][0]["name"] == "posts-?.jsonl"
    assert cotrace("verify", case / "dossier.zip", "--posts", file).code == 0
    refused(cotrace("run", file, "--plan", plan(tmp_path)), "not UTF-8", "--case DIR")  # would lie beside the file
    assert not [one for one in tmp_path.iterdir() if one.name.endswith("\udce9.case")]


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_who_closed_our_output_hears_nothing_and_gets_the_work(closed, world):
    words = f'"{sys.executable}" -m cotrace show "{world.case}" {closed}'

    ran = subprocess.run(["sh", "-c", words], capture_output=True, text=True)

    assert ran.returncode == 0 and "bug" not in ran.stderr


def test_the_command_that_verifies_is_spelled_as_this_shell_can_call_it(monkeypatch):
    monkeypatch.setattr(terminal.shutil, "which", lambda name: None)
    beside = Path(sys.executable).with_name("cotrace")

    monkeypatch.chdir(Path(sys.executable).parent.parent)
    assert terminal.program() == ("bin/cotrace" if beside.exists() else "cotrace")

    monkeypatch.setattr(terminal.shutil, "which", lambda name: "/usr/bin/cotrace")
    assert terminal.program() == "cotrace"


def test_a_world_where_nothing_can_be_written_is_refused_in_words(tmp_path, capsys):
    (tmp_path / "file").write_text("not a folder")

    assert answer(["simulate", "--world", "small", "--size", "0.1", "--out", str(tmp_path / "file" / "world")]) == 2

    assert "Nothing can be written at" in capsys.readouterr().err


def test_a_machine_that_asks_is_told_that_a_dossier_does_not_verify_and_why(tmp_path, capsys):
    (tmp_path / "dossier.zip").write_bytes(b"no archive")

    assert answer(["verify", str(tmp_path / "dossier.zip"), "--json"]) == 1

    said = json.loads(capsys.readouterr().out)
    assert said["verified"] is False and "not a dossier" in said["why"]
