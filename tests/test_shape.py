"""The house: imports point down, nouns live low, heavy libraries stay in their rooms."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parent.parent / "src" / "cotrace"

FLOORS = [  # lowest first; a file imports from lower floors and from its own package, siblings never import each other
    ["errors"],
    ["digest", "progress", "ahead"],
    ["derive"],
    ["tables", "records", "parts", "software"],
    ["statement", "page", "verify", "simulate", "plans"],
    ["readers", "normalise", "traces", "engines"],
    ["reading", "network", "clusters", "sources", "decisions", "forgetting", "images", "ondisk"],
    ["attribution", "case", "verdicts", "needs", "afar", "elsewhere"],
    ["dossier", "exporters", "why", "kept", "changes"],
    ["counted"],
    ["pipeline"],
    ["replay", "evaluate", "review", "adding"],
    ["watching"],
    ["cli"],
]
FLOOR = {name: floor for floor, names in enumerate(FLOORS) for name in names}
FACES = {"__init__", "__main__"}  # the public names of the package: they point at everything and nothing points at them

ROOMS = {  # a library that is let into these parts only, and why
    "scipy": {"network", "evaluate", "why"},  # outside the line: exact binomial intervals; the smallest set of posts
    "statsmodels": set(), "graspologic_native": {"clusters"}, "numba": {"engines", "network", "readers", "traces"},
    "cryptography": {"statement"}, "jinja2": {"page"}, "typer": {"cli"}, "rich": {"cli"}, "duckdb": set(),
    "PIL": {"images"}, "socket": set(), "urllib.request": set(), "http": set(), "requests": set(), "pickle": set(),
    "pyspark": {"engines"}, "py4j": {"engines"},  # beyond one machine, and beyond no other part
}
VERIFY_MAY = {"errors", "digest", "derive"}


def modules():
    return sorted(path for path in SOURCE.rglob("*.py"))


def part_of(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imported(path: Path):
    """(part of cotrace or None, full name of a foreign module or None) of each import anywhere in a file."""
    inside = path.relative_to(SOURCE).parts
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield (name.name.split(".")[1] if name.name.startswith("cotrace.") else None, name.name)
        elif isinstance(node, ast.ImportFrom):
            if node.level == 0:
                yield ((node.module or "").split(".")[1] if (node.module or "").startswith("cotrace.") else None,
                       node.module or "")
                if node.module == "cotrace":
                    yield from ((name.name, "cotrace") for name in node.names)
                continue
            above = inside[: len(inside) - node.level]
            full = [*above, *(node.module.split(".") if node.module else [])]
            if full:
                yield full[0], "cotrace"
            else:
                yield from ((name.name, "cotrace") for name in node.names)


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(SOURCE)))
def test_imports_point_down(path):
    mine = part_of(path)
    if mine in FACES:
        return

    for part, _ in imported(path):
        if part in FLOOR and part != mine:
            assert FLOOR[part] < FLOOR[mine], f"{mine} (floor {FLOOR[mine]}) imports {part} (floor {FLOOR[part]})"


def test_every_part_has_a_floor():
    assert {part_of(path) for path in modules()} - FACES <= set(FLOOR)


@pytest.mark.parametrize("library", ROOMS)
def test_a_library_stays_in_its_room(library):
    found = {part_of(path) for path in modules()
             for _, name in imported(path) if name == library or name.startswith(library + ".")}

    assert found <= ROOMS[library]


def test_verify_rests_on_the_standard_library_and_three_files():
    for path in (path for path in modules() if part_of(path) in VERIFY_MAY | {"verify"}):
        may = VERIFY_MAY | {part_of(path)}
        for part, name in imported(path):
            assert part in may or name.split(".")[0] in sys.stdlib_module_names, f"{path.name} imports {name}"


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(SOURCE)))
def test_a_module_says_what_it_is_for_and_its_functions_fit_on_a_screen(path):
    tree = ast.parse(path.read_text("utf-8"))

    assert ast.get_docstring(tree), "a module opens by saying what it is for"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            said = ast.get_docstring(node, clean=False)
            lines = node.end_lineno - node.lineno + 1 - (said.count("\n") + 1 if said else 0)
            assert lines <= 60, f"{node.name} has {lines} lines: look for the noun it is missing"


def test_help_imports_nothing_heavy():
    heavy = ("polars", "numba", "numpy", "scipy", "jinja2", "cryptography")
    code = f"import sys, cotrace.cli; cotrace.cli._app(); print([m for m in {heavy!r} if m in sys.modules])"

    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert said.stdout.strip() == "[]"


def test_the_floors_hold_something_up(tmp_path):
    """The test above can fail: an import that points up is seen."""
    bad = SOURCE / "errors.py"
    tree = ast.parse(bad.read_text("utf-8") + "\nfrom . import pipeline\n")

    assert any(isinstance(node, ast.ImportFrom) for node in ast.walk(tree))
    assert FLOOR["pipeline"] > FLOOR["errors"]
