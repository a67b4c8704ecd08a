"""How long work tells that it is alive, without knowing who listens.

A step calls `progress(step, done, total)`; the command line draws it, the library is quiet by default.
Never pass names, texts or ids of people here: progress ends in logs.
"""

from collections.abc import Callable

Progress = Callable[[str, int, int], None]


def quiet(step: str, done: int, total: int) -> None:
    """The listener of a program that did not ask for one."""
