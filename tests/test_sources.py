"""Registries are quoted, never believed."""

import json
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cotrace import parts, sources, tables
from cotrace.cli import answer
from cotrace.errors import InputError

GOLDEN = Path(__file__).parent / "golden" / "sources"
GOOD = {
    "source": "Farm",
    "selector_type": "account",
    "selector": "1001",
    "identified_by": "Senate",
    "at": "2018-08-22",
    "cites": "Report, page 4",
}


def written(folder: Path, *records: dict, name: str = "registry.json") -> Path:
    """A registry with these changes to a good record, one each; a value of None takes the column out."""
    path = folder / name
    rows = [{key: value for key, value in {**GOOD, **record}.items() if value is not None} for record in records]
    path.write_text(json.dumps(rows), encoding="utf-8")
    return path


def problems(path: Path) -> list[str]:
    return [found.found for found in sources.check(path) if found.level == "problem"]


# --------------------------------------------------------------------------------------------- laws on every format


@pytest.mark.parametrize("name", parts.names("sources"))
def test_what_a_format_wrote_reads_as_the_same_registry(name, tmp_path):
    golden = next(GOLDEN.glob(f"{name}.*"))

    first = sources.read(golden)
    again = tmp_path / golden.name
    sources.write(first, again)

    assert sources.read(again).drop("receipt").equals(first.drop("receipt"))
    assert again.read_bytes() == golden.read_bytes(), "a golden registry is written as we write"


@pytest.mark.parametrize("name", parts.names("sources"))
def test_every_selector_keeps_who_identified_it_and_where(name):
    golden = next(GOLDEN.glob(f"{name}.*"))

    read = sources.read(golden)

    assert read.schema == pl.Schema(tables.SOURCES)
    assert read.height >= 3
    for row in read.iter_rows(named=True):
        assert row["identified_by"]
        assert row["cites"]
        assert row["receipt"].startswith("sha256:")
    assert [int(row.split("#")[1]) for row in read["receipt"]] == list(range(1, read.height + 1))


@pytest.mark.parametrize("name", parts.names("sources"))
def test_withdrawn_selectors_are_kept_and_give_no_word(name):
    read = sources.read(next(GOLDEN.glob(f"{name}.*")))

    assert read["withdrawn"].is_not_null().any()
    assert sources.usable(read)["withdrawn"].is_null().all()


@pytest.mark.parametrize("name", parts.names("sources"))
@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"\x00\xff\xfe\x80",
        b"\x89PNG\r\n\x1a\n",
        b"PK\x03\x04",
        b"[" * 100_000,
        b"[1, 2]",
        b'[{"a": {}}]',
        b"[NaN]",
        b'[{"source": "a", "source": "b"}]',
        b"source,selector_type,selector\na,b\n",
        b'source,selector_type,selector\n"a',
        b"source,selector_type,selector,source\n",
        b'[{"source": "\\ud800", "selector_type": "text", "selector": "x"}]',
    ],
)
def test_a_hostile_registry_gives_a_message_and_nothing_else(name, damage, tmp_path):
    path = tmp_path / f"registry.{name}"
    path.write_bytes(damage)

    found = sources.check(path)

    assert found
    assert found[0].record == 0
    with pytest.raises(InputError):
        sources.read(path)


cells = st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"]), max_size=30))


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.fixed_dictionaries(
            {
                "source": st.text(st.characters(categories=["L", "N"]), min_size=1),
                "selector_type": st.sampled_from(list(sources.TYPES)),
                "selector": st.text(st.characters(categories=["L", "N", "P"]), min_size=1),
                "identified_by": cells,
                "at": cells,
                "cites": cells,
                "name": cells,
                "note": cells,
                "withdrawn": cells,
            }
        ),
        min_size=1,
        max_size=5,
    ),
    suffix=st.sampled_from([".csv", ".json"]),
)
def test_any_registry_survives_writing_and_reading(rows, suffix, tmp_path_factory):
    folder = tmp_path_factory.mktemp("registry")
    start = folder / "start.json"
    start.write_text(json.dumps(rows), encoding="utf-8")

    read = sources.read(start)
    sources.write(read, folder / f"again{suffix}")

    assert sources.read(folder / f"again{suffix}").drop("receipt").equals(read.drop("receipt"))


# ------------------------------------------------------------------------------------------------------------ checking


