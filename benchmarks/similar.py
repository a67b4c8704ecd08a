"""What does it cost to find nearly the same texts, and what is found, beside datasketch, rensa and the toolkit?

    python benchmarks/similar.py all 100000         # texts; a Markdown table, each method in a process of its own
    python benchmarks/similar.py cotrace 1000000    # one method; one JSON line
    PEERS=/venv/bin/python python benchmarks/similar.py all 20000   # the Python in which the others are installed

The posts are those of the world `nobody`, every twentieth of its texts once more with one word replaced: fixed seeds,
so runs on one machine compare. Each is asked for texts that are alike by 4/5 of their runs of five letters: datasketch
and rensa (MinHash of 128, LSH at .8) for candidates, which are then compared exactly, like ours; an exact prefix filter
in plain Python counts the pairs there are. coordination_network_toolkit is asked on its own definition (words, .8,
60 s), on posts laid out one a second.
One process a line, because peak memory only ever grows.
"""

import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from itertools import combinations
from pathlib import Path

RUN, LEAST = 5, 0.8
METHODS = ("cotrace", "exact", "datasketch", "rensa", "toolkit")
SEED = 3


def texts(count: int) -> list[str]:
    """`count` different texts, as `same_text` bares them."""
    kept = Path(__file__).parent / "out" / f"similar-{count}.json"
    if not kept.exists():
        from cotrace import simulate
        from cotrace.traces.same_text import same_text

        world = simulate.world("nobody", seed=SEED, size=max(1.0, count / 6_000))
        posts = world.posts.select("post", "kind", "text")
        bare = same_text.objects(posts)["object"].unique().sort().to_list()
        dice = random.Random(SEED)
        for text in bare[::20]:
            words = text.split(" ")
            words[dice.randrange(len(words))] = f"zq{dice.randrange(10**6)}"
            bare.append(" ".join(words))
        made = list(dict.fromkeys(bare))
        dice.shuffle(made)
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(json.dumps(made[:count]))
    return json.loads(kept.read_text())


def runs(text: str) -> set[str]:
    return {text[at:at + RUN] for at in range(len(text) - RUN + 1)}


def alike(of: list[set[str]], pairs: Iterable[tuple[int, int]]) -> set[tuple[int, int]]:
    """The candidates that are alike, counted exactly."""
    return {(a, b) for a, b in pairs if len(of[a] & of[b]) >= LEAST * len(of[a] | of[b])}


def cotrace(posts: list[str]) -> set[tuple[int, int]]:
    """Groups, and the pairs inside them."""
    import polars as pl

    from cotrace.traces import similar_text

    groups = similar_text.in_groups(pl.Series("text", posts))
    place = {text: at for at, text in enumerate(posts)}
    members: dict[str, list[int]] = {}
    for text, group in groups.select("text", "group").iter_rows():
        members.setdefault(group, []).append(place[text])
    return {pair for group in members.values() for pair in combinations(sorted(group), 2)}


def exact(posts: list[str]) -> set[tuple[int, int]]:
    """All pairs, by a prefix filter in plain Python."""
    of, often, met = [runs(post) for post in posts], {}, {}
    for one in of:
        for run in one:
            often[run] = often.get(run, 0) + 1
    found = set()
    for place, one in enumerate(of):
        rare = sorted(one, key=lambda run: (often[run], run))[:len(one) - -(-4 * len(one) // 5) + 1]
        found |= alike(of, {(other, place) for run in rare for other in met.get(run, ())})
        for run in rare:
            met.setdefault(run, []).append(place)
    return found


def datasketch(posts: list[str]) -> set[tuple[int, int]]:
    from datasketch import MinHash, MinHashLSH

    of, near, lsh = [runs(post) for post in posts], set(), MinHashLSH(threshold=LEAST, num_perm=128)
    for place, hashed in enumerate(MinHash.generator([[run.encode() for run in one] for one in of], num_perm=128)):
        near |= {(other, place) for other in lsh.query(hashed)}
        lsh.insert(place, hashed, check_duplication=False)
    return alike(of, near)


def rensa(posts: list[str]) -> set[tuple[int, int]]:
    from rensa import RMinHash, RMinHashLSH

    of, near, lsh = [runs(post) for post in posts], set(), RMinHashLSH(threshold=LEAST, num_perm=128, num_bands=16)
    for place, one in enumerate(of):
        hashed = RMinHash(num_perm=128, seed=SEED)
        hashed.update(sorted(one))
        near |= {(other, place) for other in lsh.query(hashed)}
        lsh.insert(place, hashed)
    return alike(of, near)


def toolkit(posts: list[str]) -> set[tuple[int, int]]:
    """Its own definition: words, and posts within 60 s; the posts are laid out one a second."""
    from coordination_network_toolkit.compute_networks import compute_co_similar_tweet
    from coordination_network_toolkit.preprocess import preprocess_data

    with tempfile.TemporaryDirectory() as folder:
        base = str(Path(folder) / "posts.db")
        preprocess_data(base, ((str(n), f"u{n}", f"u{n}", None, None, post, n, []) for n, post in enumerate(posts)))
        compute_co_similar_tweet(base, 60, similarity_threshold=LEAST)
    return set()


def one(method: str, count: int) -> dict:
    """One method, in this process; pairs that are alike are kept for the table."""
    posts = texts(count)
    if method == "cotrace":
        cotrace(posts[:300])  # compiled once an installation
    began, busy = time.perf_counter(), sum(os.times()[:4])  # of the processes that it starts and waits for, too
    pairs = globals()[method](posts)
    figures = {"method": method, "texts": len(posts), "seconds": round(time.perf_counter() - began, 2),
               "cpu_seconds": round(sum(os.times()[:4]) - busy, 2), "pairs": len(pairs),
               "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)}
    (Path(__file__).parent / "out" / f"similar-{method}-{count}.json").write_text(json.dumps(sorted(pairs)))
    return figures


def table(count: int) -> None:
    peers = os.environ.get("PEERS", sys.executable)
    texts(count)
    rows, found = [], {}
    for method in METHODS:
        python = sys.executable if method in ("cotrace", "exact") else peers
        ran = subprocess.run([python, __file__, method, str(count)], capture_output=True, text=True)
        if ran.returncode:
            print(f"{method} could not run: {ran.stderr.strip().splitlines()[-1]}", file=sys.stderr)
            continue
        rows.append(json.loads(ran.stdout.splitlines()[-1]))
        kept = Path(__file__).parent / "out" / f"similar-{method}-{count}.json"
        found[method] = {tuple(pair) for pair in json.loads(kept.read_text())}
    print("| method | texts | seconds | CPU s | peak MiB | of the exact pairs at .8 |\n|---|---|---|---|---|---|")
    for row in rows:
        truth, mine = found.get("exact", set()), found[row["method"]]
        share = f"{len(truth & mine) / len(truth):.4f}" if truth and row["method"] != "toolkit" else "–"
        print(f"| {row['method']} | {row['texts']:,} | {row['seconds']} | {row['cpu_seconds']} | {row['peak_mib']} "
              f"| {share} |")


if __name__ == "__main__":
    if sys.argv[1] == "all":
        table(int(sys.argv[2]))
    else:
        print(json.dumps(one(sys.argv[1], int(sys.argv[2]))))
