"""What does an investigation cost, stage by stage, as posts grow?

    python benchmarks/line.py                       # 100,000 and 1,000,000 posts, Parquet; one JSON line each
    python benchmarks/line.py 1000000               # so many posts
    python benchmarks/line.py 1000000 one FILE      # one run, in this process; FILE is made where it is not there

The posts are `_posts.py`'s: nobody but five planted rings of ten acts together, so the dossier is small and the search
is not. Every run is `cotrace run` with its defaults, in a process of its own, into a new case: all traces, all windows,
20 placebos of each kind, plantings, dossier. A stage's seconds are wall clock; `engine_s` is what all stages together
spent in the engine's four functions, `sort_s` what they spent in making events of actions. `peak_mb` is the process's
highest resident memory up to the end of the stage. `digest` is that of the dossier: another digest is another answer.
"""

import functools
import hashlib
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import _posts

SIZES = (100_000, 1_000_000)


def peak_mb() -> float:
    """The highest resident memory so far (Linux)."""
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(row.split()[1]) for row in status if row.startswith("VmHWM")) / 1024


class Clock:
    """Seconds by stage, of functions that are replaced by themselves with a clock around them."""

    def __init__(self) -> None:
        self.stages: dict[str, dict[str, float]] = {}
        self.open: list[str] = []

    def around(self, owner: object, name: str, stage: str, nested: bool = False) -> None:
        """Time `owner.name` as `stage`; a stage inside another counts for the outer one, unless it is to be nested."""
        plain = getattr(owner, name)

        @functools.wraps(plain)
        def timed(*given, **options):
            if stage in self.open or (self.open and not nested):
                return plain(*given, **options)
            self.open.append(stage)
            began = time.perf_counter()
            try:
                return plain(*given, **options)
            finally:
                told = self.stages.setdefault(stage, {"seconds": 0.0, "peak_mb": 0.0})
                told["seconds"] += time.perf_counter() - began
                told["peak_mb"] = peak_mb()
                self.open.remove(stage)

        setattr(owner, name, timed)


def one(file: Path) -> dict:
    """One run, timed; compiling is done before on a few posts."""
    from cotrace import engines, network, pipeline
    from cotrace.engines import local
    from cotrace.network import _layers, _placebo

    with tempfile.TemporaryDirectory() as folder:
        few = Path(folder) / "few.parquet"
        _posts.posts(16_000, seed=9).write_parquet(few)
        began = time.perf_counter()
        pipeline.run([few])
        compiled = time.perf_counter() - began
        clock, line = Clock(), pipeline._Line
        for owner, name, stage in ((pipeline, "_read", "read"), (line, "act", "traces"), (line, "validated", "network"),
                                   (line, "placebos", "placebos"), (line, "plantings", "plantings"),
                                   (line, "naive_edges", "naive"), (pipeline.clusters, "find", "clusters"),
                                   (pipeline.attribution, "link", "attribution"),
                                   (pipeline.dossier, "build", "dossier")):
            clock.around(owner, name, stage)
        for name in ("pairs", "near", "lag_near", "meetings"):
            clock.around(local, name, "engine_s", nested=True)
        for owner in (engines, _layers, _placebo):
            clock.around(owner, "encode", "sort_s", nested=True)
        began = time.perf_counter()
        found = pipeline.run([file], case=Path(folder) / "case", progress=network.quiet)
        whole = time.perf_counter() - began
    spent = {name: round(clock.stages.pop(name)["seconds"], 2) for name in ("engine_s", "sort_s")}
    stages = {name: {key: round(value, 2) for key, value in told.items()} for name, told in clock.stages.items()}
    return {"posts": found.findings.reading.posts.height, "seconds": round(whole, 1), "peak_mb": round(peak_mb()),
            **spent, "first_run_s": round(compiled, 1), "edges": found.edges.height,
            "digest": hashlib.sha256(found.dossier).hexdigest()[:16], "stages": stages}


def line(count: int, folder: Path) -> dict:
    """One run of so many posts, in a process of its own."""
    file = folder / f"posts-{count}.parquet"
    ran = subprocess.run([sys.executable, __file__, str(count), "one", str(file)], stdout=subprocess.PIPE, text=True,
                         check=True)
    return json.loads(ran.stdout)


if __name__ == "__main__":
    if len(sys.argv) > 3:
        given = Path(sys.argv[3])
        if not given.exists():
            _posts.posts(int(sys.argv[1])).write_parquet(given)
        print(json.dumps(one(given)))
    else:
        with tempfile.TemporaryDirectory() as made:
            for size in [int(sys.argv[1])] if len(sys.argv) > 1 else SIZES:
                print(json.dumps(line(size, Path(made))), flush=True)
