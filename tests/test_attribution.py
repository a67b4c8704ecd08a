"""Sharing is not belonging, following is not operating: who may be linked to a source, and with which word."""

import math
import random
import sys
import tomllib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cotrace import attribution, parts, simulate, tables, traces
from cotrace import reading as readings
from cotrace import sources as registries
from cotrace.attribution import _chance
from cotrace.records import WORDS, Cluster, Ground, Plan, Reading, word

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "benchmarks"))
import calibration
import linking

GOLDEN = Path(__file__).parent / "golden" / "attribution"
LADDER = [name for name, _ in WORDS]
START = datetime(2018, 1, 1, tzinfo=UTC)
TRACES = ("same_text", "shared_link")


# ------------------------------------------------------------------------------------------------------- small worlds


def reading(posts, profiles=()) -> Reading:
    """posts: (account, at, text, link, answers); profiles: (account, handle, site, seen_from, seen_to)."""
    rows = [
        {
            "platform": "twitter",
            "post": f"twitter:p{number}",
            "account": f"twitter:{account}",
            "account_kind": "account",
            "at": at,
            "at_resolution": 1,
            "kind": "reply" if answers else "post",
            "of_account": f"twitter:{answers}" if answers else None,
            "text": text or None,
            "links": [link] if link else None,
            "mentions": [],
            "receipt": f"sha256:posts#{number + 1}",
        }
        for number, (account, at, text, link, answers) in enumerate(posts)
    ]
    frame = tables.conform(pl.DataFrame(rows, infer_schema_length=None), tables.POSTS, "Posts").sort("at", "post")
    known = [
        {
            "actor": f"twitter:{account}",
            "platform": "twitter",
            "kind": "account",
            "id": account,
            "handle": handle or None,
            "site": site or None,
            "seen_from": begin,
            "seen_to": end,
            "receipt": "sha256:posts#1",
        }
        for account, handle, site, begin, end in profiles
    ]
    actors = tables.conform(
        pl.DataFrame(known, schema_overrides=tables.ACTORS, infer_schema_length=None)
        if known
        else tables.empty(tables.ACTORS),
        tables.ACTORS,
        "Actors",
    )
    return Reading(frame, actors, (), tables.empty(tables.REJECTS), {})


def registry(accounts=(), *selectors, source="Farm", **change) -> pl.DataFrame:
    rows = [{"source": source, "selector_type": "account", "selector": account} for account in accounts]
    rows += [{"source": source, **selector} for selector in selectors]
    rows = [
        {
            "identified_by": "Senate",
            "at": "2018-08-22",
            "cites": "Report",
            **row,
            **change,
            "receipt": f"sha256:registry#{number}",
        }
        for number, row in enumerate(rows, 1)
    ]
    return tables.conform(
        pl.DataFrame(rows, schema_overrides=tables.SOURCES, infer_schema_length=None), tables.SOURCES, "Sources"
    )


def meetings(actions, pairs=None, window_s=1800, least=3):
    """EDGES and OCCASIONS by the naive rule (or of these pairs): far more than validation would let pass."""
    edges, occasions = [tables.empty(tables.EDGES)], [tables.empty(tables.OCCASIONS)]
    for name, frame in actions.items():
        first = frame.sort("at", "post").unique(["object", "actor"], keep="first", maintain_order=True)
        met = (
            first.join(first, on=["object", "kind"], suffix="_b")
            .filter(pl.col("actor") < pl.col("actor_b"), pl.col("post") != pl.col("post_b"))
            .with_columns(
                trace=pl.lit(name), delta=(pl.col("at_b") - pl.col("at")).dt.total_seconds().cast(pl.Float64)
            )
            .with_columns(together=pl.col("delta").abs() <= window_s)
        )
        pair = met.group_by("actor", "actor_b", "kind", "trace").agg(observed=pl.col("together").sum())
        pair = (
            pair.filter(pl.col("observed") >= least)
            if pairs is None
            else pair.join(
                pl.DataFrame(pairs, schema=["actor", "actor_b", "trace"], orient="row"),
                on=["actor", "actor_b", "trace"],
            )
        )
        edges.append(tables.conform(pair.rename({"actor": "a", "actor_b": "b"}), tables.EDGES, "Edges"))
        occasions.append(
            tables.conform(
                met.join(pair, on=["actor", "actor_b", "trace"]).select(
                    "trace",
                    "object",
                    "together",
                    a="actor",
                    b="actor_b",
                    post_a="post",
                    at_a="at",
                    post_b="post_b",
                    at_b="at_b",
                    delta_s="delta",
                ),
                tables.OCCASIONS,
                "Occasions",
            )
        )
    return pl.concat(edges).sort("a", "b", "trace"), pl.concat(occasions).sort("a", "b", "trace", "object")


