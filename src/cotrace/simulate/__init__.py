"""Worlds whose truth is known: small platforms as raw files, and shares for the laws of chance.

One generator (`_platform.py`), each world a few lines. It writes what a platform would give out, and the truth beside
it; it knows no reader, and no other part of cotrace knows it. Names, texts and places are invented.
"""

from ._shares import Shares, shares

__all__ = ["Shares", "shares"]
