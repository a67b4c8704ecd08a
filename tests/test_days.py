"""Posts that arrive every day: what changed and why, the same bytes as all at once, alpha that is spent once."""

import dataclasses
import json
from fractions import Fraction

import _findings
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cotrace import changes, derive, digest, dossier, pipeline, plans, reading, records, simulate, verify
from cotrace.cli import answer
from cotrace.errors import InputError, VerificationError

PLAN = records.Plan(traces=("same_text", "shared_link"), placebos=0)
MEANS = ("suspicio", "guilt", "escalat", "worse", "spread", "campaign", "attack", "threat")  # never said of growth


# ------------------------------------------------------------------------------------------------ what changed

def finding(clusters, *, edges=(), posts=None, inputs=("one",), links=(), plan=None, versions=None, decided=(),
            registry=(), **run):
    """The files of a dossier, as far as they are compared.

    Args:
        clusters: name → members.
        edges: (a, b, q, posts of the pair).
        posts: post → file that it was read from.
        links: (actor, source, word).
    """
    held = {name: [] for name in derive.EVIDENCE}
    held["members"] = [{"cluster": name, "actor": actor} for name, members in clusters.items() for actor in members]
    for a, b, q, both in edges:
        held["edges"].append({"a": a, "b": b, "trace": "shared_link", "q": q})
        held["occasions"] += [{"a": a, "b": b, "trace": "shared_link", "post_a": x, "post_b": y, "together": "yes"}
                              for x, y in zip(both[::2], both[1::2], strict=True)]
    held["posts"] = [{"post": post, "receipt": f"sha256:{file}#1"} for post, file in (posts or {}).items()]
    held["inputs"] = [{"name": f"{name}.csv", "sha256": name} for name in inputs]
    held["links"] = [{"actor": actor, "source": source, "word": word} for actor, source, word in links]
    held["plan"] = [{"key": key, "value": value} for key, value in ({"alpha": "0.01"} | (plan or {})).items()]
    held["run"] = [{"key": key, "value": value} for key, value in ({"pseudonyms": "no"} | run).items()]
    held["decisions"] = [dict(zip(("actor", "source", "verdict"), one, strict=True)) for one in decided]
    held["registry"] = [dict(zip(("source", "selector"), one, strict=True)) for one in registry]
    told = {"software": [{"name": name, "version": version} for name, version in (versions or {}).items()]}
    return {"statement.json": digest.canonical(told), **{
        f"evidence/{name}.csv": digest.csv_bytes(columns, [[row.get(column, "") for column in columns]
                                                           for row in held[name]])
        for name, columns in derive.EVIDENCE.items()}}


def said(causes):
    return {cause.what for cause in causes}


@pytest.mark.parametrize(("before", "after", "change"), [
    ({}, {"n": "abc"}, "new"), ({"o": "abc"}, {}, "vanished"), ({"o": "abc"}, {"n": "abcd"}, "grown"),
    ({"o": "abcd"}, {"n": "abc"}, "shrunk"), ({"o": "abcd"}, {"n": "abce"}, "changed"),
    ({"o": "abc", "p": "def"}, {"n": "abcdef"}, "merged"), ({"o": "abcdef"}, {"n": "abc", "m": "def"}, "split"),
    ({"o": "abcdefg", "p": "xyz"}, {"n": "abcdxyz", "m": "efg"}, "regrouped"),
])
def test_what_became_of_a_cluster_has_one_word(before, after, change):
    found = changes.between(finding(before), finding(after))

    assert [one.change for one in found.clusters] == [change]
    assert found.clusters[0].before == tuple(sorted(before)) and found.clusters[0].after == tuple(sorted(after))


def test_a_cluster_is_followed_by_its_members_and_not_by_its_name():
    """The naive rule, the id, would call every cluster of another look vanished and new."""
    found = changes.between(finding({"c-1": "abc", "c-2": "xyz"}), finding({"c-3": "abc", "c-1": "xyz"}))

    assert found.clusters == () and found.same_clusters == 2


def test_one_member_that_moves_does_not_merge_two_clusters():
    found = changes.between(finding({"o": "abcde", "p": "vwxyz"}), finding({"n": "abcd", "m": "evwxyz"}))

    assert {(one.before, one.after, one.change) for one in found.clusters} == {(("o",), ("n",), "shrunk"),
                                                                               (("p",), ("m",), "grown")}


def test_the_cause_is_new_posts_only_where_the_new_pairs_rest_on_them():
    old = finding({"o": "abc"}, inputs=("one",))
    pairs = [("a", "d", "1e-9", ("p1", "p2"))]

    fresh = changes.between(old, finding({"n": "abcd"}, edges=pairs, inputs=("one", "two"),
                                         posts={"p1": "one", "p2": "two"})).clusters[0]
    stale = changes.between(old, finding({"n": "abcd"}, edges=pairs, inputs=("one", "two"),
                                         posts={"p1": "one", "p2": "one"})).clusters[0]

    assert "posts" in said(fresh.causes) and "q" not in said(fresh.causes)
    assert "q" in said(stale.causes) and "posts" not in said(stale.causes)


