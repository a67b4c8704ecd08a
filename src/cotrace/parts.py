"""Finds the parts of cotrace by file name: the file is the registration.

A part of kind `traces` named `same_text` is the module `cotrace.traces.same_text`; files that begin with `_` are not
parts. Whoever adds a folder to `cotrace.traces.__path__` adds its parts. Listing imports nothing; loading imports one.
A part that needs an extra names it in `NEEDS = {"zstandard": "zst"}` (module → extra) and imports it only when used.
"""

import importlib
import importlib.util
import pkgutil
from types import ModuleType

from .errors import InputError, MissingPartError

KINDS = ("readers", "traces", "engines", "sources", "attribution", "verdicts.signs", "verdicts.explanations",
         "exporters", "cli")


def names(kind: str) -> list[str]:
    """Names of all parts of a kind, sorted, without importing any."""
    package = importlib.import_module(f"cotrace.{kind}")
    return sorted(found.name for found in pkgutil.iter_modules(package.__path__) if not found.name.startswith("_"))


def load(kind: str, name: str) -> ModuleType:
    """Import one part.

    Raises:
        InputError: there is no such part; the message lists those there are.
    """
    known = names(kind)
    if name not in known:
        raise InputError(f"There is no {name!r} among the {kind}.\nThere are: {', '.join(known)}.")
    return importlib.import_module(f"cotrace.{kind}.{name}")


def missing(module: ModuleType) -> str | None:
    """The install hint of a part whose optional dependency is not there; None where all is there."""
    extras = sorted({extra for needed, extra in getattr(module, "NEEDS", {}).items()
                     if importlib.util.find_spec(needed) is None})
    return f"pip install 'cotrace[{','.join(extras)}]'" if extras else None


def require(module: ModuleType) -> ModuleType:
    """The part, or the way to install what it lacks.

    Raises:
        MissingPartError: an optional dependency is not installed.
    """
    if hint := missing(module):
        raise MissingPartError(f"{module.__name__.removeprefix('cotrace.')} needs a part that is not installed.\n"
                               f"Install it:  {hint}")
    return module
