"""Reading: what is left out is counted and placed, what is open is asked once, what is wrong is refused in words."""

import gzip
import json
import os
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from cotrace import normalise, readers, reading
from cotrace.cli import answer
from cotrace.errors import InputError
from cotrace.readers import csv
from cotrace.tables import ACTORS, POSTS, REJECTS

START = datetime(2026, 1, 5, 10)


def rows(number: int, *, seconds: int = 7, accounts: int = 5) -> list[dict]:
    return [{"id": str(n), "account": f"a{n % accounts}", "text": f"words {n}",
             "at": (START + timedelta(seconds=seconds * n)).isoformat() + "Z"} for n in range(number)]


def written(path: Path, records: list[dict]) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


# ----------------------------------------------------------------------------- left out, counted, placed

def test_an_identical_second_record_is_dropped_and_counted(tmp_path):
    found = reading.read(written(tmp_path / "a.jsonl", rows(40) + rows(3)))

    assert (found.counts["records"], found.counts["posts"], found.counts["duplicates"]) == (43, 40, 3)
    assert found.rejects.is_empty()


def test_of_one_id_with_two_contents_both_are_kept_out_and_reported(tmp_path):
    changed = {**rows(40)[7], "text": "other words"}

    found = reading.read(written(tmp_path / "a.jsonl", [*rows(40), changed]), allow_rejects=0.1)

    assert found.counts["posts"] == 39 and found.counts["conflicting"] == 2
    assert found.rejects.select("record", "line", "reason").rows() == [
        (8, 8, normalise.CONFLICT), (41, 41, normalise.CONFLICT)]
    assert "unknown:7" not in found.posts["post"].to_list()


def test_duplicates_and_conflicts_are_seen_across_files(tmp_path):
    changed = {**rows(60)[7], "text": "other words"}
    one, two = written(tmp_path / "1.jsonl", rows(30)), written(tmp_path / "2.jsonl", [*rows(60)[20:], changed])

    found = reading.read([one, two], allow_rejects=0.1)

    assert found.counts["duplicates"] == 10 and found.counts["conflicting"] == 2
    assert set(found.rejects["file"]) == {"1.jsonl", "2.jsonl"}
    assert found.posts.drop("receipt").equals(reading.read([two, one], allow_rejects=0.1).posts.drop("receipt"))
    assert found.posts.equals(reading.read([two, one], allow_rejects=0.1).posts)


def test_more_than_a_twentieth_of_wrong_records_stops_with_the_reasons_counted(tmp_path):
    wrong = [{**row, "at": "never"} for row in rows(3)] + [{**rows(1)[0], "id": None}] * 2
    path = written(tmp_path / "a.jsonl", rows(90)[3:] + wrong)

    with pytest.raises(InputError) as fault:
        reading.read(path)

    said = str(fault.value)
    assert "5 of 92" in said and "3  not a time" in said and "2  missing id" in said and "--allow-rejects 0.06" in said
    assert "a.jsonl, record 88, line 88" in said
    assert reading.read(path, allow_rejects=0.06).counts["rejected"] == 5


def test_a_post_without_time_or_account_is_kept_and_counted(tmp_path):
    idle = [{"id": "x", "account": None, "at": rows(1)[0]["at"]}, {"id": "y", "account": "a1", "at": None}]

    found = reading.read(written(tmp_path / "a.jsonl", rows(20) + idle))

    assert (found.counts["without_time"], found.counts["without_account"], found.counts["rejected"]) == (1, 1, 0)
    assert found.posts.height == 22 and found.posts["at"][-1] is None


def test_what_is_read_has_the_columns_of_the_tables(tmp_path):
    found = reading.read(written(tmp_path / "a.jsonl", rows(20)))

    assert (dict(found.posts.schema), dict(found.actors.schema), dict(found.rejects.schema)) == (POSTS, ACTORS, REJECTS)
    assert found.posts["at"].is_sorted()


# ------------------------------------------------------------------------------------ asked once, before

