"""Tasks that are worked on in threads while what came before them is looked at; their answers keep their order."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def cores() -> int:
    """That this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def ahead(tasks: Iterable[Callable[[], T]], threads: int) -> Iterator[T]:
    """What the tasks give, in their order.

    Where one raises, that comes in its turn; later ones that have begun are waited for, and their answers lost.

    Args:
        tasks: asked for one after the other in the caller's thread, as many ahead as there are threads; each gives up
            the interpreter's lock where it works (polars, numba).
        threads: at least one.
    """
    begun: deque[Future[T]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        try:
            for task in tasks:
                begun.append(pool.submit(task))
                if len(begun) > threads:
                    yield begun.popleft().result()
            while begun:
                yield begun.popleft().result()
        finally:
            for one in begun:
                one.cancel()
