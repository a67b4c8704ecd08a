"""Bytes → hash, in a process of its own: pictures come from strangers, and decoders have been broken by pictures.

It reads no file and writes none. From stdin it takes pictures, each as eight bytes of length and the bytes; to stdout
it answers each with a line, `HASH QUALITY` or `- REASON`. It refuses more pixels than any photograph has before it
decodes them, and may not use more memory than that needs. Whoever started it kills it when it takes too long; a
picture that kills it is refused, and the next one is given to another process.
"""

import io
import struct
import sys
import warnings

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ._pdq import SMALLEST, pdq

FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
PIXELS = 50_000_000      # of one picture: cameras make up to 50 million; decoded they are 200 MiB at most
MEMORY = 2**30           # bytes beyond what the process has when it starts: the pixels, their copies, and the decoder
ENOUGH = 512             # pixels a side that the reference hashes; larger pictures are made so small first
LENGTH = struct.Struct("<Q")

NOT_A_PICTURE = "no JPEG, PNG, WebP or GIF"
TOO_MANY_PIXELS = f"more than {PIXELS // 10**6} million pixels"
TOO_SMALL = f"fewer than {SMALLEST} pixels a side"
BROKEN = "broken or cut off"
# What decoders raise over bytes that are no picture; another exception ends the process, and is an answer as well.
FAULTS = (OSError, ValueError, SyntaxError, EOFError, TypeError, LookupError, AttributeError, ArithmeticError,
          MemoryError, RuntimeError, struct.error, Image.DecompressionBombError)


class Refused(Exception):
    """Why there is no hash: one of the phrases above."""


def fingerprint(raw: bytes) -> tuple[str, int]:
    """Hash and quality of a picture; of an animation, its first image.

    Raises:
        Refused: it cannot be hashed, and why.
    """
    try:
        with Image.open(io.BytesIO(raw), formats=FORMATS) as picture:
            width, height = picture.size
            if width * height > PIXELS:
                raise Refused(TOO_MANY_PIXELS)
            if min(width, height) < SMALLEST:
                raise Refused(TOO_SMALL)
            return pdq(brightness(picture))
    except Image.UnidentifiedImageError:
        raise Refused(NOT_A_PICTURE) from None
    except Image.DecompressionBombError:
        raise Refused(TOO_MANY_PIXELS) from None
    except FAULTS:
        raise Refused(BROKEN) from None


def brightness(picture: Image.Image) -> NDArray[np.float32]:
    """What an eye sees, as the reference weighs the colours; what is transparent lies on white."""
    picture.draft("RGB", (ENOUGH, ENOUGH))  # a JPEG decodes to an eighth as fast as it is small
    clear = picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info
    colours = picture.convert("RGBA" if clear else "RGB")
    if max(colours.size) > ENOUGH:
        colours = colours.resize((ENOUGH, ENOUGH), Image.Resampling.BOX)
    if clear:
        colours = Image.alpha_composite(Image.new("RGBA", colours.size, "white"), colours).convert("RGB")
    return np.asarray(colours, dtype=np.float32) @ np.array([0.299, 0.587, 0.114], dtype=np.float32)


def bounded() -> None:
    """No more memory than MEMORY from here on, where the system can be asked for that."""
    try:
        import resource
    except ImportError:  # Windows: the limits of pixels, bytes and time hold there alone
        return
    with open("/proc/self/statm", encoding="ascii") as file:
        now = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + MEMORY, now + MEMORY))


def answer() -> None:
    """Hash what comes until nothing more comes."""
    warnings.simplefilter("ignore")  # Pillow's about large pictures; ours are refused
    bounded()
    while head := sys.stdin.buffer.read(LENGTH.size):
        raw = sys.stdin.buffer.read(LENGTH.unpack(head)[0])
        try:
            found, telling = fingerprint(raw)
            said = f"{found} {telling}"
        except Refused as why:
            said = f"- {why}"
        sys.stdout.buffer.write(said.encode() + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    answer()
