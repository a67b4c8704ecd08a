"""Ed25519 with nothing but integers: is this signature of these bytes by this key? Source: RFC 8032, section 5.1."""

import base64
import binascii
import hashlib
import re

from ..errors import InputError, VerificationError

_P25519 = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P25519 - 2, _P25519) % _P25519
_ROOT = pow(2, (_P25519 - 1) // 4, _P25519)  # a square root of −1
_Point = tuple[int, int, int, int]  # extended coordinates: x = X/Z, y = Y/Z, xy = T/Z


def hex_bytes(text: object, size: int) -> bytes:
    if not isinstance(text, str) or not re.fullmatch(f"[0-9a-f]{{{2 * size}}}", text):
        raise VerificationError("The signature is not written in hex digits of its length.")
    return bytes.fromhex(text)


def public_key(key: bytes) -> bytes:
    """The 32 bytes of a public Ed25519 key in PEM (RFC 8410) or 64 hex digits.

    Raises:
        InputError: it is neither, or a private key.
    """
    lines = [line.strip() for line in key.strip().splitlines()]
    if len(lines) == 1 and re.fullmatch(rb"[0-9a-fA-F]{64}", lines[0]):
        return bytes.fromhex(lines[0].decode())
    if len(lines) > 2 and (lines[0], lines[-1]) == (b"-----BEGIN PUBLIC KEY-----", b"-----END PUBLIC KEY-----"):
        try:
            der = base64.b64decode(b"".join(lines[1:-1]), validate=True)
        except binascii.Error:
            der = b""
        if der[:12] == bytes.fromhex("302a300506032b6570032100") and len(der) == 44:
            return der[12:]
    if b"PRIVATE" in key:
        raise InputError("This is a private key. Give the public one: the file that ends in .pub.")
    raise InputError("This is not a public Ed25519 key.\nGive a .pub file of  cotrace key new , or 64 hex digits.")


def ed25519_valid(public: bytes, message: bytes, signature: bytes) -> bool:
    """Is this the signature of that key over the message? Strict: s below the group order, canonical points, none of
    small order, and the equation without the cofactor. Source: RFC 8032 §5.1.7; on strictness Brendel et al. 2021.
    """
    if len(public) != 32 or len(signature) != 64:
        return False
    key, commitment = _point(public), _point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if key is None or commitment is None or s >= _ORDER or _small(key) or _small(commitment):
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % _ORDER
    return _equal(_times(s, _BASE), _add(commitment, _times(h, key)))


def _point(encoded: bytes) -> _Point | None:
    y = int.from_bytes(encoded, "little") & (1 << 255) - 1
    sign = encoded[31] >> 7
    if y >= _P25519:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, _P25519 - 2, _P25519) % _P25519
    x = pow(square, (_P25519 + 3) // 8, _P25519)
    if (x * x - square) % _P25519:
        x = x * _ROOT % _P25519
    if (x * x - square) % _P25519 or (x == 0 and sign):
        return None
    x = _P25519 - x if x & 1 != sign else x
    return x, y, 1, x * y % _P25519


def _add(p: _Point, q: _Point) -> _Point:
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % _P25519, (p[1] + p[0]) * (q[1] + q[0]) % _P25519
    c, d = 2 * p[3] * q[3] * _D % _P25519, 2 * p[2] * q[2] % _P25519
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P25519, g * h % _P25519, f * g % _P25519, e * h % _P25519


def _times(factor: int, point: _Point) -> _Point:
    total: _Point = (0, 1, 1, 0)
    while factor:
        if factor & 1:
            total = _add(total, point)
        point = _add(point, point)
        factor >>= 1
    return total


def _equal(p: _Point, q: _Point) -> bool:
    return (p[0] * q[2] - q[0] * p[2]) % _P25519 == 0 and (p[1] * q[2] - q[1] * p[2]) % _P25519 == 0


def _small(point: _Point) -> bool:
    """Of order 1, 2, 4 or 8: such a key signs anything."""
    return _equal(_times(8, point), (0, 1, 1, 0))


def _base() -> _Point:
    point = _point((4 * pow(5, _P25519 - 2, _P25519) % _P25519).to_bytes(32, "little"))
    if point is None:
        raise AssertionError("the base point of RFC 8032 lies on the curve")
    return point


_BASE = _base()
