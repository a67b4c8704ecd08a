"""What does it cost to count who meets whom in a world of 1,000,000 actions?

    python benchmarks/pairs.py                          # local, DuckDB's bucketed and plain self-join; two worlds
    python benchmarks/pairs.py 300000 60                # actions, window in s
    python benchmarks/pairs.py 1000000 60 life local    # one world, one entrant; each runs in a process of its own
    python benchmarks/pairs.py 10000000 60 even three   # `local` as an investigation asks: three objects at least
    python benchmarks/pairs.py 100000000 60 even spilled  # the same from slices of Parquet, through shards on disk
    python benchmarks/pairs.py 100000000 60 months three  # a world that grows and does not get denser

One JSON line each. Everybody starts from the same actions as integers, in memory and in no order, and gives pairs with
the number of distinct objects on which they met. `seconds` is that, with all sorting (`arrange_s` is `local`'s share of
it, which an investigation pays once a trace): the median of five, of the plain self-join the only one. `cpu_s` is the
processor time of all threads, the fairer figure where others use the machine. `sort_s` is `numpy.sort` of one 64-bit
key an action (object, then time), taken in the same process between the others, and `sorts` how many of them the
entrant takes, in processor time. Naming the integers (text to codes) is timed apart, because everybody needs it once.
Compiling is done before the clock starts: with numba's cache it is paid once an installation (`compile_s`). Memory is
the peak while counting less what the process held before.

Popularity of objects is Zipf's law (exponent 1) in both worlds. In `life` an object is shared in the days after it
appears (log-normal lags, median a day); in `even` at any time of 90 days, so that hardly anybody meets and sorting is
nearly all there is to do: the world that suits us least. Both hold 90 days whatever their size, so ten times the
actions meet a hundred times as often. In `months` a million actions are a month, and more of them are more months, as
where a collection goes on: links appear each month, Zipf-popular among those of the month, and are shared in the days
after; half of the accounts are others than in the month before. So it grows and does not get denser: what ten times of
it costs beyond ten times the cost is what we add ourselves. Codes are in no order there, as names are in none.

`digest` is that of the answer: pairs and counts. Another digest is another answer, not a speed-up. The plain self-join
grows with the square of an object; where it does not end within the limit the line says so, and its ratio is a lower
bound.
"""

import hashlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

LIMIT_S = 400        # of the plain self-join; far more than a hundred times what `local` takes
ENTRANTS = ("local", "duckdb_bucketed", "duckdb_plain")
WORLDS = ("life", "even")
DAYS = 90
TIMES = 5
MONTH = 1_000_000   # actions of a month of the world `months`
PIECE = 10_000_000  # actions drawn at a time: 100 million are made within 4 GiB


def drawn(rng: np.random.Generator, actions: int, kinds: int, exponent: float) -> np.ndarray:
    """One of so many kinds for each action, by Zipf's law."""
    weight = np.cumsum(np.arange(1, kinds + 1, dtype=np.float64) ** -exponent)
    found = np.empty(actions, dtype=np.int32)
    for first in range(0, actions, PIECE):
        piece = found[first : first + PIECE]
        chance = rng.random(len(piece)) * weight[-1]
        order = np.argsort(chance)  # looked up in order: a third of the time
        piece[order] = np.searchsorted(weight, chance[order])
    return found


