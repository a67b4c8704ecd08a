"""Readers: what stands in a file is read as it stands, and every row can be found again."""

import csv
import gzip
import hashlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cotrace import parts, readers, reading
from cotrace.errors import CotraceError, InputError

GOLDEN = Path(__file__).parent / "golden" / "readers"
NAMES = parts.names("readers")
INPUTS = {path.stem: path for path in sorted(GOLDEN.iterdir()) if not path.name.endswith(".golden.json")}
MATTER = [name for name in reading.POSTS if name not in ("receipt", "at_resolution")]


def read(name: str, **how):
    """The golden input of a reader; the one of `table` is handed over as a table."""
    path = INPUTS[name]
    return reading.read(pl.read_csv(path) if name == "table" else path, allow_rejects=1.0, **how)


def spelled(found) -> dict:
    """What a reader made of its golden input, as JSON: cells that are known, records instead of receipts."""
    def plain(row: dict) -> dict:
        return {name: cell.isoformat() if hasattr(cell, "isoformat") else cell for name, cell in row.items()
                if cell is not None and name != "receipt"} | {"record": int(row["receipt"].rpartition("#")[2])}
    return {
        "format": found.inputs[0].format, "zone": found.inputs[0].zone,
        "posts": [plain(row) for row in found.posts.iter_rows(named=True)],
        "actors": [plain(row) for row in found.actors.iter_rows(named=True)],
        "rejects": [[row["record"], row["reason"]] for row in found.rejects.iter_rows(named=True)],
        "counts": {name: count for name, count in found.counts.items() if count},
    }


@pytest.mark.parametrize("name", NAMES)
def test_every_reader_reads_its_golden_example(name):
    wanted = GOLDEN / f"{name}.golden.json"
    found = spelled(read(name))
    if os.environ.get("COTRACE_GOLDEN") == "write":
        wanted.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n")

    assert found == json.loads(wanted.read_text())


def test_crowdtangle_has_pages_or_groups_as_the_column_of_names_says(tmp_path):
    file = tmp_path / "groups.csv"
    file.write_text(INPUTS["crowdtangle"].read_text().replace("Page Name", "Group Name"))

    def kinds(path):
        return set(reading.read(path, allow_rejects=1.0).posts["place_kind"])

    assert (kinds(INPUTS["crowdtangle"]), kinds(file)) == ({"page"}, {"group"})


@pytest.mark.parametrize("name", NAMES)
def test_a_receipt_followed_back_to_the_raw_bytes_reads_as_the_same_row(name):
    found = read(name)
    source, at = found.inputs[0], pl.read_csv(INPUTS[name]) if name == "table" else INPUTS[name]
    raw = {}
    for record in range(1, source.records + 1):
        try:
            raw[record] = readers.follow(at, record)
        except InputError as fault:
            assert "cannot be read" in str(fault)

    again = reading.read(pl.DataFrame(list(raw.values()), infer_schema_length=None), allow_rejects=1.0,
                         columns=dict(source.mapping))

    assert set(found.posts["receipt"].str.split("#").list.first()) == {f"sha256:{source.sha256}"}
    assert by_record(found.posts, range(10**6)) == by_record(again.posts, [0, *raw])
    with pytest.raises(InputError, match="no record"):
        readers.follow(at, source.records + 1)


def by_record(posts: pl.DataFrame, record_of) -> dict:
    return {record_of[int(row["receipt"].rpartition("#")[2])]: [row[name] for name in MATTER]
            for row in posts.iter_rows(named=True)}


def rows_of(name: str) -> tuple[bytes, list[bytes]]:
    """Header (empty where there is none) and records of a golden input of text, one line each."""
    lines = INPUTS[name].read_bytes().splitlines(keepends=True)
    return (b"", lines) if INPUTS[name].suffix == ".jsonl" else (lines[0], lines[1:])


LINES = ["clemson", "columns", "coortweet", "cotrace", "crowdtangle", "jsonl", "posts",
         "twitter_io"]  # one line is one record


