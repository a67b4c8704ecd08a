"""Canonical bytes, and the digests that everything hangs on.

One value has one spelling: canonical JSON, canonical CSV and a canonical archive are defined here, each by a
writer and by a reader that accepts nothing but what the writer would have written. Standard library only, because
`verify/` rests on this file and a sceptic has to read both.

    JSON     keys sorted, no spaces, UTF-8, no floats (they travel as decimal strings)
    CSV      header, then one line a row; \\n ends a line; a cell is quoted only if it holds , or "; inside a cell
             backslash, newline, NUL and other line ends are written \\\\ \\n \\0 \\u2028, so a line is a row
    Merkle   leaf = sha256(00 | line), node = sha256(01 | left | right), an odd last node moves up unchanged (RFC 6962
             hashes the same way)
    archive  ZIP: stored, names sorted, dated 1980-01-01, no extra fields, no comment, nothing before, between or after
"""

import hashlib
import json
import math
import re
import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from .errors import VerificationError

SAFE_INTEGER = 2**53 - 1  # beyond it JavaScript readers lose digits (RFC 8785), so larger ids are strings
MAX_FILES = 4096          # a dossier has about twenty files; thousands mean that it is not one
MAX_ARCHIVE = 2**31       # bytes; the stored sizes of a ZIP without extensions end at 4 GiB
NAME = re.compile(r"[a-z0-9_][a-z0-9_.-]*(/[a-z0-9_][a-z0-9_.-]*)*")


def sha256(raw: bytes) -> str:
    """Hex digest of bytes, 64 characters."""
    return hashlib.sha256(raw).hexdigest()


def sha256_file(path: str | Path) -> str:
    """Hex digest of a file, read in pieces."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def receipt(file_digest: str, record: int) -> str:
    """Where a raw record is: `sha256:<file>#<record>`, records counted from 1 in the order of the file."""
    return f"sha256:{file_digest}#{record}"


# ------------------------------------------------------------------------------------------------- JSON

def decimal(value: float, digits: int = 9) -> str:
    """A float as a decimal string of `digits` significant digits; what is not finite has no spelling."""
    if not math.isfinite(value):
        raise ValueError(f"{value} has no decimal spelling: unknown is null")
    text = format(value, f".{digits}g")
    return "0" if text == "-0" else text


def encodable(text: str) -> str:
    """A name of a file as UTF-8 can carry it: what an old archive wrote in other letters becomes "?"."""
    return text.encode("utf-8", "replace").decode("utf-8")


def canonical(value: object) -> bytes:
    """The one spelling of a value made of dict, list, tuple, str, int, bool and None.

    Raises:
        TypeError: a float, or a type that JSON does not have.
        ValueError: an integer beyond ±(2⁵³ − 1), or text that is not Unicode (a lone surrogate).
    """
    _refuse_foreign(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode("utf-8")


def _refuse_foreign(value: object) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise TypeError(f"keys are strings, not {type(key).__name__}")
            _refuse_foreign(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _refuse_foreign(inner)
    elif isinstance(value, float):
        raise TypeError("floats travel as decimal strings: digest.decimal(x)")
    elif isinstance(value, int) and not isinstance(value, bool) and abs(value) > SAFE_INTEGER:
        raise ValueError(f"{value} is beyond 2^53: write it as a string")
    elif not isinstance(value, str | int | None):
        raise TypeError(f"{type(value).__name__} has no canonical spelling")


def parse_canonical(raw: bytes, what: str) -> object:
    """Read canonical JSON, refusing every other spelling of the same value.

    Raises:
        VerificationError: not JSON, or not the canonical spelling.
    """
    try:
        value = json.loads(raw.decode("utf-8"))
        if canonical(value) == raw:
            return value
    except (ValueError, TypeError, RecursionError) as fault:
        raise VerificationError(f"{what} is not canonical JSON: {fault}") from None
    raise VerificationError(f"{what} is JSON but not in its one accepted spelling (keys sorted, no spaces, no floats).")


def digest(value: object) -> str:
    """sha256 of the canonical spelling of a value."""
    return sha256(canonical(value))


# -------------------------------------------------------------------------------------------------- CSV

_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\0": "\\0", "\x0b": "\\v", "\x0c": "\\f", "\x1c": "\\x1c",
            "\x1d": "\\x1d", "\x1e": "\\x1e", "\x85": "\\x85", "\u2028": "\\u2028", "\u2029": "\\u2029"}
_UNESCAPES = {spelled: plain for plain, spelled in _ESCAPES.items()}
_SPECIAL = re.compile("[" + "".join(re.escape(c) for c in _ESCAPES) + "]")
_SPELLED = re.compile("|".join(re.escape(s) for s in sorted(_UNESCAPES, key=len, reverse=True)))


def csv_line(cells: Sequence[str]) -> str:
    """One row without its line end."""
    written = []
    for cell in cells:
        cell = _SPECIAL.sub(lambda found: _ESCAPES[found.group()], cell)
        written.append('"' + cell.replace('"', '""') + '"' if "," in cell or '"' in cell else cell)
    return ",".join(written)


def csv_bytes(header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Canonical CSV; cells are strings, unknown is the empty cell."""
    lines = [csv_line(header), *(csv_line(row) for row in rows)]
    return ("\n".join(lines) + "\n").encode("utf-8")


