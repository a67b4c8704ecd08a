"""The engine for more than one machine: objects are cut into shards, and Spark runs the kernel of `local` on each.

    events ─▶ shards of whole objects ─▶ kernel of `local` ─▶ counts of a shard ─▶ divisions of pairs ─▶ sums

Nothing distributed is written by hand: partitioning, shuffles, retries and lost machines are Spark's business. What
travels are **blocks**: rows of (key, order, Arrow bytes), so that Spark moves megabytes and numpy counts. Whatever is
reduced is sorted by `order` first, and counts are integers, so neither the number of partitions nor a task that was
killed and run again changes a bit. The functions are those of `reference`, where they are described.

It refuses to guess whether a cluster is there (`_session.py`), and to ask it for what is counted sooner than asked:
fewer than `FEW` acts are counted here.
"""

import functools
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from .. import errors
from ..errors import CotraceError, InputError
from . import Events, _session, crowded, local, pair_table, take, windows_us
from ._pairs import _expected as expected_meetings
from ._pairs import counted

NEEDS = {"pyspark": "spark", "pyarrow": "spark", "pandas": "spark"}  # mapInArrow asks for pandas, and uses none of it

FEW = 200_000      # acts; a job takes some 0.5 s of asking and answering, in which `local` counts about so many
SHARD = 2**20      # acts of whole neighbouring objects: 30 MiB of a row, far from the 2 GiB that one may have
DIVISION = 2**24   # acts a division of pairs: a shard writes a block for each, which costs 0.5 ms however small it is
EACH = 4           # shards a partition at least: where one is busier than the others, others fill the time
LARGEST = 2**31    # bytes: no row of Spark, so no file, holds more
BLOCKS = "key long, order long, block binary"
WRONG = -1         # key of what a step refused to do

Block = tuple[int, int, bytes]
_master: str | None = None
_partitions: int | None = None


def connect(master: str | None = None, partitions: int | None = None) -> None:
    """Start or find the session before any work, so that what is wrong with it is said first.

    Args:
        master: where; None: what spark-submit says, else all cores of this machine.
        partitions: tasks of each step; None: as many as Spark has cores, and more where there is more to do.

    Raises:
        InputError: no Java, no such master, or it does not answer.
    """
    global _master, _partitions
    _master, _partitions = master, partitions
    _session.session(master)


# -------------------------------------------------------------------------------------------------- counting

