"""Posts on their way from files to the table of posts: put aside as they come, taken back in the order of time.

What fits is kept in memory. What does not lies in a folder meanwhile, in runs that are sorted by time and cut into
boxes, so that a stretch of time is taken back without reading the rest. It changes no post and judges none.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from .. import normalise
from ..errors import InputError
from ..tables import POSTS, TIME

FILE = "_file"                 # which attempt at reading which file a post came from
ROWS: dict[str, Any] = {
    **{name: kind for name, kind in POSTS.items() if name != "at_resolution"}, "receipt": pl.Int64, "line": pl.Int64,
    **dict.fromkeys(normalise.PERSONAL, pl.String), "_account_created": TIME, FILE: pl.Int32}
RUN = 384 * 2**20              # bytes that are held before they are put into the folder; three times that is in use
BOX = 16_384                   # posts of a box: a stretch of time cuts a run twice, so it reads half a box too much
SAMPLE = 64                    # every so manieth time is remembered, to cut stretches of about a run


@dataclass(frozen=True)
class _Box:
    """Posts of one run between two times."""

    kept: pl.DataFrame | Path
    low: int                   # µs since 1970 of the first and of the last post; no time counts as NEVER
    high: int

    def posts(self) -> pl.DataFrame:
        frame = self.kept if isinstance(self.kept, pl.DataFrame) else pl.read_ipc(self.kept)
        return frame.select(pl.col(name) if name in frame.columns else pl.lit(None, kind).alias(name)
                            for name, kind in ROWS.items())


NEVER = np.iinfo(np.int64).max


@dataclass
class Shelf:
    """Where posts wait. `folder`: where to put what does not fit; None: all is held in memory."""

    folder: Path | None = None
    run: int = RUN
    waiting: list[pl.DataFrame] = field(default_factory=list)
    held: int = 0              # bytes waiting
    boxes: list[_Box] = field(default_factory=list)
    sample: list[np.ndarray] = field(default_factory=list)
    spilled: int = 0           # bytes in the folder
    dead: set[int] = field(default_factory=set)
    numbers: dict[int, list[np.ndarray]] = field(default_factory=dict)  # of posts, by attempt

    def add(self, posts: pl.DataFrame, attempt: int) -> None:
        """Put posts aside, as `normalise.clean` gives them, with the number of the record as receipt."""
        posts = posts.with_columns(pl.lit(attempt, pl.Int32).alias(FILE), pl.col("receipt").cast(pl.Int64))
        self.waiting.append(posts.select(*ROWS))
        self.numbers.setdefault(attempt, []).append(posts["post"].hash().to_numpy())
        self.held += _size(posts)
        if self.folder is not None and self.held >= self.run:
            self._put_away()

    def drop(self, attempt: int) -> None:
        """Forget an attempt: its file was read again in another way."""
        self.dead.add(attempt)
        self.numbers.pop(attempt, None)

    def hashes(self, attempts: list[int]) -> np.ndarray:
        """u64: a number for each post of these attempts; the same post has the same."""
        known = [some for attempt in attempts for some in self.numbers.get(attempt, [])]
        return np.concatenate([np.empty(0, np.uint64), *known])

    def _put_away(self) -> None:
        posts = pl.concat(self.waiting).sort("at", nulls_last=True)
        self.waiting, self.held = [], 0
        there = [name for name in posts.columns if posts[name].null_count() < posts.height]
        times = _times(posts)
        self.sample.append(times[::SAMPLE])
        assert self.folder is not None
        for begin in range(0, posts.height, BOX):
            path = self.folder / f"{len(self.boxes):06d}.box"
            box = posts.slice(begin, BOX).select(there)
            try:
                box.write_ipc(path, compat_level=pl.CompatLevel.oldest())
                self.spilled += path.stat().st_size
            except (OSError, pl.exceptions.PolarsError) as fault:
                raise InputError(f"Posts cannot be put aside in {self.folder}: {str(fault).splitlines()[0][:200]}.\n"
                                 "Make room on that disk (three times the size of the files is enough), or name a "
                                 "folder on another one with  --case DIR. Then run the same command again.") from None
            self.boxes.append(_Box(path, int(times[begin]), int(times[min(begin + BOX, posts.height) - 1])))

    def anything(self) -> Iterator[pl.DataFrame]:
        """All posts, some at a time, in no order."""
        for box in [*self.boxes, *(_Box(posts, 0, 0) for posts in self.waiting)]:
            posts = box.posts()
            yield posts.filter(~pl.col(FILE).is_in(sorted(self.dead))) if self.dead else posts

    def stretches(self) -> Iterator[pl.DataFrame]:
        """All posts, a stretch of time after the other, those without a time last; within a stretch in no order."""
        if not self.boxes:
            if self.waiting:
                yield pl.concat(list(self.anything()))
            return
        if self.waiting:
            self._put_away()
        low = np.iinfo(np.int64).min
        for high in [*self._cuts(), NEVER, None]:
            stretch = [_between(box.posts(), low, high) for box in self.boxes
                       if box.high >= low and (high is None or box.low < high)]
            stretch = [posts for posts in stretch if posts.height]
            if stretch:
                posts = pl.concat(stretch)
                yield posts.filter(~pl.col(FILE).is_in(sorted(self.dead))) if self.dead else posts
            low = high if high is not None else low

    def _cuts(self) -> list[int]:
        """Times that cut the posts into stretches of about a run."""
        known = np.sort(np.concatenate(self.sample))
        known = known[known < NEVER]
        several = max(1, math.ceil(self.spilled / self.run))
        places = [len(known) * part // several for part in range(1, several)] if len(known) else []
        return sorted({int(known[place]) for place in places})


def _size(posts: pl.DataFrame) -> int:
    """Bytes in memory: of text that polars counts, and of the 16 bytes of each cell of text that it does not."""
    return posts.estimated_size() + 16 * sum(kind == pl.String for kind in posts.dtypes) * posts.height  # type: ignore[return-value]


def _times(posts: pl.DataFrame) -> np.ndarray:
    return posts["at"].dt.epoch("us").fill_null(NEVER).to_numpy()


def _between(posts: pl.DataFrame, low: int, high: int | None) -> pl.DataFrame:
    """Of posts sorted by time, those from `low` to before `high`; None: those without a time."""
    times = _times(posts)
    begin = np.searchsorted(times, low if high is not None else NEVER)
    end = len(times) if high is None else np.searchsorted(times, high)
    return posts.slice(int(begin), int(end - begin))
