"""Operations: accounts that act together and are not what they seem, each with a trade-craft of its own."""

import numpy as np

from . import _posts
from ._plot import DISGUISED, EDITED, LINK, VERBATIM, Plot

LANTERN, QUARRY = "Paper Lantern", "Glass Quarry"
OBSERVATORY = {"source": LANTERN, "identified_by": "Example Observatory", "at": "2024-02-20",
               "cites": "Example Observatory, Report 7, p. 12, https://observatory.example/reports/7"}
INSTITUTE = {"source": QUARRY, "identified_by": "Institute of Examples", "at": "2023-11-02",
             "cites": "Institute of Examples, Paper 3, table 2, https://institute.example/papers/3"}


def lantern(plot: Plot, *, size: int, pages: int, known: int) -> np.ndarray:
    """Links in lock-step, some of them on its own site, and texts; `known` of its accounts stand in a registry."""
    members = plot.rng.permutation(plot.recruit(size))
    crew = np.concatenate([members, plot.recruit(pages, "page")]) if pages else members
    site = f"{plot.lexicon.slug(4)}.example"
    links = np.concatenate([plot.pick_items(14), plot.pick_items(12, site=site)])
    texts = plot.write_items([plot.lexicon.sentence(0, 11, 17) for _ in range(12)])
    plot.push(crew, links, LINK, jitter_s=25, participation=0.7)
    plot.push(crew, texts, (VERBATIM, DISGUISED), jitter_s=60, participation=0.6)
    plot.own_site.update({int(code): f"https://{site}" for code in crew[size:]})
    plot.born.update({int(code): 200 for code in crew})
    plot.declare("lantern", "an operation that pushes links in lock-step, partly identified before", crew,
                 label="operation", coordinated=True, inauthentic=True)
    _register(plot, members[:known], texts, site)
    return members[:known]


def _register(plot: Plot, known: np.ndarray, texts: np.ndarray, site: str) -> None:
    """What two bodies that do not exist say: accounts, texts, a site, a withdrawal, and another network altogether."""
    rows: list[dict] = [{**OBSERVATORY, "selector_type": "account", "code": int(code)} for code in known]
    rows += [{**OBSERVATORY, "selector_type": "text", "selector": plot.texts[int(item)], "platform": "plaza",
              "cites": "Example Observatory, Report 7, annex B, https://observatory.example/reports/7"}
             for item in texts[:3]]
    rows.append({**OBSERVATORY, "selector_type": "domain", "selector": site.replace(".", "[.]"),
                 "platform": "plaza"})
    mistaken = plot.recruit(1)
    plot.declare("mistaken", "somebody whom a registry named in error and withdrew", mistaken)
    rows.append({**OBSERVATORY, "selector_type": "account", "code": int(mistaken[0]), "withdrawn": "2024-02-27",
                 "note": "named in error"})
    rows += [{**INSTITUTE, "selector_type": "account", "selector": f"99{number:06d}", "platform": "plaza"}
             for number in range(3)]
    rows.append({**INSTITUTE, "selector_type": "domain", "selector": "glass-quarry.example", "platform": "plaza"})
    plot.registry += rows


def copyists(plot: Plot, size: int) -> None:
    """Pasted text with small edits: most of them same_text sees through, a fifth only a later trace will."""
    members = plot.recruit(size)
    texts = [plot.lexicon.sentence(4, 11, 17) for _ in range(24)]
    texts[0] = _posts.HOSTILE_WORDS[0] + texts[0]
    texts[1] = _posts.HOSTILE_WORDS[1] + texts[1]
    items = plot.write_items(texts)
    plot.circulate(items, 8)
    plot.push(members, items, (VERBATIM, DISGUISED, DISGUISED, DISGUISED, EDITED), jitter_s=240, participation=0.85)
    plot.born.update({int(code): 90 for code in members})
    plot.declare("copyists", "an operation that pastes texts with small edits", members, label="operation",
                 coordinated=True, inauthentic=True)


def slow(plot: Plot, size: int) -> None:
    """The patient one: links within half an hour, mostly into three groups of its own."""
    members = plot.recruit(size)
    plot.push(members, plot.pick_items(34), LINK, jitter_s=1800, participation=0.9)
    plot.declare("slow-groups", "groups that the slow operation opened and fills; strangers come in as well",
                 plot.open_rooms(members, 3), label="operation", coordinated=True, inauthentic=True)
    plot.declare("slow", "an operation that shares links within thirty minutes", members, label="operation",
                 coordinated=True, inauthentic=True)


def crew(plot: Plot, number: int, size: int, *, objects: int, jitter_s: int, participation: float = 1.0,
         kind: str = "account", what: str = "accounts that push links together") -> np.ndarray:
    """The plainest operation: a ring that pushes links which others share too, each act around one moment."""
    members = plot.recruit(size, kind)
    plot.push(members, plot.pick_items(objects), LINK, jitter_s=jitter_s, participation=participation)
    return staff(plot, number, members, what)


def staff(plot: Plot, number: int, members: np.ndarray, what: str) -> np.ndarray:
    """State the truth of an operation, and give its accounts two of the marks that operations have."""
    for mark in MARKS[number % len(MARKS)]:
        mark(plot, members)
    plot.declare(f"ring-{number + 1}", what, members, label="operation", coordinated=True, inauthentic=True)
    return members


def _bulk(plot: Plot, members: np.ndarray) -> None:
    """Made within three weeks."""
    born = int(plot.rng.integers(60, 500))
    plot.born.update(dict.fromkeys(members.tolist(), born))


def _template(plot: Plot, members: np.ndarray) -> None:
    """Handles of one word and digits, bios of one sentence in which a word is exchanged."""
    stem, bio = plot.lexicon.slug(2), plot.lexicon.sentence(0, 7, 9)
    for code in members.tolist():
        plot.handles[code] = f"{stem}{plot.rng.integers(10**7, 10**8)}"
        plot.bios[code] = plot.lexicon.edit(0, bio)


def _masks(plot: Plot, members: np.ndarray) -> None:
    """Three pictures for all of them."""
    faces = [_posts.picture(plot.rng.bytes(9)) for _ in range(3)]
    plot.pictures.update({code: faces[int(plot.rng.integers(3))] for code in members.tolist()})


def _one_program(plot: Plot, members: np.ndarray) -> None:
    """All post with a program that nobody else has."""
    plot.clients.update(dict.fromkeys(members.tolist(), f"{plot.lexicon.slug(2)} panel"))


def _recycled(plot: Plot, members: np.ndarray) -> None:
    """Most take another name and handle in the first days."""
    for code in members[plot.rng.random(len(members)) < 0.7].tolist():
        plot.renamed[code] = int(plot.rng.integers(1, 4 * 86_400))


MARKS = ((_bulk, _template), (_masks, _one_program), (_bulk, _masks), (_template, _one_program), (_recycled, _bulk))
