"""The straight line, in full: files → posts → actions → pairs → edges → clusters → links → dossier.

The order of the steps is written in `follow`, and nowhere else. Every step that takes time is kept in the case under
a digest of all that its answer depends on, so that a run that was interrupted goes on where it stood, and a finding is
made again in moments when a person has decided about somebody in it.
"""

import functools
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl

from . import (
    afar,
    attribution,
    clusters,
    decisions,
    digest,
    dossier,
    elsewhere,
    forgetting,
    kept,
    needs,
    network,
    ondisk,
    parts,
    plans,
    sources,
    statement,
    tables,
    traces,
    verdicts,
)
from .case import Case, Nowhere
from .counted import Counted
from .engines import Events
from .errors import InputError
from .kept import Frames
from .progress import Progress, quiet
from .records import WINDOWS, Decision, Findings, Placebo, Plan, Planting, Reading, TraceReport, as_plain
from .software import software


@dataclass(frozen=True)
class Run:
    """What an investigation found, and where it lies."""

    findings: Findings
    dossier: bytes
    digest: str                    # of inputs, plan, registries and software: the name of the run
    folder: Path | None            # of the run, in the case; None: nothing was written

    @property
    def edges(self) -> pl.DataFrame:
        """The validated pairs: tables.EDGES."""
        return self.findings.edges

    @property
    def members(self) -> pl.DataFrame:
        """cluster, actor, stability (0–1): one row a published member."""
        rows = [(c.id, actor, float(sure)) for c in self.findings.clusters
                for actor, sure in zip(c.members, c.stability, strict=True)]
        return pl.DataFrame(rows, schema={"cluster": pl.String, "actor": pl.String, "stability": pl.Float64},
                            orient="row")


def run(
    posts: object,
    *,
    case: str | Path | None = None,
    registries: Sequence[str | Path] = (),
    plan: Plan | str | Path | None = None,
    only: Sequence[str] = (),
    without: Sequence[str] = (),
    seed: int | None = None,
    columns: Mapping[str, str] | None = None,
    zone: str | None = None,
    platform: str | None = None,
    allow_rejects: float = 0.05,
    key: bytes | None = None,
    pseudonyms: bytes | None = None,
    engine: str = "local",
    workers: int | None = None,
    master: str | None = None,
    memory: int | None = None,
    decided: Sequence[Decision] = (),
    progress: Progress = quiet,
) -> Run:
    """Find, link and substantiate.

    Args:
        posts: files, or Polars, pandas or Arrow tables.
        case: the folder to keep everything in; None: nothing is written.
        registries: files of previously identified sources.
        plan: a `Plan` or a TOML file; None: the defaults.
        only, without: names of traces to run, to leave out; they and `seed` overrule the plan.
        columns, zone, platform, allow_rejects: as for `cotrace.read`.
        key: private Ed25519 key to sign with, as `cotrace key new` wrote it.
        pseudonyms: secret; under it every id, name and handle in the dossier becomes a keyed hash.
        engine, workers, memory: who counts, with how many threads (None: all cores), and the bytes that the run may
            hold (more is refused before the search begins). The answer depends on none of them.
        master: of an engine on a cluster, where that is; it reads Parquet itself, from wherever it can.
        decided: decisions of persons, beside those that the case holds.

    Raises:
        InputError: posts, registries, plan or folder cannot be used; the message says where and what to do.
    """
    store = Nowhere() if case is None else Case(case)
    with store.working():
        plan = plans.resolve(plan, only=only, without=without, seed=seed)
        counting = counting_by(engine, workers, master)
        gone = kept.forgotten(store)
        registry = forgetting.sources(sources.read(registries), gone)
        if key is not None:
            statement.sign(b"", key)  # a key that cannot sign is refused before the work, not after it
        how: dict[str, Any] = {"columns": columns, "zone": zone, "platform": platform, "allow_rejects": allow_rejects}
        there, blob = None, ""
        if paths := afar.lie_there(posts, counting):
            there = afar.read(counting, paths, **how, gone=gone, selectors=registry["selector_type"], progress=progress,
                              said=kept.said_how(how), aside=store.aside if isinstance(store, Case) else None)
            read = there.reading
        else:
            needed = needs.before(posts, columns=columns, zone=zone, platform=platform) if memory is not None else None
            held = needs.refuse_before(needed, memory)
            read, blob = kept.read(store, posts, progress, held=held, **how)
        needs.refuse_too_large(read, memory)
        made_from = recipe(read, blob, kept.put_table(store, registry), plan, pseudonyms)
        return follow(store, made_from, read, registry, plan, counting, there=there, decided=decided, key=key,
                      pseudonyms=pseudonyms, memory=memory, progress=progress)


