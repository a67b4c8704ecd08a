"""A person stands between a finding and a name: asks why, decides, sees what is published, and can be forgotten."""

import dataclasses
import io
import itertools
import json
import math
import random
import shutil
from pathlib import Path

import _findings
import polars as pl
import pytest

import cotrace
from cotrace import case as store
from cotrace import (
    decisions,
    derive,
    digest,
    dossier,
    forgetting,
    network,
    pipeline,
    reading,
    records,
    review,
    simulate,
    statement,
    traces,
    why,
)
from cotrace import kept as storing
from cotrace.cli import answer
from cotrace.engines import local
from cotrace.errors import InputError, VerificationError
from cotrace.exporters import _public
from cotrace.progress import quiet

PLAN = cotrace.Plan(traces=("shared_link",), placebos=0)
BY = "Grace Hopper"


@pytest.fixture(scope="module")
def posts(tmp_path_factory):
    """A ring of eight among 150 accounts with handles and names, who mention each other."""
    shares = simulate.shares("ring", seed=3, accounts=150, objects=500, rings=1, ring_size=8, ring_objects=20,
                             jitter_s=30)
    who = pl.col("actor").str.split(":").list.last()
    raw = shares.actions.sort("at", "post").select(
        post=pl.lit("post7") + pl.col("post").str.split(":").list.last(), account=who,
        account_handle=pl.lit("h_") + who, account_name=pl.lit("Name Of ") + who,
        at=pl.col("at").dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
        text=pl.format("look at https://n.example/{} with @h_{}, says Name Of {}",
                       pl.col("object").str.replace_all(r"\W", "-"), who.shift(1), who.shift(2)),
        mentions=pl.lit("h_") + who.shift(1))
    path = tmp_path_factory.mktemp("world") / "posts.csv"
    raw.write_csv(path)
    return path


@pytest.fixture(scope="module")
def kept(posts, tmp_path_factory):
    """A case in which the ring was found."""
    folder = tmp_path_factory.mktemp("kept") / "c"
    pipeline.run(posts, plan=PLAN, platform="sim", case=folder)
    return folder


@pytest.fixture
def case(kept, tmp_path):
    return Path(shutil.copytree(kept, tmp_path / "c"))


def files(folder):
    return digest.unarchive((folder / "dossier.zip").read_bytes())


def rows(given, name):
    header, cells = digest.parse_csv(given[f"evidence/{name}.csv"], name)
    return [dict(zip(header, row, strict=True)) for row in cells]


def members(given):
    return [row["actor"] for row in rows(given, "members")]


def decide(folder, actor, verdict="same", **more):
    made = decisions.decision(actor=actor, verdict=verdict, by=BY, because="looked at it", **more)
    return digest.unarchive(review.decide(folder, made).dossier)


def keep(folder, verdict, *actors):
    """Decisions kept and not yet followed: the next derivation does."""
    opened = store.Case(folder)
    with opened.working():
        for actor in actors:
            made = decisions.decision(actor=actor, verdict=verdict, by=BY, because="looked at it")
            opened.decide(decisions.as_rows([made])[0])


# ------------------------------------------------------------------------------------------------------- why

def p_of(edge, occasions, tests, windows):
    """p by other means than ours: convolution, and the two Poisson tails of scipy."""
    from scipy.stats import poisson

    together = [one for one in occasions if one["together"] == "yes"]
    p_time = min(1.0, windows * _findings.tail([float(one["chance"]) for one in occasions], len(together)))
    tails = [poisson.sf(int(edge[n]) - 1, float(edge[f"{n}_expected"])) if int(edge[n]) > float(edge[f"{n}_expected"])
             else 1.0 for n in ("shared", "rare")]
    looked_at = int(edge["alike"]) * sum(1 / n for n in range(1, _findings.CANDIDATES + 1)) / tests
    taste = min(1.0, 4 * max(2 * min(tails), looked_at))
    return 1.0 if len(together) < 3 or p_time > 0.01 else p_time * taste


def passes(p, others, alpha, tests):
    ordered = sorted([p, *others])
    return any(p <= alpha * rank / tests and ordered[rank - 1] <= alpha * rank / tests
               for rank in range(1, len(ordered) + 1))


