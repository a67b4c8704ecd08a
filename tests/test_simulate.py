"""Worlds contain what they state, and nothing in their posts tells the truth."""

import csv
import functools
import hashlib
import io
import json
from itertools import combinations

import numpy as np
import polars as pl
import pytest

from cotrace import simulate
from cotrace.errors import InputError
from cotrace.simulate import _files

TEXT_COLUMNS = ("account", "account_name", "account_handle", "account_bio", "place_name", "text")


SMALL = 0.3   # of the size that users get: laws on every world of the zoo stay quick
PURE = ("nobody", "viral", "breaking-news", "live-event", "giveaway", "time-zone-islands", "evening-clubs",
        "super-fans", "empty-ish", "one-giant-object")
HONEST = ("fan-army", "party-volunteers", "news-syndication", "labelled-bots", "agency")
OPERATIONS = ("lock-step", "jitter-30s", "jitter-5min", "jitter-30min", "jitter-6h", "small", "large", "camouflaged",
              "rotating", "object-splitting", "paraphrased", "cross-platform", "copy-of-authentic")


@functools.cache
def zoo(name, seed=5, size=SMALL):
    return simulate.world(name, seed=seed, size=size)


@pytest.fixture(scope="module")
def demo():
    return simulate.world("demo", seed=4)


@pytest.fixture(scope="module")
def readers():
    return simulate.world("readers", seed=4)


@pytest.fixture(scope="module")
def big():
    return simulate.shares("ring", seed=4, accounts=3000, objects=6000)


def members_of(world, group):
    return set(world.clusters.row(by_predicate=pl.col("group") == group, named=True)["members"].split(";"))


def acting(world):
    return world.posts.with_columns(actor=pl.col("platform") + ":" + pl.col("account"),
                                    time=pl.col("at").str.to_datetime(time_zone="UTC"))


# ------------------------------------------------------------------------------------------- the same bytes

@pytest.mark.parametrize("name", simulate.WORLDS)
def test_the_same_seed_gives_the_same_bytes(name):
    assert _files.spelled(zoo(name)) == _files.spelled(simulate.world(name, seed=5, size=SMALL))


def test_the_worlds_of_earlier_findings_are_what_they_were():
    """Their bytes are cited in findings: a change of the generator must not move them without saying so."""
    spelled = _files.spelled(simulate.world("nobody", seed=4))
    whole = hashlib.sha256(b"".join(name.encode() + raw for name, raw in sorted(spelled.items()))).hexdigest()

    assert whole == "768260a00d52928ae8bb7c6170bf3930a422db24b12c5f6f22dbaf13335f6873"


def test_another_seed_gives_another_world():
    assert simulate.shares("ring", seed=1).actions.equals(simulate.shares("ring", seed=1).actions)
    assert not simulate.shares("ring", seed=1).actions.equals(simulate.shares("ring", seed=2).actions)


def test_an_unknown_world_is_refused_with_those_there_are():
    with pytest.raises(InputError, match="demo, nobody, ring, readers, viral"):
        simulate.world("everybody", seed=0)
    with pytest.raises(InputError, match="cannot have the size 0"):
        simulate.world("nobody", seed=0, size=0.0)
    with pytest.raises(InputError, match="nobody, ring"):
        simulate.shares("everybody", seed=0)


# ---------------------------------------------------------------------------------------------- leaks nothing

def test_ids_and_row_order_do_not_tell_who_coordinates(demo):
    posts = acting(demo).with_row_index()
    operation = set(demo.labels.filter(pl.col("label") == "operation")["account_id"])
    actors = posts["actor"].unique().sort()
    planted = actors.is_in(list(operation)).to_numpy()
    ids = actors.str.extract(r":(\d+)$").cast(pl.Int64).to_numpy()
    ranks = ids.argsort().argsort() / len(ids)
    tied = posts.filter(pl.len().over("time") == 2).sort("index").with_columns(
        first=pl.col("index") == pl.col("index").min().over("time"), planted=pl.col("actor").is_in(list(operation)))
    mixed = tied.filter(pl.col("planted").sum().over("time") == 1, pl.col("planted"))

    assert abs(ranks[planted].mean() - ranks[~planted].mean()) < 4 * 0.29 / np.sqrt(planted.sum())
    assert abs(mixed["first"].mean() - 0.5) < 4 * 0.5 / np.sqrt(mixed.height)
    assert posts["time"].is_sorted() and posts["post"].is_sorted()
    assert {len(str(one)) for one in ids} == {9}