def recipe(read: Reading, blob: str, registry: str, plan: Plan, pseudonyms: bytes | None) -> dict:
    """What a finding is made from, so that it can be made again from the case alone; blobs of reading and registry."""
    return {"reading": blob, "how": as_plain(read.how), "plan": plan.as_plain(), "software": as_plain(software()),
            "registry": registry, "pseudonyms": kept.which_key(pseudonyms)}


def again(case: str | Path, *, key: bytes | None = None, pseudonyms: bytes | None = None, engine: str = "local",
          workers: int | None = None, progress: Progress = quiet) -> Run:
    """The newest finding of a case once more, with the decisions that stand now. No file outside the case is read.

    Args:
        key, pseudonyms, engine, workers: as for `run`; neither secret is kept in a case.

    Raises:
        InputError: the case has no finding, was made by another version, or its ids stand as hashes under another key.
    """
    store = Case(case)
    with store.working():
        made_from = kept.recipe(store, pseudonyms)
        _refuse_without_posts(made_from, case)
        plan = plans.read_back(made_from["plan"])
        read = kept.reading_of(store, made_from["reading"], tuple(map(tuple, made_from["how"])))
        registry = kept.table(store, made_from["registry"])
        return follow(store, made_from, read, registry, plan, counting_by(engine, workers), key=key,
                      pseudonyms=pseudonyms, progress=progress)


def follow(store: Case | Nowhere, made_from: dict, read: Reading, registry: pl.DataFrame, plan: Plan,
           engine: ModuleType, *, there: afar.Afar | None = None, before: Counted | None = None,
           decided: Sequence[Decision] = (), key: bytes | None, pseudonyms: bytes | None, memory: int | None = None,
           progress: Progress) -> Run:
    """The line itself, from posts on.

    Args:
        there: the posts, where they are on a cluster and only a thin row of each is in `read`.
        before: what was counted of these posts before others came in; it spares work and changes nothing.
        memory: bytes that may be held; the same.
    """
    resolution_s = max(file.resolution_s for file in read.inputs)
    plan = replace(plan, windows=windows(plan, resolution_s))
    gone = kept.forgotten(store)
    line = _Line(store, plan, engine, resolution_s, _subject(read, plan, gone), progress,
                 needs.room(read, memory))

    actions, seen = line.act(read, there, before)
    encoded = functools.cache(lambda: network.encoded(actions))
    tested = functools.cache(lambda: line.tested(actions, encoded, before))
    valid = line.validated(tested)
    placebos = line.placebos(actions, encoded, tested)
    plantings = line.plantings(actions, tested)
    naive_edges = line.naive_edges(encoded)
    tested.cache_clear()  # from here on only what was found is looked at, and not all that was counted
    encoded.cache_clear()
    stand = decisions.standing([*(Decision(**made) for made in store.decisions), *decided])
    left = decisions.take_out(valid.edges, valid.occasions, stand)
    found = clusters.find(left.edges, plan_digest=digest.digest(plan.as_plain()), seed=plan.seed)
    read = there.whole(read, actors={actor for one in found for actor in one.members}) if there else read
    links = attribution.link(clusters=found, edges=left.edges, occasions=left.occasions, actions=actions,
                             reading=read, sources=registry, plan=plan, seed=plan.seed)
    links = decisions.without(links, stand)

    judged = verdicts.judge(clusters=found, edges=left.edges, occasions=left.occasions, actions=actions, reading=read,
                            links=links, sources=registry, plan=plan, progress=progress)

    notes = (*_too_short(resolution_s), *_not_compared(registry, read), *valid.notes)
    reports = tuple(replace(trace, set_aside=valid.set_aside.get(trace.name, 0)) for trace in seen)
    findings = Findings(plan, read, reports, left.edges, left.occasions, valid.tests, found, registry,
                        links, placebos, plantings, notes, stand, left.taken_out,
                        naive_edges, judged.signs, judged.explanations, judged.verdicts, len(gone.actors),
                        valid.searched, valid.common, valid.candidates,
                        elsewhere.counts(found, left.occasions, valid.common, actions, max(plan.windows or (0,))))
    if there:
        read = there.whole(read, posts=dossier.posts_of(findings))
        findings = replace(findings, reading=read)
        made_from = {**made_from, "reading": kept.put_reading(store, read), "thin": True}
    packed = dossier.build(findings, key=key, pseudonyms=pseudonyms, progress=progress)
    name = digest.digest([line.of, as_plain(registry.rows()), *([decisions.as_rows(stand)] if stand else [])])
    folder = store.publish(name[:12], _views(packed, plan, read), recipe=store.put(digest.canonical(made_from)))
    return Run(findings, packed, name, folder)


