"""What an actor is, never what it shares: its own declared site, and the handle it carries.

An actor whose id (or handle, within the dates for which it was identified) a registry names is not judged here: it is
`listed`, a fact. A handle outside its dates is a lead and never a word, because handles are recycled. A site that an
actor declares as its own counts against the site of the source; anyone may declare a site, so it is capped.
"""

import polars as pl

from .. import sources as registries
from ..sources import _selectors as selectors
from ._scene import Look, Scene, Sighting

ORDER = 10
STRONG = True
CAP = 30  # a profile field is free to fill in: at even odds at most .97, at 1:1000 at most .03
SITE = "The actor declares as its own a site that the registry names as the source's."
LEAD = ("The actor carries a handle that the registry names, but not within the dates for which it was identified: "
        "handles are recycled, so this is a lead and no evidence.")


def look(scene: Scene, source: str, taken: pl.DataFrame) -> Look:
    """Leads by handle, and declared sites; `taken` is of no use here, because a profile is no post."""
    sightings = {actor: Sighting(says=LEAD, counts={}, selectors=receipts, lead=True)
                 for actor, receipts in scene.leads.get(source, {}).items()}
    own = _declared(scene, source)
    listed = scene.listed.get(source, {})
    homes = {scene.component[actor] for actor in listed}
    known = {actor for actor in listed if actor in scene.component}
    strangers = [actor for actor in scene.unrelated if scene.component[actor] not in homes]
    for actor, receipts in own.items():
        home = scene.component[actor]
        others = [other for other in strangers if scene.component[other] != home]
        sightings[actor] = Sighting(says=SITE, selectors=receipts, counts={
            "same_seen": sum(other in own for other in known), "same_of": len(known),
            "unrelated_seen": sum(other in own for other in others), "unrelated_of": len(others)})
    return Look(sightings)


def _declared(scene: Scene, source: str) -> dict[str, tuple[str, ...]]:
    """actor → receipts of the selectors that its own site matches: a site matches its domain, or an address on it."""
    wanted = [(row["selector_type"], registries.canonical(row["selector_type"], row["selector"]), row["receipt"])
              for row in scene.of_type("domain", "url", source=source).iter_rows(named=True)]
    if not wanted:
        return {}
    found: dict[str, set[str]] = {}
    sites = scene.reading.actors.filter(pl.col("site").is_not_null()).select("actor", "site").unique()
    for actor, site in sorted(sites.iter_rows()):
        host, address = selectors.host_of(site), registries.canonical("url", site)
        for kind, shape, receipt in wanted:
            if host and ((kind == "domain" and (host == shape or host.endswith(f".{shape}")))
                         or (kind == "url" and address == shape)):
                found.setdefault(actor, set()).add(receipt)
    return {actor: tuple(sorted(receipts)) for actor, receipts in found.items()}
