"""Worlds whose truth is known: small platforms as raw files, and shares for the laws of chance.

One generator (`_platform.py`), each world a few lines (`_zoo.py`). It writes what a platform would give out, and the
truth beside it; it knows no reader, and no other part of cotrace knows it. Names, texts and places are invented.
"""

from ._evasion import TRACES, Evasion, evading
from ._files import write, written
from ._shares import Shares, shares
from ._worlds import World, world
from ._zoo import TOLD

WORLDS = tuple(TOLD)

__all__ = ["TRACES", "WORLDS", "Evasion", "Shares", "World", "evading", "shares", "world", "write", "written"]