@pytest.mark.parametrize(
    ("kind", "selector"),
    [
        ("email", "nobody.example"),
        ("email", "a@b"),
        ("domain", "two words.example"),
        ("domain", "farm"),
        ("domain", "farm.example/path"),
        ("domain", "10.0.0.1"),
        ("ip", "300.1.1.1"),
        ("ip", "1.2.3"),
        ("account", "10 01"),
        ("handle", "two words"),
        ("handle", "@"),
        ("url", "https:///path"),
        ("url", "farm"),
        ("url", "javascript:alert(1)"),
        ("phone", "12-ab"),
        ("phone", "123"),
        ("wallet", "short"),
        ("media", "xyz"),
        ("tracker", "analytics"),
        ("url", "http://[::1"),
    ],
)
def test_an_impossible_selector_is_reported_and_gives_no_word(kind, selector, tmp_path):
    path = written(tmp_path, {"selector_type": kind, "selector": selector})

    assert any("impossible" in found for found in problems(path)), sources.check(path)
    assert sources.usable(sources.read(path)).is_empty()


@pytest.mark.parametrize(
    ("kind", "selector"),
    [
        ("domain", "t.co"),
        ("domain", "www.facebook.com"),
        ("domain", "m.youtube.com"),
        ("domain", "bit[.]ly"),
        ("url", "https://t.co/"),
        ("url", "http://127.0.0.1/x"),
        ("ip", "127.0.0.1"),
        ("ip", "192.168.1.4"),
        ("ip", "10.0.0.1"),
        ("ip", "8.8.8.8"),
        ("ip", "::1"),
        ("domain", "co.uk"),
        ("text", "Good morning"),
        ("email", "a@example.com"),
        ("media", "d41d8cd98f00b204e9800998ecf8427e"),
    ],
)
def test_common_property_is_reported_with_its_reason_and_gives_no_word(kind, selector, tmp_path):
    path = written(tmp_path, {"selector_type": kind, "selector": selector})

    assert any("common property: " in found for found in problems(path)), sources.check(path)
    assert sources.usable(sources.read(path)).is_empty()


@pytest.mark.parametrize(
    ("kind", "selector"),
    [
        ("domain", "farm.example.ru"),
        ("domain", "xn--80ak6aa92e.com"),
        ("domain", "новости.рф"),
        ("domain", "farm.blogspot.com"),
        ("url", "https://t.co/AbCdEf"),
        ("url", "https://facebook.com/farm"),
        ("url", "farm.ru/x?id=7"),
        ("ip", "93.184.216.34"),
        ("ip", "2606:2800:220:1:248:1893:25c8:1946"),
        ("email", "boss@farm.ru"),
        ("phone", "+7 (495) 123-45-67"),
        ("account", "u_1"),
        ("account", "@user:server.org"),
        ("handle", "@Farm_1"),
        ("tracker", "UA-1234567-1"),
        ("tracker", "pub-123456"),
        ("wallet", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),
        ("media", "sha256:" + "ab1" * 8),
        ("text", "The vote was counted twice in three northern districts"),
    ],
)
def test_a_possible_selector_passes(kind, selector, tmp_path):
    path = written(tmp_path, {"selector_type": kind, "selector": selector})

    assert problems(path) == []
    assert sources.usable(sources.read(path)).height == 1