def acted(read) -> dict:
    return {name: traces.act(name, read.posts)[0] for name in TRACES}


def one_cluster(actors) -> tuple[Cluster, ...]:
    return (
        Cluster(id="c1", members=tuple(sorted(actors)), stability=("1",) * len(set(actors)), traces=TRACES, q=0.001),
    )


def linked(read, sources, members, *, pairs=None, prior="1:10", seed=0):
    actions = acted(read)
    edges, occasions = meetings(actions, pairs)
    return attribution.link(
        clusters=one_cluster(members),
        edges=edges,
        occasions=occasions,
        actions=actions,
        reading=read,
        sources=sources,
        plan=Plan(prior=prior),
        seed=seed,
    )


SAID = (
    "The vote was counted twice in district number {} and nobody was told about it",
    "Look what the ministers of region {} have agreed upon without asking any of the people who live there",
)


def operation(seed, *, members=30, items=120, taking=4, strangers=80, readers=8, coincidences=0):
    """Posts of a hand-made operation whose members take turns, of strangers, and of readers who copy member m0.

    Each item is published by `taking` members in random order, within half an hour; readers copy m0 minutes to two days
    later, always after. Strangers share popular links. `coincidences`: a reader publishes as many of the operation's
    links first, by chance.
    """
    rng = random.Random(seed)
    posts = []
    for item in range(items):
        at = START + timedelta(hours=8 * item + rng.random() * 6)
        text, link = (SAID[item % 2].format(item), None) if item % 2 else (None, f"https://farm.example/{item}")
        who = rng.sample(range(members), taking) if item % 3 else [0, *rng.sample(range(1, members), taking - 1)]
        rng.shuffle(who)
        times = sorted(at + timedelta(seconds=rng.uniform(0, 1800)) for _ in who)
        posts += [(f"m{one}", when, text, link, None) for one, when in zip(who, times, strict=True)]
        if 0 in who:
            seen = times[who.index(0)]
            posts += [
                (
                    f"r{reader}",
                    seen + timedelta(seconds=math.exp(rng.uniform(math.log(120), math.log(172_800)))),
                    text,
                    link,
                    None,
                )
                for reader in range(readers)
                if rng.random() < 0.5
            ]
        elif item % 2 == 0 and item < 2 * coincidences * 3:
            posts += [(f"r{item % readers}", at - timedelta(hours=1), text, link, None)]
    for stranger in range(strangers):
        for _ in range(25):
            item = int(rng.paretovariate(0.8)) % 400
            posts.append(
                (
                    f"s{stranger}",
                    START + timedelta(hours=rng.uniform(0, 8 * items)),
                    None,
                    f"https://news.example/{item}",
                    None,
                )
            )
    return posts


# ------------------------------------------------------------------------------------------- laws on every indicator


def golden(name):
    told = tomllib.loads((GOLDEN / f"{name}.toml").read_text(encoding="utf-8"))

    def cells(line, width):
        return ([cell.strip() for cell in line.split("|")] + [""] * width)[:width]

    def when(text):
        return datetime.fromisoformat(text).replace(tzinfo=UTC)

    posts = [
        (account, when(at), text, link, answers)
        for account, at, text, link, answers in (cells(line, 5) for line in told["posts"])
    ]
    profiles = [
        (account, handle, site, when(begin), when(end))
        for account, handle, site, begin, end in (cells(line, 5) for line in told["profiles"])
    ]
    selectors = [
        {
            "selector_type": kind,
            "selector": selector,
            "valid_from": when(begin) if begin else None,
            "valid_to": when(end) if end else None,
        }
        for kind, selector, begin, end in (cells(line, 4) for line in told["selectors"])
    ]
    read = reading(posts, profiles)
    actions = acted(read)
    pairs = [(f"twitter:{a}", f"twitter:{b}", trace) for a, b, trace in (cells(line, 3) for line in told["edges"])]
    edges, occasions = (
        meetings(actions, pairs) if pairs else (tables.empty(tables.EDGES), tables.empty(tables.OCCASIONS))
    )
    scene = attribution.stage(
        clusters=(),
        edges=edges,
        occasions=occasions,
        actions=actions,
        reading=read,
        sources=registry(told["listed"], *selectors),
        plan=Plan(),
        seed=0,
    )
    return told, scene


