"""The second verdict: nobody is called inauthentic for acting together, for being alike, or for what is not known.

Every sign and explanation has a golden file (tests/golden/signs, tests/golden/explanations) of two groups in one crowd:
one in which it is seen and one in which it is not. Whoever adds a part adds such a file.
"""

import dataclasses
import datetime as dt
import itertools
import math
import random
import tomllib
from pathlib import Path

import _findings
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cotrace import digest, dossier, parts, simulate, tables, verdicts, verify
from cotrace import reading as readings
from cotrace.errors import VerificationError
from cotrace.records import Cluster, Link, Plan, Reading
from cotrace.traces import act
from cotrace.verdicts import _chance as chance
from cotrace.verify import _chance as _chance_again
from cotrace.verify import _verdicts

GOLDEN = Path(__file__).parent / "golden"
SIGNS, EXPLANATIONS = parts.names("verdicts.signs"), parts.names("verdicts.explanations")
START = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
DAYS = 30
SYLLABLES = ("ba", "do", "fen", "gul", "ha", "ki", "lor", "ma", "nes", "po", "ra", "su", "tev", "vo", "wi", "zan")
TEMPLATES = ("name", "handle", "bio", "avatar", "site", "created", "earlier")


# ---------------------------------------------------------------------------------------------- small worlds

class Town:
    """People and what they do, told in blocks: `n` people each, templates of their profiles, and how they act."""

    def __init__(self, seed=0):
        self.rng = random.Random(seed)
        self.posts, self.actors, self.joint, self.links = [], [], {}, []
        self.everybody, self.members, self.desks = [], {}, {}

    def settle(self, block, group):
        people = [f"town:{group}-{i}" for i in range(block["n"])]
        self.everybody += people
        if block.get("member"):
            self.members[group] = people
        for i, actor in enumerate(people):
            self._profile(block, actor, i)
            self._alone(block, actor, i)
            if "word" in block:
                self.links.append(Link(None, actor, "Source", (), block["word"], None, "", "", "", ""))
        followers, late = block.get("followed", (0, 0))
        for k in range(block.get("joint", 0)):
            thing = f"https://news.example/{group}/{k}"
            day = k * (block.get("until", DAYS) - 1) // max(1, block["joint"] - 1)
            at = START + dt.timedelta(days=day, hours=block.get("meet_at", self.rng.randrange(22)), minutes=30)
            for actor in [*people, *(f"town:crowd-{i}" for i in range(followers))]:
                after = late + self.rng.randrange(600) if actor not in people else self.rng.randrange(50)
                post = self._post(block, actor, at + dt.timedelta(seconds=after), thing)
                if actor in people:
                    self.joint.setdefault(group, {}).setdefault(thing, {})[actor] = post
        return self

    def _words(self, i):
        word = "".join(self.rng.choices(SYLLABLES, k=3))
        return {"i": i, "d": int(i) % 28 + 1, "m": self.rng.randrange(1, 13), "y": self.rng.randrange(10, 23),
                "word": word, "Word": word.title(), "r": self.rng.randrange(10**7, 10**8)}

    def _profile(self, block, actor, i):
        told = {key: block[key].format(**self._words(i)) for key in TEMPLATES if key in block}
        earlier = told.pop("earlier", None)
        if "created" in told:
            told["created"] = dt.datetime.fromisoformat(told["created"]).replace(tzinfo=dt.UTC)
        row = {"actor": actor, "platform": "town", "kind": block.get("kind", "account"), "id": actor[5:], **told,
               "seen_from": START, "seen_to": START + dt.timedelta(days=DAYS), "receipt": "sha256:f#1"}
        self.actors += [row] + ([{**row, "handle": earlier, "seen_to": START}] if earlier else [])

    def _alone(self, block, actor, i):
        hours = block.get("hours") or list(range(24))
        if "zones" in block:
            hours = [(block["zones"][i % len(block["zones"])] + h) % 24 for h in range(3)]
        if block.get("spread"):
            hours = [(self.rng.randrange(24) + h) % 24 for h in range(8)]
        until = block.get("until", DAYS)
        for k in range(block.get("alone", 6)):
            at = START + dt.timedelta(days=until * k / max(1, block.get("alone", 6)) // 1,
                                      hours=self.rng.choice(hours), minutes=self.rng.randrange(60))
            self._post(block, actor, at, None)

    def _post(self, block, actor, at, thing):
        said = block.get("text", "{word} {word}").format(**self._words(0))
        number = len(self.posts)
        kind = block.get("kind", "account")
        who = {"account": actor, "account_kind": kind}
        if "by" in block:
            self.desks.setdefault(actor, block["by"].format(**self._words(actor.rpartition("-")[2])))
            who = {"account": self.desks[actor], "account_kind": "account", "place": actor, "place_kind": kind}
        self.posts.append({
            "platform": "town", "post": f"town:p{number}", **who, "at": at,
            "at_resolution": 1, "kind": "post", "text": said, "links": [thing] if thing else None,
            "client": block.get("client"), "lang": block.get("lang"), "receipt": f"sha256:f#{number + 2}"})
        return self.posts[-1]["post"], at

    def scene(self, *groups, trace="shared_link", registry=False, drop=()):
        """What signs look at, where these groups are the clusters."""
        posts = tables.conform(pl.DataFrame(self.posts, infer_schema_length=None), tables.POSTS, "posts")
        actors = tables.conform(pl.DataFrame(self.actors, infer_schema_length=None), tables.ACTORS, "actors")
        actors, posts = (frame.with_columns(pl.lit(None).cast(schema[name]).alias(name) for name in drop
                                            if name in schema)
                         for frame, schema in ((actors, tables.ACTORS), (posts, tables.POSTS)))
        return staged(posts, actors, {group: self.members[group] for group in groups}, self.joint, trace, self.links,
                      registry)


