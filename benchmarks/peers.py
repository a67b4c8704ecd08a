"""Does cotrace count what CooRTweet counts, where both say they count the same?

    python benchmarks/peers.py                # reads COTRACE_SHARED/data/peers, prints Markdown tables

CooRTweet 2.1.3's own output lies beside its input; its rules are written again here in ten lines of Polars
(`rows_of_posts`), so that each difference can be named and counted instead of guessed. No account is named.
"""

import os
import sys
from pathlib import Path

import polars as pl

from cotrace import engines, network, reading, traces
from cotrace.engines import local
from cotrace.records import Plan

HERE = Path(__file__).resolve().parent
SHARED = Path(os.environ.get("COTRACE_SHARED", HERE.parent.parent / "shared")) / "data" / "peers"
POSTS = "russian_coord_tweets.parquet"
THEIR_EDGES = "coortweet_ru_edges_tw60_mp2_ew0.5.csv"
WINDOWS = (10, 60, 300)
THEIR_ROWS = {10: 447, 60: 3_791, 300: 19_887}     # detect_groups(min_participation=2), METHOD §7
THEIR_PAIRS = {10: 1_092, 60: 6_206, 300: 30_010}  # distinct pairs at min_participation=1, METHOD §7: two tools agree
PAIR = ("a", "b")


def actions(folder: Path) -> pl.DataFrame:
    """CooRTweet's four columns, read as they are, as cotrace's actions."""
    return traces.act("shared_link", reading.read([folder / POSTS]).posts)[0]


def rows_of_posts(folder: Path, window_s: int, min_participation: int) -> pl.DataFrame:
    """What detect_groups returns: pairs of posts, one row each, with its two accounts as a < b."""
    shares = pl.read_parquet(folder / POSTS).with_row_index("row")
    often = pl.len().over("account_id") >= min_participation       # applied once to all posts ...
    shares = shares.filter(often)
    rows = shares.join(shares, on="object_id", suffix="_y").filter(
        pl.col("row") < pl.col("row_y"), pl.col("account_id") != pl.col("account_id_y"),
        (pl.col("timestamp_share") - pl.col("timestamp_share_y")).abs() <= window_s)
    posts = pl.concat([rows.select("account_id", "content_id"),
                       rows.select(account_id="account_id_y", content_id="content_id_y")]).unique()
    again = posts.group_by("account_id").len().filter(pl.col("len") >= min_participation)["account_id"].implode()
    return rows.filter(pl.col("account_id").is_in(again) | pl.col("account_id_y").is_in(again)).select(
        "object_id", a=pl.min_horizontal("account_id", "account_id_y"),  # ... and once to what is left, on either side
        b=pl.max_horizontal("account_id", "account_id_y"))


def our_pairs(folder: Path) -> pl.DataFrame:
    """tables.PAIRS of the three windows, with ids as CooRTweet writes them."""
    found = local.pairs(engines.encode(actions(folder)), WINDOWS)
    return found.with_columns(pl.col(PAIR).str.replace("^[^:]*:", ""))


def table(folder: Path) -> pl.DataFrame:
    """One row a figure: what, window_s, coortweet, cotrace, difference, why."""
    ours, told = our_pairs(folder), []

    def tell(what: str, window_s: int, theirs: int, mine: int, why: str) -> None:
        told.append({"what": what, "window_s": window_s, "coortweet": theirs, "cotrace": mine,
                     "difference": mine - theirs, "why": why})

    for window_s in WINDOWS:
        mine = ours.filter(pl.col("window_s") == window_s)
        every = rows_of_posts(folder, window_s, 1)
        twice = rows_of_posts(folder, window_s, 2)
        tell("distinct pairs of accounts, min_participation = 1", window_s, THEIR_PAIRS[window_s], mine.height,
             "the definitions agree")
        tell("pairs of posts behind them", window_s, every.height, mine["objects"].sum(),
             "it counts pairs of posts, we count distinct objects: "
             f"{every.height - every.unique().height} pairs of posts repeat an object of their pair")
        tell("pairs of posts, min_participation = 2 (its rule written again)", window_s, THEIR_ROWS[window_s],
             twice.height, "the definitions agree" if twice.height == THEIR_ROWS[window_s] else
             f"{THEIR_ROWS[window_s] - twice.height} row not explained: only its number is known, not its output")
    told += _edges(folder, ours.filter(pl.col("window_s") == 60))
    return pl.DataFrame(told)


