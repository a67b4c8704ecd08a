"""What stands beside the sentences about one cluster: pictures, members, pairs, and occasions to look at.

It chooses by rules that the page prints (the smallest p first, the earliest occasion of a pair), never by what looks
worst, and says how many rows it left to the evidence file.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from markupsafe import Markup

from .. import derive
from . import _pictures, _words

MEMBERS = 60     # rows; longer tables point to the evidence file
PAIRS = 25
OCCASIONS = 5    # of that many pairs with the smallest p, the earliest
PARTNERS = 8     # numbers or runs of numbers in one cell

Row = dict[str, str]


class Meeting(NamedTuple):
    """One occasion on which two acted together: columns of `occasions`."""

    a: str
    b: str
    trace: str
    object: str
    post_a: str
    at_a: str
    post_b: str
    at_b: str
    delta_s: str
    chance: str


@dataclass(frozen=True)
class Exhibit:
    """All that the page shows of one cluster."""

    cluster: Row
    members: list[Row]
    pairs: list[Row]
    occasions: list[dict]
    together: int
    styles: list[tuple[str, Markup]]
    network: _pictures.Picture
    timeline: _pictures.Picture
    against: _pictures.Picture
    signs: list[Row]
    explanations: list[Row]
    verdict: Row
    without: list[Row]
    order: list[Row]


def rows(tables: derive.Tables, of: str, where: dict | None = None) -> list[Row]:
    """Rows of the evidence as mappings, in the order of the file."""
    header = tables.tables[of][0]
    return [dict(zip(header, row, strict=True)) for row in tables.where(of, where)]


def exhibit(tables: derive.Tables, cluster: Row, traces: list[str]) -> Exhibit:
    """The exhibit of one row of `clusters`; `traces` gives every trace its line style."""
    where = {"cluster": cluster["cluster"]}
    members = rows(tables, "members", where)
    number = {row["actor"]: place for place, row in enumerate(members)}
    edges = sorted((row for row in rows(tables, "edges", where) if row["a"] in number and row["b"] in number),
                   key=lambda row: (float(row["p"]), row["a"], row["b"], row["trace"]))
    meetings = _meetings(tables, where, number)
    style = {trace: place for place, trace in enumerate(traces)}
    name = key(cluster["cluster"])
    return Exhibit(
        cluster=cluster,
        members=_members(members, edges, number),
        pairs=[{**row, "first": str(number[row["a"]] + 1), "second": str(number[row["b"]] + 1)} for row in edges],
        occasions=_looked_at(tables, edges, meetings, number),
        together=len(meetings),
        styles=[(trace, Markup(line)) for trace, line in _pictures.key_to_traces(traces)
                if any(row["trace"] == trace for row in edges)],
        network=_network(name, members, edges, number, style),
        timeline=_timeline(name, members, meetings, number),
        against=_against(name, edges, number, style),
        signs=rows(tables, "signs", where),
        explanations=rows(tables, "explanations", where),
        verdict=next(iter(rows(tables, "verdicts", where)), {}),
        without=rows(tables, "without", where),
        order=_order(rows(tables, "roles", where), number),
    )


def key(cluster: str) -> str:
    """Part of an id in the page: letters, digits and - only; ids of sections, sentences and evidence stay apart."""
    return "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in cluster)


def _members(members: list[Row], edges: list[Row], number: dict[str, int]) -> list[Row]:
    partners: dict[str, set[int]] = {actor: set() for actor in number}
    for row in edges:
        partners[row["a"]].add(number[row["b"]] + 1)
        partners[row["b"]].add(number[row["a"]] + 1)
    made = []
    for row in members:
        made.append({**row, "number": str(number[row["actor"]] + 1), "with": _runs(sorted(partners[row["actor"]]))})
    return made


def _order(roles: list[Row], number: dict[str, int]) -> list[Row]:
    """Who came when, in the order of the members, others by their number."""
    known = [row for row in roles if row["actor"] in number]
    behind = {row["actor"]: sorted(number[other] + 1 for other in row["after"].split(";") if other in number)
              for row in known}
    return [{**row, "number": str(number[row["actor"]] + 1), "behind": _runs(behind[row["actor"]]) or "–"}
            for row in sorted(known, key=lambda row: number[row["actor"]])]


def _runs(numbers: list[int]) -> str:
    """1, 3–9, 12; where that is long, how many more there are."""
    runs: list[list[int]] = []
    for one in numbers:
        if runs and runs[-1][1] == one - 1:
            runs[-1][1] = one
        else:
            runs.append([one, one])
    left = sum(last - first + 1 for first, last in runs[PARTNERS:])
    said = [str(first) if first == last else f"{first}–{last}" for first, last in runs[:PARTNERS]]
    return ", ".join(said) + (f" and {left} more" if left else "")


def _network(name: str, members: list[Row], edges: list[Row], number: dict[str, int], style: dict[str, int],
             ) -> _pictures.Picture:
    return _pictures.network(
        f"network-{name}", len(members), [(number[row["a"]], number[row["b"]], style[row["trace"]]) for row in edges],
        title=f"Network of {len(members)} members",
        desc=f"Members stand on a circle in the order of the table. Each of {len(edges)} lines is a pair and behaviour "
             "that passed the test against chance; the same pairs are in the table of pairs.")


def _meetings(tables: derive.Tables, where: dict, number: dict[str, int]) -> list[Meeting]:
    """Occasions together of a cluster; there may be hundreds of thousands, so they stay bare."""
    a, b, *others = (tables.column("occasions", name) for name in Meeting._fields)
    return [Meeting(row[a], row[b], *(row[at] for at in others))
            for row in tables.where("occasions", {**where, "together": "yes"}) if row[a] in number and row[b] in number]


def _timeline(name: str, members: list[Row], meetings: list[Meeting], number: dict[str, int]) -> _pictures.Picture:
    keep = _pictures.MOST_DOTS // 2
    order = sorted(meetings)
    chosen = order if len(order) <= keep else [order[place * len(order) // keep] for place in range(keep)]
    thinned = [(number[met.a], _seconds(met.at_a), number[met.b], _seconds(met.at_b)) for met in chosen]
    picture = _pictures.timeline(
        f"timeline-{name}", len(members), thinned, title="When they acted together",
        desc=f"One row a member, time from left to right. Each of {len(meetings)} occasions is a line between two "
             "dots.")
    return _pictures.Picture(picture.svg, picture.drawn, len(meetings))


def _against(name: str, edges: list[Row], number: dict[str, int], style: dict[str, int]) -> _pictures.Picture:
    return _pictures.against(
        f"against-{name}", [(f"{number[row['a']] + 1} – {number[row['b']] + 1}", float(row["expected"]),
                             float(row["observed"]), style[row["trace"]]) for row in edges],
        title="Occasions together: expected and observed",
        desc=f"For {len(edges)} pairs, how often chance explains their acting together, and how often they did. "
             "The same figures are in the table of pairs.")


def _seconds(cell: str) -> float:
    return datetime.fromisoformat(cell).timestamp()


def _looked_at(tables: derive.Tables, edges: list[Row], meetings: list[Meeting], number: dict[str, int]) -> list[dict]:
    """The earliest occasion of each pair in turn, smallest p first, no object twice."""
    of_pair: dict[tuple[str, ...], list[Meeting]] = {}
    for met in meetings:
        of_pair.setdefault((met.a, met.b, met.trace), []).append(met)
    chosen: list[dict] = []
    seen: set[tuple[str, str]] = set()
    for edge in edges:
        pair = (edge["a"], edge["b"], edge["trace"])
        fresh = [met for met in of_pair.get(pair, ()) if (met.trace, met.object) not in seen]
        if fresh and len(chosen) < OCCASIONS:
            met = min(fresh, key=lambda met: (met.at_a, met.object))
            seen.add((met.trace, met.object))
            chosen.append(_occasion(tables, met, number))
    return chosen


def _occasion(tables: derive.Tables, met: Meeting, number: dict[str, int]) -> dict:
    posts = [next(iter(rows(tables, "posts", {"post": post})), None) for post in (met.post_a, met.post_b)]
    texts = [post["text"] if post else "" for post in posts]
    marked = _words.beside(*texts)
    whole = met._asdict()
    sides = [{"number": number[whole[who]] + 1, "actor": whole[who], "at": whole[f"at_{who}"],
              "post": whole[f"post_{who}"], "text": marked[place], "has_text": bool(texts[place]),
              "receipt": (posts[place] or {}).get("receipt", ""),
              "picture": derive.nearest_picture((posts[place] or {}).get("media", ""), met.object)}
             for place, who in enumerate(("a", "b"))]
    if met.at_b < met.at_a:
        sides.reverse()
    return {**whole, "sides": sides, "same": texts[0] == texts[1] and bool(texts[0])}
