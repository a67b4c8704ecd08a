"""The quick ways of reading give what the slow ways give, byte for byte; and bounded memory changes nothing."""

import gzip
import json
import os
import random
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cotrace import kept, needs, pipeline, readers, reading
from cotrace.case import Case
from cotrace.errors import InputError
from cotrace.progress import quiet
from cotrace.readers import _lines, _rows, jsonl
from cotrace.readers import csv as csv_reader
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


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=st.lists(st.lists(POST, min_size=1, max_size=12), min_size=1, max_size=3), held=st.integers(1, 4000),
       sample=st.integers(1, 3))
def test_a_few_posts_at_a_time_give_the_reading_that_all_at_once_give(files, held, sample, tmp_path, monkeypatch):
    folder = tmp_path / os.urandom(8).hex()
    folder.mkdir()
    monkeypatch.setattr(_shelf, "ROW_GROUP", 2)
    monkeypatch.setattr(_shelf, "SAMPLE", sample)
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
    monkeypatch.setattr(_shelf, "SAMPLE", 3)
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
    take, kept = reading.File._land, []

    def taken(self, some):
        if name == "a":
            with open(path, "a") as more:
                more.write(line % (99, "x"))
        else:
            os.utime(path, ns=(1, 1))  # rewritten to the same size
        return take(self, some)

    monkeypatch.setattr(reading.File, "_land", taken)

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
    (folder / "000000.run").symlink_to("/dev/full")

    with pytest.raises(InputError, match=r"cannot be put aside.*\n.*Make room"):
        reading.read_to(lambda _: None, [path], folder=folder, held=1)


# ------------------------------------------------------------------------------------- by machine code

WORDS = st.one_of(st.text(max_size=6), st.sampled_from([
    "plain", "ünï", "日本", "😀", 'quo"te', "back\\slash", "line\nend", "tab\t", "\x00", "\x7f", "\u2028", "NaN"]))
VALUES = st.recursive(
    st.one_of(WORDS, st.none(), st.booleans(), st.integers(), st.floats(), st.sampled_from(
        [2**53 + 1, 10**25, -0.0, 1e22, 9007199254740993.0])),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(
        st.sampled_from(["a", "b", "c.d", "é"]), inner, max_size=3)), max_leaves=6)
OBJECTS = st.dictionaries(st.sampled_from(["id", "text", "user", "user.name", "tags", "a", "", "data", 'b"c']), VALUES,
                          max_size=6)
RAW = [
    b"", b" ", b"\t\r", b"\x0b\x0c", b"{}", b" { } ", b'["a", 1]', b"7", b"\xef\xbb\xbf{}", b'{"id": "cut of',
    b'{"id": 1,}', b'{"id": 1}}', b'{"id": 1} x', b'{"id": 1}\r', b'{"a": 1\x0b}', b'{"id": tru}', b'{"id": true}',
    b'{"id": nulll}', b'{"id" : 007}', b'{"id": -0}', b'{"id": 1e5}', b'{"id": 1.50}', b'{"id": 12345678901234567890}',
    b'{"id": NaN}', b'{"id": -Infinity}', b'{"id": 1.}', b'{"id": .5}', b'{"id": 1e}', b'{"id": +1}',
    b'{"id": ' + b"9" * 4400 + b"}", b'{"id": ' + b"[" * 70 + b"]" * 70 + b"}", b'{"id": 1, "id": 2}',
    b'{"id": {"a": 1}, "id": {"b": 2}}', b'{"id": "\\ud800"}', b'{"id": "\\ud83d\\ude00"}', b'{"id": "\\udc00"}',
    b'{"id": "\\u0000"}', b'{"id": "\\x"}', b'{"id": "\\u00e9\\/\\b\\f\\n\\r\\t\\"\\\\"}', b'{"id": "\x01"}',
    b'{"\\u0069d": 5}', b'{"id": "\xff"}', b'{"id": "\xed\xa0\x80"}', b'{"id": "\xc0\x80"}', b'{"\xff": 1}',
    b'{"id": "\xf4\x90\x80\x80"}', b'{"id": "\xe2\x82"}', b'{"id": [ "a" ,"b"]}', b'{"id": ["a", ["b"]]}',
    b'{"id": [1, {"x": null}, true]}', b'{"id": [1,]}', b'{"id": []}', b'{"user": {}}', b'{"user": 1}',
    b'{"user": {"name": "n", "deep": {"er": {"a": {"b": {"c": {"d": {"e": 1}}}}}}}}', b'{"meta": {"result_count": 0}}',
    b'{"data": {"id": "1", "text": "t"}}', b'{"id":"1","author_id":"2","text":"t"}']
