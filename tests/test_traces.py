"""Laws that run on every trace, found by file: what it pairs, what it does not, and what it never guesses.

A golden file tells small stories, divided by empty lines. In each, a line is a post (account, time, text, then what
else it carries), and `= a b` a pair of actors that acted on one object; `= none` where there is none. No other pair
may be.
"""

import re
import sys
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cotrace import engines, parts, tables, traces
from cotrace.engines import reference
from cotrace.errors import InputError
from cotrace.traces.shared_link import canonical_link

GOLDEN = Path(__file__).parent / "golden" / "traces"
DAY = datetime(2026, 3, 1, tzinfo=UTC)
LISTS = {"link": "links", "tag": "tags", "media": "media"}
ALL = tuple(parts.names("traces"))
every_trace = pytest.mark.parametrize("name", ALL)


def clock(said: str) -> datetime:
    time, _, days = said.strip().partition(" +")
    hours, minutes, seconds = (time.strip() + ":00").split(":")[:3]
    return DAY + timedelta(hours=int(hours), minutes=int(minutes), seconds=int(seconds),
                           days=int(days.split()[0]) if days else 0)


def post(line: str, number: int) -> dict:
    """One line of a golden file as a row of POSTS."""
    account, at, text, *more = (cell.strip() for cell in line.split("|"))
    row = {"platform": "x", "post": f"x:post{number}", "account": None if account == "-" else f"x:{account}",
           "account_kind": None if account == "-" else "account", "at": clock(at), "at_resolution": 1, "kind": "post",
           "text": None if text == "-" else text}
    for cell in more:
        key, _, value = cell.partition("=")
        if key in LISTS:
            row.setdefault(LISTS[key], []).append(value)
        elif key in ("of", "of_account", "place"):
            row[key] = f"x:{value}"
        else:
            row[key] = clock(value) if key == "of_at" else int(value) if key == "at_resolution" else value
    return row


def stories(golden: Path) -> list[tuple[str, pl.DataFrame, set[tuple[str, str]]]]:
    """Title, POSTS and expected pairs of each story."""
    told = []
    for block in re.split(r"\n\s*\n", golden.read_text("utf-8").strip()):
        lines = block.splitlines()
        rows = [post(line, number) for number, line in enumerate(lines) if line[:1] not in ("#", "=")]
        pairs = {tuple(line[1:].split()) for line in lines if line.startswith("=")} - {("none",)}
        told.append((lines[0], pl.DataFrame(rows, schema=tables.POSTS), pairs))
    return told


def everything(golden: Path) -> pl.DataFrame:
    """All posts of a golden file, under ids of their own."""
    return pl.concat([posts for _, posts, _ in stories(golden)]).with_columns(
        post=pl.format("x:{}", pl.int_range(pl.len())))


def paired(actions: pl.DataFrame) -> set[tuple[str, str]]:
    found = reference.pairs(engines.encode(actions), [10 * 86_400])
    return {(a[2:], b[2:]) for a, b in found.select("a", "b").iter_rows()}


# ----------------------------------------------------------------------------- laws of every trace

def law_golden(name: str, golden: Path) -> None:
    told = stories(golden)
    apart = [pair for _, posts, pairs in told
             for pair in combinations(sorted(posts["account"].drop_nulls().str.slice(2).unique()), 2)
             if pair not in pairs]

    assert any(pairs for _, _, pairs in told), "a golden file shows a pair"
    assert apart, "a golden file shows actors that are no pair"
    for title, posts, pairs in told:
        assert paired(traces.get(name)(posts)) == pairs, title


def law_missing_column(name: str, golden: Path) -> None:
    for column in traces.get(name).reads:
        with pytest.raises(InputError, match=column) as told:
            traces.act(name, everything(golden).drop(column))
        assert f"--without {name}" in str(told.value) and "--column" in str(told.value)