def _their_edges(folder: Path) -> pl.DataFrame:
    edges = pl.read_csv(folder / THEIR_EDGES, columns=["from", "to", "weight"])
    return edges.select("weight", a=pl.min_horizontal("from", "to"), b=pl.max_horizontal("from", "to"))


def _edges(folder: Path, ours: pl.DataFrame) -> list[dict]:
    theirs = _their_edges(folder)
    both = theirs.join(ours, on=PAIR)
    posts = rows_of_posts(folder, 60, 2).group_by(PAIR).agg(posts=pl.len())
    as_ours = both.join(posts, on=PAIR)
    repeated = both.filter(pl.col("weight") != pl.col("objects")).height
    figures = [
        ("edges of its file that we count as pairs", theirs.height, both.height, "the definitions agree"),
        ("pairs that min_participation = 2 leaves out", theirs.height, ours.height,
         "it leaves out pairs of which neither account has two posts; we leave that to min_objects and chance"),
        ("edges of one weight (pairs of posts, its rule written again)", theirs.height,
         as_ours.filter(pl.col("weight") == pl.col("posts")).height, "the definitions agree"),
        ("edges of one weight (distinct objects)", theirs.height, both.height - repeated,
         f"on {repeated} edges a pair of accounts shared one object in several posts; its weight counts each"),
    ]
    return [{"what": what, "window_s": 60, "coortweet": said, "cotrace": mine, "difference": mine - said, "why": why}
            for what, said, mine, why in figures]


def survivors(folder: Path) -> dict[str, int]:
    """How many edges of its file cotrace's chance leaves, at 60 s and at the plan's own windows."""
    theirs, acted = _their_edges(folder), {"shared_link": actions(folder)}
    counts = {"edges of its file": theirs.height,
              "of them on three distinct objects or more": _on_three(folder, theirs)}
    for name, plan in (("at 60 s", Plan(windows=(60,))), ("at the default windows", Plan())):
        edges = network.validate(acted, plan=plan, engine=local, resolution_s=1).edges
        kept = edges.with_columns(pl.col(PAIR).str.replace("^[^:]*:", "")).select(PAIR)
        counts[f"of them validated {name}, q ≤ {plan.alpha}"] = theirs.join(kept, on=PAIR, how="semi").height
        counts[f"validated {name}, in its file or not"] = kept.height
    return counts


def _on_three(folder: Path, theirs: pl.DataFrame) -> int:
    often = our_pairs(folder).filter(pl.col("window_s") == 60, pl.col("objects") >= Plan().min_objects)
    return theirs.join(often, on=PAIR, how="semi").height


def report(folder: Path) -> str:
    """Both tables in Markdown, for docs/results.md."""
    lines = ["| what | w (s) | CooRTweet 2.1.3 | cotrace | difference | why |", "|---|---|---|---|---|---|"]
    lines += ["| {what} | {window_s} | {coortweet:,} | {cotrace:,} | {difference:+,} | {why} |".format(**row)
              for row in table(folder).iter_rows(named=True)]
    lines += ["", "| what chance leaves of its edges (time_window = 60, min_participation = 2) | |", "|---|---|"]
    lines += [f"| {what} | {count:,} |" for what, count in survivors(folder).items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(report(Path(sys.argv[1]) if len(sys.argv) > 1 else SHARED))
