"""What does it cost to count who meets whom in a world of 1,000,000 actions?

    python benchmarks/pairs.py                          # local, DuckDB's bucketed and plain self-join; two worlds
    python benchmarks/pairs.py 300000 60                # actions, window in s
    python benchmarks/pairs.py 1000000 60 life local    # one world, one entrant; each runs in a process of its own

One JSON line each. Everybody starts from the same actions as integers, in memory and in no order, and gives pairs with
the number of distinct objects on which they met. `seconds` is that, with all sorting (`sort_s` is `local`'s share of
it, which an investigation pays once a trace); the best of three, of the plain self-join the only one. Naming the
integers (text to codes) is timed apart, because everybody needs it once. Compiling is done before the clock starts:
with numba's cache it is paid once an installation (`compile_s`). Memory is the peak while counting less what the
process held before.

Popularity of objects is Zipf's law (exponent 1) in both worlds. In `life` an object is shared in the days after it
appears (log-normal lags, median a day); in `even` at any time of 90 days, so that hardly anybody meets and sorting is
nearly all there is to do: the world that suits us least.

`digest` is that of the answer: pairs and counts. Another digest is another answer, not a speed-up. The plain self-join
grows with the square of an object; where it does not end within the limit the line says so, and its ratio is a lower
bound.
"""

import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

LIMIT_S = 400        # of the plain self-join; far more than a hundred times what `local` takes
ENTRANTS = ("local", "duckdb_bucketed", "duckdb_plain")
WORLDS = ("life", "even")
DAYS = 90
BEST_OF = 3


