"""Files packed with gzip or zstandard, unpacked as a stream that cannot grow without bound.

A few kilobytes can unpack to a terabyte. Text of posts packs 3 to 30 times; what unpacks to more than 64 MiB and more
than 250 times its size is refused while it is read, in constant memory.
"""

import gzip
import importlib.util
import io
import zlib
from collections.abc import Callable
from typing import BinaryIO

from ..errors import InputError, MissingPartError

NEEDS = {"zstandard": "zst"}
HARMLESS = 64 * 2**20  # bytes that fit anywhere
RATIO = 250            # JSON Lines with every line alike reaches 200; deflate itself ends at 1,032
PIECE = 1024           # packed bytes at a time: 32 MiB at most come out of them (128 KiB from 4 bytes)
GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"


class _Frames:
    """A zstandard stream that notices where it was cut off, which the library's own reader takes for its end."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.rest, self.ready = file, b"", b""
        self.frame = self._new()

    def read(self, size: int) -> bytes:
        while not self.ready:
            packed = self.rest or self.file.read(PIECE)
            self.rest = b""
            if not packed:
                if not self.frame.eof:
                    raise EOFError("it ends inside a frame")
                return b""
            if self.frame.eof:
                self.frame = self._new()
            self.ready = self.frame.decompress(packed)
            self.rest = self.frame.unused_data
        piece, self.ready = self.ready[:size], self.ready[size:]
        return piece

    def close(self) -> None:
        self.file.close()

    @staticmethod
    def _new():
        import zstandard
        return zstandard.ZstdDecompressor(max_window_size=2**31).decompressobj()


class _Bounded(io.RawIOBase):
    """Reads a packed stream; says whose fault it is when the stream is broken or grows without bound."""

    def __init__(self, stream: "BinaryIO | _Frames | gzip.GzipFile", size: int, name: str,
                 broken: tuple[type[BaseException], ...]) -> None:
        self.stream, self.name, self.broken = stream, name, broken
        self.left = max(HARMLESS, size * RATIO)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        try:
            piece = self.stream.read(len(buffer))
        except self.broken as fault:
            raise InputError(f"{self.name} is packed, and the packing is broken: {fault}.\n"
                             "It may have been cut off on the way; compare its size and digest with the original."
                             ) from None
        self.left -= len(piece)
        if self.left < 0:
            raise InputError(f"{self.name} unpacks to more than {RATIO} times its size: that is not a file of posts.\n"
                             "If you trust it, unpack it yourself and read the result.")
        buffer[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        self.stream.close()
        super().close()


Told = Callable[[bytes | memoryview], None]


class _Heard(io.RawIOBase):
    """A file read from first to last, with somebody who hears every byte of it."""

    def __init__(self, file: BinaryIO, told: Told) -> None:
        self.file, self.told = file, told

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        count = self.file.readinto(buffer)  # type: ignore[attr-defined]
        self.told(memoryview(buffer)[:count])
        return count

    def close(self) -> None:
        if not self.closed:
            while rest := self.file.read(2**20):  # what a packer left behind the last frame is of the file too
                self.told(rest)
            self.file.close()
        super().close()


def opened(file: BinaryIO, size: int, name: str, told: Told | None = None) -> BinaryIO:
    """The unpacked stream of a packed file, the file itself of another; `told` hears the bytes before unpacking.

    Raises:
        MissingPartError: zstandard is not installed.
        InputError: while reading: broken, or growing without bound.
    """
    magic = file.read(4)
    file.seek(0)
    if told is not None:
        file = io.BufferedReader(_Heard(file, told), 2**20)
    if magic[:2] == GZIP:
        packed = gzip.GzipFile(fileobj=file)
        return io.BufferedReader(_Bounded(packed, size, name, (OSError, EOFError, zlib.error)), 2**20)
    if magic == ZSTD:
        if importlib.util.find_spec("zstandard") is None:
            raise MissingPartError(f"{name} is packed with zstandard, which is not installed.\n"
                                   "Install it:  pip install 'cotrace[zst]'")
        import zstandard
        return io.BufferedReader(_Bounded(_Frames(file), size, name, (zstandard.ZstdError, OSError, EOFError)), 2**20)
    return file
