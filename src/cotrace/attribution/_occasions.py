"""Occasions on which an actor and an identified one did the same, told so that order and number can be checked."""

from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from ._scene import OBJECT, Scene

COLUMNS = ["actor", *OBJECT, "at", "post", "partner", "partner_at", "partner_post", "rivals"]


@dataclass(frozen=True)
class Told:
    """What the occasions of one actor say."""

    counts: dict[str, int] = field(default_factory=dict)
    occasions: tuple[tuple[str, ...], ...] = ()


def told(rows: list[dict] | None = None) -> Told:
    """Counts and rows of one actor's occasions.

    occasions: their number. before, after: the actor acted strictly before or after the identified one. first: nobody
    in the data used the object earlier, or at the same time. first_due: how often it would be first, in thousandths,
    if the users of each object came in any order; objects begun by several at once tell no order and count 0 in both.
    before_due: how often it would be before all identified users of the object, likewise; same moments count 0.
    """
    rows = rows or []
    timed = [row for row in rows if row["partner_at"] is not None]
    return Told(
        counts={
            "occasions": len(rows),
            "before": sum(row["at"] < row["partner_at"] for row in timed),
            "after": sum(row["at"] > row["partner_at"] for row in timed) + len(rows) - len(timed),
            "before_due": sum(1000 // (1 + row["rivals"]) for row in timed if row["at"] != row["partner_at"]),
            "first": sum(row["first"] for row in timed),
            "first_due": sum(row["due"] for row in timed),
        },
        occasions=tuple((row["object"], row["post"], _iso(row["at"]), row["partner_post"] or "",
                         _iso(row["partner_at"]), _seconds(row["at"], row["partner_at"])) for row in rows))


def between(rows: pl.DataFrame, *more: str) -> pl.DataFrame:
    """The columns of an occasion, in order."""
    return rows.select(*COLUMNS, *more)


def summary(rows: pl.DataFrame, scene: Scene) -> dict[str, Told]:
    """actor → what its occasions say; one post of the actor is one occasion, one post of a partner too.

    Of several partners or objects the earliest partner stands: the order that speaks most for a reader.
    """
    distinct = (rows.sort("actor", "partner_at", "at", "post", "partner_post", *OBJECT, nulls_last=True)
                .unique(["actor", "post"], keep="first", maintain_order=True))
    lone = distinct.filter(pl.col("partner_post").is_null())
    met = distinct.filter(pl.col("partner_post").is_not_null()).unique(["actor", "partner_post"], keep="first",
                                                                      maintain_order=True)
    ordered = pl.concat([met, lone]).join(scene.objects, on=OBJECT, how="left").with_columns(
        first=((pl.col("at") <= pl.col("began")) & (pl.col("starters") == 1)).fill_null(False),
        due=pl.when(pl.col("starters") == 1).then(1000 // pl.col("users")).otherwise(0).fill_null(0),
    ).sort("actor", "at", "post", *OBJECT)
    found: dict[str, list[dict]] = {}
    for row in ordered.iter_rows(named=True):
        found.setdefault(row["actor"], []).append(row)
    return {actor: told(own) for actor, own in found.items()}


def _iso(when: datetime | None) -> str:
    return "" if when is None else when.isoformat().replace("+00:00", "Z")


def _seconds(at: datetime, partner_at: datetime | None) -> str:
    if partner_at is None:
        return ""
    micros = round((at - partner_at).total_seconds() * 1_000_000)
    return str(micros // 1_000_000) if micros % 1_000_000 == 0 else f"{micros / 1_000_000:.6f}"
