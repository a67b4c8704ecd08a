"""Posts that lie on a cluster: read there, looked at there, and only what the line needs of them brought here.

    files ─▶ each read by one task ─▶ who posted when, and a digest of the rest ─▶ here: duplicates, conflicts, counts
             the posts stay there  ─▶ traces ─▶ ACTIONS, and a thin row of each post ─▶ here
                                   ─▶ whole posts of those who were found ─▶ here, for the dossier

What comes here is settled by the very functions that settle files on one machine (`reading.together`), so a finding is
the same byte for byte. It refuses to guess: posts that are not read by the cluster are not half read here, and a thin
row has null, never "", for what stayed behind. Of all posts the driver holds the columns of `THIN`; the objects of
ACTIONS, which for some traces are words or links of posts, come here as well (docs/cluster.md). In a case the thin rows
lie on disk while everything else is counted.
"""

import functools
import io
import itertools
import json
import re
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl

from . import digest, forgetting, ondisk, reading, tables, traces
from .errors import InputError
from .progress import Progress, quiet
from .records import Reading

# What signs, explanations and indicators compare everybody by; the rest of a post is looked at where somebody is found.
THIN = ("platform", "post", "account", "account_kind", "at", "at_resolution", "kind", "of_account", "place",
        "place_kind", "mentions", "lang", "client")
# A registry can name domains and media of anybody, so where one does, these come along.
NAMED = {"domain": "links", "media": "media"}
SETTLED_BY = ("post", "account", "at", "place", "receipt")  # what settling looks at beside a digest of all the rest
WHOLE = 20_000_000                                          # actions: some 10 GiB of one task, by 500 bytes measured
POSTS, SAID, THIN_ROWS, PEOPLE = range(4)                   # keys of blocks

Block = tuple[int, int, bytes]


@dataclass(frozen=True)
class Afar:
    """Posts on a cluster.

    reading: as `reading.read` gives it, posts with the columns of THIN alone.
    folder: in which these lie, as long as this is there; None: they are in memory.
    """

    cluster: ModuleType = field(repr=False)
    reading: Reading
    settled: Any = field(repr=False)
    folder: tempfile.TemporaryDirectory | None = field(default=None, repr=False)

    def act(self, name: str) -> tuple[pl.DataFrame, int]:
        """What the posts did, seen by one trace: `traces.act`, without the posts."""
        trace, here = traces.get(name), self.cluster
        if trace.whole:
            shown = here.mapped(self.settled, functools.partial(_columns, tuple({*traces.ACTS, *trace.reads})))
            acted = here.gathered(shown, functools.partial(_act_on_all, name), 1)
        else:
            acted = here.mapped(self.settled, functools.partial(_act, name))
        frames = [_unpacked(block) for _, _, block in here.collected(acted)]
        actions = pl.concat([tables.empty(tables.ACTIONS), *frames]).unique().sort(
            "object", "at", "actor", "post", "by")
        return actions, self.reading.height - actions["post"].n_unique()

    def whole(self, read: Reading, *, actors: Iterable[str] = (), posts: Iterable[str] = ()) -> Reading:
        """The reading with all that is known of posts of (or in places of) these actors, and of these posts."""
        wanted = self.cluster.shown((frozenset(actors), frozenset(posts)))
        found = self.cluster.collected(self.cluster.mapped(self.settled, functools.partial(_chosen, wanted)))
        full = pl.concat([tables.empty(tables.POSTS), *(_unpacked(block) for _, _, block in found)])
        rest = read.posts.join(full.select("post"), on="post", how="anti")
        return Reading(_in_order(pl.concat([rest, full])), read.actors, read.inputs, read.rejects, read.counts,
                       read.notes, read.how)


def fit(cluster: ModuleType, actions: Mapping[str, tables.Table]) -> bool:
    """Whether an engine has other machines, each of which can hold all actions; else it counts them shard by shard."""
    return hasattr(cluster, "each") and sum(acts.lazy().select(pl.len()).collect().item()
                                            for acts in actions.values()) <= WHOLE


def copies(cluster: Any, step: Callable, what: Callable[[], object], count: int) -> Callable[[int], bytes]:
    """What `step` gives for a number, asked in ascending order: a wave of as many as the cluster works on at once.

    Args:
        cluster: says on how many it works at once (`cores`), and works on each (`each`).
        what: that every executor is given; computed when it is first needed.
    """
    known: dict[int, bytes] = {}

    def one(number: int) -> bytes:
        if number not in known:
            wave = range(number, min(count, number + cluster.cores()))
            known.update(zip(wave, cluster.each(step, what(), wave), strict=True))
        return known.pop(number)

    return one