def staged(posts, actors, members, joint, trace="shared_link", links=(), registry=False):
    clusters = [Cluster(group, tuple(sorted(people)), ("1",) * len(people), (trace,), 0.0)
                for group, people in sorted(members.items())]
    made = Reading(posts.sort("at", "post"), actors, (), tables.empty(tables.REJECTS), {})
    actions = {name: act(name, made.posts)[0] for name in ("shared_link", "same_text", "repost")}
    spelled = {post: thing for acts in actions.values() for post, thing in acts.select("post", "object").iter_rows()}
    edges, occasions = [], []
    for group, people in sorted(members.items()):
        for a, b in itertools.combinations(sorted(people), 2):
            met = [(thing, of[a], of[b]) for thing, of in joint.get(group, {}).items() if a in of and b in of]
            edges += [(a, b, trace, 60)] if met else []
            occasions += [(a, b, trace, spelled.get(one[0], thing), *one, *other, 0.0, True, 0.1)
                          for thing, one, other in met]
    edges = pl.DataFrame(edges, schema={"a": pl.String, "b": pl.String, "trace": pl.String, "window_s": pl.Int64},
                         orient="row")
    sources = tables.conform(pl.DataFrame({"source": ["Source"], "cites": ["Report"]}), tables.SOURCES, "s")
    told = {"clusters": clusters, "edges": tables.conform(edges, tables.EDGES, "edges"), "reading": made,
            "occasions": pl.DataFrame(occasions, schema=tables.OCCASIONS, orient="row"), "actions": actions,
            "links": links, "plan": Plan(), "sources": sources if registry else tables.empty(tables.SOURCES)}
    return told


def golden(kind, name):
    told = tomllib.loads((GOLDEN / kind / f"{name}.toml").read_text("utf-8"))
    town = Town()
    groups = [key for key in told if key not in ("crowd", "registry")]
    for i, block in enumerate(told["crowd"]):
        town.settle(block, "crowd" if not i else f"crowd{i}")
    for group in groups:
        town.settle(told[group][0], group)
    return town, groups, bool(told.get("registry")), {group: told[group][0].get("trace", "shared_link")
                                                      for group in groups}


def judge(told):
    return verdicts.judge(**told)


def sign_of(judgement, cluster, name):
    return next(one for one in judgement.signs if (one.cluster, one.name) == (cluster, name))


