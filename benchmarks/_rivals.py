"""The rules of others, as their authors define them, on our actions.

They live here and nowhere else: nothing in cotrace can be asked to use them. Each takes ACTIONS by trace and gives
pairs (a, b), a < b; a rule that knows one kind of object is run on each kind by itself, as its users do, and what it
finds is joined. Two mercies are granted to all: pairs are formed within one kind of actor, so that nobody is paired
with a group it posts in, and only the kinds of object that they are used on are given to them.
"""

from collections.abc import Callable, Mapping

import numpy as np
import polars as pl
import scipy.sparse as sp
from scipy.stats import hypergeom, poisson

from cotrace import network
from cotrace.engines import local

Actions = Mapping[str, pl.DataFrame]
Pairs = set[tuple[str, str]]
THEIRS = ("repost", "reply_target", "same_text", "shared_link", "tag_sequence")
ALPHA = 0.01          # of the two that name an error rate; ours is the same


def _theirs(actions: Actions) -> dict[str, pl.DataFrame]:
    return {name: actions[name] for name in THEIRS if name in actions and actions[name].height}


def _layers(actions: Actions) -> list[pl.DataFrame]:
    """actor, object, s, post of each trace and kind of actor."""
    return [acts.filter(pl.col("kind") == kind).select("actor", "object", "post", s=pl.col("at").dt.epoch("s"))
            for acts in _theirs(actions).values() for kind in acts["kind"].unique().sort()]


def _pairs(frame: pl.DataFrame) -> Pairs:
    return set(frame.select("a", "b").iter_rows())


def once_in_60_s(actions: Actions) -> Pairs:
    """One object within 60 s, as in Keller et al. 2020, doi:10.1080/10584609.2019.1661888."""
    return _pairs(network.naive(_theirs(actions), window_s=60, objects=1, engine=local))


def twice_in_60_s(actions: Actions) -> Pairs:
    """Two objects within 60 s each, as in the Coordination Network Toolkit, doi:10.25912/RDF_1632782596538."""
    return _pairs(network.naive(_theirs(actions), window_s=60, objects=2, engine=local))


def coortweet(actions: Actions, window_s: int = 10) -> Pairs:
    """CooRTweet 2.1.3 with its defaults: 10 s, min_participation 2, edges heavier than the median (subgraph 1).

    An edge weighs its pairs of posts. Source: Righetti & Balluff 2025, doi:10.5117/CCR2025.1.7.RIGH, and the package's
    R/detect_groups.R and R/generate_coordinated_network.R.
    """
    found: Pairs = set()
    for acts in _layers(actions):
        acts = acts.filter(pl.len().over("actor") >= 2).sort("object", "s", "actor", "post").with_row_index("row")
        met = _within(acts, window_s)
        if met.is_empty():
            continue
        posts = pl.concat([met.select("actor", "post"), met.select(actor="actor_y", post="post_y")]).unique()
        often = posts.group_by("actor").len().filter(pl.col("len") >= 2)["actor"].implode()
        met = met.filter(pl.col("actor").is_in(often) | pl.col("actor_y").is_in(often))
        edges = _edges(met).agg(weight=pl.len())
        found |= _pairs(edges.filter(pl.col("weight") > pl.col("weight").quantile(0.5, "linear")))
    return found


