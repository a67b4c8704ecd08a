"""What does it cost to join pictures that are nearly the same, beside faiss, and is the answer the same?

    python benchmarks/images.py all 1000000          # hashes; a Markdown table, each method in a process of its own
    python benchmarks/images.py cotrace 1000000      # one method; one JSON line
    python benchmarks/images.py pictures 2000        # what it costs to hash files, and what saving again changes

Of the hashes of 256 bits 97 in 100 are random, two are another one with up to 31 bits changed, and one is stock: three
flags in thousands of variants. Fixed seeds, so runs on one machine compare. Everybody is asked for the same: to put
every hash with its nearest exemplar at most 31 bits away.

    cotrace        traces/_near.py
    multihash      faiss.IndexBinaryMultiHash, 16 tables of 16 bits, one bit flipped: exact by the same pigeonhole. It
                   gives all pairs, from which the groups are made; that part is not counted. Of more than 200,000
                   hashes a sample is looked up, and the time for all is that times their number
    flat           faiss.IndexBinaryFlat: every hash against every other, exact; a sample, as above
One process a line, because peak memory only ever grows. A speed-up that changes the digest is a bug.
"""

import hashlib
import io
import json
import resource
import subprocess
import sys
import time

import numpy as np

SEED, BITS = 5, 31
METHODS = ("cotrace", "multihash", "flat")
SAMPLE = 2_000        # hashes that are looked up for the others
WHOLE = 200_000       # hashes of which `multihash` looks up all; else SAMPLE
AT_ONCE = 20_000      # hashes that `multihash` looks up at once, or its answer would not fit into memory


def flipped(dice: np.random.Generator, hashes: np.ndarray, most: int) -> np.ndarray:
    """Each with one to `most` of its bits changed."""
    bits = np.unpackbits(hashes.view(np.uint8), axis=1)
    changed = dice.random(bits.shape).argsort(axis=1) < dice.integers(1, most + 1, len(bits))[:, None]
    return np.packbits(bits ^ changed, axis=1).view(np.uint64)


