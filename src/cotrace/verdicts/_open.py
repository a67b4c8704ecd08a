"""Communities that show themselves: a word that members carry where everybody can read it.

Against each stands how many members do little else than act together: whoever has a life beside it is likelier to be
a person with a cause.
"""

import re
from collections import Counter

from ..records import Cluster
from ._disclosed import declare
from ._scene import LINK, Scene, Told, plain

LETTERS = 4      # of a word that is carried; shorter ones are in everybody's description
RARE = 4         # times as common among members as among others
LITTLE_ELSE = 9  # tenths of an actor's posts close to somebody else's on the same thing
FEWEST = 5       # posts
CONTRA = "members that do little else: nine tenths of their posts are close to somebody else's on the same thing"


def said(scene: Scene, cluster: Cluster, words: re.Pattern[str], pro: str) -> Told:
    """Members that say it in words of `_disclosed`."""
    count, known = declare(scene, cluster, words)
    return Told(pro, CONTRA, count, known, *_little_else(scene, cluster))


def carried(scene: Scene, cluster: Cluster, words: re.Pattern[str], pro: str) -> Told:
    """Members that say it, or that carry one word in common which stands in the posts of most of them too."""
    count, known = declare(scene, cluster, words)
    if "shown" not in scene.kept:
        scene.kept["shown"] = {actor: _shown(text) for actor, profile in scene.profiles.items()
                               if (text := profile.said)}
    every = scene.kept["shown"]
    shown = {actor: every[actor] for actor in [*cluster.members, *scene.others(cluster)] if actor in every}
    own = Counter(word for actor in cluster.members for word in shown.get(actor, ()))
    others = Counter(word for actor in scene.others(cluster) for word in shown.get(actor, ()))
    posted = _posted(scene, cluster)
    open_words = [word for word, times in own.items() if 2 * posted[word] >= len(cluster.members)
                  and times * max(1, len(shown) - known) >= RARE * others[word] * known]
    most = max((own[word] for word in open_words), default=0)
    return Told(pro, CONTRA, max(count, most), known, *_little_else(scene, cluster))


def _shown(text: str) -> frozenset[str]:
    return frozenset(word for word in re.findall(r"[^\W\d_]+", LINK.sub(" ", text)) if len(word) >= LETTERS)


def _posted(scene: Scene, cluster: Cluster) -> Counter:
    """Of each word, how many members post it, in texts and tags."""
    of: dict[str, set[str]] = {actor: set() for actor in cluster.members}
    posts = scene.posts_by(cluster.members).select("account", "place", "text", "tags")
    for account, place, text, tags in posts.iter_rows():
        found = _shown(plain(" ".join([text or "", *(tags or ())])))
        for actor in (account, place):
            if actor in of:
                of[actor] |= found
    return Counter(word for having in of.values() for word in having)


def _little_else(scene: Scene, cluster: Cluster) -> tuple[int, int]:
    joint = scene.joint(scene.window_s(cluster))
    known = [actor for actor in cluster.members if scene.posted.get(actor, 0) >= FEWEST]
    return sum(10 * joint.get(actor, 0) >= LITTLE_ELSE * scene.posted[actor] for actor in known), len(known)
