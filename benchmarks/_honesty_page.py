"""docs/honesty.md and its picture, from whatever `honesty.py` has run; no figure here is written by hand."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import polars as pl
from _rivals import NOMINAL, RIVALS
from scipy.stats import beta

from cotrace import simulate

DOCS = Path(__file__).resolve().parent.parent / "docs"
PURE = ("nobody", "viral", "breaking-news", "live-event", "giveaway", "time-zone-islands", "evening-clubs",
        "super-fans", "empty-ish", "one-giant-object")
HONEST = ("fan-army", "party-volunteers", "news-syndication", "labelled-bots", "agency")
OPERATIONS = tuple(name for name in simulate.WORLDS if name not in PURE + HONEST)
SIX = ("nobody", "viral", "giveaway", "jitter-5min", "camouflaged", "copy-of-authentic")
MILLION = ("nobody", "jitter-5min")
METHODS = ("cotrace", *RIVALS)
ALPHA = NOMINAL["cotrace"]
RECALL = {"lock-step": 0.95, "jitter-30s": 0.95, "jitter-5min": 0.95, "jitter-30min": 0.95, "jitter-6h": 0.8,
          "camouflaged": 0.8}     # goals
RUNS, SEEDS = 200, 20             # goals
COUNTED = ("benign", "benign_called", "guilty", "guilty_called", "groups", "found", "groups_called")
DRAWS = 2000                      # of the bootstrap over seeds
COLOURS = dict(zip(METHODS, ("#c1121f", "#9aa0a6", "#4d5359", "#8338ec", "#b5838d", "#e09f3e", "#2a9d8f", "#3a86ff"),
                   strict=True))

HEAD = """# How often it accuses innocents, and whom it misses

Made by `make bench-honest` (`benchmarks/honesty.py`) in worlds whose truth is known ([worlds.md](worlds.md)); null and
traces are those of commit `{commit}`, where a table does not name another. Seeds from 10,000 on. Every
world goes through its files; every method gets the same actions. An edge is **false** when the world says that its two
accounts do not coordinate; fan armies, volunteers and labelled bots do, and finding them is right. An account
is **flagged** when it has an edge; **innocent** when it coordinates with nobody. Recall counts accounts that coordinate
and act.

