"""What do posts that arrive every day cost, and does looking at them every day accuse more people?

    python benchmarks/days.py looks 8          # sixty daily looks on 8 worlds of each kind; one JSON line a kind
    python benchmarks/days.py looks 60 friends # the same on 60 worlds of one kind
    python benchmarks/days.py cost 300000      # 1 % of so many posts added to the rest, stage by stage; one JSON line
    python benchmarks/days.py add 1000000      # the same by `cotrace add` itself: what is new, and what is done anew
    python benchmarks/days.py watch 1000000    # a folder of so many files, then ten new ones: s and memory of a look

`looks`: in worlds in which nobody coordinates, everything up to a day is tested on that day, for sixty days. `naive`
tests at alpha every day; `shares` gives look k its own share, alpha / (k (k + 1)); `once` tests at alpha on the last
day and on no other. Told are worlds in which a pair was ever found, and pairs that were ever found. In `ring` somebody
does coordinate: told is the day on which each ring's pairs first pass.

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
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

DAYS = 60
MOST_OF_A_RING = 6   # of eight
WINDOWS = (10, 60, 300, 1800, 21600)
LARGE = {"accounts": 400, "objects": 1600, "alpha": 0.05}
KINDS: dict[str, dict] = {
    "nobody": LARGE, "clubs": LARGE, "bursts": LARGE,
    # a few friends of one community who share little else: what they do elsewhere hardly tells their habits
    "friends": {"name": "nobody", "accounts": 40, "objects": 200, "fans": 0.15, "devotion": 24.0, "each": 60,
                "alpha": 0.01},
    "community": {"name": "nobody", "accounts": 40, "objects": 200, "fans": 0.3, "each": 60, "alpha": 0.05},
    "ring": {**LARGE, "rings": 1, "ring_size": 8, "ring_objects": 40},
}


def looks(worlds: int, *kinds: str) -> None:
    """Sixty looks at each world."""
    for kind in kinds or KINDS:
        ever: dict[str, list[int]] = {}
        began = time.process_time()
        for seed in range(worlds):
            for rule, pairs in _looked_at(kind, seed).items():
                ever.setdefault(rule, []).append(pairs)
        told = {rule: ({"median_day": sorted(values)[len(values) // 2], "days": values} if kind == "ring" else
                       {"worlds_with_a_pair": sum(map(bool, values)), "pairs": sum(values)})
                for rule, values in ever.items()}
        print(json.dumps({"world": kind, "alpha": KINDS[kind]["alpha"], "worlds": worlds, "looks": DAYS, **told,
                          "cpu_s": round(time.process_time() - began, 1)}), flush=True)


def _looked_at(kind: str, seed: int) -> dict[str, int]:
    """Pairs ever found by each rule; in a world with a ring, the day on which most of it was first found."""
    import polars as pl

    from cotrace import network, plans, simulate
    from cotrace.engines import local
    from cotrace.records import Plan

    knobs = {"name": kind, **KINDS[kind]}
    alpha = knobs.pop("alpha")
    world = simulate.shares(seed=seed, days=DAYS, **knobs)
    start = world.actions["at"].min()
    assert isinstance(start, dt.datetime)
    ever: dict[str, set] = {"naive": set(), "shares": set(), "once": set()}
    first = dict.fromkeys(ever, DAYS + 1)
    for day in range(1, DAYS + 1):
        seen = {"shared_link": world.actions.filter(pl.col("at") < start + dt.timedelta(days=day))}
        for rule, plan in (("naive", Plan(alpha=alpha)), ("shares", plans.at_look(Plan(alpha=alpha), day)),
                           *([("once", Plan(alpha=alpha))] if day == DAYS else [])):
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
    with tempfile.TemporaryDirectory() as folder:
        for size in (16_000, count):  # the first compiles
            files = _cut(Path(folder), size)
            told = {"whole": _whole(files), "added": _added(Path(folder) / f"{size}", files)}
    whole, added = (sum(step for name, step in spent.items() if name != "anew") for spent in told.values())
    print(json.dumps({"posts": count, **told, "count_whole_s": round(whole, 2), "count_added_s": round(added, 2),
                      "share": round(added / whole, 3)}))


def add(count: int) -> None:
    """A case of 99 % of the posts, and the last hundredth added to it, with one placebo copy of each kind."""
    from cotrace import adding
    from cotrace.records import Plan

    with tempfile.TemporaryDirectory() as folder:
        for size in (16_000, count):  # the first compiles
            files = _cut(Path(folder), size)
            told = []
            for file in files:
                began = time.process_time()
                done = adding.add(Path(folder) / f"case-{size}", [file], plan=Plan(placebos=1))
                told.append({**{step: round(spent, 2) for step, spent in done.spent_s.items()},
                             "all": round(time.process_time() - began, 2)})
    print(json.dumps({"posts": count, "first_99": told[0], "last_1": told[1],
                      "share": round(told[1]["counting"] / told[0]["all"], 4)}))


def _cut(folder: Path, size: int) -> list[Path]:
    """So many posts in two files: the first 99 %, and the last hundredth."""
    import _posts

    posts = _posts.posts(size).sort("created_at")
    files = [folder / f"{size}-{name}.parquet" for name in ("old", "new")]
    posts[: size * 99 // 100].write_parquet(files[0])
    posts[size * 99 // 100 :].write_parquet(files[1])
    return files


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
    """A folder of so many files that were read before; then ten files of posts come into it, and are read."""
    import resource

    import _posts

    from cotrace import watching
    from cotrace.records import Plan

    def peak() -> float:
        return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)

    with tempfile.TemporaryDirectory() as folder:
        inside = Path(folder) / "in"
        for number in range(count):
            if number % 1000 == 0:
                (here := inside / f"{number // 1000:04d}").mkdir(parents=True)
            (here / f"{number}.csv").touch()
        settings = watching.Settings(inside, {"plan": Plan(placebos=0)})
        told: dict[str, float] = {"files": count, "began_mib": peak()}
        watched = watching.Watch(Path(folder) / "case", settings)

        def timed(what: str, look: Callable[[], object]) -> None:
            began, wall = time.process_time(), time.monotonic()
            look()
            told.update({f"{what}_cpu_s": round(time.process_time() - began, 2),
                         f"{what}_wall_s": round(time.monotonic() - wall, 2), f"{what}_mib": peak()})

        timed("first", watched.poll)
        timed("taken", lambda: [watched._index.taken(batch) for batch in watched._index.settled(inside)])
        timed("idle", watched.poll)
        posts = _posts.posts(10_000).sort("created_at")
        for number in range(10):
            posts[number * 1000 : number * 1000 + 1000].write_parquet(inside / f"posts-{number}.parquet")
        timed("ten_seen", watched.poll)
        watched.close()
        watched = watching.Watch(Path(folder) / "case", settings)  # as after a restart
        timed("ten_read", watched.poll)
        timed("after", watched.poll)
        print(json.dumps(told))


if __name__ == "__main__":
    {"looks": looks, "cost": cost, "add": add, "watch": watch}[sys.argv[1]](int(sys.argv[2]), *sys.argv[3:])
