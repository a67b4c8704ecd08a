"""What does everything cost, on one page? `make bench` is this.

    python benchmarks/performance.py           # all but the largest sizes, then docs/performance.md; half an hour
    python benchmarks/performance.py large     # with 100 million actions and ten million posts; hours on two cores
    python benchmarks/performance.py page      # only the page, from what was measured before
    PEERS=/venv/bin/python ...                 # the Python with coordination_network_toolkit, datasketch and rensa

    python benchmarks/performance.py images days  # only what these two files measure, and then the page

Each line is measured by `pairs.py`, `null.py`, `ingest.py`, `similar.py`, `images.py`, `days.py`, `toolkit.py` or
`line.py` in a process of its own and kept in benchmarks/out/performance.jsonl, the newest of each kind counts. What
fails leaves its line out and says so. The page says ratios first: seconds belong to a machine, and to what else it was
doing. docs/cluster.md is `cluster.py`'s, which `make bench` calls as well.
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
PEERS = os.environ.get("PEERS", sys.executable)
METHODS = ("cotrace", "datasketch", "rensa", "toolkit")
PICTURES = ("cotrace", "multihash", "flat")
SMALL = [
    *(("pairs", str(size), "60", world, "three") for size in (1_000_000, 10_000_000)
      for world in ("even", "life", "months")), ("pairs", "10000000", "60", "months", "spilled"),
    *(("pairs", "1000000", "60", "even", entrant) for entrant in ("local", "duckdb_bucketed")),
    ("null", "300000"), ("null", "1000000"), ("ingest", "300000"), ("toolkit", "100000"),
    *(("similar", method, "20000") for method in METHODS), ("similar", "cotrace", "100000"),
    *(("images", method, "100000") for method in PICTURES), ("days", "add", "50000"), ("days", "add", "250000"),
    ("line", "100000", "2"), ("line", "1000000", "1"),
]
LARGE = [("pairs", "100000000", "60", "months", "three"),
         *(("pairs", "100000000", "60", world, "spilled") for world in ("months", "even")),
         ("null", "10000000"), ("ingest", "10000000"),
         ("similar", "cotrace", "1000000"), *(("images", method, "1000000") for method in PICTURES),
         ("days", "add", "1000000"), ("line", "10000000", "10")]
MISSED = """## What was aimed for, and is not shown above

- The engine was to take at most three times `numpy.sort`, which on a processor with AVX-512 sorts a key in 10 ns on one
  core: the ratio stands above. By its profile on ten million actions (`even`, beside other
  programs), in sorts: making events of rows 3.5, of
  which 0.6 are the sort itself and most of the rest is reading 20 bytes of each action twice and writing them twice;
  finding who is near whom 0.4; walking eleven million meetings 1.2 and sifting them 0.6; counting and names 0.3. Below
  three it would have to hold actions in fewer bytes than `Events` does.
- `cotrace run` on ten million posts in ten minutes and 8 GiB, with twenty copies (ten of each), is met by the table
  above, measured once. Two copies are searched at once where a quarter of the machine's memory has room for the second
  (23 GiB here), which is where the peak lies; with `--memory` there is a second one only where it fits.
- A run does not count through shards on disk (`engines/_spill.py`), and does not need to: posts and actions lie in the
  case, and what an engine holds of an action is 24 bytes, a tenth of what the run takes then; names of actors, objects
  and posts, and the first acts that chance is tested on, are more. Where `--memory` is less than a run needs it is
  refused before it begins, and pairs counted through shards would not change that. A hundred million actions are
  counted through them above with 1.8 GiB resident of the 12 that were allowed.
- From a million to ten million to a hundred million actions time was to grow at most 1.3 × linearly: the table above
  says what it does where the world grows (`months`): 1.0 × up to ten million, 1.8 × to a hundred million in memory
  (1.4 through shards), where neither acts nor names fit into any cache. In `even` the same 90 days and a tenth as many
  objects for each action hold ten times the acts on each, so there the meetings grow with the square, and the time
  with them.
