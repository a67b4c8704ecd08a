"""Normalise: one spelling for every fact, and what is wrong is handed back with its reason."""

from datetime import UTC, datetime, timedelta, timezone

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cotrace import normalise
from cotrace.errors import InputError
from cotrace.tables import POSTS

MATTER = [name for name in POSTS if name != "at_resolution"]


def table(**columns) -> pl.DataFrame:
    """Rows with a receipt each; what is not given is fine."""
    height = len(next(iter(columns.values())))
    whole = {"post": [f"p{n}" for n in range(height)], "account": ["ana"] * height, **columns}
    receipts = pl.format("sha256:0#{}", pl.int_range(1, pl.len() + 1))
    return pl.DataFrame(whole, strict=False).with_columns(receipt=receipts)


def times_of(*cells, zone=None, dates=None):
    at, why = normalise.times(pl.Series(cells), zone=zone, dates=dates)
    return [why_ or (at_.isoformat() if at_ else None) for at_, why_ in zip(at.to_list(), why.to_list(), strict=True)]


# ------------------------------------------------------------------------------------------------ times

@pytest.mark.parametrize("cell", [
    "2018-10-10T20:19:24Z", "2018-10-10 20:19:24 UTC", "2018-10-10T22:19:24+02:00", "2018-10-10 15:19:24-0500",
    "2018-10-10T20:19:24.000Z", "Wed Oct 10 20:19:24 +0000 2018", "Wed, 10 Oct 2018 22:19:24 +0200", "1539202764",
    "1539202764000", "1539202764000000", "1539202764000000000", "1539202764.0", "2018/10/10 20:19:24Z",
    "2018-10-10 16:19:24 EDT", "2018-10-10 15:19:24 EST"])
def test_one_moment_in_many_spellings_is_one_moment(cell):
    assert times_of(cell) == ["2018-10-10T20:19:24+00:00"]


@pytest.mark.parametrize(("cell", "why"), [
    ("2018-13-01T00:00:00Z", normalise.IMPOSSIBLE), ("2018-02-29T00:00:00Z", normalise.IMPOSSIBLE),
    ("2018-02-28T25:00:00Z", normalise.IMPOSSIBLE), ("1989-12-31T23:59:59Z", normalise.IMPOSSIBLE),
    ("2100-01-01T00:00:00Z", normalise.IMPOSSIBLE), ("631151999", normalise.IMPOSSIBLE),
    ("yesterday", normalise.NOT_A_TIME), ("12:30", normalise.NOT_A_TIME), ("20180101", normalise.NOT_A_TIME),
    ("3/4/18 10:00", normalise.NOT_A_TIME), ("-1539202764", normalise.NOT_A_TIME)])
def test_what_is_no_time_is_told_so_and_not_mended(cell, why):
    assert times_of(cell) == [why]


def test_no_time_is_not_a_wrong_time():
    assert times_of(None, "", "  ", "NA") == [None] * 4


def test_a_zoneless_time_is_never_read_without_a_zone():
    assert times_of("2018-10-10 20:19:24") == [normalise.IMPOSSIBLE]
    assert times_of("2018-10-10 20:19:24", zone="Europe/Moscow") == ["2018-10-10T17:19:24+00:00"]
    assert times_of("2018-10-10 20:19:24", zone="+03:00") == ["2018-10-10T17:19:24+00:00"]
    assert times_of("2018-10-10 20:19:24Z", zone="Europe/Moscow") == ["2018-10-10T20:19:24+00:00"]


def test_a_local_time_that_its_zone_skips_or_has_twice_is_a_reject():
    skipped, twice, fine = "2018-03-25 02:30:00", "2018-10-28 02:30:00", "2018-10-28 12:30:00"

    assert times_of(skipped, twice, fine, zone="Europe/Berlin") == [normalise.LOCAL, normalise.LOCAL,
                                                                    "2018-10-28T11:30:00+00:00"]


