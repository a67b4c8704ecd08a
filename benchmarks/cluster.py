"""What does a cluster cost, and how large has it to be for so many actions?

    python benchmarks/cluster.py             # measures what is not in benchmarks/out/cluster.jsonl, then writes the
                                             # tables of docs/cluster.md; some ten minutes, and it resumes
    python benchmarks/cluster.py small       # measures a part only: small, large, driver or spark; and then the page
    python benchmarks/cluster.py page        # only the page, from what was measured before
    python benchmarks/cluster.py 1000000 life 16     # one measurement: actions, world, shards; one JSON line

A shard is whole objects, so what a cluster works on is not alike: a popular object makes one shard heavy however many
there are. Every line runs the steps of `engines.spark` on every shard, one after the other in one process, and keeps
the processor time and the bytes of each: that is measured. What so many cores would take is **simulated** from it:
tasks are handed out in order to whichever core is free, each with the cost of starting one; between the two steps
bytes travel. The worlds are `pairs.py`'s `even` and `life`, and `skewed`: `life` with objects of Zipf's exponent 1.3,
where one object has a quarter of all acts; `skewed_limited` is the same where the plan's `common_property` is 100
actors inside the window, which is low. Window 60 s, three objects at least. `digest` is that of the answer: another one
is another answer.
"""

import hashlib
import heapq
import json
import math
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl

sys.path.insert(0, str(Path(__file__).parent))
import pairs as worlds

HERE = Path(__file__).resolve().parent
KEPT = HERE / "out" / "cluster.jsonl"
PAGE = HERE.parent / "docs" / "cluster.md"
BEGIN, END = "<!-- written by benchmarks/cluster.py -->", "<!-- end -->"
WINDOW_S, LEAST, LIMIT = 60, 3, 100
SMALL, LARGE = 1_000_000, 4_000_000
ASKED = {
    "small": [(1_000_000, world, shards) for world in ("even", "life", "skewed", "skewed_limited")
              for shards in (1, 4, 16, 64, 256)],
    "large": [(LARGE, world, 16) for world in ("even", "life", "skewed_limited")],
    "driver": [("driver", 200_000, 0)],
    "spark": [("spark", 200_000, 4), ("spark", 1_000_000, 4), ("spark", 1_000_000, 16)],
}
TASK_S = 0.1        # of a core: what Spark takes to hand out a task and take it back; measured below by `spark`
BLOCK_S = 0.0005    # of a core: to write and to read a block of next to nothing; (13.9 − 1.9) s ÷ (88 × 256) blocks
NETWORK = 100e6     # bytes a second into and out of each core's share of a machine: 10 Gbit/s between 12 cores


