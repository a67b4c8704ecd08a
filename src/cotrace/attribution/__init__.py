"""Clusters × previously identified sources → links, each with its grounds, its ratio and its word.

It links actors to published sources, never to a person, and never by proximity: what stands two steps away is no
evidence. An actor that a registry itself names is `listed`, a fact with its citation and no probability; for every
other member of a published cluster the word is a posterior, and the ladder holds it down. In doubt the word is lower.

One indicator class a file. A class has `ORDER` (classes are computed in this order, and the posts behind one are
taken out before the next is computed, so that two classes are two), `CAP` (the most its ratio may be: low where it is
free to forge), `STRONG` (identity and infrastructure), and `look(scene, source, taken) -> Look`.
"""

from collections.abc import Mapping, Sequence

import polars as pl

from .. import parts
from ..progress import Progress, quiet
from ..records import Cluster, Ground, Link, Plan, Reading, word
from ..tables import Table
from . import _chance
from ._chance import FEWEST, counts_as_class, interval, judge, one_way, ratio, wilson
from ._scene import Look, Scene, Sighting, stage

__all__ = ["FEWEST", "Look", "Scene", "Sighting", "counts_as_class", "interval", "judge", "link", "one_way", "ratio",
           "stage", "wilson"]

TAKEN: Mapping = {"actor": pl.String, "post": pl.String}


def link(
    *,
    clusters: Sequence[Cluster],
    edges: pl.DataFrame,
    occasions: pl.DataFrame,
    actions: Mapping[str, Table],
    reading: Reading,
    sources: pl.DataFrame,
    plan: Plan,
    seed: int,
    progress: Progress = quiet,
) -> tuple[Link, ...]:
    """Every actor × source that some ground speaks for: members of clusters, and actors that a registry names.

    Args:
        edges, occasions: validated, as `network.validate` gives them.
        actions: trace → tables.ACTIONS, the same that the edges were found in.
        sources: tables.SOURCES; rows without citation, withdrawn, impossible or common property give no word.
        seed: of the random sets of unrelated actors that stand in for a registry.

    Returns:
        Links, sorted by (source, actor). `posterior` never exceeds what the ladder allows, so `word` is its word; both
        come from `judge` over the grounds, and each ground's ratio from `ratio` over its counts.

    Source: METHOD §3; likelihood ratios as in Good 1950, "Probability and the Weighing of Evidence".
    """
    scene = stage(clusters=clusters, edges=edges, occasions=occasions, actions=actions, reading=reading,
                  sources=sources, plan=plan, seed=seed)
    classes = sorted(((module.ORDER, name, module) for name in parts.names("attribution")
                      for module in [parts.load("attribution", name)]), key=lambda part: part[:2])
    strong = [name for _, name, module in classes if module.STRONG]
    member_of = {actor: cluster.id for cluster in clusters for actor in cluster.members}
    named = sorted(scene.sources["source"].unique())
    links = []
    for done, source in enumerate(named):
        progress("link", done, len(named))
        listed = scene.listed.get(source, {})
        links += [_listed(actor, source, member_of.get(actor), receipts) for actor, receipts in listed.items()]
        grounds = _grounds(scene, source, classes, sorted(set(member_of) - set(listed)))
        links += [_linked(actor, source, member_of[actor], found, strong, plan.prior_odds)
                  for actor, found in grounds.items()]
    progress("link", len(named), len(named))
    return tuple(sorted(links, key=lambda found: (found.source, found.actor)))


def _grounds(scene: Scene, source: str, classes: Sequence[tuple], candidates: Sequence[str]) -> dict[str, list[Ground]]:
    grounds: dict[str, list[Ground]] = {}
    taken = pl.DataFrame(schema=TAKEN)
    for _, name, module in classes:
        look: Look = module.look(scene, source, taken)
        for actor in candidates:
            if actor in look.sightings:
                grounds.setdefault(actor, []).append(_ground(name, module.CAP, look.sightings[actor]))
        if look.behind is not None:
            taken = pl.concat([taken, look.behind.select(list(TAKEN))]).unique()
    return dict(sorted(grounds.items()))


def _ground(name: str, cap: int, seen: Sighting) -> Ground:
    counts = {**seen.counts, "cap": cap}
    bounds = None if seen.lead else interval(counts)
    return Ground(indicator=name, says=seen.says, ratio=None if bounds is None else ratio(counts),
                  counts=dict(sorted(counts.items())), low=None if bounds is None else bounds[0],
                  high=None if bounds is None or bounds[1] == float("inf") else bounds[1],
                  occasions=seen.occasions, selectors=seen.selectors)


def _listed(actor: str, source: str, cluster: str | None, receipts: tuple[str, ...]) -> Link:
    fact = Ground(indicator="identity", says="The registry itself names this actor.", ratio=None, counts={}, low=None,
                  high=None, selectors=receipts)
    return Link(cluster=cluster, actor=actor, source=source, grounds=(fact,), word="listed", posterior=None,
                word_if_prior_tenth="listed", word_if_prior_tenfold="listed", bounded_by="", explanation="")


def _linked(actor: str, source: str, cluster: str, grounds: Sequence[Ground], strong: Sequence[str],
            prior_odds: float) -> Link:
    posterior, rule = judge(grounds, strong, prior_odds)
    _, tenth, tenfold = _chance.words(grounds, strong, prior_odds)
    return Link(cluster=cluster, actor=actor, source=source, grounds=tuple(grounds), word=word(posterior),
                posterior=posterior, word_if_prior_tenth=tenth, word_if_prior_tenfold=tenfold, bounded_by=rule,
                explanation=_chance.explain(grounds))