def test_days_and_months_are_told_apart_by_dates_that_leave_no_choice():
    assert normalise.date_order(pl.Series(["3/4/2018 10:00", "3/25/2018 10:00"])) == "mdy"
    assert normalise.date_order(pl.Series(["3.4.2018", "25.3.2018"])) == "dmy"
    assert normalise.date_order(pl.Series(["2018-03-04"])) is None
    for both in (["3/4/2018", "4/3/2018"], ["25/3/2018", "3/25/2018"]):
        with pytest.raises(InputError, match="day/month"):
            normalise.date_order(pl.Series(both))
    assert times_of("3/4/2018 1:05 PM", zone="UTC", dates="mdy") == ["2018-03-04T13:05:00+00:00"]
    assert times_of("3/4/2018 12:05 AM", zone="UTC", dates="dmy") == ["2018-04-03T00:05:00+00:00"]
    assert times_of("3/4/2018 13:05 PM", zone="UTC", dates="mdy") == [normalise.IMPOSSIBLE]


@settings(max_examples=150, deadline=None)
@given(st.datetimes(min_value=datetime(1990, 1, 2), max_value=datetime(2099, 12, 30)), st.integers(-14 * 60, 14 * 60))
def test_a_time_written_in_any_offset_is_read_as_itself(moment, minutes):
    moment = moment.replace(tzinfo=UTC)
    elsewhere = moment.astimezone(timezone(timedelta(minutes=minutes)))
    microseconds = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)

    read, _ = normalise.times(pl.Series([elsewhere.isoformat(), moment.isoformat(" "), str(microseconds)]), zone=None)

    assert read.to_list() == [moment] * 3


@pytest.mark.parametrize(("step", "resolution"), [("1d", 86400), ("1h", 3600), ("1m", 60), ("7s", 1), ("1500ms", 1)])
def test_the_resolution_is_what_all_times_are_whole_multiples_of(step, resolution):
    at = pl.datetime_range(datetime(2026, 1, 1), datetime(2026, 1, 30), step, time_zone="UTC", eager=True).head(50)

    assert normalise.resolution(at) == resolution
    assert normalise.resolution(at.head(normalise.FEW_TIMES - 1)) is None


# -------------------------------------------------------------------------------------------------- ids

def test_an_id_gets_its_platform_and_keeps_its_own_colons():
    rows = table(platform=["Telegram", "X", None], post=["-100:7", "1", "2"], account=["-100", "ana", "ben"])

    posts = normalise.normalise(rows, platform="reddit").posts

    assert posts["post"].to_list() == ["telegram:-100:7", "twitter:1", "reddit:2"]
    assert posts["account_kind"].to_list() == ["channel", "account", "account"]
    assert normalise.normalise(table(post=["2"])).posts["post"].to_list() == ["unknown:2"]


@pytest.mark.parametrize(("cell", "why"), [
    ("9.06E+17", normalise.DAMAGED), ("906000000000000000.0", normalise.DAMAGED), ("", normalise.NO_POST),
    ("NA", normalise.NO_POST), (None, normalise.NO_POST), ("a\x1b[31mb", normalise.CONTROL),
    ("a\u202eb", normalise.CONTROL), ("[deleted]", normalise.NO_POST),
    ("a\u200bb", normalise.CONTROL), ("a\u00adb", normalise.CONTROL), ("a\u2060", normalise.CONTROL)])
def test_an_id_that_names_nothing_for_sure_is_a_reject(cell, why):
    assert normalise.normalise(table(post=[cell])).rejects["reason"].to_list() == [why]


def test_an_id_in_a_float_column_is_kept_where_it_lost_no_digit():
    found = normalise.normalise(table(post=[12.0, 9.06e17, float("nan"), None]))

    assert found.posts["post"].to_list() == ["unknown:12"]
    assert found.rejects["reason"].to_list() == [normalise.DAMAGED, normalise.NO_POST, normalise.NO_POST]