LINES = st.one_of(st.sampled_from(RAW), OBJECTS.map(lambda one: json.dumps(one).encode()), OBJECTS.map(
    lambda one: json.dumps(one, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")))


def gathered(found) -> tuple[tuple[str, ...], pl.DataFrame, list]:
    found = list(found)
    frame = pl.concat([some.frame for some in found], how="diagonal_relaxed") if found else pl.DataFrame()
    return found[-1].columns if found else (), frame, [fault for some in found for fault in some.faults]


def agree(path: Path, container) -> None:
    source = readers.source(path)
    for choose in (readers.every, lambda columns: [name for name in columns if name in ("id", "text", "user.name")]):
        columns, frame, faults = gathered(container.slices(source, choose))
        columns_slowly, frame_slowly, faults_slowly = gathered(readers.gathered(container.records(source), choose))
        assert faults == faults_slowly
        if frame.height or frame_slowly.height:
            assert columns == columns_slowly
            assert frame.select(sorted(frame.columns)).equals(frame_slowly.select(sorted(frame_slowly.columns)))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(LINES, min_size=1, max_size=14), end=st.sampled_from([b"\n", b""]), block=st.integers(1, 300))
def test_json_lines_by_machine_code_are_what_the_slow_reader_reads(lines, end, block, tmp_path, monkeypatch):
    monkeypatch.setattr(jsonl, "ENOUGH", 1)
    monkeypatch.setattr(_lines, "BLOCK", block)
    path = tmp_path / "posts.jsonl"
    path.write_bytes(b'{"id": "first", "text": "words"}\n' + b"\n".join(lines) + end)

    agree(path, jsonl)


def test_every_odd_line_of_json_is_read_as_the_slow_reader_reads_it(tmp_path, monkeypatch):
    monkeypatch.setattr(jsonl, "ENOUGH", 1)
    path = tmp_path / "posts.jsonl"
    for line in RAW:  # each twice: what the first teaches, the second is read with
        path.write_bytes(b'{"id": "first"}\n' + line + b"\n" + line + b'\n{"id": "last", "new": [1]}\n' + line)

        agree(path, jsonl)


def test_a_line_that_is_too_long_is_one_reject_in_any_block(tmp_path, monkeypatch):
    for module in (readers, jsonl, _lines):
        monkeypatch.setattr(module, "LONGEST", 64)
    monkeypatch.setattr(jsonl, "ENOUGH", 1)
    path = tmp_path / "posts.jsonl"
    for size in (40, 62, 63, 64, 65, 130, 400):
        line = b'{"id": "' + b"x" * (size - 11) + b'"}\n'
        for block in (1, 64, 100, 1000):
            monkeypatch.setattr(_lines, "BLOCK", block)
            path.write_bytes(b'{"id": "a"}\n' + line + line + b'{"id": "b"}\n' + line[:-1])

            agree(path, jsonl)


CSV_ROWS = [
    b"", b"\r", b"1,2,3", b"1,2", b"1,2,3,4", b'"1","2","3"', b'"a""b",2,3', b'"",2,3', b'"a"b,2,3', b'a"b,2,3', b",,",
    b'"two\nlines",2,3', b'"two\r\nlines","x",3', b'1,2,"three\n', b'1,2,"three\n\n"', b"1,2,3\r", b"1,\r2,3",
    b"\r1,2,3",
    b'"1",2,3\r', b'"1"\r,2,3', b"\xff,2,3", b"\xc3\xa9,\xe6\x97\xa5,\xf0\x9f\x98\x80", b"\xed\xa0\x80,2,3",
    b"\xc3,2,3", b'"\xff\n",2,3', b"a\x00b,2,3", b'"a\x00",2,3', b'"open,2,3', b" 1 , 2 ,3", b'1, "2",3', b'1,2,""""',
    b'1,2,"""', b'"', b'""', b'1,2,"x" ', b"\xe2\x80\xa8,2,3", b"'1','2',3", b"\\,2,3", b'1,2,"a,b"', b"1;2;3",
    b'"1\r2",2,3', b"NA,,3"]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.one_of(st.sampled_from(CSV_ROWS), st.binary(max_size=12), st.text('a,"\n\ré', max_size=8).map(
    lambda one: one.encode())), min_size=1, max_size=14), end=st.sampled_from([b"\n", b"\r\n", b""]),
    block=st.integers(1, 200), room=st.integers(1, 5), header=st.sampled_from([
        b"id,text,c\n", b"\xef\xbb\xbfid,text,c\r\n", b'"id","te""xt\n",c\n', b"id;text\n"]))