NOTHING_TAKEN = pl.DataFrame(schema={"actor": pl.String, "post": pl.String})


@pytest.mark.parametrize("name", parts.names("attribution"))
def test_an_indicator_sees_what_its_golden_file_says_and_nothing_else(name):
    told, scene = golden(name)

    look = parts.load("attribution", name).look(scene, "Farm", NOTHING_TAKEN)

    seen = {actor.partition(":")[2] for actor in look.sightings} - set(told["listed"])
    assert seen == set(told["seen"])
    assert not seen & set(told["not_seen"])
    assert {actor.partition(":")[2] for actor, found in look.sightings.items() if found.lead} == set(told["leads"])


@pytest.mark.parametrize("name", parts.names("attribution"))
def test_an_indicator_names_the_registry_rows_it_rests_on_and_says_no_number(name):
    told, scene = golden(name)
    module = parts.load("attribution", name)

    for actor, found in module.look(scene, "Farm", NOTHING_TAKEN).sightings.items():
        assert found.selectors, actor
        assert all(receipt.startswith("sha256:registry#") for receipt in found.selectors)
        assert not any(sign.isdigit() for sign in found.says)
        assert found.lead or {"same_seen", "same_of", "unrelated_seen", "unrelated_of"} <= set(found.counts)
    assert module.CAP > 1
    assert module.STRONG in (True, False)
    assert "person" not in module.__doc__ or told


@pytest.mark.parametrize("name", parts.names("attribution"))
def test_posts_already_used_are_no_evidence_again(name):
    _, scene = golden(name)
    used = scene.acts.select("actor", "post").unique()

    look = parts.load("attribution", name).look(scene, "Farm", used)

    if name == "content":
        assert look.sightings == {}


# ----------------------------------------------------------------------------------------------- from counts to words


@given(seen=st.integers(0, 60), more=st.integers(0, 60))
def test_the_interval_of_a_proportion_is_wilsons(seen, more):
    of = seen + more or 1
    seen = min(seen, of)

    low, high = attribution.wilson(seen, of)

    for bound in (low, high):  # by definition: where the score test just rejects
        if 0 < bound < 1:
            assert abs(seen / of - bound) / math.sqrt(bound * (1 - bound) / of) == pytest.approx(
                1.959963984540054, rel=1e-6
            )
    assert 0 <= low <= seen / of <= high <= 1


def test_a_ratio_is_the_cautious_end_of_both_counts():
    counts = {"same_seen": 60, "same_of": 100, "unrelated_seen": 5, "unrelated_of": 250, "cap": 1000}

    low, high = attribution.interval(counts)

    assert attribution.ratio(counts) == low
    assert low < (60 / 100) / (5 / 250) < high
    assert low == pytest.approx(attribution.wilson(60, 100)[0] / attribution.wilson(5, 250)[1])
    assert attribution.ratio({**counts, "cap": 3}) == 3


@pytest.mark.parametrize("change", [{"same_of": 9, "same_seen": 9}, {"unrelated_of": 9, "unrelated_seen": 0}])
def test_fewer_than_ten_measure_nothing(change):
    assert (
        attribution.ratio(
            {"same_seen": 10, "same_of": 10, "unrelated_seen": 0, "unrelated_of": 99, "cap": 9, **change}
        )
        is None
    )