def word_of(judgement, cluster):
    return next(one.word for one in judgement.verdicts if one.cluster == cluster)


# ------------------------------------------------------------------------------------------ laws on every part

@pytest.mark.parametrize("name", SIGNS)
def test_a_sign_sees_what_its_golden_file_says_and_nothing_else(name):
    town, _, registry, _ = golden("signs", name)

    seen, not_seen = (sign_of(judge(town.scene(group, registry=registry)), group, name)
                      for group in ("seen", "not_seen"))

    assert (seen.state, not_seen.state) == (verdicts.SEEN, verdicts.NOT_SEEN), (seen, not_seen)
    assert len(seen.bearers) == seen.counts["seen"] and set(seen.bearers) <= set(town.members["seen"])


@pytest.mark.parametrize("name", SIGNS)
def test_one_sign_alone_calls_nobody_inauthentic(name):
    """The naive rule "a sign is seen" would."""
    town, _, registry, _ = golden("signs", name)
    found = judge(town.scene("seen", registry=registry))
    column = sign_of(found, "seen", name).column

    others = {one.column for one in found.signs if one.state == verdicts.SEEN} - {column}

    assert others <= {"at"}
    assert word_of(found, "seen") != verdicts.INAUTHENTIC or others == {"at"}


@pytest.mark.parametrize("name", SIGNS)
def test_a_sign_is_not_judged_where_nothing_is_known(name):
    town, _, _, _ = golden("signs", name)
    hidden = judge(town.scene("seen", drop=("handle", "name", "bio", "avatar", "created", "client")))
    few = Town()
    few.settle({"n": 6, "member": True, "joint": 5, "handle": "{Word}{r}", "created": "2020-03-{d:02}"}, "few")
    few.settle({"n": 10, "handle": "{word}", "created": "20{y}-{m:02}-{d:02}"}, "crowd")

    profiles = [one for one in hidden.signs if one.profile and one.column != "account"]

    assert all(one.state == verdicts.CANNOT for one in profiles)
    assert word_of(hidden, "seen") == verdicts.UNKNOWN
    assert all(one.state == verdicts.CANNOT for one in judge(few.scene("few")).signs), "ten others are too few"


@pytest.mark.parametrize("name", SIGNS)
def test_names_and_order_of_rows_change_nothing(name):
    town, _, registry, _ = golden("signs", name)
    told = town.scene("seen", registry=registry)
    read = told["reading"]
    mixed = Reading(read.posts.sample(fraction=1, shuffle=True, seed=3), read.actors.sample(
        fraction=1, shuffle=True, seed=4), (), read.rejects, {})

    assert judge({**told, "reading": mixed}) == judge(told)


@pytest.mark.parametrize("name", SIGNS)
def test_a_sign_is_rarely_seen_in_people_taken_at_random(name):
    """Thirty random groups of one crowd: four or more below .05 would come in one law of twenty."""
    town, _, registry, _ = golden("signs", name)
    people = [actor for actor in town.everybody if actor.startswith("town:crowd")]
    rng = random.Random(5)
    groups = {f"g{i:02}": rng.sample(people, 6) for i in range(30)}
    told = town.scene("seen", registry=registry)

    clusters = [Cluster(group, tuple(sorted(members)), ("1",) * 6, ("shared_link",), 0.0)
                for group, members in groups.items()]
    small = 0
    for cluster in clusters:  # each alone: the others are no members
        scene = verdicts.stage(**{**told, "clusters": [cluster], "occasions": told["occasions"].clear()})
        small += (chance.p(parts.load("verdicts.signs", name).look(scene, cluster).counts) or 1.0) <= 0.05

    assert small <= 4


@pytest.mark.parametrize("name", EXPLANATIONS)
def test_an_explanation_fits_what_its_golden_file_says_and_nothing_else(name):
    town, groups, _, trace = golden("explanations", name)

    found = {group: next(one for one in judge(town.scene(group, trace=trace[group])).explanations if one.name == name)
             for group in groups}

    assert found["fits"].fits == verdicts.FITS, found["fits"]
    assert found["does_not_fit"].fits != verdicts.FITS, found["does_not_fit"]
    for one in found.values():
        assert 0 <= one.for_seen <= one.for_of and 0 <= one.against_seen <= one.against_of


