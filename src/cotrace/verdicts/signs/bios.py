"""Self-descriptions from one template: the same run of words in half of the members' own descriptions."""

from ...records import Cluster
from .._scene import Look, Scene, words

COLUMN = "bio"
PROFILE = True
OPEN = True       # a slogan, an oath and a party line are shared where everybody reads them
RUN = 4  # words; three in a row are in many people's self-descriptions ("mother of two")


def look(scene: Scene, cluster: Cluster) -> Look:
    """The commonest run of four words; numbers, links, mentions and tags do not count as words of it."""
    runs = {actor: _runs(profile.bio) for actor, profile in scene.profiles.items() if profile.bio}
    return scene.commonest(cluster, runs, "Half of the members or more describe themselves with the same run of words.")


def _runs(bio: str) -> frozenset[str]:
    said = words(bio)
    return frozenset(" ".join(said[i:i + RUN]) for i in range(len(said) - RUN + 1))
