"""The quick ways of reading give what the slow ways give, byte for byte; and bounded memory changes nothing."""

import json
import os
import random
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cotrace import readers, reading
from cotrace.errors import InputError
from cotrace.progress import quiet
from cotrace.reading import _shelf
from cotrace.tables import POSTS

GOLDEN = Path(__file__).parent / "golden" / "readers"


def at_once(paths, **how):
    """Whole tables in memory, settled by the obvious way: `reading.together` and `inspect` use it."""
    files = reading._open(paths, how.get("columns") or {}, how.get("zone"), how.get("platform"), quiet)
    return reading._settle(files, quiet)[0]


def in_stretches(paths, folder: Path, held: int, **how):
    """A few posts at a time, the others waiting in a folder."""
    folder.mkdir()
    parts = [pl.DataFrame(schema=POSTS)]
    found = reading.read_to(parts.append, paths, folder=folder, held=held, allow_rejects=1.0, **how)
    return reading.replace(found, posts=pl.concat(parts))


def same(one, other) -> None:
    for name in ("posts", "actors", "rejects"):
        left, right = getattr(one, name), getattr(other, name)
        assert left.schema == right.schema
        assert left.equals(right), (name, left, right)
    assert (one.inputs, one.counts, one.notes) == (other.inputs, other.counts, other.notes)


ID = st.sampled_from(["1", "2", "3", "4", "5", "6", "7", "x\x00", "9.06E+17", "", None])
POST = st.fixed_dictionaries({"id": ID, "account": st.sampled_from(["a", "b", "@c", None]), "at": st.sampled_from([
    "2026-01-05T10:00:00Z", "2026-01-05T10:00:01Z", "2026-01-06T10:00:00+00:00", "1767607200", "never", None])},
    optional={"text": st.sampled_from(["same", "other #tag", ""]), "user": st.just({"name": "A", "url": "b"}),
              "links": st.lists(st.sampled_from(["https://a.example", "https://b.example"]), max_size=2),
              "page_id": st.sampled_from(["p", "q"]), "published_at": st.just("2026-01-05T10:00:00Z")})


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=st.lists(st.lists(POST, min_size=1, max_size=12), min_size=1, max_size=3), held=st.integers(1, 4000))
def test_a_few_posts_at_a_time_give_the_reading_that_all_at_once_give(files, held, tmp_path, monkeypatch):
    folder = tmp_path / os.urandom(8).hex()
    folder.mkdir()
    monkeypatch.setattr(_shelf, "BOX", 2)
    monkeypatch.setattr(_shelf, "SAMPLE", 1)
    monkeypatch.setattr(readers.gathered, "__defaults__", (readers.every, 3))
    paths = []
    for number, records in enumerate(files):
        paths.append(folder / f"{number}.jsonl")
        paths[-1].write_text("".join(json.dumps(one) + "\n" for one in records) + "\n" * number)

    try:
        whole = at_once(paths)
    except InputError as fault:
        with pytest.raises(InputError) as again:
            in_stretches(paths, folder / "shelf", held)
        assert str(again.value) == str(fault)
        return
    try:
        found = in_stretches(paths, folder / "shelf", held)
    except InputError as fault:
        with pytest.raises(InputError) as again:
            reading.read(paths, allow_rejects=1.0)
        assert str(again.value) == str(fault)
        with pytest.raises(InputError) as again:
            reading._refuse_too_many(whole, 1.0)
            reading.refuse_nothing_to_compare(whole)
        assert str(again.value) == str(fault)
        return

    same(found, whole)


def test_rows_of_coortweet_are_gathered_in_stretches_as_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(_shelf, "BOX", 3)
    dice = random.Random(1)
    contents = [n // 3 if dice.random() < .9 else 5 for n in range(200)]
    rows = [f"https://{dice.randrange(5)}.example,a{n // 3 % 7},{content},{1767607200 + n // 3}\n"
            for n, content in enumerate(contents)]
    paths = [tmp_path / "one.csv", tmp_path / "two.csv"]
    for at, path in enumerate(paths):
        path.write_text("object_id,account_id,content_id,timestamp_share\n" + "".join(rows[at * 90 : 110 + at * 90]))

    whole = at_once(paths)

    assert whole.counts["gathered"] and whole.counts["conflicting"]
    same(in_stretches(paths, tmp_path / "shelf", 500), whole)


def test_a_column_or_a_date_that_comes_late_is_read_as_if_it_had_come_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(readers.gathered, "__defaults__", (readers.every, 3))
    rows = [{"id": str(n), "user": f"a{n % 3}", "date": f"2026-01-05T10:00:0{n}Z"} for n in range(9)]
    late = [{"id": f"x{n}", "author_id": f"b{n}", "created_at": f"2026-01-05T11:00:0{n}Z"} for n in range(4)]
    slashed = [{"id": "y", "user": "c", "date": "3/4/2018 10:00"}, {"id": "z", "user": "d", "date": "3/25/2018 10:00"}]
    for name, more in {"late": late, "slashed": slashed, "both": [*slashed, *late]}.items():
        path = tmp_path / f"{name}.jsonl"
        path.write_text("".join(json.dumps(one) + "\n" for one in rows + more))

        same(in_stretches([path], tmp_path / name, 1, zone="UTC"), at_once([path], zone="UTC"))


@pytest.mark.parametrize("name", ["a", "b"])
def test_a_file_that_is_written_to_while_it_is_read_is_refused_and_nothing_is_kept(name, tmp_path, monkeypatch):
    path = tmp_path / "grows.jsonl"
    line = '{"id": "%d", "account": "%s", "at": "2026-01-05T10:00:00Z"}\n'
    path.write_text("".join(line % (n, n % 5) for n in range(50)))
    take, kept = reading.File._take, []

    def taken(self, some):
        if name == "a":
            with open(path, "a") as more:
                more.write(line % (99, "x"))
        else:
            os.utime(path, ns=(1, 1))  # rewritten to the same size
        return take(self, some)

    monkeypatch.setattr(reading.File, "_take", taken)

    with pytest.raises(InputError, match="was changed while it was being read") as fault:
        reading.read_to(kept.append, [path])

    assert "run the same command again" in str(fault.value) and not kept


def test_a_disk_that_is_full_is_said_so(tmp_path):
    path = tmp_path / "posts.jsonl"
    path.write_text("".join(f'{{"id": "{n}", "account": "{n % 5}", "at": "2026-01-05T10:00:0{n % 9}Z"}}\n'
                            for n in range(50)))
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    folder = tmp_path / "shelf"
    folder.mkdir()
    (folder / "000000.box").symlink_to("/dev/full")

    with pytest.raises(InputError, match=r"cannot be put aside.*\n.*Make room"):
        reading.read_to(lambda _: None, [path], folder=folder, held=1)