def world(kind: str, actions: int, seed: int = 0) -> pl.DataFrame:
    """Zipf-popular objects and heavy-tailed actors over 90 days; nobody coordinates."""
    rng = np.random.default_rng(seed)

    def drawn(kinds: int, exponent: float) -> np.ndarray:
        weight = np.arange(1, kinds + 1, dtype=np.float64) ** -exponent
        return rng.choice(kinds, actions, p=weight / weight.sum()).astype(np.int32)

    object_ = drawn(actions // 10, 1.0)
    if kind == "life":
        appeared = rng.integers(0, DAYS * 86_400, actions // 10)[object_]
        at = appeared + rng.lognormal(np.log(86_400), 1.5, actions)
    else:
        at = rng.integers(0, DAYS, actions) * 86_400 + np.clip(rng.normal(15, 4, actions), 0, 23.999) * 3600
    return pl.DataFrame({"actor": drawn(actions // 20, 0.8), "object": object_, "at": (at * 1e6).astype(np.int64),
                         "post": np.arange(actions, dtype=np.int32)})


def answer(a: np.ndarray, b: np.ndarray, objects: np.ndarray) -> dict:
    order = np.lexsort((b, a))
    rows = np.stack([a[order], b[order], objects[order]]).astype("<i8")
    return {"pairs": len(a), "meetings": int(objects.sum()), "digest": hashlib.sha256(rows.tobytes()).hexdigest()[:16]}


def measured(count: Callable[[], dict], times: int) -> tuple[dict, dict]:
    """The answer, and the least seconds and the peak memory that it took."""
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak of making the world (Linux)
    before, least = _memory_mb("VmRSS"), float("inf")
    for _ in range(times):
        began = time.perf_counter()
        found = count()
        least = min(least, time.perf_counter() - began)
    return found, {"seconds": round(least, 4), "peak_mb": round(_memory_mb("VmHWM") - before, 1)}


def _memory_mb(line: str) -> float:
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(row.split()[1]) for row in status if row.startswith(line)) / 1024


def local(frame: pl.DataFrame, window_s: int) -> dict:
    from cotrace import engines
    from cotrace.engines import local as engine

    def named(part: pl.DataFrame) -> pl.DataFrame:
        return part.select(
            actor=pl.format("x:{}", pl.col("actor").cast(pl.String).str.zfill(9)), kind=pl.lit("account"),
            object=pl.format("https://n.example/{}", pl.col("object").cast(pl.String).str.zfill(9)),
            at=pl.col("at").cast(pl.Datetime("us", "UTC")), post=pl.format("x:{}", pl.col("post")),
            by=pl.lit(None, dtype=pl.String))

    began = time.perf_counter()
    engine.pairs(engines.encode(named(frame.head(1000))), [window_s])
    compiled = time.perf_counter() - began
    codes = frame.with_columns(by=pl.lit(-1, dtype=pl.Int32))
    actors, objects = frame["actor"].max() + 1, frame["object"].max() + 1
    names = {"actors": [f"{code:09}" for code in range(actors)], "objects": [""] * objects, "posts": [],
             "kinds": ["account"], "kind": np.zeros(actors, dtype=np.int8)}
    sorting: list[float] = []

    def count() -> dict:
        began = time.perf_counter()
        events = engines.arrange(codes, **names)
        sorting.append(time.perf_counter() - began)
        return engine.pairs(events, [window_s])

    found, took = measured(count, BEST_OF)
    actions = named(frame)
    began = time.perf_counter()
    engines.encode(actions)
    encoded = time.perf_counter() - began - min(sorting)
    a, b = (found[name].cast(pl.Int64).to_numpy() for name in ("a", "b"))
    return {**took, "sort_s": round(min(sorting), 4), "compile_s": round(compiled, 2),
            "text_to_codes_s": round(encoded, 2), **answer(a, b, found["objects"].to_numpy())}


PLAIN = """
    SELECT l.actor AS a, r.actor AS b, count(DISTINCT l.object) AS objects
    FROM acts l JOIN acts r USING (object)
    WHERE l.actor < r.actor AND abs(l."at" - r."at") <= {window} AND l.post <> r.post
    GROUP BY ALL"""

# Each act is looked for in its own bucket of one window and in both beside it, so no pair falls between buckets.
BUCKETED = """
    WITH l AS (SELECT *, "at" // {window} AS bucket FROM acts),
         r AS (SELECT * REPLACE (bucket + step AS bucket) FROM l, (VALUES (-1), (0), (1)) steps(step))
    SELECT l.actor AS a, r.actor AS b, count(DISTINCT l.object) AS objects
    FROM l JOIN r USING (object, bucket)
    WHERE l.actor < r.actor AND abs(l."at" - r."at") <= {window} AND l.post <> r.post
    GROUP BY ALL"""


def duckdb(frame: pl.DataFrame, window_s: int, query: str, times: int) -> dict:
    import duckdb

    base = duckdb.connect()
    base.register("given", frame.to_arrow())
    base.execute("CREATE TABLE acts AS SELECT * FROM given")
    asked = query.format(window=window_s * 1_000_000)
    found, took = measured(lambda: base.execute(asked).fetchnumpy(), times)
    return {**took, **answer(found["a"], found["b"], found["objects"])}


def one(kind: str, entrant: str, actions: int, window_s: int) -> dict:
    """One line of the answer: what one entrant takes."""
    frame = world(kind, actions)
    if entrant == "local":
        return local(frame, window_s)
    if entrant == "duckdb_plain":
        return duckdb(frame, window_s, PLAIN, 1)
    return duckdb(frame, window_s, BUCKETED, BEST_OF)


def line(kind: str, entrant: str, actions: int, window_s: int) -> dict:
    """The same in a process of its own, ended after the limit."""
    head = {"world": kind, "entrant": entrant, "actions": actions, "window_s": window_s}
    try:
        ran = subprocess.run([sys.executable, __file__, str(actions), str(window_s), kind, entrant],
                             stdout=subprocess.PIPE, text=True, timeout=LIMIT_S, check=True)
    except subprocess.TimeoutExpired:
        return {**head, "not_done_in_s": LIMIT_S}
    return {**head, **json.loads(ran.stdout)}


def compare(actions: int = 1_000_000, window_s: int = 60) -> list[dict]:
    """All entrants, and how much faster `local` is; refuses to compare different answers."""
    told = []
    for kind in WORLDS:
        # What the plain self-join has to do does not depend on the times, so one world is enough for it.
        lines = [line(kind, entrant, actions, window_s) for entrant in (ENTRANTS if kind == "life" else ENTRANTS[:2])]
        if len({found["digest"] for found in lines if "digest" in found}) != 1:
            raise SystemExit("The answers differ: nothing is compared.")
        for found in lines[1:]:
            took = found.get("seconds", LIMIT_S)
            found["local_is_faster"] = round(took / lines[0]["seconds"], 1)
            found["sorted_local_is_faster"] = round(took / (lines[0]["seconds"] - lines[0]["sort_s"]), 1)
        told += lines
    return told


if __name__ == "__main__":
    count, seconds = (int(word) for word in (*sys.argv[1:3], *("1000000", "60")[len(sys.argv[1:3]):]))
    if len(sys.argv) > 4:
        print(json.dumps(one(sys.argv[3], sys.argv[4], count, seconds)))
    else:
        for found in compare(count, seconds):
            print(json.dumps(found))
