"""The same text or link as an identified account, or one that the registry names; who was first, and how long after.

Its first explanation is *reader*: shares, quotes, answers and mentions of an identified account count for nothing,
and an actor that only ever comes after the source cannot rise above "unlikely". Three distinct posts on each side are
the least. What many unrelated communities use is common property and is left out.
"""

import math
from bisect import bisect_left
from collections.abc import Mapping

import numpy as np
import polars as pl

from .. import sources as registries
from .. import tables, traces
from ._chance import FEWEST
from ._occasions import COLUMNS, between, summary
from ._scene import OBJECT, Look, Scene, Sighting

ORDER = 30
STRONG = False
CAP = 20             # free to forge: anybody may copy anybody
TRACES = ("same_text", "similar_text", "shared_link")
FEWEST_OCCASIONS = 3  # METHOD §1: the least number of posts on each side
COMMUNITIES = 10     # unrelated communities; what more of them use is stock: wire copy, prayers, share-button headlines
_POSTS: Mapping = tables.POSTS
DRAWS = 20           # random sets of unrelated actors that stand in for the registry
NEAREST = 5          # ranks of activity up and down, among which a stand-in for a listed actor is drawn
HASH = r"^(?:(?:md5|sha1|sha256|phash|pdq):)?([^:]+)(?::[0-9]{1,3})?$"  # as registries spell it, or with its quality
SAYS = "The actor published the same texts or links as accounts that the registry names."
SELECTED = "The actor published texts or links that the registry names as the source's."


def look(scene: Scene, source: str, taken: pl.DataFrame) -> Look:
    """Actors with enough occasions of common content, the posts behind stronger classes taken out before."""
    listed = scene.listed.get(source, {})
    acts = _content(scene)
    acting = sorted(set(listed) & set(acts["actor"]))
    met = _towards(scene, acts, acting, {actor: actor for actor in acting}, taken)
    marked = _marked(scene, source, acts, acting, taken)
    rows = pl.concat([met, marked.select(met.columns).join(met, on=["actor", "post"], how="anti")])
    found = {actor: told for actor, told in summary(rows, scene).items()
             if told.counts["occasions"] >= FEWEST_OCCASIONS}
    wanted = sorted(set(found) - set(listed))
    if not wanted:
        return Look()
    present = [actor for actor in listed if actor in scene.acting]
    same = {"same_seen": sum(actor in found for actor in listed), "same_of": len(present)}
    chance = _unrelated(scene, source, acts, acting, len(present))
    by_selector = _seen_by_selector(scene, marked, listed)
    aside = {"common_objects_left_out": _common(scene).height}
    receipts = _receipts(rows, marked, listed)
    return Look({actor: Sighting(
        says=SAYS if any(row[3] for row in found[actor].occasions) else SELECTED,
        counts={**same, **_with_selectors(scene, chance, by_selector, actor), **aside, **found[actor].counts},
        occasions=found[actor].occasions, selectors=receipts.get(actor, ())) for actor in wanted})


def _content(scene: Scene) -> pl.DataFrame:
    """Actions of content traces, on objects that are not common property."""
    return scene.acts.filter(pl.col("trace").is_in(list(TRACES))).join(_common(scene), on=OBJECT, how="anti")


def _common(scene: Scene) -> pl.DataFrame:
    return scene.objects.filter(pl.col("trace").is_in(list(TRACES)), pl.col("communities") > COMMUNITIES).select(OBJECT)


def _towards(scene: Scene, acts: pl.DataFrame, seeds: list[str], key: dict[str, str],
             taken: pl.DataFrame) -> pl.DataFrame:
    """Every actor's objects that a seed of another key used too, with the earliest such seed: `between`'s columns.

    `key` says who may not count for whom: the actor itself (leave-one-out), or its component (unrelated actors).
    """
    own = (acts.join(scene.answering(seeds), on="post", how="anti")
           .join(taken, on=["actor", "post"], how="anti")
           .unique(["actor", *OBJECT], keep="first", maintain_order=True)
           .with_columns(key=pl.col("actor").replace_strict(key, default=None).fill_null(pl.col("actor"))))
    lead = (acts.filter(pl.col("actor").is_in(seeds)).unique(["actor", *OBJECT], keep="first", maintain_order=True)
            .sort("at", "post", "actor")
            .select(*OBJECT, partner="actor", partner_at="at", partner_post="post",
                    partner_key=pl.col("actor").replace_strict(key, default=None)))
    users = lead.group_by(OBJECT).agg(seeds=pl.len().cast(pl.Int64))
    first = lead.unique(OBJECT, keep="first", maintain_order=True)
    second = (lead.join(first.select(*OBJECT, first_key="partner_key"), on=OBJECT)
              .filter(pl.col("partner_key") != pl.col("first_key")).drop("first_key")
              .sort("partner_at", "partner_post", "partner").unique(OBJECT, keep="first", maintain_order=True))
    met = pl.concat([own.join(first, on=OBJECT).filter(pl.col("key") != pl.col("partner_key")),
                     own.join(first.select(*OBJECT, first_key="partner_key"), on=OBJECT)
                     .filter(pl.col("key") == pl.col("first_key")).drop("first_key").join(second, on=OBJECT)])
    own_seed = pl.col("actor").is_in(seeds).cast(pl.Int64)
    met = met.join(users, on=OBJECT).with_columns(rivals=pl.max_horizontal(pl.col("seeds") - own_seed, 1))
    spans = scene.spans
    return between(
        met.filter(pl.col("post") != pl.col("partner_post"), ~pl.col("by").is_in(seeds).fill_null(False))
        .join(taken.rename({"post": "partner_post"}), on=["actor", "partner_post"], how="anti")
        .join(spans, on="actor").join(spans.rename({"actor": "partner"}), on="partner", suffix="_partner")
        .filter(pl.col("from") <= pl.col("to_partner"), pl.col("from_partner") <= pl.col("to")))


