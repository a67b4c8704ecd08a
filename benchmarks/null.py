"""What does chance cost beside the engine, and a copy beside a search?

    python benchmarks/null.py 1000000           # actions; one JSON line

The world is `pairs.py`'s `life`: heavy-tailed actors, Zipf-popular objects that are shared in the days after they
appear; nobody coordinates. `engine_cpu_s` is what a search (`network.validate`, windows of 60 and 1,800 s) spends in
sorting actions and in the engine's four functions, `search_cpu_s` all of it; `null` is the rest over the engine's own.
`copy_cpu_s` is one placebo copy dealt and searched, `twenty` what twenty of them cost over one search. Processor time
of all threads, median of five searches up to a million actions, above that of one; compiling is done before. `digest`
is that of all p: another digest is another answer.
"""

import hashlib
import json
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import pairs

WINDOWS = (60, 1800)
FEW = 1_000_000


def one(actions: int) -> dict:
    import numpy as np
    import polars as pl

    from cotrace import engines, network
    from cotrace.engines import local
    from cotrace.records import Plan

    spent = [0.0]

    def clocked(of: object, name: str) -> None:
        plain = getattr(of, name)

        def timed(*given, **options):
            used = time.process_time()
            try:
                return plain(*given, **options)
            finally:
                spent[0] += time.process_time() - used

        setattr(of, name, timed)

    def named(frame: pl.DataFrame) -> pl.DataFrame:
        return frame.select(
            actor=pl.format("x:{}", pl.col("actor")), kind=pl.lit("account"), object=pl.format("o{}", "object"),
            at=pl.col("at").cast(pl.Datetime("us", "UTC")), post=pl.format("x:{}", pl.col("post")),
            by=pl.lit(None, dtype=pl.String))

    plan = Plan(traces=("shared_link",), windows=WINDOWS)

    def search(events: engines.Events, of: network.Validation | None = None) -> network.Validation:
        return network.validate({"shared_link": events}, plan=plan, engine=local, resolution_s=1, of=of)

    few = {"shared_link": named(pairs.world("life", 20_000, seed=1))}
    first = search(engines.encode(few["shared_link"]))
    search(network.copies(few, network.encoded(few), first, cell="lateness")["shared_link"].events_of(0), first)
    frame = {"shared_link": named(pairs.world("life", actions))}
    for name in ("pairs", "near", "lag_near", "meetings"):
        clocked(local, name)
    clocked(engines, "arrange")
    whole, counted = [], []
    for _ in range(5 if actions <= FEW else 1):
        spent[0] = 0.0
        events = network.encoded(frame)
        used = time.process_time()
        found = search(events["shared_link"])
        whole.append(time.process_time() - used)
        counted.append(spent[0])
    deck = network.copies(frame, events, found, cell="lateness")["shared_link"]
    copies = []
    for seed in range(5 if actions <= FEW else 1):
        used = time.process_time()
        search(deck.events_of(seed), found)
        copies.append(time.process_time() - used)
    search_s, engine_s, copy_s = map(statistics.median, (whole, counted, copies))
    return {"actions": actions, "engine_cpu_s": round(engine_s, 2), "search_cpu_s": round(search_s, 2),
            "null": round((search_s - engine_s) / engine_s, 1), "copy_cpu_s": round(copy_s, 2),
            "twenty": round(20 * copy_s / search_s, 1), "candidates": len(found.p),
            "peak_mb": round(pairs._memory_mb("VmHWM")),
            "digest": hashlib.sha256(np.sort(found.p).tobytes()).hexdigest()[:16]}


if __name__ == "__main__":
    print(json.dumps(one(int(sys.argv[1]))))