@dataclass(frozen=True)
class _Valid:
    """Validated pairs as the case keeps them: `network.Validation` without the tests behind it."""

    edges: pl.DataFrame
    occasions: pl.DataFrame
    tests: int
    set_aside: dict[str, int]
    notes: tuple[str, ...]
    searched: int                  # traces × kinds of actor in which there was enough to test
    common: pl.DataFrame           # tables.COMMON
    candidates: int


Acts = Mapping[str, tables.Table]          # tables.ACTIONS of each trace
Encoded = Callable[[], dict[str, Events]]  # the actions as an engine reads them: when they are asked for, once
Tested = Callable[[], network.Validation]  # computes them when they are asked for, once


@dataclass(frozen=True)
class _Line:
    """The steps of one run that are kept, and what they all need."""

    store: Case | Nowhere
    plan: Plan
    engine: ModuleType
    resolution_s: int
    of: dict                       # everything that the answers depend on
    progress: Progress
    room: int                      # bytes that may be held beyond what has to be

    def act(self, read: Reading, there: afar.Afar | None, before: Counted | None,
            ) -> tuple[Acts, tuple[TraceReport, ...]]:
        """POSTS → ACTIONS, for each trace of the plan."""
        actions: dict[str, pl.DataFrame] = {}
        aside = ondisk.Actions(self.store.aside) if self._lies(read) and before is None else None
        reports = []
        for name in self.plan.traces:
            trace = traces.get(name)
            if trace.seconds and self.resolution_s > 1:
                why = f"it is bound to seconds, and the times of these posts are known to {self.resolution_s} s only"
                reports.append(TraceReport(name, trace.method, 0, 0, 0, read.height, 0, why))
                continue
            if aside is not None and isinstance(read, ondisk.Kept):
                without, counts = aside.act(name, read), aside.counted(name)
            else:
                acts, without = there.act(name) if there else (before or traces).act(name, read.posts)
                counts, actions[name] = (acts.height, acts["actor"].n_unique(), acts["object"].n_unique()), acts
            reports.append(TraceReport(name, trace.method, *counts, without, 0))
        return actions if aside is None else aside, tuple(reports)

    def _lies(self, read: Reading) -> bool:
        """Whether posts lie on the disk of whoever counts; what other machines count is handed to them whole."""
        return isinstance(read, ondisk.Kept) and not hasattr(self.engine, "each")

    def tested(self, actions: Acts, encoded: Encoded, before: Counted | None) -> network.Validation:
        """What chance says of every pair; of what was counted before, only what new posts change is counted again."""
        known = before.known(actions, self.plan, self.engine) if before else None
        valid = network.validate(encoded(), plan=self.plan, engine=self.engine, resolution_s=self.resolution_s,
                                 known=known, progress=self.progress)
        if before:
            before.keep(self.plan, valid)
        return valid

    def validated(self, tested: Tested) -> _Valid:
        """Which pairs act together more than chance explains."""
        def make() -> tuple[Frames, object]:
            valid = tested()
            return ({"edges": valid.edges, "occasions": valid.occasions, "common": valid.common},
                    {"tests": valid.tests, "set_aside": valid.set_aside, "notes": list(valid.notes),
                     "searched": len(valid.tested), "candidates": valid.candidates})

        frames, plain, _ = kept.step(self.store, "validated", self.of, make)
        return _Valid(frames["edges"], frames["occasions"], plain["tests"], plain["set_aside"], tuple(plain["notes"]),
                      plain["searched"], frames["common"], plain["candidates"])

    def placebos(self, actions: Acts, encoded: Encoded, tested: Tested) -> tuple[Placebo, ...]:
        """The same search on copies in which who meets whom again is broken."""
        wanted = [(cell, copy) for cell in network.PLACEBOS for copy in range(self.plan.placebos)]
        search = self._searching(actions, encoded, tested, wanted)
        made = []
        for done, (cell, copy) in enumerate(wanted):
            self.progress("Searching copies in which nobody meets again", done, len(wanted))
            _, plain, _ = kept.step(self.store, "placebo", {**self.of, "cell": cell, "copy": copy},
                                    functools.partial(search, done))
            made.append(Placebo(cell, copy, plain["edges"], plain["naive_edges"]))
        self.progress("Searching copies in which nobody meets again", len(wanted), len(wanted))
        return tuple(made)

    def _searching(self, actions: Acts, encoded: Encoded, tested: Tested, wanted: list,
                   ) -> Callable[[int], tuple[Frames, object]]:
        """The search of one of the copies, several at once: on other machines where the engine has some, else here."""
        told = functools.cache(lambda: _Told(actions, encoded(), tested(), self.plan, self.resolution_s, wanted))

        if afar.fit(self.engine, actions):
            there = afar.copies(self.engine, _searched_there, told, len(wanted))
        else:
            there = afar.copies(_Here(self.engine, self.room, told), functools.partial(_searched_here, self.engine),
                                told, len(wanted))
        return lambda number: ({}, json.loads(there(number)))

    def plantings(self, actions: Acts, tested: Tested) -> tuple[Planting, ...]:
        """What would have been found: rings planted into this very data."""
        def make() -> tuple[Frames, object]:
            rings = network.smallest_rings(actions, plan=self.plan, engine=self.engine, progress=self.progress,
                                           resolution_s=self.resolution_s, validation=tested())
            return {}, [as_plain(ring) for ring in rings]

        _, plain, _ = kept.step(self.store, "plantings", self.of, make)
        return tuple(Planting(**ring) for ring in plain)

    def naive_edges(self, encoded: Encoded) -> int:
        """What the rule of other tools finds in these posts, beside what it finds in the copies."""
        _, plain, _ = kept.step(self.store, "naive", self.of,
                                lambda: ({}, _naive(encoded(), self.plan, self.engine).height))
        return plain


