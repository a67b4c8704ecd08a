"""Parquet: columns with types; a record is a row, counted across row groups.

Times keep the zone that the file gives them; a time without one stays without one.
"""

from collections.abc import Iterator

import polars as pl

from ..errors import InputError
from . import Choose, Record, Slice, Source, every, numbered, rows

CHUNK = 250_000  # rows at a time: some 100 MiB of posts


def claims(head: bytes, name: str) -> bool:
    """Parquet begins with its name."""
    return head[:4] == b"PAR1"


def slices(source: Source, choose: Choose = every, told: object = None) -> Iterator[Slice]:
    """The rows, some at a time. A damaged file is refused whole: its parts cannot be told apart."""
    done = 0
    try:
        lazy = pl.scan_parquet(source.path or source.open(), glob=False, hive_partitioning=False)
        schema = lazy.collect_schema()
        needed = {name for name, dtype in schema.items() if dtype == pl.Binary}  # of these, any may be undecodable
        wanted = needed | set(choose(numbered(pl.DataFrame(schema=schema)).columns))
        batches = lazy.select(name for name in schema if name in wanted).collect_batches(
            chunk_size=CHUNK, maintain_order=True)
        for frame in batches:
            yield numbered(frame, choose, done)
            done += frame.height
    except (pl.exceptions.PolarsError, OSError, ValueError, pl.exceptions.PanicException) as fault:
        said = str(fault).splitlines()[0][:200] if str(fault) else type(fault).__name__
        raise InputError(f"{source.name} begins like Parquet but cannot be read: {said}.\n"
                         "It may have been cut off on the way; compare its size and digest with the original."
                         ) from None


def records(source: Source) -> Iterator[Record]:
    """The rows one by one."""
    for some in slices(source):
        yield from rows(some)
