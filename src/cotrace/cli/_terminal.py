"""What commands say, and where: results to stdout, words and progress to stderr.

Everything that comes out of posts is hostile here: control characters and direction marks are made visible
before they reach a terminal.
"""

import contextlib
import json
import os
import re
import shlex
import shutil
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..progress import Progress, quiet

CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
PATIENCE_S = 2  # a step that ends sooner needs no progress line


@dataclass
class State:
    """The switches of this call."""

    json: bool = False
    quiet: bool = False
    verbose: bool = False

    def reset(self) -> None:
        self.json = self.quiet = self.verbose = False


STATE = State()


class Fails(Exception):
    """Leave with exit code 1."""


@contextlib.contextmanager
def listening() -> Iterator[None]:
    """Output in UTF-8 whatever the locale says, as the texts of posts need; where there is none (>&-), nowhere."""
    with contextlib.ExitStack() as nowhere:
        for name in ("stdout", "stderr"):
            if getattr(sys, name) is None:
                setattr(sys, name, nowhere.enter_context(open(os.devnull, "w", encoding="utf-8")))
                nowhere.callback(setattr, sys, name, None)
        _in_utf_8()
        yield


def _in_utf_8() -> None:
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def clean(text: object) -> str:
    """Text that cannot steer a terminal: control characters and direction marks as visible codes."""
    return CONTROL.sub(lambda found: f"\\u{ord(found.group()):04x}", str(text))


def as_json(value: object, indent: int | None = None) -> str:
    """JSON that cannot steer a terminal either: what `clean` writes is how JSON spells the same character."""
    return clean(json.dumps(value, ensure_ascii=False, default=str, indent=indent))


def say(words: str) -> None:
    """Words for a person, on stderr, unless -q."""
    if not STATE.quiet:
        print(clean(words), file=sys.stderr)  # noqa: T201


def fault(words: str) -> None:
    """What went wrong, on stderr, always."""
    _erase()
    print(clean(words), file=sys.stderr)  # noqa: T201


def result(value: object, *, title: str | None = None) -> None:
    """A result on stdout: text, a mapping, or rows (list of mappings, or a polars frame); JSON where asked.

    With --json a command prints one JSON value, so it calls this once.
    """
    rows = value.to_dicts() if hasattr(value, "to_dicts") else value
    if STATE.json:
        print(as_json(rows, indent=2))  # noqa: T201
    elif isinstance(rows, str):
        print(clean(rows))  # noqa: T201
    elif isinstance(rows, Mapping):
        _table([{"": key, " ": shown} for key, shown in rows.items()], title, header=False)
    elif isinstance(rows, Iterable):
        _table(list(rows), title, header=True)


def _table(rows: list[Mapping], title: str | None, *, header: bool) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    console = Console(width=None if sys.stdout.isatty() else 200, highlight=False, markup=False, emoji=False,
                      color_system=None if os.environ.get("NO_COLOR") else "auto")
    table = Table(title=title, box=box.SIMPLE, show_header=header, title_justify="left", pad_edge=False)
    for column in rows[0] if rows else ["nothing"]:
        numeric = bool(rows) and all(isinstance(row[column], int | float) for row in rows)
        table.add_column(clean(column), justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_cell(shown) for shown in row.values()))
    console.print(table)


def _cell(shown: object) -> str:
    if shown is None:
        return "–"
    if isinstance(shown, float):
        return f"{shown:.4g}"
    return clean(shown)


_drawn = False


def _erase() -> None:
    global _drawn
    if _drawn:
        sys.stderr.write("\r\x1b[2K")
        _drawn = False


def progress() -> Progress:
    """A listener that draws one line with an estimate, where somebody watches."""
    if STATE.quiet or not sys.stderr.isatty():
        return quiet
    began: dict[str, float] = {}

    def draw(step: str, done: int, total: int) -> None:
        global _drawn
        now = time.monotonic()
        spent = now - began.setdefault(step, now)
        if spent < PATIENCE_S:
            return
        _erase()
        if done >= total:
            return
        left = f", about {spent / done * (total - done):.0f} s left" if done else ""
        sys.stderr.write(f"{clean(step)}: {done:,} of {total:,}{left}"[:120])
        sys.stderr.flush()
        _drawn = True

    return draw


def program() -> str:
    """How this shell calls us: by name where it finds us, else by the path beside this Python."""
    beside = Path(sys.executable).with_name("cotrace")
    if shutil.which("cotrace") or not beside.exists():
        return "cotrace"
    return shlex.quote(os.path.relpath(beside) if beside.is_relative_to(Path.cwd()) else str(beside))