def world(kind: str, actions: int) -> pl.DataFrame:
    if not kind.startswith("skewed"):
        return worlds.world(kind, actions)
    rng = np.random.default_rng(0)
    weight = np.cumsum(np.arange(1, actions // 10 + 1, dtype=np.float64) ** -1.3)
    object_ = np.searchsorted(weight, rng.random(actions) * weight[-1]).astype(np.int32)
    at = rng.integers(0, 90 * 86_400, actions // 10)[object_] + rng.lognormal(np.log(86_400), 1.5, actions)
    busy = np.cumsum(np.arange(1, actions // 20 + 1, dtype=np.float64) ** -0.8)
    return pl.DataFrame({"actor": np.searchsorted(busy, rng.random(actions) * busy[-1]).astype(np.int32),
                         "object": object_, "at": (at * 1e6).astype(np.int64),
                         "post": np.arange(actions, dtype=np.int32)})


def events_of(kind: str, actions: int):
    from cotrace import engines

    frame = world(kind, actions)
    name = np.random.default_rng(1).permutation(actions // 10).astype(np.int32)  # fame has nothing to do with names
    frame = frame.with_columns(object=pl.Series(name[frame["object"].to_numpy()]), by=pl.lit(-1, dtype=pl.Int32))
    actors, objects = int(frame["actor"].max()) + 1, int(frame["object"].max()) + 1
    events = engines.arrange(frame, kind=np.zeros(actors, dtype=np.int8), actors=[f"{n:09}" for n in range(actors)],
                             objects=[""] * objects, posts=[""] * actions, kinds=["account"])
    if kind == "skewed_limited":
        common = engines.crowded(events, WINDOW_S, LIMIT)
        events = engines.take(events, ~common[events.object])
    return events


def measured(actions: int, kind: str, number: int) -> dict:
    """Both steps on every shard and every division: processor time and bytes of each."""
    from cotrace.engines import spark

    events = events_of(kind, actions)
    windows, weight = np.array([WINDOW_S * 1_000_000]), spark.work(events, WINDOW_S * 1_000_000)
    cuts = spark.shards(events.start, weight, -(-int(weight.sum()) // number))
    columns = {"object": events.object, "at": events.at, "actor": events.actor, "post": events.post, "by": events.by,
               "kind": events.kind[events.actor]}
    blocks = [spark.packed(pl.DataFrame({name: one[first:last] for name, one in columns.items()}))
              for first, last in cuts]
    list(spark.shard_pairs(windows, 1, 0, 0, blocks[-1]))  # compiles
    maps, to = [], {}
    for at, block in enumerate(blocks):
        used = time.process_time()
        out = list(spark.shard_pairs(windows, number, at, at, block))
        maps.append((time.process_time() - used, len(block), sum(len(one) for _, _, one in out)))
        for division, order, one in out:
            to.setdefault(division, []).append((order, one))
    sums, answer = [], []
    for division in sorted(to):
        of = [one for _, one in sorted(to[division])]
        used = time.process_time()
        done, = spark.sum_pairs(LEAST, division, of)
        sums.append((time.process_time() - used, sum(map(len, of)), len(done[2])))
        answer.append(spark.unpacked(done[2]))
    found = pl.concat(answer).sort("a", "b", "window")
    held = np.ascontiguousarray(found.select("a", "b", "objects").to_numpy().T.astype("<i8"))
    largest = int(np.diff(events.start).max())
    return {"actions": actions, "world": kind, "shards": len(cuts), "maps": maps, "sums": sums, "largest": largest,
            "pairs": found.height, "digest": hashlib.sha256(held.tobytes()).hexdigest()[:16]}


def by_spark(actions: int, partitions: int) -> dict:
    """The same through Spark on this machine, beside `local`: what asking and answering costs."""
    from cotrace.engines import local, spark

    events = events_of("life", actions)
    spark.connect("local[2]", partitions)
    spark.FEW = 0
    told = {"actions": actions, "world": "life", "partitions": partitions}
    for name, engine in (("spark", spark), ("local", local)):
        seconds = []
        for _ in range(3):
            began = time.perf_counter()
            answer = engine.pairs(events, [WINDOW_S], LEAST)
            seconds.append(time.perf_counter() - began)
        told[f"{name}_s"] = round(sorted(seconds)[1], 2)
        told[f"{name}_digest"] = hashlib.sha256(answer.write_csv().encode()).hexdigest()[:16]
    empty = []
    for tasks in (2, 202):
        began = time.perf_counter()
        blocks = spark.given([(number, 0, b"") for number in range(tasks)]).repartition(tasks, "key")
        spark.collected(spark.mapped(blocks, lambda *block: [block]))
        empty.append(time.perf_counter() - began)
    return {**told, "task_s": round((empty[1] - empty[0]) / 200 * 2, 3), "load": round(os.getloadavg()[0], 1)}


def brought(count: int) -> dict:
    """What of so many posts a driver holds, in memory: bytes a post."""
    import _posts

    from cotrace import afar, reading, tables, traces

    posts = reading.read(_posts.posts(count), platform="sim").posts
    told = {"file": posts.estimated_size() / count,
            "thin": posts.select(*afar.THIN).estimated_size() / count}
    for name in ("shared_link", "same_text", "repost", "similar_text"):
        acts = traces.act(name, posts)[0].select(*tables.ACTIONS)
        told[name] = acts.estimated_size() / count
    return {"posts": count, **{name: round(size) for name, size in told.items()}}


def makespan(costs: list[float], cores: int) -> float:
    """Tasks handed out in their order to whichever core is free first."""
    free = [0.0] * cores
    for cost in costs:
        heapq.heappush(free, heapq.heappop(free) + cost)
    return max(free)


def simulated(line: dict, cores: int, copies: int = 1) -> dict:
    """What so many cores take for `copies` worlds of this kind, side by side, as the engine would divide them."""
    from cotrace.engines import spark

    maps = [TASK_S + cpu + (read + wrote) / NETWORK for cpu, read, wrote in line["maps"]] * copies
    sums = [TASK_S + cpu + (read + wrote) / NETWORK for cpu, read, wrote in line["sums"]]
    if copies > 1:  # every shard of all worlds writes to every division, and pairs are dealt out evenly
        divisions = max(cores, copies * line["actions"] // spark.DIVISION)
        maps = [cost + BLOCK_S * divisions for cost in maps]
        sums = [TASK_S + (sum(sums) - TASK_S * len(sums)) * copies / divisions] * divisions
    wall = makespan(maps, cores) + makespan(sums, cores)
    return {"wall_s": wall, "core_s": sum(maps) + sum(sums), "busy": (sum(maps) + sum(sums)) / (wall * cores)}


def table(head: str, rows: list[list[object]]) -> str:
    return "\n".join([f"| {head} |", "|" + " --- |" * (head.count("|") + 1),
                      *("| " + " | ".join(map(str, row)) + " |" for row in rows)])


def per_shards(lines: list[dict]) -> str:
    rows = []
    for one in lines:
        if one["actions"] == 1_000_000:
            cpu = sum(cost for cost, _, _ in one["maps"] + one["sums"])
            moved = sum(wrote for _, _, wrote in one["maps"]) / 1e6
            heaviest = max(cost for cost, _, _ in one["maps"]) / sum(cost for cost, _, _ in one["maps"])
            on = simulated(one, 16)
            rows.append([one["world"], one["shards"], f"{cpu:.2f}", f"{moved:.0f}", f"{100 * heaviest:.0f} %",
                         f"{on['wall_s']:.2f}", f"{100 * on['busy']:.0f} %", f"`{one['digest']}`"])
    return table("world | shards | core s per 10⁶ | MB between the steps per 10⁶ | of it the heaviest shard | "
                 "on 16 cores, s | of them at work | digest", rows)


def two_sizes(lines: list[dict], kind: str) -> tuple[dict, dict]:
    """The small world and the large one, cut into shards of about as many acts."""
    return (next(one for one in lines if one["world"] == kind and one["asked"] == [SMALL, kind, 4]),
            next(one for one in lines if one["world"] == kind and one["actions"] == LARGE))


def each(line: dict) -> tuple[float, float]:
    """Core seconds, and MB between the steps, of a million actions."""
    millions = line["actions"] / 1e6
    return (sum(cost for cost, _, _ in line["maps"] + line["sums"]) / millions,
            sum(wrote for _, _, wrote in line["maps"]) / 1e6 / millions)


def growth(lines: list[dict]) -> str:
    rows = []
    for kind in ("even", "life", "skewed_limited"):
        told = [figure for line in two_sizes(lines, kind) for figure in each(line)]
        rows.append([kind, f"{told[0]:.2f}", f"{told[1]:.0f}", f"{told[2]:.2f}", f"{told[3]:.0f}"])
    return table("world | core s per 10⁶, of 10⁶ | MB per 10⁶, of 10⁶ | core s per 10⁶, of 4·10⁶ | MB per 10⁶, of "
                 "4·10⁶", rows)


def sizing(lines: list[dict]) -> str:
    """10⁹ and 10¹⁰ from the shards of the large world, so many times; and with its growth going on."""
    rows = []
    for kind in ("even", "life", "skewed_limited"):
        small, large = two_sizes(lines, kind)
        decade = max(1.0, each(large)[0] / each(small)[0]) ** (1 / math.log10(LARGE / SMALL))
        for actions, name, cores in ((10**9, "10⁹", 64), (10**9, "10⁹", 256), (10**10, "10¹⁰", 256),
                                     (10**10, "10¹⁰", 1024)):
            copies = actions // LARGE
            on = simulated(large, cores, copies)
            grown = on["wall_s"] / 60 * decade ** math.log10(actions / LARGE)
            rows.append([kind, name, copies * len(large["maps"]), cores, f"{on['core_s'] / 3600:.1f}",
                         f"{each(large)[1] * actions / 1e9:.0f}", f"{on['wall_s'] / 60:.1f}", f"{grown:.1f}",
                         f"{100 * on['busy']:.0f} %"])
    return table("world | actions | shards | cores | core hours | GB between the steps | minutes, if more actions are "
                 "more of the same | minutes, if they are on the same things in the same days | cores at work", rows)


def page() -> None:
    newest = {}
    for line in KEPT.read_text(encoding="utf-8").splitlines():
        one = json.loads(line)
        newest[one["of"], *one["asked"]] = one
    lines = [one for one in newest.values() if one["of"] == "shards"]
    asked = [one for one in newest.values() if one["of"] == "spark"]
    told = [[f"{one['actions']:,}", one["partitions"], one["spark_s"], one["local_s"], one["task_s"],
             one["load"], "yes" if one["spark_digest"] == one["local_digest"] else "NO"] for one in asked]
    held = [[f"{one['posts']:,}", *(one[name] for name in ("file", "thin", "shared_link", "same_text", "repost",
                                                           "similar_text"))]
            for one in newest.values() if one["of"] == "driver"]
    said = "\n\n".join([
        BEGIN, "### What was measured: every shard of a million actions, by number of shards", per_shards(lines),
        "### How the cost of an action grows with their number", growth(lines),
        "### What follows for 10⁹ and 10¹⁰ actions (simulated)", sizing(lines),
        "### What Spark itself costs: `local[2]` on two cores, beside the engine `local`, wall clock under that load",
        table("actions | partitions | spark, s | local, s | a task, s of a core | load of the machine | same answer",
              told),
        "### What the driver holds, bytes a post",
        table("posts | whole posts | thin rows | actions of shared_link | of same_text | of repost | of similar_text",
              held), END])
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    PAGE.write_text(before + said + rest.split(END)[1], encoding="utf-8")


def main(words: list[str]) -> None:
    if len(words) == 3:
        print(json.dumps(by_spark(int(words[1]), int(words[2])) if words[0] == "spark" else
                         brought(int(words[1])) if words[0] == "driver" else
                         measured(int(words[0]), words[1], int(words[2]))))
        return
    KEPT.parent.mkdir(exist_ok=True)
    known = [json.loads(line)["asked"] for line in KEPT.read_text("utf-8").splitlines()] if KEPT.exists() else []
    for asked in (one for part, of in ASKED.items() if not words or words == [part] for one in of):
        if list(asked) in known:
            continue
        command = [sys.executable, __file__, *map(str, asked)]
        ran = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        with open(KEPT, "a", encoding="utf-8") as file:
            of = asked[0] if asked[0] in ("spark", "driver") else "shards"
            file.write(json.dumps({"of": of, "asked": asked, **json.loads(ran.stdout.splitlines()[-1])}) + "\n")
    known = [json.loads(line)["asked"] for line in KEPT.read_text("utf-8").splitlines()]
    if words == ["page"] or all(list(asked) in known for of in ASKED.values() for asked in of):
        page()


if __name__ == "__main__":
    main(sys.argv[1:])
