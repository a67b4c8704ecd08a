"""Do the words of links earn their bands? Half-lists whose other half is known, and what becomes true of each word.

    python benchmarks/calibration.py            writes docs/calibration.md and its picture; resumes where it stood
    python benchmarks/calibration.py look       the same on other seeds, to standard output: for whoever changes a rule

A registry names a random half of an operation; of all other actors `attribution.link` gives posteriors, published or
not, and the truth is known. Beside it: a prior that never moves, and two rules that this field's tools use. Rows are
kept in benchmarks/out/calibration under the digest of the code that made them. No account is named.
"""

import json
import os
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import _halves
import linking
import numpy as np
import polars as pl
from scipy import stats

from cotrace import attribution, parts
from cotrace.records import WORDS, Ground, Plan, word
from cotrace.software import software

HERE = Path(__file__).resolve().parent
SHARED = Path(os.environ.get("COTRACE_SHARED", HERE.parent.parent / "shared")) / "data" / "posts"
OUT = HERE / "out" / "calibration"
DOC, PICTURE = HERE.parent / "docs" / "calibration.md", HERE.parent / "docs" / "img" / "calibration.svg"
FINAL, LOOK = 300, 200               # first seed: nobody looked at the former while rules were written
WORLDS = (("demo", 0.5), ("demo", 1.0), ("readers", 1.0), ("lock-step", 0.5), ("jitter-5min", 0.5),
          ("camouflaged", 0.5), ("rotating", 0.5), ("echo", 0.5))
HONEST = (("fan-army", "army"), ("party-volunteers", "volunteers"), ("news-syndication", "syndication"),
          ("agency", "managed"), ("labelled-bots", "relays and bots"))
FILES = ("mixA", "io_iran_venezuela_ira_vs_real_small")  # with an operation and others, both of known label
SEEDS, SPLITS, PLANTED = 8, 20, 8    # of worlds, of half-lists of a real file, of those with innocents planted
GIVEN = 1 / 10                       # prior odds where a list names nobody's operation, and no prior is right
LADDER = [name for name, _ in WORDS]
STRONG = [name for name in parts.names("attribution") if parts.load("attribution", name).STRONG]
PLAIN, HARD, REAL, REAL_HARD = ("worlds, half-lists", "worlds, with planted innocents", "real posts, half-lists",
                                "real posts, with planted innocents")
OTHER, WRONG, NONE = "two of five rings listed", "list names an honest group", "list names anybody"


# ------------------------------------------------------------------------------------------------- half-lists

def jobs(first: int) -> Iterator[tuple[str, Callable[[], Iterable[pl.DataFrame]]]]:
    """(name of the kept file, how to make its rows)."""
    for seed in range(first, first + SEEDS):
        for name, size in WORLDS:
            yield f"{name}-{size}-{seed}", partial(of_world, name, seed, size)
        yield f"two-rings-{seed}", partial(of_two_rings, seed)
        yield f"wrong-{seed}", partial(of_wrong_lists, seed)
    for name in FILES:
        if (SHARED / f"{name}.parquet").exists():
            for seed in range(first, first + SPLITS):
                yield f"{name}-{seed}", partial(of_real, SHARED / f"{name}.parquet", seed, seed < first + PLANTED)


def of_world(name: str, seed: int, size: float) -> Iterator[pl.DataFrame]:
    case = _halves.world(name, seed, size)
    half = linking.split(case.operation, seed)
    yield _halves.asked(case, half, PLAIN)
    yield _halves.asked(_halves.with_innocents(case, half, seed), half, HARD)


def of_two_rings(seed: int) -> Iterator[pl.DataFrame]:
    """Five rings; two of them are of one operator, half of whose accounts are listed; the others are others'."""
    case = _halves.world("lock-step", seed)
    theirs = [actor for actor in case.operation if case.group[actor] in ("ring-1", "ring-2")]
    yield _halves.asked(case, linking.split(theirs, seed), OTHER, same=theirs)


