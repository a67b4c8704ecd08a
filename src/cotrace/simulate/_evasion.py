"""One operation for each trace, and what it does in order not to be found; for measuring what evasion costs.

Each operation has twelve members, each of whom takes part in about fifteen joint acts whatever it evades with. The same
is done by all, so that traces can be compared; what it costs is counted by whoever measures (delay, lost posts).
"""

from dataclasses import dataclass

import numpy as np

from . import _groups as groups
from . import _platform as platform
from ._plot import CHATTER, CHEER, EDITED, LINK, REPLY, REPOST, VERBATIM, Plot
from ._worlds import World, told

TRACES = ("shared_link", "same_text", "tag_sequence", "repost", "reply_target", "rapid_repost")
MEMBERS, TIMES = 12, 15
SHIFT = 4             # objects that a team pushes before another one is on duty
ITS_OWN = {"shared_link": LINK, "same_text": VERBATIM, "tag_sequence": CHEER, "repost": REPOST, "reply_target": REPLY,
           "rapid_repost": REPOST}
CANNOT_DIFFER = ("repost", "reply_target", "rapid_repost")  # whoever reposts or answers names what


@dataclass(frozen=True)
class Evasion:
    """What an operation does in order not to be found.

    jitter_s: each act lies uniformly within ± so many seconds of the common moment.
    altered: share of acts (0–1) in words, links or tags that nobody else has.
    busy: ordinary acts beside each joint one.
    part: share of members (0–1) that take up each object; objects grow, so that members act as often as before.
    shifts: teams that take turns, each drawn anew; 1: everybody is always on duty.
    """

    jitter_s: int = 30
    altered: float = 0.0
    busy: int = 0
    part: float = 1.0
    shifts: int = 1


def evading(evasion: Evasion, *, seed: int, size: float = 0.5) -> World:
    """A platform with one operation a trace; `ring-1` is that of TRACES[0], and so on."""
    plot = Plot(seed, accounts=round(800 * size), items=round(1300 * size), shares=round(8000 * size), days=14,
                fans=0.05, faces=True)
    groups.fans(plot)
    for number, trace in enumerate(TRACES):
        members = plot.recruit(MEMBERS)
        items = _objects(plot, trace, round(TIMES / evasion.part * evasion.shifts))
        moments = _moments(plot, trace, items, evasion)
        crews = _on_duty(plot, members, len(items), evasion)
        _act(plot, trace, crews, items, moments, evasion)
        if evasion.busy:
            plot.live(members, evasion.busy * TIMES)
        plot.declare(f"ring-{number + 1}", f"an operation that evades {trace}", members, label="operation",
                     coordinated=True, inauthentic=True)
    return told(plot, "evading", seed)


def _objects(plot: Plot, trace: str, count: int) -> np.ndarray:
    """Objects that strangers use too, or what is usual would be unknown."""
    if trace == "same_text":
        items = plot.write_items([plot.lexicon.sentence(0, 11, 17) for _ in range(count)])
        plot.circulate(items, 6)
    elif trace == "tag_sequence":
        items = np.concatenate([plot.write_items([""], tags=(plot.lexicon.slug(2), plot.lexicon.slug(2)))
                                for _ in range(count)])
        plot.circulate(items, 6, CHEER)
    else:
        items = plot.pick_items(min(count, plot.things.size // 4))
    return items


def _moments(plot: Plot, trace: str, items: np.ndarray, evasion: Evasion) -> np.ndarray:
    """When each object is pushed, s: some time after others began; at once, where the trace is quickness itself."""
    midday = np.full(len(items), float(plot.rng.choice(plot.people.midday)))
    if trace == "rapid_repost":
        return plot.things.published[items] + 1 + evasion.jitter_s
    if int(items[0]) in plot.begun:
        start = np.array([plot.begun[one] for one in items.tolist()])
        return platform.after(plot.rng, start, np.full(len(items), 4.0 * platform.MEDIAN_LAG_S), midday)
    return platform.after(plot.rng, plot.things.published[items], plot.things.tempo[items], midday)


def _on_duty(plot: Plot, members: np.ndarray, objects: int, evasion: Evasion) -> list[np.ndarray]:
    """Who takes up each object."""
    if evasion.shifts == 1:
        return [members[plot.rng.random(len(members)) < evasion.part] for _ in range(objects)]
    team = max(3, round(len(members) / evasion.shifts))
    turns = [plot.rng.choice(members, team, replace=False) for _ in range(-(-objects // SHIFT))]
    return [turns[number // SHIFT] for number in range(objects)]


def _act(plot: Plot, trace: str, crews: list[np.ndarray], items: np.ndarray, moments: np.ndarray,
         evasion: Evasion) -> None:
    for crew, item, moment in zip(crews, items, moments, strict=True):
        acts = platform.ring(plot.rng, members=crew, items=np.array([item]), moments=np.array([moment]),
                             jitter_s=evasion.jitter_s)
        form = np.full(len(acts.at), ITS_OWN[trace])
        if trace not in CANNOT_DIFFER:
            form[plot.rng.random(len(form)) < evasion.altered] = EDITED if trace == "same_text" else CHATTER
        plot.add(acts, form)