@pytest.mark.parametrize(("change", "cause"), [
    ({"plan": {"min_objects": "4"}}, "plan"), ({"plan": {"look": "2", "alpha": "0.001"}}, "look"),
    ({"versions": {"numpy": "9"}}, "software"), ({"forgotten": "1"}, "forgotten"),
    ({"decided": [("c", "", "different")]}, "decisions"),
    ({"decided": [("sha256:" + digest.sha256(b"c"), "", "different")]}, "decisions"),
])
def test_a_cause_is_told_where_it_is_and_only_there(change, cause):
    old = finding({"o": "abc"})

    with_it = changes.between(old, finding({"n": "ab"}, **change))
    without = changes.between(old, finding({"n": "ab"}))

    assert cause in said(with_it.clusters[0].causes)
    assert cause not in said(without.clusters[0].causes)


def test_links_are_told_by_their_words_and_near_misses_stay_nameless():
    old = finding({}, links=[("a", "s", "likely"), ("b", "s", "very likely"), ("c", "s", "very likely"),
                             ("d", "s", "unlikely"), ("f", "s", "unlikely")])
    new = finding({}, links=[("a", "s", "very likely"), ("b", "s", "likely"), ("c", "s", "roughly even chance"),
                             ("d", "s", "likely"), ("e", "s", "listed"), ("f", "s", "roughly even chance")],
                  registry=[("s", "x.example")])

    found = changes.between(old, new)

    assert {(one.actor, one.change, one.word_before, one.word_after) for one in found.links} == {
        ("a", "rose", "likely", "very likely"), ("b", "fell", "very likely", "likely"),
        ("c", "vanished", "very likely", ""), ("d", "new", "", "likely"), ("e", "new", "", "listed")}
    assert all("sources" in said(one.causes) for one in found.links)


def test_one_of_two_dossiers_under_a_key_cannot_be_followed():
    with pytest.raises(InputError, match="keyed hashes"):
        changes.between(finding({"o": "abc"}), finding({"n": "abc"}, pseudonyms="yes"))


def test_a_withheld_dossier_is_not_compared():
    with pytest.raises(InputError, match="forgotten"):
        changes.between({"withheld.json": b"{}"}, finding({}))


# ------------------------------------------------------------------------------------------------------ a world

@pytest.fixture(scope="module")
def world():
    """A ring of eight among 150 accounts over ten days, as raw posts in order of time."""
    shares = simulate.shares("ring", seed=3, accounts=150, objects=500, rings=1, ring_size=8, ring_objects=20,
                             jitter_s=30)
    return shares.actions.select(
        post_id=pl.col("post").str.split(":").list.last(), account_id=pl.col("actor").str.split(":").list.last(),
        posted_at=pl.col("at").dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
        text=pl.format("look at https://n.example/{}", pl.col("object").str.replace_all(r"\W", "-")),
    ).sort("posted_at", "post_id")


def written(folder, name, rows):
    rows.write_csv(folder / name)
    return folder / name


