"""What chance explains, and what it does not: actions in, validated edges out. No other file says what chance is.

Timing is tested given who shared what, so taste cannot convict; taste is tested given how much people do, so being busy
cannot convict; both together against every pair that could have been found (docs/chance.md). It refuses to call anybody
inauthentic: an edge says that two actors act together more than chance explains, and nothing about why.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType

import numpy as np
import polars as pl
from numpy.typing import NDArray

from .. import tables
from ..engines import Events, encode, without_crowds
from ..errors import InputError
from ..progress import Progress, quiet
from ..records import WINDOWS, Plan, Planting
from . import _audiences, _choice, _placebo, _planting, _search, _timing
from ._beside import Beside, Ring
from ._known import may_meet
from ._layers import HALF_DAY_S, Layer, Pairs, candidates, layers, met, window
from ._placebo import PLACEBOS
from ._search import GATE, benjamini_hochberg

SMALLEST = 1e-300       # of a p: below this a float has no digits left
FEWEST_ACTORS = 20      # below these two nothing can be concluded about anybody
FEWEST_OBJECTS = 3

__all__ = ["GATE", "PLACEBOS", "Validation", "benjamini_hochberg", "copies", "encoded", "may_meet", "naive", "placebo",
           "smallest_rings", "validate", "windows"]


@dataclass(frozen=True)
class Tested:
    """A layer, its candidate pairs and what each test says of them."""

    layer: Layer
    public: _audiences.Publics
    pairs: Pairs
    choice: _choice.Choice
    weight: NDArray[np.int64]        # of each pair: how much the two count in each other's habits, 1/1024ths
    timing: _timing.Timing
    p_time: NDArray[np.float64]

    @property
    def audience(self) -> NDArray[np.int64]:
        """Of each actor code, those whose habits may explain it."""
        return self.public.audience

    def names(self) -> pl.DataFrame:
        """The candidate pairs: a, b."""
        names = pl.Series(self.layer.events.actors, dtype=pl.String)
        return pl.DataFrame({"a": names.gather(self.pairs.a), "b": names.gather(self.pairs.b)})


@dataclass(frozen=True)
class Validation:
    """What is left when chance is taken away.

    edges: tables.EDGES, q ≤ alpha, sorted by (a, b, trace).
    occasions: tables.OCCASIONS of these edges, sorted by (a, b, trace, object).
    tests: pairs × traces that the correction counts, seen or not.
    set_aside: of each trace, how many objects are common property.
    common: which: tables.COMMON, sorted by (trace, object).
    notes: what could not be concluded, and why.
    """

    edges: pl.DataFrame
    occasions: pl.DataFrame
    tests: int
    set_aside: dict[str, int]
    notes: tuple[str, ...]
    tested: tuple[Tested, ...]
    p: NDArray[np.float64]         # of the candidate pairs of `tested`, one after the other
    common: pl.DataFrame
    family: _search.Family         # of these pairs

    @property
    def candidates(self) -> int:
        """Pairs that met often enough to be tested."""
        return len(self.p)


def windows(plan: Plan, resolution_s: int) -> tuple[int, ...]:
    """The windows of the plan, s, ascending; by default those of the literature that the clock of the data can tell.

    Raises:
        InputError: the plan asks for a window below the resolution, or for one that is not a positive number.
    """
    if plan.windows is None:
        return tuple(w for w in WINDOWS if w >= resolution_s)
    if bad := [w for w in plan.windows if w < max(resolution_s, 1)]:
        raise InputError(f"The plan asks for windows of {', '.join(map(str, bad))} s, but the times in these files are "
                         f"only known to {resolution_s} s.\nLeave `windows` out of the plan, or take windows of "
                         f"{max(resolution_s, 1)} s and more.")
    return tuple(sorted(set(plan.windows)))


def encoded(actions: Mapping[str, tables.Table]) -> dict[str, Events]:
    """Actions as engines read them: what is asked more than once of the same ones, need not encode them again."""
    return {trace: encode(actions[trace]) for trace in sorted(actions)}


def _encoded(acts: pl.DataFrame | Events) -> Events:
    return acts if isinstance(acts, Events) else encode(acts)


def validate(actions: Mapping[str, pl.DataFrame | Events], *, plan: Plan, engine: ModuleType, resolution_s: int,
             known: Mapping[tuple[str, str], pl.DataFrame] | None = None, of: "Validation | None" = None,
             progress: Progress = quiet) -> Validation:
    """Keep the pairs of actors that act together more than chance explains.

    Args:
        actions: of each trace, the table `tables.ACTIONS`, or the same encoded.
        engine: a module of `engines`; which one makes no difference to any digit.
        resolution_s: how exactly the times are known, s.
        known: of some traces and kinds, pairs (a, b) among which every candidate is: only these are counted then.
        of: of a copy, the validation of the data. The copy keeps for which audience everybody acts, so audiences are
            held as they are there; told once more from the copy, they are the same but for noise.

    Raises:
        InputError: a window of the plan is below the resolution.

    Source: Benjamini & Hochberg 1995, doi:10.1111/j.2517-6161.1995.tb02031.x; what the search costs: `_search.py`.
    """
    tried = windows(plan, resolution_s)
    held = {(one.layer.trace, one.layer.kind): one.public for one in of.tested} if of else {}
    found: list[Tested] = []
    common, notes, tests = [tables.empty(tables.COMMON)], [], 0
    for done, trace in enumerate(sorted(actions)):
        progress("chance", done, len(actions))
        if not len(actions[trace]):
            continue
        of_trace, aside = layers(trace, _encoded(actions[trace]), plan.common_property, tried[-1] if tried else 0)
        common.append(aside)
        for layer in of_trace:
            tests += layer.tests
            if reason := _too_small(layer, tried):
                notes.append(f"{trace}: nothing can be concluded about {layer.kind}s: {reason}.")
            else:
                found.append(_test(layer, engine, tried, plan.min_objects, (known or {}).get((trace, layer.kind)),
                                   held.get((trace, layer.kind))))
    progress("chance", len(actions), len(actions))
    judged = _judge(found, tests)
    if (passed := judged["q"].to_numpy() <= plan.alpha).any():
        found = [_once_more(one, engine, tried, plan.min_objects, passed[rows]) for one, rows in _rows(found)]
        judged = _judge(found, tests)
    set_aside = dict(pl.concat(common).group_by("trace").len().iter_rows())
    edges, occasions = [], []
    for one, rows in _rows(found):
        chosen = np.flatnonzero(judged["q"].to_numpy()[rows] <= plan.alpha)
        edges.append(_edges(one, chosen, judged[rows][chosen], tried))
        occasions.append(_occasions(one, chosen, tried))
    return Validation(pl.concat([tables.empty(tables.EDGES), *edges]).sort("a", "b", "trace", "kind"),
                      pl.concat([tables.empty(tables.OCCASIONS), *occasions]).sort("a", "b", "trace", "object"),
                      tests, {trace: set_aside.get(trace, 0) for trace in sorted(actions)}, tuple(notes), tuple(found),
                      judged["p"].to_numpy(), pl.concat(common), _family(found))


def _too_small(layer: Layer, tried: tuple[int, ...]) -> str:
    if not tried:
        return "the times are known less exactly than the widest window"
    if layer.actors < FEWEST_ACTORS:
        return f"{layer.actors} of them act, and chance needs {FEWEST_ACTORS} to be known"
    if (shared := int((layer.size > 1).sum())) < FEWEST_OBJECTS:
        return f"{shared} objects are shared by two of them, and chance needs {FEWEST_OBJECTS} to be known"
    return ""


def _test(layer: Layer, engine: ModuleType, tried: tuple[int, ...], min_objects: int, known: pl.DataFrame | None,
          held: _audiences.Publics | None) -> Tested:
    pairs = candidates(layer, engine, tried, min_objects, known)
    public = _audiences.publics(layer) if held is None else held
    audience = public.audience
    counts = _choice.of_objects(layer, audience)
    famous = _choice.fame(layer, counts, audience, np.r_[pairs.a, pairs.b])
    choice = _choice.expect(layer.size, layer.events.object[pairs.event_a], pairs, audience, famous)
    return _timed(layer, engine, tried, min_objects, public, pairs, choice, _choice.weights(choice))


def _once_more(one: Tested, engine: ModuleType, tried: tuple[int, ...], min_objects: int, passed: NDArray[np.bool_],
               ) -> Tested:
    """The same without the pairs that were found in anybody's habits: they are not what is usual."""
    if not passed.any():
        return one
    return _timed(one.layer, engine, tried, min_objects, one.public, one.pairs, one.choice,
                  np.where(passed, 0, one.weight))


