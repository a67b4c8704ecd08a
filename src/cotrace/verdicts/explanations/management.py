"""Disclosed common management: one house that shows itself, by its name, its site, or how its posts are signed."""

from collections import Counter, defaultdict

from ...records import Cluster
from .._disclosed import MANAGED, declare
from .._scene import LINK, Scene, Told, plain, words

COVERS = ("account", "at", "avatar", "bio", "client", "created", "handle")
ENOUGH = 67
BRAND = 4         # letters; shorter words are in everybody's name
RARE = 4          # times as common among members as among others: a brand is not the city that they all live in
SIGNED = 10       # percent of an actor's posts that carry a link or a mention make it a signature
FEWEST = 5        # posts


def look(scene: Scene, cluster: Cluster) -> Told:
    """Members tied by something that any reader sees. Accounts need two ties of different kinds, or to say it."""
    said, _ = declare(scene, cluster, MANAGED)
    by = [_brand(scene, cluster), _signature(scene, cluster), _site(scene, cluster), _description(scene, cluster)]
    ties = Counter(actor for tied in by for actor in tied)
    enough = 1 if scene.kind_of(cluster) in ("page", "channel") else 2  # a page is a title; an account seems a person
    shown = sum(ties[actor] >= enough for actor in cluster.members)
    known = len(cluster.members)
    return Told("members that carry one brand in their names, one site, one signature under their posts or one "
                "description that says who runs them",
                "members that show no tie to any other", max(said, shown), known,
                sum(not ties[actor] for actor in cluster.members) if said < shown else known - said, known)


def _brand(scene: Scene, cluster: Cluster) -> set[str]:
    """Members with a word in the name that another member has and hardly anybody else."""
    of = {actor: frozenset(word for word in words(scene.profile(actor).name) if len(word) >= BRAND)
          for actor in [*cluster.members, *scene.others(cluster)] if scene.profile(actor).name}
    own = Counter(word for actor in cluster.members for word in of.get(actor, ()))
    others = Counter(word for actor in scene.others(cluster) for word in of.get(actor, ()))
    named = sum(actor in of for actor in cluster.members)
    brands = {word for word, count in own.items()
              if count >= 2 and count * max(1, len(of) - named) >= RARE * others[word] * named}
    return {actor for actor in cluster.members if of.get(actor, frozenset()) & brands}


def _signature(scene: Scene, cluster: Cluster) -> set[str]:
    """Members that sign many posts with a link or mention with which another member signs too."""
    signed: dict[str, set[str]] = defaultdict(set)
    for actor, said in _signatures(scene, cluster).items():
        for signature in said:
            signed[signature].add(actor)
    return {actor for having in signed.values() if len(having) > 1 for actor in having}


def _signatures(scene: Scene, cluster: Cluster) -> dict[str, set[str]]:
    """Links and mentions that a tenth of an actor's posts carry, each with its own words around it."""
    posts = scene.posts_by(cluster.members)
    tally: dict[str, Counter] = defaultdict(Counter)
    number: Counter = Counter()
    columns = ("account", "place", "text", "links", "mentions")
    for account, place, text, links, mentions in posts.select(columns).iter_rows():
        carried = {plain(link).rstrip("/)") for link in [*(links or ()), *LINK.findall(text or "")]}
        carried |= {plain(mention).lstrip("@") for mention in mentions or ()}
        for actor in {account, place} & set(cluster.members):
            number[actor] += 1
            tally[actor].update(carried)
    return {actor: {one for one, times in found.items() if times >= FEWEST and 100 * times >= SIGNED * number[actor]}
            for actor, found in tally.items()}


def _site(scene: Scene, cluster: Cluster) -> set[str]:
    """Members that call a site their own which another member does too."""
    own = Counter(plain(site) for actor in cluster.members if (site := scene.profile(actor).site))
    return {actor for actor in cluster.members if (site := scene.profile(actor).site) and own[plain(site)] > 1}


def _description(scene: Scene, cluster: Cluster) -> set[str]:
    """Members with the same description as another, which says who runs them."""
    said = {actor: plain(bio) for actor in cluster.members if (bio := scene.profile(actor).bio)}
    own = Counter(said.values())
    return {actor for actor, bio in said.items() if own[bio] > 1 and MANAGED.search(bio)}