def test_a_zoneless_column_stops_once_and_names_itself_and_two_values(tmp_path):
    bare = [{**row, "at": row["at"].rstrip("Z")} for row in rows(20)]
    files = [written(tmp_path / "1.jsonl", bare[:10]), written(tmp_path / "2.jsonl", bare[10:])]

    with pytest.raises(InputError) as fault:
        reading.read(files)

    said = str(fault.value)
    assert "1.jsonl, column 'at': '2026-01-05T10:00:00' and '2026-01-05T10:00:07'" in said and "2.jsonl" in said
    found = reading.read(files, zone="Europe/Moscow")
    assert found.posts["at"][0].hour == 7 and found.inputs[0].zone == "Europe/Moscow (says --zone)"
    with pytest.raises(InputError, match="no time zone"):
        reading.read(files, zone="Moscow")


def test_a_documented_zone_is_used_and_whose_word_it_is_is_said(tmp_path):
    path = tmp_path / "io.csv"
    path.write_text("tweetid,userid,tweet_time,tweet_text\n" + "".join(
        f"{n},u{n % 3},2026-01-05 10:{n:02d},words\n" for n in range(20)))

    found = reading.read(path)

    assert "Twitter" in found.inputs[0].zone and found.posts["at"][0].hour == 10
    assert found.inputs[0].resolution_s == 60 and found.posts["at_resolution"].unique().to_list() == [60]


def test_the_guess_is_overruled_by_the_caller(tmp_path):
    path = written(tmp_path / "a.jsonl", [
        {"nr": row["id"], "when": row["at"], "account": row["account"]} for row in rows(20)])

    with pytest.raises(InputError, match=r"no column that is post.*\n.*nr, when"):
        reading.read(path)
    with pytest.raises(InputError, match="No file has a column 'nr2'"):
        reading.read(path, columns={"post": "nr2", "at": "when"})
    with pytest.raises(InputError, match="A post has no column tweet"):
        reading.read(path, columns={"tweet": "nr"})
    found = reading.read(path, columns={"post": "nr", "at": "when"})
    assert found.counts["posts"] == 20 and ("post", "nr") in found.inputs[0].mapping


def test_a_verdict_in_the_file_never_enters(tmp_path):
    plain, told = rows(20), [{**row, "label": "troll", "source": "a list", "class": 1} for row in rows(20)]

    one, two = (reading.read(written(tmp_path / f"{n}.jsonl", part)) for n, part in enumerate((plain, told)))

    assert one.posts.drop("receipt").equals(two.posts.drop("receipt"))


# ----------------------------------------------------------------------------------------- resolution

def test_splitting_a_file_leaves_its_resolution_as_it_is(tmp_path):
    minutes = rows(30, seconds=60)
    parts = [written(tmp_path / f"{n}.jsonl", minutes[n : n + 3]) for n in range(0, 30, 3)]  # too few to tell, each

    found = reading.read(parts)

    assert {entry.resolution_s for entry in found.inputs} == {60}
    assert found.posts.drop("receipt").equals(
        reading.read(written(tmp_path / "whole.jsonl", minutes)).posts.drop("receipt"))


def test_files_of_two_resolutions_keep_their_own_and_it_is_said(tmp_path):
    later = [{**row, "id": f"m{row['id']}"} for row in rows(30, seconds=60)]

    found = reading.read([written(tmp_path / "s.jsonl", rows(30)), written(tmp_path / "m.jsonl", later)])

    assert [entry.resolution_s for entry in found.inputs] == [1, 60]
    assert any("coarsest" in note for note in found.notes)


# ------------------------------------------------------------------------------------------- refusals