@pytest.mark.parametrize("name", EXPLANATIONS)
def test_an_explanation_accounts_for_columns_that_signs_look_at_and_never_for_a_registry(name):
    covers = parts.load("verdicts.explanations", name).COVERS
    columns = {parts.load("verdicts.signs", sign).COLUMN for sign in SIGNS}

    assert covers and set(covers) <= columns - {"registry"}
    assert 50 <= parts.load("verdicts.explanations", name).ENOUGH <= 100


@pytest.mark.parametrize("name", EXPLANATIONS)
def test_a_fitting_explanation_never_makes_a_verdict_worse(name):
    town, _, _, trace = golden("explanations", name)
    found = judge(town.scene("fits", trace=trace["fits"]))
    told = [one for one in found.explanations if one.cluster == "fits"]

    with_it = chance.decide("fits", found.signs, told).word
    without = chance.decide("fits", found.signs, [one for one in told if one.name != name]).word

    assert with_it == without or without == verdicts.INAUTHENTIC


# ------------------------------------------------------------------------------------- chance, against oracles

@settings(max_examples=60, deadline=None)
@given(st.integers(0, 12), st.integers(1, 12), st.integers(0, 60), st.integers(1, 60))
def test_the_tail_is_that_of_the_hypergeometric_distribution(seen, of, others_seen, others_of):
    from scipy.stats import hypergeom

    seen, others_seen = min(seen, of), min(others_seen, others_of)
    right = hypergeom.sf(seen - 1, of + others_of, seen + others_seen, of)

    assert chance.tail(seen, of, others_seen, others_of) == pytest.approx(right, rel=1e-9)
    assert _chance_again.fourfold(seen, of, others_seen, others_of) == pytest.approx(right, rel=1e-9)


@given(st.lists(st.tuples(st.sampled_from(["created", "handle", "bio", "at", "registry", "account"]), st.booleans(),
                          st.sampled_from(["seen", "not seen", "cannot be judged"]), st.booleans()), max_size=6),
       st.lists(st.tuples(st.sets(st.sampled_from(["created", "handle", "bio", "at"]), min_size=1),
                          st.sampled_from(["fits", "does not fit"])), max_size=3))
def test_verify_gives_the_verdict_in_code_of_its_own(signs, explanations):
    from cotrace.records import Explanation, Sign

    made = [Sign("c", f"s{i}", column, profile, "", (), {}, None, None, state, shown)
            for i, (column, profile, state, shown) in enumerate(signs)]
    told = [Explanation("c", f"e{i}", tuple(sorted(covers)), 67, "", "", "", 1, 1, 0, 0, fits)
            for i, (covers, fits) in enumerate(explanations)]
    rows = [["c", one.name, one.column, "yes" if one.profile else "no", *[""] * 12, one.state,
             "yes" if one.open else "no"] for one in made]
    fit = [["c", one.name, ";".join(one.covers)] for one in told if one.fits == "fits"]

    assert chance.decide("c", made, told).word == _verdicts.verdict_of(rows, fit)


def test_chance_is_the_worse_of_everybody_and_of_those_who_took_up_the_same():
    counts = {"members": 6, "seen": 6, "of": 6, "others_seen": 30, "others_of": 1000, "audience_seen": 25,
              "audience_of": 30, "tries": 1, "chosen": 0}

    among_all = chance.p({**counts, "audience_of": 0, "audience_seen": 0})

    assert among_all < 1e-6 < 0.1 < chance.p(counts)
    assert chance.large({**counts, "seen": 5, "audience_of": 0}) and not chance.large({**counts, "seen": 5})


def test_what_was_chosen_by_looking_is_paid_for():
    counts = {"members": 6, "seen": 6, "of": 6, "others_seen": 5, "others_of": 100, "audience_seen": 0,
              "audience_of": 0, "tries": 1, "chosen": 0}

    assert chance.p({**counts, "tries": 18, "chosen": 1}) > 18 * chance.p(counts)
    assert chance.p({**counts, "seen": 1, "chosen": 1}) == 1.0


