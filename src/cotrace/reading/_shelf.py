"""Posts on their way from files to the table of posts: put aside as they come, taken back in the order of time.

What fits is kept in memory. What does not lies in a folder meanwhile, in runs that are sorted by time, so that a
stretch of time is taken back without reading the rest. It changes no post and judges none.
"""

import functools
import math
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
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
ROW_GROUP = 65_536             # posts of a run that are packed together: a stretch cuts a run twice, and unpacks half
                               # of one too much at either end
SAMPLE = 64                    # every so manieth time is remembered, to cut stretches of about a run


@dataclass(frozen=True)
class _Run:
    """Posts in the order of time, in a file."""

    path: Path
    times: np.ndarray          # µs since 1970 of every SAMPLE-th post, from the first on; no time counts as NEVER
    posts: int

    def between(self, low: int, high: int | None) -> pl.DataFrame:
        """Its posts from `low` to before `high`; None: those without a time."""
        first = max(0, int(np.searchsorted(self.times, low if high is not None else NEVER)) - 1) * SAMPLE
        last = self.posts if high is None else int(np.searchsorted(self.times, high)) * SAMPLE
        return _between(self._some(first, min(last, self.posts)), low, high)

    def all(self) -> pl.DataFrame:
        """All its posts."""
        return self._some(0, self.posts)

    def _some(self, first: int, last: int) -> pl.DataFrame:
        return _whole(pl.scan_parquet(self.path, glob=False).slice(first, last - first).collect())


NEVER = np.iinfo(np.int64).max


@dataclass
class Shelf:
    """Where posts wait. `folder`: where to put what does not fit; None: all is held in memory."""

    folder: Path | None = None
    run: int = RUN
    waiting: list[pl.DataFrame] = field(default_factory=list)
    held: int = 0              # bytes waiting
    runs: list[_Run] = field(default_factory=list)
    spilled: int = 0           # bytes that waited before they were put into the folder
    dead: set[int] = field(default_factory=set)
    numbers: dict[int, list[np.ndarray]] = field(default_factory=dict)  # of posts, by attempt
    going: "Future[_Run] | None" = None  # a run on its way into the folder

    def add(self, posts: pl.DataFrame, attempt: int) -> None:
        """Put posts aside, as `normalise.clean` gives them, with the number of the record as receipt."""
        if posts.is_empty():
            return
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
        """Send what waits into the folder, while the next posts come; one run at a time."""
        self._arrived()
        waiting, self.waiting = self.waiting, []
        self.spilled, self.held = self.spilled + self.held, 0
        assert self.folder is not None
        path, pool = self.folder / f"{len(self.runs):06d}.run", ThreadPoolExecutor(1)
        self.going = pool.submit(_put, waiting, path)
        pool.shutdown(wait=False)

    def _arrived(self) -> None:
        """Wait for the run that is on its way."""
        going, self.going = self.going, None
        if going is not None:
            self.runs.append(going.result())

    def close(self) -> None:
        """Leave nobody writing into the folder."""
        if self.going is not None:
            self.going.exception()

    def anything(self) -> Iterator[pl.DataFrame]:
        """All posts, some at a time, in no order."""
        self._arrived()
        for run in self.runs:
            yield self._alive(run.all())
        for posts in self.waiting:
            yield self._alive(_whole(posts))

    def stretches(self) -> Iterator[Callable[[], pl.DataFrame]]:
        """All posts, a stretch of time after the other, those without a time last; within a stretch in no order. Each
        is taken back when it is called, which may be in another thread."""
        self._arrived()
        if not self.runs:
            if self.waiting:
                yield lambda: pl.concat(list(self.anything()))
            return
        if self.waiting:
            self._put_away()
            self._arrived()
        low = np.iinfo(np.int64).min
        for high in [*self._cuts(), NEVER, None]:
            yield functools.partial(self._stretch, low, high)
            low = high if high is not None else low

    def _stretch(self, low: int, high: int | None) -> pl.DataFrame:
        return self._alive(pl.concat(run.between(low, high) for run in self.runs))

    def _alive(self, posts: pl.DataFrame) -> pl.DataFrame:
        return posts.filter(~pl.col(FILE).is_in(sorted(self.dead))) if self.dead else posts

    def _cuts(self) -> list[int]:
        """Times that cut the posts into stretches of about a run."""
        known = np.sort(np.concatenate([run.times for run in self.runs]))
        known = known[known < NEVER]
        several = max(1, math.ceil(self.spilled / self.run))
        places = [len(known) * part // several for part in range(1, several)] if len(known) else []
        return sorted({int(known[place]) for place in places})


def _put(waiting: list[pl.DataFrame], path: Path) -> _Run:
    """Write posts in the order of time, without the columns that nobody fills."""
    posts = pl.concat(waiting).sort("at", nulls_last=True)
    times = _times(posts)[::SAMPLE].copy()
    try:
        posts.select(name for name in posts.columns if posts[name].null_count() < posts.height).write_parquet(
            path, compression="lz4", statistics=False, row_group_size=ROW_GROUP)
    except (OSError, pl.exceptions.PolarsError) as fault:
        raise InputError(f"Posts cannot be put aside in {path.parent}: {str(fault).splitlines()[0][:200]}.\n"
                         "Make room on that disk (three times the size of the files is enough), or name a "
                         "folder on another one with  --case DIR. Then run the same command again.") from None
    return _Run(path, times, posts.height)


def _whole(posts: pl.DataFrame) -> pl.DataFrame:
    """With the columns that nobody filled."""
    return posts.select(pl.col(name) if name in posts.columns else pl.lit(None, kind).alias(name)
                        for name, kind in ROWS.items())


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
