"""The second verdict: is a cluster that acts together also inauthentic? Coordinated is not inauthentic.

Signs and benign explanations are one file each. A sign compares the members with everybody else in the same data; an
explanation counts what speaks for it and against it, and names the columns that it would account for. The verdict needs
signs that no explanation which fits accounts for, on two columns, one of them of the profile and not open to every
reader, or on three. Where no profile is known it cannot be judged; nobody is ever called authentic. In doubt it is not
shown.

A sign has `COLUMN` (what it looks at: two signs of one column count once), `PROFILE` (whether it is about what an
account is, and not only about what it does), `OPEN` (whether every reader sees it, as a slogan or a badge) and
`look(scene, cluster) -> Look`. An explanation has `COVERS` (columns whose signs it accounts for if it fits), `ENOUGH`
(percent of what could speak for it that has to) and `look(scene, cluster) -> Told`. The first lines of their docstrings
are what the dossier says of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import ModuleType

import polars as pl

from .. import parts
from ..progress import Progress, quiet
from ..records import Cluster, Explanation, Link, Plan, Reading, Sign, Verdict
from ..tables import Table
from . import _chance
from ._chance import CANNOT, FITS, INAUTHENTIC, NOT_SEEN, NOT_SHOWN, SEEN, UNKNOWN, decide
from ._scene import Look, Scene, Told

__all__ = ["CANNOT", "EXPLANATIONS", "FITS", "INAUTHENTIC", "NOT_SEEN", "NOT_SHOWN", "SEEN", "SIGNS", "UNKNOWN",
           "Judgement", "Look", "Scene", "Told", "decide", "judge", "stage"]

SIGNS, EXPLANATIONS = "verdicts.signs", "verdicts.explanations"


@dataclass(frozen=True)
class Judgement:
    """All that was looked at, and the verdict of each cluster."""

    signs: tuple[Sign, ...] = ()
    explanations: tuple[Explanation, ...] = ()
    verdicts: tuple[Verdict, ...] = ()


def judge(*, clusters: Sequence[Cluster], edges: pl.DataFrame, occasions: pl.DataFrame,
          actions: Mapping[str, Table], reading: Reading, links: Sequence[Link], sources: pl.DataFrame,
          plan: Plan, progress: Progress = quiet) -> Judgement:
    """Look for every sign, and test every explanation, in every cluster.

    Args:
        edges, occasions, actions: as they were validated.
        links: of members to previously identified sources; `sources` is tables.SOURCES, for whether any was given.
        plan: its alpha bounds the false signs among those seen, over all signs × clusters that could be judged.

    Returns:
        Signs and explanations sorted by (cluster, name), verdicts by cluster. All follow from the counts in them.
    """
    scene = stage(clusters=clusters, edges=edges, occasions=occasions, actions=actions, reading=reading, links=links,
                  sources=sources, plan=plan)
    found, told = [], []
    kinds = [(kind, name, parts.load(kind, name)) for kind in (SIGNS, EXPLANATIONS) for name in parts.names(kind)]
    for done, cluster in enumerate(ordered := sorted(clusters, key=lambda cluster: cluster.id)):
        progress("Weighing other explanations", done, len(ordered))
        for kind, name, module in kinds:
            if kind == SIGNS:
                found.append(_sign(cluster, name, module, module.look(scene, cluster)))
            else:
                told.append(_explanation(cluster, name, module, scene))
    signs = _corrected(found, plan.alpha)
    progress("Weighing other explanations", len(ordered), len(ordered))
    return Judgement(signs, tuple(told), tuple(decide(cluster.id, signs, told) for cluster in ordered))


def stage(*, clusters: Sequence[Cluster], edges: pl.DataFrame, occasions: pl.DataFrame,
          actions: Mapping[str, Table], reading: Reading, links: Sequence[Link] = (),
          sources: pl.DataFrame | None = None, plan: Plan) -> Scene:
    """The scene of a run. Withdrawn selectors and those without a citation are no registry."""
    usable = 0 if sources is None else sources.filter(pl.col("withdrawn").is_null(), pl.col("cites").is_not_null()
                                                      ).height
    return Scene(plan=plan, reading=reading, actions=actions, edges=edges, occasions=occasions,
                 clusters=tuple(clusters), links=tuple(links), sources=usable)


def _says(module: ModuleType) -> str:
    return " ".join((module.__doc__ or "").split("\n\n")[0].split())


def _sign(cluster: Cluster, name: str, module: ModuleType, look: Look) -> Sign:
    return Sign(cluster=cluster.id, name=name, column=module.COLUMN, profile=module.PROFILE,
                says=look.says or _says(module), bearers=look.bearers, counts=dict(sorted(look.counts.items())),
                p=_chance.p(look.counts), q=None, state=CANNOT, open=module.OPEN)


def _corrected(signs: Sequence[Sign], alpha: float) -> tuple[Sign, ...]:
    judged = [sign for sign in signs if sign.p is not None]
    q_of = dict(zip(map(id, judged), _chance.corrected([sign.p or 0.0 for sign in judged]), strict=True))
    return tuple(replace(sign, q=q_of.get(id(sign)), state=_chance.state(sign.counts, q_of.get(id(sign)), alpha))
                 for sign in signs)


def _explanation(cluster: Cluster, name: str, module: ModuleType, scene: Scene) -> Explanation:
    told = module.look(scene, cluster)
    needs = module.ENOUGH
    fits = _chance.fits(told.for_seen, told.for_of, told.against_seen, told.against_of, needs)
    return Explanation(cluster=cluster.id, name=name, covers=tuple(module.COVERS), needs=needs,
                       says=_says(module), pro=told.pro, contra=told.contra, for_seen=told.for_seen,
                       for_of=told.for_of, against_seen=told.against_seen, against_of=told.against_of, fits=fits)