def test_every_event_of_a_pair_is_told_with_its_times_chance_and_receipts(kept):
    one, other = members(files(kept))[:2]

    told = review.why(kept, one, other)

    edge = next(row for row in rows(files(kept), "edges") if {row["a"], row["b"]} == {one, other})
    assert (told.pairs[0].p_choice, told.pairs[0].alike) == (edge["p_choice"], int(edge["alike"]))
    occasions = [row for row in rows(files(kept), "occasions") if {row["a"], row["b"]} == {one, other}]
    by_post = {row["post"]: row["receipt"] for row in rows(files(kept), "posts")}
    assert [event.chance for event in told.pairs[0].events] == [
        row["chance"] for row in sorted(occasions, key=lambda row: row["at_a"]) if row["together"] == "yes"]
    for event in told.pairs[0].events:
        assert event.receipt == by_post[event.post] and event.receipt.startswith("sha256:")
        assert float(event.delta_s) == (derive.microseconds(event.other_at) - derive.microseconds(event.at)) / 1e6
    turned = review.why(kept, other, one).pairs[0].events
    assert [float(event.delta_s) for event in turned] == [-float(event.delta_s) for event in told.pairs[0].events]


def test_the_smallest_set_of_a_pair_is_the_smallest_by_trying_all():
    given = digest.unarchive(dossier.build(_findings.full()))
    edge = next(row for row in rows(given, "edges") if row["a"] == _findings.PAIR[0])
    own = [row for row in rows(given, "occasions") if row["a"] == edge["a"] and row["trace"] == edge["trace"]]
    others = [float(row["p"]) for row in rows(given, "edges") if row != edge]

    gone = why.why(given, *_findings.PAIR).pairs[0].without

    def goes(out, rare):
        left = [one for one in own if one["post_a"] not in out]
        changed = {**edge, "shared": str(int(edge["shared"]) - len(out)), "rare": str(int(edge["rare"]) - rare)}
        return not passes(p_of(changed, left, _findings.TESTS, 3), others, 0.01, _findings.TESTS)

    posts = [one["post_a"] for one in own]
    assert goes(gone.posts, 0)
    assert gone.at_least <= len(gone.posts) <= len(posts)
    for size in range(gone.at_least):
        assert not any(goes(out, size) for out in itertools.combinations(posts, size))
    if gone.exact:
        assert gone.at_least == len(gone.posts)


def test_of_several_pairs_the_set_is_enough_and_none_of_it_is_idle():
    given = digest.unarchive(dossier.build(_findings.full()))
    actor = _findings.RING[2]
    mine = [row for row in rows(given, "edges") if actor in (row["a"], row["b"])]
    others = [float(row["p"]) for row in rows(given, "edges") if row not in mine]

    gone = why.why(given, actor).without

    def left(out):
        ps = []
        for edge in mine:
            own = [one for one in rows(given, "occasions") if (one["a"], one["b"]) == (edge["a"], edge["b"])]
            kept = [one for one in own if not {one["post_a"], one["post_b"]} & set(out)]
            shared = int(edge["shared"]) - len(own) + len(kept)
            ps.append(p_of({**edge, "shared": str(shared), "rare": str(min(int(edge["rare"]), shared))}, kept,
                           _findings.TESTS, 3))
        return [p for p in ps if passes(p, [*others, *(one for one in ps if one is not p)], 0.01, _findings.TESTS)]

    assert len(mine) == 4 and left(()) and not left(gone.posts)
    assert all(left(set(gone.posts) - {post}) for post in gone.posts)
    assert gone.at_least <= len(gone.posts)