def lie_there(posts: object, cluster: ModuleType) -> list[str] | None:
    """The paths, if this engine reads posts itself and all that was given is paths of Parquet; else None.

    Raises:
        InputError: some are on another file system, and some are not for a cluster to read.
    """
    if not hasattr(cluster, "listed"):
        return None
    given = posts if isinstance(posts, Sequence) and not isinstance(posts, str) else [posts]
    there = [_address(one) for one in given if isinstance(one, str | Path) and _is_parquet(one)]
    if given and len(there) == len(given):
        return there
    if far := [str(one) for one in given if isinstance(one, str) and "://" in one]:
        raise InputError(f"{far[0]} is for the cluster to read, which reads Parquet and nothing else; not all that was "
                         "named is .parquet.\nName folders or patterns of Parquet alone, or copy the files here.")
    return None


def _is_parquet(one: str | Path) -> bool:
    path = Path(one)
    if path.is_dir():
        return any(path.rglob("*.parquet"))
    return str(one).rstrip("*/").endswith((".parquet", ".pq")) or ("://" in str(one) and "." not in path.name)


def _address(one: str | Path) -> str:
    """What Spark calls it; a name with signs of a pattern in it is that file all the same, if it is there."""
    if "://" in str(one):
        return str(one)
    path = str(Path(one).absolute())
    return "file://" + (re.sub(r"([\\*?\[\]{}])", r"\\\1", path) if Path(one).exists() else path)


def read(cluster: ModuleType, paths: Sequence[str], *, columns: Mapping[str, str] | None = None,
         zone: str | None = None, platform: str | None = None, allow_rejects: float = reading.ALLOWED,
         gone: forgetting.Forgotten | None = None, selectors: Collection[str] = (),
         said: tuple[tuple[str, str], ...] = (), aside: Path | None = None, progress: Progress = quiet) -> Afar:
    """Read files where they lie. Arguments and errors as `reading.read`.

    Args:
        gone: whose posts may not be read.
        selectors: types of selectors of the registries; some are compared with links or media of everybody.
        said: how it was asked to be read, as `Reading.how`.
        aside: folder in which thin rows may lie; None: they are held in memory.
    """
    reading.check_allowed(allow_rejects)
    how: dict[str, Any] = {"columns": dict(columns or {}), "zone": zone, "platform": platform}
    progress("reading files", 0, 3)
    raw = cluster.held(cluster.read(paths, functools.partial(_read, how)))
    shares = _shares(cluster.collected(raw.where(f"key != {POSTS}")))
    _refuse_what_only_all_files_show(shares, how["columns"])
    progress("settling posts", 1, 3)
    settled_here = reading.together(shares, allow_rejects=allow_rejects, progress=progress)
    left = cluster.shown(_left(shares, settled_here))
    kept = (*THIN, *(NAMED[kind] for kind in sorted(NAMED.keys() & set(selectors))))
    progress("settling posts", 2, 3)
    settled = cluster.held(cluster.mapped(raw.where(f"key = {POSTS}"), functools.partial(_settle, left, gone, kept)))
    blocks = cluster.collected(settled.where(f"key != {POSTS}"))
    whole = replace(settled_here, posts=tables.empty(tables.POSTS), how=said,
                    actors=_merged([_unpacked(block) for key, _, block in blocks if key == PEOPLE]))
    reading.refuse_two_spellings(whole.actors)
    whole = forgetting.scrub(whole, gone) if gone else whole
    thin = (_unpacked(block) for key, _, block in blocks if key == THIN_ROWS)
    there = settled.where(f"key = {POSTS}")
    progress("settling posts", 3, 3)
    if aside is None:
        return Afar(cluster, replace(whole, posts=_in_order(pl.concat([whole.posts, *thin]))), there)
    folder, lying = _put_down(thin, aside)
    return Afar(cluster, ondisk.Kept([lying], whole.actors, whole.inputs, whole.rejects, whole.counts, whole.notes,
                                     whole.how), there, folder)


