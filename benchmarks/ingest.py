"""What does it cost to read posts, beside copying the same file?

    python benchmarks/ingest.py                        # 300,000 posts as CSV, JSONL, JSONL.zst and Parquet
    python benchmarks/ingest.py 1000000                # so many posts
    python benchmarks/ingest.py 1000000 FILE cotrace   # one file, one entrant (or copy), in this process

`cotrace` is `cotrace.read`: every record placed, ids and times made one spelling, rejects counted, digests taken, one
table of posts in memory. `copy` is DuckDB reading the same file into Parquet, all columns as text: it checks nothing
and makes nothing one spelling, so the ratio is what reading posts costs beyond reading. Median of five (of three beyond
500,000 posts), in turns; `cpu_s` is the processor time of all threads. Each entrant runs in a process of its own.
`digest` is that of the posts read: the same for every format.
"""

import hashlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import polars as pl

sys.path.insert(0, str(Path(__file__).parent))
import _posts
from pairs import _memory_mb

FORMATS = ("csv", "jsonl", "jsonl.zst", "parquet")
ENTRANTS = ("cotrace", "copy")
MANY = 500_000
KEPT = ("post", "account", "at", "kind", "of", "text", "links", "tags")


def write(count: int, folder: Path) -> None:
    """The same posts in every format."""
    import zstandard

    frame = _posts.posts(count)
    frame.write_csv(folder / "posts.csv")
    frame.write_parquet(folder / "posts.parquet")
    frame.write_ndjson(folder / "posts.jsonl")
    with open(folder / "posts.jsonl", "rb") as plain, open(folder / "posts.jsonl.zst", "wb") as packed:
        zstandard.ZstdCompressor().copy_stream(plain, packed)


def cotrace(file: Path, times: int) -> dict:
    """Seconds of `cotrace.read`, and what it read."""
    from cotrace import reading

    few = file.with_name(f"few.{file.name.partition('.')[2]}")
    if not few.exists() and file.suffix == ".parquet":
        pl.read_parquet(file).head(1000).write_parquet(few)
        reading.read([few])
    spent = []
    for _ in range(times):
        began, used = time.perf_counter(), time.process_time()
        posts = reading.read([file]).posts
        spent.append((time.perf_counter() - began, time.process_time() - used))
    text = posts.select(KEPT).sort("post").write_ndjson().encode()
    return {**_median(spent), "posts": posts.height, "digest": hashlib.sha256(text).hexdigest()[:16]}


def copy(file: Path, times: int) -> dict:
    """Seconds of DuckDB's copy to Parquet."""
    import duckdb

    how = {"csv": f"read_csv('{file}', all_varchar = true)", "parquet": f"'{file}'"}.get(
        file.suffix[1:], f"read_json('{file}', format = 'newline_delimited')")
    spent = []
    for _ in range(times):
        began, used = time.perf_counter(), time.process_time()
        duckdb.sql(f"COPY (SELECT * FROM {how}) TO '{file}.copy' (FORMAT parquet)")
        spent.append((time.perf_counter() - began, time.process_time() - used))
    return _median(spent)


def _median(spent: list[tuple[float, float]]) -> dict:
    seconds, cpu = (statistics.median(column) for column in zip(*spent, strict=True))
    return {"seconds": round(seconds, 3), "cpu_s": round(cpu, 3), "peak_mb": round(_memory_mb("VmHWM"))}


def one(file: Path, entrant: str, count: int) -> dict:
    """One line: what one entrant takes for one file."""
    return {"cotrace": cotrace, "copy": copy}[entrant](file, 3 if count > MANY else 5)


def compare(count: int) -> list[dict]:
    """All formats and entrants, each in a process of its own."""
    told = []
    with tempfile.TemporaryDirectory() as folder:
        write(count, Path(folder))
        for kind in FORMATS:
            file = Path(folder) / f"posts.{kind}"
            lines = [json.loads(subprocess.run([sys.executable, __file__, str(count), str(file), entrant],
                                               stdout=subprocess.PIPE, text=True, check=True).stdout)
                     for entrant in ENTRANTS]
            told.append({"posts": count, "format": kind, "mb": round(file.stat().st_size / 2**20, 1),
                         **dict(zip(ENTRANTS, lines, strict=True)),
                         **{f"copies_{figure}": round(lines[0][figure] / lines[1][figure], 1)
                            for figure in ("seconds", "cpu_s")}})
    if len({line["cotrace"]["digest"] for line in told}) != 1:
        raise SystemExit("The formats were read differently: nothing is compared.")
    return told


if __name__ == "__main__":
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 300_000
    if len(sys.argv) > 3:
        print(json.dumps(one(Path(sys.argv[2]), sys.argv[3], size)))
    else:
        for found in compare(size):
            print(json.dumps(found))
