"""No number can stand in a sentence that its evidence does not give."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from cotrace import derive, records
from cotrace.errors import VerificationError

ROWS = [["c1", "a", "3", "0.5"], ["c1", "b", "4", "0.25"], ["c2", "a", "5", "0.000001"]]
TABLES = derive.Tables({"edges": (["cluster", "a", "n", "p"], ROWS)})


def test_the_words_of_the_language_mean_what_they_say():
    def value(take, how="text", **where):
        return derive.write({"of": "edges", "where": where, "take": take, "as": how}, TABLES)

    assert value("count") == "3" and value("count", cluster="c1") == "2" and value("count", cluster=["c1", "c2"]) == "3"
    assert value("distinct:a") == "2" and value("distinct:a,cluster") == "4"
    assert value("tuples:a") == "2" and value("tuples:a,cluster") == "3"
    assert value("sum:n", "integer") == "12" and value("median:n", "decimal:1") == "4.0"
    assert value("mean:n", "decimal:2", cluster="c1") == "3.50"
    assert value("values:a", "list") == "a and b" and value("values:a", "list", cluster="no") == "none"
    assert value("cell:n", cluster="c2") == "5" and value("max:n", "seconds") == "5 seconds"
    assert value("cell:p", "decimal:2", cluster="c2") == "less than 0.01"


@pytest.mark.parametrize("wrong", [
    {"of": "nowhere", "take": "count"}, {"of": "edges", "take": "sum:nothing"}, {"of": "edges", "take": "sum:a"},
    {"of": "edges", "take": "cell:n"}, {"of": "edges", "take": "guess:n"}, {"of": "edges", "take": "count", "magic": 1},
    {"of": "edges", "where": {"cluster": 7}, "take": "count"}, {"constant": "whatever"}, {"calc": "divide", "with": []},
    {"of": "edges", "where": {"cluster": "none"}, "take": "max:n"}, "7", None,
    {"of": "edges", "take": "count", "as": "x"},
    {"calc": "divide", "with": [{"of": "edges", "take": "count"},
                                {"of": "edges", "where": {"a": "z"}, "take": "count"}]},
])
def test_what_is_not_in_the_language_is_refused(wrong):
    with pytest.raises(VerificationError):
        derive.written(derive.derive(wrong, TABLES), "x" if isinstance(wrong, dict) and wrong.get("as") else "integer")


def sentence(text="It has {n} members.", **numbers):
    numbers = numbers or {"n": {"of": "edges", "take": "count", "as": "integer"}}
    return derive.sentence("s1", "FACT", text, numbers, [("edges", None)], TABLES)


def test_a_sentence_holds_while_its_rows_do():
    made = sentence()

    assert derive.says(made) == "It has 3 members."
    assert derive.check(made, TABLES) == 1


@pytest.mark.parametrize("change", [
    {"text": "It has 3 members."}, {"text": "It has {n} members, or ٣."}, {"text": "It has {n} of {m}."},
    {"evidence": []},
    {"text": "It has {n} {members."}, {"type": "TRUTH"}, {"numbers": {}}, {"text": "{n} trolls."}, {"id": 7},
    {"text": "{n} are operated by somebody."}, {"text": "It is likely, and confidence in it is high: {n}."},
])
def test_a_sentence_that_was_changed_is_refused(change):
    with pytest.raises(VerificationError):
        derive.check({**sentence(), **change}, TABLES)


@given(st.text(min_size=1, max_size=6))
def test_no_other_value_is_accepted(value):
    made = sentence()
    made["numbers"]["n"]["value"] = value

    if value == "3":
        return
    with pytest.raises(VerificationError):
        derive.check(made, TABLES)


@pytest.mark.parametrize("row", range(3))
@pytest.mark.parametrize("cell", range(4))
def test_a_changed_cell_is_seen_by_whoever_rests_on_it(row, cell):
    made = sentence()
    rows = [list(r) for r in ROWS]
    rows[row][cell] += "1"

    with pytest.raises(VerificationError):
        derive.check(made, derive.Tables({"edges": (["cluster", "a", "n", "p"], rows)}))


def test_likelihood_and_confidence_never_share_a_sentence():
    words = derive.Tables({"edges": (["w"], [["almost certain"]])})

    with pytest.raises(VerificationError, match="one breath"):
        derive.sentence("s", "JUDGEMENT", "Confidence is high that it is {w}.",
                        {"w": {"of": "edges", "take": "cell:w", "as": "text"}}, [("edges", None)], words)


@pytest.mark.parametrize("freedom", [1, 2, 4, 5, 9, 19, 100])
def test_the_interval_uses_students_t(freedom):
    assert derive._student(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), rel=2e-3)


def test_where_no_copy_shows_an_edge_three_in_all_cannot_be_ruled_out():
    assert derive.mean_interval([Fraction(0)] * 20) == (0, Fraction(3, 20))


def test_validated_is_a_word_that_has_to_be_earned():
    alpha = Fraction(1, 100)
    quiet = [(cell, 0) for cell in ("ten", "hour") for _ in range(20)]

    assert derive.standing(quiet, 50, alpha) == ("validated", "hour")
    assert derive.standing(quiet[:-1], 50, alpha)[0] == "too few placebos"
    assert derive.standing([], 50, alpha) == ("too few placebos", None)
    assert derive.standing([*quiet, *[("hour", 20)] * 20], 50, alpha) == ("rate exceeded", "hour")
    assert derive.standing(quiet, 0, alpha)[0] == "nothing found"
    assert derive.placebo_rates(quiet, 0) == {}  # undefined, not zero


def test_posts_that_all_lie_within_an_hour_validate_nothing():
    quiet = [("hour", 0)] * 20
    noon, one, later = "2026-03-01T12:00:00Z", "2026-03-01T13:00:00Z", "2026-03-01T13:00:00.000001Z"

    assert derive.standing(quiet, 50, Fraction(1, 100), span=(noon, one))[0] == "placebo impossible"
    assert derive.standing(quiet, 50, Fraction(1, 100), span=(noon, later))[0] == "validated"
    assert derive.standing(quiet, 0, Fraction(1, 100), span=(noon, one))[0] == "nothing found"


def test_the_smallest_ring_is_the_one_that_came_back_nine_times_in_ten():
    assert derive.smallest_planting([(3, 4, 60, 10, 8), (5, 6, 60, 10, 10), (5, 6, 1800, 10, 9)]) == (5, 6, 1800, 10, 9)
    assert derive.smallest_planting([(3, 4, 60, 10, 8)]) is None


def test_the_ladder_is_the_one_of_the_records():
    assert tuple(zip(derive.LADDER, map(float, derive.LADDER_ENDS), strict=True)) == records.WORDS


@given(st.text(max_size=30))
def test_other_peoples_words_cannot_become_markup(text):
    shown = derive.plain(text)

    assert "\n" not in shown and "\r" not in shown
    assert all(shown[i - 1] == "\\" for i, letter in enumerate(shown) if letter in "[<`*")


@pytest.mark.parametrize(("seconds", "words"), [(60, "1 minute"), (1800, "30 minutes"), (21600, "6 hours"),
                                                (1, "1 second"), (90, "90 seconds"), (86400, "1 day")])
def test_windows_are_said_in_words(seconds, words):
    assert derive.written(Fraction(seconds), "seconds") == words