@dataclass(frozen=True, eq=False)
class _Told:
    """What the search of a copy needs, and what was counted once for all of one cell."""

    actions: Acts
    events: dict[str, Events]      # these actions, encoded
    validation: network.Validation
    plan: Plan
    resolution_s: int
    wanted: list[tuple[str, int]]
    counted: dict[str, Any] = field(default_factory=dict)

    def dealt(self, cell: str, copy: int) -> dict[str, Events]:
        """The actions of one copy, encoded."""
        with _COUNTING:
            if cell not in self.counted:
                self.counted.clear()  # of the cell before
                self.counted[cell] = network.copies(self.actions, self.events, self.validation, cell=cell)
            decks = self.counted[cell]
        seed = self.plan.seed * 1_000_003 + copy
        return {trace: deck.events_of(seed) for trace, deck in decks.items()}


_COUNTING = threading.Lock()       # what copies have in common is counted by the first of them


@dataclass(frozen=True)
class _Here:
    """This machine, asked as a cluster is: copies on several threads, as many as the memory lets there be."""

    engine: ModuleType
    room: int
    told: Callable[[], _Told]

    def cores(self) -> int:
        return needs.abreast(sum(map(len, self.told().events.values())), self.room, self.engine.workers)

    def each(self, step: Callable[[_Told, int], bytes], told: _Told, numbers: range) -> list[bytes]:
        with ThreadPoolExecutor(len(numbers)) as pool:
            return list(pool.map(functools.partial(step, told), numbers))


def _searched(told: _Told, number: int, engine: ModuleType) -> dict[str, int]:
    cell, copy = told.wanted[number]
    world = told.dealt(cell, copy)
    edges = network.validate(world, plan=told.plan, engine=engine, resolution_s=told.resolution_s,
                             of=told.validation).edges.height  # nothing else of it is held while the rule is asked
    return {"edges": edges, "naive_edges": _naive(world, told.plan, engine).height}


