"""What reading will need, told before it starts from the sizes of the files and their first records.

It is an estimate and says "about": a file whose first records are unlike its others is another size than it looks. The
number of posts in Parquet and in a table is exact. Nothing is refused here.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

from .. import parts, readers
from ..errors import CotraceError
from ._shelf import RUN, Shelf
from ._stream import Asked, File

LOOKED_AT = 3     # files; the others are taken to be like these, by their size
FIRST = 2000      # records of each
HEAD = 2**20      # bytes of each, unpacked
RECEIPT = 80      # characters of a receipt
KEPT = 0.3        # of the bytes that posts take in memory, those that they take in the case: 0.1 to 0.3 measured
SPEED = {"parquet": 4.5, "table": 4.5, "csv": 6.5, "jsonl": 9.0}  # µs of processor a post: docs/performance.md


@dataclass(frozen=True)
class Forecast:
    """posts; bytes of them in memory, as polars counts; bytes on disk, in the case and while they wait; s of processor.
    """

    posts: int
    bytes: int
    disk: int
    seconds: float


def forecast(sources: Sequence[readers.Source], asked: Asked, held: int = RUN) -> Forecast:
    """What reading these files will need. What cannot be read at all is left to the reading, which says why."""
    records = size = 0.0
    seconds = 0.0
    known = [(source, told) for source in sources[:LOOKED_AT] if (told := _looked_at(source, asked)) is not None]
    for _, (count, each, speed) in known:
        records, size, seconds = records + count, size + count * each, seconds + count * speed / 1e6
    seen = sum(source.size for source, _ in known)
    more = sum(source.size for source in sources) / seen if seen else 1.0
    whole = int(size * more)
    waits = whole if whole > held else 0
    return Forecast(int(records * more), whole, int(KEPT * whole) + waits, seconds * more)


def _looked_at(source: readers.Source, asked: Asked) -> tuple[float, float, float] | None:
    """(records, bytes in memory of each, µs of each); None: it cannot be read."""
    try:
        container = readers.container_of(source)
        name = container.__name__.rpartition(".")[2]
        first = list(itertools.islice(container.records(source), FIRST))
        if not first:
            return None
        shelf = Shelf()
        file = File(source, asked, shelf, 0)
        file.container = name
        some = readers.columns_of(first, {}, readers.every) if name not in ("parquet", "table") else _columns(source)
        file._wanted(some.columns)
        file.take([some])
        count = _count(source, name, first)
    except (CotraceError, OSError, pl.exceptions.PolarsError):
        return None
    held = sum(posts.estimated_size() for posts in shelf.waiting)
    return count, (held / file.posts if file.posts else 0) + RECEIPT, SPEED.get(name, max(SPEED.values()))


def _columns(source: readers.Source) -> readers.Slice:
    found: Callable = parts.load("readers", "table").slices if source.frame is not None else parts.load(
        "readers", "parquet").slices
    some = next(iter(found(source)))
    return readers.Slice.of(some.columns, some.frame.head(FIRST))


def _count(source: readers.Source, name: str, first: list[readers.Record]) -> float:
    """About how many records there are."""
    if source.frame is not None:
        return float(source.frame.height)
    if name == "parquet":
        return float(pl.scan_parquet(source.path or source.open(), glob=False).select(pl.len()).collect().item())
    if len(first) < FIRST:
        return float(len(first))
    packed = 0

    def heard(piece: bytes | memoryview) -> None:
        nonlocal packed
        packed += len(piece)

    with source.unpacked(heard) as file:
        head = file.read(HEAD)
        lines, here = head.count(b"\n"), packed
        while (piece := file.read(HEAD)) and here == packed:  # until the next packed bytes are asked for
            lines += piece.count(b"\n")
        here = here if packed > here else source.size
    return lines / here * source.size * FIRST / (first[-1].line or FIRST)
