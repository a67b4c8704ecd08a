"""One task over a range of numbers, on all cores; the answer depends on no number of threads."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from ..ahead import cores

ALONE = 256  # numbers, below which starting threads costs more than they do


def on_all_cores(task: Callable, count: int, workers: int | None, first: int = 0) -> list:
    """`task(first, last)` over `count` numbers from `first` on, cut into pieces; what the pieces gave, in order.

    Args:
        task: gives up the interpreter's lock (numba, nogil), and writes where no other piece writes.
        workers: threads; None: all cores.
    """
    threads = workers or cores()
    cuts = np.linspace(0, count, (1 if count < ALONE else 2 * threads) + 1).astype(np.int64) + first
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(lambda ends: task(*ends), zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True)))
