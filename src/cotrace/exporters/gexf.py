"""The network for Gephi and its kin: GEXF 1.3, undirected, one edge a pair and trace."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from . import Row, _graph, write

CANNOT_CARRY = _graph.CANNOT_CARRY


def export(files: Mapping[str, bytes], out: Path) -> None:
    """Write the file `out`."""
    write(out, contents(files))


def contents(files: Mapping[str, bytes]) -> bytes:
    """Nodes are actors (id `platform:id`, label their name); an edge's weight is what was observed."""
    found = _graph.graph(files)
    lines = ['<?xml version="1.0" encoding="UTF-8"?>',
             '<gexf xmlns="http://gexf.net/1.3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
             'xsi:schemaLocation="http://gexf.net/1.3 http://gexf.net/1.3/gexf.xsd" version="1.3">',
             '<graph defaultedgetype="undirected" mode="static">',
             *_declared("node", _graph.NODE), *_declared("edge", _graph.EDGE), "<nodes>"]
    for node in found.nodes:
        label = node["name"] or node["actor"]
        lines.append(f"<node id={_graph.attribute(node['actor'])} label={_graph.attribute(label)}>"
                     f"{_values(node, _graph.NODE)}</node>")
    lines += ["</nodes>", "<edges>"]
    for number, edge in enumerate(found.edges):
        lines.append(f'<edge id="e{number}" source={_graph.attribute(edge["a"])} target={_graph.attribute(edge["b"])} '
                     f"kind={_graph.attribute(edge['trace'])} weight={_graph.attribute(edge['observed'])}>"
                     f"{_values(edge, _graph.EDGE)}</edge>")
    return ("\n".join([*lines, "</edges>", "</graph>", "</gexf>"]) + "\n").encode("utf-8")


def _declared(kind: str, columns: Sequence[tuple[str, str]]) -> list[str]:
    return [f'<attributes class="{kind}">',
            *(f'<attribute id="{name}" title="{name}" type="{type_}"/>' for name, type_ in columns), "</attributes>"]


def _values(row: Row, columns: Sequence[tuple[str, str]]) -> str:
    values = "".join(f'<attvalue for="{name}" value={_graph.attribute(row[name])}/>'
                     for name, _ in columns if row[name])
    return f"<attvalues>{values}</attvalues>"