def of_wrong_lists(seed: int) -> Iterator[pl.DataFrame]:
    """Lists that are wrong: half of an honest group (at least ten of it); fifteen people of whom nothing is true."""
    for name, group in HONEST:
        case = _halves.world(name, seed)
        members = sorted(actor for actor, sort in case.sort.items() if sort in group.split(" and "))
        chosen = np.random.default_rng(seed).permutation(members)[: max(10, len(members) // 2)].tolist()
        yield _halves.asked(case, sorted(chosen), WRONG, same=())
    case = _halves.world("demo", seed)
    people = sorted(actor for actor, sort in case.sort.items() if sort == "ordinary")
    yield _halves.asked(case, sorted(np.random.default_rng(seed).permutation(people)[:15].tolist()), NONE, same=())


def of_real(path: Path, seed: int, planted: bool) -> Iterator[pl.DataFrame]:
    case, found = _real(path)
    case, half = _halves.replace(case, seed=seed), linking.split(case.operation, seed)
    yield _halves.asked(case, half, REAL, found=found)
    if planted and found[1].height:
        yield _halves.asked(_halves.with_innocents(case, half, seed), half, REAL_HARD)


@cache
def _real(path: Path) -> tuple[_halves.Case, tuple]:
    """A file and what is found in it: neither depends on the list."""
    case = _halves.labelled(path, "ira")
    return case, linking.find(case.read, Plan(), case.resolution_s)


def rows(first: int) -> pl.DataFrame:
    """ROW of all jobs, from benchmarks/out where the same code made them before."""
    folder = OUT / dict(software())["cotrace code"][-12:]
    folder.mkdir(parents=True, exist_ok=True)
    frames = []
    for name, make in jobs(first):
        kept = folder / f"{name}.parquet"
        if not kept.exists():
            pl.concat([frame.with_columns(size=pl.lit(name)) for frame in make()]).write_parquet(kept)
            print(name, file=sys.stderr, flush=True)
        frames.append(pl.read_parquet(kept))
    return pl.concat(frames)


# ------------------------------------------------------------------------------------------------- what is scored

def judged(made: pl.DataFrame, factor: float = 1.0) -> pl.DataFrame:
    """Rows with the posterior, its word and the rule behind, at the prior that is right for each case × `factor`.

    Right is the share of the operation among the actors that the list does not name. Of whom nothing was found, the
    posterior is the prior. Where a list names nobody's operation no prior is right, and `GIVEN` stands.
    """
    frames = []
    for _, case in made.group_by("registry", "size", "case", "seed", maintain_order=True):
        truly = int(case["same"].sum())
        odds = factor * (truly / (case.height - truly) if 0 < truly < case.height else GIVEN)
        told = {text: _said(text, odds) for text in case["grounds"].unique().to_list()}
        frames.append(case.with_columns(
            prior=pl.lit(odds / (1 + odds)),
            posterior=pl.Series([told[text][0] for text in case["grounds"]], dtype=pl.Float64),
            rule=pl.Series([told[text][1] for text in case["grounds"]], dtype=pl.String),
            word=pl.Series([word(told[text][0]) for text in case["grounds"]], dtype=pl.String)))
    return pl.concat(frames)


def _said(text: str | None, odds: float) -> tuple[float, str]:
    if text is None:
        return odds / (1 + odds), "nothing found"
    grounds = [Ground(name, "", ratio, counts, None, None) for name, ratio, counts in json.loads(text)]
    return attribution.judge(grounds, STRONG, odds)


def exact(seen: int, of: int) -> tuple[float, float]:
    """95 % interval of a proportion. Source: Clopper and Pearson 1934, doi:10.1093/biomet/26.4.404"""
    low = stats.beta.ppf(0.025, seen, of - seen + 1) if seen else 0.0
    high = stats.beta.ppf(0.975, seen + 1, of - seen) if seen < of else 1.0
    return float(low), float(high)


def published(scored: pl.DataFrame) -> pl.DataFrame:
    """Of members of published clusters, those of whom anything was found: what a dossier holds."""
    return scored.filter(pl.col("member"), pl.col("grounds").is_not_null())


def earns(seen: int, of: int, name: str) -> str:
    """Whether the observed frequency lies in the band of the word: below it is the fault that counts."""
    low, high = exact(seen, of)
    place = LADDER.index(name)
    begin, end = (WORDS[place - 1][1] if place else 0.0), WORDS[place][1]
    return "BELOW: not earned" if high < begin else "above: cautious" if low > end else "earned"


def bands(scored: pl.DataFrame, *by: str) -> list[dict]:
    """One row a word: how often it was said, how often it was true, and whether it is earned."""
    found = []
    for key, own in scored.group_by(*by, "word"):
        seen, of, said = int(own["same"].sum()), own.height, str(key[-1])
        low, high = exact(seen, of)
        mean = own["posterior"].sum() / of
        found.append((*key[:-1], LADDER.index(said), {
            **dict(zip(by, key[:-1], strict=True)), "word": said, "links": of,
            "runs": own.select("case", "seed", "size").n_unique(), "mean posterior": f"{mean:.2f}",
            "same operator": seen, "observed": f"{seen / of:.2f}", "95 %": f"{low:.2f}–{high:.2f}",
            "band": earns(seen, of, said)}))
    return [row for *_, row in sorted(found, key=lambda one: one[:-1])]


def brier(scored: pl.DataFrame) -> dict[str, str]:
    """Mean squared distance of what was said from what is true: 0 is best; an accusation by rule says 1 or 0."""
    truth = scored["same"].cast(pl.Float64)
    said = {"links": scored["posterior"], "prior alone": scored["prior"],
            "edge to a listed account": scored["edge"].cast(pl.Float64),
            "3 things within 1800 s": scored["close"].cast(pl.Float64)}
    return {name: f"{((values - truth) ** 2).sum() / scored.height:.4f}" for name, values in said.items()}


def accusations(scored: pl.DataFrame) -> list[dict]:
    """Of each sort of actor: the words, and how many the two rules accuse."""
    high = pl.col("word").is_in(linking.HIGH)
    told = scored.group_by("sort").agg(
        actors=pl.len(), likely=high.sum(), even=(pl.col("word") == "roughly even chance").sum(),
        edge=pl.col("edge").sum(), close=pl.col("close").sum()).sort("sort")
    return [{"sort": row["sort"], "actors": row["actors"], "likely or above": row["likely"],
             "roughly even chance": row["even"], "edge to a listed account": row["edge"],
             "3 things within 1800 s": row["close"]} for row in told.iter_rows(named=True)]


# ------------------------------------------------------------------------------------------------- the page

HEAD = """# Do the words of links earn their bands?

Made by `python benchmarks/calibration.py` on seeds that nobody looked at while rules were written ({first} and on). A
list names a random half of an operation; of every other actor the truth is known. A word is **earned** if the exact
95 % interval of how often it came true reaches its band, **above** if it came true more often (cautious), **BELOW**
if less often: that is the fault that accuses people. Actors of one run depend on each other, so intervals are
narrower than they should be; the number of runs stands beside them. No account is named.

- **Worlds**: {worlds};
  {seeds} seeds each. The right prior is the true share of each case; all are printed below.
- **Planted innocents**: beside the same half-lists, {readers} readers who copy an identified account minutes to two
  days later, {fans} fans who take up four fifths of its posts within a minute, {sharers} people who share thirty of
  the operation's things days earlier or later, and a campaign of {links} links and {words} texts that {joiners}
  innocents and {joined} identified accounts take up within 25 s of a common moment, in any order. Nobody knows how
  common such company is; here it is as common as its absence, and both are shown apart.
- **Real posts**: mixA, {splits} random half-lists, and {planted} with the same innocents among its authentic
  accounts.
"""
NOTES = """Of the other real files: in io_iran_venezuela_ira_vs_real_small no pair is validated, so no posterior is
published; it is part of "everybody" below. In ira_sample, reddit_ira_comments and ira_facebook_ads everybody is of
the operation, in telegram_ru_news and facebook_linkshare_sample nobody is: nothing to calibrate with.
"""
EVERYBODY = """Mean squared distance between what was said and what is true; 0 is best. "Everybody": all actors that
no list names; of whom nothing was found, the prior stands. "Published": members of clusters of whom something was
found. The rule "edge to a listed account" uses our validated edges, says 1 or 0, and is right wherever everybody
found is of the operation; beside look-alikes it is not. "3 things within 1800 s" is what is used without validated
edges; on mixA, whose two populations hardly touch, it is nearer the truth than links, whose words are held down.
"""
ACCUSED = """Actors of each sort, and how many of them are given the words, published or not, at the right prior; and
how many the two rules accuse.
"""
WRONG_LISTS = """Where a list names an honest group as an operation, or anybody, nothing that is said of the others
can be true. A word of likelihood takes the list at its word, and is as wrong as the list; the dossier says so. Prior
odds 1:10.
"""


def page(made: pl.DataFrame, first: int) -> str:
    """The whole document."""
    right = judged(made)
    half = pl.col("registry").is_in([PLAIN, HARD])
    worlds = "\n  ".join(textwrap.wrap(", ".join(f"{name} (size {size:g})" for name, size in WORLDS), 110))
    told = [HEAD.format(
        first=first, worlds=worlds, seeds=SEEDS,
        readers=_halves.READERS, fans=_halves.FANS, sharers=_halves.SHARERS, links=_halves.LINKS,
        words=_halves.WORDS, joiners=", ".join(map(str, _halves.JOINERS[:-1])) + f" or {_halves.JOINERS[-1]}",
        joined=_halves.JOINED_BY, splits=SPLITS, planted=PLANTED)]
    told += ["![Predicted and observed](img/calibration.svg)\n", "## Words, at the right prior\n",
               "Both kinds of world together:\n", table(bands(published(right.filter(half)))),
               "Apart, and on real posts:\n",
               table(bands(published(right.filter(half | pl.col("registry").is_in([REAL, REAL_HARD, OTHER]))),
                                   "registry")), NOTES,
               "## With a prior ten times wrong\n"]
    for factor, named in ((0.1, "ten times too low"), (10.0, "ten times too high")):
        told += [f"Prior {named}, both kinds of world together:\n",
                   table(bands(published(judged(made.filter(half), factor))))]
    told += ["## What rules that hold a word down are worth\n", table(rules(published(right.filter(half)))),
               "## Brier scores\n", EVERYBODY, table(scores(made)),
               "## Who is accused\n", ACCUSED,
               table(accusations(right.filter(~pl.col("registry").is_in([WRONG, NONE])))),
               "## Where the list itself is wrong\n", WRONG_LISTS,
               table(bands(published(right.filter(pl.col("registry").is_in([WRONG, NONE]))), "registry")),
               "## The priors\n", table(priors(right))]
    return "\n".join(told)


def rules(scored: pl.DataFrame) -> list[dict]:
    """One row a rule of the ladder: how often those whom it holds down are of the source."""
    found = []
    for (kind, rule), own in sorted(scored.filter(pl.col("rule") != "").group_by("registry", "rule"), key=str):
        low, high = exact(int(own["same"].sum()), own.height)
        found.append({"registry": kind, "rule": rule, "at most": own["word"].unique().sort().to_list()[-1],
                      "links": own.height, "same operator": int(own["same"].sum()), "95 %": f"{low:.2f}–{high:.2f}"})
    return found


def scores(made: pl.DataFrame) -> list[dict]:
    """Brier scores of each population, at the right prior and at priors ten times wrong."""
    found = []
    for kind in sorted(made["registry"].unique()):
        for factor, named in ((1.0, "right"), (0.1, "÷ 10"), (10.0, "× 10"))[: 1 if kind in (WRONG, NONE) else 3]:
            scored = judged(made.filter(pl.col("registry") == kind), factor)
            for whom, own in (("everybody", scored), ("published", published(scored))):
                if own.height:
                    found.append({"registry": kind, "prior": named, "whom": whom, "actors": own.height, **brier(own)})
    return found


def priors(scored: pl.DataFrame) -> list[dict]:
    """The right prior odds of each case, least and most over its seeds."""
    odds = (1 / pl.col("prior") - 1)
    told = (scored.group_by("registry", "case", pl.col("size").str.replace(r"-\d+$", "").alias("made"))
            .agg(least=odds.max(), most=odds.min()).sort("registry", "case", "made"))
    return [{"registry": kind, "case": case, "prior odds": f"1:{least:.1f}" if f"{least:.1f}" == f"{most:.1f}" else
             f"1:{least:.1f} to 1:{most:.1f}"} for kind, case, _, least, most in told.iter_rows()]


def table(found: list[dict]) -> str:
    """Rows as a Markdown table."""
    if not found:
        return "Nothing.\n"
    lines = [list(found[0]), ["---"] * len(found[0]), *([str(value) for value in row.values()] for row in found)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def main() -> None:
    """The page and its picture, on the final seeds; with `look` the page alone, on the others."""
    if "look" in sys.argv[1:]:
        sys.stdout.write(page(rows(LOOK), LOOK))
        return
    made = rows(FINAL)
    DOC.write_text(page(made, FINAL), "utf-8")
    PICTURE.write_text(picture(judged(made)), "utf-8")


# ------------------------------------------------------------------------------------------------- the picture

WIDE, HIGH, EDGE = 760, 440, 60
LEGEND = (0, 135, 320, 455)          # where the names of the series stand
SERIES = ((PLAIN, "#1f6f8b", -30), (HARD, "#c2571a", -8), (REAL, "#5b4b8a", 12), (REAL_HARD, "#2e7d4f", 33))


def picture(scored: pl.DataFrame) -> str:
    """A reliability curve: bands of words along, how often they came true upwards, with exact intervals."""
    ends = [0.0, *(end for _, end in WORDS)]

    def at(along: float, up: float) -> tuple[float, float]:
        return EDGE + along * (WIDE - EDGE - 20), HIGH - EDGE - up * (HIGH - EDGE - 50)

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {HIGH}" font-family="sans-serif" '
           f'font-size="11" role="img"><title>How often each word came true</title>'
           f'<rect width="{WIDE}" height="{HIGH}" fill="#ffffff"/>']
    for place, (name, end) in enumerate(WORDS):
        (left, top), (right, bottom) = at(place / len(WORDS), end), at((place + 1) / len(WORDS), ends[place])
        out.append(f'<rect x="{left + 1:.1f}" y="{top:.1f}" width="{right - left - 2:.1f}" height="{bottom - top:.1f}" '
                   f'fill="#e4e7ea"/><text x="{(left + right) / 2:.1f}" y="{HIGH - EDGE + 18}" text-anchor="middle" '
                   f'fill="#333">{name}</text>')
    for tick in range(0, 11, 2):
        x, y = at(0, tick / 10)
        out.append(f'<line x1="{x:.1f}" x2="{WIDE - 20}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ccc" stroke-width=".6"/>'
                   f'<text x="{x - 8:.1f}" y="{y + 4:.1f}" text-anchor="end" fill="#333">{tick / 10:.1f}</text>')
    for number, (kind, colour, shift) in enumerate(SERIES):
        out.append(f'<circle cx="{EDGE + 8 + LEGEND[number]}" cy="22" r="4" fill="{colour}"/>'
                   f'<text x="{EDGE + 17 + LEGEND[number]}" y="26" fill="#222">{kind}</text>')
        for said, own in sorted(published(scored.filter(pl.col("registry") == kind)).group_by("word")):
            seen, of = int(own["same"].sum()), own.height
            x, y = at((LADDER.index(said[0]) + 0.45) / len(WORDS), seen / of)
            (_, low), (_, high) = (at(0, bound) for bound in exact(seen, of))
            out.append(f'<line x1="{x + shift:.1f}" x2="{x + shift:.1f}" y1="{low:.1f}" y2="{high:.1f}" '
                       f'stroke="{colour}" stroke-width="1.6"/><circle cx="{x + shift:.1f}" cy="{y:.1f}" r="3.6" '
                       f'fill="{colour}"/><text x="{x + shift + 4:.1f}" y="{y - 5:.1f}" fill="{colour}" '
                       f'font-size="9">{of}</text>')
    for line, y in (("Grey: the band of the word. Dots: how often it came true, with exact 95 % intervals.", 24),
                    ("Numbers: links. Above the grey is caution; below it is accusation.", 8)):
        out.append(f'<text x="{EDGE}" y="{HIGH - y}" fill="#333">{line}</text>')
    return "\n".join([*out, "</svg>"]) + "\n"


if __name__ == "__main__":
    main()
