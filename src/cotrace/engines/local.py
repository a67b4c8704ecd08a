"""The fast engine: two pointers over sorted acts, compiled, on all cores.

It refuses to hold what it does not return: most pairs meet once, and where there are many of them a sketch says first
which ones can reach `min_objects` at all (`_pairs.py`). The functions are those of `reference`, where they are
described.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from . import Events, _meetings, _near, _pairs, pair_table, windows_us, without_crowds
from ._pairs import threads


def pairs(events: Events, windows_s: Sequence[int], min_objects: int = 1, workers: int | None = None,
          common_property: int | None = None) -> pl.DataFrame:
    """See `reference.pairs`.

    Args:
        workers: threads; None: one a core.
    """
    windows = windows_us(list(windows_s))
    events = without_crowds(events, int(windows[-1]) // 1_000_000, common_property)
    a, b, window, objects = _pairs.counted(events, windows, max(1, min_objects), threads(workers))
    return pair_table(events, a, b, windows[window] // 1_000_000, objects)


# ------------------------------------------------------------------------------------------------- near

def near(events: Events, window_s: int, workers: int | None = None) -> NDArray[np.int64]:
    """See `reference.near`."""
    return lag_near(events, window_s, np.zeros(len(events), dtype=np.int8), 1, workers)[:, 0].astype(np.int64)


def lag_near(events: Events, window_s: int, bin_of_event: NDArray[np.int8], bins: int,
             workers: int | None = None) -> NDArray[np.int32]:
    """See `reference.lag_near`."""
    window = int(windows_us([window_s])[0])
    return _near.counted(events, window, np.asarray(bin_of_event, dtype=np.int8), bins, threads(workers))


# --------------------------------------------------------------------------------------------- meetings

def meetings(events: Events, a: NDArray[np.int32], b: NDArray[np.int32], workers: int | None = None,
             ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """See `reference.meetings`."""
    return _meetings.shared(events, np.asarray(a, dtype=np.int32), np.asarray(b, dtype=np.int32), workers)
