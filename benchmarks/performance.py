"""What does everything cost, on one page?

    python benchmarks/performance.py           # all but the largest sizes, then docs/performance.md; half an hour
    python benchmarks/performance.py large     # with 100 million actions and a million posts; hours on two cores
    python benchmarks/performance.py page      # only the page, from what was measured before

Each line is measured by `pairs.py`, `ingest.py` or `line.py` in a process of its own and kept in
benchmarks/out/performance.jsonl, the newest of each kind counts. The page says ratios first: seconds belong to a
machine, and to what else it was doing.
"""

import json
import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).resolve().parent
KEPT = HERE / "out" / "performance.jsonl"
PAGE = HERE.parent / "docs" / "performance.md"
LIBRARIES = ("numpy", "numba", "polars", "duckdb", "scipy")
SMALL = [
    *(("pairs", str(size), "60", world, "three") for size in (1_000_000, 10_000_000) for world in ("even", "life")),
    *(("pairs", str(size), "60", "even", entrant) for size in (1_000_000, 10_000_000)
      for entrant in ("local", "duckdb_bucketed")),
    ("pairs", "10000000", "60", "even", "spilled"),
    ("ingest", "300000"), ("line", "100000"),
]
LARGE = [("pairs", "100000000", "60", "even", "spilled"), ("ingest", "1000000"), ("line", "1000000", "2")]


MISSED = """## What was aimed for and is missed

- The engine was to take at most three times `numpy.sort`, which on a processor with AVX-512 sorts a key in 10 ns on one
  core: the ratio stands above. By its profile, two thirds is making events of rows. An act is 16 bytes that are written
  to its block once (12–15 ns), sorted as one key in the cache (7), and written out as columns (12–16); making keys and
  looking at what is there takes 7, new pages of memory the rest. Of counting, a third each is looking for neighbours,
  walking meetings, and sorting and counting their words.
- In these worlds time grows faster than actions, because meetings do: ten times the actions in the same 90 days are a
  hundred times the meetings of a popular object, until it has more actors inside one window than `common_property`.
- Reading was to take at most twice a copy. Of Parquet, most is making ids, times and lists one spelling; of CSV and
  JSON Lines, most is Python, a record at a time, which is what finds the place of every reject.
- Twenty placebos were to cost at most five times one search. Each copy is searched as the data are, audiences and
  window counts and all; what is the same in every copy (objects, times, lags) is counted again in each.
- Sizes that no table above shows were not run to their end.
- coordination_network_toolkit was not run here; METHOD §7 has its figures from a quiet machine."""


def measure(command: tuple[str, ...]) -> None:
    """Run one benchmark and keep its lines."""
    ran = subprocess.run([sys.executable, str(HERE / f"{command[0]}.py"), *command[1:]], stdout=subprocess.PIPE,
                         text=True, check=True)
    keep(command, ran.stdout)


def keep(command: tuple[str, ...], lines: str) -> None:
    """Lines beside the command that made them, and how busy the machine was."""
    KEPT.parent.mkdir(exist_ok=True)
    with open(KEPT, "a", encoding="utf-8") as file:
        for line in lines.splitlines():
            file.write(json.dumps({"of": command[0], "asked": command[1:], "load": round(os.getloadavg()[1], 1),
                                   **json.loads(line)}) + "\n")


def known() -> list[dict]:
    """The newest line of each kind."""
    newest = {}
    for line in KEPT.read_text(encoding="utf-8").splitlines():
        found = json.loads(line)
        newest[found["of"], *found["asked"], found.get("format", "")] = found
    return list(newest.values())


def table(head: str, rows: list[list[object]]) -> str:
    """Markdown."""
    columns = head.count("|") + 1
    cells = [" | ".join(map(str, row)) for row in rows]
    return "\n".join([f"| {head} |", "|" + " --- |" * columns, *(f"| {row} |" for row in cells)])


