"""What is found when an operation is a fifth, a twentieth, a hundredth of the accounts?

    python benchmarks/prevalence.py [draws]      writes docs/prevalence.md; reads COTRACE_SHARED in place, resumes

The operation's accounts of mixA are drawn anew, the 257 authentic ones all stay; nothing else is changed. An
account's score is −log10 of its smallest q, 0 where it has none; of the usual rule, how many objects it shared with
somebody within 60 s. Labels score and are never read by either. No account is named.
"""

import functools
import hashlib
import json
import os
import sys
from pathlib import Path

import numpy as np
import polars as pl
from honesty import code, commit

from cotrace import network, parts, reading, traces
from cotrace.engines import encode, local
from cotrace.records import Plan

HERE = Path(__file__).resolve().parent
MIX = Path(os.environ.get("COTRACE_SHARED", HERE.parent.parent / "shared")) / "data" / "posts" / "mixA.parquet"
OUT = HERE / "out" / "prevalence"
SHARES, DRAWS, FIRST = (0.2, 0.05, 0.01), 20, 300
POSITIVE = "ira"
EVERY = 0.99          # q up to here is asked for, so that accounts can be ranked below the threshold too

HEAD = """# Where an operation is rare

Made by `benchmarks/prevalence.py` on real posts (mixA, read in place; no account is named): {authentic} authentic
accounts of the US Congress, and of {operation} accounts of a named operation as many, drawn anew, as make up the share.
{draws} draws each; means, with the 5th and 95th percentile of the draws in brackets. The null is that of commit
`{commit}`.

*Found* are accounts with an edge at α = .01 (cotrace), or with two objects shared with one other within 60 s. AUC-PR
lift is the area under the precision-recall curve ÷ the share of the operation, which is what a ranking by lot would
have. The two populations hardly share anything, so this says little about look-alikes; [honesty.md](honesty.md) does.
"""
TAIL = """
Authentic accounts found, over all {all} draws: cotrace {ours}, the rule {theirs}. What the caution costs is in the same
table: of the operation's accounts drawn at a fifth, cotrace finds {recall:.0%}, the rule {their_recall:.0%}. Whole, the
operation is found far better ([results.md](results.md)); a few of its accounts, drawn by lot, seldom worked with one
another, and with a hundredth there are three of them.
"""


def main() -> None:
    """Every draw of every share, then the document."""
    draws = int(sys.argv[1]) if len(sys.argv) > 1 else DRAWS
    rows = [drawn(share, FIRST + number) for number in range(draws) for share in SHARES]
    head = ("share", "accounts of it", "method", "found", "of the operation", "authentic", "precision", "recall",
            "AUC-PR", "lift")
    lines = [f"| {' | '.join(head)} |", "| --- " * len(head) + "|"]
    for share in SHARES:
        for method in ("cotrace", "60 s, twice"):
            of = [row[method] | {"positives": row["positives"]} for row in rows if row["share"] == share]
            some = [one["hit"] / one["found"] for one in of if one["found"]]
            precision = f"{np.mean(some):.2f} (in {len(some)} draws)" if some else "nothing found"
            wrong = [{"authentic": one["found"] - one["hit"]} for one in of]
            recall = np.mean([one["hit"] / one["positives"] for one in of])
            cells = (f"{share:.0%}", of[0]["positives"], method, spread(of, "found"), spread(of, "hit"),
                     spread(wrong, "authentic"), precision, f"{recall:.2f}", spread(of, "auc", 2), spread(of, "lift"))
            lines.append(f"| {' | '.join(map(str, cells))} |")
    labels = accounts()
    said = {"authentic": sum(label != POSITIVE for label in labels.values()), "draws": draws,
            "operation": sum(label == POSITIVE for label in labels.values()), "commit": rows[0]["commit"]}
    for short, method in (("ours", "cotrace"), ("theirs", "60 s, twice")):
        said[short] = sum(row[method]["found"] - row[method]["hit"] for row in rows)
    for short, method in (("recall", "cotrace"), ("their_recall", "60 s, twice")):
        said[short] = np.mean([row[method]["hit"] / row["positives"] for row in rows if row["share"] == SHARES[0]])
    said["all"] = len(rows)
    (HERE.parent / "docs" / "prevalence.md").write_text(
        HEAD.format(**said) + "\n" + "\n".join(lines) + "\n" + TAIL.format(**said), "utf-8")