def test_csv_by_machine_code_is_what_the_slow_reader_reads(rows, end, block, room, header, tmp_path, monkeypatch):
    for name, size in {"ENOUGH": 0, "BLOCK": block}.items():
        monkeypatch.setattr(csv_reader, name, size)
    monkeypatch.setattr(_rows, "ROWS", room)
    path = tmp_path / "posts.csv"
    path.write_bytes(header + b"1,2,3\n" + b"\n".join(rows) + end)

    agree(path, csv_reader)


def test_a_record_of_csv_that_is_too_long_is_one_reject_in_any_block(tmp_path, monkeypatch):
    for module in (readers, csv_reader, _rows):
        monkeypatch.setattr(module, "LONGEST", 64)
    monkeypatch.setattr(csv_reader, "ENOUGH", 0)
    path = tmp_path / "posts.csv"
    for size in (40, 58, 59, 60, 61, 130):
        for cell in (b"x" * size, b'"' + b"x" * size + b'"', b'"' + b"x\n" * (size // 2) + b'"', b'"' + b"x\n" * size):
            for block in (1, 100, 1000):
                monkeypatch.setattr(csv_reader, "BLOCK", block)
                path.write_bytes(b"id,text\n1,a\n2," + cell + b"\n3,c\n4," + cell)

                agree(path, csv_reader)


# ---------------------------------------------------------------------------------------- into a case

HOW = {"columns": None, "zone": None, "platform": None, "allow_rejects": 0.05}


def some_posts(path: Path, number: int = 300) -> Path:
    rows = [{"id": str(n), "account": f"a{n % 7}", "at": f"2026-01-{n * 7 % 28 + 1:02d}T10:00:{n % 60:02d}Z",
             "text": f"words {n}"} for n in range(number)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_posts_that_do_not_fit_into_memory_lie_in_the_case_as_those_that_do(tmp_path, monkeypatch):
    monkeypatch.setattr(_shelf, "ROW_GROUP", 20)
    monkeypatch.setattr(_shelf, "SAMPLE", 1)
    monkeypatch.setattr(readers.gathered, "__defaults__", (readers.every, 40))
    path = some_posts(tmp_path / "posts.jsonl")

    small = kept.read(Case(tmp_path / "small"), [path], quiet, held=2000, **HOW)[0]
    large = kept.read(Case(tmp_path / "large"), [path], quiet, **HOW)[0]

    same(small, large)
    blobs = [len(list((tmp_path / name / "blobs").glob("??/*"))) for name in ("small", "large")]
    assert blobs[0] > blobs[1] == 4
    assert not (tmp_path / "small" / "waiting").exists()


def test_a_refused_file_leaves_the_case_as_it_was_and_the_same_command_goes_on(tmp_path, monkeypatch):
    path = some_posts(tmp_path / "posts.jsonl")
    case, whole = Case(tmp_path / "c"), reading.File.whole

    def grown(self, container):
        with open(path, "a") as more:
            more.write("\n")
        return whole(self, container)

    monkeypatch.setattr(reading.File, "whole", grown)
    with case.working(), pytest.raises(InputError, match="was changed while it was being read"):
        kept.take(case, [path], quiet, **HOW)
    assert not case.facts and {one.name for one in (tmp_path / "c").iterdir()} == {"case.json", "lock"}

    monkeypatch.undo()
    with case.working():
        blob, _ = kept.take(case, [path], quiet, **HOW)

    assert kept.reading_of(case, blob).posts.height == 300
    assert kept.take(case, [path], quiet, **HOW)[0] == blob and len(case.facts) == 2


def test_a_disk_that_is_full_while_posts_are_kept_is_said_so(tmp_path, monkeypatch):
    path, case = some_posts(tmp_path / "posts.jsonl"), Case(tmp_path / "c")

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pl.DataFrame, "write_parquet", full)
    with pytest.raises(InputError, match=r"cannot be kept.*No space left(.|\n)*Make room"):
        kept.take(case, [path], quiet, **HOW)

    assert not case.facts


# ------------------------------------------------------------------------------------- before it starts

@pytest.mark.parametrize("kind", ["csv", "jsonl", "jsonl.gz", "jsonl.zst", "parquet"])
def test_what_a_run_will_need_is_told_about_right(kind, tmp_path):
    number = pl.int_range(60_000, eager=True)
    frame = pl.DataFrame({"id": number * 7919, "account": number % 999, "text": (number * 31337).cast(pl.String)})
    frame = frame.with_columns(at=pl.lit("2026-01-05T10:00:00Z"))
    path = tmp_path / f"posts.{kind}"
    if kind == "parquet":
        frame.write_parquet(path)
    elif kind == "csv":
        frame.write_csv(path)
    else:
        zstandard = pytest.importorskip("zstandard")
        pack = {"jsonl": bytes, "jsonl.gz": gzip.compress, "jsonl.zst": zstandard.compress}[kind]
        path.write_bytes(pack(frame.write_ndjson().encode()))

    told = needs.before([path])

    assert 0.9 * 60_000 <= told.posts <= 1.1 * 60_000
    assert told.memory > needs.MEMORY_BASE
    for part in ("about", "of memory", "of disk", "of processor time"):
        assert part in told.words(tmp_path)


def test_a_run_that_cannot_fit_is_refused_before_anything_is_read(tmp_path, monkeypatch):
    path = some_posts(tmp_path / "posts.jsonl", 3000)
    monkeypatch.setattr(reading.File, "whole", lambda *_: pytest.fail("it was read"))

    with pytest.raises(InputError, match=r"3,000 posts need about .* MiB of memory, and --memory allows 351.0 MiB"):
        pipeline.run([path], case=tmp_path / "c", memory=351 * 2**20)

    assert not (tmp_path / "c").exists()


def test_little_memory_reads_in_smaller_stretches(tmp_path):
    told = needs.before([some_posts(tmp_path / "posts.jsonl", 3000)])

    held = [needs.refuse_before(told, size) for size in (None, 2**29, 2**31, 2**40)]

    assert held[0] is None and needs.LEAST <= held[1] < held[2] < held[3] == reading.RUN


def test_nothing_is_told_of_what_can_be_read_only_once(tmp_path):
    assert needs.before("-") is None and needs.before(tmp_path / "nowhere.csv") is None
    (tmp_path / "cat.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(60))
    assert needs.before(tmp_path / "cat.png") is None