def engine(found: list[dict]) -> str:
    """Engine beside numpy's sort and DuckDB."""
    lines = [line for line in found if line["of"] == "pairs"]
    where = {"three": "", "spilled": " on disk"}
    rows = [[f"{int(line['asked'][0]):,}{where[line['asked'][3]]}", line["asked"][2], f"**{line['sorts']}**",
             line["cpu_s"], line["sort_cpu_s"], f"{line['seconds']} / {line['sort_s']}", f"{line['peak_mb']:,.0f}",
             f"{line['pairs']:,}"]
            for line in lines if line["asked"][3] in where]
    told = ["## Who meets whom: `engines.local`, 60 s, at least three objects", "",
            "On disk: from slices of Parquet, dealt out to shards of whole objects and counted shard by shard, so that "
            "memory is that of a slice, the largest shard, the sketch and the answer (`engines/_spill.py`).", "",
            table("actions | world | × `numpy.sort` | processor s | of `numpy.sort` | wall s of both | MiB | pairs",
                  rows)]
    rows = []
    for line in lines:
        if line["asked"][3] == "duckdb_bucketed":
            ours = [one for one in lines if one["asked"][:3] == line["asked"][:3] and one["asked"][3] == "local"]
            rows += [[f"{int(line['asked'][0]):,}", line["asked"][2], f"**{line['cpu_s'] / one['cpu_s']:.1f}**",
                      one["cpu_s"], line["cpu_s"], f"{line['seconds'] / one['seconds']:.1f}",
                      f"{one['peak_mb']:,.0f} / {line['peak_mb']:,.0f}", f"{one['pairs']:,}"]
                     for one in ours if one["digest"] == line["digest"]]
    told += ["", "### Beside DuckDB's bucketed self-join: all pairs, the same digest", "",
             table("actions | world | × faster, processor | ours s | DuckDB s | × faster, wall | MiB of both | pairs",
                   rows)]
    return "\n".join(told)


def reading(found: list[dict]) -> str:
    """Reading beside DuckDB's copy."""
    rows = []
    for line in (line for line in found if line["of"] == "ingest"):
        ours, copy = line["cotrace"], line["copy"]
        rows.append([f"{line['posts']:,}", line["format"], line["mb"], f"**{line['copies_cpu_s']}**",
                     line["copies_seconds"], f"{1e6 * ours['cpu_s'] / line['posts']:.1f}",
                     f"{1e6 * copy['cpu_s'] / line['posts']:.1f}", f"{ours['peak_mb']:,} / {copy['peak_mb']:,}"])
    return "\n".join(["## Reading posts, beside DuckDB copying the same file to Parquet", "", table(
        "posts | format | MiB | × copy, processor | × copy, wall | ours, µs a post | copy, µs a post | MiB of both",
        rows)])


def stages(found: list[dict]) -> str:
    """The line by stage."""
    told = ["## `cotrace run` by stage"]
    for line in (line for line in found if line["of"] == "line"):
        whole = line["cpu_s"]
        rows = [[name, one["cpu_s"], f"{100 * one['cpu_s'] / whole:.0f} %", one["seconds"], f"{one['peak_mb']:,.0f}"]
                for name, one in line["stages"].items()]
        told += ["", f"{line['posts']:,} posts, {line['copies']} copies of each of two placebos, "
                 f"{line['edges']:,} edges: {whole} s of processor, {line['seconds']} s of wall clock, "
                 f"{line['peak_mb']:,} MiB. `engine` and `encode` are within the other stages.", "",
                 table("stage | processor s | share | wall s | peak MiB so far", rows)]
    return "\n".join(told)


def page(found: list[dict]) -> str:
    """docs/performance.md."""
    loads = [line["load"] for line in found]
    what = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    processor = next((line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                      if line.startswith("model name")), platform.machine())
    head = f"""# What it costs

Made by `python benchmarks/performance.py`; every figure stands beside another that was measured in the same run.

Machine: {os.cpu_count()} cores of {processor}, Python {platform.python_version()}, {what}.
While this was measured, up to {max(loads):.0f} processes wanted these cores. Where that is more than
there are, wall clock says more about the neighbours than about the program, and shared caches make everything slower;
so ratios are of **processor time**, all threads added up, medians of five (of one at 100 million actions). Peak memory
is of a process of its own, for the engine without its input."""
    return "\n\n".join([head, engine(found), reading(found), stages(found), MISSED]) + "\n"


if __name__ == "__main__":
    asked = sys.argv[1] if len(sys.argv) > 1 else ""
    for one in [] if asked == "page" else SMALL + (LARGE if asked == "large" else []):
        print(*one, flush=True)
        measure(one)
    PAGE.write_text(page(known()), encoding="utf-8")