@settings(max_examples=200)
@given(same=st.integers(0, 50), unrelated=st.integers(0, 49))
def test_more_sightings_among_the_unrelated_never_raise_a_ratio(same, unrelated):
    counts = {"same_seen": same, "same_of": 50, "unrelated_of": 50, "cap": 10**6}

    assert attribution.ratio({**counts, "unrelated_seen": unrelated + 1}) <= attribution.ratio(
        {**counts, "unrelated_seen": unrelated}
    )


def ground(indicator, ratio, **counts):
    return Ground(indicator, "Said.", ratio, counts, None, None)


BOTH_WAYS = {"occasions": 8, "before": 4, "after": 4, "before_due": 4000, "first": 3, "first_due": 3000}
READER = {"occasions": 8, "before": 0, "after": 8, "before_due": 4000, "first": 0, "first_due": 3000}


def test_a_word_is_a_posterior_so_a_ratio_of_12_is_92_percent_at_even_odds_and_1_at_a_thousand_to_one():
    twelve = [ground("identity", 3.0), ground("content", 4.0, **BOTH_WAYS)]

    even, _ = attribution.judge(twelve, ["identity"], 1.0)
    rare, _ = attribution.judge(twelve, ["identity"], 1 / 1000)

    assert even == pytest.approx(0.923, abs=0.001)
    assert rare == pytest.approx(0.0119, abs=0.0001)
    assert (word(even), word(rare)) == ("very likely", "almost no chance")


@pytest.mark.parametrize(
    ("grounds", "most"),
    [
        ([], "unlikely"),
        ([ground("content", None, **BOTH_WAYS)], "unlikely"),
        ([ground("content", 1e9, **BOTH_WAYS)], "roughly even chance"),
        ([ground("identity", 1e9)], "roughly even chance"),
        ([ground("content", 1e9, **BOTH_WAYS), ground("coordination", 1e9, **BOTH_WAYS)], "likely"),
        ([ground("content", 1e9, **READER), ground("coordination", 1e9, **BOTH_WAYS)], "roughly even chance"),
        ([ground("content", 1e9, **READER), ground("coordination", 1e9, **READER)], "unlikely"),
        ([ground("content", 1e9, **READER), ground("identity", 1e9)], "unlikely"),
        ([ground("content", 0.9, **BOTH_WAYS), ground("coordination", 1e9, **BOTH_WAYS)], "roughly even chance"),
        ([ground("content", 1e9, **BOTH_WAYS), ground("identity", 1e9)], "almost certain"),
        (
            [ground("content", 1e9, **BOTH_WAYS), ground("coordination", 1e9, **BOTH_WAYS), ground("rhythm", 1e9)],
            "almost certain",
        ),
    ],
)
def test_no_posterior_climbs_beyond_the_ladder(grounds, most):
    posterior, rule = attribution.judge(grounds, ["identity"], 1000.0)

    assert word(posterior) == most
    assert bool(rule) == (most != "almost certain")


@pytest.mark.parametrize(
    ("order", "said"),
    [
        (BOTH_WAYS, ""),
        (READER, "always after: reader or amplifier"),
        ({**READER, "before": 1, "after": 7, "first": 1}, "almost always after: reader or amplifier"),
        ({**READER, "before": 4, "after": 4}, "never first: reader or amplifier of others"),
        ({**BOTH_WAYS, "before": 8, "after": 0, "first": 8}, "always before: the source may copy it"),
    ],
)
def test_order_that_goes_one_way_has_its_benign_explanation(order, said):
    assert attribution.one_way(order) == said


# ------------------------------------------------------------------------------------------------------ whole worlds


@pytest.mark.parametrize("seed", range(3))
def test_hidden_members_of_an_operation_are_linked_and_nobody_else(seed):
    read = reading(operation(seed, readers=0))
    members = [f"twitter:m{one}" for one in range(30)]

    links = linked(read, registry([f"m{one}" for one in range(15)]), [*members, "twitter:s1", "twitter:s2"])

    assert {one.actor for one in links if one.word == "listed"} == set(members[:15])
    likely = {one.actor for one in links if one.word in LADDER[LADDER.index("likely") :]}
    assert likely <= set(members[15:])
    assert len(likely) >= 6
    assert all(one.word in LADDER[:3] for one in links if one.actor.startswith("twitter:s"))