def _within(acts: pl.DataFrame, window_s: int) -> pl.DataFrame:
    """Pairs of posts on one object within the window, by another account: the engine's job, done plainly in bins."""
    bins = acts.with_columns(bin=pl.col("s") // (window_s + 1))
    other = pl.concat([bins, bins.with_columns(bin=pl.col("bin") + 1)])
    met = other.join(bins, on=["object", "bin"], suffix="_y").filter(
        pl.col("row") != pl.col("row_y"), pl.col("actor") != pl.col("actor_y"), pl.col("post") != pl.col("post_y"),
        (pl.col("s") - pl.col("s_y")).abs() <= window_s)
    return met.with_columns(low=pl.min_horizontal("row", "row_y"), high=pl.max_horizontal("row", "row_y")).unique(
        ["low", "high"])


def _edges(met: pl.DataFrame) -> pl.dataframe.group_by.GroupBy:
    return met.group_by(a=pl.min_horizontal("actor", "actor_y"), b=pl.max_horizontal("actor", "actor_y"))


def coornet(actions: Actions) -> Pairs:
    """CooRnet with its defaults: an interval from the quickest tenth of objects, edges from the 90th percentile up.

    Shares of one object in the same interval (fixed bins from its first share) are coordinated; accounts that have such
    shares of the same object are joined, and an edge weighs its objects. Source: Giglietto et al. 2020,
    doi:10.1080/1369118X.2020.1739732, and the package's R/estimate_coord_interval.R and R/get_coord_shares.R.
    """
    found: Pairs = set()
    for acts in _layers(actions):
        acts = acts.filter(pl.len().over("object") > 1).with_columns(
            late=pl.col("s") - pl.col("s").min().over("object"),
            rank=pl.col("s").rank("ordinal").over("object"), shares=pl.len().over("object"))
        if acts.is_empty():
            continue
        second = acts.filter(pl.col("rank") == 2)
        quick = second.filter(pl.col("late") <= pl.col("late").quantile(0.1, "linear"))["object"].implode()
        half = acts.filter(pl.col("object").is_in(quick), pl.col("rank") / pl.col("shares") > 0.5)
        reached = half.group_by("object").agg(pl.col("late").min())["late"]
        interval = max(1.0, float(reached.median() or 0))
        together = acts.with_columns(bin=(pl.col("late") / interval).floor()).filter(
            pl.len().over("object", "bin") > 1)
        a, b, weight, names, _ = _projected(together.select("actor", "object").unique())
        if len(weight):
            heavy = weight >= np.quantile(weight, 0.9)
            found |= _named(names, a[heavy], b[heavy])
    return found


def cosine(actions: Actions) -> Pairs:
    """The top 0.5 % of cosines between TF-IDF vectors of what accounts share, zeros not counted.

    Accounts with fewer than three objects are left out, which is kinder than the definition: their cosines are 1.
    Source: Pacheco et al. 2021, arXiv:2001.05658; the threshold as in Luceri et al. 2024, doi:10.1145/3589334.3645529.
    """
    found: Pairs = set()
    for acts in _layers(actions):
        counts = acts.filter(pl.col("object").n_unique().over("actor") >= 3).group_by("actor", "object").len()
        if counts.is_empty():
            continue
        table, names = _table(counts, counts["len"].to_numpy().astype(float))
        idf = np.log(table.shape[0] / np.maximum(1, (table > 0).sum(axis=0).A1))
        table = table @ sp.diags(idf)
        length = np.sqrt(table.multiply(table).sum(axis=1).A1)
        table = sp.diags(1 / np.where(length > 0, length, 1)) @ table
        alike = sp.triu(table @ table.T, k=1).tocoo()
        some = alike.data > 1e-12
        if some.any():
            top = some & (alike.data >= np.quantile(alike.data[some], 0.995))
            found |= _named(names, alike.row[top], alike.col[top])
    return found


def hypergeometric(actions: Actions) -> Pairs:
    """Common objects against a hypergeometric law, corrected over the pairs that have any (Benjamini-Hochberg).

    Source: Tumminello et al. 2011, doi:10.1371/journal.pone.0017994 (statistically validated networks).
    """
    found: Pairs = set()
    for acts in _layers(actions):
        a, b, weight, names, table = _projected(acts.select("actor", "object").unique())
        if len(weight):
            degree = np.diff(table.indptr)
            cases, case = np.unique(np.c_[weight, degree[a], degree[b]], axis=0, return_inverse=True)
            p = hypergeom.sf(cases[:, 0] - 1, table.shape[1], cases[:, 1], cases[:, 2])[case.ravel()]
            kept = _benjamini_hochberg(p, len(p))
            found |= _named(names, a[kept], b[kept])
    return found


def bicm(actions: Actions) -> Pairs:
    """Common objects against the bipartite configuration model, corrected over all pairs, seen or not; no time in it.

    The tail is Poisson's, as its authors approximate it. Source: Saracco et al. 2017, doi:10.1088/1367-2630/aa6b38.
    """
    found: Pairs = set()
    for acts in _layers(actions):
        a, b, weight, names, table = _projected(acts.select("actor", "object").unique())
        if not len(weight):
            continue
        degree, fame = np.diff(table.indptr), np.bincount(table.indices, minlength=table.shape[1])
        of_actor, chance, things = _fitted(degree, fame)
        expected = (chance * things) @ chance.T
        p = poisson.sf(weight - 1, expected[of_actor[a], of_actor[b]])
        kept = _benjamini_hochberg(p, len(names) * (len(names) - 1) // 2)
        found |= _named(names, a[kept], b[kept])
    return found


def _fitted(degree: np.ndarray, fame: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Class of each actor, chance of a link by class of actor and of object, and how many objects a class has."""
    d, of_actor, people = np.unique(degree, return_inverse=True, return_counts=True)
    k, things = np.unique(fame, return_counts=True)
    x, y = d / np.sqrt(degree.sum()), k / np.sqrt(degree.sum())
    for _ in range(3000):
        old = x
        x = d / ((things * y) / (1 + np.outer(x, y))).sum(axis=1)
        y = k / ((people * x)[:, None] / (1 + np.outer(x, y))).sum(axis=0)
        if np.abs(x / old - 1).max() < 1e-9:
            break
    product = np.outer(x, y)
    return of_actor, product / (1 + product), things


def _projected(acts: pl.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str], sp.csr_matrix]:
    """Pairs with common objects: a, b (codes), how many; names; the table."""
    table, names = _table(acts, np.ones(acts.height))
    both = sp.triu(table @ table.T, k=1).tocoo()
    return both.row, both.col, np.round(both.data).astype(np.int64), names, table


def _table(acts: pl.DataFrame, value: np.ndarray) -> tuple[sp.csr_matrix, list[str]]:
    actors, objects = acts["actor"].unique().sort(), acts["object"].unique().sort()
    row, column = (np.searchsorted(known.to_numpy().astype(str), acts[name].to_numpy().astype(str))
                   for known, name in ((actors, "actor"), (objects, "object")))
    return sp.csr_matrix((value, (row, column)), shape=(len(actors), len(objects))), actors.to_list()


def _named(names: list[str], a: np.ndarray, b: np.ndarray) -> Pairs:
    return {(min(names[i], names[j]), max(names[i], names[j])) for i, j in zip(a.tolist(), b.tolist(), strict=True)}


def _benjamini_hochberg(p: np.ndarray, tests: int) -> np.ndarray:
    order = np.argsort(p, kind="stable")
    passed = np.flatnonzero(p[order] * tests / np.arange(1, len(p) + 1) <= ALPHA)
    kept = np.zeros(len(p), dtype=bool)
    kept[order[: passed.max(initial=-1) + 1]] = True
    return kept


RIVALS: dict[str, Callable[[Actions], Pairs]] = {
    "60 s, once": once_in_60_s, "60 s, twice": twice_in_60_s, "CooRTweet": coortweet, "CooRnet": coornet,
    "cosine": cosine, "hypergeometric": hypergeometric, "BiCM": bicm}
NOMINAL = {"cotrace": ALPHA, "hypergeometric": ALPHA, "BiCM": ALPHA}  # the others promise no rate
