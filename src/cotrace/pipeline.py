"""The straight line, in full: files → posts → actions → pairs → edges → clusters → links → dossier.

The order of the steps is written in `run`, and nowhere else. Every step that takes time is kept in the case under a
digest of all that its answer depends on, so that a run that was interrupted goes on where it stood.
"""

import functools
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl

from . import attribution, clusters, digest, dossier, network, parts, plans, reading, sources, tables, traces
from .case import Case, Nowhere
from .errors import InputError
from .progress import Progress, quiet
from .records import Findings, Input, Placebo, Plan, Planting, Reading, TraceReport, as_plain
from .software import software

MEMORY_FACTOR = 6  # peak memory of a run ÷ its POSTS in memory; 4–5 on the shared data, rounded up
Frames = dict[str, pl.DataFrame]


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
    memory: int | None = None,
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

    Raises:
        InputError: posts, registries, plan or folder cannot be used; the message says where and what to do.
    """
    store = Nowhere() if case is None else Case(case)
    with store.working():
        plan = plans.resolve(plan, only=only, without=without, seed=seed)
        counting = _counting(engine, workers)
        registry = sources.read(registries)
        read = _read(store, posts, progress, columns=columns, zone=zone, platform=platform, allow_rejects=allow_rejects)
        _refuse_too_large(read, memory)
        resolution_s = max(file.resolution_s for file in read.inputs)
        plan = replace(plan, windows=network.windows(plan, resolution_s))
        line = _Line(store, plan, counting, resolution_s, _subject(read, plan), progress)

        actions, seen = line.act(read)
        valid = network.validate(actions, plan=plan, engine=counting, resolution_s=resolution_s, progress=progress)
        placebos = line.placebos(actions, valid)
        plantings = line.plantings(actions, valid)
        found = clusters.find(valid.edges, plan_digest=digest.digest(plan.as_plain()), seed=plan.seed)
        links = attribution.link(clusters=found, edges=valid.edges, occasions=valid.occasions, actions=actions,
                                 reading=read, sources=registry, plan=plan, seed=plan.seed)

        reports = tuple(replace(trace, set_aside=valid.set_aside.get(trace.name, 0)) for trace in seen)
        findings = Findings(plan, read, reports, valid.edges, valid.occasions, valid.tests, found, registry, links,
                            placebos, plantings, valid.notes)
        packed = dossier.build(findings, key=key, pseudonyms=pseudonyms, progress=progress)
        name = digest.digest([line.of, as_plain(registry.rows())])
        folder = store.publish(name[:12], _views(packed, plan, read))
        return Run(findings, packed, name, folder)


@dataclass(frozen=True)
class _Line:
    """The steps of one run that are kept, and what they all need."""

    store: Case | Nowhere
    plan: Plan
    engine: ModuleType
    resolution_s: int
    of: dict                       # everything that the answers depend on
    progress: Progress

    def act(self, read: Reading) -> tuple[Frames, tuple[TraceReport, ...]]:
        """POSTS → ACTIONS, for each trace of the plan."""
        actions, reports = {}, []
        for name in self.plan.traces:
            trace = traces.get(name)
            if trace.seconds and self.resolution_s > 1:
                why = f"it is bound to seconds, and the times of these posts are known to {self.resolution_s} s only"
                reports.append(TraceReport(name, trace.method, 0, 0, 0, read.posts.height, 0, why))
                continue
            acts, without = traces.act(name, read.posts)
            reports.append(TraceReport(name, trace.method, acts.height, acts["actor"].n_unique(),
                                       acts["object"].n_unique(), without, 0))
            actions[name] = acts
        return actions, tuple(reports)

    def placebos(self, actions: Frames, valid: network.Validation) -> tuple[Placebo, ...]:
        """The same search on copies in which who meets whom again is broken."""
        wanted = [(cell, copy) for cell in network.PLACEBOS for copy in range(self.plan.placebos)]
        made = []
        for done, (cell, copy) in enumerate(wanted):
            self.progress("Searching copies in which nobody meets again", done, len(wanted))
            _, plain = _kept(self.store, "placebo", {**self.of, "cell": cell, "copy": copy},
                             functools.partial(self._placebo, actions, valid, cell, copy))
            made.append(Placebo(cell, copy, plain["edges"], plain["naive_edges"]))
        self.progress("Searching copies in which nobody meets again", len(wanted), len(wanted))
        return tuple(made)

    def _placebo(self, actions: Frames, valid: network.Validation, cell: str, copy: int,
                 ) -> tuple[Frames, object]:
        world = network.placebo(actions, valid, cell=cell, seed=self.plan.seed * 1_000_003 + copy)
        again = network.validate(world, plan=self.plan, engine=self.engine, resolution_s=self.resolution_s)
        return {}, {"edges": again.edges.height, "naive_edges": network.naive(world, engine=self.engine).height}

    def plantings(self, actions: Frames, valid: network.Validation) -> tuple[Planting, ...]:
        """What would have been found: rings planted into this very data."""
        def make() -> tuple[Frames, object]:
            rings = network.smallest_rings(actions, plan=self.plan, engine=self.engine, progress=self.progress,
                                           resolution_s=self.resolution_s, validation=valid)
            return {}, [as_plain(ring) for ring in rings]

        _, plain = _kept(self.store, "plantings", self.of, make)
        return tuple(Planting(**ring) for ring in plain)


Make = Callable[[], tuple[Frames, object]]


def _kept(store: Case | Nowhere, name: str, of: object, make: Make) -> tuple[Frames, Any]:
    """A step's tables and plain answer, from the case where they are there already."""
    def packed() -> bytes:
        frames, plain = make()
        return digest.canonical({"frames": {key: store.put(_parquet(table)) for key, table in frames.items()},
                                 "plain": plain})

    said = json.loads(store.step(name, of, packed))
    return {key: pl.read_parquet(io.BytesIO(store.get(blob))) for key, blob in said["frames"].items()}, said["plain"]