@pytest.mark.parametrize("prior", ["1:1000", "1:10", "10:1"])
@pytest.mark.parametrize("coincidences", [0, 4])
def test_readers_of_an_identified_account_are_never_linked_and_the_naive_rule_links_them(prior, coincidences):
    read = reading(operation(1, coincidences=coincidences))
    listed = [f"m{one}" for one in range(15)]
    members = [f"twitter:m{one}" for one in range(30)] + [f"twitter:r{one}" for one in range(8)]

    links = linked(read, registry(listed), members, prior=prior)

    readers = {one.actor: one for one in links if one.actor.startswith("twitter:r")}
    assert all(LADDER.index(one.word) <= LADDER.index("unlikely") for one in readers.values())
    assert len(readers) >= 6, "they share enough to be looked at"
    assert all("always after: reader or amplifier" in one.explanation for one in readers.values())
    edges, _ = meetings(acted(read))
    names = {f"twitter:{one}" for one in listed}
    accused = {b if a in names else a for a, b in edges.select("a", "b").iter_rows() if (a in names) != (b in names)}
    assert len([actor for actor in accused if actor.startswith("twitter:r")]) >= 6, "an edge to a listed account"


def test_an_outlet_that_the_source_always_copies_is_never_linked():
    posts = operation(2, readers=0)
    posts += [
        ("outlet", at - timedelta(hours=1), text, link, None) for who, at, text, link, _ in posts if who == "m0"
    ]

    links = linked(
        reading(posts),
        registry([f"m{one}" for one in range(15)]),
        [*(f"twitter:m{one}" for one in range(30)), "twitter:outlet"],
        prior="10:1",
    )

    outlet = next(one for one in links if one.actor == "twitter:outlet")
    assert LADDER.index(outlet.word) <= LADDER.index("roughly even chance")
    assert "before: the source may copy it" in outlet.explanation


def test_shares_answers_and_mentions_of_an_identified_account_count_for_nothing():
    posts = operation(3)
    answering = [(who, at, text, link, "m0" if who.startswith("r") else None) for who, at, text, link, _ in posts]
    members = [f"twitter:r{one}" for one in range(8)]

    links = linked(
        reading(answering), registry([f"m{one}" for one in range(15)]), members, pairs=[("x", "y", "same_text")]
    )

    assert [one for one in links if one.word != "listed"] == []


def test_two_classes_are_computed_on_disjoint_posts():
    links = linked(
        reading(operation(4, readers=0)),
        registry([f"m{one}" for one in range(15)]),
        [f"twitter:m{one}" for one in range(30)],
    )

    both = [one for one in links if {g.indicator for g in one.grounds} >= {"content", "coordination"}]
    assert both
    for one in both:
        posts = {g.indicator: {row[1] for row in g.occasions} | {row[3] for row in g.occasions} for g in one.grounds}
        assert not posts["content"] & posts["coordination"]


def test_every_link_can_be_computed_again_from_its_counts():
    links = linked(
        reading(operation(5)),
        registry([f"m{one}" for one in range(15)]),
        [f"twitter:{who}{one}" for who, count in (("m", 30), ("r", 8)) for one in range(count)],
    )

    strong = [name for name in parts.names("attribution") if parts.load("attribution", name).STRONG]
    for one in (one for one in links if one.word != "listed"):
        for ground in one.grounds:
            assert ground.ratio == attribution.ratio(ground.counts)
            assert ground.counts["occasions"] == len(ground.occasions)
            assert ground.selectors
            assert all(row[5] for row in ground.occasions)
        assert (one.posterior, one.bounded_by) == attribution.judge(one.grounds, strong, 0.1)
        assert one.word == word(one.posterior)
        assert (
            LADDER.index(one.word_if_prior_tenth) <= LADDER.index(one.word) <= LADDER.index(one.word_if_prior_tenfold)
        )


def test_the_order_of_rows_changes_nothing():
    read = reading(operation(6))
    shuffled = Reading(read.posts.sample(fraction=1, shuffle=True, seed=1), read.actors, (), read.rejects, {})
    rows = registry([f"m{one}" for one in range(15)])
    members = [f"twitter:m{one}" for one in range(30)] + [f"twitter:r{one}" for one in range(8)]

    assert linked(read, rows, members) == linked(
        shuffled, rows.sample(fraction=1, shuffle=True, seed=2), members[::-1]
    )