def _unrelated(scene: Scene, source: str, acts: pl.DataFrame, acting: list[str], size: int) -> dict[str, int]:
    """How often actors are seen with a stand-in for the registry: as many unrelated actors, as active, drawn by seed.

    Only meetings across components count: between actors that no validated edge connects, however far. The mean over
    the draws is rounded up, because the actors, not the draws, are the sample. Stand-ins fewer than the source has
    (where the data hold too few unrelated actors) count for as many more.
    """
    strangers = scene.unrelated
    if size < FEWEST or len(strangers) < FEWEST:
        return {"unrelated_seen": 0, "unrelated_of": len(strangers), "draws": 0, "draws_seen": 0, "stand_ins": 0}
    random = np.random.default_rng([scene.seed, int.from_bytes(source.encode("utf-8")[:8], "big")])
    nothing = pl.DataFrame(schema={"actor": pl.String, "post": pl.String})
    pool, seen, drawn = set(strangers), 0, 0
    among = acts.filter(pl.col("actor").is_in(strangers))
    for _ in range(DRAWS):
        chosen = _stand_ins(scene, strangers, acting, random)
        drawn = len(chosen)
        met = _towards(scene, among, chosen, scene.component, nothing)
        seen += sum(told.counts["occasions"] >= FEWEST_OCCASIONS for actor, told in summary(met, scene).items()
                    if actor in pool)
    scaled = math.ceil(seen * max(drawn, len(acting)) / (DRAWS * drawn)) if drawn else 0
    return {"unrelated_seen": min(scaled, len(strangers)), "unrelated_of": len(strangers), "draws": DRAWS,
            "draws_seen": seen, "stand_ins": drawn, "stand_ins_wanted": len(acting)}


