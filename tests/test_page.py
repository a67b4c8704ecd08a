"""The page says what the statement says, runs nothing, fetches nothing, and lets nobody else write on it."""

import dataclasses
import html
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import _findings
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cotrace import derive, digest, dossier, page
from cotrace.page import _exhibits, _pictures, _words

VOID = {"meta", "br", "img", "link", "hr", "input"}
ALARM = re.compile(r"\b(red|crimson|scarlet|tomato|orangered)\b|#f00\b|#ff0000", re.IGNORECASE)


class Reader(HTMLParser):
    """A browser's view: what is text, what is an element, what points where."""

    def __init__(self, text: str):
        super().__init__(convert_charrefs=True)
        self.text: list[str] = []
        self.elements: list[tuple[str, dict]] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data):
        if "style" not in self.open:
            self.text.append(data)

    def words(self) -> str:
        return " ".join("".join(self.text).split())


def told(findings) -> tuple[dict, dict, str]:
    """statement, evidence and page of findings, out of their dossier."""
    files = digest.unarchive(dossier.build(findings))
    evidence = {name: digest.parse_csv(files[f"evidence/{name}.csv"], name) for name in derive.EVIDENCE}
    statement = digest.parse_canonical(files["statement.json"], "statement.json")
    return statement, evidence, files["statement.html"].decode("utf-8")


@pytest.fixture(scope="module")
def full():
    return told(_findings.full())


@pytest.fixture(scope="module")
def nothing():
    return told(_findings.nothing())


@pytest.fixture(scope="module", params=["full", "nothing"])
def either(request):
    return request.getfixturevalue(request.param)


def rewritten(full, of: str, column: str, text: str) -> str:
    """The page where one column of a table holds `text` in every row."""
    statement, evidence, _ = full
    header, rows = evidence[of]
    at = header.index(column)
    rows = [[*row[:at], text, *row[at + 1:]] for row in rows]
    return page.render(statement, {**evidence, of: (header, rows)})


# ------------------------------------------------------------------------------------------- it says it all

def test_every_sentence_stands_on_the_page_with_its_type_and_evidence(either):
    statement, _, text = either
    seen = Reader(text)
    words = seen.words()
    anchors = {attrs["id"] for _, attrs in seen.elements if "id" in attrs}

    for section in statement["sections"]:
        assert " ".join(section["title"].split()) in words
        for sentence in section["sentences"]:
            assert " ".join(derive.says(sentence).split()) in words
            assert sentence["type"] in words
            assert {f"e-{given['id']}" for given in sentence["evidence"]} <= anchors
            assert f'href="#e-{sentence["evidence"][0]["id"]}"' in text


def test_the_first_words_are_that_nobody_has_reviewed_it(either):
    _, _, text = either

    assert Reader(text).words().index("DRAFT, NOT REVIEWED") < 200
    assert text.index('class="draft"') < text.index("<h1>") < text.index("cotrace verify dossier.zip")


def test_all_evidence_files_and_roots_are_listed(either):
    statement, _, text = either

    for row in statement["evidence"]:
        assert f"evidence/{row['file']}.csv" in text and row["root"] in text


def test_every_member_and_its_own_evidence_is_on_the_page(full):
    _, evidence, text = full
    header, rows = evidence["members"]
    words = Reader(text).words()

    for row in rows:
        assert row[header.index("actor")] in words
    assert words.count("Every member stands by its own pairs") == len(evidence["clusters"][1])


def test_near_misses_stand_beside_no_name(full):
    _, evidence, text = full
    tables = derive.Tables(evidence)
    missed = set(tables.cells("links", "explanation", {"named": "no"})) - {""}

    assert tables.where("links", {"named": "no"})
    linked = text[text.index('<section id="links">'):text.index('<section id="benign">')]
    rows = re.findall(r"<tr>.*?</tr>", linked, re.S)
    for actor in set(tables.cells("links", "actor", {"named": "no"})):
        assert not any(f"<bdi>{html.escape(actor)}</bdi>" in row for row in rows)
    assert all(html.escape(word) not in row for word in missed for row in rows)


def test_an_empty_finding_is_a_full_calm_report(nothing):
    statement, _, text = nothing
    words = Reader(text).words()

    assert "What would have been found" in words
    assert "Placebo against real" in words
    assert {section["id"] for section in statement["sections"]} >= set(derive.SECTIONS)
    assert "c-" not in "".join(re.findall(r'class="cluster"', text))
    assert text.count('class="found"') == 4, "both rules, on both kinds of copies, have their line of the real posts"


def test_an_internal_link_never_leads_nowhere(either):
    _, _, text = either
    elements = Reader(text).elements
    anchors = [attrs["id"] for _, attrs in elements if "id" in attrs]

    assert len(anchors) == len(set(anchors)), "an id stands twice"
    assert all(attrs["href"][1:] in anchors for tag, attrs in elements if tag == "a")