@pytest.mark.parametrize("name", LINES)
def test_the_order_of_rows_and_the_split_of_files_change_nothing_but_receipts(name, tmp_path):
    header, lines = rows_of(name)
    whole = reading.read(INPUTS[name], allow_rejects=1.0)
    last_is_cut = [lines.pop()] if not lines[-1].endswith(b"\n") else []
    turned, one, two = (tmp_path / f"{part}{INPUTS[name].suffix}" for part in ("turned", "one", "two"))
    turned.write_bytes(header + b"".join(reversed(lines)) + b"".join(last_is_cut))
    # both parts have each kind of row, and one row stands in both
    one.write_bytes(header + b"".join(lines[:-1]))
    two.write_bytes(header + b"".join(lines[1:]) + b"".join(last_is_cut))

    for other in (reading.read(turned, allow_rejects=1.0), reading.read([one, two], allow_rejects=1.0),
                  reading.read([two, one], allow_rejects=1.0)):
        assert other.posts.drop("receipt").equals(whole.posts.drop("receipt"))
        assert other.actors.drop("receipt").equals(whole.actors.drop("receipt"))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(sorted(set(INPUTS) - {"table"})), seed=st.integers(0, 2**32), changes=st.integers(1, 8))
def test_damaged_bytes_are_read_or_refused_in_words_never_with_a_crash(name, seed, changes, tmp_path):
    import random
    dice = random.Random(seed)
    raw = bytearray(INPUTS[name].read_bytes())
    for _ in range(changes):
        place = dice.randrange(len(raw))
        if dice.random() < 0.2:
            del raw[place:]
            raw = raw or bytearray(b"x")
        else:
            raw[place] = dice.choice([0, 10, 34, 44, 92, 255, dice.randrange(256)])
    path = tmp_path / INPUTS[name].name
    path.write_bytes(raw)

    try:
        found = reading.read(path, allow_rejects=1.0)
    except CotraceError as fault:
        assert str(fault)
    else:
        counts = found.counts
        assert counts["posts"] + counts["rejected"] + counts["duplicates"] + counts["conflicting"] + counts[
            "gathered"] == counts["records"]


# ------------------------------------------------------------------------------------------- containers

HEADER = "post,account,at,text\n"


def csv_of(rows: list[str]) -> bytes:
    return (HEADER + "".join(row + "\n" for row in rows)).encode()


def fine(number: int) -> list[str]:
    return [f"{n},a{n % 5},2026-01-05T10:{n // 60:02d}:{n % 60:02d}Z,words {n}" for n in range(number)]


def test_an_open_quote_loses_its_own_record_and_none_of_the_lines_it_swallowed(tmp_path):
    rows = fine(200)
    rows[99] = '99,a4,2026-01-05T10:01:39Z,"never closed'
    path = tmp_path / "open.csv"
    path.write_bytes(csv_of(rows))

    found = reading.read(path)

    assert found.counts["posts"] == 199
    assert found.rejects.select("record", "line", "reason").rows() == [(100, 101, readers.QUOTING)]
    # the naive reader lets the quote run to the end of the file
    assert len(list(csv.reader(io.StringIO(path.read_text())))) == 1 + 100


def test_a_record_too_short_is_not_filled_up_with_nothing(tmp_path):
    path = tmp_path / "short.csv"
    path.write_bytes(csv_of([*fine(100), "100,a1", "101,a1,2026-01-05T11:00:00Z,one, two"]))

    found = reading.read(path)

    assert [row[:2] for row in found.rejects.select("record", "reason").rows()] == [(101, readers.WIDTH),
                                                                                   (102, readers.WIDTH)]
    # the naive reader makes a post out of the short one
    assert pl.read_csv(io.BytesIO(path.read_bytes()), truncate_ragged_lines=True).height == 102


def test_lines_are_told_where_they_stand_even_after_cells_of_several_lines(tmp_path):
    path = tmp_path / "lines.csv"
    path.write_bytes(csv_of([*fine(60), '60,a1,2026-01-05T11:00:00Z,"one\ntwo\n\nfour"', "61,a1,never,x"]))

    found = reading.read(path)

    assert found.rejects.select("record", "line").rows() == [(62, 66)]
    assert found.posts.filter(pl.col("text").str.contains("four"))["text"].to_list() == ["one\ntwo\n\nfour"]


@pytest.mark.parametrize("pack", ["gz", "zst"])
def test_packed_files_read_as_their_content_and_keep_the_digest_of_their_bytes(pack, tmp_path):
    zstandard = pytest.importorskip("zstandard") if pack == "zst" else None
    plain = INPUTS["jsonl"].read_bytes()
    packed = gzip.compress(plain)
    if zstandard is not None:  # of two frames, as parallel packers write them
        packed = zstandard.compress(plain[:200]) + zstandard.compress(plain[200:])
    path = tmp_path / f"posts.jsonl.{pack}"
    path.write_bytes(packed)

    found = reading.read(path, allow_rejects=1.0)

    assert found.posts.drop("receipt").equals(read("jsonl").posts.drop("receipt"))
    assert found.inputs[0].sha256 == hashlib.sha256(packed).hexdigest()
    path.write_bytes(packed[:-9])
    with pytest.raises(InputError, match="packing is broken"):
        reading.read(path, allow_rejects=1.0)