def test_everybody_who_is_gone_is_not_one_account():
    read = normalise.normalise(table(post=["1", "2", "3"], account=["[deleted]", "[deleted]", "ana\u200d"]))

    assert read.posts["account"].to_list() == [None, None, "unknown:ana\u200d"]
    assert read.people.height == 1 and read.rejects.is_empty()


def test_an_account_that_is_null_makes_a_post_that_cannot_act_not_a_reject():
    found = normalise.normalise(table(account=["ana", None, "NA"]))

    assert found.posts["account"].to_list() == ["unknown:ana", None, None]
    assert found.posts["account_kind"].to_list() == ["account", None, None]
    assert found.rejects.is_empty()


# ------------------------------------------------------------------------------------------ what it says

def test_links_of_a_text_lose_its_punctuation_and_cut_off_ones_are_no_links():
    text = ["See https://n.example/a, (https://n.example/b_(c)) “https://n.example/d”. https://t.co/abc… http://n.example/e)"]

    found = normalise.normalise(table(text=text)).posts["links"].to_list()

    assert found == [["https://n.example/a", "https://n.example/b_(c)", "https://n.example/d", "http://n.example/e"]]
    # two posts cut off at the same place would meet in the naive link
    assert "https://t.co/abc…" in text[0]


def test_tags_keep_their_order_and_lose_their_sign():
    found = normalise.normalise(table(text=["#Один и #two #3 a#four &#39; http://n.example/#five #six"])).posts

    assert found["tags"].to_list() == [["Один", "two", "six"]]


@pytest.mark.parametrize(("columns", "kind", "of", "of_account"), [
    ({"share_of": ["1"], "share_of_account": ["ben"]}, "share", "unknown:1", "unknown:ben"),
    ({"text": ["RT @ben: hello"]}, "share", None, "unknown:@ben"),
    ({"text": ["As I said RT @ben: hello"]}, "post", None, None),
    ({"is_share": ["true"], "text": ["hello"]}, "share", None, None),
    ({"reply_to": ["1"]}, "reply", "unknown:1", None),
    ({"quote_of": ["1"], "reply_to": ["2"]}, "reply", "unknown:2", None),
    ({"kind": ["QUOTE_TWEET"], "quote_of": ["1"]}, "quote", "unknown:1", None),
    ({"kind": ["something"], "reply_to": ["2"]}, "reply", "unknown:2", None)])
def test_what_a_post_does_is_told_by_what_it_points_at(columns, kind, of, of_account):
    posts = normalise.normalise(table(**columns)).posts

    assert posts.select("kind", "of", "of_account").row(0) == (kind, of, of_account)


def test_a_list_in_one_cell_is_read_as_its_writers_wrote_it():
    cells = ["[a, b]", '["a", "b"]', "['a', 'b']", "#a #b", "a;b", "a|b", "[]", "", None]

    tags = normalise.normalise(table(tags=cells, text=["#c"] * len(cells))).posts["tags"].to_list()

    assert tags == [["a", "b"]] * 6 + [[]] + [["c"]] * 2


# ------------------------------------------------------------------------------------------------- laws

WORDS = st.one_of(st.none(), st.text(max_size=12), st.sampled_from([
    "twitter", "RT @ben: see https://n.example/a). #x", "#a#b #c", "@a @b", "a:b", "[a, b]", "share", "page", "NA",
    "telegram", "-100", "telegram:-100", "und", "EN_us", "2026-01-05T10:00:00Z", "1767607200"]))


@settings(max_examples=80, deadline=None)
@given(st.lists(st.fixed_dictionaries({name: WORDS for name in (
    "platform", "post", "account", "account_kind", "at", "kind", "share_of", "reply_to", "quote_of_account", "place",
    "place_kind", "text", "links", "tags", "mentions", "lang")}), min_size=1, max_size=6))
def test_doing_it_twice_changes_nothing(rows):
    raw = pl.DataFrame(rows, schema=dict.fromkeys(rows[0], pl.String)).with_columns(
        receipt=pl.format("sha256:0#{}", pl.int_range(1, pl.len() + 1)))

    once = normalise.normalise(raw)
    twice = normalise.normalise(once.posts)

    assert twice.posts.select(MATTER).equals(once.posts.select(MATTER))
    assert twice.rejects.is_empty()
    assert once.posts.height + once.rejects.height == len(rows)