def law_counts_what_cannot_act(name: str, golden: Path) -> None:
    posts = everything(golden)
    actions, without = traces.act(name, posts)

    assert without == posts.height - actions["post"].n_unique()
    for column in ("at", "account", *(set(traces.get(name).reads) - {"account", "at"})):
        emptied = posts.with_columns(pl.lit(None, dtype=tables.POSTS[column]).alias(column))
        if column == "account":
            emptied = emptied.with_columns(place=pl.lit(None, dtype=pl.String))
        less, counted = traces.act(name, emptied)
        assert counted == posts.height - less["post"].n_unique()
        if column in ("at", "account"):
            assert counted == posts.height and less.is_empty(), column
    nothing = posts.with_columns(pl.lit(None, dtype=tables.POSTS[column]).alias(column)
                                 for column in traces.get(name).reads)
    actions, without = traces.act(name, nothing)
    assert actions.is_empty() and without == posts.height


def law_undeclared_columns(name: str, golden: Path) -> None:
    posts = everything(golden)
    declared = {*traces.ACTS, *traces.get(name).reads}
    other = posts.with_columns(posts[column].reverse().alias(column) for column in posts.columns
                               if column not in declared).with_columns(label=pl.lit("troll"))

    assert traces.act(name, other)[0].equals(traces.act(name, posts)[0])
    assert traces.act(name, posts.select(sorted(declared)))[0].equals(traces.act(name, posts)[0])


def law_slices(name: str, golden: Path) -> None:
    """Whoever sees one post at a time does the same with slices; whoever compares them, in any order."""
    posts = everything(golden)
    whole, without = traces.act(name, posts)
    shuffled = posts.sample(fraction=1.0, shuffle=True, seed=7)
    step = posts.height if traces.get(name).whole else 3
    sliced = [traces.act(name, shuffled.slice(start, step)) for start in range(0, posts.height, step)]

    order = ("object", "at", "actor", "post", "by")
    assert pl.concat([actions for actions, _ in sliced]).sort(order).equals(whole.sort(order))
    assert sum(counted for _, counted in sliced) == without
    assert whole.schema == tables.ACTIONS


def law_method(name: str, golden: Path) -> None:
    found = traces.get(name)

    assert found.name == name
    assert len(found.method.split()) >= 10, "the method is printed for the person accused"


LAWS = (law_golden, law_missing_column, law_counts_what_cannot_act, law_undeclared_columns, law_slices, law_method)


@every_trace
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_every_trace_obeys(law, name):
    law(name, GOLDEN / f"{name}.txt")


def test_the_house_is_open(tmp_path, monkeypatch):
    (tmp_path / "same_client.py").write_text('''"""Accounts that publish with the same rare program."""
import polars as pl
from cotrace.traces import trace

@trace(reads=("client",))
def same_client(posts: pl.DataFrame) -> pl.DataFrame:
    """Two actors published with a program of the same name, whatever they said with it."""
    return posts.with_columns(object="client")
''')
    golden = tmp_path / "same_client.txt"
    golden.write_text("# One program, two accounts.\na | 12:00 | x | client=botkit\nb | 12:01 | y | client=botkit\n"
                      "c | 12:01 | y | client=web\n= a b\n")
    monkeypatch.setattr(traces, "__path__", [*traces.__path__, str(tmp_path)])
    try:
        assert "same_client" in parts.names("traces")
        for law in LAWS:
            law("same_client", golden)
    finally:
        sys.modules.pop("cotrace.traces.same_client", None)


# ---------------------------------------------------------------------------------------- one by one

def test_only_rapid_repost_is_bound_to_seconds():
    assert {name: traces.get(name).seconds for name in ALL} == {name: name == "rapid_repost" for name in ALL}


def test_only_likeness_compares_posts_with_each_other():
    assert {name for name in ALL if traces.get(name).whole} == {"similar_image", "similar_text"}


def test_an_unknown_trace_lists_those_there_are():
    with pytest.raises(InputError, match="same_text"):
        traces.act("same_texts", tables.empty(tables.POSTS))


