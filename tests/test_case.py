"""A case forgets nothing that it acknowledged, and trusts nothing that was changed behind its back."""

import multiprocessing
import os
import signal
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cotrace.case import Case
from cotrace.errors import InputError


def test_a_step_that_was_done_is_not_done_again(tmp_path):
    made = []

    for _ in range(2):
        Case(tmp_path / "c").step("read", {"of": "x"}, lambda: made.append(1) or b"answer")

    assert made == [1]


def test_another_input_is_another_step(tmp_path):
    case = Case(tmp_path / "c")
    case.step("read", {"of": "x"}, lambda: b"one")

    assert case.step("read", {"of": "y"}, lambda: b"two") == b"two"


def test_a_folder_with_other_things_in_it_is_refused(tmp_path):
    (tmp_path / "holiday.jpg").write_bytes(b"sun")

    with pytest.raises(InputError, match="not empty and not a case"):
        Case(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["holiday.jpg"]


@given(st.integers(0, 400))
@settings(deadline=None)  # a disk may take its time
def test_a_log_cut_at_any_byte_keeps_all_whole_lines(tmp_path_factory, cut):
    folder = tmp_path_factory.mktemp("case") / "c"
    case = Case(folder)
    for number in range(3):
        case.step("s", number, lambda n=number: bytes([n]))
    log = folder / "log.jsonl"
    raw = log.read_bytes()
    log.write_bytes(raw[: min(cut, len(raw))])

    again = Case(folder)
    again.step("after", "cut", lambda: b"new")

    kept = raw[:cut].count(b"\n")
    assert len(Case(folder).facts) == kept + 1


def test_a_changed_line_is_refused_with_its_place(tmp_path):
    case = Case(tmp_path / "c")
    for number in range(3):
        case.step("s", number, lambda n=number: bytes([n]))
    log = tmp_path / "c" / "log.jsonl"
    log.write_bytes(log.read_bytes().replace(b'"name":"s"', b'"name":"t"', 1))

    with pytest.raises(InputError, match="line 1 was changed"):
        Case(tmp_path / "c")


def test_a_damaged_blob_is_never_handed_out(tmp_path):
    case = Case(tmp_path / "c")
    name = case.put(b"evidence")
    (tmp_path / "c" / "blobs" / name[:2] / name[2:]).write_bytes(b"evidencE")

    with pytest.raises(InputError, match="damaged"):
        case.get(name)


def test_the_views_deleted_and_rebuilt_are_equal(tmp_path):
    case = Case(tmp_path / "c")
    case.publish("r1", {"dossier.zip": b"one", "plan.toml": b"p"}, recipe="")
    case.publish("r2", {"dossier.zip": b"two"}, recipe="")
    before = {p.relative_to(tmp_path): p.read_bytes() for p in (tmp_path / "c").rglob("*") if p.is_file()}
    (tmp_path / "c" / "dossier.zip").unlink()
    (tmp_path / "c" / "runs" / "r1" / "plan.toml").unlink()

    Case(tmp_path / "c").rebuild()

    assert {p.relative_to(tmp_path): p.read_bytes() for p in (tmp_path / "c").rglob("*") if p.is_file()} == before
    assert (tmp_path / "c" / "dossier.zip").read_bytes() == b"two"


def test_two_processes_do_not_work_in_one_case(tmp_path):
    case = Case(tmp_path / "c")

    with case.working(), pytest.raises(InputError, match="Another cotrace"), Case(tmp_path / "c").working():
        pass


def _write_for_ever(folder):
    case = Case(folder)
    for number in range(10**6):
        case.step("s", number, lambda n=number: str(n).encode())
        (folder / "acknowledged").write_text(str(number))


@pytest.mark.skipif(os.name == "nt", reason="kills by signal")
def test_killed_at_any_moment_nothing_acknowledged_is_lost(tmp_path):
    for round_ in range(5):
        folder = tmp_path / str(round_)
        worker = multiprocessing.get_context("spawn").Process(target=_write_for_ever, args=(folder,))
        worker.start()
        while not (folder / "acknowledged").exists() or not (folder / "acknowledged").read_text():
            time.sleep(0.01)
        time.sleep(0.03 * round_)
        os.kill(worker.pid, signal.SIGKILL)
        worker.join()
        told = (folder / "acknowledged").read_text() or "0"

        again = Case(folder)

        for number in range(int(told) + 1):
            assert again.step("s", number, lambda: b"computed again") == str(number).encode()