def test_fewer_than_ten_listed_accounts_give_no_word_but_the_priors():
    links = linked(
        reading(operation(7)),
        registry([f"m{one}" for one in range(9)]),
        [f"twitter:m{one}" for one in range(30)],
        prior="1:1000",
    )

    others = [one for one in links if one.word != "listed"]
    assert others
    assert {one.word for one in others} == {"almost no chance"}
    assert all(ground.ratio is None for one in others for ground in one.grounds)


def test_words_come_true_as_often_as_they_say_and_a_naive_rules_accusations_do_not():
    said, accused = [], []  # (word, whether true)
    for seed in range(4):
        read = reading(operation(seed, readers=24))
        listed = [f"twitter:m{one}" for one in range(15)]
        everybody = [f"twitter:{who}{one}" for who, count in (("m", 30), ("r", 24), ("s", 80)) for one in range(count)]
        links = linked(read, registry([one.partition(":")[2] for one in listed]), everybody, prior="15:104", seed=seed)
        said += [(one.word, one.actor.startswith("twitter:m")) for one in links if one.word != "listed"]
        edges, _ = meetings(acted(read))
        touched = {a for pair in edges.select("a", "b").iter_rows() if set(pair) & set(listed) for a in pair}
        accused += [("almost certain", actor.startswith("twitter:m")) for actor in sorted(touched - set(listed))]

    def unearned(told):
        true = {name: [came for spoken, came in told if spoken == name] for name in LADDER[3:]}  # words that accuse
        return [name for name, came in true.items()
                if came and calibration.earns(sum(came), len(came), name).startswith("BELOW")]

    assert unearned(said) == []
    assert sum(name == "likely" for name, _ in said) >= 20, "or nothing was tested"
    assert unearned(accused) == ["almost certain"], "an edge to a listed account"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_in_the_world_of_readers_no_reader_is_linked_and_the_naive_rule_links_most(seed, tmp_path):
    world = simulate.world("readers", seed=seed)
    files = simulate.write(world, tmp_path / "world")
    read = readings.read([path for name, path in files.items() if name.startswith("posts")])
    listed = registries.read(files["sources"])
    labels = dict(world.labels.select("account_id", "group").iter_rows())

    found = linking.find(read, Plan(), max(entry.resolution_s for entry in read.inputs))
    links = attribution.link(
        clusters=found[3],
        edges=found[1],
        occasions=found[2],
        actions=found[0],
        reading=read,
        sources=listed,
        plan=Plan(prior="1:1"),
        seed=seed,
    )

    known = {one.actor for one in links if one.word == "listed"}
    assert not [one for one in links if labels[one.actor].startswith("readers") and one.word in linking.HIGH]
    close = linking.network.naive(found[0], engine=parts.load("engines", "local"), window_s=1800, objects=3)
    accused = {b if a in known else a for a, b in close.select("a", "b").iter_rows() if (a in known) != (b in known)}
    assert sum(labels[actor].startswith("readers") for actor in accused) >= 20


@pytest.mark.slow
def test_readers_planted_into_real_posts_are_never_linked_and_the_naive_rule_links_them(shared):
    path = shared / "data" / "posts" / "mixA.parquet"
    labels = {
        f"twitter:{account}": label
        for account, label in pl.read_parquet(path, columns=["account_id", "label"]).unique().iter_rows()
    }

    row = linking.readers_test(readings.read(path), labels, "ira", Plan(prior="1:10"), 60, seed=0)

    assert row["above_roughly_even"] == 0, row
    assert row["close_to_listed"] >= 15, row


# ----------------------------------------------------------------------------------------------- who is listed

POST = [("7", START, "The vote was counted twice in three northern districts", None, None)]


@pytest.mark.parametrize(
    "change",
    [{"cites": None}, {"identified_by": None}, {"at": None}, {"withdrawn": "2019-01-01"}, {"platform": "telegram"}],
)
def test_without_citation_or_after_a_withdrawal_nobody_is_listed(change):
    assert linked(reading(POST), registry(["7"]), ["twitter:7"])[0].word == "listed"
    assert linked(reading(POST), registry(["7"], **change), ["twitter:7"]) == ()


