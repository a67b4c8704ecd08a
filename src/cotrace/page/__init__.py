"""The statement as one page that a person enjoys reading and can check: no script, nothing fetched.

A pure function of `statement.json` and the evidence. It words no claim of its own about people: every sentence comes
from the statement with its type and the ids of its evidence, and what the page adds are rows of the evidence, pictures
of them, and how to read both. It refuses colours of alarm, links out of posts, and lists that are cut in silence.
"""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import jinja2
from markupsafe import Markup, escape

from .. import derive
from . import _exhibits, _pictures, _words

FOLDER = Path(__file__).parent
ROWS = 40           # of a table that is no exhibit of a cluster
LINKS = 8           # links whose grounds are spread out on the page; the table before them has more


def render(statement: Mapping, evidence: Mapping[str, derive.Table]) -> str:
    """Self-contained HTML, the same text for the same statement and evidence.

    Args:
        statement: the value of `statement.json`.
        evidence: header and rows of every table in `derive.EVIDENCE`.
    """
    tables = derive.Tables(evidence)
    traces = sorted({row["trace"] for row in _exhibits.rows(tables, "edges")})
    exhibits = {row["cluster"]: _exhibits.exhibit(tables, row, traces) for row in _exhibits.rows(tables, "clusters")}
    view = {
        "statement": statement,
        "figures": _figures(tables),
        "span": _span(tables),
        "exhibits": {f"cluster:{name}": found for name, found in exhibits.items()},
        "placebo": _placebo(tables),
        "links": _links(tables),
        "cited": _cited(statement),
        "rows": lambda of, where=None: _exhibits.rows(tables, of, where),
        "banner": _banner(statement, tables),
        "resolution": next(iter(tables.cells("run", "value", {"key": "resolution_s"})), ""),
        "limit": {"rows": ROWS, "links": LINKS, "members": _exhibits.MEMBERS, "pairs": _exhibits.PAIRS},
    }
    return _template().render(view).lstrip()


@lru_cache(maxsize=1)
def _template() -> jinja2.Template:
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(FOLDER), autoescape=True, trim_blocks=True,
                                     lstrip_blocks=True, undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
    environment.filters |= {"shown": _words.shown, "whole": _words.whole, "short": _words.short, "apart": _words.apart,
                            "moment": _words.moment, "said": _said, "condition": _condition, "key": _exhibits.key,
                            "brief": _brief, "markup": Markup}
    return environment.get_template("statement.html.j2")


def _banner(statement: Mapping, tables: derive.Tables) -> str:
    """What the reader has to know before the first name: whether a person has decided."""
    if statement["review"] != derive.REVIEW:
        return ("Who decided, when and why stands under “" + derive.SECTIONS["withheld"] + "”. Acting together is not "
                "dishonest in itself.")
    if tables.rows("decisions"):
        return "Persons have decided on some of those named below, and not on all. It accuses nobody."
    return "No person has decided on anything below. It accuses nobody."


def _said(sentence: Mapping) -> Markup:
    """A sentence with its numbers in place, each carrying where it comes from."""
    written, at = [], 0
    for found in derive.PLACEHOLDER.finditer(sentence["text"]):
        derivation = sentence["numbers"][found[1]]
        written += [escape(sentence["text"][at : found.start()]),
                    Markup('<bdi class="from" title="{}">{}</bdi>').format(
                        _words.visible(_origin(derivation)).striptags(), _words.visible(derivation["value"]))]
        at = found.end()
    return Markup("").join([*written, escape(sentence["text"][at:])])


def _origin(derivation: Mapping) -> str:
    """Where a number comes from, in words short enough for a tooltip."""
    if "constant" in derivation:
        return f"a constant of the method: {derivation['constant']}"
    if "calc" in derivation:
        return f"{derivation['calc']}: " + "; ".join(_origin(part) for part in derivation["with"])
    return f"{derivation['take']} of evidence/{derivation['of']}.csv{_condition(derivation.get('where'))}"