@pytest.mark.parametrize(("name", "content", "said"), [
    ("empty.csv", b"", "is empty"),
    ("blank.csv", b"\n\n  \n", "is empty"),
    ("header.csv", b"id,account,at\n", "holds no record"),
    ("cat.png", b"\x89PNG\r\n\x1a\n" + bytes(60), "a PNG image"),
    ("cat.csv", b"\xff\xd8\xff\xe0" + bytes(60), "a JPEG image"),
    ("book.xlsx", b"PK\x03\x04" + bytes(60), "a ZIP archive"),
    ("posts.csv", "id,account,at\n1,a,b\n".encode("utf-16"), "UTF-16"),
    ("posts.parquet", b"PAR1" + bytes(60), "cannot be read"),
    ("posts.txt", "id,account,at\n1,a,b\n".encode("utf-16-le"), "UTF-16"),
    ("old.csv", b"id,account,at\r1,a,b\r2,a,b\r", "carriage return alone"),
    ("twice.csv.gz", gzip.compress(gzip.compress(b"id,account,at\n1,a,b\n")), "a gzip archive in another"),
    ("latin.jsonl", '{"id": "é"}\n'.encode("latin-1") * 3, "iconv"),
    ("half.jsonl", b'{"id": "\\ud800"}\n' * 3, "Not one record of half.jsonl can be read"),
    ("chat.json", b'{"name": "c",\n"messages": [{"id": 1}]}', "one JSON object"),
    ("page.html", b"<!DOCTYPE html><p>", "a web page"),
    ("twice.csv", b"id,id,at\n1,2,3\n", "names 'id' twice"),
    ("columns.csv", b"id,who,at\n1,a,2026-01-05T10:00:00Z\n", "no column that is account"),
    ("onetime.csv", b"id,account,at\n1,a,2026-01-05T10:00:00Z\n2,b,2026-01-05T10:00:00Z\n", "same time"),
    ("one.csv", b"id,account,at\n1,a,2026-01-05T10:00:00Z\n2,a,2026-01-05T10:00:01Z\n", "one account"),
    ("nothing.csv", b"id,account,at\n1,,2026-01-05T10:00:00Z\n2,b,\n", "nothing can act"),
    ("rubbish.csv", b"id,account,at\n1,a,x\n2,b,y\n", "None of 2 records"),
], ids=lambda one: one if isinstance(one, str) else "bytes")  # gzip's hold the second in which each worker asks
def test_a_file_that_cannot_be_used_leaves_with_2_and_a_way_out(name, content, said, tmp_path, capsys):
    path = tmp_path / name
    path.write_bytes(content)

    with pytest.raises(InputError) as fault:
        reading.read(path)

    assert said in str(fault.value) and "\n" in str(fault.value)
    fatal = name not in ("onetime.csv", "one.csv", "nothing.csv", "rubbish.csv")
    assert answer(["inspect", str(path)]) == (2 if fatal else 0)  # inspect still shows what can be shown
    assert "Traceback" not in capsys.readouterr().err


def test_a_pipe_that_nobody_writes_to_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")

    with pytest.raises(InputError, match="standard input"):
        reading.read(tmp_path / "pipe.csv")
    with pytest.raises(InputError, match="standard input"):
        reading.read("/dev/null")
    with pytest.raises(InputError, match="nothing is fetched"):
        reading.read("https://posts.example/a.csv")


@pytest.mark.parametrize("by_machine_code_from", [8 * 2**20, 0])
def test_a_table_saved_for_excel_reads_as_the_table(by_machine_code_from, tmp_path, monkeypatch):
    monkeypatch.setattr(csv, "ENOUGH", by_machine_code_from)
    said = "id;account;at\n" + "".join(f"{i};a{i % 3};2026-01-05T10:00:{i:02}Z\n" for i in range(30))
    (tmp_path / "plain.csv").write_text(said)
    (tmp_path / "marked.csv").write_text("\ufeff\ufeff" + said)
    (tmp_path / "excel.csv").write_text("\ufeffsep=;\r\n" + said.replace(";a2;", ";;bad;"))

    plain, marked, excel = (reading.read(tmp_path / f"{name}.csv", allow_rejects=0.5)
                            for name in ("plain", "marked", "excel"))

    assert marked.posts.drop("receipt").equals(plain.posts.drop("receipt"))
    assert excel.posts.drop("receipt").equals(
        plain.posts.drop("receipt").filter(pl.col("account") != "unknown:a2"))
    assert excel.rejects.select("record", "line").row(0) == (3, 5)  # the third record stands on the fifth line
    assert readers.follow(tmp_path / "excel.csv", 1)["id"] == "0"