def hashes(count: int) -> np.ndarray:
    """[hash, 4], each once, in an order that says nothing."""
    dice = np.random.default_rng(SEED)
    near, stock = count // 50, count // 100
    base = dice.integers(0, 2**64, (count - near - stock, 4), dtype=np.uint64)
    flags = np.repeat(base[:3], stock // 3 + 1, axis=0)[:stock]
    made = np.concatenate([base, flipped(dice, base[dice.integers(len(base), size=near)], BITS),
                           flipped(dice, flags, 12)])
    return dice.permutation(np.unique(made, axis=0))


def cotrace(of: np.ndarray) -> tuple[np.ndarray, float, float]:
    from cotrace.traces import _near

    _near.group(of[:600])  # compiled once an installation
    began, busy = time.perf_counter(), time.process_time()
    found = _near.group(of)
    return found.exemplar, time.perf_counter() - began, time.process_time() - busy


def multihash(of: np.ndarray) -> tuple[np.ndarray | None, float, float]:
    import faiss

    raw, index = of.view(np.uint8), faiss.IndexBinaryMultiHash(256, 16, 16)
    index.nflip = 1
    began, busy = time.perf_counter(), time.process_time()
    index.add(raw)
    if len(raw) > WHOLE:
        began, busy = time.perf_counter(), time.process_time()  # what it took to fill the index is left out
        index.range_search(raw[:SAMPLE], BITS + 1)
        times = len(raw) / SAMPLE
        return None, (time.perf_counter() - began) * times, (time.process_time() - busy) * times
    parts = [index.range_search(raw[at : at + AT_ONCE], BITS + 1) for at in range(0, len(raw), AT_ONCE)]
    spent = time.perf_counter() - began, time.process_time() - busy
    return _groups(parts, len(raw)), *spent


def _groups(parts: list, count: int) -> np.ndarray:
    """The exemplar of each hash from all pairs that are near."""
    sizes = np.concatenate([np.diff(limits.astype(np.int64)) for limits, _, _ in parts])
    start = np.concatenate([[0], np.cumsum(sizes)])
    apart, near = (np.concatenate([part[place] for part in parts]) for place in (1, 2))
    best, nearest = np.full(count, -1), np.full(count, 257)
    for place in range(count):
        if nearest[place] == 257:  # an exemplar, unless one before it was near
            mine = slice(start[place], start[place + 1])
            better = (apart[mine] < nearest[near[mine]]) | ((apart[mine] == nearest[near[mine]])
                                                            & (place < best[near[mine]]))
            chosen = near[mine][better]
            best[chosen], nearest[chosen] = place, apart[mine][better]
    return best


def flat(of: np.ndarray) -> tuple[np.ndarray | None, float, float]:
    import faiss

    raw, index = of.view(np.uint8), faiss.IndexBinaryFlat(256)
    index.add(raw)
    began, busy = time.perf_counter(), time.process_time()
    index.range_search(raw[:SAMPLE], BITS + 1)
    times = len(raw) / min(SAMPLE, len(raw))
    return None, (time.perf_counter() - began) * times, (time.process_time() - busy) * times


def one(method: str, count: int) -> dict:
    """One method, in this process."""
    of = hashes(count)
    exemplar, seconds, busy = globals()[method](of)
    answer = {} if exemplar is None else {
        "groups": len(np.unique(exemplar)), "in_groups": int((exemplar != np.arange(len(of))).sum()),
        "digest": hashlib.sha256(exemplar.astype("<i4").tobytes()).hexdigest()[:12]}
    return {"method": method, "hashes": len(of), "seconds": round(seconds, 1), "cpu_seconds": round(busy, 1),
            "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024), **answer}


def table(count: int) -> None:
    print("| method | hashes | seconds | CPU s | peak MiB | not exemplars | digest |\n|---|---|---|---|---|---|---|")
    for method in METHODS:
        ran = subprocess.run([sys.executable, __file__, method, str(count)], capture_output=True, text=True)
        if ran.returncode:
            print(f"{method} could not run: {ran.stderr.strip().splitlines()[-1]}", file=sys.stderr)
            continue
        row = json.loads(ran.stdout.splitlines()[-1])
        print(f"| {method} | {row['hashes']:,} | {row['seconds']:,} | {row['cpu_seconds']:,} | {row['peak_mib']:,} "
              f"| {row.get('in_groups', '–')} | {row.get('digest', '–')} |", flush=True)


def pictures(count: int) -> None:
    """Hashes of drawn pictures, and in how many bits those of the same picture saved again differ."""
    from PIL import Image, ImageDraw

    from cotrace.images import _decoder

    def drawn(seed: int, width: int = 1024, height: int = 768) -> Image.Image:
        dice = np.random.default_rng(seed)
        soft = dice.integers(0, 255, (*dice.integers(4, 14, 2), 3), dtype=np.uint8)
        made = Image.fromarray(soft).resize((width, height), Image.Resampling.BICUBIC)
        pen = ImageDraw.Draw(made)
        for _ in range(12):
            x, y, wide, high = (int(dice.integers(5, most)) for most in (width, height, width // 3, height // 3))
            pen.ellipse([x, y, x + wide, y + high], fill=tuple(dice.integers(0, 255, 3).tolist()))
        return made

    def saved(made: Image.Image, kind: str, **how: object) -> bytes:
        file = io.BytesIO()
        made.save(file, kind, **how)
        return file.getvalue()

    ways = {"JPEG, quality 85": lambda made: saved(made, "JPEG", quality=85),
            "JPEG, quality 40": lambda made: saved(made, "JPEG", quality=40),
            "WebP, quality 60": lambda made: saved(made, "WEBP", quality=60),
            "GIF, 256 colours": lambda made: saved(made, "GIF"),
            "half the size": lambda made: saved(made.resize((512, 384)), "JPEG"),
            "a fifth of the size": lambda made: saved(made.resize((205, 154)), "JPEG"),
            "cut by 1.5 in 100 at two sides": lambda made: saved(made.crop((15, 12, 1024, 768)), "JPEG"),
            "cut by 5 in 100 at two sides": lambda made: saved(made.crop((51, 38, 1024, 768)), "JPEG"),
            "mirrored": lambda made: saved(made.transpose(Image.Transpose.FLIP_LEFT_RIGHT), "JPEG")}
    few = [drawn(seed) for seed in range(40)]
    before = [int(_decoder.fingerprint(saved(made, "PNG"))[0], 16) for made in few]
    print("| saved again as | bits changed, mean | at most | within 31 |\n|---|---|---|---|")
    for name, again in ways.items():
        bits = [(one ^ int(_decoder.fingerprint(again(made))[0], 16)).bit_count()
                for one, made in zip(before, few, strict=True)]
        print(f"| {name} | {np.mean(bits):.1f} | {max(bits)} | {np.mean(np.array(bits) <= BITS):.0%} |")
    raws = [saved(made, "JPEG", quality=85) for made in few[:20]]
    began = time.process_time()
    for place in range(count):
        _decoder.fingerprint(raws[place % len(raws)])
    print(f"\n{(time.process_time() - began) / count * 1000:.1f} ms of processor time for a JPEG of 1024 × 768")


if __name__ == "__main__":
    if sys.argv[1] == "all":
        table(int(sys.argv[2]))
    elif sys.argv[1] == "pictures":
        pictures(int(sys.argv[2]))
    else:
        print(json.dumps(one(sys.argv[1], int(sys.argv[2]))))
