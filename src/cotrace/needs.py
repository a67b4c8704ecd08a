"""What a run will need, said before it starts; and the refusal of a run that needs more than it may have.

Figures are estimates from sizes and first records, and say "about". A run that is allowed less memory reads in smaller
stretches; what is looked for afterwards needs the posts, so a run that cannot hold them is refused before any work.
"""

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import readers, reading
from .errors import InputError
from .records import Reading

MEMORY_BASE = 350 * 2**20  # bytes of a run of next to no posts, libraries and compiled code included: 327 MiB measured
FIRST = 100 * 2**20        # bytes of POSTS, up to which a run is mostly copies of what it reads
FIRST_FACTOR = 14          # peak memory beyond the base ÷ these: 5 to 13.5 (mixA) on the shared data
REST_FACTOR = 1.5          # the same of posts beyond: they lie on disk; in memory are codes and names of acts
SEARCH_US = 480            # µs of processor a post after reading, default plan: 344 and 524 (mixA) at 100,000 posts
COPY = 100                 # bytes of a copy of the data while it is searched, an action
STRETCHES = 8              # bytes in use while reading ÷ bytes of posts held at once: three copies, and the column data
LEAST = 16 * 2**20         # bytes of posts that are held at once; less would only make more files


@dataclass(frozen=True)
class Needs:
    """posts; bytes of memory of the whole run; bytes of disk; s of processor, of reading and of all."""

    posts: int
    memory: int
    disk: int
    reading_s: float
    all_s: float

    def words(self, folder: Path) -> str:
        """One line for whoever waits, and another where the disk of `folder` has less room."""
        said = (f"about {self.posts:,} posts: {size(self.memory)} of memory, {size(self.disk)} of disk, "
                f"{_time(self.all_s)} of processor time, {_time(self.reading_s)} of it for reading")
        there = next(one for one in (folder, *folder.absolute().parents) if one.exists())
        free = shutil.disk_usage(there).free
        return said if free > self.disk else f"{said}\nNote       The disk of {folder} has {size(free)} left."


def before(posts: object, *, columns: Mapping[str, str] | None = None, zone: str | None = None,
           platform: str | None = None) -> Needs | None:
    """What a run on these files will need; None: they cannot be looked at twice, or not be read at all."""
    given = posts if isinstance(posts, Sequence) and not isinstance(posts, str) else [posts]
    if not all(isinstance(one, str | Path) and str(one) != "-" and Path(one).is_file() for one in given):
        return None
    sources = [readers.source(one) for one in given]
    told = reading.forecast(sources, reading.Asked(columns or {}, zone, platform))
    if not told.posts:
        return None
    return Needs(told.posts, _memory(told.bytes), told.disk, told.seconds,
                 told.seconds + SEARCH_US * told.posts / 1e6)


def refuse_before(needs: Needs | None, memory: int | None) -> int | None:
    """Refuse a run that needs more than it may have; returns the bytes of posts that reading may hold at once.

    Raises:
        InputError: too little memory is allowed.
    """
    if memory is None:
        return None
    if needs is not None:
        _refuse(needs.posts, needs.memory, memory)
    return min(reading.RUN, max(LEAST, (memory - MEMORY_BASE) // STRETCHES))


def abreast(actions: int, room: int, workers: int | None) -> int:
    """How many copies of so many actions are searched at once: one a core, as far as there is room for a second."""
    return max(1, min(workers or os.cpu_count() or 1, 1 + room // max(1, COPY * actions)))


def room(read: Reading, memory: int | None) -> int:
    """Bytes that a run may hold beyond what it needs: what is allowed, or else a quarter of the machine's."""
    return _of_machine() // 4 if memory is None else max(0, memory - _memory(read.size))


def _memory(posts: int) -> int:
    """Bytes of a run on so many bytes of POSTS, at the most."""
    return MEMORY_BASE + FIRST_FACTOR * min(posts, FIRST) + int(REST_FACTOR * max(0, posts - FIRST))


def _of_machine() -> int:
    """Bytes; where the system does not tell them, those of a small one."""
    names = getattr(os, "sysconf_names", {})
    if not {"SC_PHYS_PAGES", "SC_PAGE_SIZE"} <= set(names):
        return 8 * 2**30
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def refuse_too_large(read: Reading, memory: int | None) -> None:
    """The same, once the posts are read and their size is known.

    Raises:
        InputError: too little memory is allowed.
    """
    if memory is not None:
        _refuse(read.height, _memory(read.size), memory)


def _refuse(posts: int, needed: int, memory: int) -> None:
    if needed > memory:
        raise InputError(f"These {posts:,} posts need about {size(needed)} of memory, and --memory allows "
                         f"{size(memory)}.\nAllow more, or run the files in parts.")


def size(count: float) -> str:
    """Bytes for people."""
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 else f"{count / 2**20:.1f} MiB"


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
