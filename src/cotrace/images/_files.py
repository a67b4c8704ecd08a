"""Names in posts → bytes of files below one folder, and nothing else: no address, no way out of it, no device."""

import os
import re
import stat
from pathlib import Path

from ..errors import InputError

LARGEST = 2**26     # bytes: 64 MiB; platforms take pictures of 5 to 30 MiB
ADDRESS = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://|//|data:")

NO_NAME = "not the name of a file"
NOT_FETCHED = "an address: nothing is fetched"
NOT_THERE = "no such file below the folder"
OUTSIDE = "leads out of the folder"
NO_FILE = "no ordinary file"
TOO_LARGE = f"larger than {LARGEST >> 20} MiB"
UNREADABLE = "cannot be read"


class Refused(Exception):
    """Why a file was not opened: one of the phrases above."""


class Folder:
    """The folder that pictures are read from."""

    def __init__(self, path: str | Path):
        """Raises InputError: there is no such folder."""
        self.root = Path(path).resolve()
        if not self.root.is_dir():
            raise InputError(f"There is no folder {path}.\nName the one that the pictures lie in:  --below FOLDER")

    def read(self, name: str) -> bytes:
        """The bytes of a file below the folder; symbolic links count as where they lead.

        Raises:
            Refused: an address, nothing there, outside, not a file, or too large.
        """
        if ADDRESS.match(name):
            raise Refused(NOT_FETCHED)
        if not name or "\0" in name or "\n" in name or not name.isprintable():
            raise Refused(NO_NAME)
        try:
            path = (self.root / name).resolve(strict=True)
        except (OSError, ValueError, RuntimeError):  # absent, too long, a loop of links
            raise Refused(NOT_THERE) from None
        if not path.is_relative_to(self.root):
            raise Refused(OUTSIDE)
        try:  # where the name was turned into a link since, it is not followed; where it is a pipe, nothing waits
            handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
                             | getattr(os, "O_BINARY", 0))
        except OSError:
            raise Refused(UNREADABLE) from None
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise Refused(NO_FILE)
        with os.fdopen(handle, "rb") as file:
            raw = file.read(LARGEST + 1)
        if len(raw) > LARGEST:
            raise Refused(TOO_LARGE)
        return raw
