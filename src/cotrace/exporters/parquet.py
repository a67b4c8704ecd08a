"""The same six tables with proper types, for those who compute with them: a folder of Parquet files.

Nothing is guarded and nothing is escaped: lists are lists, times are times, unknown is null.
"""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from . import COLUMNS, Row, tables, write

CANNOT_CARRY = (
    "The sentences of the statement, its limits and the benign explanations that were tested: see the statement.",
    "The proof: digests, Merkle root and signature stay in the dossier, so these tables alone can be altered unseen.",
)
WHOLE = frozenset({"window_s", "observed", "size", "posts", "sittings", "came_first", "came_last",
                   "before_elsewhere", "after_elsewhere"})
REAL = frozenset({"stability", "q_min", "expected", "p", "q", "likelihood_ratio", "delta_s", "share_first",
                  "median_lag_s", "role_q", "role_q_placebo"})
TIMES = {"clusters": ("first", "last"), "events": ("at_a", "at_b")}
LISTS = {"actors": ("traces", "after"), "clusters": ("traces",), "links": ("identified_by", "cites")}


def export(files: Mapping[str, bytes], out: Path) -> None:
    """Write the folder `out`: actors, edges, clusters, links, events, sources as Parquet."""
    write(out, contents(files))


def contents(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files of the folder; one row group each and fixed compression, so the same rows are the same bytes."""
    written = {}
    for name, rows in tables(files).items():
        kept = io.BytesIO()
        _typed(name, rows).write_parquet(kept, compression="zstd", compression_level=3,
                                         row_group_size=max(1, len(rows)))
        written[f"{name}.parquet"] = kept.getvalue()
    return written


def _typed(name: str, rows: Sequence[Row]) -> pl.DataFrame:
    frame = pl.DataFrame({column: [row[column] or None for row in rows] for column in COLUMNS[name]},
                         schema=dict.fromkeys(COLUMNS[name], pl.String))
    typed = []
    for column in COLUMNS[name]:
        cells = pl.col(column)
        if column in LISTS.get(name, ()):
            typed.append(cells.str.split(";").list.eval(pl.element().str.replace_all("%3B", ";", literal=True)))
        elif column in TIMES.get(name, ()):
            typed.append(cells.str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", time_unit="us", time_zone="UTC"))
        elif column in WHOLE:
            typed.append(cells.cast(pl.Int64))
        else:
            typed.append(cells.cast(pl.Float64) if column in REAL else cells)
    return frame.select(typed)