def spread(rows: list[dict], name: str, digits: int = 1) -> str:
    values = [row[name] for row in rows]
    low, high = np.quantile(values, (0.05, 0.95))
    return f"{np.mean(values):.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


@functools.cache
def accounts() -> dict[str, str]:
    """The label of each account, for scoring."""
    table = pl.read_parquet(MIX, columns=["platform", "account_id", "label"]).unique()
    return {f"{platform}:{account}": label for platform, account, label in sorted(table.iter_rows())}


@functools.cache
def actions() -> tuple[dict[str, pl.DataFrame], int]:
    """Of everybody, and how exactly the times are known (s); an account's acts depend on no one else."""
    read = reading.read(MIX)
    resolution_s = max(file.resolution_s for file in read.inputs)
    names = [name for name in parts.names("traces") if resolution_s <= 1 or not traces.get(name).seconds]
    return {name: traces.act(name, read.posts)[0] for name in names}, resolution_s


def drawn(share: float, seed: int) -> dict:
    """One draw, both methods."""
    kept = OUT / f"{share:g}-{seed}-{code('traces', 'engines', 'network')}.json"
    if kept.exists():
        return json.loads(kept.read_text())
    positives = sorted(name for name, label in accounts().items() if label == POSITIVE)
    others = sorted(accounts().keys() - set(positives))
    count = max(3, round(share / (1 - share) * len(others)))
    rng = np.random.Generator(np.random.PCG64([seed, round(1000 * share)]))
    chosen = set(rng.permutation(positives)[:count].tolist())
    everybody, resolution_s = actions()
    present = sorted(chosen | set(others))
    ours = {name: acts.filter(pl.col("actor").is_in(present)) for name, acts in everybody.items()}
    edges = network.validate(ours, plan=Plan(alpha=EVERY), engine=local, resolution_s=resolution_s).edges
    q = best(edges.select("a", "b", score=-pl.col("q").clip(1e-300).log10()))
    counts = pl.concat([local.pairs(encode(acts), (60,)).select("a", "b", score=pl.col("objects").cast(pl.Float64))
                        for acts in ours.values() if acts.height])
    rule = best(counts)
    row = {"share": share, "seed": seed, "positives": count, "commit": commit(),
           "draw": hashlib.sha256(";".join(sorted(chosen)).encode()).hexdigest()[:8],
           "cotrace": figures(q, -np.log10(Plan().alpha), chosen, present),
           "60 s, twice": figures(rule, 2.0, chosen, present)}
    OUT.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps(row))
    print(share, seed, flush=True)
    return row


def best(pairs: pl.DataFrame) -> dict[str, float]:
    """Of each account its highest score."""
    both = pl.concat([pairs.select(actor="a", score="score"), pairs.select(actor="b", score="score")])
    return dict(both.group_by("actor").agg(pl.col("score").max()).iter_rows())


def figures(score: dict[str, float], least: float, chosen: set[str], present: list[str]) -> dict:
    """Who is found at the threshold, and how well the score ranks everybody."""
    found = {actor for actor, value in score.items() if value >= least - 1e-12}
    values = np.array([score.get(actor, 0.0) for actor in present])
    true = np.array([actor in chosen for actor in present])
    auc = average_precision(values, true)
    return {"found": len(found), "hit": len(found & chosen), "auc": auc, "lift": auc / true.mean()}


def average_precision(values: np.ndarray, true: np.ndarray) -> float:
    """Σ (recall step) × precision over the distinct scores, from the highest; accounts of one score come together."""
    area, hits, seen = 0.0, 0, 0
    for value in np.unique(values)[::-1]:
        at = values == value
        hits, seen = hits + int(true[at].sum()), seen + int(at.sum())
        area += true[at].sum() / true.sum() * hits / seen
    return float(area)


if __name__ == "__main__":
    main()