# ------------------------------------------------------------------------- it runs nothing, it fetches nothing

def test_there_is_no_script_and_nothing_is_fetched(either):
    _, _, text = either
    elements = Reader(text).elements

    assert not {"script", "iframe", "object", "embed", "form", "base", "link", "img"} & {tag for tag, _ in elements}
    for tag, attrs in elements:
        assert not any(name.startswith("on") for name in attrs), (tag, attrs)
        for name in ("href", "src", "action", "xlink:href", "data", "srcset", "poster"):
            assert attrs.get(name, "#").startswith("#"), (tag, attrs)
    style = text[text.index("<style>"):text.index("</style>")]
    assert "url(" not in style and "@import" not in style
    assert "default-src 'none'; style-src 'unsafe-inline'; img-src data:" in html.unescape(text)


def test_no_colour_of_alarm_is_used(either):
    assert not ALARM.search(either[2])


@pytest.mark.parametrize("of, column", [
    ("posts", "text"), ("members", "name"), ("members", "actor"), ("occasions", "object"), ("registry", "cites"),
    ("grounds", "says"), ("links", "source"), ("inputs", "name"), ("placebos", "cell"), ("traces", "off"),
    ("edges", "trace")])
def test_hostile_words_stay_words(full, of, column):
    evil = '</title></style><script>alert("1")</script><img src=x onerror=alert(2)>{{ 7*7 }}"\' onload="x" javascript:y'

    text = rewritten(full, of, column, evil)

    assert "<script" not in text and "<img" not in text
    elements = Reader(text).elements
    assert not any(name.startswith("on") for _, attrs in elements for name in attrs)
    assert {tag for tag, _ in elements} <= {tag for tag, _ in Reader(full[2]).elements}


def test_a_naive_page_would_have_run_them(full):
    """The same law fails for a page that puts posts in as they come, so it can fail."""
    naive = full[2].replace("&lt;script&gt;", "<script>")

    assert any(tag == "script" for tag, _ in Reader(naive.replace("&lt;/script&gt;", "</script>")).elements)


def test_addresses_in_posts_are_text_and_no_links(full):
    text = rewritten(full, "posts", "text", "go to https://evil.example/x now")

    assert "https://evil.example/x" in Reader(text).words()
    assert not any("evil.example" in str(attrs.get("href")) for _, attrs in Reader(text).elements)


def test_words_that_turn_the_direction_of_writing_turn_nothing(full):
    text = rewritten(full, "members", "name", "abc\u202egnp.exe\u2066\u200e\x1b[31m\ufeff")

    shown = Reader(text).words()
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200e\u200f\x00-\x08\x0b-\x1f\ufeff]", text)
    assert "U+202E" in shown and "U+001B" in shown and "U+FEFF" in shown


@settings(max_examples=30, deadline=None)
@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=60))
def test_whatever_a_post_says_the_page_keeps_its_shape(full, words):
    text = rewritten(full, "posts", "text", words)

    assert not Reader(text).open
    assert {tag for tag, _ in Reader(text).elements} == {tag for tag, _ in Reader(full[2]).elements}


# ---------------------------------------------------------------------------------------------- other people's words

@given(st.text())
def test_visible_text_escapes_all_and_loses_no_letter(words):
    shown = str(_words.visible(words))

    assert "<" not in re.sub(r'<span class="code">[^<>]*</span>', "", shown)
    kept = html.unescape(re.sub(r'<span class="code">[^<>]*</span>', "", shown))
    assert [c for c in kept if c.isalnum()] == [c for c in words if c.isalnum() and _words._kind(c) == "letter"]


def test_towers_of_marks_are_cut_where_it_is_shown():
    shown = str(_words.visible("Z" + "\u0301" * 40 + "a\u0301"))

    assert "+36 marks" in shown and shown.count("\u0301") == _words.MARKS + 1


def test_the_joiners_of_persian_and_emoji_stay():
    assert _words.visible("می\u200cخواهم 👨\u200d👩") == "می\u200cخواهم 👨\u200d👩"


@given(st.text(alphabet="ab \n<&", max_size=40), st.text(alphabet="ab \n<&", max_size=40))
def test_side_by_side_nothing_is_lost(one, other):
    for words, shown in zip((one, other), _words.beside(one, other), strict=True):
        assert html.unescape(re.sub("<[^>]*>", "", str(shown))) == words


def test_words_that_differ_are_marked_and_the_same_are_not():
    one, other = _words.beside("the vote was counted twice", "the vote was counted once")

    assert one.count("differs") == other.count("differs") == 1 and "twice" in one.partition("differs")[2]
    assert "differs" not in "".join(_words.beside("same words", "same words"))


@pytest.mark.parametrize("number, said", [("0.0123456", "0.0123"), ("1.23456e-9", "1.23·10⁻⁹"), ("1884.2", "1,880"),
                                          ("3", "3"), ("", ""), ("1:1000", "1:1000")])