def test_accounts_known_by_id_in_one_file_and_by_handle_in_another_are_not_found_beside_themselves(tmp_path):
    by_id = [{**row, "account": f"10{row['account'][1:]}", "username": f"Name{row['account']}"}
             for row in rows(60, accounts=20)]
    by_handle = [{**row, "id": f"p{row['id']}", "account": f"name{row['account']}"} for row in rows(60, accounts=20)]
    one, other = written(tmp_path / "ids.jsonl", by_id), written(tmp_path / "handles.jsonl", by_handle)
    few = written(tmp_path / "few.jsonl", by_handle[:2])

    assert reading.read([other]).height and reading.read([one]).height == 60
    assert reading.read([one, few]).height == 62  # two may be anything
    for read in (reading.read, lambda files: reading.together(reading.apart(files))):
        with pytest.raises(InputError, match="20 accounts stand under their id and"):
            read([one, other])


def test_paths_that_are_no_files_are_refused_in_words(tmp_path, monkeypatch):
    with pytest.raises(InputError, match="There is no file"):
        reading.read(tmp_path / "nowhere.csv")
    with pytest.raises(InputError, match="is a folder"):
        reading.read(tmp_path)
    with pytest.raises(InputError, match="No file of posts"):
        reading.read([])
    path = written(tmp_path / "a.jsonl", rows(20))
    (tmp_path / "b.jsonl").write_bytes(path.read_bytes())
    with pytest.raises(InputError, match="byte for byte"):
        reading.read([path, tmp_path / "b.jsonl"])

    def forbidden(*_):
        raise PermissionError(13, "Permission denied")
    monkeypatch.setattr("builtins.open", forbidden)
    with pytest.raises(InputError, match="may not be read"):
        readers.source(path)


# -------------------------------------------------------------------------------------------- inspect

def test_inspect_tells_what_would_be_read(tmp_path, capsys):
    path = written(tmp_path / "a.jsonl", [{**row, "lang": "en"} for row in rows(30)] + [{"id": "x", "account": "b"}])

    assert answer(["inspect", str(path)]) == 0
    said = capsys.readouterr().out
    for piece in ("jsonl", "account = account", "1 s", "6 accounts", "en 30", "unknown 1",
                  "2026-01-05T10:00:00", "words 0", "1 without time", "Problems: 0"):
        assert piece in said, piece


