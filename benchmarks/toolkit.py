"""What does "reposted the same within 60 s, twice" cost, here and in coordination_network_toolkit, on the same posts?

    PEERS=/venv/bin/python python benchmarks/toolkit.py 100000    # posts; one JSON line, each in a process of its own

PEERS is the Python in which coordination_network_toolkit is installed (pip install coordination_network_toolkit);
without it the line says that it is not there. Both start from the posts in memory: ours makes actions, codes and pairs,
theirs its SQLite base and its co-retweet network. Theirs counts pairs of posts, ours distinct objects, so the answers
are not the same (docs/results.md names the difference).
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
WINDOW_S, TWICE = 60, 2


def ours(file: Path) -> dict:
    from cotrace import network, reading, traces
    from cotrace.engines import local

    posts = reading.read([file]).posts
    network.naive({"repost": traces.act("repost", posts.head(2000))[0]}, window_s=WINDOW_S, objects=TWICE, engine=local)
    began, used = time.perf_counter(), time.process_time()
    acts = traces.act("repost", posts)[0]
    pairs = network.naive({"repost": acts}, window_s=WINDOW_S, objects=TWICE, engine=local)
    return {"seconds": time.perf_counter() - began, "cpu_s": time.process_time() - used, "pairs": pairs.height}


def theirs(file: Path) -> dict:
    import sqlite3

    from coordination_network_toolkit.compute_networks import compute_co_retweet_parallel
    from coordination_network_toolkit.preprocess import preprocess_data

    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    with tempfile.TemporaryDirectory() as folder:
        base = str(Path(folder) / "posts.db")
        began, used = time.perf_counter(), _cpu()
        preprocess_data(base, ((n, a, a, of, None, "", at, []) for n, a, of, at in rows))
        compute_co_retweet_parallel(base, WINDOW_S, n_threads=os.cpu_count() or 1, min_edge_weight=TWICE)
        took = {"seconds": time.perf_counter() - began, "cpu_s": _cpu() - used}
        counted = "SELECT count(*) FROM co_retweet_network WHERE user_1 < user_2"
        edges = sqlite3.connect(base).execute(counted).fetchone()
    return {**took, "pairs": edges[0]}


def _cpu() -> float:
    """Processor time of this process and of those that it has waited for."""
    return sum(os.times()[:4])


def compare(count: int) -> dict:
    """Both, each in a process of its own."""
    import _posts
    import polars as pl

    with tempfile.TemporaryDirectory() as folder:
        file, rows = Path(folder) / "posts.parquet", Path(folder) / "posts.jsonl"
        posts = _posts.posts(count)
        posts.write_parquet(file)
        at = pl.col("created_at").str.to_datetime("%Y-%m-%dT%H:%M:%SZ").dt.epoch("s")
        with open(rows, "w", encoding="utf-8") as lines:
            lines.writelines(json.dumps(row) + "\n" for row in posts.select(
                "post_id", "author_id", "retweet_of", at).iter_rows())
        mine = _run(sys.executable, file)
        other = _run(os.environ.get("PEERS", sys.executable), rows)
    line = {"posts": count, "window_s": WINDOW_S, "cotrace": mine, "toolkit": other}
    if other:
        line["faster"] = {key: round(other[key] / mine[key], 1) for key in ("seconds", "cpu_s")}
    return line


def _run(python: str, file: Path) -> dict | None:
    ran = subprocess.run([python, __file__, "one", str(file)], capture_output=True, text=True)
    if ran.returncode:
        if "ModuleNotFoundError" in ran.stderr:
            return None
        raise SystemExit(ran.stderr)
    told = json.loads(ran.stdout.splitlines()[-1])
    return {key: round(value, 3) if isinstance(value, float) else value for key, value in told.items()}


if __name__ == "__main__":
    if sys.argv[1] == "one":
        import resource

        given = Path(sys.argv[2])
        found = ours(given) if given.suffix == ".parquet" else theirs(given)
        print(json.dumps({**found, "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)}))
    else:
        print(json.dumps(compare(int(sys.argv[1]))))