def test_diff_tells_two_runs_and_their_causes_and_suggests_nothing(world, tmp_path, capsys):
    early = world.height // 5  # in which nobody is found yet
    one, two = written(tmp_path, "one.csv", world[:early]), written(tmp_path, "two.csv", world[early:])
    pipeline.run([one], plan=PLAN, platform="sim", case=tmp_path / "c")
    pipeline.run([one, two], plan=PLAN, platform="sim", case=tmp_path / "c")
    capsys.readouterr()

    assert answer(["diff", str(tmp_path / "c"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert answer(["diff", str(tmp_path / "c")]) == 0
    words = capsys.readouterr().out

    assert [one["change"] for one in told["clusters"]] == ["new"] and told["runs"][0]["what"] == "posts"
    assert {cause["what"] for cause in told["clusters"][0]["causes"]} == {"posts", "members"}
    assert "nothing about who is in a group or why" in " ".join(words.split())
    assert not derive.ACCUSATIONS.search(words) and not [one for one in MEANS if one in words.casefold()]


@pytest.mark.parametrize(("words", "told"), [
    (["diff", "nowhere"], "no case"), (["diff", "nowhere", "nowhere"], "There is no nowhere"), (["diff"], "RUN"),
])
def test_diff_of_nothing_says_what_it_takes(words, told, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert answer(words) == 2
    assert told in capsys.readouterr().err


# ------------------------------------------------------------------------------------- files that come one by one

RECORD = st.fixed_dictionaries({
    "n": st.integers(0, 25), "text": st.sampled_from(["one", "two"]), "account": st.integers(0, 4),
    "name": st.sampled_from(["", "Ann", "Bea"]), "minute": st.integers(0, 600),
    "wrong": st.sampled_from([""] * 6 + ["x"]),
})


def jsonl(path, records):
    """Files of different resolutions, with second copies, second versions and times that are none."""
    lines = [{"id": str(one["n"]), "account": f"a{one['account']}", "account_name": one["name"],
              "text": f"{one['text']} {one['n']}", "at": one["wrong"] or f"2026-01-05T{one['minute'] // 60:02}:"
              f"{one['minute'] % 60:02}:{one['n'] if one['n'] > 12 else 0:02}Z"} for one in records]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def read_plain(found):
    return (found.posts.rows(), found.actors.rows(), sorted(found.rejects.rows(), key=str), found.counts, found.notes,
            sorted(map(repr, found.inputs)))


@given(st.lists(st.lists(RECORD, min_size=1, max_size=25), min_size=1, max_size=5), st.randoms())
@settings(max_examples=25, deadline=None)
def test_files_read_one_by_one_are_read_as_all_at_once(tmp_path_factory, days, chance):
    folder = tmp_path_factory.mktemp("days")
    files = [jsonl(folder / f"{number}.jsonl", [*day, {**day[0], "n": 100 + number, "wrong": ""}])
             for number, day in enumerate(days)]  # one record a file that no other file has: no two files are the same

    try:
        whole = reading.read(files, allow_rejects=1.0)
    except InputError as fault:
        whole = str(fault)
    chance.shuffle(files)
    shares = [share for file in files for share in reading.apart([file])]
    try:
        parts = reading.together(shares, allow_rejects=1.0)
    except InputError as fault:
        parts = str(fault)

    assert parts == whole if isinstance(whole, str) else read_plain(parts) == read_plain(whole)


def test_the_naive_way_of_putting_readings_together_sees_no_second_version(tmp_path):
    one = jsonl(tmp_path / "1.jsonl", [dict(n=n, text="one", account=n % 3, name="", minute=n, wrong="")
                                       for n in range(20)])
    two = jsonl(tmp_path / "2.jsonl", [dict(n=n, text="two" if n == 3 else "one", account=n % 3, name="", minute=n,
                                            wrong="") for n in range(3, 30)])
    naive = pl.concat([reading.read(one, allow_rejects=1.0).posts, reading.read(two, allow_rejects=1.0).posts])

    right = reading.together([*reading.apart(one), *reading.apart(two)], allow_rejects=1.0)

    assert naive["post"].is_duplicated().any() and "unknown:3" in naive["post"].to_list()
    assert right.counts["duplicates"] == 16 and "unknown:3" not in right.posts["post"].to_list()


# ----------------------------------------------------------------------------------------- alpha that is spent once

def test_all_looks_together_never_spend_more_than_alpha():
    for whole in ("0.01", "0.05", "0.2"):
        shares = [Fraction(derive.alpha_of_look(whole, look)) for look in range(1, plans.MOST_LOOKS + 1)]

        assert sum(shares) < Fraction(whole) < 60 * Fraction(whole)  # the naive rule, alpha every day, after two months
        assert shares == sorted(shares, reverse=True) and shares[0] == Fraction(whole) / 2


@pytest.mark.parametrize("look", [1, 2, 7, 60, 1000])
def test_a_look_is_spelled_so_that_it_is_read_back(look, tmp_path):
    plan = plans.at_look(PLAN, look)
    (tmp_path / "plan.toml").write_text(plans.toml(plan))

    assert plans.read(tmp_path / "plan.toml") == plans.read_back(plan.as_plain()) == plan
    assert plans.once(plan) == PLAN and plans.at_look(plan, look + 1 if look < 1000 else 1).alpha_of_looks == PLAN.alpha


def test_a_plan_that_is_run_once_says_nothing_of_looks():
    assert not {"look", "alpha_of_looks"} & set(PLAN.as_plain()) and "look" not in plans.toml(PLAN)


@pytest.mark.parametrize("wrong", [{"look": 2}, {"look": 0, "alpha_of_looks": 0.01}, {"alpha_of_looks": 0.01},
                                   {"look": 2, "alpha_of_looks": 0.01, "alpha": 0.01},
                                   {"look": 2, "alpha_of_looks": 1.0, "alpha": 0.1},
                                   {"look": True, "alpha_of_looks": 0.01, "alpha": 0.005}])
def test_a_look_that_takes_more_than_its_share_is_refused(wrong):
    with pytest.raises(InputError, match="look"):
        plans.check(dataclasses.replace(PLAN, **wrong))


def test_the_dossier_says_which_look_it_is_and_verify_computes_its_alpha_again():
    found = dataclasses.replace(_findings.full(), plan=plans.at_look(_findings.PLAN, 1))
    files = digest.unarchive(dossier.build(found))

    assert "This is look 1 at posts that go on arriving. All looks together may accept 1.0 %" in " ".join(
        files["statement.md"].decode().split())
    assert "accepts 0.5000000 % of false pairs" in " ".join(files["statement.md"].decode().split())
    forged = dataclasses.replace(found, plan=dataclasses.replace(found.plan, alpha=0.01))
    with pytest.raises(VerificationError, match="alpha that is not its own"):
        verify.verify(dossier.build(forged))
