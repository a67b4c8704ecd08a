"""What the two graph formats share: which actors and edges there are, and text that XML allows.

XML 1.0 has no spelling for most control characters and none for half characters. Such a character is written `\\u{1f}`,
and a backslash `\\\\`, so that two ids never become one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from . import Row, evidence

CANNOT_CARRY = (
    "The posts, texts, times and receipts behind an edge: see events.csv or the dossier.",
    "Links to identified sources, because a graph would show a word beside a name without its grounds: see links.csv.",
    "The statement, its limits, and the proof: see the dossier.",
    "Control characters that XML forbids: they are written \\u{hex}, and a backslash is doubled.",
)
NODE = (("name", "string"), ("kind", "string"), ("cluster", "string"), ("stability", "double"), ("traces", "string"))
EDGE = (("trace", "string"), ("kind", "string"), ("window_s", "long"), ("observed", "long"), ("expected", "double"),
        ("p", "double"), ("q", "double"))
_FOREIGN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|\\\\")


@dataclass(frozen=True)
class Graph:
    """nodes: one an actor that has a validated edge or is a member; edges: one a pair and trace, in their order."""

    nodes: tuple[Row, ...]
    edges: tuple[Row, ...]


def graph(files: Mapping[str, bytes]) -> Graph:
    """Actors sorted by id, edges as in the evidence; an actor outside every cluster has an empty cluster."""
    edges = sorted(evidence(files, "edges"), key=lambda row: (row["a"], row["b"], row["trace"]))
    unknown = dict.fromkeys(("actor", *dict(NODE)), "")
    nodes = {row[side]: {**unknown, "actor": row[side], "kind": row["kind"]} for row in edges for side in ("a", "b")}
    nodes |= {row["actor"]: {column: row[column] for column in unknown} for row in evidence(files, "members")}
    return Graph(tuple(nodes[actor] for actor in sorted(nodes)), tuple(edges))


def legal(text: str) -> str:
    """Text that XML 1.0 can carry; different texts stay different."""
    return _FOREIGN.sub(lambda found: "\\\\" if found[0] == "\\" else f"\\u{{{ord(found[0]):x}}}", text)


def attribute(text: str) -> str:
    """A quoted attribute value."""
    return quoteattr(legal(text))


def content(text: str) -> str:
    """The text of an element; a carriage return is spelled out, or parsers would read it as a line end."""
    return escape(legal(text), {"\r": "&#13;"})
