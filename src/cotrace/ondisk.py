"""Posts and actions that lie on disk, and are in memory only as far as they are looked at.

A search looks at actions alone, a trace at a few columns of posts, a dossier at a few posts of millions; so none of
them has to hold all. What is here gives what tables in memory would give, row for row, and changes nothing.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import polars as pl

from . import tables, traces
from .errors import InputError
from .records import Input, Reading

SLICE = 2**18  # posts that a trace is shown at once: a text is some copies of itself until it is an object


class Kept(Reading):
    """A reading whose posts lie in Parquet files; they are read each time that they are asked for."""

    def __init__(self, posts: Sequence[Path], actors: pl.DataFrame, inputs: tuple[Input, ...], rejects: pl.DataFrame,
                 counts: dict[str, int], notes: tuple[str, ...] = (), how: tuple[tuple[str, str], ...] = ()):
        """Args: posts: files, whose rows one after the other are the posts; the rest as `Reading`."""
        rest = {"actors": actors, "inputs": inputs, "rejects": rejects, "counts": counts, "notes": notes, "how": how}
        for name, value in {**rest, "files": tuple(posts)}.items():
            object.__setattr__(self, name, value)

    files: tuple[Path, ...]

    @property
    def posts(self) -> pl.DataFrame:
        return self._all().collect()

    @property
    def height(self) -> int:
        return int(self._all().select(pl.len()).collect().item())

    @property
    def size(self) -> int:
        return sum(int(posts.estimated_size()) for posts in self.slices(list(tables.POSTS)))

    def columns(self, *names: str) -> pl.DataFrame:
        return self._all().select(names).collect()

    def rows(self, where: pl.Expr) -> pl.DataFrame:
        return pl.concat([tables.empty(tables.POSTS), *(pl.scan_parquet(file).filter(where).collect()
                                                        for file in self._there())])

    def slices(self, names: Sequence[str]) -> Iterator[pl.DataFrame]:
        """Some columns of all posts, some posts at a time."""
        for file in self._there():
            scan = pl.scan_parquet(file).select(names)
            for first in range(0, int(scan.select(pl.len()).collect().item()), SLICE):
                yield scan.slice(first, SLICE).collect()

    def _all(self) -> pl.LazyFrame:
        return pl.scan_parquet(list(self._there()))

    def _there(self) -> tuple[Path, ...]:
        """The files.

        Raises:
            InputError: one of them is gone: the case was taken away, or somebody in it was forgotten.
        """
        if gone := [file for file in self.files if not file.is_file()]:
            raise InputError(f"The posts of this finding are not there any more: {gone[0]} is missing.\n"
                             "They lie in the case that the finding was made in; open that case again.")
        return self.files


class Actions(Mapping[str, pl.LazyFrame]):
    """`tables.ACTIONS` by trace, in a folder that is there as long as this is."""

    def __init__(self, folder: Path):
        """Args: folder: in which a new one is made."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = tempfile.TemporaryDirectory(dir=folder, ignore_cleanup_errors=True)
        self._files: dict[str, list[Path]] = {}

    def __getitem__(self, name: str) -> pl.LazyFrame:
        return pl.scan_parquet(self._files[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)

    def act(self, name: str, read: Kept) -> int:
        """Put down what the posts did, seen by one trace; returns how many posts gave no action (`traces.act`).

        Raises:
            InputError: the disk is full; or as `traces.act`.
        """
        trace = traces.get(name)
        needed = sorted({*traces.ACTS, *trace.reads})
        shown = [read.columns(*needed)] if trace.whole else read.slices(needed)
        files, without = [self._put(f"{name}.0", tables.empty(tables.ACTIONS))], 0
        for posts in shown:
            acts, lacking = traces.act(name, posts)
            files.append(self._put(f"{name}.{len(files)}", acts))
            without += lacking
        self._files[name] = files
        return without

    def _put(self, name: str, acts: pl.DataFrame) -> Path:
        path = Path(self._folder.name) / name
        try:
            acts.write_parquet(path, compression="lz4", statistics=False)
        except (OSError, pl.exceptions.PolarsError) as fault:
            raise InputError(f"Actions cannot be put aside in {path.parent}: {str(fault).splitlines()[0][:200]}.\n"
                             "Make room on that disk (as much as the posts take is enough), or name a folder on "
                             "another one with  --case DIR. Then run the same command again.") from None
        return path

    def counted(self, name: str) -> tuple[int, int, int]:
        """How many actions, actors and objects."""
        def told(what: pl.Expr) -> int:
            return int(self[name].select(what).collect().item())

        return told(pl.len()), told(pl.col("actor").n_unique()), told(pl.col("object").n_unique())
