"""What a dossier says, whom it names, and that it is the same however it was made."""

import dataclasses
import json
import re

import _findings
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cotrace import derive, digest, dossier, records, statement, tables
from cotrace.dossier import _masking
from cotrace.errors import InputError
from cotrace.verify import verify


@pytest.fixture(scope="module")
def full():
    return digest.unarchive(dossier.build(_findings.full()))


@pytest.fixture(scope="module")
def empty():
    return digest.unarchive(dossier.build(_findings.nothing()))


def told(files):
    return json.loads(files["statement.json"])


def said(files, *sections):
    return [derive.says(made) for section in told(files)["sections"] if not sections or section["id"] in sections
            for made in section["sentences"]]


def rows(files, name):
    header, cells = digest.parse_csv(files[f"evidence/{name}.csv"], name)
    return [dict(zip(header, row, strict=True)) for row in cells]


def test_the_same_findings_in_any_order_give_the_same_bytes():
    found = _findings.full()
    shuffled = dataclasses.replace(
        found, edges=found.edges.sample(fraction=1, shuffle=True, seed=1), clusters=found.clusters[::-1],
        occasions=found.occasions.sample(fraction=1, shuffle=True, seed=2), links=found.links[::-1],
        placebos=found.placebos[::-1], sources=found.sources.reverse(),
        reading=dataclasses.replace(found.reading, posts=found.reading.posts.sample(fraction=1, shuffle=True, seed=3)))

    assert dossier.build(shuffled) == dossier.build(found)


def test_every_sentence_is_typed_has_evidence_and_no_loose_digit(full, empty):
    for files in (full, empty):
        for section in told(files)["sections"]:
            for made in section["sentences"]:
                assert made["type"] in derive.TYPES and made["evidence"]
                assert not re.search(r"\d", derive.PLACEHOLDER.sub("", made["text"]))


@given(st.text(alphabet=st.sampled_from("ab.+-@＠_ é(")))
def test_addresses_are_hidden_as_one_pattern_says(text):
    obvious = re.sub(r"[\w.+-]+[@＠][\w-]+(?:\.[\w-]+)+", "[e-mail masked]", text)

    assert _masking.Mask((), (), {}, (), ())._without_emails(text) == obvious