def test_q_counts_every_sign_of_every_cluster_that_could_be_judged():
    assert chance.corrected([0.001, 1.0, 1.0, 1.0]) == pytest.approx([0.004, 1.0, 1.0, 1.0])
    assert chance.corrected([]) == []


# --------------------------------------------------------------------------------- think like the accused

BULK = {"n": 8, "member": True, "joint": 10, "alone": 2, "created": "2020-03-{d:02}T{d:02}:00:00"}
CROWD = {"n": 80, "created": "20{y}-{m:02}-{d:02}T10:00:00", "bio": "{word} and {word}", "handle": "{word}{y}",
         "name": "{Word} {Word}", "alone": 10}


def town(block, crowd=CROWD):
    return Town().settle(crowd, "crowd").settle(block, "them")


def verdict_on(block, crowd=CROWD):
    found = judge(town(block, crowd).scene("them"))
    return found.verdicts[0], found


def test_accounts_made_in_one_go_that_do_little_else_are_called_inauthentic():
    told, _ = verdict_on({**BULK, "handle": "{Word}{r}"})

    assert told.word == verdicts.INAUTHENTIC
    assert dict(told.without).keys() == {"created", "handles", "joint"}


def test_the_verdict_moves_when_a_sign_is_taken_away():
    told, _ = verdict_on({**BULK, "bio": "{word} and {word}"})

    assert told.word == verdicts.INAUTHENTIC
    assert dict(told.without) == {"created": verdicts.NOT_SHOWN, "joint": verdicts.NOT_SHOWN}


def test_two_signs_of_behaviour_are_no_sign_of_who_somebody_is():
    """Doing nothing else, with one program: an agency's desk and a fan club's scheduler do that too."""
    told, found = verdict_on({**BULK, "created": "20{y}-{m:02}-{d:02}T10:00:00", "client": "X"},
                             {**CROWD, "client": "web"})

    assert {one.name for one in found.signs if one.state == verdicts.SEEN} == {"clients", "joint"}
    assert told.word == verdicts.NOT_SHOWN


@pytest.mark.parametrize(("bio", "first"), [
    ("Automated account, the tide at {word}", "automation"),
    ("Hotel {Word}. Posts by Lark agency", "agency"),
    ("Part of the Larkhouse network, {word}", "management"),
])
def test_who_says_what_it_is_is_not_called_inauthentic(bio, first):
    told, _ = verdict_on({**BULK, "bio": bio})

    assert (told.word, told.without_explanations, told.first) == (verdicts.NOT_SHOWN, verdicts.INAUTHENTIC, first)
    assert first in told.bounded_by


def test_a_label_on_a_few_does_not_speak_for_the_rest():
    both = Town().settle(CROWD, "crowd").settle({**BULK, "n": 12, "bio": "{word} and {word}"}, "them")
    for row in both.actors[-3:]:
        row["bio"] = "Automated account"

    assert judge(both.scene("them")).verdicts[0].word == verdicts.INAUTHENTIC


def test_people_who_joined_for_an_event_are_newcomers():
    """A strike begins: everybody who takes part opened an account that week, each in its own hour."""
    told, found = verdict_on({**BULK, "created": "2023-12-2{i}T{d:02}:00:00"})

    assert sign_of(found, "them", "created").state == verdicts.SEEN
    assert (told.word, told.bounded_by) == (verdicts.NOT_SHOWN, ("newcomers",))


def test_a_club_that_carries_its_name_and_its_date_is_no_mould():
    told, found = verdict_on({**BULK, "created": "20{y}-{m:02}-{d:02}T10:00:00", "handle": "{word}_1306",
                              "bio": "Lorimar fan {word}", "text": "lorimar sings {word}"})

    assert {one.name for one in found.signs if one.state == verdicts.SEEN} == {"joint"}
    assert told.word == verdicts.NOT_SHOWN


@pytest.mark.parametrize("badge", [{"bio": "Nurse at {word}, opinions are my own here"},
                                   {"bio": "{word} and {word}", "avatar": "https://faces.example/ribbon.png"}])