def test_inspect_strict_leaves_with_1_where_there_is_any_problem(tmp_path, capsys):
    fine = written(tmp_path / "a.jsonl", rows(30))
    wrong = written(tmp_path / "b.jsonl", [*rows(30), {"id": "x", "account": "b", "at": "never"}])

    assert answer(["inspect", str(fine), "--strict"]) == 0
    assert answer(["inspect", str(wrong)]) == 0
    capsys.readouterr()
    assert answer(["inspect", str(wrong), "--strict", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["problems"] == [["b.jsonl, record 31, line 31", "not a time: never"]]


def test_names_and_texts_of_strangers_cannot_steer_the_terminal(tmp_path, capsys):
    evil = "\x1b]0;owned\x07\x1b[31m\u202eback\u2066\u200b\x9b2J\r"
    path = written(tmp_path / "a.jsonl", [{**row, "text": evil, "lang": evil, "user\x1b[1m": 1} for row in rows(20)]
                   + [{**rows(1)[0], "id": evil}])

    assert answer(["inspect", str(path)]) == 0

    out, err = capsys.readouterr()
    assert not set("\x1b\x07\x9b\r\u202e\u2066") & set(out + err)
    assert reading.clean("a\nb\u202ec") == "a bc"


@pytest.mark.parametrize("options", [["--column", "post"], ["--column", "post=a", "--column", "post=b"],
                                     ["--column", "nonsense=id"], ["--zone", "Mars"], ["--platform", "a:b"]])
def test_a_wrong_option_leaves_with_2(options, tmp_path, capsys):
    assert answer(["inspect", str(written(tmp_path / "a.jsonl", rows(20))), *options]) == 2
    assert capsys.readouterr().err


# ------------------------------------------------------------------------------------------- real data

@pytest.mark.parametrize(("name", "records", "posts", "resolution"), [
    ("mixA", 112_968, 112_968, 60), ("telegram_ru_news", 22_099, 22_099, 1), ("reddit_ira_comments", 6_711, 6_691, 1),
    ("io_iran_venezuela_ira_vs_real_small", 6_930, 6_930, 1), ("ira_facebook_ads", 3_517, 3_517, 1),
    ("facebook_linkshare_sample", 160, 160, 1)])
def test_the_shared_collections_read_whole(name, records, posts, resolution, shared):
    found = reading.read(shared / "data" / "posts" / f"{name}.parquet")

    assert (found.counts["records"], found.counts["posts"], found.rejects.height) == (records, posts, 0)
    assert found.counts["duplicates"] == records - posts
    assert found.inputs[0].resolution_s == resolution
    frame = pl.read_parquet(shared / "data" / "posts" / f"{name}.parquet")
    assert not {"label", "source"} & {theirs for _, theirs in found.inputs[0].mapping}
    for row in found.posts.sample(3, seed=1).iter_rows(named=True):  # a receipt leads to the very row
        raw = frame.row(int(row["receipt"].rpartition("#")[2]) - 1, named=True)
        assert (row["post"].split(":", 1)[1], row["at"]) == (raw["post_id"], raw["posted_at"])
        assert row["text"] == (raw["text"] or None)


def test_channels_of_telegram_are_channels(shared):
    found = reading.read(shared / "data" / "posts" / "telegram_ru_news.parquet")

    assert set(found.posts["account_kind"]) == {"channel"} and set(found.actors["kind"]) == {"channel"}


def test_real_posts_in_csv_json_lines_and_parquet_are_the_same_posts(shared, tmp_path):
    frame = pl.read_parquet(shared / "data" / "posts" / "io_iran_venezuela_ira_vs_real_small.parquet").head(2000)
    path = tmp_path / "posts.parquet"
    frame.write_parquet(path)
    frame.write_ndjson(tmp_path / "posts.jsonl")
    joined = [pl.format("[{}]", pl.col(name).list.join(", ")).alias(name) for name in ("urls", "hashtags", "mentions")]
    frame.with_columns(*joined, pl.col("posted_at").dt.strftime("%Y-%m-%dT%H:%M:%S%.6f+00:00")).write_csv(
        tmp_path / "posts.csv")

    whole = reading.read(path).posts

    assert reading.read(tmp_path / "posts.jsonl").posts.drop("receipt").equals(whole.drop("receipt"))
    assert reading.read(tmp_path / "posts.csv").posts.drop("receipt").equals(whole.drop("receipt"))
    mixed = reading.read(frame.sample(fraction=1, shuffle=True, seed=1)).posts
    assert mixed.drop("receipt").equals(whole.drop("receipt"))


def test_the_four_columns_of_coortweet_become_posts_with_their_objects_as_links(shared):
    found = reading.read(shared / "data" / "peers" / "russian_coord_tweets.parquet")
    frame = pl.read_parquet(shared / "data" / "peers" / "russian_coord_tweets.parquet")

    assert (found.counts["records"], found.counts["posts"], found.counts["gathered"]) == (35_125, 35_085, 40)
    assert found.posts["links"].list.explode().n_unique() == frame["object_id"].n_unique()
    # one record stands there twice, word for word: its object counts once
    assert found.posts["links"].list.len().sum() == frame.n_unique() == frame.height - 1