@pytest.mark.parametrize("pack", ["gz", "zst"])
def test_a_file_that_unpacks_without_end_is_refused_while_it_is_read(pack, tmp_path):
    zstandard = pytest.importorskip("zstandard") if pack == "zst" else None
    plain = b'{"a": "' + b"x" * 100_000 + b'"}\n'
    plain *= 1_200
    path = tmp_path / f"bomb.jsonl.{pack}"
    path.write_bytes(gzip.compress(plain, 9) if zstandard is None else zstandard.compress(plain))

    with pytest.raises(InputError, match="unpacks to more than"):
        reading.read(path)


def test_zstandard_that_is_not_installed_is_named_with_the_way_to_get_it(tmp_path, monkeypatch):
    path = tmp_path / "posts.jsonl.zst"
    path.write_bytes(b"\x28\xb5\x2f\xfd rest")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    with pytest.raises(CotraceError, match=r"cotrace\[zst\]"):
        reading.read(path)


def test_standard_input_is_a_file_too():
    script = "from cotrace import reading; r = reading.read('-'); print(r.posts.height, r.inputs[0].name)"
    done = subprocess.run([sys.executable, "-c", script], input=INPUTS["posts"].read_bytes(), capture_output=True)

    assert done.stdout.decode().split() == ["3", "stdin"], done.stderr.decode()


def test_polars_pandas_and_arrow_tables_are_the_same_table():
    pandas, pyarrow = pytest.importorskip("pandas"), pytest.importorskip("pyarrow")
    frame = pl.read_csv(INPUTS["table"])

    tables = [frame, pandas.DataFrame(frame.to_dict(as_series=False)), pyarrow.table(frame.to_dict(as_series=False))]
    found = [reading.read(table) for table in tables]

    assert all(one.posts.equals(found[0].posts) for one in found)
    with pytest.raises(InputError, match="collect it first"):
        reading.read(frame.lazy())


def test_one_json_value_over_many_lines_reads_as_json_lines(tmp_path):
    lines = [json.loads(line) for line in INPUTS["posts"].read_text().splitlines()]
    path = tmp_path / "posts.json"
    path.write_text(json.dumps(lines, indent=2))

    assert reading.read(path).posts.drop("receipt").equals(read("posts").posts.drop("receipt"))


def test_a_layout_is_one_file(tmp_path, monkeypatch):
    (tmp_path / "letters.py").write_text(
        'WHO = "a test"\nZONE = ("UTC", "a test")\nPLATFORM = "letters"\n\n\ndef mapping(columns):\n'
        '    return {"post": "nr", "account": "from", "at": "sent"} if "nr" in columns else None\n')
    monkeypatch.setattr(readers, "__path__", [*readers.__path__, str(tmp_path)])
    path = tmp_path / "letters.csv"
    path.write_text("nr,from,sent\n1,ana,2026-01-05 10:00:00\n2,ben,2026-01-05 10:00:01\n")

    found = reading.read(path)

    assert found.posts["account"].to_list() == ["letters:ana", "letters:ben"]
    assert "says" not in found.inputs[0].zone and found.inputs[0].format == "csv, letters"
    assert Path(path).exists()


@pytest.mark.parametrize(("columns", "mapping"), [
    ("uri did createdAt text", {"post": "uri", "account": "did", "at": "createdAt", "text": "text"}),
    ("video_id username create_time video_description hashtag_names",
     {"post": "video_id", "account": "username", "account_handle": "username", "at": "create_time",
      "text": "video_description", "tags": "hashtag_names"}),
    ("comment_id author_channel_id published_at text",
     {"post": "comment_id", "account": "author_channel_id", "at": "published_at", "text": "text"}),
    ("id created_at content account.id account.created_at account.note account.acct",
     {"post": "id", "at": "created_at", "text": "content", "account": "account.id", "account_handle": "account.acct",
      "account_created": "account.created_at", "account_bio": "account.note"}),
], ids=["bluesky", "tiktok", "youtube", "mastodon"])
def test_exports_of_other_platforms_are_recognised_by_their_columns(columns, mapping):
    assert parts.load("readers", "columns").mapping(columns.split()) == mapping