def test_numbers_are_short_and_never_invented(number, said):
    assert _words.short(number) == said


@pytest.mark.parametrize("seconds, said", [("0", "0 s"), ("-12", "12 s"), ("250", "4 min 10 s"), ("7500", "2 h 5 min"),
                                           ("86400", "1 d"), ("59.9999", "60 s"), ("3599.7", "1 h"), ("", "")])
def test_distances_in_time_are_said_in_two_units(seconds, said):
    assert _words.apart(seconds) == said


# --------------------------------------------------------------------------------------------------- the pictures

def pictures() -> list[_pictures.Picture]:
    return [
        _pictures.network("a", 7, [(0, 1, 0), (2, 6, 3)], title="<t>", desc="d & e"),
        _pictures.network("b", 300, [(n, (n * 7) % 300, n % 6) for n in range(1, 300)], title="t", desc="d"),
        _pictures.timeline("c", 3, [(0, 0.0, 1, 60.0), (1, 9e6, 2, 9e6 + 5)], title="t", desc="d"),
        _pictures.timeline("d", 500, [(n, n * 1e3, n - 1, n * 1e3 + 9) for n in range(1, 500)], title="t", desc="d"),
        _pictures.timeline("e", 2, [(0, 1e9, 1, 1e9)], title="all at one time", desc="d"),
        _pictures.against("f", [("1 – 2", 0.5, 12.0, 0)], title="t", desc="d"),
        _pictures.against("g", [("x", n / 9, n, n % 6) for n in range(200)], title="t", desc="d"),
        _pictures.placebo("h", [("<m>", [0] * 20, 12), ("naive", [3000, 2900], None)], title="t", desc="d"),
        _pictures.placebo("i", [("nothing", [0], 0)], title="t", desc="d"),
    ]


def test_a_picture_is_valid_described_and_inside_its_frame():
    for picture in pictures():
        tree = ElementTree.fromstring(picture.svg)
        _, _, width, height = map(float, tree.get("viewBox").split())

        assert [child.tag for child in tree][:2] == ["title", "desc"] and tree[0].text and tree[1].text
        assert tree.get("role") == "img" and tree.get("aria-labelledby") == f"{tree[0].get('id')} {tree[1].get('id')}"
        for node in tree.iter("circle"):
            assert 0 <= float(node.get("cx")) <= width and 0 <= float(node.get("cy")) <= height
        for path in tree.iter("path"):
            assert not re.search(r"nan|inf|e[-+]?\d|\d\.\d\d", path.get("d"))


def test_the_same_rows_give_the_same_picture():
    assert [p.svg for p in pictures()] == [p.svg for p in pictures()]


def test_a_picture_that_leaves_rows_out_says_how_many():
    edges = [(a, b, 0) for a in range(60) for b in range(a + 1, 60)]

    picture = _pictures.network("a", 60, edges, title="t", desc="d")

    assert (picture.drawn, picture.total) == (_pictures.MOST_EDGES, len(edges))


def test_traces_differ_in_print_without_colour(full):
    style = full[2][full[2].index("<style>"):full[2].index("</style>")]

    dashes = re.findall(r"\.edge\.t([1-5]) \{ stroke-dasharray: ([^;]+);", style)

    assert len(dashes) == 5 and len({dash for _, dash in dashes}) == 5


def test_a_finding_of_many_points_to_the_file_for_the_rest(monkeypatch):
    monkeypatch.setattr(_exhibits, "PAIRS", 2)
    monkeypatch.setattr(_exhibits, "MEMBERS", 3)

    _, _, text = told(_findings.full())

    words = Reader(text).words()
    assert "The first 2 of 10 pairs; all of them are in evidence/edges.csv" in words
    assert "The first 3 of 5 members; all of them are in evidence/members.csv" in words


# -------------------------------------------------------------------------------------------------- the same bytes

def test_the_same_findings_give_the_same_page(full):
    findings = _findings.full()
    turned = dataclasses.replace(findings, edges=findings.edges.reverse(), occasions=findings.occasions.sample(
        fraction=1.0, shuffle=True, seed=3), sources=pl.concat([findings.sources]).reverse())

    assert told(turned)[2] == full[2]


def test_beside_a_likely_link_stands_how_often_the_actor_came_before_and_after_the_source(full):
    """Whoever is judged to have a common operator with a source can read whether it may only follow it."""
    _, evidence, page_ = full
    header, rows = evidence["grounds"]
    counts = next(row[header.index("counts")] for row in rows
                  if row[header.index("actor")] == _findings.RING[1] and row[header.index("indicator")] == "content")
    before, after = (re.search(rf"(?:^|;){name}=(\d+)", counts)[1] for name in ("before", "after"))

    words = Reader(page_).words()

    assert f"1 of 400{before}, {after}" in words[words.index("Acted before, after the source"):]