def test_columns_that_nobody_declared_change_nothing():
    rows = table(text=["a", "b"])

    assert normalise.normalise(rows.with_columns(label=pl.lit("guilty"), source=pl.lit("x"))).posts.equals(
        normalise.normalise(rows).posts)


def test_a_column_that_cannot_be_what_it_is_said_to_be_is_named():
    with pytest.raises(InputError, match=r"--column links=THEIRS"):
        normalise.normalise(table(links=[[{"u": 1}], [{"u": 2}]]))
    with pytest.raises(InputError, match=r"--column at=THEIRS"):
        normalise.normalise(table(at=[[1], [2]]))


# ------------------------------------------------------------------------------------------- shortcuts

NEVER = r"[^\s\S]"
CELLS = st.one_of(st.none(), st.text(max_size=12), st.sampled_from([
    "", " ", "NA", "nan", "7", "007", "-5", "1.0", "1.50", "9.06E+17", "906000000000000000.0", "12345678901234567890",
    "twitter:7", "x:1", "@ana", "ana b", "a|b", "a\x00b", "\u202ea", "ＡＢ", "RT @ben: hello #tag https://a.example/x.",
    "hello @ana #two ＃three", "https://a.example/1", "https://a.example/1 https://b.example/2", "[a, b]", '["a", "b"]',
    "https://a.example/[x", "http://a|b", "tag other", "tag  other", "#tag,other", "reply", "retweet", "true", "EN",
    "und"]))
MOMENTS = st.one_of(CELLS, st.datetimes().map(lambda at: at.isoformat() + "Z"), st.sampled_from([
    "2026-02-29T10:00:00Z", "2024-02-29T10:00:00Z", "2026-01-05 10:00:00", "2026-01-05T10:00:60Z",
    "2026-01-05T24:00:00Z",
    "2026-01-05T10:00:00+00:00", "2026-01-05T10:00:00.000Z", "2026-01-05T10:00:00.123Z", "2026-01-05X10:00:00Z",
    "2026- 1-05T10:00:00Z", "+026-01-05T10:00:00Z", "2026-01-05T10:00:0\u0663Z", "1989-12-31T23:59:59Z", "1538300000",
    "2026-01-05T10:00:00.000000+00:00", "2099-12-31T23:59:59Z", "2100-01-01T00:00:00Z"]))


@settings(max_examples=60, deadline=None)
@given(st.data(), st.sampled_from([None, "UTC", "Europe/Berlin", "+03:00"]))
def test_a_shortcut_gives_what_the_long_way_gives(data, zone):
    height = data.draw(st.integers(1, 5))
    names = data.draw(st.sets(st.sampled_from(sorted(normalise.ROWS)))) | {"post", "at"}
    timely = {"at", "of_at", "account_created"}
    rows = pl.DataFrame({name: data.draw(st.lists(MOMENTS if name in timely else CELLS, min_size=height,
                                                  max_size=height)) for name in sorted(names)},
                        schema=dict.fromkeys(sorted(names), pl.String)).with_row_index("receipt", 1)

    short = normalise.normalise(rows, zone=zone)
    with pytest.MonkeyPatch.context() as long_way:
        for name, answer in {"_tidy": False, "_constant": False, "_absent": False}.items():
            long_way.setattr(normalise, name, lambda *_, answer=answer: answer)
        long_way.setattr(normalise, "_stamps", lambda cells, _: pl.repeat(None, len(cells), dtype=normalise.TIME,
                                                                          eager=True))
        for name in ("_ONE_LINK", "_FEW_WORDS"):
            long_way.setattr(normalise, name, NEVER)
        long = normalise.normalise(rows, zone=zone)

    for one, other in ((short.posts, long.posts), (short.people, long.people), (short.rejects, long.rejects)):
        assert one.equals(other)