def test_a_post_in_a_place_acts_for_its_account_and_for_the_place():
    [(_, posts, _)] = [story for story in stories(GOLDEN / "shared_link.txt") if "one account in two pages" in story[0]]
    actions, without = traces.act("shared_link", posts.head(1))

    assert actions.select("actor", "kind", "by").rows() == [("x:a", "account", None), ("x:north", "page", "x:a")]
    assert without == 0


def test_a_page_that_posts_on_itself_acts_once():
    posts = pl.DataFrame([post("p | 12:00 | - | link=https://n.example/1 | place=p | place_kind=page", 0)],
                         schema=tables.POSTS)

    assert traces.act("shared_link", posts)[0].height == 1


def test_the_raw_address_stays_in_the_post():
    posts = everything(GOLDEN / "shared_link.txt")
    before = posts.clone()
    traces.act("shared_link", posts)

    assert posts.equals(before)


@given(st.text())
@example("http://[")
@example("http://[::1")
@example("https://l.facebook.com/l.php?u=http://[")
@example("http://n.example:٣/")
@example("http://" + "a." * 3000)
@example("https://l.facebook.com/l.php?u=" * 50)
@example("http://xn--/")
@example("http://\udce0.example/\ud800")
def test_any_address_has_one_spelling_or_none(link):
    spelled = canonical_link(link)

    assert spelled is None or canonical_link(spelled) == spelled


@given(st.from_regex(r"(https?://)?(www\.|m\.)?(l\.facebook\.com/l\.php|google\.com/url|n\.example(:\d{1,3})?)"
                     r"(/[a-z%A-F0-9./]{0,9}){0,3}(\?(u|q|id|utm_x|fbclid)=[a-z%A-F0-9:/?=.&]{0,20})?(#[!/]?[a-z%]{0,5})?",
                     fullmatch=True))
def test_an_address_spelled_once_is_not_spelled_otherwise_the_second_time(link):
    spelled = canonical_link(link)

    assert spelled is None or canonical_link(spelled) == spelled


@pytest.mark.parametrize(("one", "other"), [
    ("https://n.example/%E0", "https://n.example/%E1"),            # not UTF-8: other bytes, another page
    ("https://l.facebook.com/l.php?u=http%3A%2F%2Fn.example%2F%E0", "https://l.facebook.com/l.php?u=http%3A%2F%2Fn.example%2F%E1"),
    ("https://n.example/a%2Fb", "https://n.example/a/b"),
    ("https://n.example/?id=1", "https://n.example/?id=2"),
    ("https://n.example:8080/", "https://n.example/"),
    ("https://n.example/#!/1", "https://n.example/#!/2"),
    ("https://m.example/", "https://www.example/"),
    ("https://n.example/amp", "https://n.example/"),
    ("https://t.co/aB", "https://t.co/ab"),
])
def test_two_pages_are_not_taken_for_one(one, other):
    assert canonical_link(one) != canonical_link(other)


def test_text_of_any_script_and_shape_is_no_fault():
    hostile = ["", " ", "\0" * 50, "‮" * 100, "a" * 100_000, "@" * 500, "https://" * 200, "İ" * 60, "🇺🇦" * 50]
    posts = pl.DataFrame([{**post("a | 12:00 | x", 0), "post": f"x:{n}", "text": text, "tags": [text, "", "#"],
                           "links": [text, None]} for n, text in enumerate(hostile)], schema=tables.POSTS)

    for name in ALL:
        actions, without = traces.act(name, posts)
        assert without + actions["post"].n_unique() == posts.height


def test_a_trace_is_shown_no_column_that_it_does_not_declare():
    @traces.trace(reads=("text",))
    def peeks(posts: pl.DataFrame) -> pl.DataFrame:
        """Looks at what it said it would not look at."""
        return posts.with_columns(object="client")

    with pytest.raises(pl.exceptions.ColumnNotFoundError, match="client"):
        peeks(everything(GOLDEN / "same_text.txt"))
