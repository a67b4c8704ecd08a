"""`cotrace parts`: what this installation can do, and what it lacks."""

from .. import parts as registry
from . import _terminal as terminal


def parts() -> None:
    """List all parts, and what is disabled with its install hint."""
    from .. import statement
    from ..readers import _packed

    rows = []
    for kind in registry.KINDS:
        for name in registry.names(kind):
            module = registry.load(kind, name)
            hint = registry.missing(module)
            said = (module.__doc__ or "").strip().split("\n")[0]
            rows.append({"kind": "command" if kind == "cli" else kind, "name": name,
                         "state": f"disabled: {hint}" if hint else "ready", "what": said})
    for name, module in (("signatures", statement), ("packed with zstandard", _packed)):  # inside parts that do without
        hint = registry.missing(module)
        rows.append({"kind": "extra", "name": name, "state": f"disabled: {hint}" if hint else "ready",
                     "what": (module.__doc__ or "").strip().split("\n")[0]})
    terminal.result(rows)