def test_without_the_posts_it_names_the_posts_themselves_show_nothing_either(posts, kept, tmp_path):
    actor = members(files(kept))[0]
    gone = review.why(kept, actor).without
    assert 3 <= gone.at_least <= len(gone.posts)
    raw = pl.read_csv(posts, infer_schema=False)
    fewer = raw.filter(~("sim:" + pl.col("post")).is_in(gone.posts))
    one_more = raw.filter(~("sim:" + pl.col("post")).is_in(gone.posts[: gone.at_least // 3]))

    def edges(table):
        acts, _ = traces.act("shared_link", reading.read(table, platform="sim").posts)
        found = network.validate({"shared_link": acts}, plan=PLAN, engine=local, resolution_s=1).edges
        return found.filter((pl.col("a") == actor) | (pl.col("b") == actor)).height

    assert fewer.height == raw.height - len(gone.posts)
    assert edges(fewer) == 0
    assert edges(one_more) > 0


def test_whom_nothing_was_found_about_is_told_so_and_strangers_are_a_mistake(kept, capsys):
    stranger = "sim:a00002"
    assert stranger not in members(files(kept))

    assert answer(["why", str(kept), stranger]) == 0
    assert f"Nothing was found about {stranger}" in capsys.readouterr().out
    assert answer(["why", str(kept), members(files(kept))[0], stranger]) == 0
    assert "no validated edge: they acted on" in capsys.readouterr().out
    assert answer(["why", str(kept), "sim:nobody-at-all"]) == 2
    assert answer(["why", str(kept), members(files(kept))[0], members(files(kept))[0]]) == 2
    assert "A pair is of two" in capsys.readouterr().err
    assert answer(["why", str(kept), members(files(kept))[0].partition(":")[2]]) == 2
    assert f"did you mean {members(files(kept))[0]}" in capsys.readouterr().err


def test_why_prints_all_in_words_and_as_json(kept, capsys):
    actor = members(files(kept))[0]

    assert answer(["why", str(kept), actor]) == 0
    words = capsys.readouterr().out
    assert answer(["why", str(kept), actor, "--json"]) == 0
    plain = json.loads(capsys.readouterr().out)

    for said in ("expected", "receipts", "What would be gone without", "Innocent explanations",
                 "What could not be known", "events (10 of"):
        assert said in words
    assert plain["found"] and len(plain["pairs"][0]["events"]) > 10 and plain["not_known"]
    assert answer(["why", str(kept), actor, "--all"]) == 0
    assert len(capsys.readouterr().out) > len(words)
    assert answer(["why", str(kept / "dossier.zip"), actor]) == 0  # a dossier alone is enough


# ------------------------------------------------------------------------------------------------- decisions

def test_draft_until_a_decision_stands_on_every_member(case):
    everybody = members(files(case))

    keep(case, "unsure", *everybody[:-2])
    before = json.loads(decide(case, everybody[-2])["statement.json"])["review"]
    after = json.loads(decide(case, everybody[-1])["statement.json"])["review"]

    assert (before, after) == (derive.REVIEW, derive.REVIEWED_UNSURE)
    assert derive.REVIEWED_UNSURE.encode() in (case / "statement.html").read_bytes()
    keep(case, "same", *everybody[:-1])
    assert json.loads(decide(case, everybody[-1], "same")["statement.json"])["review"] == derive.REVIEWED
    assert cotrace.verify(case / "dossier.zip").standing == json.loads(files(case)["statement.json"])["standing"]


def test_nobody_can_write_that_a_draft_was_reviewed():
    given = digest.unarchive(dossier.build(_findings.full()))
    told = json.loads(given["statement.json"])
    told["review"] = derive.REVIEWED
    body = {name: raw for name, raw in given.items() if name != "manifest.json"}
    body |= {"statement.json": digest.canonical(told), "statement.md": derive.markdown(told).encode()}
    body["manifest.json"] = statement.manifest(body, dossier.root(told))

    with pytest.raises(VerificationError, match="review state"):
        cotrace.verify(digest.archive(body))


def test_who_is_different_is_taken_out_and_the_rest_keeps_its_figures(case):
    before = files(case)
    actor, *others = members(before)

    after = decide(case, actor, "different")

    assert members(after) == others
    assert all(actor.encode() not in after[name] for name in after)
    assert rows(after, "clusters")[0]["cluster"] != rows(before, "clusters")[0]["cluster"]
    kept_before = {(row["a"], row["b"]): row["q"] for row in rows(before, "edges") if actor not in (row["a"], row["b"])}
    assert {(row["a"], row["b"]): row["q"] for row in rows(after, "edges")} == kept_before
    cotrace.verify(case / "dossier.zip")
    # the naive check, q over the pairs that are left, would call these figures wrong
    ps = sorted(float(row["p"]) for row in rows(after, "edges"))
    tests = int(next(row["value"] for row in rows(after, "run") if row["key"] == "tests"))
    naive = [min(p * tests / rank for rank, p in list(enumerate(ps, 1))[place:]) for place in range(len(ps))]
    told = sorted(float(row["q"]) for row in rows(after, "edges"))
    assert any(not math.isclose(one, other, rel_tol=1e-4) for one, other in zip(naive, told, strict=True))


@pytest.mark.parametrize("verdict", ["same", "unsure"])
def test_other_verdicts_change_nothing_but_what_is_said_of_them(case, verdict):
    before = files(case)

    after = decide(case, members(before)[0], verdict)

    assert {name for name in before if name.startswith("evidence/") and before[name] != after[name]} == {
        "evidence/decisions.csv"}


def test_a_later_decision_stands_and_the_earlier_is_kept(case):
    before = files(case)
    actor = members(before)[0]

    decide(case, actor, "different", at="2026-03-01")
    after = decide(case, actor, "same", at="2026-03-02")

    assert after["evidence/edges.csv"] == before["evidence/edges.csv"]
    assert [(row["verdict"], row["stands"]) for row in review.decided(case)] == [("different", "no"), ("same", "yes")]
    assert [row["at"] for row in rows(after, "decisions")] == ["2026-03-02"]


def test_nothing_is_decided_by_a_score(kept):
    assert rows(files(kept), "decisions") == [] and review.decided(kept) == []


def test_decisions_are_followed_when_the_finding_is_computed_again(case, posts):
    actor, other, *_ = members(files(case))
    decide(case, other)
    decide(case, actor, "different")

    said, left = cotrace.replay((case / "dossier.zip").read_bytes(), [posts])

    assert "every table of the evidence is the same" in said[1] and not left


def test_a_run_honours_the_decisions_of_its_case(case, posts):
    actor = members(files(case))[0]
    decided = decide(case, actor, "different")

    again = pipeline.run(posts, plan=PLAN, platform="sim", case=case)

    assert digest.unarchive(again.dossier) == decided


def test_a_decision_on_a_link_takes_out_that_link_alone():
    full = _findings.full()
    actor = _findings.RING[1]
    stand = (records.Decision(actor, "Operation Nobody", "different", BY, "2026-03-01", "no"),)
    made = dataclasses.replace(full, links=decisions.without(full.links, stand), decisions=stand)

    raw = dossier.build(made)

    cotrace.verify(raw)
    assert actor not in {row["actor"] for row in rows(digest.unarchive(raw), "links")}
    assert actor in members(digest.unarchive(raw))
    with pytest.raises(VerificationError, match="still among the links"):
        cotrace.verify(dossier.build(dataclasses.replace(full, decisions=stand)))


def test_a_rejected_link_and_one_below_likely_name_nobody_beside_the_source():
    full = _findings.full()
    sure, below = _findings.RING[1], _findings.RING[3]
    stand = decisions.standing(records.Decision(actor, "Operation Nobody", verdict, BY, "2026-03-01", verdict)
                               for actor, verdict in ((sure, "same"), (below, "same"),
                                                      (_findings.RING[2], "different")))
    made = dataclasses.replace(full, links=decisions.without(full.links, stand), decisions=stand)

    told = json.loads(digest.unarchive(dossier.build(made))["statement.json"])

    beside = [derive.says(one) for section in told["sections"] for one in section["sentences"]
              if "about the link" in one["text"]]
    assert len(beside) == 2 and sum(sure in line for line in beside) == 1
    assert not any(actor in line for line in beside for actor in (below, _findings.RING[2]))
    page = digest.unarchive(dossier.build(made))["statement.html"].decode()
    table = page[page.index('id="x-decisions"'):] if 'id="x-decisions"' in page else ""
    assert "Operation Nobody" not in table.partition("</table>")[0]


def test_whoever_was_taken_out_and_is_still_there_is_refused():
    stand = (records.Decision(_findings.RING[1], "", "different", BY, "2026-03-01", "no"),)

    with pytest.raises(VerificationError, match="still among the findings"):
        cotrace.verify(dossier.build(dataclasses.replace(_findings.full(), decisions=stand)))


@pytest.mark.parametrize("wrong", [
    ["maybe", "--by", "x", "--because", "y"], ["same", "--because", "y"], ["same", "--by", "x"],
    ["same", "--by", "x", "--because", "y", "--at", "yesterday"], ["same", "--by", "x", "--because", "y" * 3000],
    ["same", "--by", "x", "--because", "y", "--source", "Nobody"], [],
])
def test_half_a_decision_is_none(case, wrong, capsys):
    assert answer(["decide", str(case), members(files(case))[0], *wrong]) == 2
    assert review.decided(case) == []
    assert capsys.readouterr().err.strip()


def test_the_command_keeps_lists_signs_and_tells_no_log_who_decided(case, tmp_path, capsys):
    actor = members(files(case))[0]
    private, public = statement.new_key()
    (tmp_path / "k").write_bytes(private)

    assert answer(["decide", str(case), actor, "unsure", "--by", BY, "--because", "two of us looked", "--at",
                   "2026-03-01", "--sign", str(tmp_path / "k")]) == 0
    shown = capsys.readouterr()
    assert answer(["decide", str(case), "--json"]) == 0

    assert BY not in shown.err and "two of us looked" in shown.out
    assert json.loads(capsys.readouterr().out) == [{"actor": actor, "source": "", "verdict": "unsure", "by": BY,
                                                    "at": "2026-03-01", "because": "two of us looked", "stands": "yes"}]
    assert cotrace.verify(case / "dossier.zip", keys=[public]).signer
    assert BY.encode() not in (case / "log.jsonl").read_bytes()
    assert answer(["decide", str(case), "sim:nobody", "same", "--by", BY, "--because", "x"]) == 2
    assert answer(["decide", str(tmp_path), actor, "same", "--by", BY, "--because", "x"]) == 2


@pytest.mark.slow
def test_under_pseudonyms_a_decision_needs_their_key(posts, tmp_path):
    run = pipeline.run(posts, plan=PLAN, platform="sim", case=tmp_path / "c", pseudonyms=b"secret")
    actor = run.members["actor"][0]
    made = decisions.decision(actor=actor, verdict="different", by=BY, because="open newsroom")

    with pytest.raises(InputError, match="--pseudonyms"):
        review.decide(tmp_path / "c", made)
    after = review.decide(tmp_path / "c", made, pseudonyms=b"secret")

    assert len(after.members) == len(run.members) - 1
    cotrace.verify(after.dossier)
    assert review.why(tmp_path / "c", actor, pseudonyms=b"secret").says.endswith("nothing is said about it.")


# ----------------------------------------------------------------------------------------------- the public form

EVERYBODY = [*_findings.RING, *_findings.PAGES]


def published(same, *, linked=(), key=b"k"):
    stand = [records.Decision(actor, "", "same" if actor in same else "unsure", BY, "2026-03-01",
                              "as @stranger_x and Old Neighbour said") for actor in EVERYBODY]
    stand += [records.Decision(actor, "Operation Nobody", "same", BY, "2026-03-01", "seen") for actor in linked]
    found = dataclasses.replace(_findings.full(), decisions=decisions.standing(stand))
    return _public.public(digest.unarchive(dossier.build(found)), key)


def spellings(actor):
    bare = actor.partition(":")[2]
    return [actor] if bare.startswith("page") else [actor, f"user{bare}", f"Name of {bare}"]


@pytest.mark.parametrize("seed", range(4))
def test_the_public_form_names_those_decided_to_be_the_same_and_nobody_else(seed):
    same = random.Random(seed).sample(EVERYBODY, 2 * seed)

    every = b"".join(published(same).values()).decode()

    assert all(actor in every for actor in same)
    nobody = [one for actor in EVERYBODY if actor not in same for one in spellings(actor)]
    nobody += [*_findings.PAIR, _findings.LISTED, _findings.OUTSIDER, "stranger", "Neighbour", BY, "news.example",
               "masked:1", "someone@"]
    assert [one for one in nobody if one in every] == []
    ids = {row["post"] for row in rows(digest.unarchive(dossier.build(_findings.full())), "posts")}
    assert not any(post in every for post in ids)
    clusters = {row["cluster"] for row in rows(digest.unarchive(dossier.build(_findings.full())), "clusters")}
    assert not any(name in every for name in clusters)  # a digest of the members: trying one missing name would open it


def test_a_name_without_a_decision_keeps_the_whole_back(case, tmp_path, capsys):
    everybody = members(files(case))
    keep(case, "same", *everybody[:-2])
    decide(case, everybody[-2])
    command = ["export", str(case), "--to", "statement", "--public", "--out", str(tmp_path / "out")]

    assert answer(command) == 2
    assert everybody[-1] in capsys.readouterr().err and not (tmp_path / "out").exists()
    decide(case, everybody[-1], "unsure")
    assert answer(command) == 0
    every = b"".join(path.read_bytes() for path in (tmp_path / "out").iterdir())
    assert everybody[0].encode() in every and everybody[-1].partition(":")[2].encode() not in every


def test_a_link_stands_beside_a_name_only_after_a_decision_on_it_and_a_near_miss_nowhere():
    sure, below = _findings.RING[1], _findings.RING[3]

    without, linked = (published(EVERYBODY, linked=some) for some in ((), (sure, below)))

    def named(given):
        links = next(one for one in json.loads(given["statement.json"])["sections"] if one["id"] == "links")
        return " ".join(derive.says(made) for made in links["sentences"])

    assert sure not in named(without) and sure in named(linked)
    assert below not in named(linked) and "stayed below" not in named(linked)
    decided = [derive.says(made) for section in json.loads(linked["statement.json"])["sections"]
               for made in section["sentences"] if "about the link" in made["text"]]
    assert len(decided) == 1 and sure in decided[0]  # that somebody decided about a near miss is not told either


def test_numbers_of_the_public_form_are_those_of_the_dossier():
    given = json.loads(published(EVERYBODY[:3])["statement.json"])
    whole = json.loads(digest.unarchive(dossier.build(_findings.full()))["statement.json"])
    said = {made["text"]: [one["value"] for one in made["numbers"].values() if one.get("as") == "integer"]
            for section in whole["sections"] for made in section["sentences"] if section["id"] == "summary"}

    summary = next(section for section in given["sections"] if section["id"] == "summary")["sentences"]

    assert len(summary) >= 5
    for made in summary:
        assert [one["value"] for one in made["numbers"].values() if one.get("as") == "integer"] == said[made["text"]]


def test_the_key_alone_opens_the_hashes(case, tmp_path):
    keep(case, "unsure", *members(files(case))[:-1])
    decide(case, members(files(case))[-1], "unsure")
    (tmp_path / "k").write_bytes(b"a key of ours")
    command = ["export", str(case), "--to", "statement", "--public", "--out"]

    for name, more in (("one", []), ("two", []), ("other", ["--key", str(tmp_path / "k")])):
        assert answer([*command, str(tmp_path / f"{name}.json"), *more]) == 0

    one, two, other = ((tmp_path / f"{name}.json").read_bytes() for name in ("one", "two", "other"))
    assert one == two != other
    for place, wrong in ((case / "dossier.zip", ["statement", "--public"]), (case, ["csv", "--public"]),
                         (case, ["statement", "--key", str(tmp_path / "k")])):
        assert answer(["export", str(place), "--to", *wrong, "--out", str(tmp_path / "x")]) == 2


# ----------------------------------------------------------------------------------------------------- forgetting

def held(folder, *needles):
    """Files of a folder in which a needle stands, Parquet read back."""
    hits = set()
    for path in folder.rglob("*"):
        if path.is_file():
            raw = path.read_bytes()
            read = json.dumps(pl.read_parquet(io.BytesIO(raw)).to_dicts(), default=str) if raw[:4] == b"PAR1" else ""
            hits |= {f"{path.name}: {one}" for one in needles if one.encode() in raw or one in read}
    return hits


def of(posts, actor):
    """Every word by which a person could be found: id, handle, name, ids of posts."""
    bare = actor.partition(":")[2]
    own = pl.read_csv(posts, infer_schema=False).filter(pl.col("account") == bare)["post"].to_list()
    return [bare, f"h_{bare}", f"Name Of {bare}", *own]


def test_who_is_forgotten_is_in_no_file_of_the_case_and_what_is_left_verifies(case, posts):
    actor, other, *_ = members(files(case))
    decide(case, actor)
    decide(case, other)
    needles = of(posts, actor)
    assert len(held(case, *needles)) > 40  # the search can find them

    done = review.forget(case, actor)

    assert held(case, *needles) == set()
    assert done["posts"] == len(needles) - 3 and done["withheld"] == 3
    assert [row["actor"] for row in review.decided(case)] == [other]
    report = cotrace.verify(case / "dossier.zip")
    assert report.standing == "withheld"
    assert {line.partition(":")[0] for line in report.not_checked} >= {"who left these rows out, and why",
                                                                       "the statement"}
    assert "chance of 21 of the 21 pairs" in report.steps[3].shown
    assert answer(["show", str(case)]) == answer(["verify", str(case / "dossier.zip")]) == 0
    assert answer(["export", str(case), "--to", "csv", "--out", str(case.parent / "x")]) == 2
    assert answer(["why", str(case), other]) == 2


def test_the_same_files_do_not_bring_them_back_in_this_case_and_do_in_another(case, posts):
    actor = members(files(case))[0]
    needles = of(posts, actor)
    review.forget(case, actor)

    again = pipeline.run(posts, plan=PLAN, platform="sim", case=case)
    other = reading.read(posts, platform="sim").posts
    otherwise, _ = storing.read(store.Case(case), [posts], quiet, columns=None, zone=None, platform="sim",
                                allow_rejects=0.2)

    assert held(case, *needles) == set()
    assert actor not in again.members["actor"] and actor in other["account"]
    assert "because they were to be forgotten: 1." in digest.unarchive(again.dossier)["statement.md"].decode()
    assert again.findings.reading.posts.equals(otherwise.posts) and otherwise.posts.height < other.height
    cotrace.verify(again.dossier)
    assert "not computed again" in cotrace.replay(again.dossier, [posts])[1][0]
    decide(case, members(files(case))[0])  # the case lives on


class Killed(BaseException):
    """As good as a signal: nothing of ours catches it."""


def test_killed_at_any_moment_of_forgetting_the_next_opening_finishes_it(kept, posts, tmp_path, monkeypatch):
    actor, other, *_ = members(files(kept))
    needles = of(posts, actor)[:4]
    whole = Path(shutil.copytree(kept, tmp_path / "whole"))
    decide(whole, other)
    moments, states = itertools.count(), set()
    for moment in moments:
        folder = Path(shutil.copytree(whole, tmp_path / str(moment)))
        left = [moment * 11]

        def dying(work, left=left):
            def step(*args, **options):
                left[0] -= 1
                if left[0] < 0:
                    raise Killed
                return work(*args, **options)
            return step

        with monkeypatch.context() as patch:
            patch.setattr(store, "write", dying(store.write))
            patch.setattr(store.os, "fsync", dying(store.os.fsync))
            patch.setattr(Path, "unlink", dying(Path.unlink))
            try:
                review.forget(folder, actor)
                finished = True
            except Killed:
                finished = False
        reopened = store.Case(folder)
        forgotten = bool(reopened.forgotten)
        states.add(forgotten)
        assert (held(folder, *needles) == set()) == forgotten
        assert [row["actor"] for row in reopened.decisions] == [other]
        cotrace.verify(folder / "dossier.zip")
        assert len(reopened.runs) == 2
        shutil.rmtree(folder)
        if finished:
            break
    assert states == {True, False} and moment > 3


def test_what_is_left_of_a_dossier_cannot_be_changed_and_stays_signed(tmp_path):
    private, public = statement.new_key()
    raw = dossier.build(_findings.full(), key=private)
    gone = forgetting.Forgotten(b"k")
    gone.add(_findings.RING[0], names=["user101", "Name of 101"])

    left = forgetting.withhold(raw, gone)

    assert cotrace.verify(left, keys=[public]).signer
    assert b"Name of 101" not in left and b"user101" not in left and b"twitter:101," not in left
    parts = digest.unarchive(left)
    for name in ("evidence/edges.csv", "evidence/posts.csv", "withheld.json", "manifest.json"):
        content = bytearray(parts[name])
        content[len(content) // 2] ^= 1
        with pytest.raises(VerificationError):
            cotrace.verify(digest.archive({**parts, name: bytes(content)}))
    said = json.loads(parts["withheld.json"])
    said["leaves"].pop("members")
    with pytest.raises(VerificationError, match="lacks a row"):
        cotrace.verify(digest.archive({**parts, "withheld.json": digest.canonical(said)}))
    two = forgetting.Forgotten(b"k")
    two.add(_findings.RING[1], names=["user102", "Name of 102"])
    twice = forgetting.withhold(left, two)
    assert cotrace.verify(twice, keys=[public]).signer and b"user102" not in twice


def test_forgetting_twice_is_once_and_a_stranger_is_a_mistake(case, capsys):
    actor = members(files(case))[0]

    assert answer(["forget", str(case), actor]) == 0
    log = (case / "log.jsonl").read_bytes()
    assert answer(["forget", str(case), actor]) == 0
    assert "forgotten before" in capsys.readouterr().out
    assert (case / "log.jsonl").read_bytes() == log
    assert answer(["forget", str(case), "sim:nobody-at-all"]) == 2
    assert answer(["forget", str(case.parent), actor]) == 2


def test_reposts_of_them_lose_the_words_and_still_meet_on_the_same_thing():
    gone = forgetting.Forgotten(b"k")
    gone.add("x:77", names=["*Seventy!*"], posts=["x:900000001"])
    frame = records_of(
        ("x:1", "x:5", "share", "x:900000001", "x:77", "RT @seventy: my very own words", None),
        ("x:2", "x:6", "share", "x:900000001", None, "my very own words", None),
        ("x:3", "x:6", "post", None, None, "I disagree with @Seventy and seventy-one others", ["x:77", "x:8"]),
        ("x:900000001", "x:77", "post", None, None, "my very own words", None))

    left = forgetting.posts(frame, gone)

    assert left["post"].to_list() == ["x:1", "x:2", "x:3"]
    assert left["of"][0] == left["of"][1] and left["of"][0].startswith("x:forgotten-")
    assert left["text"].to_list() == [None, None, "I disagree with @[forgotten] and [forgotten]-one others"]
    assert left["mentions"].to_list() == [None, None, ["x:8"]]
    assert forgetting.posts(left, gone).equals(left)


def test_a_handle_that_no_file_tells_can_be_named(case):
    actor = members(files(case))[0]
    (case / "blobs" / "zz").mkdir()  # what a case held of them under another name
    kept = store.Case(case)
    kept.put(b"as @QuietBird77 said")

    review.forget(case, actor, also=["@quietbird77"])

    assert held(case, "QuietBird77") == set()


def records_of(*told):
    from cotrace import tables

    made = [dict(zip(("post", "account", "kind", "of", "of_account", "text", "mentions"), row, strict=True))
            for row in told]
    return tables.conform(pl.DataFrame(made, infer_schema_length=None), tables.POSTS, "posts")


def test_rows_of_a_registry_do_not_open_the_hashes_of_the_public_form():
    """Whoever has the registry knows whom its third row names."""
    every = b"".join(published(()).values()).decode()

    assert _findings.REGISTRY not in every and "Ministry of Nothing" in every


def test_a_reason_does_not_name_again_whom_it_takes_out(case):
    gone, other = members(files(case))[:2]
    bare = gone.partition(":")[2]
    keep(case, "same", other)
    opened = store.Case(case)
    with opened.working():
        made = decisions.decision(actor=gone, verdict="different", by=BY,
                                  because=f"openly a firm, see {gone}, and {bare} is its id")
        opened.decide(decisions.as_rows([made])[0])

    made = decide(case, members(files(case))[-1])

    told = made["evidence/decisions.csv"].decode()
    assert [line for line in told.splitlines() if bare in line] == []
    assert "openly a firm" in told