def _timed(layer: Layer, engine: ModuleType, tried: tuple[int, ...], min_objects: int, public: _audiences.Publics,
           pairs: Pairs, choice: _choice.Choice, weight: NDArray[np.int64]) -> Tested:
    hours = _timing.clock(layer, public.audience, _choice.of_objects(layer, public.audience))
    home = _timing.at_home(layer, hours, public.audience)
    kept, among = met(pairs, len(layer.events))
    best = _timing.over_windows(among, weight, _timing.acts(layer, hours, kept, home),
                                (window(layer, engine, window_s, pairs, weight, kept, home) for window_s in tried),
                                window(layer, engine, HALF_DAY_S, pairs, weight, kept, home, crowds=False), hours,
                                min_objects, layer.min_days, len(tried))
    return Tested(layer, public, pairs, choice, weight, best, np.clip(len(tried) * best.p, SMALLEST, 1.0))


def _rows(found: Sequence[Tested]) -> Iterator[tuple[Tested, slice]]:
    """Each with the place of its pairs among all of them."""
    start = 0
    for one in found:
        yield one, slice(start, start + len(one.p_time))
        start += len(one.p_time)


def _judge(found: Sequence[Tested], tests: int) -> pl.DataFrame:
    """p, q and what they are made of, of all candidate pairs, one after the other."""
    p_time = np.concatenate([np.zeros(0), *(one.p_time for one in found)])
    tail = np.concatenate([np.zeros(0), *(_choice.tails(one.choice) for one in found)])
    alike = _search.alike(tail, [_family(found)])
    p_choice = _search.p_choice(tail, alike, len(tail), tests)
    p = _search.p(p_time, p_choice)
    return pl.DataFrame({"p": p, "q": benjamini_hochberg(p, tests), "p_time": p_time, "p_choice": p_choice,
                         "alike": alike})


