"""What does it cost to read posts, beside copying the same file?

    python benchmarks/ingest.py                        # 300,000 posts as CSV, JSONL, JSONL.zst and Parquet
    python benchmarks/ingest.py 1000000                # so many posts
    python benchmarks/ingest.py 1000000 FILE cotrace   # one file, one entrant (or copy), in this process

`cotrace` is what `cotrace run` does first: the file into a new case, in one pass and bounded memory: every record
placed, ids and times made one spelling, second records and versions found, rejects counted, digests taken, posts sorted
by time and written as Parquet. `copy` is DuckDB reading the same file into Parquet, all columns as text: it checks
nothing and makes nothing one spelling, so the ratio is what reading posts costs beyond reading. Median of five (of
three beyond 500,000 posts, of one beyond 5,000,000); `cpu_s` is the processor time of all threads. Each entrant runs in
a process of its own, and memory is that of reading: the posts are not taken back. `digest` is that of the posts read:
the same for every format.
"""

import hashlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import _posts
from pairs import _memory_mb

FORMATS = ("csv", "jsonl", "jsonl.zst", "parquet")
ENTRANTS = ("cotrace", "copy")
MANY, HUGE = 500_000, 5_000_000
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
    """Seconds from the file to the case, and what lies there."""
    from cotrace import kept
    from cotrace.case import Case
    from cotrace.progress import quiet

    spent = []
    with tempfile.TemporaryDirectory(dir=file.parent) as folder:
        for turn in range(times):
            case = Case(Path(folder) / str(turn))
            began, used = time.perf_counter(), time.process_time()
            blob, _ = kept.take(case, [file], quiet, columns=None, zone=None, platform=None, allow_rejects=0.05)
            spent.append((time.perf_counter() - began, time.process_time() - used))
        told = _median(spent)
        posts = kept.reading_of(case, blob).posts
    if posts.height > HUGE:  # spelling them all as text would take more memory than anything that is measured
        return {**told, "posts": posts.height, "digest": ""}
    text = posts.select(KEPT).sort("post").write_ndjson().encode()
    return {**told, "posts": posts.height, "digest": hashlib.sha256(text).hexdigest()[:16]}


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
    return {"cotrace": cotrace, "copy": copy}[entrant](file, 1 if count > HUGE else 3 if count > MANY else 5)


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
