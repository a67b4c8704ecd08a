"""Is this dossier what it says? Read this file first: it is the proof, step by step.

This folder imports nothing but the standard library, `errors`, `digest` and `derive`, so that a person who does not
trust us can read everything that a verification depends on: `_pairs`, `_links` and `_verdicts` hold rows against each
other, `_roles` says who came first, `_chance` computes p anew, `_signature` says who signed. It refuses to trust any
number that it can compute, computes none with the code that made it, and says what it did not check.

    (0) the archive is canonical and safe
    (1) canonical bytes, manifest, signature
    (2) every evidence row against its Merkle root
    (3) every number of the statement from the evidence inside, and the chance in the evidence from its own rows
    (4) with the posts: `replay` (not here)

Whatever is wrong is a VerificationError. Unsigned, all of this shows consistency alone: anyone could have rebuilt it.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from .. import derive, digest
from ..derive import EVIDENCE, Tables, number
from ..errors import InputError, VerificationError
from ._chance import Search, pair_chance
from ._links import check_links
from ._own import check_words
from ._pairs import (
    MOST_ROWS,
    WHOLE,
    check_cluster_names,
    check_clusters,
    check_common_property,
    check_decisions,
    check_edges,
    check_occasions,
    check_q,
)
from ._roles import check_roles
from ._signature import ed25519_valid, hex_bytes, public_key
from ._verdicts import check_explanations, check_signs, check_verdicts

__all__ = ["Report", "Search", "Step", "pair_chance", "public_key", "verify"]

FORMAT = "cotrace dossier 1"
WITHHELD = "cotrace dossier 1, withheld"  # what is left of one where somebody was forgotten
LARGEST = 2**28         # bytes of an archive; a dossier of a million evidence rows has less
LARGEST_JSON = {"statement.json": 2**25, "manifest.json": 2**20, "signature.json": 2**12}
LONGEST_LINE = 2**23    # bytes of one row
MOST_LOOKED_AT = 20_000_000  # rows that the sentences may ask for
UNSORTED = frozenset(("plantings", "notes", "rejects", "inputs"))  # in the order of the run; all others strictly ascend
NEED_POSTS = ("that the evidence is what was posted, and that nothing was left out: that needs the posts (--posts)",
              "how many pairs were tested, how the chance of each single occasion was estimated, how much two others "
              "would have in common and how many pairs are alike, the pace of members among strangers, the placebo and "
              "planting counts, the counts that likelihood ratios are computed from, and the repeated searches behind "
              "stability: likewise")
ALWAYS_THERE = frozenset(("statement.json", "statement.md", "statement.html", "manifest.json",
                          *(f"evidence/{name}.csv" for name in EVIDENCE)))

_WHOLE_OR_NOT = re.compile(r"|0|[1-9][0-9]{0,11}")
_MICRO = re.compile(r"(0|[1-9][0-9]{0,8})\.[0-9]{6}")
_CHANCE = re.compile(r"0\.[0-9]{6}|1\.000000")
_P = re.compile(r"0|1|0\.[0-9]{1,16}|[1-9](\.[0-9]{1,8})?e-[0-9]{2,3}")
_REAL_OR_NOT = re.compile(r"|-?[0-9]{1,12}(\.[0-9]{1,16})?|[0-9](\.[0-9]{1,8})?e[+-][0-9]{2,3}")
_TIME_OR_NOT = re.compile(r"|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{6})?Z")
_YES = re.compile("yes|no")
_SHAPES = {
    **dict.fromkeys((
        "bytes", "resolution_s", "records", "actions", "actors", "posts_without", "set_aside", "size", "meetings",
        "likely_meetings", "one_sided", "days", "hours", "window_s", "observed", "shared", "rare", "tested", "a_first",
        "b_first", "copy", "naive_edges", "jitter_s", "planted", "recovered", "inputs.posts", "clusters.posts",
        "clusters.edges", "members.edges", "placebos.edges", "traces.objects", "clusters.objects", "plantings.objects",
        "plantings.members", "notes.note", "busiest", "alike"), WHOLE),
    **dict.fromkeys(("same_seen", "same_of", "unrelated_seen", "unrelated_of"), _WHOLE_OR_NOT),
    **dict.fromkeys(("expected", "shared_expected", "rare_expected"), _MICRO),
    **dict.fromkeys(("p", "q", "p_time", "p_choice", "stability", "p_placebo", "q_placebo"), _P),
    **dict.fromkeys(("ratio", "low", "high", "posterior", "delta_s", "q_min"), _REAL_OR_NOT),
    **dict.fromkeys(("at_a", "at_b", "at_actor", "at_source", "posts.at", "first", "last"), _TIME_OR_NOT),
    **dict.fromkeys(("sittings", "came_first", "came_last", "before_elsewhere", "after_elsewhere"), WHOLE),
    "share_first": re.compile(r"|[01]\.[0-9]{6}"), "median_lag_s": re.compile(r"|(0|[1-9][0-9]{0,8})\.[0-9]{6}"),
    "cluster": re.compile("|c-[0-9a-f]{12}"),
    "role": re.compile("|".join(derive.ROLES)),
    **dict.fromkeys(("together", "named"), _YES), "chance": _CHANCE,
    "decisions.verdict": re.compile("|".join(derive.VERDICTS)),
    "decisions.at": re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    **dict.fromkeys(("signs.members", "seen", "of", "others_seen", "others_of", "audience_seen", "audience_of", "tries",
                     "chosen", "needs", "for_seen", "for_of", "against_seen", "against_of"), WHOLE),
    **dict.fromkeys(("signs.p", "signs.q"), re.compile(f"|{_P.pattern}")), "profile": _YES, "open": _YES,
    "verdicts.first": re.compile("[a-z_]*"),
    "signs.state": re.compile("seen|not seen|cannot be judged"),
    "fits": re.compile("fits|does not fit|cannot be judged"),
    "taken_out.edges": re.compile("[1-9][0-9]{0,11}"),
}


@dataclass(frozen=True)
class Step:
    """One step of the proof: its number, what was shown, and the figures."""

    number: int
    shown: str


@dataclass(frozen=True)
class Report:
    """A proof in steps, and its limits. There is a report only where nothing was refused."""

    signer: str | None              # public key, hex; None: unsigned
    standing: str
    steps: tuple[Step, ...]
    not_checked: tuple[str, ...]

    def lines(self) -> list[str]:
        """What a person reads; unsigned is said first."""
        first = ([f"SIGNED by the key {self.signer}"] if self.signer else
                 ["UNSIGNED: anyone could have rebuilt this whole. What follows shows that it agrees with itself."])
        return [*first, *(f"({step.number}) {step.shown}" for step in self.steps),
                *(f"not checked: {what}" for what in self.not_checked)]


def verify(dossier: str | Path | bytes, *, keys: Sequence[bytes] = ()) -> Report:
    """Does the dossier follow from itself?

    Args:
        dossier: the archive, or its path.
        keys: public Ed25519 keys (PEM, or 64 hex digits); where any are given, one of them must have signed.

    Raises:
        VerificationError: it is not what it says, or not a dossier.
        InputError: the path cannot be read, or a key is none.
    """
    trusted = [public_key(key) for key in keys]
    raw = dossier if isinstance(dossier, bytes) else _read(Path(dossier))
    try:
        return _verify(raw, trusted)
    except (ArithmeticError, LookupError, TypeError, ValueError, RecursionError) as fault:
        # A hostile dossier found a way that no check names. Whatever it was, the dossier is refused.
        raise VerificationError(f"This dossier is malformed: {type(fault).__name__}: {str(fault)[:200]}") from None


def _read(path: Path) -> bytes:
    try:
        with open(path, "rb") as file:
            raw = file.read(LARGEST + 1)
    except OSError as fault:
        raise InputError(f"{path} cannot be read: {fault.strerror}.") from None
    return raw


def _verify(raw: bytes, trusted: Sequence[bytes]) -> Report:
    if len(raw) > LARGEST:
        raise VerificationError(f"This is larger than any dossier: more than {LARGEST >> 20} MiB.")
    files = digest.unarchive(raw)
    if "withheld.json" in files:
        return _withheld(files, trusted, len(raw))
    _names(files)
    steps = [Step(0, f"The archive is canonical and safe: {len(files)} files, {len(raw):,} bytes, nothing before, "
                     "between or after them.")]
    statement, signer = _sealed(files, trusted)
    seal = "The signature over the manifest is valid." if signer else "There is no signature."
    steps.append(Step(1, "Every file is in the manifest with its size and digest, and JSON stands in its one accepted "
                         f"spelling. {seal}"))
    tables = _tables(files)
    rows = _roots(statement, tables)
    steps.append(Step(2, f"All {rows:,} rows of evidence belong to the Merkle roots in the statement."))
    steps.append(Step(3, _follows(statement, files, tables)))
    return Report(signer, statement["standing"], tuple(steps), _not_checked(signer, trusted))


def _withheld(files: Mapping[str, bytes], trusted: Sequence[bytes], size: int) -> Report:
    """What still follows where somebody was forgotten: rows about them are digests, and the statement is gone.

    The manifest and its signature are those of the whole dossier. The roots in it cover every row that is left.
    """
    named = {"manifest.json", "withheld.json", *(f"evidence/{name}.csv" for name in EVIDENCE)}
    if set(files) - {"signature.json"} != named or any(len(files[name]) > LARGEST_JSON["statement.json"]
                                                       for name in files if name.endswith(".json")):
        raise VerificationError("A withheld dossier holds its evidence, its manifest and nothing else.")
    steps = [Step(0, f"The archive is canonical and safe: {len(files)} files, {size:,} bytes, nothing before, between "
                     "or after them.")]
    said = _object(files, "withheld.json", {"format", "evidence", "plan_digest", "leaves"})
    manifest = _object(files, "manifest.json", {"format", "files", "evidence_root"})
    if (said["format"], manifest["format"]) != (WITHHELD, FORMAT):
        raise VerificationError(f"The format is {str(said['format'])[:60]!r}; this version reads {WITHHELD!r}.")
    _root(said["evidence"], manifest)
    signer = _signer(files, trusted)
    seal = "The signature over it is valid." if signer else "There is no signature."
    steps.append(Step(1, f"The manifest is that of the whole dossier. {seal}"))
    tables = _tables(files)
    rows, leaves = _leaves(said, tables)
    steps.append(Step(2, f"All {rows:,} rows of evidence that are left belong to its Merkle roots, with {leaves:,} "
                         "rows of which only the digest is left."))
    edges, total = _left(tables)
    steps.append(Step(3, f"Computed again: the chance of {edges:,} of the {total:,} pairs that are left, those whose "
                         "occasions are all left, their p_time, p_choice and p."))
    gone = ("who left these rows out, and why: it says that somebody whom its evidence named was to be forgotten, and "
            "whoever holds a dossier can leave rows out; a signature over the whole stays valid",
            "the statement: it is withheld with the rows about them; so q, clusters, members, links, verdicts and the "
            "standing were not computed again")
    return Report(signer, "withheld", tuple(steps), (*gone, *_not_checked(signer, trusted)[:-1]))


def _leaves(said: Mapping, tables: Tables) -> tuple[int, int]:
    """Rows and digests of rows, held against the roots."""
    if not isinstance(said["leaves"], dict) or [row["file"] for row in said["evidence"]] != sorted(EVIDENCE):
        raise VerificationError("It does not say of which rows only the digest is left.")
    rows = digests = 0
    for told in said["evidence"]:
        left = iter(tables.rows(told["file"]))
        known = said["leaves"].get(told["file"], {})
        if not isinstance(told["rows"], int) or not 0 <= told["rows"] <= MOST_ROWS:
            raise VerificationError("A table has more rows than any dossier.")
        level = []
        for place in range(told["rows"]):
            here = known.get(str(place))
            row = None if here else next(left, None)
            if here is None and row is None:
                raise VerificationError(f"evidence/{told['file']}.csv lacks a row, and its digest is not there either.")
            level.append(hex_bytes(here, 32) if row is None else
                         hashlib.sha256(b"\x00" + digest.csv_line(row).encode("utf-8")).digest())
            rows, digests = rows + (row is not None), digests + (row is None)
        if next(left, None) is not None or digest.merkle_of(level) != told["root"]:
            raise VerificationError(f"What is left of evidence/{told['file']}.csv does not belong to its Merkle root.")
    return rows, digests


def _left(tables: Tables) -> tuple[int, int]:
    """Computes every pair again whose occasions are all left; returns how many, and of how many."""
    occasions: dict[tuple[str, ...], list[Sequence[str]]] = {}
    for row in tables.rows("occasions"):
        occasions.setdefault(tuple(row[:4]), []).append(row)
        if row[10] == "yes" and (number(row[9]) * 1_000_000
                                 != derive.microseconds(row[8]) - derive.microseconds(row[6])):
            raise VerificationError(f"A meeting of {row[1]} and {row[2]} does not have the distance that its times "
                                    "give.")
    edges = tables.rows("edges")
    whole = [row for row in edges if len(occasions.get((*row[:3], row[4]), ())) == int(row[16])]
    plan = {row[0]: row[1] for row in tables.rows("plan")}
    if not {"min_objects", "windows"} <= set(plan) or not {"tests", "candidates"} <= {row[0] for row in
                                                                                        tables.rows("run")}:
        return 0, len(edges)
    of_whole = {key: occasions[key] for row in whole for key in [(*row[:3], row[4])]}
    check_edges(Tables({**tables.tables, "edges": (EVIDENCE["edges"], whole)}), plan, of_whole)
    return len(whole), len(edges)


def _not_checked(signer: str | None, trusted: Sequence[bytes]) -> tuple[str, ...]:
    who = ("who signed: there is no signature" if signer is None else
           "that this key belongs to whom you think: compare it with one that its owner published (--key)")
    return (*(() if trusted else (who,)),
            *NEED_POSTS,
            "that statement.html shows this statement, and that its sentences are the ones that cotrace writes: that "
            "needs the full installation; statement.md was compared")


# ------------------------------------------------------------------------------ (0) and (1): archive and seal

def _names(files: Mapping[str, bytes]) -> None:
    if missing := sorted(ALWAYS_THERE - set(files)):
        raise VerificationError(f"This is not a dossier: {', '.join(missing[:3])} is missing.")
    if strange := sorted(set(files) - ALWAYS_THERE - {"signature.json"}):
        raise VerificationError(f"The archive holds what no dossier has: {strange[0]!r}.")
    for name, limit in LARGEST_JSON.items():
        if len(files.get(name, b"")) > limit:
            raise VerificationError(f"{name} is larger than in any dossier.")


def _object(files: Mapping[str, bytes], name: str, keys: set[str]) -> dict:
    value = digest.parse_canonical(files[name], name)
    if not isinstance(value, dict) or set(value) != keys:
        raise VerificationError(f"{name} does not hold what it has to hold: {', '.join(sorted(keys))}.")
    return value


def _sealed(files: Mapping[str, bytes], trusted: Sequence[bytes]) -> tuple[dict, str | None]:
    """The statement, and the public key that signed (hex), or None."""
    manifest = _object(files, "manifest.json", {"format", "files", "evidence_root"})
    statement = _object(files, "statement.json", {"format", "title", "review", "standing", "plan", "plan_digest",
                                                  "software", "evidence", "sections"})
    if manifest["format"] != FORMAT or statement["format"] != FORMAT:
        raise VerificationError(f"The format is {str(statement['format'])[:60]!r}; this version reads {FORMAT!r}.")
    sealed = {name: {"bytes": len(content), "sha256": digest.sha256(content)} for name, content in files.items()
              if name not in ("manifest.json", "signature.json")}
    if manifest["files"] != sealed:
        listed = manifest["files"] if isinstance(manifest["files"], dict) else {}
        wrong = sorted(name for name in {*sealed, *listed} if sealed.get(name) != listed.get(name))
        raise VerificationError(f"{wrong[0] if wrong else 'The list of files'} is not what the manifest says.")
    _root(statement["evidence"], manifest)
    return statement, _signer(files, trusted)


def _root(evidence: object, manifest: Mapping) -> None:
    roots = evidence if isinstance(evidence, list) else []
    if digest.merkle(f"{row['file']} {row['root']}".encode() for row in roots) != manifest["evidence_root"]:
        raise VerificationError("The manifest's root over the evidence is not that of the statement.")


def _signer(files: Mapping[str, bytes], trusted: Sequence[bytes]) -> str | None:
    """The public key that signed the manifest (hex); None: unsigned."""
    if "signature.json" not in files:
        if trusted:
            raise VerificationError("UNSIGNED: anyone could have rebuilt this whole, and you asked for a signature.")
        return None
    signature = _object(files, "signature.json", {"algorithm", "over", "public_key", "signature"})
    public, signed = hex_bytes(signature["public_key"], 32), hex_bytes(signature["signature"], 64)
    if (signature["algorithm"], signature["over"]) != ("Ed25519", "manifest.json"):
        raise VerificationError("The signature is of a kind that no dossier has.")
    if not ed25519_valid(public, files["manifest.json"], signed):
        raise VerificationError("The signature does not belong to this manifest and key.")
    if trusted and public not in trusted:
        raise VerificationError(f"It is signed by the key {public.hex()}, which is none of those you trust.")
    return public.hex()


# ------------------------------------------------------------------------------------------- (2): evidence

def _tables(files: Mapping[str, bytes]) -> Tables:
    tables, total = {}, 0
    for name, columns in EVIDENCE.items():
        what, raw = f"evidence/{name}.csv", files[f"evidence/{name}.csv"]
        total += raw.count(b"\n")
        if total > MOST_ROWS:
            raise VerificationError(f"The evidence has more than {MOST_ROWS:,} rows.")
        if not raw.startswith(digest.csv_line(columns).encode() + b"\n"):
            raise VerificationError(f"{what} does not have its columns: {', '.join(columns)}.")
        for line in raw.splitlines():
            if len(line) > LONGEST_LINE or line.count(b",") < len(columns) - 1:
                raise VerificationError(f"{what} has a row that is too long or too short.")
        header, rows = digest.parse_csv(raw, what)
        if name not in UNSORTED and any(one >= other for one, other in pairwise(rows)):
            raise VerificationError(f"{what} is not sorted, or a row stands in it twice.")
        for row in rows:
            for column, cell in zip(header, row, strict=True):
                shape = _SHAPES.get(f"{name}.{column}") or _SHAPES.get(column)
                if shape is not None and not shape.fullmatch(cell):
                    raise VerificationError(f"{what}: {cell[:60]!r} cannot stand in column {column}.")
        tables[name] = (header, rows)
    return Tables(tables, budget=MOST_LOOKED_AT)


def _roots(statement: Mapping, tables: Tables) -> int:
    total, found = 0, []
    for name in sorted(EVIDENCE):
        count, root = tables.root(name)
        found.append({"file": name, "rows": count, "root": root})
        total += count
    if statement["evidence"] != found:
        raise VerificationError("The evidence is not what the Merkle roots of the statement say.")
    return total


# ------------------------------------------------------------------------------ (3): what follows from the rows

def _follows(statement: Mapping, files: Mapping[str, bytes], tables: Tables) -> str:
    plan = _plan(statement, tables)
    values, sentences = _sentences(statement, tables)
    if derive.markdown(statement).encode("utf-8") != files["statement.md"]:
        raise VerificationError("statement.md does not say what statement.json says.")
    occasions = check_occasions(tables)
    check_edges(tables, plan, occasions)
    check_decisions(tables)
    check_q(tables, plan)
    check_clusters(tables)
    check_cluster_names(statement, tables)
    check_roles(tables, plan)
    check_common_property(tables, plan)
    check_words(tables)
    ratios = check_links(tables, plan)
    check_signs(tables, plan)
    check_explanations(tables)
    check_verdicts(tables)
    _run(statement, tables)
    rows = {name: len(tables.rows(name)) for name in ("edges", "occasions", "links", "signs", "verdicts", "roles")}
    return (f"All {values:,} numbers and names in {sentences:,} sentences follow from the rows. So do, computed again: "
            f"the chance of {rows['edges']:,} pairs from their {rows['occasions']:,} occasions, their p and q, the "
            f"clusters, the order in time of {rows['roles']:,} members, {ratios:,} likelihood ratios from their "
            f"counts, the words of {rows['links']:,} links, the chance of {rows['signs']:,} signs, the verdicts on "
            f"{rows['verdicts']:,} clusters from them, and the "
            f"standing {statement['standing']!r}.")


def _plan(statement: Mapping, tables: Tables) -> dict[str, str]:
    plan = statement["plan"]
    if not isinstance(plan, dict) or digest.digest(plan) != statement["plan_digest"]:
        raise VerificationError("The digest of the plan is not the plan's.")
    told = {key: ("" if value is None else ";".join(map(str, value)) if isinstance(value, list) else str(value))
            for key, value in plan.items()}
    if tables.rows("plan") != sorted([key, value] for key, value in told.items()):
        raise VerificationError("The plan in the statement and the plan in the evidence differ.")
    if not {"alpha", "min_objects", "prior", "windows"} <= set(told):
        raise VerificationError("The plan lacks what the findings depend on.")
    if not 0 < number(told["alpha"]) < 1:
        raise VerificationError("The plan accepts a share of false pairs that is no share.")
    if {"look", "alpha_of_looks"} & set(told):
        _look(told)
    return told


def _look(told: Mapping[str, str]) -> None:
    """A look at posts that go on arriving has its share of alpha, and no more."""
    look = told.get("look", "")
    if not (look.isdecimal() and look.isascii() and 0 < len(look) < 5 and int(look)):
        raise VerificationError("The plan does not say which look this is.")
    share = number(told.get("alpha_of_looks", ""))
    if not 0 < share < 1 or number(told["alpha"]) != number(derive.alpha_of_look(told["alpha_of_looks"], int(look))):
        raise VerificationError(f"Look {look} takes a share of alpha that is not its own: {told['alpha']}.")


def _sentences(statement: Mapping, tables: Tables) -> tuple[int, int]:
    """How many values and sentences were checked; titles are fixed, so that no heading can say what no sentence may."""
    if (statement["title"], statement["review"]) != (derive.TITLE, derive.review(tables)):
        raise VerificationError(f"Its title is not the fixed one, or its review state is not what the decisions give: "
                                f"{derive.review(tables)}.")
    sections = list(derive.SECTIONS.items())
    clusters = [(f"cluster:{row[0]}", f"Cluster {row[0]}") for row in tables.rows("clusters")]
    wanted = [*sections[:1], *clusters, *sections[1:]]
    given = [(section["id"], section["title"]) for section in statement["sections"]
             if set(section) == {"id", "title", "sentences"}]
    if given != wanted or len(given) != len(statement["sections"]):
        raise VerificationError("Its sections are not those that a statement has, in their order.")
    values, seen = 0, set()
    for section in statement["sections"]:
        if not section["sentences"]:
            raise VerificationError(f"Section {section['id']!r} says nothing.")
        for sentence in section["sentences"]:
            values += derive.check(sentence, tables)
            if sentence["id"] in seen:
                raise VerificationError(f"There are two sentences {sentence['id']!r}.")
            seen.add(sentence["id"])
            said = sentence["text"].replace("not called validated", "").replace("here is called validated", "")
            if statement["standing"] != "validated" and re.search(r"\bvalidated\b", said):
                raise VerificationError(f"Sentence {sentence['id']!r} says validated; the standing is not.")
    return values, len(seen)


def _run(statement: Mapping, tables: Tables) -> None:
    copies = [(row[0], int(row[2])) for row in tables.rows("placebos")]
    edges = tables.rows("edges")
    first, last = (tables.cell("run", "value", {"key": key}) for key in ("first_post", "last_post"))
    standing, _ = derive.standing(copies, len(edges), number(tables.cell("plan", "value", {"key": "alpha"})),
                                  span=(first, last))
    if statement["standing"] != standing:
        raise VerificationError(f"The standing is given as {str(statement['standing'])[:40]!r}; the placebos give "
                                f"{standing!r}.")
    if any(int(row[4]) > int(row[3]) for row in tables.rows("plantings")):
        raise VerificationError("More plantings came back than were planted.")
    counts = {row[0]: row[1] for row in tables.rows("counts")}
    if str(sum(int(row[7]) for row in tables.rows("inputs"))) != counts.get("records"):
        raise VerificationError("The records that were read are not those of the files.")
    told = {"edges_outside": sum(not row[0] for row in edges),
            "placebo_cells": ";".join(sorted({cell for cell, _ in copies})),
            "resolution_s": max((int(row[6]) for row in tables.rows("inputs")), default=0)}
    for key, right in told.items():
        if tables.cell("run", "value", {"key": key}) != str(right):
            raise VerificationError(f"The run's {key} is not what the evidence gives.")