def _family(found: Sequence[Tested]) -> _search.Family:
    return _search.family(np.concatenate([np.zeros(0), *(_choice.tails(one.choice) for one in found)]),
                          np.concatenate([np.zeros(0), *(one.p_time for one in found)]))


def _edges(one: Tested, chosen: NDArray, figures: pl.DataFrame, tried: tuple[int, ...]) -> pl.DataFrame:
    names = pl.Series(one.layer.events.actors, dtype=pl.String)
    pairs, timing, choice, at = one.pairs, one.timing, one.choice, one.layer.events.at
    us = np.array(tried)[timing.window[chosen]] * 1_000_000
    observed, expected = [], []
    for pair, within in zip(chosen, us, strict=True):
        of = slice(pairs.start[pair], pairs.start[pair + 1])
        chance = timing.chance[of]
        near = np.abs(at[pairs.event_a[of]] - at[pairs.event_b[of]]) <= within
        observed.append(int((near & (chance >= 0)).sum()))
        expected.append(sum(round(c * 1e6) for c in chance[chance >= 0]) / 1e6)
    frame = pl.DataFrame({
        "a": names.gather(pairs.a[chosen]), "b": names.gather(pairs.b[chosen]),
        "kind": pl.repeat(one.layer.kind, len(chosen), eager=True, dtype=pl.String),
        "trace": pl.repeat(one.layer.trace, len(chosen), eager=True, dtype=pl.String),
        "window_s": us // 1_000_000, "observed": observed, "expected": expected,
        "p": figures["p"], "q": figures["q"], "p_time": figures["p_time"], "p_choice": figures["p_choice"],
        "shared": choice.shared[chosen], "shared_expected": choice.shared_expected[chosen],
        "rare": choice.rare[chosen], "rare_expected": choice.rare_expected[chosen], "alike": figures["alike"],
    }, schema_overrides={"observed": pl.Int64, "expected": pl.Float64})
    return tables.conform(frame, tables.EDGES, "edges")


