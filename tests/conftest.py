"""What every test may lean on: where the real data are, and how many tests could read them."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as cotrace sets it, before a test imports numpy

REPO = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("COTRACE_SHARED", REPO.parent / "shared"))


@pytest.fixture
def shared() -> Path:
    """The folder of real, research-only data; a test that asks for it is marked `real`."""
    if not (SHARED / "data").is_dir():
        pytest.skip(f"no real data in {SHARED}: set COTRACE_SHARED")
    return SHARED


def pytest_collection_modifyitems(items):
    for item in items:
        if "shared" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.real)


def pytest_terminal_summary(terminalreporter):
    """The last lines say how many tests on real data ran and how many could not."""
    ran = could_not = 0
    for outcome in ("passed", "failed", "skipped"):
        for report in terminalreporter.stats.get(outcome, []):
            if "real" in report.keywords and report.when in ("call", "setup"):
                ran, could_not = (ran, could_not + 1) if outcome == "skipped" else (ran + 1, could_not)
    terminalreporter.write_line(f"real-data tests: {ran} ran, {could_not} could not (COTRACE_SHARED={SHARED})")