def test_without_a_platform_a_selector_matches_only_in_a_case_of_one_platform():
    read = reading(POST)
    two = Reading(
        pl.concat(
            [
                read.posts,
                read.posts.with_columns(
                    platform=pl.lit("telegram"), post=pl.lit("telegram:1"), account=pl.lit("telegram:7")
                ),
            ]
        ),
        read.actors,
        (),
        read.rejects,
        {},
    )

    assert linked(two, registry(["7"]), ["twitter:7"]) == ()
    assert [one.actor for one in linked(two, registry(["7"], platform="X"), ["twitter:7"])] == ["twitter:7"]


@pytest.mark.parametrize(
    ("begin", "end", "expected"),
    [
        (START - timedelta(days=9), START + timedelta(days=9), "listed"),
        (START - timedelta(days=9), START - timedelta(days=2), "almost no chance"),
        (START + timedelta(days=40), START + timedelta(days=50), "almost no chance"),
        (None, None, "almost no chance"),
        (None, START + timedelta(days=9), "almost no chance"),
        (START - timedelta(days=9), None, "listed"),
    ],
)
def test_a_handle_is_a_fact_within_its_dates_and_a_lead_outside(begin, end, expected):
    read = reading(POST, [("7", "Voice", None, START, START + timedelta(days=3))])
    handle = {"selector_type": "handle", "selector": "@voice", "valid_from": begin, "valid_to": end}

    found = linked(read, registry([], handle), ["twitter:7"], prior="1:1000")

    assert [one.word for one in found] == [expected]
    if expected != "listed":
        assert found[0].grounds[0].ratio is None
        assert "lead" in found[0].grounds[0].says


def test_several_sources_may_list_one_actor_and_each_is_quoted():
    both = pl.concat([registry(["7"], source="Farm"), registry(["7"], source="Unit")])

    assert [(one.source, one.word) for one in linked(reading(POST), both, [])] == [
        ("Farm", "listed"),
        ("Unit", "listed"),
    ]


@pytest.mark.parametrize("kind", ["email", "phone", "wallet", "ip"])
def test_what_belongs_to_a_person_never_makes_a_link(kind):
    selector = {
        "email": "boss@farm.ru",
        "phone": "+74951234567",
        "wallet": "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
        "ip": "93.184.216.34",
    }[kind]
    posts = [
        (
            f"m{one}",
            START + timedelta(days=day),
            f"Write to {selector} about number {day} and tell all your friends",
            f"https://farm.ru/{selector}/{day}",
            None,
        )
        for one in range(4)
        for day in range(5)
    ]

    links = linked(
        reading(posts),
        registry([], {"selector_type": kind, "selector": selector}),
        [f"twitter:m{one}" for one in range(4)],
        prior="1:1",
    )

    assert links == ()


def test_what_stands_two_steps_away_is_no_evidence():
    told, scene = golden("coordination")

    look = parts.load("attribution", "coordination").look(scene, "Farm", NOTHING_TAKEN)

    assert "twitter:3" not in look.sightings
    assert told["edges"][1].startswith("2 | 3")


def test_the_words_of_the_module_are_those_of_icd_203():
    assert _chance.EVEN == 0.55
    assert _chance.LIKELY == 0.80


@pytest.mark.parametrize("spelled", ["{}", "PDQ:{}", "{}:87", "pdq:{}:100"])
def test_a_picture_that_the_registry_names_is_met_however_posts_spell_its_hash(spelled):
    """With the quality behind it, too; another hash is another picture."""
    named, other = "0f" * 32, "f0" * 32
    posts = [(who, START + timedelta(days=day), None, f"https://n.example/{who}/{day}", None)
             for who in ("2", "3") for day in range(4)]
    read = reading(posts)
    media = [[spelled.format(named if post["account"] == "twitter:2" else other)] for post in read.posts.to_dicts()]
    read = replace(read, posts=read.posts.with_columns(media=pl.Series(media)))

    links = linked(read, registry((), {"selector_type": "media", "selector": f"pdq:{named}"}), ["twitter:2"])

    assert {link.actor for link in links} == {"twitter:2"}