def _stand_ins(scene: Scene, strangers: list[str], acting: list[str], random: np.random.Generator) -> list[str]:
    """For each listed actor, the most active first, one of the unrelated that are nearest in activity, none twice."""
    left = sorted(strangers, key=lambda actor: (-scene.acting[actor], actor))
    wanted = sorted((scene.acting[actor] for actor in acting), reverse=True)[: len(strangers) // 2]
    chosen = []
    for activity in wanted:
        place = bisect_left(left, -activity, key=lambda actor: -scene.acting[actor])
        near = range(max(0, place - NEAREST), min(len(left), place + NEAREST))
        chosen.append(left.pop(int(random.choice(near))))
    return sorted(chosen)


# ------------------------------------------------------------------------------------- selectors of the registry itself

def _marked(scene: Scene, source: str, acts: pl.DataFrame, acting: list[str], taken: pl.DataFrame) -> pl.DataFrame:
    """Occasions on which somebody published a text, link, domain or medium that the registry names: no partner, and so
    no order. They never show that anybody was first."""
    objects = _named_objects(scene, source)
    posts = _named_posts(scene, source)
    hits = pl.concat([
        acts.join(objects, on=["trace", "object"]).select("actor", *OBJECT, "at", "post", "receipt"),
        scene.acts.join(posts, on="post").unique(["actor", "post"], keep="first", maintain_order=True)
        .select("actor", *OBJECT, "at", "post", "receipt")])
    return (hits.join(scene.answering(acting), on="post", how="anti").join(taken, on=["actor", "post"], how="anti")
            .sort("at", "post", *OBJECT, "actor", "receipt")
            .unique(["actor", *OBJECT], keep="first", maintain_order=True)
            .with_columns(partner=pl.lit(None, dtype=pl.String), partner_at=pl.lit(None, dtype=tables.TIME),
                          partner_post=pl.lit(None, dtype=pl.String), rivals=pl.lit(0, dtype=pl.Int64))
            .select(*COLUMNS, "receipt"))


def _named_objects(scene: Scene, source: str) -> pl.DataFrame:
    """trace, object, receipt: what the traces make of a post that would carry the selector."""
    rows = scene.of_type("text", "url", source=source).to_dicts()
    posts = pl.DataFrame([{
        "platform": "registry", "post": f"registry:{place}", "account": "registry:registry", "account_kind": "account",
        "at": scene.acts["at"].min(), "at_resolution": 1, "kind": "post",
        "text": row["selector"] if row["selector_type"] == "text" else None,
        "links": [registries.refang(row["selector"])] if row["selector_type"] == "url" else None,
        "receipt": row["receipt"]} for place, row in enumerate(rows)], schema_overrides=_POSTS)
    empty = pl.DataFrame(schema={"trace": pl.String, "object": pl.String, "receipt": pl.String})
    if not rows:
        return empty
    found = [empty]
    for name in sorted(set(TRACES) & set(scene.actions)):
        if traces.get(name).whole:  # one text alone is in no group; the same words are found by `same_text`
            continue
        made, _ = traces.act(name, tables.conform(posts, tables.POSTS, "A registry"))
        found.append(made.join(posts.select("post", "receipt"), on="post")
                     .select(pl.lit(name).alias("trace"), "object", "receipt"))
    return pl.concat(found).unique(["trace", "object"], keep="first", maintain_order=True)


def _named_posts(scene: Scene, source: str) -> pl.DataFrame:
    """post, receipt: posts whose links lie on a domain of the registry, or whose media have its hash."""
    schema = {"post": pl.String, "receipt": pl.String}
    domains = {registries.canonical("domain", row["selector"]): row["receipt"]
               for row in scene.of_type("domain", source=source).iter_rows(named=True)}
    media = {registries.canonical("media", row["selector"]): row["receipt"]
             for row in scene.of_type("media", source=source).iter_rows(named=True)}
    own = scene.reading.columns("post", "kind", "links", "media").filter(pl.col("kind") != "share")
    found = [pl.DataFrame(schema=schema)]
    if domains:
        links = own.select("post", "links").explode("links").drop_nulls().with_columns(
            host=pl.col("links").str.to_lowercase().str.extract(r"^(?:https?://)?(?:[^/@]*@)?(?:www\.)?([^/:?#]+)"))
        hosts = {host: hit for host in sorted(links["host"].drop_nulls().unique())
                 for hit in [next((receipt for domain, receipt in sorted(domains.items())
                                   if host == domain or host.endswith(f".{domain}")), None)] if hit}
        found.append(links.filter(pl.col("host").is_in(list(hosts)))
                     .select("post", receipt=pl.col("host").replace_strict(hosts, default=None)))
    if media:
        found.append(own.select("post", "media").explode("media").drop_nulls()
                     .with_columns(pl.col("media").str.to_lowercase().str.extract(HASH)).filter(pl.col("media").is_in(list(media)))
                     .select("post", receipt=pl.col("media").replace_strict(media, default=None)))
    return pl.concat([frame.cast(pl.String) for frame in found]).sort("post", "receipt").unique("post", keep="first")


def _seen_by_selector(scene: Scene, marked: pl.DataFrame, listed: dict) -> dict[str, int]:
    """component → unrelated actors of it that publish what the registry names, in components without listed actors."""
    homes = {scene.component[actor] for actor in listed}
    pool = set(scene.unrelated)
    counts: dict[str, int] = {}
    for actor, told in summary(marked.drop("receipt"), scene).items():
        home = scene.component[actor]
        if actor in pool and home not in homes and told.counts["occasions"] >= FEWEST_OCCASIONS:
            counts[home] = counts.get(home, 0) + 1
    return counts


def _with_selectors(scene: Scene, chance: dict[str, int], by_selector: dict[str, int], actor: str) -> dict[str, int]:
    """Unrelated actors seen by either way, at most all of them: the actor's own component is not unrelated to it."""
    seen = sum(by_selector.values()) - by_selector.get(scene.component[actor], 0)
    return {**chance, "unrelated_by_selector": seen,
            "unrelated_seen": min(chance["unrelated_seen"] + seen, chance["unrelated_of"])}


def _receipts(rows: pl.DataFrame, marked: pl.DataFrame,
              listed: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """actor → receipts of the registry rows that name the partners it shares with, or what it published."""
    found: dict[str, set[str]] = {}
    for actor, partner in rows.select("actor", "partner").drop_nulls().unique().iter_rows():
        found.setdefault(actor, set()).update(listed[partner])
    for actor, receipt in marked.select("actor", "receipt").unique().iter_rows():
        found.setdefault(actor, set()).add(receipt)
    return {actor: tuple(sorted(receipts)) for actor, receipts in found.items()}
