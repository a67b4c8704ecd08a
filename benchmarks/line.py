"""What does an investigation cost, stage by stage, as posts grow?

    python benchmarks/line.py                       # 100,000 and 1,000,000 posts, Parquet; one JSON line each
    python benchmarks/line.py 1000000               # so many posts
    python benchmarks/line.py 1000000 2             # with two copies of each placebo instead of 20
    python benchmarks/line.py 1000000 2 FILE        # one run, in this process; FILE is made where it is not there

The posts are `_posts.py`'s: nobody but five planted rings of ten acts together, so the dossier is small and the search
is not. Every run is `cotrace run` in a process of its own, into a new case: five traces, windows of 60 and 1,800 s, 20
placebos of each kind, plantings, dossier; with fewer copies, their time is that of so many. A stage has wall-clock
`seconds` and `cpu_s`, the processor time of all threads, the fairer figure where others use the machine. `engine` is
what all stages together spent in the engine's four functions, `encode` what they spent in making events of actions.
`peak_mb` is the process's highest resident memory up to the end of the stage. `digest` is that of the dossier: another
digest is another answer.
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
COPIES = 20
TRACES = ("reply_target", "repost", "same_text", "shared_link", "tag_sequence")
WINDOWS = (60, 1800)


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
            began, used = time.perf_counter(), time.process_time()
            try:
                return plain(*given, **options)
            finally:
                told = self.stages.setdefault(stage, {"seconds": 0.0, "cpu_s": 0.0, "peak_mb": 0.0})
                told["seconds"] += time.perf_counter() - began
                told["cpu_s"] += time.process_time() - used
                told["peak_mb"] = peak_mb()
                self.open.remove(stage)

        setattr(owner, name, timed)


def one(file: Path, copies: int) -> dict:
    """One run, timed; compiling is done before on a few posts."""
    from cotrace import kept, network, pipeline
    from cotrace.engines import local
    from cotrace.records import Plan

    plan = Plan(traces=TRACES, windows=WINDOWS, placebos=copies)

    with tempfile.TemporaryDirectory() as folder:
        few = Path(folder) / "few.parquet"
        _posts.posts(16_000, seed=9).write_parquet(few)
        began = time.perf_counter()
        pipeline.run([few], plan=plan)
        compiled = time.perf_counter() - began
        clock, line = Clock(), pipeline._Line
        for owner, name, stage in ((kept, "read", "read"), (line, "act", "traces"), (line, "validated", "network"),
                                   (line, "placebos", "placebos"), (line, "plantings", "plantings"),
                                   (line, "naive_edges", "naive"), (pipeline.clusters, "find", "clusters"),
                                   (pipeline.attribution, "link", "attribution"),
                                   (pipeline.verdicts, "judge", "verdicts"), (pipeline.dossier, "build", "dossier")):
            clock.around(owner, name, stage)
        for name in ("pairs", "near", "lag_near", "meetings"):
            clock.around(local, name, "engine", nested=True)
        clock.around(network, "encode", "encode", nested=True)
        began, used = time.perf_counter(), time.process_time()
        found = pipeline.run([file], case=Path(folder) / "case", plan=plan)
        whole, cpu = time.perf_counter() - began, time.process_time() - used
    stages = {name: {key: round(value, 2) for key, value in told.items()} for name, told in clock.stages.items()}
    return {"posts": found.findings.reading.counts["posts"], "copies": copies, "seconds": round(whole, 1),
            "cpu_s": round(cpu, 1), "peak_mb": round(peak_mb()), "first_run_s": round(compiled, 1),
            "edges": found.edges.height, "digest": hashlib.sha256(found.dossier).hexdigest()[:16], "stages": stages}


def line(count: int, copies: int, folder: Path) -> dict:
    """One run of so many posts, in a process of its own."""
    file = folder / f"posts-{count}.parquet"
    made = f"import _posts; _posts.posts({count}).write_parquet({str(file)!r})"  # whose memory is not the run's
    subprocess.run([sys.executable, "-c", made], cwd=Path(__file__).parent, check=True)
    ran = subprocess.run([sys.executable, __file__, str(count), str(copies), str(file)], stdout=subprocess.PIPE,
                         text=True, check=True)
    return json.loads(ran.stdout)


if __name__ == "__main__":
    if len(sys.argv) > 3:
        given = Path(sys.argv[3])
        if not given.exists():
            _posts.posts(int(sys.argv[1])).write_parquet(given)
        print(json.dumps(one(given, int(sys.argv[2]))))
    else:
        with tempfile.TemporaryDirectory() as made:
            for size in [int(sys.argv[1])] if len(sys.argv) > 1 else SIZES:
                print(json.dumps(line(size, int(sys.argv[2]) if len(sys.argv) > 2 else COPIES, Path(made))), flush=True)
