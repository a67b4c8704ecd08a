"""What do posts that arrive every day cost, and does looking at them every day accuse more people?

    python benchmarks/days.py looks 8          # sixty daily looks on 8 worlds of each kind; one JSON line a kind
    python benchmarks/days.py cost 300000      # 1 % of so many posts added to the rest, stage by stage; one JSON line
    python benchmarks/days.py watch 1000000    # a folder of so many files: seconds and memory of a look at it

`looks`: in worlds in which nobody coordinates, everything up to a day is tested on that day, for sixty days. `naive`
tests at alpha every day; `shares` gives look k its own share, alpha / (k (k + 1)). Told are worlds in which a pair was
ever found, and pairs that were ever found. In `ring` somebody does coordinate: told is the day on which each ring's
pairs first pass.

`cost`: processor seconds of all threads, which is what counts where others use the machine. `count` is everything that
has to do with the new posts: reading them, their traces, and who may act together because of them. Beside it stand the
same steps of a run on everything, and what has to be done anew in either: traces that compare all posts with each
other, and chance.
"""

import contextlib
import datetime as dt
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

DAYS = 60
ALPHA = 0.05
MOST_OF_A_RING = 6   # of eight
WINDOWS = (10, 60, 300, 1800, 21600)
KINDS = ("nobody", "clubs", "bursts")


def looks(worlds: int) -> None:
    """Sixty looks at each world."""
    for kind in (*KINDS, "ring"):
        ever: dict[str, list[int]] = {}
        began = time.process_time()
        for seed in range(worlds):
            for rule, pairs in _looked_at(kind, seed).items():
                ever.setdefault(rule, []).append(pairs)
        told = {rule: ({"median_day": sorted(values)[len(values) // 2], "days": values} if kind == "ring" else
                       {"worlds_with_a_pair": sum(map(bool, values)), "pairs": sum(values)})
                for rule, values in ever.items()}
        print(json.dumps({"world": kind, "worlds": worlds, "looks": DAYS, **told,
                          "cpu_s": round(time.process_time() - began, 1)}), flush=True)


def _looked_at(kind: str, seed: int) -> dict[str, int]:
    """Pairs ever found by each rule; in a world with a ring, the day on which most of it was first found."""
    import polars as pl

    from cotrace import network, plans, simulate
    from cotrace.engines import local
    from cotrace.records import Plan

    rings = {"rings": 1, "ring_size": 8, "ring_objects": 40} if kind == "ring" else {}
    world = simulate.shares(kind, seed=seed, accounts=400, objects=1600, days=DAYS, **rings)
    start = world.actions["at"].min()
    assert isinstance(start, dt.datetime)
    ever: dict[str, set] = {"naive": set(), "shares": set()}
    first = dict.fromkeys(ever, DAYS + 1)
    for day in range(1, DAYS + 1):
        seen = {"shared_link": world.actions.filter(pl.col("at") < start + dt.timedelta(days=day))}
        for rule, plan in (("naive", Plan(alpha=ALPHA)), ("shares", plans.at_look(Plan(alpha=ALPHA), day))):
            found = network.validate(seen, plan=plan, engine=local, resolution_s=1).edges.select("a", "b").rows()
            ever[rule] |= set(found)
            inside = {actor for pair in found for actor in pair} & set().union(*world.rings)
            if len(inside) >= MOST_OF_A_RING:
                first[rule] = min(first[rule], day)
    return first if kind == "ring" else {rule: len(pairs) for rule, pairs in ever.items()}


class Clock:
    """Processor seconds by step."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}

    @contextlib.contextmanager
    def of(self, step: str) -> Iterator[None]:
        began = time.process_time()
        yield
        self.spent[step] = round(self.spent.get(step, 0) + time.process_time() - began, 3)


def cost(count: int) -> None:
    """The last hundredth of the posts, added to the rest."""
    import _posts

    with tempfile.TemporaryDirectory() as folder:
        for size in (16_000, count):  # the first compiles
            posts = _posts.posts(size).sort("created_at")
            files = [Path(folder) / f"{size}-{name}.parquet" for name in ("old", "new")]
            posts[: size * 99 // 100].write_parquet(files[0])
            posts[size * 99 // 100 :].write_parquet(files[1])
            told = {"whole": _whole(files), "added": _added(Path(folder) / f"{size}", files)}
    whole, added = (sum(step for name, step in spent.items() if name != "anew") for spent in told.values())
    print(json.dumps({"posts": count, **told, "count_whole_s": round(whole, 2), "count_added_s": round(added, 2),
                      "share": round(added / whole, 3)}))


def _whole(files: list[Path]) -> dict[str, float]:
    """What `run` counts of everything."""
    from cotrace import engines, parts, reading, traces
    from cotrace.engines import local
    from cotrace.network import _layers

    clock = Clock()
    with clock.of("read"):
        read = reading.read(files)
    for name in parts.names("traces"):
        with clock.of("anew" if traces.get(name).whole else "traces"):
            acts, _ = traces.act(name, read.posts)
        if acts.height and not traces.get(name).whole:
            with clock.of("pairs"):
                for layer in _layers.layers(name, engines.encode(acts), 5000, WINDOWS[-1])[0]:
                    _layers.candidates(layer, local, WINDOWS, 3)
    return clock.spent


def _added(case: Path, files: list[Path]) -> dict[str, float]:
    """What `add` counts of what is new."""
    import polars as pl

    from cotrace import kept, network, parts, reading, traces
    from cotrace.case import Case
    from cotrace.engines import local

    clock, store = Clock(), Case(case)
    share = kept.put_share(store, reading.apart(files[:1])[0])
    before = reading.together([kept.share_of(store, share)], compared=False)
    blobs = {name: kept.put_table(store, traces.act(name, before.posts)[0]) for name in parts.names("traces")
             if not traces.get(name).whole}
    with clock.of("read"):
        new = reading.apart(files[1:])
    with clock.of("together"):
        read = reading.together([kept.share_of(store, share), *new], compared=False)
    touched = new[0].frames["posts"].select("post").unique()
    came = read.posts.join(touched, on="post", how="semi")
    for name, blob in blobs.items():
        with clock.of("load"):
            old = kept.table(store, blob)
        with clock.of("traces"):
            fresh = traces.get(name)(came)
            other = old["post"].is_in(touched["post"].implode())
            went, after = old.filter(other), pl.concat([old.filter(~other), fresh])
        with clock.of("pairs"):
            if old.height:
                network.may_meet(old, after, went, fresh, windows_s=WINDOWS, common_property=5000, engine=local)
    return clock.spent


def watch(count: int) -> None:
    """Three looks at a folder of so many files: the first sees them, the second would read them, the third is idle."""
    import resource

    from cotrace import watching

    with tempfile.TemporaryDirectory() as folder:
        inside = Path(folder) / "in"
        for number in range(count):
            if number % 1000 == 0:
                (here := inside / f"{number // 1000}").mkdir(parents=True)
            (here / f"{number}.csv").touch()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        index = watching._Index(Path(folder) / "index")
        told = {"files": count}
        for what in ("first", "second", "idle"):
            began, batches = time.process_time(), 0
            for batch in index.settled(inside):
                index.taken(batch)
                batches += 1
            told |= {f"{what}_cpu_s": round(time.process_time() - began, 2), f"{what}_batches": batches}
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(json.dumps({**told, "grew_mib": round((after - before) / 1024, 1)}))


if __name__ == "__main__":
    {"looks": looks, "cost": cost, "watch": watch}[sys.argv[1]](int(sys.argv[2]))
