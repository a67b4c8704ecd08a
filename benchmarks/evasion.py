"""What does it cost an operation not to be found?

    python benchmarks/evasion.py [seeds]      writes docs/evasion.md and its picture; a few minutes, resumes

Each world holds one operation of twelve for each trace (`cotrace.simulate.evading`); a member counts as found where an
edge of that very trace holds it, at the default error rate. The price is what the evader pays by construction: time,
posts, reach. The rule "60 s, twice" stands beside, which knows no error rate.
"""

import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import polars as pl
from honesty import code, commit

from cotrace import network, parts, reading, simulate, traces
from cotrace.engines import local
from cotrace.records import Plan
from cotrace.simulate import TRACES, Evasion

HERE = Path(__file__).resolve().parent
OUT = HERE / "out" / "evasion"
DOCS = HERE.parent / "docs"
SEEDS, FIRST = 5, 20_000
STEPS = {  # what is turned, and how far
    "jitter_s": (5, 30, 120, 300, 900, 1800, 5400, 21_600),
    "altered": (0.0, 0.25, 0.5, 0.75, 0.9),
    "busy": (0, 1, 3, 9, 19),
    "part": (1.0, 0.5, 0.3, 0.2, 0.1),
    "shifts": (1, 2, 4),
}
SAID = {
    "jitter_s": ("Waiting", "each act within ± so many seconds of the moment",
                 lambda x: f"a push takes {2 * x / 60:,.1f} min"),
    "altered": ("Paraphrasing", "share of acts in words, tags or links that nobody else has",
                lambda x: f"{x:.0%} of posts do not push what they should"),
    "busy": ("Camouflage", "ordinary acts beside each joint one", lambda x: "{posts:.0f} posts a member"),
    "part": ("Splitting objects", "share of the members that take up each object; as many acts as before",
             lambda x: f"{12 * x:.1f} of 12 accounts push an object"),
    "shifts": ("Rotation", "teams that take turns, drawn anew every four objects",
               lambda x: f"{max(3, 12 // x)} of 12 accounts push an object"),
}
SEEN_BY = (*TRACES[:2], "similar_text", *TRACES[2:])  # similar_text looks at the same operation as same_text
COLOURS = dict(zip(SEEN_BY, ("#c1121f", "#3a86ff", "#0b3c7d", "#2a9d8f", "#e09f3e", "#8338ec", "#9aa0a6"), strict=True))


def main() -> None:
    """Every step of everything that can be turned, the rest as it is by default."""
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else SEEDS
    rows = [row for number in range(seeds) for name, value in steps() for row in measured(name, value, FIRST + number)]
    table = pl.DataFrame(rows)
    (DOCS / "evasion.md").write_text(document(table), "utf-8")
    (DOCS / "img" / "evasion.svg").write_text(picture(table), "utf-8")


def steps() -> Iterator[tuple[str, float]]:
    for name, values in STEPS.items():
        for value in values:
            yield name, value


def measured(name: str, value: float, seed: int) -> list[dict]:
    """Members found by each trace, in one world."""
    evasion = Evasion(**{name: value})
    of = json.dumps(asdict(evasion)).replace('"', "").replace(": ", "").replace(", ", "-").strip("{}")
    kept = OUT / f"{of}-{seed}-{code('simulate', 'traces', 'engines', 'network')}.json"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(searched(simulate.evading(evasion, seed=seed))))
        print(kept.name, flush=True)
    return [{**row, "step": name, "value": float(value), "seed": seed} for row in json.loads(kept.read_text())]


def searched(made: simulate.World) -> list[dict]:
    """Each trace of a world: members of its operation found by us and by the rule, our edges and the false ones."""
    with tempfile.TemporaryDirectory() as folder:
        files = simulate.write(made, Path(folder) / "world")
        posts = reading.read([files[name] for name in ("posts_plaza", "posts_kanal")]).posts
    actions = {name: traces.act(name, posts)[0] for name in parts.names("traces")}
    edges = network.validate(actions, plan=Plan(), engine=local, resolution_s=1).edges
    coordinated = set(made.pairs.filter("coordinated").select("a", "b").iter_rows())
    members = {row["group"]: set(row["members"].split(";")) for row in made.clusters.to_dicts()}
    rows = []
    for trace in SEEN_BY:
        number = 1 + TRACES.index("same_text" if trace == "similar_text" else trace)
        ours = edges.filter(pl.col("trace") == trace)
        theirs = network.naive({trace: actions[trace]}, engine=local)
        found, rule = ({*of["a"], *of["b"]} & members[f"ring-{number}"] for of in (ours, theirs))
        rows.append({"trace": trace, "found": len(found), "rule": len(rule), "members": len(members[f"ring-{number}"]),
                     "edges": ours.height, "posts": posts.filter(pl.col("account").is_in(
                         list(members[f"ring-{number}"]))).height,
                     "false": sum(pair not in coordinated for pair in ours.select("a", "b").iter_rows())})
    return rows


# --------------------------------------------------------------------------------------------------- the document