- The null was to take at most three times the engine's own time. Two thirds of it tell audiences: both cores multiply a
  sparse table with 36 vectors, and where posts are few to the last digit. On ten million actions of this world 34,000
  pairs are candidates, not the million of the goal: the more candidates, the more of the time is the engine's.
- Reading was to take at most twice a copy: the table above; both cores work, so wall clock is no better. Of ten million
  posts of Parquet, in processor time of DuckDB's copy: cleaning them .8, writing what is kept .6 (a copy writes as
  well), and because they do not all lie in memory and are put in the order of time, sorting them twice and a round trip
  through packed runs 1.2. From CSV and JSONL, taking records apart comes to it. 2 GiB of the 4 allowed are used.
- Of a copy, what is left is counting its windows, testing its pairs and the rule of others on it: these depend on who
  did what. What does not (objects, times, cells, audiences, codes) is counted once."""


def measure(command: tuple[str, ...]) -> None:
    """Run one benchmark and keep its lines; one that fails is told, and leaves the others be."""
    theirs = command[0] == "similar" and command[1] in METHODS[1:]
    ran = subprocess.run([PEERS if theirs else sys.executable, str(HERE / f"{command[0]}.py"), *command[1:]],
                         capture_output=True, text=True)
    if ran.returncode:
        why = ran.stderr.strip().splitlines() or [f"ended by signal {-ran.returncode}"]
        print(f"{' '.join(command)} could not run: {why[-1]}", file=sys.stderr)
    else:
        keep(command, ran.stdout)


def keep(command: tuple[str, ...], lines: str) -> None:
    """Lines beside the command that made them, and how busy the machine was."""
    KEPT.parent.mkdir(exist_ok=True)
    with open(KEPT, "a", encoding="utf-8") as file:
        for line in lines.splitlines():
            if not line.startswith("{"):
                continue
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
    rows = [[f"{int(line['asked'][0]):,}", line["asked"][2] + (", spilled" if line["asked"][3] == "spilled" else ""),
             f"**{line.get('sorts', '–')}**", line["cpu_s"], line.get("sort_cpu_s", "–"),
             f"{line['seconds']} / {line.get('sort_s', '–')}", f"{line['peak_mb']:,.0f}", f"{line['pairs']:,}"]
            for line in lines if line["asked"][3] in ("three", "spilled")]
    told = ["## Who meets whom: `engines.local`, 60 s, at least three objects", "",
            table("actions | world | × `numpy.sort` | processor s | of `numpy.sort` | wall s of both | MiB | pairs",
                  rows)]
    told += ["", growing(lines)]
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


def growing(lines: list[dict]) -> str:
    """What ten times the actions cost, where a world grows and where it gets denser too."""
    rows = []
    for world, how in (("months", "three"), ("months", "spilled"), ("even", "three"), ("even", "spilled")):
        sizes = {int(line["asked"][0]): line for line in lines if line["asked"][2:4] == [world, how]}
        mine = [sizes[size] for size in sorted(sizes)]
        for less, line in zip([None, *mine], mine, strict=False):
            actions = int(line["asked"][0])
            more = (line["cpu_s"] / less["cpu_s"] / (actions / int(less["asked"][0])) if less else None)
            rows.append([f"{world}, {how}" if how == "spilled" else world, f"{actions:,}", line["cpu_s"],
                         f"{1e9 * line['cpu_s'] / actions:.0f}", f"**{more:.2f}**" if more else "–",
                         f"{line['pairs']:,}", f"{line['meetings']:,}"])
    return "\n".join(["### As the world grows", "", "At most 1.3 × linear is aimed for. In `months` ten times the "
                      "actions are ten times the months, as where a collection goes on; `even` is ten times as dense, "
                      "and its pairs meet a hundred times as often. Meetings are those of the pairs that are found.",
                      "", table("world | actions | processor s | ns an action | × linear | pairs | meetings", rows)])


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


def chance(found: list[dict]) -> str:
    """The null beside the engine, and copies beside a search."""
    rows = [[f"{line['actions']:,}", f"{line['candidates']:,}", f"**{line['null']}**", line["engine_cpu_s"],
             line["search_cpu_s"], f"**{line['twenty']}**", line["copy_cpu_s"], f"{line['peak_mb']:,}"]
            for line in found if line["of"] == "null"]
    return "\n".join(["## What chance explains: beside the engine's own time; and twenty copies beside one search", "",
                      "Windows of 60 and 1,800 s; aimed for are 3 and 5.", "", table(
        "actions | candidate pairs | null, × engine | engine, processor s | search, processor s "
        "| 20 copies, × search | a copy, processor s | MiB", rows)])


def toolkit(found: list[dict]) -> str:
    """"Reposted the same within a minute, twice", beside the toolkit."""
    rows = [[f"{line['posts']:,}", f"**{line['faster']['cpu_s']}**" if line["toolkit"] else "not installed",
             line["cotrace"]["cpu_s"], *([line["toolkit"]["cpu_s"], line["faster"]["seconds"],
             f"{line['cotrace']['peak_mb']:,} / {line['toolkit']['peak_mb']:,}"] if line["toolkit"] else ["–"] * 3)]
            for line in found if line["of"] == "toolkit"]
    return "\n".join(["## The same rule in coordination_network_toolkit: the same repost within 60 s, twice", "", table(
        "posts | × faster, processor | ours s | toolkit s | × faster, wall | MiB of both", rows)] + (
        [] if rows else ["", "Not measured: coordination_network_toolkit is not installed (see the head of "
                             "`benchmarks/performance.py`)."]))


def alike(found: list[dict]) -> str:
    """Nearly the same texts, beside those who search for them."""
    lines = [line for line in found if line["of"] == "similar"]
    ours = {line["texts"]: line for line in lines if line["method"] == "cotrace"}
    rows = []
    for line in sorted(lines, key=lambda line: line["texts"]):
        mine, outside = ours.get(line["texts"], line), line["method"] == "toolkit"  # its workers are not counted
        rows.append([f"{line['texts']:,}", line["method"],
                     "–" if outside else f"**{line['cpu_seconds'] / max(mine['cpu_seconds'], 0.01):.1f}**",
                     f"{line['seconds'] / max(mine['seconds'], 0.01):.1f}", "–" if outside else line["cpu_seconds"],
                     line["seconds"], "–" if outside else f"{line['peak_mib']:,}"])
    return "\n".join(["## Nearly the same texts: `similar_text` beside datasketch, rensa and the toolkit", "",
                      "The toolkit works in other processes, whose processor time is not known here.", "", table(
        "texts | method | × ours, processor | × ours, wall | processor s | wall s | MiB", rows)] + (
        [] if any(line["method"] != "cotrace" for line in lines) else
        ["", "datasketch, rensa and coordination_network_toolkit are not installed here."]))


def pictures(found: list[dict]) -> str:
    """Hashes of pictures that are nearly the same, beside faiss."""
    lines = sorted((line for line in found if line["of"] == "images"), key=lambda line: line["hashes"])
    ours = {line["hashes"]: line for line in lines if line["method"] == "cotrace"}
    rows = []
    for line in lines:
        mine = ours.get(line["hashes"], line)
        rows.append([f"{line['hashes']:,}", line["method"],
                     f"**{line['cpu_seconds'] / max(mine['cpu_seconds'], 0.1):.1f}**", line["cpu_seconds"],
                     line["seconds"], f"{line['peak_mib']:,}", f"`{line['digest']}`" if "digest" in line else "–"])
    return "\n".join(["## Nearly the same pictures: `similar_image` beside faiss's binary indexes", "",
                      "Every hash with its nearest exemplar, at most 31 of 256 bits away. `multihash` is exact by the",
                      "same pigeonhole; `flat`, and `multihash` of a million, look up 2,000 hashes, times their",
                      "number. Equal digests are equal answers.", "", table(
        "hashes | method | × ours, processor | processor s | wall s | MiB | digest", rows)] + (
        [] if any(line["method"] != "cotrace" for line in lines) else ["", "faiss is not installed here."]))


def days(found: list[dict]) -> str:
    """One hundredth more posts, beside a look at everything."""
    rows = [[f"{line['posts']:,}", f"**{100 * line['share']:.1f} %**", line["last_1"]["counting"],
             line["first_99"]["all"], line["last_1"]["anew"]]
            for line in sorted((line for line in found if line["of"] == "days"), key=lambda line: line["posts"])]
    return "\n".join(["## 1 % more posts: `cotrace add`, beside a run on the other 99 %", "",
                      "All traces, one copy of each placebo, processor s. Aimed for is 5 %. What is looked at anew",
                      "(chance, placebos, texts, the dossier) costs the same in a run and stands apart.", "", table(
        "posts | what is new, of a run | what is new, s | a run on 99 %, s | done anew, s", rows)])


def stages(found: list[dict]) -> str:
    """The line by stage."""
    told = ["## `cotrace run` by stage", "", "Parquet, five traces, windows of 60 and 1,800 s, placebos, plantings, "
            "dossier. `engine` and `encode` are within the other stages."]
    newest = {line["posts"]: line for line in found if line["of"] == "line"}  # whatever copies were asked for
    for line in newest.values():
        whole, spent = line["cpu_s"], line["stages"]["placebos"]["cpu_s"]
        rows = [[name, one["cpu_s"], f"{100 * one['cpu_s'] / whole:.0f} %", one["seconds"], f"{one['peak_mb']:,.0f}"]
                for name, one in line["stages"].items()]
        rest, each = whole - spent, spent / (2 * line["copies"])
        told += ["", f"{line['posts']:,} posts, {line['copies']} copies of each of two placebos, "
                 f"{line['edges']:,} edges: {whole} s of processor, {line['seconds']} s of wall clock, "
                 f"{line['peak_mb']:,} MiB. Twenty copies cost **{20 * each / rest:.1f}** × all the rest: with them it "
                 f"is {rest + 20 * each:,.0f} s of processor, with twenty of each {rest + 40 * each:,.0f}.", "",
                 table("stage | processor s | share | wall s | peak MiB so far", rows)]
    return "\n".join(told)


def page(found: list[dict]) -> str:
    """docs/performance.md."""
    loads = [line["load"] for line in found]
    what = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    processor = next((line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                      if line.startswith("model name")), platform.machine())
    head = f"""# What it costs

Made by `make bench`; every figure stands beside another that was measured in the same run.

Machine: {os.cpu_count()} cores of {processor}, Python {platform.python_version()}, {what}.
While this was measured, up to {max(loads):.0f} processes wanted these cores. Where that is more than
there are, wall clock says more about the neighbours than about the program, and shared caches make everything slower;
so ratios are of **processor time**, all threads added up. Pairs, chance and reading are medians of five up to ten
million actions, a million in `null` and half a million posts; chance above that, runs by stage, texts, pictures,
added posts and the toolkit were measured once. Peak memory is of a process of its own, for the engine without its
input."""
    return "\n\n".join([head, engine(found), chance(found), reading(found), alike(found), pictures(found),
                        toolkit(found), days(found), stages(found), MISSED]) + "\n"


if __name__ == "__main__":
    asked = set(sys.argv[1:])
    chosen = [] if "page" in asked else SMALL + (LARGE if "large" in asked else [])
    for one in [one for one in chosen if one[0] in asked or not asked - {"large"}]:
        print(*one, flush=True)
        measure(one)
    PAGE.write_text(page(known()), encoding="utf-8")
