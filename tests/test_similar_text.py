"""What is nearly the same text: checked against comparing everything, in any order, under edits and under templates."""

import functools
import random
import re

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cotrace import simulate
from cotrace.traces import _alike, similar_text

RUN = _alike.RUN
HALF = 0.5
WORDS = re.findall(r"\w+", """
harbour crane winter mayor vote counted district province yesterday nobody answered question bridge closed month farmer
water valley price bread signal tower engine letter garden morning window paper silver""")


@functools.cache
def runs(text: str) -> frozenset[str]:
    return frozenset(text[at:at + RUN] for at in range(len(text) - RUN + 1))


def alike(a: str, b: str) -> float:
    """Of whole numbers below 2^26, quotients are equal as floats where they are equal."""
    common = len(runs(a) & runs(b))
    return common / max(1, len(runs(a)) + len(runs(b)) - common)


def plainly(texts: list[str]) -> list[int]:
    """The exemplar of each text by comparing everything."""
    exemplars: list[int] = []
    for place, text in enumerate(texts):
        if len(runs(text)) >= _alike.FEWEST and all(alike(text, texts[other]) < HALF for other in exemplars):
            exemplars.append(place)
    best = []
    for text in texts:
        able = exemplars if len(runs(text)) >= _alike.FEWEST else []
        likeness = [(alike(text, texts[other]), -other) for other in able]
        best.append(-max(likeness)[1] if likeness else -1)
    return best


def written(seed: int, count: int, variants: int, words: tuple[int, int] = (8, 16)) -> list[str]:
    """Texts, and variants of each with one to three words replaced, in an order that says nothing."""
    dice = random.Random(seed)
    made = []
    for _ in range(count):
        original = dice.choices(WORDS, k=dice.randint(*words))
        made.append(" ".join(original))
        for _ in range(variants):
            other = list(original)
            for at in dice.sample(range(len(other)), dice.randint(1, 3)):
                other[at] = dice.choice((*WORDS, f"zq{dice.randrange(10**6)}"))
            made.append(" ".join(other))
    made = list(dict.fromkeys(made))
    dice.shuffle(made)
    return made


# ------------------------------------------------------------------------------------- the join itself

@pytest.mark.parametrize("seed", range(3))
def test_nothing_is_overlooked_where_everything_is_looked_up(seed):
    texts = written(seed, 50, 3)

    assert _alike.group(texts, sure=(1, 2)).exemplar.tolist() == plainly(texts)


@given(st.lists(st.text("abcdefg ", min_size=0, max_size=30), unique=True, max_size=20))
@settings(max_examples=40, deadline=None)
def test_texts_of_few_letters_are_grouped_as_by_comparing_everything(texts):
    assert _alike.group(texts, sure=(1, 2)).exemplar.tolist() == plainly(texts)


@pytest.mark.parametrize("seed", range(3))
def test_what_two_texts_have_in_common_is_counted_exactly(seed):
    texts = written(seed, 60, 3)
    found = _alike.group(texts)

    for place, exemplar in enumerate(found.exemplar.tolist()):
        assert found.common[place] / found.either[place] == alike(texts[place], texts[exemplar])
        assert alike(texts[place], texts[exemplar]) >= HALF
        assert found.exemplar[exemplar] == exemplar


def test_a_copy_of_an_exemplar_is_never_overlooked():
    texts = written(5, 150, 4)
    found = _alike.group(texts)
    exemplars = [texts[place] for place in sorted(set(found.exemplar.tolist()))]
    sure, seen = _alike.SURE[0] / _alike.SURE[1], 0

    for place, text in enumerate(texts):
        best = max(alike(text, other) for other in exemplars)
        if sure <= best < 1:
            seen += 1
            assert found.common[place] / found.either[place] >= best
    assert seen > 50


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_any_number_of_workers_gives_the_same_groups(workers):
    texts = written(6, 150, 4)
    one, other = _alike.group(texts), _alike.group(texts, workers=workers)

    assert all(np.array_equal(getattr(one, name), getattr(other, name)) for name in ("exemplar", "common", "either"))


def test_batches_leave_no_seam(monkeypatch):
    texts = written(7, 150, 4)
    whole = _alike.group(texts)
    monkeypatch.setattr(_alike, "BATCH", 37)

    assert np.array_equal(_alike.group(texts).exemplar, whole.exemplar)


@pytest.mark.parametrize("texts", [[], [""], ["", "a", "aaaa" * 500], ["ab" * 900, "ba" * 900], ["\U0010ffff" * 20]])
def test_texts_without_enough_runs_belong_to_nobody(texts):
    assert set(_alike.group(texts).exemplar.tolist()) <= {-1}