def _occasions(one: Tested, chosen: NDArray, tried: tuple[int, ...]) -> pl.DataFrame:
    pairs, timing, events = one.pairs, one.timing, one.layer.events
    of_pair = np.repeat(np.arange(len(pairs.a)), np.diff(pairs.start))
    rows = np.flatnonzero(np.isin(of_pair, chosen) & (timing.chance >= 0))
    pair, x, y = of_pair[rows], pairs.event_a[rows], pairs.event_b[rows]
    delta = events.at[y] - events.at[x]
    names, posts = pl.Series(events.actors, dtype=pl.String), pl.Series(events.posts, dtype=pl.String)
    frame = pl.DataFrame({
        "a": names.gather(pairs.a[pair]), "b": names.gather(pairs.b[pair]),
        "trace": pl.repeat(one.layer.trace, len(rows), eager=True, dtype=pl.String),
        "object": pl.Series(events.objects, dtype=pl.String).gather(events.object[x]),
        "post_a": posts.gather(events.post[x]), "at_a": pl.Series(events.at[x]).cast(tables.TIME),
        "post_b": posts.gather(events.post[y]), "at_b": pl.Series(events.at[y]).cast(tables.TIME),
        "delta_s": delta / 1_000_000,
        "together": np.abs(delta) <= np.array(tried)[timing.window[pair]] * 1_000_000,
        "chance": timing.chance[rows],
    })
    return tables.conform(frame, tables.OCCASIONS, "occasions")


def naive(actions: Mapping[str, pl.DataFrame | Events], *, window_s: int = 60, objects: int = 2, engine: ModuleType,
          common_property: int | None = None, widest_s: int | None = None) -> pl.DataFrame:
    """The rule that every other tool uses: who shares `objects` objects within `window_s` in any trace; a, b, kind.

    Args:
        common_property: actors; objects on which more act within one window are left out, or they cost their square.
        widest_s: that window, where it is not the rule's own: with it, what `validate` sets aside is left out here.
    """
    found = [engine.pairs(without_crowds(_encoded(actions[trace]), widest_s or window_s, common_property), (window_s,),
                          min_objects=objects).select("a", "b", "kind")
             for trace in sorted(actions) if len(actions[trace])]
    nobody = tables.empty({"a": pl.String, "b": pl.String, "kind": pl.String})
    return pl.concat([nobody, *found]).unique().sort("a", "b")


def placebo(actions: Mapping[str, pl.DataFrame], validation: Validation, *, cell: str, seed: int,
            ) -> dict[str, pl.DataFrame]:
    """A copy of the actions in which who meets whom again is broken, and nothing else that is innocent.

    Args:
        validation: of these actions.
        cell: one of PLACEBOS; among which acts names are exchanged (`_placebo.py`).

    Raises:
        InputError: no placebo has this name.
    """
    dealt = copies(actions, encoded(actions), validation, cell=cell)
    return {trace: dealt[trace].copy(seed) if trace in dealt else frame for trace, frame in sorted(actions.items())}