def test_shares_do_not_tell_their_rings_by_id_or_row():
    ranks = []
    for seed in range(12):
        world = simulate.shares("ring", seed=seed)
        ranks += [int(actor.removeprefix("sim:a")) / 800 for ring in world.rings for actor in ring]

    assert abs(np.mean(ranks) - 0.5) < 4 * 0.29 / np.sqrt(len(ranks))
    assert world.actions["at"].is_sorted() and world.actions["post"].is_sorted()


@pytest.mark.parametrize("name", simulate.WORLDS)
def test_no_truth_stands_in_the_posts(name):
    world = zoo(name)
    words = {*world.clusters["group"], "operation", "benign", "coordinated", "inauthentic", "previously"}
    files = _files.spelled(world)

    for posts in sorted(files.keys() & {"posts-plaza.csv", "posts-kanal.jsonl"}):
        text = files[posts].decode().lower()
        head = text.split("\n")[0]
        assert not [word for word in words - {"volunteers", "bots"} if f" {word} " in text]
        assert not {"label", "truth", "coordinated", "source", "seed"} & set(head.replace('"', ",").split(","))
        assert not [source for source in set(world.sources["source"]) if source.lower() in text]


# --------------------------------------------------------------------------------------- what worlds contain

def test_activity_and_popularity_have_heavy_tails(big):
    activity = np.sort(big.actions["actor"].value_counts()["count"].to_numpy())[::-1]
    popularity = np.sort(big.actions["object"].value_counts()["count"].to_numpy())[::-1]

    assert 20 < activity.mean() < 30 and 10 < popularity.mean() < 15
    assert activity[: len(activity) // 10].sum() > 0.35 * activity.sum()
    assert popularity[: len(popularity) // 10].sum() > 0.4 * popularity.sum()


def test_people_sleep_and_not_all_at_once(big):
    hours = big.actions.with_columns(hour=pl.col("at").dt.hour())
    whole = hours["hour"].value_counts()["count"].to_numpy()
    busiest = hours.group_by("actor").agg(pl.len(), pl.col("hour")).filter(pl.col("len") >= 60)
    quiet = [min(sum((h - start) % 24 < 6 for h in row) for start in range(24)) / len(row) for row in busiest["hour"]]

    assert whole.max() < 6 * whole.min()
    assert np.median(quiet) < 0.08  # six hours of the day in which somebody does next to nothing


def test_lags_after_publication_reach_from_minutes_to_days():
    acts = simulate.shares("nobody", seed=6, fans=0.0).actions
    lag = acts.with_columns(lag=(pl.col("at") - pl.col("at").min().over("object")).dt.total_seconds())
    later = lag.filter(pl.col("lag") > 0)["lag"].to_numpy()

    assert np.quantile(later, 0.05) < 1200 and 3600 < np.median(later) < 6 * 3600
    assert np.quantile(later, 0.95) > 86400


def test_super_fans_answer_within_a_minute_and_the_naive_rule_accuses_them():
    world = simulate.shares("nobody", seed=7, fans=0.1)
    acts = world.actions.with_columns(lag=(pl.col("at") - pl.col("at").min().over("object")).dt.total_seconds())
    quick = acts.filter(pl.col("lag").is_between(1, 60)).with_columns(fan=pl.col("actor").is_in(list(world.fans)))

    assert quick["fan"].mean() > 0.8
    close = acts.join(acts, on="object").filter(
        pl.col("actor") < pl.col("actor_right"), (pl.col("at") - pl.col("at_right")).dt.total_seconds().abs() <= 60)
    twice = close.group_by("actor", "actor_right").len().filter(pl.col("len") >= 2)
    assert twice.filter(pl.col("actor").is_in(list(world.fans))).height > 50


def test_of_more_communities_each_is_smaller_and_fewer_fans_share_much():
    def alike(tastes: int) -> float:
        """Of two super-fans, how often they share three things and more."""
        world = simulate.shares("nobody", seed=7, fans=0.3, devotion=5.0 * tastes, tastes=tastes)
        things = [set(mine["object"]) for (actor,), mine in world.actions.group_by("actor") if actor in world.fans]
        return float(np.mean([len(one & other) >= 3 for i, one in enumerate(things) for other in things[:i]]))

    assert alike(40) < alike(8) / 2


@pytest.mark.parametrize("jitter_s", [30, 300, 1800])
def test_rings_act_with_the_jitter_they_state(jitter_s):
    gaps = []
    for seed in range(3):
        world = simulate.shares("ring", seed=seed, jitter_s=jitter_s, fans=0.0)
        for ring in world.rings:
            acts = world.actions.filter(pl.col("actor").is_in(list(ring)))
            met = acts.group_by("object").agg(pl.len(), pl.col("at").dt.epoch("s")).filter(pl.col("len") >= 9)
            assert met.height >= 13
            gaps += [abs(a - b) for times in met["at"] for a, b in combinations(times, 2)]

    gaps = np.array(gaps)
    near = gaps[gaps <= 2 * jitter_s + 1]
    assert len(near) > 0.9 * len(gaps)                         # the others shared it before the ring did
    assert abs((near <= jitter_s).mean() - 0.75) < 0.05        # uniform within ± jitter


def test_ring_members_live_an_ordinary_life_beside_it(big):
    members = set().union(*big.rings)
    activity = big.actions.group_by("actor").len()
    inside = activity.filter(pl.col("actor").is_in(list(members)))["len"]

    assert inside.median() < 15 + 40 and inside.max() > 30
    assert (inside > 18).mean() > 0.5  # 15 of the ring, and a life


def test_nothing_but_tastes_and_hours_makes_an_evening_club():
    world = simulate.shares("clubs", seed=3)
    club = world.clubs[0]
    hours = world.actions.filter(pl.col("actor").is_in(list(club)))["at"].dt.hour().value_counts(sort=True)

    assert world.rings == () and len(world.clubs) == 10
    assert hours["at"][0] == 20


# -------------------------------------------------------------------------------------------- the platforms

def test_the_demo_has_what_the_issue_names(demo):
    truth = {row["group"]: (row["coordinated"], row["inauthentic"]) for row in demo.clusters.to_dicts()}

    assert [truth[name] for name in ("lantern", "copyists", "slow")] == [(True, True)] * 3
    assert [truth[name] for name in ("volunteers", "syndication", "bots")] == [(True, False)] * 3
    assert [truth[name] for name in ("fans-1", "readers-1", "mistaken")] == [(False, False)] * 3
    assert set(demo.posts["account_kind"]) == {"account", "page", "channel"}
    assert set(demo.posts["place_kind"].drop_nulls()) == {"group"}
    assert demo.posts["kind"].value_counts().height == 3
    assert 15_000 < demo.posts.height < 30_000 and demo.posts["lang"].n_unique() == 5


def test_registries_name_enough_of_the_operation_and_no_more(demo, readers):
    for world in (demo, readers):
        lantern = members_of(world, "lantern")
        accounts = world.sources.filter(pl.col("selector_type") == "account", pl.col("source") == "Paper Lantern")
        named = set(accounts.filter(pl.col("withdrawn").is_null())
                    .select(pl.col("platform") + ":" + pl.col("selector")).to_series())
        assert len(named) >= 12 and named < lantern and len(lantern - named) >= 12
        assert accounts["withdrawn"].drop_nulls().len() == 1
        assert world.sources.select("identified_by", "at", "cites").null_count().row(0) == (0, 0, 0)
        assert all(".example" in cited for cited in world.sources["cites"])


def test_readers_copy_after_the_account_they_read_and_never_before(readers):
    posts = acting(readers)
    for number in (1, 2, 3):
        group = members_of(readers, f"readers-{number}")
        copies = posts.filter(pl.col("actor").is_in(list(group)), pl.col("kind") == "post")
        same = copies.join(posts.filter(~pl.col("actor").is_in(list(group))), on="text", suffix="_of")
        same = same.filter(pl.col("text").str.len_chars() > 40)
        original = same["actor_of"].value_counts(sort=True)["actor_of"][0]
        lag = same.filter(pl.col("actor_of") == original).select(
            s=(pl.col("time") - pl.col("time_of")).dt.total_seconds())["s"]

        assert original in members_of(readers, "lantern")
        assert lag.len() > 100 and lag.min() >= 180 and lag.max() <= 2 * 86400
        links = posts.filter(pl.col("actor") == original).explode("links").select("links", first="time").drop_nulls()
        shared = copies.explode("links").join(links, on="links").group_by("actor", "links").agg(
            pl.col("time").min(), pl.col("first").min())
        assert shared.filter(pl.col("time") <= pl.col("first")).is_empty()


def test_an_edge_to_a_listed_account_would_accuse_every_reader(readers):
    """The world is worth testing on only if the naive rule fails on it."""
    posts = acting(readers)
    listed = set(readers.sources.filter(pl.col("selector_type") == "account").select(
        pl.col("platform") + ":" + pl.col("selector")).to_series())
    texts = posts.filter(pl.col("kind") == "post", pl.col("text").str.len_chars() > 40)
    met = texts.join(texts.filter(pl.col("actor").is_in(list(listed))), on="text", suffix="_listed").filter(
        (pl.col("time") - pl.col("time_listed")).dt.total_seconds().abs() <= 21600)
    accused = set(met.group_by("actor").agg(pl.col("text").n_unique()).filter(pl.col("text") >= 3)["actor"])
    everybody = set().union(*(members_of(readers, f"readers-{number}") for number in (1, 2, 3)))

    assert len(accused & everybody) > 0.8 * len(everybody)


def test_copyists_vary_what_same_text_sees_through_and_some_words(demo):
    bare = (pl.col("text").str.to_lowercase().str.replace_all(r"https?://\S+|@\w+", " ")
            .str.replace_all(r"\s+", " ").str.strip_chars())
    posts = acting(demo).filter(pl.col("actor").is_in(list(members_of(demo, "copyists")))).with_columns(bare=bare)
    pasted = posts.filter(pl.col("bare").is_duplicated())

    assert pasted["bare"].n_unique() >= 20
    assert pasted["text"].n_unique() > 3 * pasted["bare"].n_unique()


def test_hostile_names_and_texts_are_in_the_demo(demo):
    everything = "\n".join(demo.posts.select(pl.col(TEXT_COLUMNS).fill_null("")).unique().to_series(5)) + "\n".join(
        demo.posts["account_name"].unique())

    for hostile in ("=HYPERLINK(", "<img src=x", "\u202e", "</script>", "\n"):
        assert hostile in everything


# --------------------------------------------------------------------------------------------------- the zoo

def truth_of(world):
    return {row["group"]: (row["coordinated"], row["inauthentic"]) for row in world.clusters.to_dicts()}


def close_pairs(posts, within_s, least=1):
    """Pairs of actors with the same link or words within so many seconds, on so many of them."""
    acts = posts.select("actor", "time", object=pl.col("links").list.first().str.split("?").list.first()).drop_nulls()
    met = acts.join(acts, on="object").filter(
        pl.col("actor") < pl.col("actor_right"),
        (pl.col("time") - pl.col("time_right")).dt.total_seconds().abs() <= within_s)
    return met.group_by("actor", "actor_right").agg(pl.col("object").n_unique()).filter(pl.col("object") >= least)


def test_the_zoo_has_every_world_that_was_asked_for():
    assert {*PURE, *HONEST, *OPERATIONS, "echo", "readers", "demo", "ring"} == set(simulate.WORLDS)


@pytest.mark.parametrize("name", PURE)
def test_in_a_world_without_an_operation_nobody_coordinates(name):
    world = zoo(name)

    assert not world.pairs["coordinated"].any() and not world.clusters["inauthentic"].any()
    assert set(world.labels["label"]) <= {"ordinary", "benign"}


@pytest.mark.parametrize("name", HONEST)
def test_honest_groups_coordinate_and_are_not_inauthentic(name):
    said = truth_of(zoo(name))

    assert (True, False) in said.values() and not any(inauthentic for _, inauthentic in said.values())


@pytest.mark.parametrize("name", [*OPERATIONS, "echo"])
def test_operations_state_both_verdicts_and_wear_two_marks(name):
    world = zoo(name)
    actors = acting(world).sort("time").group_by("actor").agg(
        pl.col("account_created", "account_avatar", "client", "account_handle").last(),
        handles=pl.col("account_handle").n_unique())
    rings = [row for row in world.clusters.to_dicts() if row["inauthentic"]]

    assert rings and all(row["coordinated"] for row in rings)
    for row in rings:
        who = actors.filter(pl.col("actor").is_in(row["members"].split(";")))
        born = who["account_created"].str.to_datetime(time_zone="UTC")
        marks = [(born.max() - born.min()).days <= 21, who["account_avatar"].n_unique() <= 3,
                 who["client"].n_unique() == 1, who["account_handle"].str.strip_chars_end("0123456789").n_unique() == 1,
                 (who["handles"] > 1).mean() > 0.3]
        assert sum(marks) >= 2, (row["group"], marks)


def test_honest_people_share_pictures_bios_and_birthdays_by_chance():
    people = acting(zoo("viral", size=1.0)).group_by("actor").agg(
        pl.col("account_avatar", "account_bio", "account_created", "client").last())
    month = people["account_created"].str.slice(0, 7).value_counts(sort=True)["count"]

    assert people["account_avatar"].value_counts(sort=True)["count"][0] > 0.1 * people.height
    assert people["account_bio"].drop_nulls().value_counts(sort=True)["count"][0] >= 5
    assert month[0] > 3 * month.median() and people["client"].n_unique() < 10


def test_whoever_is_labelled_says_so_in_its_name_or_bio():
    posts = acting(zoo("labelled-bots"))
    for group in ("bots", "relays"):
        said = posts.filter(pl.col("actor").is_in(list(members_of(zoo("labelled-bots"), group)))).select(
            (pl.col("account_name") + " " + pl.col("account_bio")).str.to_lowercase())
        assert said.to_series().str.contains("automated|bot").all()
    agency = zoo("agency")
    managed = acting(agency).filter(pl.col("actor").is_in(list(members_of(agency, "managed-accounts"))))
    assert managed["account_bio"].str.contains("Sample & Daughters").all()


def test_the_platform_grows_and_the_groups_do_not():
    small, large = zoo("lock-step", size=0.3), zoo("lock-step", size=1.0)

    assert 2.5 < large.posts.height / small.posts.height < 4
    for world in (small, large):
        assert world.clusters.filter(pl.col("group").str.starts_with("ring"))["size"].to_list() == [10] * 5


@pytest.mark.parametrize(("name", "least"), [("viral", 300), ("super-fans", 100), ("breaking-news", 200)])
def test_the_naive_rule_accuses_in_worlds_where_nobody_coordinates(name, least):
    assert close_pairs(acting(zoo(name, size=1.0)), 60).height > least


def test_at_a_live_event_strangers_use_the_same_tags_within_a_minute_again_and_again():
    world = zoo("live-event", size=1.0)
    posts = acting(world).with_columns(links=pl.concat_list(pl.col("tags").list.join(" ")))
    cheers = posts.filter(pl.col("tags").list.len() >= 2, pl.col("actor").is_in(list(members_of(world, "supporters"))))

    assert close_pairs(cheers, 60, least=2).height > 1000


def test_camouflaged_members_lead_nine_tenths_of_an_ordinary_life():
    world = zoo("camouflaged", size=1.0)
    members = set().union(*(members_of(world, f"ring-{n}") for n in (1, 2, 3)))
    counts = acting(world).filter(pl.col("actor").is_in(list(members))).group_by("actor").len()

    assert 15 / counts["len"].median() < 0.12


def test_splitting_and_rotating_keep_members_apart():
    for name, share in (("object-splitting", 0.25), ("rotating", 0.95), ("large", 0.01)):
        world = zoo(name, size=1.0)
        ring = acting(world).filter(pl.col("actor").is_in(list(members_of(world, "ring-1"))))
        pairs = world.pairs.filter(pl.col("group") == "ring-1").height
        assert close_pairs(ring, 600, least=3).height < share * pairs, name


def test_paraphrased_words_are_hardly_ever_the_same():
    world = zoo("paraphrased")
    texts = acting(world).filter(pl.col("actor").is_in(list(members_of(world, "ring-1"))))["text"]
    pushed = texts.filter(texts.str.split(" ").list.len() > 10)

    assert pushed.n_unique() > 0.95 * len(pushed)


def test_one_post_in_a_hundred_shares_the_giant():
    posts = acting(zoo("one-giant-object", size=1.0))
    links = posts.filter(pl.col("kind") != "share")["links"].list.first().str.split("?").list.first().drop_nulls()

    assert links.value_counts(sort=True)["count"][0] > 0.009 * posts.height


def test_an_operation_hides_in_the_fan_army_and_acts_with_it():
    world = zoo("copy-of-authentic")
    both = world.pairs.filter(pl.col("group") == "army and ring-1")

    assert both["coordinated"].all() and both.height == 40 * 12
    assert truth_of(world)["army"] == (True, False) and truth_of(world)["ring-1"] == (True, True)


@functools.cache
def evading(**how):
    return simulate.evading(simulate.Evasion(**how), seed=5, size=0.4)


def ring_posts(world, trace):
    ring = members_of(world, f"ring-{simulate.TRACES.index(trace) + 1}")
    return acting(world).filter(pl.col("actor").is_in(list(ring)))


def test_who_evades_has_one_operation_for_each_trace():
    world = evading()

    assert world.clusters.filter("inauthentic")["size"].to_list() == [12] * len(simulate.TRACES)
    assert close_pairs(ring_posts(world, "shared_link"), 60, least=10).height == 66
    for trace, kind in (("repost", "share"), ("reply_target", "reply")):
        acts = ring_posts(world, trace).filter(pl.col("kind") == kind)
        assert acts.group_by("of").agg(pl.col("actor").n_unique()).filter(pl.col("actor") >= 10).height >= 8, trace
    rapid = ring_posts(evading(jitter_s=4), "rapid_repost").filter(pl.col("kind") == "share").select(
        s=(pl.col("time") - pl.col("of_at").str.to_datetime(time_zone="UTC")).dt.total_seconds())["s"]
    assert (rapid <= 10).sum() > 100


def test_each_way_to_evade_takes_away_what_it_says():
    def meetings(within_s=60, **how):
        return close_pairs(ring_posts(evading(**how), "shared_link"), within_s)["object"].sum()

    assert meetings(jitter_s=1800) < 0.1 * meetings()
    assert meetings(altered=0.75) < 0.15 * meetings()
    assert meetings(part=0.2) < 0.4 * meetings() and meetings(shifts=4) < 0.5 * meetings()
    assert ring_posts(evading(busy=9), "shared_link").height > 4 * ring_posts(evading(), "shared_link").height


# ------------------------------------------------------------------------------------------------- the files

def test_files_hold_the_world_and_truth_lies_beside_it(demo, tmp_path):
    files = simulate.write(demo, tmp_path / "out")

    with open(files["posts_plaza"], newline="", encoding="utf-8") as file:
        plaza = list(csv.DictReader(file))
    kanal = [json.loads(line) for line in files["posts_kanal"].read_text(encoding="utf-8").splitlines()]
    assert len(plaza) + len(kanal) == demo.posts.height
    assert all(row["at"].endswith("Z") for row in plaza) and all(row["published_at"].endswith("Z") for row in kanal)
    pairs = pl.read_csv(files["pairs"])
    assert (pairs["a"] < pairs["b"]).all() and set(pairs["coordinated"]) == {True, False}
    labels = pl.read_csv(io.BytesIO(files["labels"].read_bytes()))
    assert set(labels["label"]) == {"operation", "benign", "ordinary"} and labels["account_id"].is_unique().all()
    readme = files["readme"].read_text()
    assert all(path.name in readme for path in files.values() if path.name != "README.txt")


def test_a_folder_that_holds_something_is_refused_and_left_alone(tmp_path):
    world = simulate.world("nobody", seed=0)
    (tmp_path / "mine").write_text("kept")

    with pytest.raises(InputError, match="not an empty folder"):
        simulate.write(world, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_write_that_fails_leaves_nothing_behind(tmp_path, monkeypatch):
    world = simulate.world("nobody", seed=0)

    def full(*_):
        raise OSError("no space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OSError):
        simulate.write(world, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
