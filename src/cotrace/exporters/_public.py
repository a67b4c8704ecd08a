"""The statement as it may be published: only those are named on whom a person decided.

It is refused until a decision stands on every member. Then whoever was decided to be the `same` is named, and everybody
else, known or not, is a keyed hash; a link is beside a name only where a person decided on that link too, and one below
"likely" is nowhere. Texts, names of strangers, things that were shared, ids of posts and the words of decisions are
left out, and so is what would open a hash by trying: the name of a cluster is a digest of its members, and the second
in which somebody posted tells who it was. What is not known here to be harmless is left out, so that a table that
somebody adds to the dossier has to be allowed before it is published.
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence

from .. import derive, digest, page
from ..derive import Tables
from ..errors import InputError

FORMAT = "cotrace public statement 1"
HIDDEN = "[not published]"
LACKING = 8   # members told by name when they lack a decision
AS_THEY_ARE = ("counts", "plan", "run", "traces", "clusters", "placebos", "plantings", "taken_out", "signs",
               "explanations", "verdicts", "without")
ACTORS = {"members": ("actor",), "edges": ("a", "b"), "occasions": ("a", "b"), "posts": ("account", "place"),
          "links": ("actor",), "grounds": ("actor",), "decisions": ("actor",), "bearers": ("actor",)}
HASHED = {"occasions": ("object", "post_a", "post_b"), "posts": ("post",),
          "registry": ("receipt",)}  # whoever has the registry knows whom its rows name
BLANK = {"posts": ("text", "links", "tags", "receipt", "media"), "registry": ("selector", "name", "note"),
         "grounds": ("selectors",), "decisions": ("by", "because")}
FILES = {"inputs": ("name",), "rejects": ("file",)}
NUMBERS = ("integer", "decimal", "percent", "seconds")   # values that must not change when names do

Rows = list[list[str]]


def public(files: Mapping[str, bytes], key: bytes) -> dict[str, bytes]:
    """statement.html, .md and .json for everybody.

    Args:
        files: of a dossier.
        key: a secret; whoever has it can tell which hash is which account.

    Raises:
        InputError: a named member is without a decision; the message says who.
    """
    tables = Tables({name: digest.parse_csv(files[f"evidence/{name}.csv"], name) for name in derive.EVIDENCE})
    _refuse_undecided(tables)
    form = _Form(tables, key)
    told = digest.parse_canonical(files["statement.json"], "statement.json")
    if not isinstance(told, dict):
        raise TypeError("a statement is a mapping")
    public_tables = Tables({name: (derive.EVIDENCE[name], rows) for name, rows in form.rows().items()})
    listed = [{"file": name, "rows": count, "root": root} for name in sorted(derive.EVIDENCE)
              for count, root in [public_tables.root(name)]]
    sections = [form.section(section, public_tables) for section in told["sections"]]
    made = {**told, "format": FORMAT, "review": derive.review(tables), "evidence": listed,
            "of": digest.sha256(files["manifest.json"]),
            "sections": [section for section in sections if section["sentences"]]}
    return {"statement.json": digest.canonical(made), "statement.md": derive.markdown(made).encode("utf-8"),
            "statement.html": page.render(made, public_tables.tables).encode("utf-8")}


def _refuse_undecided(tables: Tables) -> None:
    decided = set(tables.cells("decisions", "actor", {"source": ""}))
    if lacking := sorted(set(tables.cells("members", "actor")) - decided):
        more = f" and {len(lacking) - LACKING} more" if len(lacking) > LACKING else ""
        raise InputError(f"A name is published only after a person's decision on it, and {len(lacking)} members have "
                         f"none: {', '.join(lacking[:LACKING])}{more}.\nDecide on each:  cotrace decide DIR ACTOR "
                         "same|different|unsure --by NAME --because TEXT")


class _Form:
    """Who is named in it, and how everything else is written."""

    def __init__(self, tables: Tables, key: bytes):
        self.tables, self.key = tables, key
        members = set(tables.cells("members", "actor"))
        same = [row[:2] for row in tables.where("decisions", {"verdict": "same"})]
        self.named = {actor for actor, source in same if not source} & members
        above = {(row[1], row[2]) for row in tables.where("links", {"named": "yes"})}
        self.linked = {(actor, source) for actor, source in same if source and actor in self.named} & above
        names = sorted(set(tables.cells("inputs", "name")))
        self.file = {name: f"file {number}" for number, name in enumerate(names, 1)}

    def actor(self, actor: str, source: str = "") -> str:
        """An id where a person decided that it may be printed here, else its keyed hash."""
        if not actor or (actor in self.named and (not source or (actor, source) in self.linked)):
            return actor
        platform = "" if actor.startswith(("sha256:", "masked:")) else f"{actor.partition(':')[0]}:"
        return platform + self.hash("actor", actor)

    def hash(self, kind: str, what: str) -> str:
        return "p-" + hmac.new(self.key, f"public\0{kind}\0{what}".encode(), hashlib.sha256).hexdigest()[:20]

    def rows(self) -> dict[str, Rows]:
        """All tables as they may be published; those that are not known here are empty."""
        found: dict[str, Rows] = {}
        for name, columns in derive.EVIDENCE.items():
            known = name in AS_THEY_ARE or name in ACTORS or name in BLANK or name in FILES
            rows = [[self.cell(name, column, cell, row) for column, cell in zip(columns, row, strict=True)]
                    for row in self.tables.rows(name) if known and self._may(name, row)]
            found[name] = rows if name in AS_THEY_ARE else sorted(rows)
        return found

    def _may(self, name: str, row: Sequence[str]) -> bool:
        """Near misses are in no public table, and no occasion or post of somebody who is not named."""
        if name in ("occasions", "posts"):
            return set(row[1:3]) - {""} <= self.named
        if name == "decisions" and row[1]:
            return (row[0], row[1]) in self.linked
        if name not in ("links", "grounds"):
            return True
        return bool(self.tables.where("links", {"cluster": row[0], "actor": row[1], "source": row[2], "named": "yes"}))

    def cell(self, table: str, column: str, cell: str, row: Sequence[str]) -> str:
        columns = derive.EVIDENCE[table]
        if column == "cluster":
            return f"c-{self.hash('cluster', cell)}" if cell else ""
        if table == "members" and column in ("first", "last"):
            return cell if row[columns.index("actor")] in self.named else ""
        if column in ACTORS.get(table, ()):
            return self.actor(cell, row[columns.index("source")] if "source" in columns else "")
        if table == "members" and column in ("name", "handle"):
            return cell if row[columns.index("actor")] in self.named else ""
        if column in HASHED.get(table, ()):
            return self.hash(column.partition("_")[0], cell) if cell else ""
        if column in BLANK.get(table, ()):
            return HIDDEN if cell else ""
        return self.file.get(cell, HIDDEN) if column in FILES.get(table, ()) else cell

    # ------------------------------------------------------------------------------------------ sentences

    def section(self, section: Mapping, tables: Tables) -> dict:
        """With the sentences whose numbers stay what they are when names do not, told from the public tables."""
        kind, colon, cluster = section["id"].partition(":")
        name = f"{kind}:{self.cell('clusters', 'cluster', cluster, ())}" if colon else kind
        told = [{**sentence, "id": f"{name}.{number}"} for number, sentence in enumerate(section["sentences"], 1)]
        made = [again for sentence in told if (again := self._again(sentence, tables)) is not None]
        if kind == "withheld":
            made.append(self._says(f"withheld.{len(told) + 1}", tables))
        title = f"Cluster {name.partition(':')[2]}" if colon else section["title"]
        return {"id": name, "title": title, "sentences": made}

    def _again(self, sentence: Mapping, tables: Tables) -> dict | None:
        asked = [(given["of"], given.get("where") or {}) for given in sentence["evidence"]]
        asked += [found for derivation in sentence["numbers"].values() for found in _asked(derivation)]
        if any("no" in _values(where.get("named")) for _, where in asked) or any(
                self.tables.where(of, where) and not tables.where(of, self._where(of, where)) for of, where in asked):
            return None  # it is about near misses, or about rows of which none is published
        numbers = {name: self._derivation(derivation) for name, derivation in sentence["numbers"].items()}
        evidence = [(of, self._where(of, where) or None) for of, where in asked[: len(sentence["evidence"])]]
        again = derive.sentence(sentence["id"], sentence["type"], sentence["text"], numbers, evidence, tables)
        same = all(again["numbers"][name]["value"] == given["value"] for name, given in sentence["numbers"].items()
                   if str(given.get("as", "")).partition(":")[0] in NUMBERS)
        return again if same else None

    def _derivation(self, derivation: Mapping) -> dict:
        made = {key: value for key, value in derivation.items() if key != "value"}
        if "with" in made:
            made["with"] = [self._derivation(part) for part in derivation["with"]]
        if "where" in made:
            made["where"] = self._where(derivation["of"], derivation["where"])
        return made

    def _where(self, of: str, where: Mapping) -> dict:
        """A condition on the rows as they were, as one on the rows as they are published."""
        columns = derive.EVIDENCE[of]
        row = [_values(where.get(column, ""))[0] if where.get(column) else "" for column in columns]
        return {column: self.cell(of, column, given, row) if isinstance(given, str) else
                [self.cell(of, column, one, row) for one in given] for column, given in where.items()}

    def _says(self, name: str, tables: Tables) -> dict:
        of = {"actor": sorted(self.named)}
        count = {"of": "members", "take": "count", "as": "integer"}
        return derive.sentence(
            name, "FACT", "This is the public form: of {members} members it names {named}, each after a decision of a "
            "person. Everybody else is a keyed hash. Texts, things that were shared, ids of posts, the words of "
            "decisions and the occasions of whoever is not named are left out; the dossier holds them for those who "
            "check.",
            {"members": count, "named": {**count, "where": of}}, [("members", None), ("decisions", None)], tables)


def _asked(derivation: Mapping) -> list[tuple[str, Mapping]]:
    if "with" in derivation:
        return [found for part in derivation["with"] for found in _asked(part)]
    return [(derivation["of"], derivation.get("where") or {})] if "of" in derivation else []


def _values(given: object) -> list[str]:
    return [given] if isinstance(given, str) else [str(one) for one in given] if isinstance(given, list | tuple) else []
