"""Figures that a sceptic computes again by hand."""

import polars as pl
import pytest

from cotrace.errors import InputError
from cotrace.evaluate import evaluate, interval

MEMBERS = pl.DataFrame({"cluster": ["c1", "c1", "c1", "c2", "c2"], "actor": ["x:1", "x:2", "x:3", "x:4", "y:9"]})
LABELS = pl.DataFrame({"account_id": ["1", "2", "x:3", "4", "5", "6", "77"],
                       "label": ["op", "op", "op", "real", "op", "real", "op"]})
ACTORS = [f"x:{i}" for i in range(1, 9)] + ["y:9"]


def figure(found, name):
    return found.overall.row(by_predicate=pl.col("figure") == name, named=True)


def test_precision_and_recall_are_counts_over_counts():
    found = evaluate(MEMBERS, LABELS, positive="op", actors=ACTORS)

    assert (figure(found, "precision")["count"], figure(found, "precision")["of"]) == (3, 4)  # y:9 has no label
    assert (figure(found, "recall")["count"], figure(found, "recall")["of"]) == (3, 4)        # 77 is not in the data
    assert figure(found, "F1")["value"] == pytest.approx(0.75)
    assert figure(found, "precision")["low"] < 0.75 < figure(found, "precision")["high"]


def test_accounts_that_only_one_side_knows_are_counted():
    found = evaluate(MEMBERS, LABELS, positive="op", actors=ACTORS)

    assert found.counts == {"published": 5, "published_labelled": 4, "published_without_label": 1, "labels": 7,
                            "labels_not_in_data": 1, "data_without_label": 3}


def test_without_the_data_every_positive_label_counts_as_missed():
    found = evaluate(MEMBERS, LABELS, positive="op")

    assert figure(found, "recall")["of"] == 5
    assert found.counts["labels_not_in_data"] is None


def test_purity_counts_labelled_members_alone():
    clusters = evaluate(MEMBERS, LABELS, positive="op", actors=ACTORS).clusters.to_dicts()

    assert [(c["cluster"], c["size"], c["labelled"], c["positive"], c["purity"]) for c in clusters] == [
        ("c1", 3, 3, 3, 1.0), ("c2", 2, 1, 0, 0.0)]


def test_an_empty_finding_has_no_precision_rather_than_a_perfect_one():
    found = evaluate(MEMBERS.clear(), LABELS, positive="op", actors=ACTORS)

    assert figure(found, "precision")["value"] is None and figure(found, "precision")["low"] is None
    assert figure(found, "recall")["value"] == 0.0 and figure(found, "recall")["low"] == 0.0


def test_intervals_are_exact():
    """Clopper and Pearson's own bounds; scipy's binomial tails are the oracle."""
    from scipy.stats import binom

    low, high = interval(3, 12)
    assert binom.sf(2, 12, low) == pytest.approx(0.025) and binom.cdf(3, 12, high) == pytest.approx(0.025)
    assert interval(0, 5)[0] == 0.0 and interval(5, 5)[1] == 1.0 and interval(0, 0) == (None, None)


def test_links_below_likely_are_near_misses():
    links = pl.DataFrame({"actor": ["x:1", "x:2", "x:6", "x:4"], "source": ["s", "s", "t", "t"],
                          "word": ["listed", "likely", "unlikely", "very likely"]})
    groups = evaluate(MEMBERS, LABELS, positive="op", actors=ACTORS, links=links).groups
    op, real = (groups.row(by_predicate=pl.col("group") == name, named=True) for name in ("op", "real"))

    assert (op["accounts"], op["found"], op["missed"]) == (4, 3, 1)
    assert (op["listed"], op["linked"], op["near_miss"], op["sources"]) == (1, 1, 0, "s")
    assert (real["found"], real["listed"], real["linked"], real["near_miss"]) == (1, 0, 1, 1)


def test_a_cluster_of_others_that_is_called_inauthentic_is_counted_as_wrong():
    verdicts = pl.DataFrame({"cluster": ["c1", "c2"], "word": ["inauthentic", "inauthentic"]})
    found = evaluate(MEMBERS, LABELS, positive="op", actors=ACTORS, verdicts=verdicts)

    assert found.clusters.select("cluster", "wrongly").rows() == [("c1", False), ("c2", True)]
    assert found.counts["clusters_wrongly_called_inauthentic"] == 1
    assert (found.counts["positive_called_inauthentic"], found.counts["positive_published"]) == (3, 3)
    assert {row["group"]: row["inauthentic"] for row in found.groups.to_dicts()} == {
        "op": 3, "real": 1, "without label": 1}