The others are run as their authors define them, with their defaults ([`_rivals.py`](../benchmarks/_rivals.py)), on each
kind of object by itself. Two of them name an error rate; it is set to ours, {alpha:g}.
"""


def write(results: list[dict], commit: str) -> None:
    """The document, from the results that there are."""
    placebos = [one for one in results if one["method"] == "placebo"]
    verdicts = [one for one in results if one["method"] == "verdicts"]
    table = pl.DataFrame([one for one in results if one["method"] in METHODS], infer_schema_length=None)
    whole, small = table.filter(pl.col("size") == 1), table.filter(pl.col("size") < 1)
    parts = [HEAD.format(commit=commit, alpha=ALPHA), "## The goals\n", goals(whole, small, placebos, verdicts),
             "## Where it is weak\n", weak(whole),
             "![Share of innocent accounts flagged, by world and method](img/honesty.svg)\n",
             "## Worlds in which nobody coordinates: runs with any edge\n", pure(small),
             "## 10,000 posts\n", *matrices(whole), "### cotrace, with intervals\n", INTERVALS, ours(whole),
             "## The second verdict\n", VERDICTS, second(verdicts),
             "## 100,000 posts\n", LARGER, sized(table, 10.0), "## 1,000,000 posts\n", sized(table, 100.0),
             "## The placebo, tested\n", PLACEBOS, tested(placebos)]
    (DOCS / "honesty.md").write_text("\n".join(parts).rstrip() + "\n", "utf-8")
    (DOCS / "img" / "honesty.svg").write_text(picture(whole), "utf-8")


INTERVALS = """Pooled over seeds; the interval is a bootstrap over seeds (95 %, 2,000 draws), because edges of one world
depend on each other. "Pairs" is the share of coordinated pairs that have an edge of their own.
"""
VERDICTS = """Clusters that are called inauthentic, without any registry, and operations of which a cluster is. A
cluster is benign where most of its members belong to no operation.
"""
LARGER = """The platform has ten times the people and the operation is as large as before: needles in a larger stack.
"""
PLACEBOS = """In a world without an operation a placebo should find what a rule finds there falsely: mean edges of the
rule in the copies ÷ its false edges, pooled over seeds. Below .5 the placebo acquits the rule, above 2 it accuses it.
Where a rule has fewer than 20 false edges in all the figure means little, and is in brackets.
"""


# ------------------------------------------------------------------------------------------------------ figures

def upper(hits: int, of: int) -> float:
    """Exact (Clopper-Pearson) one-sided 95 % upper bound of a share."""
    return 1.0 if hits >= of else float(beta.ppf(0.95, hits + 1, of - hits))


def pooled(table: pl.DataFrame, over: str, under: str) -> tuple[float, float, float] | None:
    """Σ over ÷ Σ under with a 95 % interval, resampling seeds; None where nothing is under."""
    a, b = table[over].to_numpy().astype(float), table[under].to_numpy().astype(float)
    if not b.sum():
        return None
    draw = np.random.Generator(np.random.PCG64(0)).integers(0, len(a), (DRAWS, len(a)))
    below = b[draw].sum(axis=1)
    some = below > 0
    ratio = a[draw].sum(axis=1)[some] / below[some]
    return float(a.sum() / b.sum()), *(float(x) for x in np.quantile(ratio, (0.025, 0.975)))


def share(table: pl.DataFrame, over: str, under: str) -> float | None:
    return None if table.is_empty() or not table[under].sum() else float(table[over].sum() / table[under].sum())


def of(table: pl.DataFrame, world: str, method: str) -> pl.DataFrame:
    return table.filter(pl.col("world") == world, pl.col("method") == method)


def goals(whole: pl.DataFrame, small: pl.DataFrame, placebos: list[dict],
          verdicts: list[dict]) -> str:
    """Each goal of issue 3, met or missed, with its figure and the number of seeds behind it."""
    rows = []

    def tell(goal: str, found: str, met: bool, seeds: int, asked: int, too_few: bool = False) -> None:
        short = "" if seeds >= asked else f" (of {asked} asked)"
        word = "met" if met else "open: too few seeds" if too_few else "**missed**"
        rows.append({"goal": goal, "found": found, "": word, "seeds": f"{seeds}{short}"})

    for world in PURE:
        runs = of(small, world, "cotrace")
        if runs.height:
            hits = runs.filter(pl.col("edges") > 0).height
            bound = upper(hits, runs.height)
            tell(f"{world}: bound on the share of runs with an edge ≤ {2 * ALPHA:g}",
                 f"{hits} of {runs.height} runs, ≤ {bound:.3f}",
                 bound <= 2 * ALPHA, runs.height, RUNS, too_few=not hits)
    runs = small.filter(pl.col("method") == "cotrace")
    if runs.height:
        hits = runs.filter(pl.col("edges") > 0).height
        bound = upper(hits, runs.height)
        tell("all of these together", f"{hits} of {runs.height} runs, ≤ {bound:.3f}", bound <= 2 * ALPHA,
             runs.height, RUNS)
    for world in (*OPERATIONS, *HONEST):
        runs = of(whole, world, "cotrace")
        rate = share(runs, "false", "edges")
        if rate is not None and rate > 2 * ALPHA:
            tell(f"{world}: measured FDR ≤ {2 * ALPHA:g}", f"{rate:.3f}", False, runs.height, SEEDS)
    mixed = whole.filter(pl.col("method") == "cotrace", ~pl.col("world").is_in(PURE))
    if (rate := share(mixed, "false", "edges")) is not None:
        tell(f"all worlds with coordination: measured FDR ≤ {2 * ALPHA:g}", f"{rate:.4f}", rate <= 2 * ALPHA,
             mixed["seed"].n_unique(), SEEDS)
    for world, least in RECALL.items():
        runs = of(whole, world, "cotrace")
        if (found := share(runs, "hit", "guilty")) is not None:
            tell(f"{world}: recall ≥ {least:g}", f"{found:.3f}", found >= least, runs.height, SEEDS)
    if verdicts:
        seeds = min(sum(one["world"] == world for one in verdicts) for world in {one["world"] for one in verdicts})
        wrong, benign = (sum(one[name] for one in verdicts) for name in ("benign_called", "benign"))
        tell("benign clusters called inauthentic: 0", f"{wrong} of {benign}", not wrong, seeds, SEEDS)
        called, groups = (sum(one[name] for one in verdicts if one["world"] != "ring")
                          for name in ("groups_called", "found"))
        tell("operations that were found and are called inauthentic ≥ .7 (without `ring`, whose profiles show nothing)",
             f"{called} of {groups}",
             called >= 0.7 * groups, seeds, SEEDS)
    for worlds, what in ((PURE, "nobody coordinates"), (HONEST, "honest groups coordinate")):
        ratios = [ratio for world, _, ratio, sure in ratios_of(placebos) if sure and world in worlds]
        low, high = sum(ratio < 0.5 for ratio in ratios), sum(ratio > 2 for ratio in ratios)
        if ratios:
            tell(f"placebo within a factor 2 of naive rules' false edges, where {what}",
                 f"{len(ratios) - low - high} of {len(ratios)} figures; {low} below .5, {high} above 2",
                 not low + high, len({one["seed"] for one in placebos}), 10)
    return markdown(rows)


def pure(small: pl.DataFrame) -> str:
    rows = []
    for world in PURE:
        row: dict[str, object] = {"world": world}
        for method in ("cotrace", "60 s, once", "60 s, twice"):
            runs = of(small, world, method)
            hits = runs.filter(pl.col("edges") > 0).height
            row.setdefault("seeds", runs.height)
            row[method] = f"{hits}" if runs.height == row["seeds"] else f"{hits} of {runs.height}"
            if method == "cotrace":
                row |= {"null": nulls(runs), "bound": f"≤ {upper(hits, runs.height):.3f}" if runs.height else "–",
                        "false edges": int(runs["edges"].sum())}
        rows.append(row)
    said = ("About 2,500 posts each. Runs with at least one edge; the bound is exact (95 %). Of `giveaway`, 14 of the\n"
            "first 1,000 seeds had an edge (≤ 0.022), which cannot tell; so 2,000 others (11,000 to 12,999) were\n"
            "chosen before they were run, and stand here whatever they said. Of all 3,000 it is 31 (≤ 0.014).\n\n")
    return said + markdown(rows)


def matrices(whole: pl.DataFrame) -> Iterable[str]:
    """A table of worlds × methods for each figure."""
    def counts(runs: pl.DataFrame) -> str:
        return f"{runs['false'].mean():,.0f}" if runs["false"].mean() >= 10 else f"{runs['false'].mean():.1f}"

    def ratio(over: str, under: str, digits: int = 2) -> Callable[[pl.DataFrame], str]:
        def figure(runs: pl.DataFrame) -> str:
            found = share(runs, over, under)
            return "–" if found is None else f"{found:.{digits}f}".replace("0.", ".", 1) if 0 < found < 1 \
                else f"{found:.0f}"
        return figure

    yield f"Mean or pooled over {seeds_said(whole)} seeds a world.\n"
    for title, worlds, figure in (
        ("Share of innocent accounts flagged", simulate.WORLDS, ratio("innocent_flagged", "innocents", 3)),
        ("False edges a world", simulate.WORLDS, counts),
        ("Measured false discovery rate of edges (nominal .01 for cotrace, hypergeometric, BiCM)",
         HONEST + OPERATIONS, ratio("false", "edges", 3)),
        ("Precision: of the accounts flagged, how many coordinate", HONEST + OPERATIONS, ratio("hit", "flagged")),
        ("Recall: of the accounts that coordinate, how many are flagged", HONEST + OPERATIONS, ratio("hit", "guilty")),
    ):
        ordered = [world for world in (*PURE, *HONEST, *OPERATIONS) if world in worlds]
        rows = [{"world": world, **{method: "not run" if of(whole, world, method).is_empty()
                                    else figure(of(whole, world, method)) for method in METHODS}} for world in ordered]
        yield f"### {title}\n"
        yield markdown(rows)


WHY = {
    "giveaway": "hunters come early to every giveaway and post little else of the kind, so no habit of theirs is known",
    "jitter-6h": "members meet hours apart, as strangers of one taste do",
    "camouflaged": "what members share besides explains part of what they share together",
    "large": "any two of five hundred meet now and then; nothing here tests groups",
    "rotating": "members meet in a few shifts only",
    "echo": "a club that takes up a ring's links in one hour of the evening meets on them",
    "object-splitting": "hardly any two members meet three times; nothing here tests groups",
    "paraphrased": "no trace that was run sees words that were changed",
    "cross-platform": "pairs are formed within one kind of actor, and too few channels act for a chance to be known",
    "party-volunteers": "an hour apart, like people of one taste; and their words are mostly their own",
    "news-syndication": "among a few dozen pages the desk's own rhythm is what is usual",
    "agency": "among a few dozen pages the agency's own rhythm is what is usual",
    "demo": "pages, volunteers and the slow operation's groups; see news-syndication and party-volunteers",
    "readers": "a large operation on a small platform is part of what is usual there",
    "fan-army": "members take part now and then, ten minutes apart",
    "copy-of-authentic": "members take part now and then, ten minutes apart",
}


def weak(whole: pl.DataFrame) -> str:
    """Worlds with false edges, and worlds in which more than a fifth of those who coordinate are missed."""
    rows = []
    for world in (*PURE, *HONEST, *OPERATIONS):
        runs = of(whole, world, "cotrace")
        found, false = share(runs, "hit", "guilty"), int(runs["false"].sum()) if runs.height else 0
        if false or (found is not None and found < 0.8):
            rows.append({"world": world, "false edges": f"{false} in {runs.height} runs",
                         "recall": "–" if found is None else f"{found:.2f}", "why": WHY.get(world, "not known")})
    return markdown(rows)


def seeds_said(table: pl.DataFrame) -> str:
    counts = table.group_by("world", "method").len()["len"]
    return f"{counts.min()}–{counts.max()}" if counts.min() != counts.max() else f"{counts.min()}"


def ours(whole: pl.DataFrame) -> str:
    rows = []
    for world in (*PURE, *HONEST, *OPERATIONS):
        runs = of(whole, world, "cotrace")
        if runs.is_empty():
            continue
        fdr, recall = pooled(runs, "false", "edges"), pooled(runs, "hit", "guilty")
        found = runs["edges"].sum() - runs["false"].sum()
        rows.append({"world": world, "null": nulls(runs), "seeds": runs.height, "edges": int(runs["edges"].sum()),
                     "false": int(runs["false"].sum()), "measured FDR": spread(fdr), "recall": spread(recall),
                     "pairs": f"{found / runs['pairs'].sum():.2f}" if runs["pairs"].sum() else "–",
                     "innocents flagged": f"{runs['innocent_flagged'].sum()} of {runs['innocents'].sum():,}"})
    return markdown(rows)


def nulls(runs: pl.DataFrame) -> str:
    """Which commits of the null stand behind these runs."""
    return ", ".join(runs["network"].unique().sort())


def spread(figures: tuple[float, float, float] | None) -> str:
    return "–" if figures is None else "{:.3f} [{:.3f}, {:.3f}]".format(*figures)


def sized(table: pl.DataFrame, size: float) -> str:
    rows = []
    for (world, method), runs in table.filter(pl.col("size") == size).group_by("world", "method", maintain_order=True):
        found, precision = share(runs, "hit", "guilty"), share(runs, "hit", "flagged")
        rate = share(runs, "innocent_flagged", "innocents") or 0.0
        rows.append({"world": world, "method": method, "seeds": runs.height, "posts": f"{runs['posts'].mean():,.0f}",
                     "null": nulls(runs) if method == "cotrace" else "", "false edges": f"{runs['false'].mean():,.1f}",
                     "innocents flagged": f"{rate:.4f}",
                     "precision": "–" if precision is None or found is None else f"{precision:.3f}",
                     "recall": "–" if found is None else f"{found:.3f}", "s": f"{runs['seconds'].mean():.1f}"})
    rows.sort(key=lambda row: (row["world"], METHODS.index(row["method"])))
    return markdown(rows) if rows else "Not run.\n"


def second(verdicts: list[dict]) -> str:
    rows = []
    for world in (*PURE, *HONEST, *OPERATIONS):
        mine = [one for one in verdicts if one["world"] == world]
        total = {name: sum(one[name] for one in mine) for name in COUNTED}
        if total["benign"] + total["groups"]:
            rows.append({"world": world, "null": ", ".join(sorted({one["network"] for one in mine})),
                         "seeds": len(mine), "benign clusters": total["benign"],
                         "called inauthentic": total["benign_called"], "clusters of operations": total["guilty"],
                         "of them called so": total["guilty_called"], "operations": total["groups"],
                         "with a cluster": total["found"], "called so": total["groups_called"]})
    return markdown(rows)


def ratios_of(placebos: list[dict]) -> list[tuple[str, str, float, bool]]:
    """world, "rule, cell", copies ÷ false, whether there is enough to divide by."""
    found = []
    for world in dict.fromkeys(one["world"] for one in placebos):
        mine = [one for one in placebos if one["world"] == world]
        for rule in mine[0]["false"]:
            false = sum(one["false"][rule] for one in mine)
            for cell in ("lateness", "lateness_hour"):
                if false:
                    found.append((world, f"{rule}, {cell}", sum(one[cell][rule] for one in mine) / false, false >= 20))
    return found


def tested(placebos: list[dict]) -> str:
    ratios = {(world, name): (ratio, sure) for world, name, ratio, sure in ratios_of(placebos)}
    columns = list(dict.fromkeys(name for _, name in ratios))
    rows = []
    for world in dict.fromkeys(one["world"] for one in placebos):
        mine = [one for one in placebos if one["world"] == world]
        row = {"world": world, "null": ", ".join(sorted({one["network"] for one in mine})), "seeds": len(mine)}
        for name in columns:
            ratio, sure = ratios.get((world, name), (None, True))
            bad = ratio is not None and sure and not 0.5 <= ratio <= 2
            row[name] = "–" if ratio is None else f"**{ratio:.2f}**" if bad else f"{ratio:.2f}" if sure \
                else f"({ratio:.2f})"
        rows.append(row)
    return markdown(rows)


# ------------------------------------------------------------------------------------------------------ the picture

def picture(whole: pl.DataFrame) -> str:
    """A row a world, a dot a method: the share of innocents that it flags, on a scale that shows the small shares."""
    worlds = [world for world in (*PURE, *HONEST, *OPERATIONS) if not of(whole, world, "cotrace").is_empty()]
    left, right, top, step = 150, 700, 84, 19
    high = top + step * len(worlds) + 40

    def x(rate: float) -> float:
        return left + (right - left) * rate**0.5

    title = "Innocent accounts flagged, 10,000 posts (square-root scale)"
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 740 {high}" font-family="sans-serif" '
             'font-size="11">', f'<rect width="740" height="{high}" fill="#fff"/>',
             f'<text x="12" y="20" font-size="14" fill="#111">{title}</text>']
    for number, method in enumerate(METHODS):
        at, line = 20 + number % 4 * 150, 40 + number // 4 * 17
        lines += [f'<circle cx="{at}" cy="{line}" r="{6 if method == "cotrace" else 3.5}" fill="{COLOURS[method]}"/>',
                  f'<text x="{at + 9}" y="{line + 4}" fill="#111">{method}</text>']
    for rate in (0, 0.01, 0.05, 0.2, 0.5, 1):
        lines += [f'<line x1="{x(rate):.1f}" x2="{x(rate):.1f}" y1="{top - 6}" y2="{high - 30}" stroke="#ddd"/>',
                  f'<text x="{x(rate):.1f}" y="{high - 14}" text-anchor="middle" fill="#555">{100 * rate:g} %</text>']
    for row, world in enumerate(worlds):
        y = top + step * row + 6
        lines.append(f'<text x="{left - 10}" y="{y + 4}" text-anchor="end" fill="#111">{world}</text>')
        for method in METHODS:
            rate = share(of(whole, world, method), "innocent_flagged", "innocents")
            if rate is not None:
                lines.append(f'<circle cx="{x(rate):.1f}" cy="{y}" r="{6 if method == "cotrace" else 3.5}" '
                             f'fill="{COLOURS[method]}"/>')
    return "\n".join([*lines, "</svg>"]) + "\n"


def markdown(rows: Sequence[dict]) -> str:
    """Rows as a Markdown table."""
    if not rows:
        return "Not run.\n"
    head = list(rows[0])
    lines = [" | ".join(head), " | ".join("---" for _ in head),
             *(" | ".join(str(row[column]) for column in head) for row in rows)]
    return "\n".join(f"| {line} |" for line in lines) + "\n"