HEAD = """# What it costs not to be found

Made by `benchmarks/evasion.py`. One operation of twelve for each trace, each member in about fifteen joint acts within
± 30 s, on a platform of about 5,000 posts; then one thing is turned and the rest stays. Figures are the share of the
members that an edge **of that trace** holds at α = .01, over {seeds} seeds; in brackets what "60 s, twice" finds, which
promises no error rate. Null and traces are those of commit `{commit}`. Over all these
worlds {false} of {edges} of our edges were false ({rate:.4f}).

![Recall against each way to evade, by trace](img/evasion.svg)
"""
TAIL = """## What this says

- Nobody has to be clever: **time alone** hides an operation that can afford hours. What it gives up is the push.
- **A trace is blind to what it does not compare.** Reordered tags and links of one's own are gone from it. Paraphrased
  words are gone from `same_text`; what `similar_text` still sees of them stands beside it.
- **Splitting** is the cheapest: nobody posts less, each object is pushed by fewer. Pairs that meet fewer than three
  times are never tested, by design (METHOD §1).
- `rapid_repost`: fewer than twenty accounts here ever repost within ten seconds, and of so few nothing is concluded.
"""


def document(table: pl.DataFrame) -> str:
    edges, false = int(table["edges"].sum()), int(table["false"].sum())
    parts_ = [HEAD.format(commit=commit(), seeds=table["seed"].n_unique(),
                          edges=f"{edges:,}", false=false, rate=false / max(1, edges))]
    for name, (title, what, price) in SAID.items():
        rows = [f"| {name} | {' | '.join(SEEN_BY)} | price |", "| --- " * (len(SEEN_BY) + 2) + "|"]
        for value in STEPS[name]:
            mine = table.filter(pl.col("step") == name, pl.col("value") == float(value))
            cells = [cell(mine.filter(pl.col("trace") == trace)) if able(name, trace) else "–" for trace in SEEN_BY]
            paid = price(value).format(posts=mine["posts"].sum() / mine["members"].sum())
            rows.append(f"| {value:,} | {' | '.join(cells)} | {paid} |")
        parts_ += [f"## {title}: {what}\n", "\n".join(rows) + "\n"]
    return "\n".join([*parts_, TAIL])


def able(name: str, trace: str) -> bool:
    """Whoever reposts or answers names what; what is said in the same words only is same_text's business."""
    if trace == "similar_text":
        return name == "altered"
    return name != "altered" or trace in ("shared_link", "same_text", "tag_sequence")


def cell(runs: pl.DataFrame) -> str:
    members = runs["members"].sum()
    return f"{runs['found'].sum() / members:.2f} ({runs['rule'].sum() / members:.2f})"


def picture(table: pl.DataFrame) -> str:
    """A panel for each way to evade, a line for each trace."""
    wide, high, gap = 224, 170, 26
    lines = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 500" font-family="sans-serif" font-size="11">',
             '<rect width="760" height="500" fill="#fff"/>']
    for number, (name, (title, _, _)) in enumerate(SAID.items()):
        left, top = 34 + number % 3 * (wide + gap), 40 + number // 3 * (high + 60)
        values = STEPS[name]
        lines.append(f'<text x="{left}" y="{top - 10}" font-size="13" fill="#111">{title}</text>')
        for share in (0.0, 0.5, 1.0):
            y = top + high * (1 - share)
            lines += [f'<line x1="{left}" x2="{left + wide - 30}" y1="{y}" y2="{y}" stroke="#ddd"/>',
                      f'<text x="{left - 5}" y="{y + 4}" text-anchor="end" fill="#555">{share:g}</text>']
        xs = [left + (wide - 30) * step / (len(values) - 1) for step in range(len(values))]
        lines += [f'<text x="{x:.0f}" y="{top + high + 15}" text-anchor="middle" font-size="9" fill="#555">{v:g}</text>'
                  for x, v in zip(xs, values, strict=True)]
        for trace in [one for one in reversed(SEEN_BY) if able(name, one)]:
            mine = table.filter(pl.col("step") == name, pl.col("trace") == trace)
            share_of = {value: one["found"].sum() / one["members"].sum() for (value,), one in mine.group_by("value")}
            points = [(x, top + high * (1 - share_of[float(v)])) for x, v in zip(xs, values, strict=True)]
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
            lines.append(f'<polyline points="{path}" fill="none" stroke="{COLOURS[trace]}" stroke-width="2"/>')
            lines += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.6" fill="{COLOURS[trace]}"/>' for x, y in points]
    for number, trace in enumerate(SEEN_BY):
        x, y = 34 + 2 * (wide + gap), 282 + 17 * number
        lines += [f'<circle cx="{x}" cy="{y - 4}" r="4" fill="{COLOURS[trace]}"/>',
                  f'<text x="{x + 10}" y="{y}" fill="#111">{trace}</text>']
    lines.append('<text x="534" y="424" fill="#555">share of members found at α = .01</text>')
    return "\n".join([*lines, "</svg>"]) + "\n"


if __name__ == "__main__":
    main()
