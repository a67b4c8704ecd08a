"""What is nearly the same picture: checked against comparing everything, in worlds with a ring and without."""

import functools

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cotrace import derive, digest, network, pipeline, simulate, tables, traces, verify
from cotrace.engines import local
from cotrace.errors import VerificationError
from cotrace.records import Plan
from cotrace.traces import _near, similar_image
from cotrace.verify._pairs import check_occasions

BITS = 31
PLAN = Plan(windows=(60, 300, 1800, 21600))


def drawn(seed: int, count: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 2**64, (count, 4), dtype=np.uint64)


def flipped(hashes: np.ndarray, bits: list[np.ndarray]) -> np.ndarray:
    """Each hash with these of its 256 bits the other way."""
    made = hashes.copy()
    for place, chosen in enumerate(bits):
        for bit in chosen:
            made[place, bit // 64] ^= np.uint64(1 << (int(bit) % 64))
    return made


def family(seed: int, count: int, variants: int, most: int) -> np.ndarray:
    """Hashes, and variants of each in which up to `most` bits differ, each once, in an order that says nothing."""
    dice = np.random.default_rng(seed + 1)
    base = drawn(seed, count)
    near = np.repeat(base, variants, axis=0)
    near = flipped(near, [dice.choice(256, dice.integers(1, most + 1), replace=False) for _ in near])
    return dice.permutation(np.unique(np.concatenate([base, near]), axis=0))


def plainly(hashes: np.ndarray) -> tuple[list[int], list[int]]:
    """The exemplar of each hash, and how far it is, by comparing everything."""
    exemplars: list[int] = []
    for place, one in enumerate(hashes):
        if not exemplars or np.bitwise_count(hashes[exemplars] ^ one).sum(axis=1).min() > BITS:
            exemplars.append(place)
    apart = [np.bitwise_count(hashes[exemplars] ^ one).sum(axis=1) for one in hashes]
    return [exemplars[int(far.argmin())] for far in apart], [int(far.min()) for far in apart]


def spelled(hashes: np.ndarray) -> list[str]:
    return [row.astype(">u8").tobytes().hex() for row in hashes]


# ------------------------------------------------------------------------------------ nothing is overlooked

@pytest.mark.parametrize(("seed", "count", "variants", "most"), [
    (1, 500, 4, 40), (2, 30, 80, 20), (3, 3, 900, 60), (4, 2500, 0, 1), (5, 1, 2500, 31)])
def test_every_hash_finds_its_nearest_exemplar(seed, count, variants, most):
    hashes = family(seed, count, variants, most)

    found = _near.group(hashes)

    assert (found.exemplar.tolist(), found.bits.tolist()) == plainly(hashes)


@given(st.integers(0, 2**32), st.integers(1, 16), st.integers(2, 60))
@settings(max_examples=25, deadline=None)
def test_hashes_that_share_most_chunks_are_compared_all_the_same(seed, chunks, count):
    """Screenshots have much in common: here everybody has all chunks but a few alike, and the lists are long."""
    dice = np.random.default_rng(seed)
    hashes = np.repeat(drawn(seed, 1), count, axis=0).view(np.uint16)
    hashes[:, dice.choice(16, chunks, replace=False)] = dice.integers(0, 2**16, (count, chunks), dtype=np.uint16)
    hashes = dice.permutation(np.unique(hashes.view(np.uint64), axis=0))

    found = _near.group(hashes)

    assert (found.exemplar.tolist(), found.bits.tolist()) == plainly(hashes)


@pytest.mark.parametrize("seed", range(20))
def test_31_bits_spread_over_all_chunks_are_found_and_32_are_not(seed):
    """Two bits in each chunk but one: the case in which the pigeonhole has a single hole left."""
    dice = np.random.default_rng(seed)
    crowd = drawn(seed, 400)  # beside them, or all would be compared
    spread = [16 * chunk + bit for chunk in range(16) for bit in dice.choice(16, 2, replace=False)]
    spared = int(dice.integers(32))
    near = flipped(crowd[:1], [np.array([bit for place, bit in enumerate(spread) if place != spared])])
    far = flipped(crowd[1:2], [np.array(spread)])

    found = _near.group(np.concatenate([crowd, near, far]))

    assert (found.exemplar[400], found.bits[400]) == (0, 31)
    assert found.exemplar[401] == 401


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_threads_and_order_change_nothing(workers):
    hashes = pl.Series(spelled(family(11, 300, 12, 36)))
    again = pl.concat([hashes, hashes.head(900)])  # some are posted twice: they come first as exemplars

    one = similar_image.in_groups(again, workers=1)

    assert similar_image.in_groups(again.sample(fraction=1.0, shuffle=True, seed=workers), workers=workers).equals(one)
    assert one["bits"].max() <= BITS < 256


# ------------------------------------------------------------------------------------ worlds with pictures

FLAGS = 3
SAVED = (1, 2, 2, 2, 9, 11)  # bits that saving as a JPEG (two qualities), WebP, twice and half as large, GIF changed


@functools.cache
def pictures(name: str, seed: int, *, flags: float = 0.0, **knobs: int) -> tuple[pl.DataFrame, simulate.Shares]:
    """POSTS of a world of shares in which every object is a picture, saved again by whoever posts it.

    flags: beside that, how many variants of a few flags each post carries, as a share (0–1) of posts.
    """
    world = simulate.shares(name, seed=seed, **knobs)
    dice = np.random.default_rng(seed)
    acts = world.actions
    things = acts["object"].unique().sort()
    code = acts["object"].replace_strict(things, pl.int_range(len(things), eager=True)).to_numpy()

    def saved(of: np.ndarray) -> list[str]:
        return spelled(flipped(of, [dice.choice(256, dice.choice(SAVED), replace=False) for _ in of]))

    media = [[one] for one in saved(drawn(seed + 7, len(things))[code])]
    flying = np.flatnonzero(dice.random(len(acts)) < flags)
    for place, flag in zip(flying, saved(drawn(seed + 8, FLAGS)[dice.integers(FLAGS, size=len(flying))]), strict=True):
        media[place].append(flag)
    posts = acts.select("at", "post", account="actor", account_kind="kind", media=pl.Series(media),
                        kind=pl.lit("post"), platform=pl.lit("sim"))
    return tables.conform(posts, tables.POSTS, "a world of pictures"), world


def searched(actions: pl.DataFrame, plan: Plan = PLAN) -> network.Validation:
    return network.validate({"similar_image": actions}, plan=plan, engine=local, resolution_s=1)


def by_exact_hash(posts: pl.DataFrame) -> pl.DataFrame:
    """The naive trace: the object is the hash itself."""
    act = posts.explode("media").select(actor="account", kind="account_kind", object="media", at="at", post="post")
    return tables.conform(act, tables.ACTIONS, "exact").sort("object", "at", "actor", "post")


@pytest.mark.parametrize("seed", [1, 2])
def test_a_ring_that_saves_its_pictures_again_comes_back_and_nobody_else(seed):
    posts, world = pictures("ring", seed)
    actions, without = traces.act("similar_image", posts)
    crews = {actor: place for place, ring in enumerate(world.rings) for actor in ring}

    edges = searched(actions).edges
    naive = searched(by_exact_hash(posts)).edges

    assert without == 0 and actions["object"].n_unique() <= world.actions["object"].n_unique()
    inside = [crews.get(a) is not None and crews.get(a) == crews.get(b) for a, b in edges.select("a", "b").rows()]
    assert sum(inside) >= 200 and len(inside) - sum(inside) <= 1, "of 225 pairs"
    assert naive.height < 10, "whoever compares hashes exactly sees next to nothing"


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_where_everybody_flies_the_same_flags_nobody_is_accused(seed):
    posts, _ = pictures("nobody", seed, flags=0.5)
    actions, _ = traces.act("similar_image", posts)

    assert searched(actions).edges.height <= 1
    assert network.naive({"similar_image": actions}, engine=local).height > 100, '"60 s, twice" accuses hundreds'


def test_stock_is_known_by_its_prevalence_whatever_the_variant():
    """Each variant of a flag has one or two actors; together they are common property, and listed as such."""
    posts, _ = pictures("nobody", 4, flags=0.5)
    plan = Plan(windows=PLAN.windows, common_property=60)  # of 800 accounts, inside six hours
    actions, _ = traces.act("similar_image", posts)

    found, naive = searched(actions, plan), searched(by_exact_hash(posts), plan)

    flags = actions.group_by("object").agg(pl.col("actor").n_unique()).sort("actor", descending=True).head(FLAGS)
    assert set(flags["object"]) <= set(found.common["object"])
    assert found.set_aside["similar_image"] >= FLAGS and naive.set_aside["similar_image"] == 0


def test_posts_without_hashes_cost_nothing_and_compile_nothing(monkeypatch):
    monkeypatch.setattr(_near, "group", None)
    posts = simulate.shares("nobody", seed=1).actions.select("post", "at", account="actor", account_kind="kind")
    for media in (None, [], ["flag.jpg"], ["", "pdq:", "0" * 63, "g" * 64, "0" * 64 + ":101"]):
        of = posts.with_columns(media=pl.Series([media], dtype=pl.List(pl.String)).first())
        actions, without = traces.act("similar_image", tables.conform(of, tables.POSTS, "posts"))
        assert actions.is_empty() and without == posts.height


# ------------------------------------------------------------------------------------------- in the dossier

@pytest.fixture(scope="module")
def dossier() -> dict[str, bytes]:
    posts, _ = pictures("ring", 3, accounts=300, objects=600, rings=1)
    table = posts.select("post", "account", "at", "media").with_columns(pl.col("post", "account").str.slice(4))
    run = pipeline.run(table, plan=Plan(traces=("similar_image",), placebos=0), platform="sim")
    verify.verify(run.dossier)
    return digest.unarchive(run.dossier)


def tables_of(files: dict[str, bytes]) -> dict[str, derive.Table]:
    return {name: digest.parse_csv(files[f"evidence/{name}.csv"], name) for name in derive.EVIDENCE}


def test_the_dossier_shows_hashes_and_how_far_they_are_and_no_picture(dossier):
    page = dossier["statement.html"].decode()
    posts = {row[0]: row[-1] for row in tables_of(dossier)["posts"][1]}
    met = [row for row in tables_of(dossier)["occasions"][1] if row[10] == "yes"]

    assert met and all(row[4].startswith("pdq:") for row in met)
    for row in met:
        apart = [min((int(one, 16) ^ int(row[4][4:], 16)).bit_count() for one in posts[post].split(";"))
                 for post in (row[5], row[7])]
        assert max(apart) <= BITS
    assert "of 256 bits from the object" in page and "<img" not in page and "data:image" not in page


def test_a_picture_that_is_not_near_its_object_is_refused(dossier):
    tables = tables_of(dossier)
    first = next(row for row in tables["occasions"][1] if row[10] == "yes")
    check_occasions(derive.Tables(tables))

    for other in ("0123456789abcdef" * 4, "", f"{first[4][4:]}:49"):
        header, rows = tables["posts"]
        changed = [[*row[:-1], other] if row[0] == first[5] else row for row in rows]
        with pytest.raises(VerificationError, match="within 31 bits"):
            check_occasions(derive.Tables({**tables, "posts": (header, changed)}))
