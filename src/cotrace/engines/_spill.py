"""More actions than memory holds: dealt out to shards of whole objects on disk, and counted shard by shard.

Actions come in slices of any size and order. An act goes to the shard of its object, so two acts that can meet lie in
one shard and the counts of the shards are summed exactly; the kernels are those of `local`. Shards are read again where
more meet than are held at once: for another division of the pairs (`_pairs.py`).

    slices ──▶ shards (24 bytes an act) ──▶ sorted shards ──▶ meetings of a division of all pairs ──▶ counts

So memory is that of a slice, of the largest shard, of the meetings held, and of the answer. It refuses a shard that
is not what it wrote, and leaves nothing on the disk, whatever happens.
"""

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..errors import InputError
from . import Events, arrange, pair_table, windows_us, without_crowds
from ._order import Columns, dealt
from ._pairs import Counts, Walk, of_many, threads, walk

SHARDS = 64        # files open at once; of 100 million acts a shard has some 1.6 million, which sort in 150 MiB
CODES = {"object": pl.Int32, "at": pl.Int64, "actor": pl.Int32, "post": pl.Int32, "by": pl.Int32}
ACT = 24           # bytes of an act in a shard
HELD = 2**27       # meetings that are held at once, 1 GiB: with fewer, all shards are walked again for the others
ARRAYS = (("start", np.int64), ("at", np.int64), ("actor", np.int32), ("post", np.int32), ("by", np.int32))


def pairs(slices: Iterable[pl.DataFrame], windows_s: Sequence[int], min_objects: int = 1, *, actors: list[str],
          kind: NDArray[np.int8], kinds: list[str], workers: int | None = None, common_property: int | None = None,
          folder: str | Path | None = None, shards: int = SHARDS) -> pl.DataFrame:
    """What `reference.pairs` counts, of actions that need not fit into memory.

    Args:
        slices: coded actions: object, at (µs), actor, post and, where any is known, by; see `Events`. Objects and posts
            may have any codes ≥ 0 (i32); of whatever order, whatever repeats.
        actors: the name of each actor code, ascending.
        kind: of each actor code, an index of `kinds`.
        folder: where the shards lie while it counts; None: the place for temporary files.

    Returns:
        `tables.PAIRS`, sorted by (a, b, window_s).

    Raises:
        InputError: a code is unknown or negative, the disk is full, a shard was changed, or memory ran out.
    """
    with Spill(actors=actors, kind=kind, kinds=kinds, folder=folder, shards=shards) as spill:
        for one in slices:
            spill.add(one)
        return spill.pairs(windows_s, min_objects, workers, common_property)


