"""The network for everything that reads GraphML: undirected, one edge a pair and trace."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from . import Row, _graph, write

CANNOT_CARRY = _graph.CANNOT_CARRY
NODE = (("label", "string"), *_graph.NODE)
EDGE = (("weight", "double"), *_graph.EDGE)


def export(files: Mapping[str, bytes], out: Path) -> None:
    """Write the file `out`."""
    write(out, contents(files))


def contents(files: Mapping[str, bytes]) -> bytes:
    """Nodes are actors (id `platform:id`, label their name); an edge's weight is what was observed."""
    found = _graph.graph(files)
    lines = ['<?xml version="1.0" encoding="UTF-8"?>',
             '<graphml xmlns="http://graphml.graphdrawing.org/xmlns" '
             'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
             'xsi:schemaLocation="http://graphml.graphdrawing.org/xmlns '
             'http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd">',
             *_declared("node", NODE), *_declared("edge", EDGE), '<graph id="findings" edgedefault="undirected">']
    for node in found.nodes:
        labelled = {**node, "label": node["name"] or node["actor"]}
        lines.append(f"<node id={_graph.attribute(node['actor'])}>{_values('node', labelled, NODE)}</node>")
    for number, edge in enumerate(found.edges):
        weighted = {**edge, "weight": edge["observed"]}
        lines.append(f'<edge id="e{number}" source={_graph.attribute(edge["a"])} target={_graph.attribute(edge["b"])}>'
                     f"{_values('edge', weighted, EDGE)}</edge>")
    return ("\n".join([*lines, "</graph>", "</graphml>"]) + "\n").encode("utf-8")


def _declared(kind: str, columns: Sequence[tuple[str, str]]) -> list[str]:
    return [f'<key id="{kind}_{name}" for="{kind}" attr.name="{name}" attr.type="{type_}"/>' for name, type_ in columns]


def _values(kind: str, row: Row, columns: Sequence[tuple[str, str]]) -> str:
    return "".join(f'<data key="{kind}_{name}">{_graph.content(row[name])}</data>' for name, _ in columns if row[name])