def world(kind: str, actions: int, seed: int = 0) -> pl.DataFrame:
    """Zipf-popular objects and heavy-tailed actors over 90 days, or so many months; nobody coordinates."""
    rng = np.random.default_rng(seed)
    if kind == "months":
        return months(rng, actions)
    object_ = drawn(rng, actions, actions // 10, 1.0)
    if kind == "life":
        appeared = rng.integers(0, DAYS * 86_400, actions // 10)[object_]
        at = appeared + rng.lognormal(np.log(86_400), 1.5, actions)
    else:
        at = rng.integers(0, DAYS, actions) * 86_400 + np.clip(rng.normal(15, 4, actions), 0, 23.999) * 3600
    return pl.DataFrame({"actor": drawn(rng, actions, actions // 20, 0.8), "object": object_,
                         "at": (at * 1e6).astype(np.int64), "post": np.arange(actions, dtype=np.int32)})


def months(rng: np.random.Generator, actions: int) -> pl.DataFrame:
    """A world of so many months, each as dense as the one before."""
    count = max(1, actions // MONTH)
    links, accounts = actions // count // 10, actions // count // 20
    month = rng.integers(0, count, actions, dtype=np.int32)
    object_ = month * np.int32(links) + drawn(rng, actions, links, 1.0)
    appeared = (np.arange(count).repeat(links) + rng.random(count * links)) * (30 * 86_400)
    at = np.empty(actions, dtype=np.int64)
    for first in range(0, actions, PIECE):
        part = slice(first, first + PIECE)
        lag = rng.lognormal(np.log(86_400), 1.5, len(at[part]))
        at[part] = (appeared[object_[part]] + lag) * 1e6
    actor = month * np.int32(accounts // 2) + rng.permutation(accounts).astype(np.int32)[drawn(rng, actions, accounts,
                                                                                              0.8)]
    codes = [rng.permutation(kinds).astype(np.int32) for kinds in (int(actor.max()) + 1, count * links)]
    return pl.DataFrame({"actor": codes[0][actor], "object": codes[1][object_], "at": at,
                         "post": np.arange(actions, dtype=np.int32)})


def answer(a: np.ndarray, b: np.ndarray, objects: np.ndarray) -> dict:
    order = np.lexsort((b, a))
    rows = np.stack([a[order], b[order], objects[order]]).astype("<i8")
    return {"pairs": len(a), "meetings": int(objects.sum()), "digest": hashlib.sha256(rows.tobytes()).hexdigest()[:16]}


def measured(count: Callable[[], dict], times: int, beside: Callable[[], object] = tuple) -> tuple[dict, dict]:
    """The answer, the median seconds and processor time that it took, and its peak memory.

    Args:
        beside: done before each counting, untimed and unmeasured.
    """
    spent, peak = [], 0.0
    for _ in range(times):
        beside()
        before = _memory_mb("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")  # forget the peak of what came before (Linux)
        began, used = time.perf_counter(), time.process_time()
        found = count()
        spent.append((time.perf_counter() - began, time.process_time() - used))
        peak = max(peak, _memory_mb("VmHWM") - before)
    seconds, cpu = (round(statistics.median(column), 4) for column in zip(*spent, strict=True))
    return found, {"seconds": seconds, "cpu_s": cpu, "peak_mb": round(peak, 1)}


def _memory_mb(line: str) -> float:
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(row.split()[1]) for row in status if row.startswith(line)) / 1024


def keys_of(frame: pl.DataFrame) -> np.ndarray:
    """One 64-bit key an action: object, then as much of the time as there is room for."""
    at, objects = frame["at"].to_numpy() - frame["at"].min(), int(frame["object"].max()).bit_length()
    lost = max(0, int(at.max()).bit_length() + objects - 63)
    at >>= lost
    at += frame["object"].to_numpy().astype(np.int64) << (63 - objects)
    return at


def local(frame: pl.DataFrame, window_s: int, least: int = 1) -> dict:
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
    names = {"actors": pl.Series([f"{code:09}" for code in range(actors)]), "objects": [""] * objects, "posts": [],
             "kinds": ["account"], "kind": np.zeros(actors, dtype=np.int8)}
    engine.pairs(engines.arrange(codes.head(1000), **names), [window_s], least)
    sorting: list[tuple[float, float, float]] = []

    def sort() -> None:
        keys = keys_of(frame)
        began, used = time.perf_counter(), time.process_time()
        keys.sort()
        sorting.append((time.perf_counter() - began, time.process_time() - used, 0.0))

    def count() -> dict:
        began = time.perf_counter()
        events = engines.arrange(codes, **names)
        sorting[-1] = (*sorting[-1][:2], time.perf_counter() - began)
        return engine.pairs(events, [window_s], least)

    found, took = measured(count, TIMES if len(frame) <= PIECE else 1, sort)
    sort_s, sort_cpu_s, arrange_s = (statistics.median(column) for column in zip(*sorting, strict=True))
    told = {**took, "sort_s": round(sort_s, 4), "sort_cpu_s": round(sort_cpu_s, 4),
            "sorts": round(took["cpu_s"] / sort_cpu_s, 1), "arrange_s": round(arrange_s, 4),
            "compile_s": round(compiled, 2)}
    if len(frame) <= PIECE // 10:
        actions = named(frame)
        began = time.perf_counter()
        engines.encode(actions)
        told["text_to_codes_s"] = round(time.perf_counter() - began - arrange_s, 2)
    a, b = (found[name].cast(pl.Int64).to_numpy() for name in ("a", "b"))
    return {**told, **answer(a, b, found["objects"].to_numpy())}


def spilled(frame: pl.DataFrame, window_s: int, least: int) -> dict:
    """From Parquet files of ten million actions; `frame` is given up, so that memory is that of the counting alone."""
    from cotrace.engines import _spill

    actors, size = frame["actor"].max() + 1, len(frame)
    names = {"actors": pl.Series([f"{code:09}" for code in range(actors)]), "kinds": ["account"],
             "kind": np.zeros(actors, dtype=np.int8)}
    _spill.pairs([frame.head(1000)], [window_s], least, **names)
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"{first}.parquet" for first in range(0, size, PIECE)]
        for number, file in enumerate(files):
            frame[number * PIECE : (number + 1) * PIECE].write_parquet(file)
        keys = keys_of(frame)
        began, used = time.perf_counter(), time.process_time()
        keys.sort()
        sort_s, sort_cpu_s = time.perf_counter() - began, time.process_time() - used
        del frame, keys
        found, took = measured(lambda: _spill.pairs(map(pl.read_parquet, files), [window_s], least, **names,
                                                    folder=folder), TIMES if size < PIECE else 1)
    a, b = (found[name].cast(pl.Int64).to_numpy() for name in ("a", "b"))
    return {**took, "sort_s": round(sort_s, 4), "sort_cpu_s": round(sort_cpu_s, 4),
            "sorts": round(took["cpu_s"] / sort_cpu_s, 1), "resident_mb": round(_memory_mb("VmHWM"), 1),
            **answer(a, b, found["objects"].to_numpy())}


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
    if entrant == "spilled":
        return spilled(world(kind, actions), window_s, 3)
    frame = world(kind, actions)
    if entrant in ("local", "three"):
        return local(frame, window_s, 3 if entrant == "three" else 1)
    if entrant == "duckdb_plain":
        return duckdb(frame, window_s, PLAIN, 1)
    return duckdb(frame, window_s, BUCKETED, TIMES)


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
            for figure in ("seconds", "cpu_s"):
                found[f"local_is_faster_{figure}"] = round(found.get(figure, LIMIT_S) / lines[0][figure], 1)
        told += lines
    return told


if __name__ == "__main__":
    count, seconds = (int(word) for word in (*sys.argv[1:3], *("1000000", "60")[len(sys.argv[1:3]):]))
    if len(sys.argv) > 4:
        print(json.dumps(one(sys.argv[3], sys.argv[4], count, seconds)))
    else:
        for found in compare(count, seconds):
            print(json.dumps(found))