class Spill:
    """Shards of acts in a folder of their own, which is gone when this is closed."""

    def __init__(self, *, actors: list[str], kind: NDArray[np.int8], kinds: list[str],
                 folder: str | Path | None = None, shards: int = SHARDS):
        self.kind, self.shards = np.asarray(kind, dtype=np.int8), shards
        self.actors, self.kinds = actors, kinds
        self.acts, self.starts = np.zeros(shards, dtype=np.int64), np.zeros(shards, dtype=np.int64)
        with self._on_disk(Path(folder or tempfile.gettempdir())):
            self.folder = Path(tempfile.mkdtemp(prefix="cotrace-spill-", dir=folder))
        self._open, self._files = ExitStack(), list[FileIO]()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, fault: type[BaseException] | None, said: BaseException | None, where: TracebackType | None,
                 ) -> None:
        self._close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _close(self) -> None:
        self._open.close()
        self._files.clear()

    def path(self, shard: int) -> Path:
        """Where a shard lies."""
        return self.folder / f"{shard:04}"

    def add(self, coded: pl.DataFrame) -> None:
        """Deal out one slice."""
        columns = self._checked(coded)
        if not len(columns[0]):
            return
        records, ends = dealt(columns, self.shards)
        with self._on_disk(self.folder):
            if not self._files:
                self._files += [self._open.enter_context(FileIO(self.path(shard), "wb"))
                                for shard in range(self.shards)]
            for shard, file in enumerate(self._files):
                _put_down(file, records[ends[shard] : ends[shard + 1]])
        self.acts += np.diff(ends)

    def _checked(self, coded: pl.DataFrame) -> Columns:
        """Columns as the kernels read them: a code that is out of bounds would be memory that is not ours."""
        given = coded if "by" in coded.columns else coded.with_columns(by=pl.lit(-1, dtype=pl.Int32))
        try:
            frame = given.select(pl.col(name).cast(kind) for name, kind in CODES.items())
        except pl.exceptions.PolarsError as fault:
            raise InputError(f"A slice of actions does not have the codes it needs: {', '.join(CODES)}.\nIt has: "
                             f"{', '.join(coded.columns)}; {fault}") from None
        wrong = [name for name in CODES if frame[name].null_count()]
        columns = {name: frame[name].to_numpy() for name in CODES if not wrong}
        for name, column in columns.items() if len(frame) else ():
            least = {"at": None, "by": -1}.get(name, 0)
            if (least is not None and column.min() < least) or (name == "actor" and column.max() >= len(self.kind)):
                wrong.append(name)
        if wrong:
            raise InputError(f"A slice of actions has codes that stand for nothing: {', '.join(wrong)}.\nCodes begin "
                             f"at 0 and those of actors end at {len(self.kind) - 1}; leave out rows in which one is "
                             "unknown.")
        return columns["object"], columns["at"], columns["actor"], columns["post"], columns["by"]

    # ------------------------------------------------------------------------------------------- counting

    def pairs(self, windows_s: Sequence[int], min_objects: int = 1, workers: int | None = None,
              common_property: int | None = None) -> pl.DataFrame:
        """See `pairs` of this module; may be asked once."""
        windows, cores = windows_us(list(windows_s)), threads(workers)
        self._close()
        try:
            self._sort(int(windows[-1]) // 1_000_000, common_property)
            a, b, window, objects = self._counted(windows, min_objects, cores)
            return pair_table(self._events(None), a, b, windows[window] // 1_000_000, objects)
        except MemoryError:
            raise InputError(f"Memory ran out while counting who meets whom in {self.acts.sum():,} actions; the "
                             f"largest shard has {self.acts.max():,} of them.\nAllow more memory, ask for more than "
                             f"{min_objects} shared objects, or leave out what very many share (common_property)."
                             ) from None

    def _counted(self, windows: NDArray[np.int64], min_objects: int, cores: int) -> Counts:
        whole = sum(acts.whole for acts in self._walks(windows, cores))
        return of_many(lambda: self._walks(windows, cores), whole, int((self.starts - 1)[self._used()].sum()), windows,
                       len(self.kind), max(1, min_objects), cores, HELD)

    def _sort(self, widest_s: int, common_property: int | None) -> None:
        """Each shard in order, each act once, without what is common property: in place of what was dealt out."""
        for shard in self._used():
            records = self._read(shard, np.dtype(np.int64), 3 * self.acts[shard]).reshape(-1, 3)
            at, what, told = records[:, 0], records[:, 1], records[:, 2]
            if not ((what >> 32) % self.shards == shard).all() or not 0 <= (what & 0xFFFFFFFF).max() < len(self.kind):
                raise self._changed(shard, "holds acts that were not written there")
            objects, object_ = _dense((what >> 32) // self.shards)
            coded = pl.DataFrame({
                "object": object_, "at": np.ascontiguousarray(at),
                "actor": what.astype(np.int32), "post": (told >> 32).astype(np.int32),
                "by": (told.astype(np.int32) - np.int32(1))})
            del records, at, what, told
            events = arrange(coded, kind=self.kind, actors=[], objects=[""] * objects, posts=[],
                             kinds=self.kinds)
            events = without_crowds(events, widest_s, common_property)
            with self._on_disk(self.folder):
                with FileIO(sorted_ := self.path(shard).with_suffix(".sorted"), "wb") as file:
                    for name, _ in ARRAYS:
                        _put_down(file, getattr(events, name))
                os.replace(sorted_, self.path(shard))
            self.acts[shard], self.starts[shard] = len(events), len(events.start)

    def _walks(self, windows: NDArray[np.int64], cores: int) -> Iterator[Walk]:
        for shard in self._used():
            yield walk(self._events(shard), windows, cores, tasks=1)

    def _used(self) -> list[int]:
        return [int(shard) for shard in np.flatnonzero(self.acts)]

    def _events(self, shard: int | None) -> Events:
        """A sorted shard; None: no acts, names alone."""
        columns: dict[str, NDArray] = {name: np.empty(0, dtype=type_) for name, type_ in ARRAYS}
        if shard is not None:
            sizes = [int(self.starts[shard] if name == "start" else self.acts[shard]) * np.dtype(type_).itemsize
                     for name, type_ in ARRAYS]
            raw, ends = self._read(shard, np.dtype(np.int8), sum(sizes)), np.cumsum([0, *sizes])
            columns = {name: raw[first:last].view(type_) for (name, type_), first, last in
                       zip(ARRAYS, ends[:-1], ends[1:], strict=True)}
            if not self._whole(**columns):
                raise self._changed(shard, "holds codes that were not written there")
        return Events(**columns, object=np.empty(0, dtype=np.int32), kind=self.kind, actors=self.actors, objects=[],
                      posts=[], kinds=self.kinds)

    def _whole(self, start: NDArray, actor: NDArray, **_: NDArray) -> bool:
        """Whether nothing in a sorted shard points anywhere else."""
        return bool(start[0] == 0 and start[-1] == len(actor) and (start[1:] >= start[:-1]).all()
                    and (not len(actor) or (actor.min() >= 0 and actor.max() < len(self.kind))))

    def _changed(self, shard: int, how: str) -> InputError:
        return InputError(f"The shard {self.path(shard)} {how}: something cut it off or changed it while cotrace was "
                          "counting.\nNothing was counted. See that nobody else writes or cleans up there, and run the "
                          "same again.")

    def _read(self, shard: int, type_: np.dtype, wanted: int) -> NDArray:
        """A whole shard.

        Raises:
            InputError: it is not as long as it was written, or cannot be read.
        """
        if not self.path(shard).exists():
            raise self._changed(shard, "is gone")
        with self._on_disk(self.folder):
            size = self.path(shard).stat().st_size
            found = np.fromfile(self.path(shard), dtype=type_)
        if len(found) != wanted or size != wanted * type_.itemsize:
            raise self._changed(shard, f"has {size:,} bytes where {wanted * type_.itemsize:,} were written")
        return found

    @contextmanager
    def _on_disk(self, folder: Path) -> Iterator[None]:
        try:
            yield
        except OSError as fault:
            raise InputError(f"The actions do not fit into memory, and {folder} cannot hold them while they are "
                             f"counted: {fault.strerror}. Each takes {ACT} bytes there; what lay there is gone again.\n"
                             "Free some space, or name a larger place for temporary files:  TMPDIR=/some/where "
                             "cotrace ...") from None


def _put_down(file: FileIO, array: NDArray) -> None:
    left = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    while len(left):
        left = left[file.write(left.data):]


def _dense(codes: NDArray[np.int64]) -> tuple[int, NDArray[np.int32]]:
    """Codes of objects from 0 on, and how many there can be: as they are, or as ranks where most stand for nothing."""
    if (largest := int(codes.max(initial=0))) <= 4 * len(codes):
        return largest + 1, codes.astype(np.int32)
    known, ranks = np.unique(codes, return_inverse=True)
    return len(known), ranks.astype(np.int32)
