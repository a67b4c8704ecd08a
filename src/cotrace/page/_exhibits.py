"""What stands beside the sentences about one cluster: pictures, members, pairs, and occasions to look at.

It chooses by rules that the page prints (the smallest p first, the earliest occasion of a pair), never by what looks
worst, and says how many rows it left to the evidence file.
"""

from dataclasses import dataclass, field
from datetime import datetime

from markupsafe import Markup

from .. import derive
from . import _pictures, _words

MEMBERS = 60     # rows; longer tables point to the evidence file
PAIRS = 25
OCCASIONS = 5    # of that many pairs with the smallest p, the earliest
PARTNERS = 8     # numbers in one cell

Row = dict[str, str]


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
    words: dict[str, str] = field(default_factory=dict)


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
    meetings = rows(tables, "occasions", {**where, "together": "yes"})
    meetings = [row for row in meetings if row["a"] in number and row["b"] in number]
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
        others = sorted(partners[row["actor"]])
        more = f" and {len(others) - PARTNERS} more" if len(others) > PARTNERS else ""
        made.append({**row, "number": str(number[row["actor"]] + 1),
                     "with": ", ".join(map(str, others[:PARTNERS])) + more})
    return made


def _network(name: str, members: list[Row], edges: list[Row], number: dict[str, int], style: dict[str, int],
             ) -> _pictures.Picture:
    return _pictures.network(
        f"network-{name}", len(members), [(number[row["a"]], number[row["b"]], style[row["trace"]]) for row in edges],
        title=f"Network of {len(members)} members",
        desc=f"Members stand on a circle in the order of the table. Each of {len(edges)} lines is a pair and behaviour "
             "that passed the test against chance; the same pairs are in the table of pairs.")


def _timeline(name: str, members: list[Row], meetings: list[Row], number: dict[str, int]) -> _pictures.Picture:
    at = sorted((number[row["a"]], _seconds(row["at_a"]), number[row["b"]], _seconds(row["at_b"])) for row in meetings)
    keep = _pictures.MOST_DOTS // 2
    thinned = at if len(at) <= keep else [at[place * len(at) // keep] for place in range(keep)]
    picture = _pictures.timeline(
        f"timeline-{name}", len(members), thinned, title="When they acted together",
        desc=f"One row a member, time from left to right. Each of {len(meetings)} occasions is a line between two "
             "dots.")
    return _pictures.Picture(picture.svg, picture.drawn, len(at))


def _against(name: str, edges: list[Row], number: dict[str, int], style: dict[str, int]) -> _pictures.Picture:
    return _pictures.against(
        f"against-{name}", [(f"{number[row['a']] + 1} – {number[row['b']] + 1}", float(row["expected"]),
                             float(row["observed"]), style[row["trace"]]) for row in edges],
        title="Occasions together: expected and observed",
        desc=f"For {len(edges)} pairs, how often chance explains their acting together, and how often they did. "
             "The same figures are in the table of pairs.")


def _seconds(cell: str) -> float:
    return datetime.fromisoformat(cell).timestamp()


def _looked_at(tables: derive.Tables, edges: list[Row], meetings: list[Row], number: dict[str, int]) -> list[dict]:
    """The earliest occasion of each pair in turn, smallest p first, no object twice."""
    of_pair: dict[tuple[str, ...], list[Row]] = {}
    for row in meetings:
        of_pair.setdefault((row["a"], row["b"], row["trace"]), []).append(row)
    chosen: list[dict] = []
    seen: set[tuple[str, str]] = set()
    for edge in edges:
        pair = (edge["a"], edge["b"], edge["trace"])
        fresh = [row for row in of_pair.get(pair, ()) if (row["trace"], row["object"]) not in seen]
        if fresh and len(chosen) < OCCASIONS:
            row = min(fresh, key=lambda row: (row["at_a"], row["object"]))
            seen.add((row["trace"], row["object"]))
            chosen.append(_occasion(tables, row, number))
    return chosen


def _occasion(tables: derive.Tables, row: Row, number: dict[str, int]) -> dict:
    posts = [next(iter(rows(tables, "posts", {"post": row[side]})), None) for side in ("post_a", "post_b")]
    texts = [post["text"] if post else "" for post in posts]
    marked = _words.beside(*texts)
    sides = [{"number": number[row[who]] + 1, "actor": row[who], "at": row[f"at_{who}"], "post": row[f"post_{who}"],
              "text": marked[place], "has_text": bool(texts[place]), "receipt": (posts[place] or {}).get("receipt", "")}
             for place, who in enumerate(("a", "b"))]
    if row["at_b"] < row["at_a"]:
        sides.reverse()
    return {**row, "sides": sides, "same": texts[0] == texts[1] and bool(texts[0])}
