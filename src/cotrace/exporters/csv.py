"""Six tables for a spreadsheet or a script, and a README that says what they hold.

Texts of posts are hostile, and a spreadsheet runs what begins like a formula. So such cells are guarded with an
apostrophe; `unguard` takes it off again, exactly.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from . import COLUMNS, NUMBERS, tables, write

CANNOT_CARRY = (
    "The sentences of the statement, its limits and the benign explanations that were tested: see the statement.",
    "The proof: digests, Merkle root and signature stay in the dossier, so these tables alone can be altered unseen.",
    "NUL characters, at which many readers stop: they are written \u2400 (U+2400).",
)

# What a spreadsheet takes for a formula, in ASCII and full width (which some turn into ASCII), also behind quotes,
# spaces and invisible characters; and not only where a cell begins: where `;` or a tab separates columns, or a quote
# is not honoured, a cell may begin after each of them.
_BEFORE = re.compile("[\\s\"'`\u00a0\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\0-\x1f\u2018\u2019\u201c\u201d]")
_SIGN = re.compile("[=+\\-@\t\r\uff1d\uff0b\uff0d\uff20\u2212]")
_APART = ";\t\r\n"
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?")


def export(files: Mapping[str, bytes], out: Path) -> None:
    """Write the folder `out`: actors, edges, clusters, links, events, sources as CSV, and README.txt."""
    write(out, contents(files))


def contents(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files of the folder."""
    found = tables(files)
    written = {f"{name}.csv": _table(COLUMNS[name], found[name]) for name in COLUMNS}
    return {**written, "README.txt": README.encode("utf-8")}


def guard(cell: str) -> str:
    """A cell that no spreadsheet runs: an apostrophe before whatever could begin a formula."""
    if not _SIGN.search(cell):
        return cell
    risky = _risky(cell)
    return "".join([*("'" for _ in cell[:1] if risky[0]),
                    *(f"{sign}'" if sign in _APART and risky[place] else sign for place, sign in enumerate(cell, 1))])


def unguard(cell: str) -> str:
    """What `guard` was given."""
    risky = _risky(cell)
    return "".join(sign for place, sign in enumerate(cell) if not (
        sign == "'" and risky[place + 1] and (place == 0 or cell[place - 1] in _APART)))


def _risky(cell: str) -> list[bool]:
    """Whether a formula could begin at each place, and behind the last one; told from the end, each sign once."""
    risky = [False] * (len(cell) + 1)
    for place in range(len(cell) - 1, -1, -1):
        risky[place] = bool(_SIGN.match(cell[place]) or (risky[place + 1] and _BEFORE.match(cell[place])))
    return risky


def _table(columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> bytes:
    lines = [",".join(columns)]
    lines += [",".join(_cell(column, row[column]) for column in columns) for row in rows]
    return ("\r\n".join(lines) + "\r\n").encode("utf-8")


def _cell(column: str, cell: str) -> str:
    plain = column in NUMBERS and _NUMBER.fullmatch(cell)
    safe = cell if plain else guard(cell.replace("\0", "\u2400"))
    return '"' + safe.replace('"', '""') + '"' if re.search('[",;\r\n\t ]', safe) else safe


README = """\
Export of a cotrace dossier as CSV. UTF-8, comma, quotes as in RFC 4180, lines end with CR LF. Unknown is the empty
cell. Lists in a cell are joined by ; (a ; inside an item is written %3B). Times are UTC. Ids are platform:id.

Coordinated is not inauthentic. Sharing is not belonging. Following is not operating. Nothing here says who a person is.
The statement that belongs to these tables is a draft until a person has decided on it: read its limits first.

actors.csv    one row a published member of a cluster. `role`: acts first, acts last, or acts after others (`after`),
              where that is more often than chance explains; an order in time, and nothing else
edges.csv     one row a pair and behaviour that passed the test against chance: observed and expected occasions, p and q
clusters.csv  one row a cluster; its stability is that of its least stable member. `inauthentic` is the second verdict,
              apart from the first: "not shown to be inauthentic" is not "authentic". `explanations`: benign, that fit
links.csv     one row an actor, source and indicator; `word` is that of the whole link. A word below "likely" is a near
              miss: it is here so that the others can be checked, and it does not belong beside a name in public.
              `source`, `identified_by` and `cites` quote a registry; cotrace asserts none of it
events.csv    one row an occasion on which two members acted together: both posts, their times, receipts and texts.
              delta_s is at_b - at_a in seconds. Accounts outside the findings are masked in the texts
sources.csv   the selectors of registries that links rest on, as published

GUARDED CELLS. A spreadsheet runs cells that begin like a formula. Wherever a cell, or what follows a ; or a tab or a
line end inside a cell, begins with = + - @ (also in full width, also behind spaces or quotes) or with a tab or a
carriage return, an apostrophe ' stands before it. Columns of numbers that we computed are not guarded.
To undo it in Python:  from cotrace.exporters.csv import unguard
Import the files as text (in Excel: Data > From Text/CSV > Do not detect data types), or long ids lose digits.

These tables prove nothing by themselves. Check the dossier they were made from:  cotrace verify dossier.zip
"""