def pairs(events: Events, windows_s: Sequence[int], min_objects: int = 1, workers: int | None = None,
          common_property: int | None = None) -> pl.DataFrame:
    """See `reference.pairs`.

    Args:
        workers: partitions; None: as `connect` was told.
    """
    windows = windows_us(list(windows_s))
    if common_property is not None:
        common = crowded(events, int(windows[-1]) // 1_000_000, common_property)
        events = take(events, ~common[events.object]) if common.any() else events
    if len(events) < FEW:
        return local.pairs(events, windows_s, min_objects)
    divisions = workers or _partitions or max(cores(), len(events) // DIVISION)
    by_shard = _over_shards(events, functools.partial(shard_pairs, windows, divisions), workers,
                            int(windows[-1]))
    sums = gathered(by_shard, functools.partial(sum_pairs, max(1, min_objects)), divisions)
    found = pl.concat([unpacked(block) for _, _, block in collected(sums)] or [_no_pairs()])
    found = found.sort("a", "b", "window")
    a, b, window, objects = (found[name].to_numpy() for name in ("a", "b", "window", "objects"))
    return pair_table(events, a, b, windows[window] // 1_000_000, objects)


def near(events: Events, window_s: int, workers: int | None = None) -> NDArray[np.int64]:
    """See `reference.near`."""
    return lag_near(events, window_s, np.zeros(len(events), dtype=np.int8), 1, workers)[:, 0].astype(np.int64)


def lag_near(events: Events, window_s: int, bin_of_event: NDArray[np.int8], bins: int,
             workers: int | None = None) -> NDArray[np.int32]:
    """See `reference.lag_near`."""
    if len(events) < FEW:
        return local.lag_near(events, window_s, bin_of_event, bins)
    windows_us([window_s])
    kernel = functools.partial(shard_near, window_s, bins)
    found = _over_shards(events, kernel, workers, bin=np.asarray(bin_of_event, dtype=np.int8))
    counts = np.empty((len(events), bins), dtype=np.int32)
    for _, first, block in collected(found):  # shards are neighbours: each is a stretch of the events
        of_shard = np.frombuffer(block, dtype=np.int32).reshape(-1, bins)
        counts[first : first + len(of_shard)] = of_shard
    return counts


def meetings(events: Events, a: NDArray[np.int32], b: NDArray[np.int32], workers: int | None = None,
             ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """See `reference.meetings`."""
    if len(events) < FEW:
        return local.meetings(events, a, b)
    if repeated_acts(events):
        raise ValueError("meetings are counted on first acts: use first_acts(events)")
    asked = _session.session(_master).sparkContext.broadcast(
        np.stack([np.asarray(side, dtype=np.int32) for side in (a, b)]))
    blocks = collected(_over_shards(events, functools.partial(shard_meetings, asked), workers))
    asked.destroy()
    found = np.concatenate([np.empty((3, 0), dtype=np.int64),
                            *(np.frombuffer(block, dtype=np.int64).reshape(3, -1) for _, _, block in blocks)], axis=1)
    pair, event_a, event_b = found[:, np.lexsort((found[1], found[0]))]  # acts are in the order of their objects
    return pair, event_a, event_b


def repeated_acts(events: Events) -> bool:
    """Whether an actor acts twice on an object."""
    key = np.sort(events.object.astype(np.int64) << 32 | events.actor)
    return bool(np.any(key[1:] == key[:-1]))


# ------------------------------------------------------------------------------- what an executor does on a shard

def shard_pairs(windows: NDArray[np.int64], divisions: int, _: int, first: int, block: bytes) -> Iterator[Block]:
    """The pairs that meet on the objects of one shard, dealt out by actor: a pair is always in the same division."""
    events, actors = _of_shard(unpacked(block))
    a, b, window, objects = counted(events, windows, 1, 1)
    a, b = actors[a], actors[b]
    frame = pl.DataFrame({"a": a, "b": b, "window": window.astype(np.int8), "objects": objects.astype(np.int64),
                          "division": division_of(a, b, divisions)})
    for part in frame.sort("division", "a", "b", "window").partition_by("division", maintain_order=True):
        yield int(part["division"][0]), first, packed(part.drop("division"))


def division_of(a: NDArray, b: NDArray, divisions: int) -> NDArray[np.int64]:
    """Which division counts a pair; spread by a product, so that one busy actor's pairs do not meet in one."""
    mixed = (a.astype(np.uint64) << np.uint64(32) | b.astype(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
    return ((mixed >> np.uint64(33)) % np.uint64(divisions)).astype(np.int64)


def sum_pairs(min_objects: int, division: int, blocks: Sequence[bytes]) -> Iterator[Block]:
    """The sums over shards of one division, those that reach the minimum."""
    found = pl.concat([unpacked(block) for block in blocks]).group_by("a", "b", "window").agg(pl.col("objects").sum())
    yield division, 0, packed(found.filter(pl.col("objects") >= min_objects).sort("a", "b", "window"))


def shard_near(window_s: int, bins: int, _: int, first: int, block: bytes) -> Iterator[Block]:
    """`lag_near` of one shard."""
    frame = unpacked(block)
    events = _of_shard(frame)[0]
    yield 0, first, local.lag_near(events, window_s, frame["bin"].to_numpy(), bins, 1).tobytes()


def shard_meetings(asked: Any, _: int, first: int, block: bytes) -> Iterator[Block]:
    """`meetings` on the objects of one shard, of those pairs who both act there."""
    events, actors = _of_shard(unpacked(block))
    here = np.isin(asked.value, actors[np.unique(events.actor)])
    rows = np.flatnonzero(here[0] & here[1])
    a, b = (np.searchsorted(actors, side[rows]).astype(np.int32) for side in asked.value)
    pair, event_a, event_b = local.meetings(events, a, b, 1)
    yield 0, first, np.stack([rows[pair], event_a + first, event_b + first]).astype(np.int64).tobytes()


def _of_shard(frame: pl.DataFrame) -> tuple[Events, NDArray[np.int64]]:
    """Events in codes of the shard alone, which keep the order of the whole; and the codes of the whole."""
    actor, by = frame["actor"].to_numpy(), frame["by"].to_numpy()
    known = np.unique(np.concatenate([actor, by[by >= 0]])).astype(np.int64)
    kind = np.zeros(len(known), dtype=np.int8)
    mine = np.searchsorted(known, actor).astype(np.int32)
    kind[mine] = frame["kind"].to_numpy()
    objects, object_ = np.unique(frame["object"].to_numpy(), return_inverse=True)
    posts, post = np.unique(frame["post"].to_numpy(), return_inverse=True)
    start = np.searchsorted(object_, np.arange(len(objects) + 1)).astype(np.int64)
    events = Events(
        actor=mine, object=object_.astype(np.int32), at=frame["at"].to_numpy().copy(), post=post.astype(np.int32),
        by=np.where(by < 0, -1, np.searchsorted(known, by)).astype(np.int32), start=start, kind=kind,
        actors=[""] * len(known), objects=[""] * len(objects), posts=[""] * len(posts),
        kinds=[""] * len(np.unique(kind[mine])))
    return events, known


def _no_pairs() -> pl.DataFrame:
    return pl.DataFrame(schema={"a": pl.Int64, "b": pl.Int64, "window": pl.Int8, "objects": pl.Int64})


# ------------------------------------------------------------------------------------------ blocks, and who moves them

def partitions_of(acts: int, asked: int | None = None) -> int:
    """Tasks of a step: as asked, else one a core of the cluster and at least one a shard."""
    return asked or _partitions or max(cores(), -(-acts // SHARD))


def _over_shards(events: Events, kernel: Callable[[int, int, bytes], Iterator[Block]], workers: int | None,
                 within_us: int = 0, **more: NDArray) -> Any:
    """What the kernel gives for each shard; the order of a shard is its first act."""
    weight = work(events, within_us)
    partitions = partitions_of(int(weight.sum()), workers)
    cuts = shards(events.start, weight, min(SHARD, -(-int(weight.sum()) // (EACH * partitions))))
    columns: dict[str, NDArray] = {"object": events.object, "at": events.at, "actor": events.actor, "post": events.post,
                                   "by": events.by, "kind": events.kind[events.actor], **more}
    blocks = [(number, first, packed(pl.DataFrame({name: column[first:last] for name, column in columns.items()})))
              for number, (first, last) in enumerate(cuts)]
    return mapped(given(blocks).repartition(partitions, "key"), kernel)


def work(events: Events, within_us: int) -> NDArray[np.int64]:
    """What each object costs: its acts, and the pairs of them that lie within a window."""
    met = np.zeros(len(events.start) - 1, dtype=np.int64)
    if within_us and len(met):
        expected_meetings(0, len(met), events.start, events.at, within_us, met)
    return np.diff(events.start) + met


def shards(start: NDArray[np.int64], weight: NDArray[np.int64], size: int) -> list[tuple[int, int]]:
    """Stretches of acts, each of whole neighbouring objects: of about so much weight, or of one heavier object."""
    total = np.concatenate([[0], np.cumsum(weight)])
    cuts = [0]
    while cuts[-1] < len(weight):
        cuts.append(max(cuts[-1] + 1, int(np.searchsorted(total, total[cuts[-1]] + size, side="right")) - 1))
    acts = start[cuts]
    return [(int(first), int(last)) for first, last in zip(acts[:-1], acts[1:], strict=True) if first < last]


def listed(paths: Sequence[str]) -> list[tuple[str, int]]:
    """The files at these paths (files, folders, patterns; of any file system that Spark knows) and their bytes, sorted.

    Raises:
        InputError: nothing there, or a file that no row can hold.
    """
    try:
        rows = _files(paths).select("path", "length").collect()
    except _session.spark_faults() as fault:
        raise InputError(f"Spark cannot list {', '.join(paths)}: {_session.reason(fault)}\nIs it there, and may the "
                         "cluster read it? An address such as s3a:// needs its connector:  spark-submit --packages "
                         "org.apache.hadoop:hadoop-aws:VERSION") from None
    found = sorted((row["path"], row["length"]) for row in rows)
    if not found:
        raise InputError(f"There is no file at {', '.join(paths)}.\nName files, a folder of files, or a pattern.")
    if large := [path for path, size in found if size >= LARGEST]:
        raise InputError(f"{large[0]} has more than 2 GiB, and a file is read by one task.\nWrite the posts as several "
                         "files of some 256 MiB, as Spark does:  posts.repartition(200).write.parquet(...)")
    return found


def read(paths: Sequence[str], step: Callable[[int, str, bytes], Iterable[Block]]) -> Any:
    """`step` of each file (number, path, bytes), where the cluster reads it; files in the order of their paths."""
    number = {path: at for at, (path, _) in enumerate(listed(paths))}

    def over(batches: Iterator[Any]) -> Iterator[Any]:
        for path, raw in (row for batch in batches for row in zip(*map(_cells, batch.columns), strict=True)):
            yield from _batches(_told(step, number[path], path, raw))

    return _files(paths).select("path", "content").mapInArrow(over, BLOCKS)


def each(step: Callable[[Any, int], bytes], what: object, numbers: Sequence[int]) -> list[bytes]:
    """`step` of something that every executor is given, and a number: one task a number, answers in their order."""
    there = shown(what)

    def over(key: int, _: int, __: bytes) -> Iterator[Block]:
        yield key, 0, step(there.value, key)

    asked = given([(number, 0, b"") for number in numbers]).repartitionByRange(len(numbers), "key")
    answers = collected(mapped(asked, over))
    there.destroy()
    return [block for _, _, block in answers]


def cores() -> int:
    """Tasks that the cluster works on at once."""
    return int(_session.session(_master).sparkContext.defaultParallelism)


def _files(paths: Sequence[str]) -> Any:
    """path, length, content of Parquet files; of folders, those in them at any depth."""
    asked = _session.session(_master).read.format("binaryFile").option("pathGlobFilter", "*.{parquet,pq}")
    return asked.option("recursiveFileLookup", "true").load(list(paths))


def held(blocks: Any) -> Any:
    """Blocks that later steps need again: on the disks of the executors, made again where one of them is lost."""
    from pyspark import StorageLevel

    return blocks.persist(StorageLevel.DISK_ONLY)


def shown(value: object) -> Any:
    """Something that every executor needs; `.value` there."""
    return _session.session(_master).sparkContext.broadcast(value)


def given(blocks: Sequence[Block]) -> Any:
    """Blocks of this process, for Spark."""
    import pyarrow as pa

    keys, orders, raw = zip(*blocks, strict=True) if blocks else ((), (), ())
    table = pa.table({"key": pa.array(keys, pa.int64()), "order": pa.array(orders, pa.int64()),
                      "block": pa.array(raw, pa.binary())})
    return _session.session(_master).createDataFrame(table)


def mapped(blocks: Any, step: Callable[[int, int, bytes], Iterable[Block]]) -> Any:
    """`step` of each block, where it lies."""
    def over(batches: Iterator[Any]) -> Iterator[Any]:
        for key, order, block in _rows(batches):
            yield from _batches([(key, order, block)] if key == WRONG else _told(step, key, order, block))

    return blocks.mapInArrow(over, BLOCKS)


def gathered(blocks: Any, step: Callable[[int, Sequence[bytes]], Iterable[Block]], partitions: int) -> Any:
    """`step` of all blocks of one key together, in their order."""
    def over(batches: Iterator[Any]) -> Iterator[Any]:
        for key, rows in groupby(_rows(batches), key=itemgetter(0)):
            of_key = [block for _, _, block in rows]
            yield from _batches([(key, 0, of_key[0])] if key == WRONG else _told(step, key, of_key))

    return blocks.repartition(partitions, "key").sortWithinPartitions("key", "order").mapInArrow(over, BLOCKS)


def collected(blocks: Any) -> list[Block]:
    """Blocks for this process, sorted by key and order.

    Raises:
        CotraceError: what a step refused, in its own words; InputError: the cluster gave up, after as many attempts as
            it is set to make.
    """
    try:
        table = blocks.toArrow()
    except _session.spark_faults() as fault:
        raise _given_up(fault) from None
    found = sorted(_rows(table.to_batches()), key=itemgetter(0, 1))
    if found and found[0][0] == WRONG:
        kind, said = json.loads(min(block for key, _, block in found if key == WRONG))
        raise getattr(errors, kind)(said)
    return found


def _told(step: Callable[..., Iterable[Block]], *given: Any) -> Iterator[Block]:
    """The blocks of a step, or what it refused: it would be refused again, so no attempt is wasted on it."""
    try:
        yield from step(*given)
    except CotraceError as refused:
        yield WRONG, 0, json.dumps([type(refused).__name__, str(refused)]).encode()


def _given_up(fault: BaseException) -> CotraceError:
    return InputError(f"The cluster gave up on a step: {_session.reason(fault)}\nNothing was published, and what was "
                      "finished before is kept: the same command goes on from there. Where an executor was killed for "
                      "its memory, give it more, or cut smaller shards with  --workers N.")


def _rows(batches: Iterable[Any]) -> Iterator[Block]:
    for batch in batches:
        yield from zip(*map(_cells, batch.columns), strict=True)


def _cells(column: Any) -> list:
    return column.to_pylist()


def _batches(blocks: Iterable[Block]) -> Iterator[Any]:
    import pyarrow as pa

    for key, order, block in blocks:
        yield pa.RecordBatch.from_arrays([pa.array([key], pa.int64()), pa.array([order], pa.int64()),
                                          pa.array([block], pa.binary())], names=["key", "order", "block"])


def packed(frame: pl.DataFrame) -> bytes:
    """A table as a block."""
    buffer = io.BytesIO()
    frame.write_ipc(buffer, compression="lz4")
    return buffer.getvalue()


def unpacked(block: bytes) -> pl.DataFrame:
    """A block as a table."""
    return pl.read_ipc(io.BytesIO(block))
