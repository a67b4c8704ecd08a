"""One task over a range of numbers, on all cores; the answer depends on no number of threads."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

ALONE = 256  # numbers, below which starting threads costs more than they do


def on_all_cores(task: Callable, count: int, workers: int | None, first: int = 0) -> list:
    """`task(first, last)` over `count` numbers from `first` on, cut into pieces; what the pieces gave, in order.

    Args:
        task: gives up the interpreter's lock (numba, nogil), and writes where no other piece writes.
        workers: threads; None: all cores.
    """
    cores = workers or (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    cuts = np.linspace(0, count, (1 if count < ALONE else 2 * cores) + 1).astype(np.int64) + first
    with ThreadPoolExecutor(cores) as pool:
        return list(pool.map(lambda ends: task(*ends), zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True)))