def test_a_slogan_or_a_ribbon_that_everybody_reads_conceals_nothing(badge):
    """Colleagues write the same disclaimer, supporters wear the same ribbon, and all of them do little else."""
    told, found = verdict_on({**BULK, "created": "20{y}-{m:02}-{d:02}T10:00:00", **badge},
                             {**CROWD, "avatar": "https://faces.example/{r}.png"})

    assert {one.column for one in found.signs if one.state == verdicts.SEEN} in ({"at", "bio"}, {"at", "avatar"})
    assert (told.word, told.without_explanations) == (verdicts.NOT_SHOWN, verdicts.NOT_SHOWN)


def test_one_picture_one_program_and_nothing_else_to_do_are_three_signs():
    told, _ = verdict_on({**BULK, "created": "20{y}-{m:02}-{d:02}T10:00:00", "client": "X",
                          "avatar": "https://faces.example/one.png"},
                         {**CROWD, "client": "web", "avatar": "https://faces.example/{r}.png"})

    assert told.word == verdicts.INAUTHENTIC


def test_an_operation_inside_a_fan_club_is_not_hidden_by_its_badge():
    """A badge accounts for what people show and when they act, and not for when or how they were made."""
    told, _ = verdict_on({**BULK, "handle": "{Word}{r}", "bio": "Lorimar fan {word}", "text": "lorimar sings {word}"})

    assert told.first == "fans" and told.word == verdicts.INAUTHENTIC


def test_meeting_every_morning_at_nine_is_no_schedule_of_its_own():
    """Acting together at one hour is coordination; a schedule is what they keep where they act alone."""
    club = {"n": 6, "member": True, "joint": 60, "meet_at": 9, "alone": 48}

    _, found = verdict_on(club, {**CROWD, "alone": 48, "spread": True})

    assert sign_of(found, "them", "schedule").state == verdicts.NOT_SEEN


def test_what_everybody_on_the_platform_shows_is_no_sign():
    """A platform that hands out names and was opened to all in one week."""
    crowd = {**CROWD, "handle": "{Word}{r}", "created": "2020-03-{d:02}T10:00:00"}
    told, found = verdict_on({**BULK, "handle": "{Word}{r}"}, crowd)

    assert told.word == verdicts.NOT_SHOWN
    assert {one.name for one in found.signs if one.state == verdicts.SEEN} <= {"joint"}


def test_hashes_in_the_place_of_names_tell_how_the_file_was_made():
    """Publishers hash the names of small accounts: the naive rule "all their handles look alike" accuses them."""
    block = {**BULK, "created": "20{y}-{m:02}-{d:02}T10:00:00"}
    hashed = town(block)
    for row in hashed.actors[-8:]:
        row["name"] = row["handle"] = digest.sha256(row["actor"].encode())

    found = judge(hashed.scene("them"))

    assert sign_of(found, "them", "handles").state == verdicts.CANNOT
    assert found.verdicts[0].word == verdicts.NOT_SHOWN  # created is known


def test_without_profiles_nothing_can_be_judged_and_nobody_is_called_authentic():
    found = judge(town({**BULK, "handle": "{Word}{r}"}).scene("them", drop=("handle", "name", "bio", "created")))

    assert found.verdicts[0].word == verdicts.UNKNOWN
    assert not any("authentic" in one.word.replace("inauthentic", "") for one in found.verdicts)


def test_a_link_that_rests_on_acting_alike_is_no_second_sign():
    """Members of a fan club that listed accounts joined are "likely" linked, by coordination and content alone."""
    from cotrace.records import Ground

    told = town(BULK).scene("them", registry=True)

    def state(*indicators):
        grounds = tuple(Ground(name, "", 20.0, {}, None, None) for name in indicators)
        links = [Link("them", actor, "Source", grounds, "likely", 0.7, "", "", "", "")
                 for actor in told["clusters"][0].members]
        return sign_of(judge({**told, "links": links}), "them", "sources").state

    assert state("content", "coordination") == verdicts.NOT_SEEN
    assert state("content", "identity") == verdicts.SEEN


def test_no_clusters_no_verdicts():
    told = town(BULK).scene("them")

    assert judge({**told, "clusters": []}) == verdicts.Judgement()