def _parquet(table: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    table.write_parquet(buffer)
    return buffer.getvalue()


def _read(store: Case | Nowhere, posts: object, progress: Progress, **how) -> Reading:
    """Files → POSTS. How files were read is remembered in the case; what the call says overrules that."""
    files = _files(posts)
    if not files:  # tables and standard input, which have no name to remember them by
        return replace(reading.read(posts, progress=progress, **how), how=_said(how))
    digests = sorted(digest.sha256_file(file) for file in files)
    choices = "reading " + " ".join(digests)
    how = {**how, **{key: how[key] or value for key, value in (store.recall(choices) or {}).items()}}
    store.remember(choices, {key: how[key] for key in ("columns", "zone", "platform")})

    def make() -> tuple[Frames, object]:
        read = reading.read(files, progress=progress, **how)
        return ({"posts": read.posts, "actors": read.actors, "rejects": read.rejects},
                {"inputs": as_plain(read.inputs), "counts": read.counts, "notes": list(read.notes)})

    of = {"files": digests, "names": [Path(file).name for file in files], "how": as_plain(_said(how)),
          "software": as_plain(software())}
    frames, plain = _kept(store, "read", of, make)
    inputs = tuple(Input(**{**said, "mapping": tuple(map(tuple, said["mapping"]))}) for said in plain["inputs"])
    return Reading(frames["posts"], frames["actors"], inputs, frames["rejects"], plain["counts"], tuple(plain["notes"]),
                   _said(how))


def _files(posts: object) -> list[str | Path]:
    """The files that were named, where all that was given is files."""
    given = posts if isinstance(posts, Sequence) and not isinstance(posts, str) else [posts]
    files = [one for one in given if isinstance(one, str | Path) and str(one) != "-" and Path(one).is_file()]
    return files if len(files) == len(given) else []


def _said(how: Mapping) -> tuple[tuple[str, str], ...]:
    """How the files were asked to be read, for the dossier."""
    columns = ";".join(f"{ours}={theirs}" for ours, theirs in sorted((how["columns"] or {}).items()))
    return (("allow_rejects", digest.decimal(how["allow_rejects"])), ("columns", columns),
            ("platform", how["platform"] or ""), ("zone", how["zone"] or ""))


def _subject(read: Reading, plan: Plan) -> dict:
    """All that the answers of the later steps depend on; the order of files is not among it."""
    return {"inputs": sorted(digest.digest(as_plain(file)) for file in read.inputs), "plan": plan.as_plain(),
            "software": as_plain(software())}


def _counting(engine: str, workers: int | None) -> ModuleType:
    """An engine with its number of threads."""
    module = parts.require(parts.load("engines", engine))
    bound = ModuleType(module.__name__)
    bound.__dict__.update(vars(module), pairs=functools.partial(module.pairs, workers=workers))
    return bound


def _refuse_too_large(read: Reading, memory: int | None) -> None:
    needed = MEMORY_FACTOR * read.posts.estimated_size()
    if memory is not None and needed > memory:
        raise InputError(f"These {read.posts.height:,} posts need about {needed / 2**30:.1f} GiB of memory, and "
                         f"--memory allows {memory / 2**30:.1f}.\nAllow more, or run the files in parts.")


def _views(packed: bytes, plan: Plan, read: Reading) -> dict[str, bytes]:
    """The files that a run shows: the dossier, its page, the plan with all defaults, and what could not be read."""
    return {"dossier.zip": packed, "statement.html": digest.unarchive(packed)["statement.html"],
            "plan.toml": plans.toml(plan).encode(),
            "rejects.csv": digest.csv_bytes(list(tables.REJECTS),
                                            [["" if cell is None else str(cell) for cell in row]
                                             for row in read.rejects.rows()])}