def _searched_here(engine: ModuleType, told: _Told, number: int) -> bytes:
    return digest.canonical(_searched(told, number, engine))


def _searched_there(told: _Told, number: int) -> bytes:
    """On another machine, where one core is ours."""
    return digest.canonical(_searched(told, number, counting_by("local", 1, None)))


def _naive(actions: Mapping[str, pl.DataFrame | Events], plan: Plan, engine: ModuleType) -> pl.DataFrame:
    return network.naive(actions, engine=engine, common_property=plan.common_property,
                         widest_s=max(plan.windows or (0,)) or None)


def windows(plan: Plan, resolution_s: int) -> tuple[int, ...]:
    """The windows of the plan; none at all is no search, and would say that nobody acts together.

    Raises:
        InputError: the clock of the data tells none of the default windows, or not one that the plan asks for.
    """
    told = network.windows(plan, resolution_s)
    if not told:
        raise InputError(f"The times in these files are only known to {resolution_s} s, which is longer than every "
                         f"window that is looked at by default.\nAsk for wider ones in a plan:  windows = "
                         f"[{resolution_s}]  and read what that can mean: the same day is no coordination.")
    return told


def _not_compared(registry: pl.DataFrame, read: Reading) -> list[str]:
    """How much of the registries was left aside, for the report: a list that cannot match must not look like none."""
    platforms = sorted(read.platforms)
    usable = sources.usable(registry)
    unfit = registry.height - usable.height
    foreign = usable.height - sources.comparable(usable, platforms).height
    return [f"{count} of {registry.height} selectors of the registries {why}." for count, why in (
        (unfit, "can give no word (see: cotrace sources check)"),
        (foreign, "were compared with nothing: they name another platform than that of these posts, or none where "
                  f"these posts are of several ({', '.join(platforms)})")) if count]


def _too_short(resolution_s: int) -> list[str]:
    """What the clock of the data cannot tell, for the report: the same for every plan, so that a replay says it too."""
    short = [str(window) for window in WINDOWS if window < resolution_s]
    return [f"Windows shorter than {resolution_s} s were left out, of the usual ones {', '.join(short)} s: the times "
            "in these files are known no better."] if short else []


def _subject(read: Reading, plan: Plan, gone: forgetting.Forgotten) -> dict:
    """All that the answers of the later steps depend on; the order of files is not among it."""
    return {"inputs": sorted(digest.digest(as_plain(file)) for file in read.inputs), "plan": plan.as_plain(),
            "software": as_plain(software()), **({"forgotten": sorted(gone.actors)} if gone else {})}


def counting_by(engine: str, workers: int | None, master: str | None = None) -> ModuleType:
    """An engine with its number of threads; one on a cluster is asked first whether it is there.

    Raises:
        InputError: no such engine, a master for one that has none, or no answer from it.
        MissingPartError: the engine needs an extra.
    """
    module = parts.require(parts.load("engines", engine))
    if hasattr(module, "connect"):
        module.connect(master, workers)
    elif master is not None:
        raise InputError(f"--master {master} names a cluster, and the engine {engine} counts on this machine alone.\n"
                         "Ask for the engine that has one:  --engine spark --master URL")
    bound = ModuleType(module.__name__)
    bound.__dict__.update(vars(module), pairs=functools.partial(module.pairs, workers=workers), workers=workers)
    return bound


def _refuse_without_posts(made_from: dict, case: str | Path) -> None:
    if made_from.get("thin"):
        raise InputError(f"The posts that the newest finding of {case} was made from lie on a cluster, and the case "
                         "holds those of the findings alone.\nRun the same files again; what is decided in the case "
                         f"counts, and what was computed is kept:  cotrace run POSTS... --case {case} --engine spark")


def _views(packed: bytes, plan: Plan, read: Reading) -> dict[str, bytes]:
    """The files that a run shows: the dossier, its page, the plan with all defaults, and what could not be read."""
    return {"dossier.zip": packed, "statement.html": digest.unarchive(packed)["statement.html"],
            "plan.toml": plans.toml(plan).encode(),
            "rejects.csv": digest.csv_bytes(list(tables.REJECTS),
                                            [["" if cell is None else str(cell) for cell in row]
                                             for row in read.rejects.rows()])}