# --------------------------------------------------------------------------------------------- groups

@pytest.mark.parametrize("seed", range(3))
def test_any_order_of_posts_gives_the_same_groups(seed):
    posts = pl.Series("text", [*written(8, 60, 3), *written(8, 60, 3)[::3]])
    mixed = posts.sample(fraction=1.0, shuffle=True, seed=seed)

    assert similar_text.in_groups(mixed).equals(similar_text.in_groups(posts))


def test_the_text_that_is_posted_most_is_the_exemplar():
    original = "nobody told the harbour workers that all the cranes were sold last winter"
    edited = [original.replace(word, "zqx") for word in ("harbour", "cranes", "winter", "nobody")]
    groups = similar_text.in_groups(pl.Series("text", [*edited, original, original]))

    assert groups["exemplar"].unique().to_list() == [original] and groups.height == 5


def test_words_that_a_share_button_adds_do_not_chain_headlines():
    dice = random.Random(9)
    tail = " - read the whole story in the daily lantern, free of charge"
    headlines = [" ".join(dice.choices(WORDS, k=10)) + tail for _ in range(200)]
    groups = similar_text.in_groups(pl.Series("text", headlines))

    assert max(_components(headlines, HALF)) > 150, "chained by likeness, the button makes one group of all"
    assert groups.group_by("group").len()["len"].max() < 10
    assert all(alike(text, other) >= HALF for text, other in groups.select("text", "exemplar").iter_rows())


def test_a_chain_of_small_changes_is_cut_where_the_likeness_to_the_exemplar_ends():
    words, chain = list(WORDS[:14]), []
    for step in range(60):
        chain.append(" ".join(words))
        words[step % 14] = f"{WORDS[(step * 5 + 3) % len(WORDS)]}{step}"
    groups = similar_text.in_groups(pl.Series("text", chain))

    assert _components(chain, HALF) == [60], "chained by likeness, they are one group"
    assert groups["group"].n_unique() > 5
    assert all(alike(text, other) >= HALF for text, other in groups.select("text", "exemplar").iter_rows())


def _components(texts: list[str], least: float) -> list[int]:
    """Sizes of groups where likeness chains, largest first: the naive rule."""
    left, sizes = set(range(len(texts))), []
    while left:
        todo, size = [left.pop()], 0
        while todo:
            one = todo.pop()
            near = {other for other in left if alike(texts[one], texts[other]) >= least}
            left -= near
            todo += near
            size += 1
        sizes.append(size)
    return sorted(sizes, reverse=True)


def test_one_template_said_by_all_is_one_object():
    texts = [f"temperature in the upper valley at noon on day {day} is {day % 30} degrees" for day in range(2000)]

    assert similar_text.in_groups(pl.Series("text", texts))["group"].n_unique() == 1


@pytest.mark.slow
def test_copies_among_a_hundred_thousand_posts_are_in_one_group():
    texts = simulate.world("nobody", seed=3, size=8.2).posts["text"].drop_nulls()
    dice, edited = random.Random(3), []
    for text in texts.unique().sort().to_list()[::20]:
        words = text.lower().split()
        if len(words) > 9:
            words[dice.randrange(len(words))] = f"zq{dice.randrange(10**6)}"
            edited += [text.lower(), " ".join(words)]
    posts = similar_text.same_text.objects(pl.DataFrame({
        "post": [str(n) for n in range(len(texts) + len(edited))], "kind": "post", "text": [*texts, *edited]}))
    distinct = posts["object"].unique().sort().to_list()
    group = dict(similar_text.in_groups(posts["object"]).select("text", "group").iter_rows())
    pairs = _copies(distinct)
    together = sum(group.get(a) is not None and group.get(a) == group.get(b) for a, b in pairs)

    assert len(pairs) > 1000
    assert together >= 0.99 * len(pairs)


def _copies(texts: list[str]) -> list[tuple[str, str]]:
    """All pairs that are at least four fifths alike, by a prefix filter of its own: plain sets, plain counts."""
    of = [runs(text) for text in texts]
    often: dict[str, int] = {}
    for one in of:
        for run in one:
            often[run] = often.get(run, 0) + 1
    met: dict[str, list[int]] = {}
    found = []
    for place, one in enumerate(of):
        if len(one) < _alike.FEWEST:
            continue
        rare = sorted(one, key=lambda run: (often[run], run))[:len(one) - -(-4 * len(one) // 5) + 1]
        for other in {other for run in rare for other in met.get(run, ())}:
            if 5 * len(one & of[other]) >= 4 * len(one | of[other]):
                found.append((texts[other], texts[place]))
        for run in rare:
            met.setdefault(run, []).append(place)
    return found