@pytest.mark.parametrize(("labels", "options", "says"), [
    (LABELS, {"positive": "fake"}, "No account is labelled 'fake'"),
    (LABELS.rename({"label": "verdict"}), {"positive": "op"}, "no column for label"),
    (pl.concat([LABELS, LABELS.with_columns(label=pl.lit("other"))]), {"positive": "op"}, "more than one label"),
    (LABELS, {"positive": "op", "columns": {"accounts": "account_id"}}, "no column for accounts"),
    (pl.DataFrame({"account": ["9"], "label": ["op"]}), {"positive": "op", "actors": ["x:9", "y:9"]},
     "fits x:9 and y:9"),
    (pl.DataFrame({"account": ["1", "x:1"], "label": ["op", "real"]}), {"positive": "op"}, "two labels"),
    ("nowhere.csv", {"positive": "op"}, "cannot be read"),
])
def test_labels_that_cannot_be_used_say_why(labels, options, says):
    with pytest.raises(InputError, match=says):
        evaluate(MEMBERS, labels, **options)


def test_columns_are_named_ours_by_theirs(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("handle,user,verdict\nh,1,op\nh,4,real\n")

    found = evaluate(MEMBERS, path, positive="op", columns={"account": "user", "label": "verdict"}, actors=ACTORS)

    assert figure(found, "recall")["value"] == 1.0


def test_the_demo_counts_who_is_wrongly_accused():
    """An honest group is accused by a link, people who do not coordinate by being published at all."""
    from cotrace.cli.demo import scores

    class World:
        clusters = pl.DataFrame({"group": ["ring", "choir", "fans-1"], "coordinated": [True, True, False],
                                 "inauthentic": [True, False, False]})

    labels = pl.DataFrame({"account_id": list("123456"), "group": ["ring", "ring", "choir", "choir", "fans-1", "rest"],
                           "label": ["op", "op", "benign", "benign", "benign", "ordinary"]})
    members = pl.DataFrame({"cluster": ["c"] * 4, "actor": ["x:1", "x:3", "x:5", "x:6"]})
    links = pl.DataFrame({"actor": ["x:1", "x:4"], "source": ["s", "s"], "word": ["listed", "likely"]})
    actors = [f"x:{i}" for i in range(1, 7)]
    found = evaluate(members, labels, positive="op", links=links, actors=actors)

    rows = {row["group"]: row for row in scores(found, World)}

    assert [rows["ring"][name] for name in ("found", "missed", "wrongly accused", "listed")] == [1, 1, 0, 1]
    assert [rows["choir"][name] for name in ("found", "missed", "wrongly accused", "linked")] == [1, 1, 1, 1]
    assert rows["super-fans"]["wrongly accused"] == 1 and rows["rest"]["wrongly accused"] == 1


def test_a_demo_is_never_made_among_other_things(tmp_path):
    from cotrace.cli import answer

    (tmp_path / "thesis.txt").write_text("kept")

    assert answer(["demo", "--out", str(tmp_path)]) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.slow
def test_the_demo_finds_the_operations_and_accuses_nobody_wrongly(tmp_path, capsys):
    import json

    from cotrace.cli import answer

    out = tmp_path / "demo"
    assert answer(["--json", "demo", "--out", str(out)]) == 0
    told = json.loads(capsys.readouterr().out)
    dossier = (out / "case" / "dossier.zip").read_bytes()
    rows = {row["group"]: row for row in told["groups"]}

    assert (out / "case" / "statement.html").is_file() and (out / "export" / "actors.csv").is_file()
    assert all(row["wrongly accused"] == 0 for row in told["groups"])
    assert all(rows[name]["found"] >= 0.9 * rows[name]["accounts"] for name in ("lantern", "copyists", "slow"))
    assert sum(row["called inauthentic"] for row in told["groups"]) >= 0.7 * sum(
        row["found"] for row in told["groups"] if row["in truth"] == "operation")
    assert answer(["--json", "demo", "--out", str(out)]) == 0
    assert (out / "case" / "dossier.zip").read_bytes() == dossier