# -------------------------------------------------------------------------------------------- in the dossier

def changed(findings, kind, place, **values):
    rows = list(getattr(findings, kind))
    rows[place] = dataclasses.replace(rows[place], **values)
    return dataclasses.replace(findings, **{kind: tuple(rows)})


def tampered(findings):
    """Findings told otherwise than their counts give, each as its writer would spell it."""
    inauthentic = next(i for i, one in enumerate(findings.verdicts) if one.word == verdicts.INAUTHENTIC)
    other = 1 - inauthentic
    seen = next(i for i, one in enumerate(findings.signs) if one.state == verdicts.SEEN)
    sign = findings.signs[seen]
    fit = next(i for i, one in enumerate(findings.explanations) if one.fits == verdicts.FITS)
    return {
        "a word that accuses": changed(findings, "verdicts", other, word=verdicts.INAUTHENTIC),
        "a word that excuses": changed(findings, "verdicts", inauthentic, word=verdicts.NOT_SHOWN),
        "a state": changed(findings, "signs", seen, state=verdicts.NOT_SEEN),
        "a chance": changed(findings, "signs", seen, p=sign.p * 2),
        "a q": changed(findings, "signs", seen, q=sign.q / 2),
        "a count": changed(findings, "signs", seen, counts={**sign.counts, "others_seen": 0}),
        "a bearer": changed(findings, "signs", seen, bearers=sign.bearers[1:]),
        "an explanation that fits": changed(findings, "explanations", fit, fits="does not fit"),
        "what it covers": changed(findings, "explanations", fit, covers=("at", "bio")),
        "without a sign": changed(findings, "verdicts", inauthentic, without=()),
        "no verdict": dataclasses.replace(findings, verdicts=findings.verdicts[:1]),
        "no sign": dataclasses.replace(findings, signs=findings.signs[1:]),
        "no explanation": dataclasses.replace(findings, explanations=findings.explanations[1:]),
    }


def test_the_dossier_tells_the_verdicts_and_verify_computes_them_again():
    packed = dossier.build(_findings.full())

    said = digest.unarchive(packed)["statement.md"].decode()

    assert verify.verify(packed).standing == "validated"
    assert "is judged inauthentic, as a whole" in said and "is not shown to be inauthentic" in said
    assert "Without this sign the verdict" in said and "By the rule of the method it fits" in said


@pytest.mark.parametrize("what", sorted(tampered(_findings.full())))
def test_verify_refuses_a_verdict_that_its_counts_do_not_give(what):
    """Rebuilt as a whole, with roots and sentences in order: only computing again shows it."""
    with pytest.raises(VerificationError):
        verify.verify(dossier.build(tampered(_findings.full())[what]))


# ------------------------------------------------------------------------------------------ simulated worlds

def truth_as_clusters(world):
    """The groups that coordinate in truth, as if they had been found: the verdict is tested apart from the search."""
    posts = {name: world.posts.filter(pl.col("platform") == name) for name in world.posts["platform"].unique().sort()}
    made = readings.read([frame for frame in posts.values() if frame.height], zone="UTC")
    members = {row["group"]: row["members"].split(";") for row in world.clusters.to_dicts() if row["coordinated"]}
    kinds = dict(made.actors.select("actor", "kind").unique().iter_rows())
    split = {(group, kind): [m for m in those if kinds.get(m, "group") == kind]
             for group, those in members.items() for kind in ("account", "page", "channel", "group")}
    truth = {row["group"]: row["inauthentic"] for row in world.clusters.to_dicts()}
    return made, {f"{group}/{kind}": those for (group, kind), those in split.items() if len(those) >= 3}, truth


def judged_world(name, seed):
    made, members, truth = truth_as_clusters(simulate.world(name, seed=seed))
    told = staged(made.posts, made.actors, members, {})
    joint = {}
    for trace in ("shared_link", "same_text"):
        for group, those in members.items():
            acts = told["actions"][trace].filter(pl.col("actor").is_in(those)).sort("at", "post")
            for actor, thing, post, at in acts.select("actor", "object", "post", "at").iter_rows():
                joint.setdefault(group, {}).setdefault(thing, {}).setdefault(actor, (post, at))
    joint = {group: {thing: of for thing, of in things.items() if len(of) > 1} for group, things in joint.items()}
    return judge(staged(made.posts, made.actors, members, joint)), truth


