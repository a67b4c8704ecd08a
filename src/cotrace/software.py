"""Which software computes: part of the name of every answer, so that a changed program never repeats an old one."""

import functools
import sys
from importlib.metadata import version
from pathlib import Path

from . import digest

DECIDING = ("graspologic-native", "numba", "numpy", "polars", "scipy")  # libraries whose version could move a figure


@functools.cache
def software() -> tuple[tuple[str, str], ...]:
    """(name, version), sorted; `cotrace code` is the digest of our own source files, path and bytes."""
    folder = Path(__file__).parent
    code = digest.digest([[path.relative_to(folder).as_posix(), digest.sha256_file(path)]
                          for path in sorted(folder.rglob("*.py"))])
    return (("cotrace", version("cotrace")), ("cotrace code", f"sha256:{code}"),
            *((name, version(name)) for name in DECIDING),
            ("python", f"{sys.version_info.major}.{sys.version_info.minor}"))