def _put_down(thin: Iterable[pl.DataFrame], aside: Path) -> tuple[tempfile.TemporaryDirectory, Path]:
    """Thin rows on disk, in their order; no more than one file's are in memory before they are sorted.

    Raises:
        InputError: the disk is full.
    """
    aside.mkdir(parents=True, exist_ok=True)
    folder = tempfile.TemporaryDirectory(dir=aside, ignore_cleanup_errors=True)
    here = Path(folder.name)
    try:
        for number, posts in enumerate(itertools.chain([tables.empty(tables.POSTS)], thin)):
            posts.write_parquet(here / f"part.{number:06d}", compression="lz4", statistics=False)
        parts = sorted(here.glob("part.*"))
        pl.scan_parquet(parts).sort("at", "post", nulls_last=True).sink_parquet(here / "posts", compression="lz4")
        for part in parts:
            part.unlink()
    except (OSError, pl.exceptions.PolarsError) as fault:
        raise InputError(f"Posts cannot be put aside in {here}: {str(fault).splitlines()[0][:200]}.\nMake room on that "
                         "disk, or name a folder on another one with  --case DIR. Then run the same command again."
                         ) from None
    return folder, here / "posts"


# ------------------------------------------------------------------------------------------- what an executor does

def _read(how: Mapping[str, Any], number: int, path: str, raw: bytes) -> Iterator[Block]:
    """One file: its posts, which stay there, and what settling needs of them."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / path.rpartition("/")[2]
        file.write_bytes(raw)
        columns = how["columns"]
        share, = reading.apart(file, **how, elsewhere=set(columns.values()))
    frames = share.frames
    yield POSTS, number, _packed(frames["posts"], frames["people"])
    lines = frames["lines"].filter(pl.col("line").is_not_null())  # Parquet has none
    yield SAID, number, json.dumps(share.plain).encode() + b"\n" + _packed(
        _brief(frames["posts"], gathers=share.plain["gathers"]), frames["people"].clear(), frames["rejects"], lines)


def _brief(posts: pl.DataFrame, gathers: bool) -> pl.DataFrame:
    """POSTS with a digest of its content in the place of the content: what is equal stays equal."""
    apart = {"receipt", "at_resolution", *(("links",) if gathers else ())}
    plain = [name for name in tables.POSTS if name not in apart]
    spelled = posts.select(pl.struct(plain).struct.json_encode()).to_series()
    told = pl.Series("text", [digest.sha256(one.encode())[:32] for one in spelled], dtype=pl.String)
    return _only(posts, {*SETTLED_BY, *(("links",) if gathers else ())}).with_columns(told)


def _only(posts: pl.DataFrame, kept: Collection[str]) -> pl.DataFrame:
    """POSTS in which other columns are null."""
    nothing = tables.empty(tables.POSTS).clear(posts.height)
    return nothing.with_columns(posts[name] for name in tables.POSTS if name in kept)


def _settle(left: Any, gone: forgetting.Forgotten | None, kept: tuple[str, ...], _: int, number: int,
            block: bytes) -> Iterator[Block]:
    """One file among all the others: what is left of its posts, a thin row of each, and who they are of."""
    posts, people = _frames(block)
    told = left.value
    posts = posts.join(told.dropped, on="receipt", how="anti").drop("at_resolution").join(
        told.links, on="receipt", how="left", suffix="_of_all").with_columns(
        links=pl.coalesce("links_of_all", "links"),
        at_resolution=pl.lit(told.resolution.get(_file_of(posts)), pl.Int32)).select(*tables.POSTS)
    if gone:
        posts = forgetting.posts(posts, gone)
    yield POSTS, number, _packed(posts)
    yield THIN_ROWS, number, _packed(_only(posts, kept))
    there = people.join(told.conflicting, on="post", how="anti").with_columns(seen_from="at", seen_to="at")
    yield PEOPLE, number, _packed(_merged([there]))


def _act(name: str, _: int, number: int, block: bytes) -> Iterator[Block]:
    yield 0, number, _packed(traces.act(name, _unpacked(block))[0])


def _columns(names: tuple[str, ...], _: int, number: int, block: bytes) -> Iterator[Block]:
    yield 0, number, _packed(_unpacked(block).select(names))


def _act_on_all(name: str, _: int, blocks: Sequence[bytes]) -> Iterator[Block]:
    yield 0, 0, _packed(traces.act(name, pl.concat([_unpacked(block) for block in blocks]))[0])


def _chosen(wanted: Any, _: int, number: int, block: bytes) -> Iterator[Block]:
    actors, chosen = (pl.Series(sorted(one), dtype=pl.String).implode() for one in wanted.value)
    posts = _unpacked(block)
    yield 0, number, _packed(posts.filter(pl.col("account").is_in(actors) | pl.col("place").is_in(actors)
                                          | pl.col("post").is_in(chosen)))


# --------------------------------------------------------------------------------------------------- what is done here

@dataclass(frozen=True)
class _Left:
    """What only all files together show, for each of them.

    dropped: receipt of posts that are not kept. conflicting: ids of posts of which no version is. links: receipt, links
    of posts of several records. resolution: s, by digest of the file.
    """

    dropped: pl.DataFrame
    conflicting: pl.DataFrame
    links: pl.DataFrame
    resolution: dict[str, int]


def _left(shares: Sequence[reading.Share], settled: Reading) -> _Left:
    known = pl.concat([share.frames["posts"].select("post", "receipt", "links") for share in shares])
    kept = settled.posts.select("post", "receipt", "links")
    gathered = kept.filter(pl.col("links").is_not_null()) if any(s.plain["gathers"] for s in shares) else kept.clear()
    changed = gathered.join(known, on="receipt", suffix="_before").filter(
        pl.col("links").ne_missing(pl.col("links_before")))
    return _Left(known.join(kept, on="receipt", how="anti").select("receipt"),
                 known.join(kept, on="post", how="anti").select("post").unique(),
                 changed.select("receipt", "links"),
                 {one.sha256: one.resolution_s for one in settled.inputs})


def _shares(blocks: Sequence[Block]) -> list[reading.Share]:
    shares = []
    for _, _, block in blocks:
        said, _, packed = block.partition(b"\n")
        posts, people, rejects, lines = _frames(packed)
        shares.append(reading.Share({"posts": posts, "people": people, "rejects": rejects, "lines": lines},
                                    json.loads(said)))
    return shares


def _refuse_what_only_all_files_show(shares: Sequence[reading.Share], columns: Mapping[str, str]) -> None:
    seen: dict[str, str] = {}
    for said in (share.plain for share in shares):
        if said["sha256"] in seen:
            raise InputError(f"{said['name']} is the same file as {seen[said['sha256']]}, byte for byte.\n"
                             "Name it once.")
        seen[said["sha256"]] = said["name"]
    there = {theirs for share in shares for theirs in share.plain["columns"]}
    if nowhere := {ours: theirs for ours, theirs in columns.items() if theirs and theirs not in there}:
        ours, theirs = min(nowhere.items())
        raise InputError(f"No file has a column {theirs!r} to be {ours}.\nLook at one of them with  "
                         "cotrace inspect FILE")


def _merged(people: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """ACTORS of all posts, from those of some posts each: what is said is one row, with the first and last time and
    the smallest receipt, by file and then by number; as `reading` does it."""
    said = [name for name in tables.ACTORS if name not in ("seen_from", "seen_to", "receipt")]
    number = pl.col("receipt").str.extract(r"#(\d+)$", 1).cast(pl.Int64)
    rows = pl.concat([tables.empty(tables.ACTORS), *(part.select(*tables.ACTORS) for part in people)])
    rows = rows.with_columns(_file=pl.col("receipt").str.extract(r"^([^#]*)", 1), _number=number).group_by(said).agg(
        pl.col("seen_from").min(), pl.col("seen_to").max(), pl.col("receipt").sort_by("_file", "_number").first())
    return rows.select(*tables.ACTORS).sort([said[0], "seen_from", *said[1:]], nulls_last=True)


def _in_order(posts: pl.DataFrame) -> pl.DataFrame:
    return posts.sort("at", "post", nulls_last=True)


def _file_of(posts: pl.DataFrame) -> str:
    return str(posts["receipt"][0]).removeprefix("sha256:").partition("#")[0] if posts.height else ""


def _packed(*frames: pl.DataFrame) -> bytes:
    """Tables as one block, each with its length before it."""
    raw = []
    for frame in frames:
        buffer = io.BytesIO()
        frame.write_ipc(buffer, compression="lz4")
        raw.append(buffer.getvalue())
    return b"".join(len(one).to_bytes(8, "big") + one for one in raw)


def _frames(block: bytes) -> list[pl.DataFrame]:
    frames, at = [], 0
    while at < len(block):
        end = at + 8 + int.from_bytes(block[at : at + 8], "big")
        frames.append(pl.read_ipc(io.BytesIO(block[at + 8 : end])))
        at = end
    return frames


def _unpacked(block: bytes) -> pl.DataFrame:
    return _frames(block)[0]
