"""Parquet: columns with types; a record is a row, counted across row groups.

Times keep the zone that the file gives them; a time without one stays without one.
"""

from collections.abc import Iterator

import polars as pl

from ..errors import InputError
from . import Record, Source, numbered, rows


def claims(head: bytes, name: str) -> bool:
    """Parquet begins with its name."""
    return head[:4] == b"PAR1"


def columns(source: Source) -> tuple[pl.DataFrame, list[Record]]:
    """The whole table. A damaged file is refused whole: its parts cannot be told apart."""
    try:
        frame = pl.read_parquet(source.path or source.open(), glob=False, hive_partitioning=False)
    except (pl.exceptions.PolarsError, OSError, ValueError, pl.exceptions.PanicException) as fault:
        said = str(fault).splitlines()[0][:200] if str(fault) else type(fault).__name__
        raise InputError(f"{source.name} begins like Parquet but cannot be read: {said}.\n"
                         "It may have been cut off on the way; compare its size and digest with the original."
                         ) from None
    return numbered(frame)


def records(source: Source) -> Iterator[Record]:
    """The rows one by one."""
    return rows(*columns(source))
