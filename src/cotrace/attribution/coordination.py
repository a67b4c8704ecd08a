"""Validated edges with identified accounts: they act together more than chance explains.

Acting together is not being run together: a campaign, a fan community or a syndicating desk has such edges with its
own. So this class alone never gives more than "roughly even chance", edges of edges count for nothing, and an actor
that only ever acts after the identified account is its reader.

One edge shows that an actor has one: its surest. What else it did with other identified accounts is left to `content`;
the order of its acts is told over all its edges with identified accounts, because one has few.
"""

import math

import polars as pl

from ._occasions import between, summary
from ._scene import OBJECT, Look, Scene, Sighting

ORDER = 20
STRONG = False
CAP = 100  # the best that 200 listed and 200 unrelated accounts could measure; more would be precision that nobody has
SAYS = "The actor acts together with accounts that the registry names, more often than chance explains."


def look(scene: Scene, source: str, taken: pl.DataFrame) -> Look:
    """The surest edge of each actor with one that the registry names (itself left out), and the posts behind it."""
    listed = scene.listed.get(source, {})
    both = pl.concat([scene.edges.select("p", actor="a", partner="b", trace="trace", kind="kind"),
                      scene.edges.select("p", actor="b", partner="a", trace="trace", kind="kind")])
    ties = (both.filter(pl.col("partner").is_in(list(listed)), pl.col("actor") != pl.col("partner"))
            .sort("actor", "p", "partner", "trace"))
    if ties.is_empty():
        return Look()
    surest = ties.unique("actor", keep="first", maintain_order=True)
    rows = _meetings(scene, surest)
    seen = set(surest["actor"])
    acting = [actor for actor in listed if actor in scene.acting]
    counts = {"same_seen": sum(actor in seen for actor in acting), "same_of": len(acting),
              **_by_accident(scene, acting)}
    shown = summary(rows.filter(pl.col("together")), scene)
    order = summary(_meetings(scene, ties).filter(pl.col("together")), scene)  # of all edges: one has few occasions
    partner = dict(surest.select("actor", "partner").iter_rows())
    sightings = {
        actor: Sighting(says=SAYS, counts={**counts, **order[actor].counts, "ordered": order[actor].counts["occasions"],
                                           "occasions": len(shown[actor].occasions)},
                        occasions=shown[actor].occasions, selectors=listed[partner[actor]])
        for actor in sorted(seen) if actor not in listed and actor in shown}
    return Look(sightings, _behind(scene, rows))


def _meetings(scene: Scene, ties: pl.DataFrame) -> pl.DataFrame:
    """The occasions of these edges, seen from the actor: `between`'s columns and `together`."""
    turned = pl.concat([
        scene.occasions.select("trace", "object", "together", actor="a", at="at_a", post="post_a", partner="b",
                               partner_at="at_b", partner_post="post_b"),
        scene.occasions.select("trace", "object", "together", actor="b", at="at_b", post="post_b", partner="a",
                               partner_at="at_a", partner_post="post_a")])
    rows = turned.join(ties, on=["actor", "partner", "trace"]).with_columns(
        rivals=pl.col("partner").n_unique().over("actor", *OBJECT).cast(pl.Int64))
    return between(rows, "together")


def _behind(scene: Scene, rows: pl.DataFrame) -> pl.DataFrame:
    """Posts that the edge used up for the actor: its own on the objects of the edge, and its partner's."""
    own = rows.select("actor", *OBJECT).unique().join(scene.acts, on=["actor", *OBJECT]).select("actor", "post")
    return pl.concat([own, rows.select("actor", post="partner_post")]).unique()


def _by_accident(scene: Scene, acting: list[str]) -> dict[str, int]:
    """How many unrelated actors would have an edge with a source of this size, were it there by accident.

    Between unrelated actors, those of different components, there is no edge by definition, so counting them would
    prove nothing. Taken instead is what the plan accepts: alpha × edges are false, each touches two actors, and each
    of these meets one of the source's as often as the source has a part in all.
    """
    actors, edges = len(scene.acting), scene.edges.height
    false = math.ceil(scene.plan.alpha * edges)
    touched = math.ceil(2 * false * len(acting) / actors) if actors else 0
    return {"edges": edges, "accepted_false": false, "source_actors": len(acting), "actors": actors,
            "unrelated_seen": min(touched, len(scene.unrelated)), "unrelated_of": len(scene.unrelated)}