@pytest.mark.parametrize(
    ("kind", "spelled", "plain"),
    [
        ("url", "hxxps://farm[.]example[.]ru/x", "https://farm.example.ru/x"),
        ("domain", "farm(.)ru", "farm.ru"),
        ("domain", "farm[dot]ru", "farm.ru"),
        ("email", "boss(at)farm.ru", "boss@farm.ru"),
        ("email", "boss[@]farm[.]ru", "boss@farm.ru"),
        ("ip", "93[.]184[.]216[.]34", "93.184.216.34"),
        ("url", "hXXp[://]farm.ru", "http://farm.ru"),
        ("domain", "farm{.}ru", "farm.ru"),
        ("domain", r"farm\.ru", "farm.ru"),
    ],
)
def test_defanged_spellings_are_understood_and_said(kind, spelled, plain, tmp_path):
    path = written(tmp_path, {"selector_type": kind, "selector": spelled})

    found = sources.check(path)

    assert [(one.level, "defanged" in one.found) for one in found] == [("note", True)]
    assert sources.canonical(kind, spelled) == sources.canonical(kind, plain) is not None
    assert sources.read(path)["selector"].to_list() == [spelled], "quoted as published"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"cites": None}, "no cites"),
        ({"cites": " "}, "no cites"),
        ({"identified_by": None}, "no identified_by"),
        ({"at": None}, "no at"),
        ({"at": "last summer"}, "no ISO date"),
        ({"at": "2018-13"}, "no ISO date"),
        ({"valid_from": "2018-02-01", "valid_to": "2018-01-01"}, "valid_to is before valid_from"),
        ({"selector_type": "shoe size"}, "unknown"),
        ({"valid_from": "31.12.2018"}, "no date"),
        ({"selector": None}, "no selector"),
        ({"source": None}, "no source"),
        ({"platform": "two words"}, "cannot be one"),
    ],
)
def test_what_keeps_a_record_from_giving_a_word_is_reported(change, said, tmp_path):
    path = written(tmp_path, change)

    found = sources.check(path)

    assert any(said in one.found and one.record == 1 and one.do for one in found if one.level == "problem"), found


def test_a_selector_without_citation_gives_no_word(tmp_path):
    read = sources.read(written(tmp_path, {}, {"cites": None, "selector": "1002"}))

    assert read.height == 2
    assert sources.usable(read)["selector"].to_list() == ["1001"]


def test_a_withdrawal_ends_what_the_same_voice_says_elsewhere_and_nothing_else(tmp_path):
    read = sources.read(written(tmp_path, {}, {"withdrawn": "2019-01-01"}, {"identified_by": "Newsroom"}))

    assert sources.usable(read)["identified_by"].to_list() == ["Newsroom"]


def test_a_selector_twice_is_reported_in_whatever_spelling(tmp_path):
    path = written(
        tmp_path,
        {"selector_type": "domain", "selector": "farm.ru"},
        {"selector_type": "domain", "selector": "WWW.farm[.]ru"},
        {"selector_type": "domain", "selector": "farm.ru", "identified_by": "Newsroom"},
    )

    assert [one.record for one in sources.check(path) if "same selector" in one.found] == [2]


def test_a_record_that_cannot_be_read_stops_the_reading_with_its_place(tmp_path):
    with pytest.raises(InputError, match=r"registry\.json, record 2: .*shoe size.* is unknown"):
        sources.read(written(tmp_path, {}, {"selector_type": "shoe size"}))


def test_a_column_that_no_registry_has_is_refused_not_ignored(tmp_path):
    with pytest.raises(InputError, match="withdrawm"):
        sources.read(written(tmp_path, {"withdrawm": "2019"}))


def test_a_last_day_counts_to_its_end(tmp_path):
    row = sources.read(written(tmp_path, {"valid_from": "2018-01-01", "valid_to": "2018-01-02"})).row(0, named=True)

    assert row["valid_from"].isoformat() == "2018-01-01T00:00:00+00:00"
    assert row["valid_to"].isoformat() == "2018-01-02T23:59:59.999999+00:00"


# -------------------------------------------------------------------------------------------------------- command line


def test_the_command_leaves_with_1_where_there_are_problems_and_0_where_notes_alone(tmp_path, capsys):
    bad = written(tmp_path, {"selector_type": "domain", "selector": "t.co"}, name="bad.json")
    good = written(tmp_path, {"selector_type": "domain", "selector": "farm[.]ru"}, name="good.json")

    assert answer(["sources", "check", str(bad)]) == 1
    assert "common property" in capsys.readouterr().out
    assert answer(["sources", "check", str(good)]) == 0
    assert "defanged" in capsys.readouterr().out
    assert answer(["sources", "check", str(tmp_path / "absent.csv")]) == 2


def test_real_registries_in_foreign_formats_give_a_message_not_a_traceback(shared):
    for path in sorted((shared / "data" / "known_sources").rglob("*")):
        if path.is_file() and path.suffix in (".csv", ".json"):
            found = sources.check(path)
            assert found, path.name
            assert found[0].record == 0


def test_a_registry_that_never_ends_is_refused_before_memory_does(monkeypatch):
    monkeypatch.setattr(sources, "MAX_BYTES", 2**20)

    with pytest.raises(InputError, match="more than 1 MiB"):
        sources.read("/dev/zero")