def parse_csv(raw: bytes, what: str) -> tuple[list[str], list[list[str]]]:
    """Header and rows of canonical CSV; any other spelling is refused.

    Raises:
        VerificationError: not UTF-8, rows of different width, or not canonical.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as fault:
        raise VerificationError(f"{what} is not UTF-8: {fault}") from None
    if not text.endswith("\n"):
        raise VerificationError(f"{what} does not end with a line end.")
    table = [_parse_line(line, what, number) for number, line in enumerate(text[:-1].split("\n"), 1)]
    header, rows = table[0], table[1:]
    for number, row in enumerate(rows, 2):
        if len(row) != len(header):
            raise VerificationError(f"{what} line {number} has {len(row)} cells, its header {len(header)}.")
    return header, rows


def _parse_line(line: str, what: str, number: int) -> list[str]:
    cells, at = [], 0
    while True:
        if line[at : at + 1] == '"':
            end = at + 1
            while (end := line.find('"', end)) >= 0 and line[end + 1 : end + 2] == '"':
                end += 2
            if end < 0:
                raise VerificationError(f"{what} line {number}: a quote is not closed.")
            cells.append(line[at + 1 : end].replace('""', '"'))
            at = end + 1
        else:
            end = line.find(",", at)
            end = len(line) if end < 0 else end
            cells.append(line[at:end])
            at = end
        if at == len(line):
            break
        if line[at] != ",":
            raise VerificationError(f"{what} line {number}: something stands after a closing quote.")
        at += 1
    cells = [_SPELLED.sub(lambda found: _UNESCAPES[found.group()], cell) for cell in cells]
    if csv_line(cells) != line:
        raise VerificationError(f"{what} line {number} is not in its one accepted spelling.")
    return cells


# ----------------------------------------------------------------------------------------------- Merkle

def merkle(leaves: Iterable[bytes]) -> str:
    """Root over leaves, hex. No leaves: the digest of nothing, sha256(b"")."""
    return merkle_of([hashlib.sha256(b"\x00" + leaf).digest() for leaf in leaves])


def merkle_of(level: list[bytes]) -> str:
    """Root over digests of leaves: of rows that may be read, and of rows that may not."""
    if not level:
        return sha256(b"")
    while len(level) > 1:
        paired = [hashlib.sha256(b"\x01" + level[i] + level[i + 1]).digest() for i in range(0, len(level) - 1, 2)]
        level = paired + ([level[-1]] if len(level) % 2 else [])
    return level[0].hex()


# ---------------------------------------------------------------------------------------------- archive

_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_DATE = (1 << 5) | 1  # 1980-01-01, the first day that ZIP can write


def archive(files: Mapping[str, bytes]) -> bytes:
    """The one canonical archive of these files.

    Raises:
        ValueError: a name that is not lower-case letters, digits, `_ . -` and single slashes; too many or too large.
    """
    for name in files:
        if not NAME.fullmatch(name) or len(name) > 200:
            raise ValueError(f"an archive name may not be {name!r}")
    if len(files) > MAX_FILES or sum(map(len, files.values())) > MAX_ARCHIVE - 2**20:
        raise ValueError(f"a dossier holds at most {MAX_FILES} files and 2 GiB")
    body, directory, offset = [], [], 0
    for name in sorted(files):
        content, encoded = files[name], name.encode("ascii")
        crc, size = zlib.crc32(content), len(content)
        local = _LOCAL.pack(b"PK\x03\x04", 20, 0, 0, 0, _DATE, crc, size, size, len(encoded), 0) + encoded
        directory.append(_CENTRAL.pack(b"PK\x01\x02", 20, 20, 0, 0, 0, _DATE, crc, size, size, len(encoded),
                                       0, 0, 0, 0, 0, offset) + encoded)
        body += [local, content]
        offset += len(local) + size
    central = b"".join(directory)
    end = _END.pack(b"PK\x05\x06", 0, 0, len(files), len(files), len(central), offset, 0)
    return b"".join(body) + central + end


def unarchive(raw: bytes) -> dict[str, bytes]:
    """The files of a canonical archive; reads no compression, no links, no folders, and no other spelling.

    Raises:
        VerificationError: anything that `archive` would not have written, byte for byte.
    """
    files: dict[str, bytes] = {}
    at = 0
    while raw[at : at + 4] == b"PK\x03\x04":
        if at + _LOCAL.size > len(raw):
            raise VerificationError("The archive ends inside a file header.")
        _, _, _, method, _, _, _, packed, size, name_size, extra = _LOCAL.unpack_from(raw, at)
        start = at + _LOCAL.size + name_size
        name = raw[at + _LOCAL.size : start].decode("ascii", "replace")
        if method != 0 or packed != size or extra:
            raise VerificationError(f"The archive is not canonical: {name[:80]!r} is compressed or has extra fields.")
        if not NAME.fullmatch(name) or len(name) > 200:
            raise VerificationError(f"The archive holds a name that is not allowed: {name[:80]!r}.")
        if name in files:
            raise VerificationError(f"The archive holds {name!r} twice.")
        if start + size > len(raw):
            raise VerificationError(f"The archive ends inside {name!r}.")
        if len(files) >= MAX_FILES:
            raise VerificationError(f"The archive holds more than {MAX_FILES} files.")
        files[name] = raw[start : start + size]
        at = start + size
    if not files:
        raise VerificationError("This is not a dossier: it does not begin as a ZIP archive with files.")
    if archive(files) != raw:
        raise VerificationError("The archive is not canonical: order, dates, checksums or something before, between "
                                "or after its files differ from what cotrace writes.")
    return files
