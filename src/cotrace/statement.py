"""The statement and its signature: canonical bytes in, canonical bytes out.

Signing is the one thing here that needs a library (`cryptography`, extra `sign`); it is imported when a key is used.
Verifying a signature is in `verify/` and needs none. Keys are PEM as OpenSSL writes them, so that
`openssl pkeyutl -verify -rawin` can check `manifest.json` without us.
"""

import base64
import binascii
import importlib.util
from collections.abc import Mapping

from . import digest
from .errors import InputError, MissingPartError

NEEDS = {"cryptography": "sign"}

FORMAT = "cotrace dossier 1"
_PRIVATE = bytes.fromhex("302e020100300506032b657004220420")  # PKCS#8 of an Ed25519 key up to its 32 bytes (RFC 8410)
_PUBLIC = bytes.fromhex("302a300506032b6570032100")           # SubjectPublicKeyInfo, likewise


def to_bytes(statement: Mapping) -> bytes:
    """The only accepted spelling of a statement."""
    return digest.canonical(statement)


def manifest(files: Mapping[str, bytes], root: str) -> bytes:
    """Size and digest of every file, and one root over the evidence: what a signature is made over.

    Args:
        files: everything in the archive except manifest and signature.
        root: Merkle root over the evidence.
    """
    listed = {name: {"bytes": len(content), "sha256": digest.sha256(content)} for name, content in files.items()}
    return digest.canonical({"format": FORMAT, "files": listed, "evidence_root": root})


def sign(message: bytes, private: bytes) -> bytes:
    """`signature.json`: an Ed25519 signature over these bytes, with the public key.

    Args:
        private: a private key in PEM (PKCS#8).

    Raises:
        InputError: this is not a private Ed25519 key.
        MissingPartError: `cryptography` is not installed.
    """
    key = _cryptography().Ed25519PrivateKey.from_private_bytes(_seed(private))
    public = key.public_key().public_bytes_raw()
    return digest.canonical({"algorithm": "Ed25519", "over": "manifest.json", "public_key": public.hex(),
                             "signature": key.sign(message).hex()})


def new_key() -> tuple[bytes, bytes]:
    """A new key pair, (private, public), both PEM.

    Raises:
        MissingPartError: `cryptography` is not installed.
    """
    key = _cryptography().Ed25519PrivateKey.generate()
    return (_pem("PRIVATE KEY", _PRIVATE + key.private_bytes_raw()),
            _pem("PUBLIC KEY", _PUBLIC + key.public_key().public_bytes_raw()))


def _pem(label: str, der: bytes) -> bytes:
    return f"-----BEGIN {label}-----\n{base64.b64encode(der).decode()}\n-----END {label}-----\n".encode()


def _seed(private: bytes) -> bytes:
    lines = [line.strip() for line in private.strip().splitlines()]
    if lines and (lines[0], lines[-1]) == (b"-----BEGIN PRIVATE KEY-----", b"-----END PRIVATE KEY-----"):
        try:
            der = base64.b64decode(b"".join(lines[1:-1]), validate=True)
        except binascii.Error:
            der = b""
        if der.startswith(_PRIVATE) and len(der) == len(_PRIVATE) + 32:
            return der[len(_PRIVATE) :]
    raise InputError("This is not a private Ed25519 key in PEM.\nMake one with  cotrace key new FILE  (it also writes "
                     "FILE.pub, which is the one to publish).")


def _cryptography():
    if importlib.util.find_spec("cryptography") is None:
        raise MissingPartError("Keys and signatures need a part that is not installed.\n"
                               "Install it:  pip install 'cotrace[sign]'")
    from cryptography.hazmat.primitives.asymmetric import ed25519

    return ed25519