def copies(actions: Mapping[str, tables.Table], events: Mapping[str, Events],
           validation: Validation, *, cell: str) -> dict[str, _placebo.Deck]:
    """What all copies of one cell are dealt from, counted once; of each trace in which somebody acted.

    Args:
        events: these actions, encoded.
        validation: of these actions.
        cell: one of PLACEBOS.

    Raises:
        InputError: no placebo has this name.
    """
    if cell not in PLACEBOS:
        raise InputError(f"There is no placebo named {cell!r}.\nThere are: {', '.join(PLACEBOS)}.")
    likes = {trace: np.zeros(len(acts.actors), dtype=np.int64) for trace, acts in events.items()}
    for one in validation.tested:
        active = one.layer.degree > 0
        likes[one.layer.trace][active] = one.public.circle[active]
    return _placebo.decks(actions, events, likes, validation.edges, cell=cell)


def smallest_rings(actions: Mapping[str, tables.Table], *, plan: Plan, engine: ModuleType, resolution_s: int,
                   validation: Validation, progress: Progress = quiet) -> tuple[Planting, ...]:
    """What would have been found in this data: of each size and jitter, the ring of fewest objects that comes back.

    Rings are planted, each alone, into the trace and kind with the most actors.

    Returns:
        One record a size and jitter, with the fewest objects at which nine in ten rings come back; where no number of
        objects suffices, the largest that was tried with what came back of it. Empty where there are too few actors.
    """
    kinds = kinds_of_rings(validation, plan=plan, resolution_s=resolution_s)
    if not kinds:
        return ()
    alone = beside(validation, [ring for kind in kinds for ring in kind.rings], plan=plan, engine=engine,
                   resolution_s=resolution_s)
    def comes_back(ring: Ring) -> bool:
        a, b, _, edges = alone(ring)
        return _planting.came_back(len(ring.members), a[edges], b[edges])

    known = []
    for done, kind in enumerate(kinds):
        progress("What would have been found", done, len(kinds))
        known.append(_planting.smallest(kind, comes_back))
    progress("What would have been found", len(kinds), len(kinds))
    return tuple(known)


def kinds_of_rings(validation: Validation, *, plan: Plan, resolution_s: int) -> list[_planting.Kind]:
    """The rings that are planted; none where there are too few actors outside the findings."""
    if not validation.tested:
        return []
    layer = _widest(validation).layer
    found = {*validation.edges["a"], *validation.edges["b"]}
    people = _audiences.by_deeds(layer)
    people = people[~pl.Series(layer.events.actors, dtype=pl.String).gather(people).is_in(found).to_numpy()]
    return _planting.kinds(layer, people, resolution_s, np.random.Generator(np.random.PCG64([plan.seed, 1])))


def beside(validation: Validation, rings: list[Ring], *, plan: Plan, engine: ModuleType, resolution_s: int,
           ) -> Callable[[Ring], tuple[NDArray, NDArray, NDArray, NDArray]]:
    """A test of single rings in the trace and kind with the most actors.

    Args:
        rings: those that will be asked for, or longer ones of the same members.

    Returns:
        Of a ring: its pairs, as positions among its members, p of each, and which of them would be found.
    """
    one, tried = _widest(validation), windows(plan, resolution_s)
    alone = Beside(one.layer, one.audience, one.pairs, one.weight, tried,
                   np.unique(np.concatenate([ring.members for ring in rings])), engine, plan.min_objects)
    rivals = validation.p[validation.p < 1.0]

    def judged(choice: _choice.Choice, tail: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        p_time, taste = np.clip(len(tried) * tail, SMALLEST, 1.0), _choice.tails(choice)
        alike = _search.alike(taste, [validation.family, _search.family(taste, p_time)])
        p = _search.p(p_time, _search.p_choice(taste, alike, validation.candidates + len(taste), validation.tests))
        return p, benjamini_hochberg(np.r_[p, rivals], validation.tests)[: len(p)] <= plan.alpha

    def test(ring: Ring) -> tuple[NDArray, NDArray, NDArray, NDArray]:
        pairs, choice, tail = alone.test(ring)
        p, passed = judged(choice, tail)
        if passed.any():
            p, passed = judged(choice, alone.test(ring, passed)[2])
        return pairs.a, pairs.b, p, passed

    return test


def _widest(validation: Validation) -> Tested:
    return max(validation.tested, key=lambda one: (one.layer.actors, one.layer.trace, one.layer.kind))
