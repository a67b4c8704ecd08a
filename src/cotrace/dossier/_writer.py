"""How a sentence is put down: its type, its template, where its numbers come from, and the evidence that it names.

It sees nothing but the evidence tables, and refuses what `derive.check` would refuse.
"""

from collections.abc import Mapping

from .. import derive
from ..derive import Tables

Derivation = dict[str, object]


def count(of: str, **where: str | list[str]) -> Derivation:
    return _from(of, "count", "integer", where)


def total(of: str, column: str, how: str = "integer", **where: str | list[str]) -> Derivation:
    return _from(of, f"sum:{column}", how, where)


def distinct(of: str, column: str, **where: str | list[str]) -> Derivation:
    return _from(of, f"distinct:{column}", "integer", where)


def tuples(of: str, columns: str, **where: str | list[str]) -> Derivation:
    return _from(of, f"tuples:{columns}", "integer", where)


def one(of: str, column: str, how: str = "text", **where: str | list[str]) -> Derivation:
    return _from(of, f"cell:{column}", how, where)


def every(of: str, column: str, **where: str | list[str]) -> Derivation:
    return _from(of, f"values:{column}", "list", where)


def end(of: str, which: str, column: str, how: str, **where: str | list[str]) -> Derivation:
    return _from(of, f"{which}:{column}", how, where)


def _from(of: str, take: str, how: str, where: Mapping) -> Derivation:
    return {"of": of, **({"where": dict(where)} if where else {}), "take": take, "as": how}


def divide(above: Derivation, below: Derivation, how: str) -> Derivation:
    return {"calc": "divide", "with": [above, below], "as": how}


def constant(name: str) -> Derivation:
    return {"constant": name, "as": "text"}


class Writer:
    """Collects the sentences of each section."""

    def __init__(self, tables: Tables):
        self.tables = tables
        self.sections: list[dict] = []

    def section(self, name: str, title: str) -> None:
        self.sections.append({"id": name, "title": title, "sentences": []})

    def say(self, kind: str, text: str, /, *evidence: str | tuple[str, dict], **numbers: Derivation) -> None:
        """One sentence of the section begun last."""
        here = self.sections[-1]
        name = f"{here['id']}.{len(here['sentences']) + 1}"
        ids = [(given, None) if isinstance(given, str) else given for given in evidence]
        here["sentences"].append(derive.sentence(name, kind, text, numbers, ids, self.tables))

    def run(self, key: str) -> str:
        return self.tables.cell("run", "value", {"key": key})

    def accepted(self) -> Derivation:
        """The share of false pairs that the plan accepts; of a look, so small that it needs its digits."""
        return one("plan", "value", "percent:7" if self.some("plan", key="look") else "percent:1", key="alpha")

    def ids(self, of: str, column: str) -> list[str]:
        """Distinct values of a column, sorted."""
        return sorted(set(self.tables.cells(of, column)))

    def some(self, of: str, **where: str | list[str]) -> bool:
        return bool(self.tables.where(of, where))