def test_a_post_of_a_million_letters_does_not_stop_the_dossier():
    mask = _masking.Mask((), (), {}, (), ())

    for word in ("y", "a.", "_", "@a.", "+"):
        long = word * (1_000_000 // len(word))  # with the pattern above each takes half a day
        assert mask.text(f"{long} me@mail.example", ()).endswith(" [e-mail masked]")


def test_what_was_set_aside_is_listed_with_its_actors_and_masked(full):
    listed = rows(full, "common_property")

    assert [(row["actors"], row["busiest"]) for row in listed] == [("8000", "7000"), ("5900", "5800")]
    assert listed[0]["object"].startswith("https://viral.example/") and "[e-mail masked]" in listed[0]["object"]
    assert re.fullmatch(r"masked:\d+", listed[1]["object"]), "whom everybody answers is somebody too"
    assert any("On the busiest of these things 7,000 actors acted inside 30 minutes" in line for line in said(full))


def test_what_a_circle_of_friends_used_is_listed_by_its_number_alone():
    few = pl.DataFrame([("shared_link", "see you at nine, the usual place", 12, 11, 1800),
                        ("shared_link", "see you at ten, the usual place", 12, 11, 1800)], schema=tables.COMMON,
                       orient="row")
    plan = dataclasses.replace(_findings.PLAN, common_property=10)

    files = digest.unarchive(dossier.build(_findings.full(plan=plan, common=few)))

    assert len({row["object"] for row in rows(files, "common_property")}) == 2
    assert not any(b"the usual place" in raw for raw in files.values())


def test_no_prose_holds_a_number_below_a_millionth_and_no_p(full):
    for line in said(full):
        assert not re.search(r"\de-\d|0\.0000|\b[pq] ?[=≤<]", line), line


def test_every_page_says_draft(full, empty):
    for files in (full, empty):
        for name in ("statement.json", "statement.md", "statement.html"):
            assert b"DRAFT, NOT REVIEWED" in files[name]


def test_an_empty_result_is_a_full_report_that_says_what_would_have_been_found(empty):
    sections = [section["id"] for section in told(empty)["sections"]]

    assert sections == list(derive.SECTIONS)
    assert told(empty)["standing"] == "nothing found"
    assert any(line.startswith("What would have been found: the smallest ring") for line in said(empty, "summary"))
    assert any("rate is undefined" in line for line in said(empty, "chance"))


def test_every_kind_of_planted_ring_is_told_once_in_limits(full):
    planted = [line for line in said(full, "limits") if "planted" in line.lower()]
    sizes = [line for line in planted if line.startswith("Planted in the same way into shared_link, rings of")]

    assert planted[0].startswith("What would have been found: the smallest ring that came back at least 9 times in 10, "
                                 "each planted alone into these very posts, has 3 members, 8 shared things")
    assert len(sizes) == 3 and len(planted) == 4
    assert "rings of 3 members have to share more than 4 things where their times are spread by up to 1 minute (with " \
           "these 3 of 10 came back)." in sizes[0]
    assert sum(line.count("came back)") for line in sizes) == len(rows(full, "plantings")) - 1


def test_the_usual_rule_is_counted_on_the_posts_as_on_their_copies(full):
    assert sum("finds 29.5 pairs on average on the same copies, against 25 in these posts" in line
               for line in said(full, "chance")) == 2


def test_nobody_below_likely_is_named_beside_a_source(full):
    links = rows(full, "links")
    below = {link["actor"] for link in links if link["word"] not in derive.NAMED}

    assert below
    for line in said(full, "links"):
        assert not any(re.search(rf"{actor}\b", line) for actor in below), line
    assert any("always after: reader or amplifier" in line for line in said(full, "links"))
    assert not any(_findings.LISTED in line for line in said(full))  # listed, but nothing was found about it


def test_confidence_rests_on_the_indicators_that_speak_for_a_link_and_on_no_other():
    found = _findings.full()
    against = _findings._ground("identity", (1, 80), (40, 400))  # seen more among the unrelated

    def confidence(*more):
        links = tuple(dataclasses.replace(link, grounds=(*link.grounds, *more),
                                          word_if_prior_tenth="roughly even chance")  # so the prior does not decide
                      if link.word == "likely" else link for link in found.links)
        files = digest.unarchive(dossier.build(dataclasses.replace(found, links=links)))
        return [line for line in said(files, "links") if "onfidence" in line]

    assert [line.split(" is ")[1].split(":")[0] for line in confidence()] == ["moderate"]
    assert confidence(against) == confidence()
    assert not any(word in line for line in confidence() for word in derive.LADDER)


def test_a_registrys_claim_is_always_a_quote(full):
    for section in told(full)["sections"]:
        for made in section["sentences"]:
            if any(number.get("of") == "registry" for number in made["numbers"].values()):
                assert made["type"] == "QUOTE" and {"by", "cites", "at"} <= set(made["numbers"])


def test_windows_are_told_with_the_resolution(full):
    assert any("at most 1 minute + 1 second apart" in line for line in said(full))


@pytest.mark.parametrize(("change", "standing"), [
    ({"placebos": ()}, "too few placebos"),
    ({"placebos": tuple(records.Placebo("1 h", n, 5, 9) for n in range(20))}, "rate exceeded"),
])
def test_the_word_validated_is_withheld_and_the_reason_is_said_first(change, standing):
    files = digest.unarchive(dossier.build(_findings.full(**change)))
    first = said(files, "summary")[0]

    assert told(files)["standing"] == standing
    assert first.startswith("Read this first:")
    assert "validated" not in " ".join(said(files)).replace("called validated", "")


def test_where_all_posts_lie_within_an_hour_no_copy_can_tell_and_it_is_said_first(monkeypatch):
    monkeypatch.setitem(derive.CONSTANTS, "placebo_hours", "100000")  # the made-up finding spans days

    packed = dossier.build(_findings.full())
    files = digest.unarchive(packed)

    assert told(files)["standing"] == "placebo impossible"
    assert said(files, "summary")[0].startswith("Read this first: nothing here is called validated, because all posts")
    verify(packed)


def test_only_evidence_posts_enter_and_nobody_outside_is_mentioned(full):
    everything = b"".join(full.values()).decode()

    for stranger in ("private life", "stranger_x", "Old Neighbour", _findings.OUTSIDER, "someone@host.example",
                     "someone@nobody.example"):
        assert stranger not in everything, stranger
    assert "@[masked]" in everything and "masked:1" in everything
    needed = {row[side] for row in rows(full, "occasions") for side in ("post_a", "post_b")}
    needed |= {row[side] for row in rows(full, "meetings") for side in ("post_actor", "post_source")}
    assert {row["post"] for row in rows(full, "posts")} == needed - {""}
    assert any(re.fullmatch(r"Accounts outside the findings are masked: \d+ of them by number, and \d+ ment.*", line)
               for line in said(full, "withheld"))


def test_words_of_others_stay_words(full):
    page = full["statement.html"].decode()

    assert "<script>alert" not in page
    assert any("<script>alert(1)</script>" in row["text"] for row in rows(full, "posts"))


def test_under_a_secret_no_id_name_or_handle_is_left():
    files = digest.unarchive(dossier.build(_findings.full(), pseudonyms=b"a secret of sixteen"))
    everything = b"".join(files.values()).decode()

    for pattern in (r"twitter:\d", r"\buser10\d", r"Name of 1", r"page[abc]\b", r"\b10[1-5]p", r"twitter:src"):
        assert not re.search(pattern, everything), re.search(pattern, everything)
    other = digest.unarchive(dossier.build(_findings.full(), pseudonyms=b"another secret...."))
    assert {r["actor"] for r in rows(files, "members")}.isdisjoint(r["actor"] for r in rows(other, "members"))


def test_email_phone_and_wallet_of_a_registry_are_withheld_or_hashed(full):
    kinds = {row["selector_type"]: row["selector"] for row in rows(full, "registry")}

    assert kinds["email"].startswith("[withheld") and kinds["account"] == "999"


def test_a_finding_reads_the_same_without_its_registry(full):
    without = digest.unarchive(dossier.build(_findings.full(links=(), sources=_findings.full().sources.clear())))

    for name in ("edges", "occasions", "members", "clusters"):
        assert without[f"evidence/{name}.csv"] == full[f"evidence/{name}.csv"]


def test_no_clock_is_in_a_dossier(full):
    assert not re.search(rb"20(2[5-9]|3\d)-\d\d-\d\d", b"".join(full.values()))


def test_the_first_of_equal_moments_with_and_without_microseconds():
    found = _findings.full()
    late = found.occasions.with_columns(pl.col("at_a", "at_b") + pl.duration(microseconds=5))
    posts = found.reading.posts.with_columns(pl.col("at") + pl.duration(microseconds=5))

    files = digest.unarchive(dossier.build(dataclasses.replace(
        found, occasions=late, links=(), reading=dataclasses.replace(found.reading, posts=posts))))

    assert all(row["first"].endswith(".000005Z") for row in rows(files, "clusters"))


def test_a_key_that_is_none_is_refused():
    with pytest.raises(InputError, match="cotrace key new"):
        dossier.build(_findings.nothing(), key=b"not a key")
    with pytest.raises(InputError):
        dossier.build(_findings.nothing(), key=statement.new_key()[1])


def test_a_statement_counts_each_pair_and_each_pair_of_posts_once():
    """By our own count: of n members no more than n (n - 1) / 2 pairs, in however many behaviours they passed."""
    files = digest.unarchive(dossier.build(_findings.full()))
    told = json.loads(files["statement.json"])
    rows = {name: digest.parse_csv(files[f"evidence/{name}.csv"], name)[1]
            for name in ("edges", "occasions", "members")}
    clusters = [section for section in told["sections"] if section["id"].startswith("cluster:")]
    assert clusters
    for section in clusters:
        name = section["id"].partition(":")[2]
        said = {key: one["value"] for sentence in section["sentences"] for key, one in sentence["numbers"].items()
                if "passed the test" in sentence["text"] or "different pairs of posts" in sentence["text"]}
        pairs = {tuple(row[1:3]) for row in rows["edges"] if row[0] == name}
        met = {(row[5], row[7]) for row in rows["occasions"] if row[0] == name and row[10] == "yes"}
        members = sum(row[0] == name for row in rows["members"])
        assert (int(said["pairs"]), int(said["times"])) == (len(pairs), len(met))
        assert members < len(pairs) <= members * (members - 1) / 2 or members == len(pairs) == 3

    summary = next(section for section in told["sections"] if section["id"] == "summary")["sentences"]
    rest = next(sentence["numbers"] for sentence in summary if "They rest on" in sentence["text"])
    assert int(rest["pairs"]["value"]) == len({tuple(row[1:3]) for row in rows["edges"]})
