"""cotrace: find accounts that act together, link them to published sources, and prove every sentence of it.

The library is the twin of the command line; it takes paths or Arrow, Polars or pandas tables and gives tables:

    reading = cotrace.read("posts.csv", zone="UTC")
    found = cotrace.run("posts.csv", registries=["sources.csv"], case="posts.case")
    found.edges, found.members
    cotrace.verify("posts.case/dossier.zip")
"""

import importlib
import os
import sys
import types

# The linear algebra here is many small steps: a second thread spends its time waiting (a search of 100,000 posts takes
# 1.8 s of processor with one, 3.0 s with two), and sums made by another number of threads may differ in a digit. It is
# heeded only if numpy was not imported before.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

_PUBLIC = {  # name → the file that holds it; imported when first asked for, so that `import cotrace` is light
    "read": "reading", "inspect": "reading",
    "run": "pipeline", "Run": "pipeline", "add": "adding",
    "Plan": "records", "Findings": "records", "Cluster": "records", "Link": "records", "Reading": "records",
    "verify": "verify",
    "replay": "replay",
    "evaluate": "evaluate",
    "CotraceError": "errors", "InputError": "errors", "MissingPartError": "errors", "VerificationError": "errors",
}
__all__ = sorted(_PUBLIC)


def __getattr__(name: str) -> object:
    if name not in _PUBLIC:
        raise AttributeError(f"cotrace has no public name {name!r}; it has {', '.join(__all__)}")
    module = importlib.import_module(f"cotrace.{_PUBLIC[name]}")
    return module if _PUBLIC[name] == name else getattr(module, name)


class _Verb(types.ModuleType):
    """A file named after its one verb: `cotrace.verify` is the file, and calling it calls the verb."""

    def __call__(self, *args: object, **options: object) -> object:
        return getattr(self, self.__name__.rpartition(".")[2])(*args, **options)


class _Package(types.ModuleType):
    """Python sets each imported file on its package; a file that shares its name with a verb can be called."""

    def __setattr__(self, name: str, value: object) -> None:
        if isinstance(value, types.ModuleType) and _PUBLIC.get(name) == name:
            value.__class__ = _Verb
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __dir__() -> list[str]:
    return __all__