HONEST = ("fan-army", "party-volunteers", "news-syndication", "labelled-bots", "agency")


@pytest.mark.parametrize("name", [name for name in HONEST if name in simulate.WORLDS])
def test_honest_groups_are_not_called_inauthentic(name):
    """All of them coordinate in truth: the naive rule "coordinated means inauthentic" accuses every one."""
    found, truth = judged_world(name, 3)
    honest = {one.cluster for one in found.verdicts if not truth[one.cluster.partition("/")[0]]}

    assert honest, "the naive rule has somebody to accuse"
    assert not {one.cluster for one in found.verdicts if one.word == verdicts.INAUTHENTIC} & honest


def test_operations_are_called_inauthentic_beside_them():
    found, truth = judged_world("lock-step", 3)
    words = {one.cluster: one.word for one in found.verdicts if truth[one.cluster.partition("/")[0]]}

    assert sum(word == verdicts.INAUTHENTIC for word in words.values()) >= 0.7 * len(words)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in simulate.WORLDS if name != "large"])
def test_in_no_world_an_honest_group_is_called_inauthentic(name):
    for seed in (11, 12):
        found, truth = judged_world(name, seed)
        wrong = [one for one in found.verdicts
                 if one.word == verdicts.INAUTHENTIC and not truth[one.cluster.partition("/")[0]]]
        assert not wrong, wrong


# --------------------------------------------------------------------------------------------- real posts

def real(shared, name, members):
    made = readings.read(shared / "data" / "posts" / f"{name}.parquet", zone="UTC")
    return staged(made.posts, made.actors, members(made), {})


def test_families_of_channels_come_out_as_common_management_first(shared):
    """Three families of news channels that are openly run together; they share the first word of their names."""
    def families(made):
        of = {}
        for actor, name in made.actors.select("actor", "name").drop_nulls().unique().sort("actor").iter_rows():
            first = "".join(letter for letter in name.split()[0].casefold() if letter.isalpha())
            of.setdefault(first, []).append(actor)
        return {f"family-{i}": those for i, (_, those) in enumerate(sorted(of.items())) if len(those) >= 3}

    told = real(shared, "telegram_ru_news", families)
    found = judge(told)

    assert len(found.verdicts) == 3
    assert {one.first for one in found.verdicts} <= {"management", "syndication"}
    assert all(one.word != verdicts.INAUTHENTIC for one in found.verdicts)


def test_politicians_who_act_together_are_not_called_inauthentic(shared):
    """Without created and names nothing can be judged, however alike they act: cohorts of real politicians."""
    labels = pl.read_parquet(shared / "data" / "posts" / "mixA.parquet", columns=["account_id", "label"]).unique()
    honest = [f"twitter:{account}" for account, label in sorted(labels.iter_rows()) if label != "ira"]

    found = judge(real(shared, "mixA", lambda _: {f"c{i}": honest[i::8] for i in range(8)}))

    assert {one.word for one in found.verdicts} == {verdicts.UNKNOWN}


def test_chance_stays_a_number_for_large_counts():
    assert 0 < chance.tail(40, 50, 10, 100_000) < 1e-100 and math.isfinite(chance.tail(1, 3, 0, 10**6))


@pytest.mark.parametrize("seed", range(20))
def test_the_nearest_act_of_somebody_else_is_found_whatever_comes_at_one_time(seed):
    from cotrace.verdicts import _scene

    rng = np.random.default_rng(seed)
    kind, object_, actor, at = rng.integers(0, [[2], [3], [4], [12]], (4, int(rng.integers(0, 60))))

    gaps = _scene._gaps(kind, object_, at, actor)

    for i, gap in enumerate(gaps):
        others = (kind == kind[i]) & (object_ == object_[i]) & (actor != actor[i])
        assert gap == np.abs(at[others] - at[i]).min() if others.any() else gap > 2**60