def _condition(where: Mapping | None) -> str:
    """A condition as it can be typed into a filter: where cluster = c-1, trace = same_text or repost."""
    if not where:
        return ""
    terms = [f"{column} = {value if isinstance(value, str) else ' or '.join(value)}" for column, value in where.items()]
    said = ", ".join(sorted(terms))
    return f", where {said if len(said) <= 300 else said[:300] + '… (whole in statement.json)'}"


def _brief(sentence: str) -> str:
    """The id of a sentence short enough for a list: cluster:c-12ab34cd.3 → c-12ab.3."""
    section, _, number = sentence.rpartition(".")
    return f"{section.removeprefix('cluster:')[:6]}.{number}" if section.startswith("cluster:") else sentence


def _cited(statement: Mapping) -> list[dict]:
    """Every evidence id of the statement once, in the order of first use, with the sentences that rest on it."""
    cited: dict[str, dict] = {}
    for section in statement["sections"]:
        for sentence in section["sentences"]:
            for given in sentence["evidence"]:
                cited.setdefault(given["id"], {**given, "by": []})["by"].append(sentence["id"])
    return list(cited.values())


def _figures(tables: derive.Tables) -> list[tuple[str, str]]:
    """The few numbers of the first screen: (number, what it counts)."""
    def count(of: str, where: dict | None = None) -> int:
        return len(tables.where(of, where))

    run = {row["key"]: row["value"] for row in _exhibits.rows(tables, "run")}
    found = [(run.get("posts", ""), "posts read"), (run.get("actors", ""), "actors in them"),
             (run.get("tests", ""), "comparisons counted"),
             (str(len({(row[1], row[2]) for row in tables.rows("edges")})), "pairs passed the test"),
             (str(count("clusters")), "clusters"), (str(count("members")), "members"),
             (str(count("links", {"named": "yes"})), "links to sources")]
    return [(_words.whole(number), what) for number, what in found if number]


def _span(tables: derive.Tables) -> str:
    """The days of the first and the last post, where any post has a time."""
    run = {row["key"]: row["value"] for row in _exhibits.rows(tables, "run")}
    days = [derive.written(run[key], "day") for key in ("first_post", "last_post") if run.get(key)]
    return " to ".join(dict.fromkeys(days))


def _placebo(tables: derive.Tables) -> _pictures.Picture | None:
    """Edges in copies of the data in which nobody coordinates, beside those found; None where no copy was run."""
    copies = _exhibits.rows(tables, "placebos")
    if not copies:
        return None
    found = len(tables.where("edges"))
    usual = "".join(tables.cells("run", "value", {"key": "naive_edges"}))
    lines = []
    for column, real, said in (("edges", found, "This method"),
                               ("naive_edges", int(usual) if usual else None, "The rule “60 s, twice”")):
        for cell in sorted({row["cell"] for row in copies}):
            edges = [int(row[column]) for row in copies if row["cell"] == cell]
            lines.append((f"{said}: {len(edges)} copies of kind {_words.visible(cell).striptags()}", edges, real))
    return _pictures.placebo(
        "placebo", lines, title="Placebo against real",
        desc=f"Dots are copies of the data in which who meets whom is broken; a line is the real data, {found} edges.")


def _links(tables: derive.Tables) -> list[dict]:
    """Links that a statement may name, with grounds, what the registry says, and meetings to look at."""
    registry = _exhibits.rows(tables, "registry")
    made = []
    for link in _exhibits.rows(tables, "links", {"named": "yes"}):
        where = {column: link[column] for column in ("cluster", "actor", "source")}
        grounds = _exhibits.rows(tables, "grounds", where)
        rests_on = {receipt for ground in grounds for receipt in ground["selectors"].split(";") if receipt}
        said = [row for row in registry if row["source"] == link["source"] and row["receipt"] in rests_on]
        met = _exhibits.rows(tables, "meetings", where)
        made.append({**link, "grounds": [{**ground, "order": _order(ground["counts"])} for ground in grounds],
                     "registry": said, "meetings": met})
    return made


def _order(counts: str) -> dict[str, str]:
    """How often an actor acted before and after the source, where a ground counts that."""
    return dict(part.split("=", 1) for part in counts.split(";") if part.startswith(("before=", "after=")))
