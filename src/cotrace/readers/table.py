"""Tables in memory: polars, pandas, Arrow. Their receipts count rows in the table's JSON Lines spelling.

A table has no bytes of its own, so its digest is that of the bytes that polars writes for it as JSON Lines; whoever
has the table can compute it again.
"""

from collections.abc import Iterator

import narwhals as nw
import polars as pl

from ..errors import InputError
from . import Choose, Record, Slice, Source, every, numbered, rows


def as_source(table: object) -> Source:
    """A table as a source.

    Raises:
        InputError: not an eager table of a library that narwhals knows.
    """
    try:
        frame = nw.from_native(table, eager_only=True).to_polars()  # type: ignore[call-overload]
        return Source("table", raw=frame.write_ndjson().encode(), frame=frame)
    except (TypeError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as fault:
        raise InputError(f"{type(table).__name__} is not a table of posts: {str(fault).splitlines()[0][:200]}.\n"
                         "Give a path, or an eager table of polars, pandas or Arrow (a lazy one: collect it first)."
                         ) from None


def slices(source: Source, choose: Choose = every, told: object = None) -> Iterator[Slice]:
    """The table itself, with record numbers."""
    assert source.frame is not None
    yield numbered(source.frame, choose)


def records(source: Source) -> Iterator[Record]:
    """The rows one by one."""
    for some in slices(source):
        yield from rows(some)
