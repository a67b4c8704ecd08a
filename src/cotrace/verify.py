"""Is this dossier what it says? Read this file first.

It imports nothing but the standard library, `errors`, `digest` and `derive`, so that a person who does not trust us can
read everything that a verification depends on. It refuses to trust any number that it can compute, computes none with
the code that made it, and says what it did not check.

    (0) the archive is canonical and safe
    (1) canonical bytes, manifest, signature
    (2) every evidence row against its Merkle root
    (3) every number of the statement from the evidence inside, and the chance in the evidence from its own rows
    (4) with the posts: `replay` (not here)

Whatever is wrong is a VerificationError. Unsigned, all of this shows consistency alone: anyone could have rebuilt it.
"""

import base64
import binascii
import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from . import derive, digest
from .derive import EVIDENCE, Tables, number
from .errors import InputError, VerificationError

FORMAT = "cotrace dossier 1"
WITHHELD = "cotrace dossier 1, withheld"  # what is left of one where somebody was forgotten
LARGEST = 2**28         # bytes of an archive; a dossier of a million evidence rows has less
LARGEST_JSON = {"statement.json": 2**25, "manifest.json": 2**20, "signature.json": 2**12}
LONGEST_LINE = 2**23    # bytes of one row
MOST_ROWS = 1_000_000   # of all tables
MOST_WORK = 60_000_000  # steps of exact tails; some ten seconds in plain Python
MOST_LOOKED_AT = 20_000_000  # rows that the sentences may ask for
CLOSE = 1e-6            # p and q are printed with nine digits; computing again in another order may move the eighth
SMALLEST = 1e-300       # below this a float has no digits left
GATE = 0.01             # the timing has to be rarer than this before taste may add to it (network.GATE)
STRONG = frozenset(("identity", "infrastructure"))
READS = ("always after: reader or amplifier", "almost always after: reader or amplifier",
         "never first: reader or amplifier of others")
COPIED = ("always before: the source may copy it", "almost always before: the source may copy it")
FEWEST = 10             # known actors; fewer measure no ratio
Z = 1.959963984540054   # 97.5 % point of the normal distribution
UNSORTED = frozenset(("plantings", "notes", "rejects", "inputs"))  # in the order of the run; all others strictly ascend
NEED_POSTS = ("that the evidence is what was posted, and that nothing was left out: that needs the posts (--posts)",
              "how the chance of each single occasion was estimated, the placebo and planting counts, the counts that "
              "likelihood ratios are computed from, and the repeated searches behind stability: likewise")
ALWAYS_THERE = frozenset(("statement.json", "statement.md", "statement.html", "manifest.json",
                          *(f"evidence/{name}.csv" for name in EVIDENCE)))


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
    gone = ("the statement: somebody whom its evidence named was to be forgotten, and it is withheld with the rows "
            "about them; so q, clusters, members, links, verdicts and the standing were not computed again",)
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
            level.append(_hex(here, 32) if row is None else
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
    if not {"min_objects", "windows"} <= set(plan) or not tables.where("run", {"key": "tests"}):
        return 0, len(edges)
    of_whole = {key: occasions[key] for row in whole for key in [(*row[:3], row[4])]}
    _edges(Tables({**tables.tables, "edges": (EVIDENCE["edges"], whole)}), plan, of_whole)
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
    public, signed = _hex(signature["public_key"], 32), _hex(signature["signature"], 64)
    if (signature["algorithm"], signature["over"]) != ("Ed25519", "manifest.json"):
        raise VerificationError("The signature is of a kind that no dossier has.")
    if not ed25519_valid(public, files["manifest.json"], signed):
        raise VerificationError("The signature does not belong to this manifest and key.")
    if trusted and public not in trusted:
        raise VerificationError(f"It is signed by the key {public.hex()}, which is none of those you trust.")
    return public.hex()


def _hex(text: object, size: int) -> bytes:
    if not isinstance(text, str) or not re.fullmatch(f"[0-9a-f]{{{2 * size}}}", text):
        raise VerificationError("The signature is not written in hex digits of its length.")
    return bytes.fromhex(text)


def public_key(key: bytes) -> bytes:
    """The 32 bytes of a public Ed25519 key in PEM (RFC 8410) or 64 hex digits.

    Raises:
        InputError: it is neither, or a private key.
    """
    lines = [line.strip() for line in key.strip().splitlines()]
    if len(lines) == 1 and re.fullmatch(rb"[0-9a-fA-F]{64}", lines[0]):
        return bytes.fromhex(lines[0].decode())
    if len(lines) > 2 and (lines[0], lines[-1]) == (b"-----BEGIN PUBLIC KEY-----", b"-----END PUBLIC KEY-----"):
        try:
            der = base64.b64decode(b"".join(lines[1:-1]), validate=True)
        except binascii.Error:
            der = b""
        if der[:12] == bytes.fromhex("302a300506032b6570032100") and len(der) == 44:
            return der[12:]
    if b"PRIVATE" in key:
        raise InputError("This is a private key. Give the public one: the file that ends in .pub.")
    raise InputError("This is not a public Ed25519 key.\nGive a .pub file of  cotrace key new , or 64 hex digits.")


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


_WHOLE = re.compile(r"0|[1-9][0-9]{0,11}")
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
        "plantings.members", "notes.note"), _WHOLE),
    **dict.fromkeys(("same_seen", "same_of", "unrelated_seen", "unrelated_of"), _WHOLE_OR_NOT),
    **dict.fromkeys(("expected", "shared_expected", "rare_expected"), _MICRO),
    **dict.fromkeys(("p", "q", "p_time", "p_choice", "stability"), _P),
    **dict.fromkeys(("ratio", "low", "high", "posterior", "delta_s", "q_min"), _REAL_OR_NOT),
    **dict.fromkeys(("at_a", "at_b", "at_actor", "at_source", "posts.at", "first", "last"), _TIME_OR_NOT),
    **dict.fromkeys(("together", "named"), _YES), "chance": _CHANCE,
    "decisions.verdict": re.compile("|".join(derive.VERDICTS)),
    "decisions.at": re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    **dict.fromkeys(("signs.members", "seen", "of", "others_seen", "others_of", "audience_seen", "audience_of", "tries",
                     "chosen", "needs", "for_seen", "for_of", "against_seen", "against_of"), _WHOLE),
    **dict.fromkeys(("signs.p", "signs.q"), re.compile(f"|{_P.pattern}")), "profile": _YES, "open": _YES,
    "verdicts.first": re.compile("[a-z_]*"),
    "signs.state": re.compile("seen|not seen|cannot be judged"),
    "fits": re.compile("fits|does not fit|cannot be judged"),
    "taken_out.edges": re.compile("[1-9][0-9]{0,11}"),
}


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
    occasions = _occasions(tables)
    _edges(tables, plan, occasions)
    _decisions(tables)
    _q(tables, plan)
    _clusters(tables)
    _cluster_names(statement, tables)
    ratios = _links(tables, plan)
    _signs(tables, plan)
    _explanations(tables)
    _verdicts(tables)
    _run(statement, tables)
    rows = {name: len(tables.rows(name)) for name in ("edges", "occasions", "links", "signs", "verdicts")}
    return (f"All {values:,} numbers and names in {sentences:,} sentences follow from the rows. So do, computed again: "
            f"the chance of {rows['edges']:,} pairs from their {rows['occasions']:,} occasions, their p and q, the "
            f"clusters, {ratios:,} likelihood ratios from their counts, the words of {rows['links']:,} links, the "
            f"chance of {rows['signs']:,} signs, the verdicts on {rows['verdicts']:,} clusters from them, and the "
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
    return told


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


def _occasions(tables: Tables) -> dict[tuple[str, ...], list[Sequence[str]]]:
    """The occasions of each edge (a, b, trace), after each was held against the posts that it names."""
    posts = {row[0]: row for row in tables.rows("posts")}
    if len(posts) != len(tables.rows("posts")):
        raise VerificationError("A post stands twice in the evidence.")
    of: dict[tuple[str, ...], list[Sequence[str]]] = {}
    needed: set[str] = set()
    for row in tables.rows("occasions"):
        cluster, a, b, trace, _, post_a, at_a, post_b, at_b, delta_s, together, _ = row
        of.setdefault((cluster, a, b, trace), []).append(row)
        if together == "no":
            if any((post_a, at_a, post_b, at_b, delta_s)):
                raise VerificationError(f"A post is shown for an occasion of {a} and {b} that is no meeting.")
            continue
        for actor, post, at in ((a, post_a, at_a), (b, post_b, at_b)):
            if post not in posts or posts[post][3] != at or actor not in posts[post][1:3]:
                raise VerificationError(f"The meeting of {a} and {b} names a post, a time or an author that the "
                                        f"evidence does not have: {post[:60]!r}.")
            needed.add(post)
        if post_a == post_b or number(delta_s) * 1_000_000 != derive.microseconds(at_b) - derive.microseconds(at_a):
            raise VerificationError(f"A meeting of {a} and {b} does not have the distance that its times give.")
    for row in tables.rows("meetings"):
        needed |= {post for post in (row[5], row[7]) if post}
        for post, at in ((row[5], row[6]), (row[7], row[8])):
            if post and (post not in posts or posts[post][3] != at):
                raise VerificationError(f"A ground names a post or a time that is not in the evidence: {post[:60]!r}.")
        if row[9] and number(row[9]) * 1_000_000 != derive.microseconds(row[6]) - derive.microseconds(row[8]):
            raise VerificationError(f"A ground of {row[1]} does not have the distance that its times give.")
    if posts.keys() - needed:
        raise VerificationError("A post is in the evidence that no finding rests on.")
    return of


def _edges(tables: Tables, plan: Mapping[str, str], occasions: Mapping[tuple[str, ...], list[Sequence[str]]]) -> None:
    windows = [int(window) for window in plan["windows"].split(";") if _WHOLE.fullmatch(window)]
    work, left = 0, dict(occasions)
    tests = int(_one(tables, "tests"))
    for row in tables.rows("edges"):
        edge = dict(zip(EVIDENCE["edges"], row, strict=True))
        who = f"{edge['a']} and {edge['b']} ({edge['trace']})"
        own = left.pop((edge["cluster"], edge["a"], edge["b"], edge["trace"]), [])
        window_s, observed = int(edge["window_s"]), int(edge["observed"])
        met = [number(one[9]) for one in own if one[10] == "yes"]
        chances = [number(one[11]) for one in own]
        counts = (len(own), len(met), sum(d > 0 for d in met), sum(d < 0 for d in met))
        if counts != (int(edge["tested"]), observed, int(edge["a_first"]), int(edge["b_first"])):
            raise VerificationError(f"{who}: the counts are not those of the occasions.")
        if edge["a"] >= edge["b"] or window_s not in windows or any(abs(d) > window_s for d in met):
            raise VerificationError(f"{who}: a meeting lies outside the window, or the window outside the plan.")
        if int(edge["rare"]) > int(edge["shared"]) or int(edge["shared"]) < len(own):
            raise VerificationError(f"{who}: the counts of what they share contradict each other.")
        if observed < int(plan["min_objects"]) or len({(one[4], one[5], one[7]) for one in own if one[5]}) != observed:
            raise VerificationError(f"{who}: fewer distinct meetings than the plan asks for, or than are counted.")
        if sum(chances, Fraction(0)) != number(edge["expected"]):
            raise VerificationError(f"{who}: expected is not the sum of the chances.")
        work += len(own) * (min(observed, len(own) - observed) + 1)
        if work > MOST_WORK:
            raise VerificationError("Its occasions need more work than any dossier's.")
        p_time, p_choice, p = pair_chance(edge, list(map(float, chances)), observed, len(windows), tests)
        for name, right in (("p_time", p_time), ("p_choice", p_choice), ("p", p)):
            _same(float(edge[name]), right, f"{who}: {name}")
    if left:
        raise VerificationError("There are occasions of a pair that is not among the edges.")


def pair_chance(edge: Mapping[str, str], chances: Sequence[float], observed: int, windows: int, tests: int,
                ) -> tuple[float, float, float]:
    """p_time, p_choice and p of a pair from its occasions and from what the two share (a row of `edges`)."""
    p_time = min(1.0, windows * tail(chances, observed))
    p_choice = chosen(edge, tests)
    k = max(p_time, SMALLEST) * p_choice
    return p_time, p_choice, min(1.0, k * (1 - math.log(k))) if p_time <= GATE and k > 0 else float(p_time > GATE)


def tail(chances: Sequence[float], observed: int) -> float:
    """P(at least `observed` of independent events with these chances), exact: every step adds positive numbers.

    Counted from the shorter side: at least k happen exactly where at most n − k fail.
    """
    n = len(chances)
    if observed <= 0:
        return 1.0
    if observed > n:
        return 0.0
    if observed <= n - observed:
        ways, reached = [1.0] + [0.0] * (observed - 1), 0.0
        for chance in chances:
            reached += ways[-1] * chance
            ways = [ways[0] * (1 - chance), *(one * (1 - chance) + before * chance
                                              for before, one in pairwise(ways))]
        return reached
    fails = [1.0] + [0.0] * (n - observed)
    for chance in chances:
        fails = [fails[0] * chance, *(one * chance + before * (1 - chance) for before, one in pairwise(fails))]
    return math.fsum(fails)


def poisson_tail(count: int, mean: float) -> float:
    """P(N ≥ count) of a Poisson number; 1 where count ≤ mean (there it is at least a half, and taken twice)."""
    if count <= mean:
        return 1.0
    if mean <= 0:
        return 0.0
    if mean > 1e7:
        raise VerificationError("It expects more shared objects than any data have.")
    term = math.exp(count * math.log(mean) - mean - math.lgamma(count + 1))
    total, k = 0.0, count
    while term > total * 1e-17:
        total += term
        k += 1
        term *= mean / k
    return total


def chosen(edge: Mapping[str, str], tests: int) -> float:
    """p of what the two share: twice the smaller of two Poisson tails, at most 1, at least 1 / tests."""
    both = min(poisson_tail(int(edge["shared"]), float(edge["shared_expected"])),
               poisson_tail(int(edge["rare"]), float(edge["rare_expected"])))
    return max(1 / max(tests, 1), min(1.0, 2 * both))


def _same(given: float, right: float, what: str) -> None:
    if not math.isclose(given, right, rel_tol=CLOSE, abs_tol=SMALLEST):
        raise VerificationError(f"{what} is given as {given:.9g}; computed again it is {right:.9g}.")


def _decisions(tables: Tables) -> None:
    """A person's verdict was honoured: who was taken out is in no edge, member or link."""
    decided = [tuple(row[:2]) for row in tables.rows("decisions")]
    if len(set(decided)) != len(decided) or any(not row[3] or not row[5] for row in tables.rows("decisions")):
        raise VerificationError("Two decisions stand on one question, or one has no author or no reason.")
    out = set(tables.cells("decisions", "actor", {"source": "", "verdict": "different"}))
    linked = {(row[1], row[2]) for row in tables.rows("links")}
    present = {actor for row in tables.rows("edges") for actor in row[1:3]} | {actor for actor, _ in linked}
    present |= {f"sha256:{digest.sha256(actor.encode('utf-8'))}" for actor in present}
    if out & present:
        raise VerificationError("An actor that a person's decision took out is still among the findings.")
    if any((row[0], row[1]) in linked for row in tables.rows("decisions") if row[1] and row[2] == "different"):
        raise VerificationError("A link that a person's decision took out is still among the links.")
    if tables.rows("taken_out") and not out:
        raise VerificationError("Pairs were taken out, and no decision says so.")


def _q(tables: Tables, plan: Mapping[str, str]) -> None:
    """Benjamini–Hochberg over all tests. The smallest of the later ones is always among those that passed.

    Pairs that a person's decision took out passed too: their p are there, and they have no q here.
    """
    tests = int(_one(tables, "tests"))
    out = [(float(p), -1.0) for p, count in tables.rows("taken_out") for _ in range(min(int(count), MOST_ROWS))]
    rows = sorted([*((float(row[8]), float(row[9])) for row in tables.rows("edges")), *out], reverse=True)
    if len(rows) > min(tests, MOST_ROWS):
        raise VerificationError("More pairs passed than were tested.")
    least = 1.0
    for rank, (p, q) in zip(range(len(rows), 0, -1), rows, strict=True):
        least = min(least, p * tests / rank)
        if q < 0:
            continue
        _same(q, least, f"The q of the pair of rank {rank}")
        if q > float(plan["alpha"]) * (1 + CLOSE):
            raise VerificationError(f"A pair with q = {q:.3g} is among the edges; the plan accepts {plan['alpha']}.")


def _one(tables: Tables, key: str) -> str:
    value = tables.cell("run", "value", {"key": key})
    if not _WHOLE.fullmatch(value):
        raise VerificationError(f"The run's {key} is no count.")
    return value


def _clusters(tables: Tables) -> None:
    named = [row[:6] for row in tables.rows("members")]
    members, clusters = derive.summaries(named, tables.rows("edges"), tables.rows("occasions"))
    if members != tables.rows("members") or clusters != tables.rows("clusters"):
        raise VerificationError("Clusters and members are not what their edges and occasions give.")
    of: dict[str, str] = {}
    for row in named:
        if row[1] in of:
            raise VerificationError(f"{row[1]} is a member twice.")
        of[row[1]] = row[0]
    near: dict[str, list[str]] = {}
    kinds = {row[1]: row[2] for row in named}
    for row in tables.rows("edges"):
        cluster, a, b = row[:3]
        if cluster != (of.get(a, "") if of.get(a) == of.get(b) else ""):
            raise VerificationError(f"The edge of {a} and {b} is put into a cluster that it does not belong to.")
        if cluster:
            near.setdefault(a, []).append(b)
            near.setdefault(b, []).append(a)
            if {kinds[a], kinds[b]} != {row[3]}:
                raise VerificationError(f"{a} and {b} are not of one kind.")
    for cluster in {row[0] for row in named}:
        everybody = [actor for actor, where in of.items() if where == cluster]
        reached, todo = {everybody[0]}, [everybody[0]]
        while todo:
            for other in near.get(todo.pop(), ()):
                if other not in reached:
                    reached.add(other)
                    todo.append(other)
        if len(everybody) < 3 or reached != set(everybody):
            raise VerificationError(f"Cluster {cluster} has fewer than three members, or none that hold it together.")


def _cluster_names(statement: Mapping, tables: Tables) -> None:
    """A cluster is named by the digest of its members and the plan; keyed hashes hide what it was computed from."""
    if tables.cell("run", "value", {"key": "pseudonyms"}) == "yes":
        return
    for cluster in {row[0] for row in tables.rows("members")}:
        members = sorted(tables.cells("members", "actor", {"cluster": cluster}))
        name = digest.digest({"members": members, "plan_digest": statement["plan_digest"]})
        if cluster != f"c-{name[:12]}":
            raise VerificationError(f"The name of cluster {cluster} is not the digest of its members and the plan.")


# ------------------------------------------------------------------------------------- ratios, words, standing

def _links(tables: Tables, plan: Mapping[str, str]) -> int:
    """Ratios from counts, words from ratios and prior; returns how many ratios were computed."""
    receipts = {row[12]: row for row in tables.rows("registry")}
    for_, _, against = plan["prior"].partition(":")
    odds = float(number(for_) / number(against))
    of: dict[tuple[str, ...], list[dict]] = {}
    ratios, used = 0, set()
    met: dict[tuple[str, ...], list[str]] = {}
    for row in tables.rows("meetings"):
        met.setdefault(tuple(row[:4]), []).append(row[9])
    for row in tables.rows("grounds"):
        if any(ground["indicator"] == row[3] for ground in of.get(tuple(row[:3]), ())):
            raise VerificationError(f"{row[1]} and {row[2]}: {row[3]} is counted twice.")
        ground = _ground(dict(zip(EVIDENCE["grounds"], row, strict=True)), met.pop(tuple(row[:4]), []))
        ratios += ground["right"] is not None
        used |= set(ground["receipts"])
        of.setdefault(tuple(row[:3]), []).append(ground)
    if set(receipts) != used or len(receipts) != len(tables.rows("registry")):
        raise VerificationError("The rows of the registry are not those that grounds rest on.")
    members = {row[1]: row[0] for row in tables.rows("members")}
    seen = set()
    for row in tables.rows("links"):
        link = dict(zip(EVIDENCE["links"], row, strict=True))
        who, grounds = f"{link['actor']} and {link['source']}", of.pop(tuple(row[:3]), [])
        if tuple(row[:3]) in seen or not grounds or link["cluster"] != members.get(link["actor"], ""):
            raise VerificationError(f"{who}: a link without grounds, twice, or of another cluster.")
        seen.add(tuple(row[:3]))
        if link["named"] != ("yes" if link["word"] in derive.NAMED else "no"):
            raise VerificationError(f"{who}: a link below likely may not be named, and one above may not be hidden.")
        if link["word"] == "listed":
            own = [receipts[r] for ground in grounds if ground["indicator"] == "identity" for r in ground["receipts"]]
            if not any(row[5] for row in own):
                raise VerificationError(f"{who}: listed, and no citation says where.")
        else:
            _word(link, grounds, odds, who)
    if of or met:
        raise VerificationError("There are grounds or meetings of a link that does not exist.")
    return ratios


def _ground(ground: dict, met: Sequence[str]) -> dict:
    who = f"{ground['actor']} and {ground['source']} ({ground['indicator']})"
    own = dict(part.partition("=")[::2] for part in ground["counts"].split(";") if part)
    if any(not _WHOLE.fullmatch(value) for value in own.values()):
        raise VerificationError(f"{who}: a count is no count.")
    counts = {key: int(value) for key, value in own.items()}
    four = ("same_seen", "same_of", "unrelated_seen", "unrelated_of")
    counts |= {key: int(ground[key]) for key in four if ground[key]}
    before, after = sum(delta.startswith("-") for delta in met), sum(delta != "0" for delta in met)
    # `ordered`: the order was told over more occasions than the ground shows, those of all the actor's edges
    shown = (before, after - before) if "ordered" not in counts else (counts["before"], counts["after"])
    if "occasions" in counts and (len(met), *shown) != (counts["occasions"], counts["before"], counts["after"]):
        raise VerificationError(f"{who}: its meetings are not those that it counts.")
    bounds = _interval(counts)
    right = None if bounds is None else min(float(counts["cap"]), bounds[0])
    if (bounds is None) != (ground["ratio"] == "") or (ground["ratio"] == "") != (ground["low"] == ""):
        raise VerificationError(f"{who}: a ratio needs {FEWEST} known and {FEWEST} unrelated actors, and has one then.")
    if bounds is not None:
        _same(float(ground["ratio"]), right or 0.0, f"{who}: the likelihood ratio")
        _same(float(ground["low"]), bounds[0], f"{who}: its lower bound")
    if ground["high"] or (bounds is not None and not math.isinf(bounds[1])):
        _same(float(ground["high"] or 0), bounds[1] if bounds else math.nan, f"{who}: its upper bound")
    receipts = [receipt for receipt in ground["selectors"].split(";") if receipt]
    return {"indicator": ground["indicator"], "counts": counts, "right": right, "receipts": receipts}


def _interval(counts: Mapping[str, int]) -> tuple[float, float] | None:
    """P(seen | same operator) ÷ P(seen | unrelated), each bound from the worse ends of two Wilson intervals."""
    if min(counts.get("same_of", 0), counts.get("unrelated_of", 0)) < FEWEST:
        return None
    same, other = (_wilson(counts[f"{kind}_seen"], counts[f"{kind}_of"]) for kind in ("same", "unrelated"))
    return same[0] / other[1], same[1] / other[0] if other[0] else math.inf


def _wilson(seen: int, of: int) -> tuple[float, float]:
    """95 % interval of a proportion. Source: Wilson 1927, doi:10.1080/01621459.1927.10502953"""
    if seen > of:
        raise VerificationError("More were seen than there are.")
    middle = (seen + Z * Z / 2) / (of + Z * Z)
    half = Z / (of + Z * Z) * math.sqrt(seen * (of - seen) / of + Z * Z / 4)
    return 0.0 if seen == 0 else max(0.0, middle - half), 1.0 if seen == of else min(1.0, middle + half)


def _word(link: Mapping[str, str], grounds: Sequence[dict], odds: float, who: str) -> None:
    posterior, rule = _judge(grounds, odds)
    _same(float(link["posterior"]), posterior, f"{who}: the posterior")
    if (link["bounded_by"], link["explanation"]) != (rule, _explanation(grounds)):
        raise VerificationError(f"{who}: the rule or the explanation is not what the grounds give.")
    for name, factor in (("word", 1.0), ("word_if_prior_tenth", 0.1), ("word_if_prior_tenfold", 10.0)):
        right, _ = _judge(grounds, odds * factor)
        if link[name] not in {_ladder(right * (1 - 1e-9)), _ladder(min(1.0, right * (1 + 1e-9)))}:
            raise VerificationError(f"{who}: {name} is {link[name][:40]!r}; the posterior gives {_ladder(right)!r}.")


def _judge(grounds: Sequence[dict], odds: float) -> tuple[float, str]:
    """The posterior that the ladder allows, and the rule that holds it down (METHOD §3).

    Ratios above one multiply the prior odds; beyond an even chance only those whose occasions are not plainly in the
    order of a reader, or of somebody who is read. All occasions together in a reader's order: at most unlikely; in that
    of somebody who is read, or one such class: at most an even chance. Two: at most likely, unless one is identity or
    infrastructure. Nothing measured: at most unlikely.
    """
    measured = sorted((ground for ground in grounds if ground["right"] is not None and ground["right"] > 1),
                      key=lambda ground: ground["indicator"])
    own = [ground for ground in measured if _counts_as_class(ground["counts"])]
    kinds = {ground["indicator"] for ground in own}
    even, likely, unlikely = (float(derive.LADDER_ENDS[derive.LADDER.index(word)])
                              for word in ("roughly even chance", "likely", "unlikely"))
    by_all, posterior = _posterior(measured, odds), _posterior(own, odds)
    one = _explanation(grounds)
    if not measured:
        limit, rule = unlikely, "no indicator with a measured ratio"
    elif one or len(kinds) <= 1:
        limit = unlikely if one in READS else even
        return (by_all, "") if by_all <= limit else (limit, one or "one indicator class")
    elif len(kinds) == 2 and not kinds & STRONG:
        limit, rule = likely, "two indicator classes, neither of them identity or infrastructure"
    else:
        limit, rule = 1.0, ""
    posterior = max(posterior, min(by_all, even))
    return (posterior, "") if posterior <= limit else (limit, rule)


def _posterior(grounds: Sequence[dict], odds: float) -> float:
    for ground in grounds:
        odds *= ground["right"]
    return odds / (1 + odds)


def _one_way(counts: Mapping[str, int]) -> str:
    """What the order of occasions leaves open, or "". Whoever shares the source's hand is now before it, now after it.

    `first_due`, `before_due`: how often the actor would be first, or before, if nobody waited for anybody; thousandths.
    """
    before, after, first = counts["before"], counts["after"], counts["first"]
    if not before:
        return READS[0]
    if after * 4 < before + after:
        return COPIED[0] if after == 0 else COPIED[1]
    if before < 2 or before * 2000 < counts["before_due"]:
        return READS[1]
    if counts["first_due"] >= 2000 and first * 4000 < counts["first_due"]:
        return READS[1] if first else READS[2]
    return ""


def _explanation(grounds: Sequence[dict]) -> str:
    told = [ground["counts"] for ground in grounds if "occasions" in ground["counts"]]
    names = ("before", "after", "before_due", "first", "first_due")
    return _one_way({name: sum(counts[name] for counts in told) for name in names}) if told else ""


def _counts_as_class(counts: Mapping[str, int]) -> bool:
    """Held against a single class is its order only where two firsts were due, or six occasions have an order."""
    said = _one_way(counts) if "occasions" in counts else ""
    if said in COPIED:
        return counts["before"] + counts["after"] < 6
    return said == "" or max(counts["first_due"], counts["before_due"]) < 2000


def _ladder(posterior: float) -> str:
    return next(word for word, end in zip(derive.LADDER, derive.LADDER_ENDS, strict=True) if posterior <= float(end))


# -------------------------------------------------------------------------------------------- the second verdict

FEWEST_MEMBERS, FEWEST_OTHERS = 3, 20  # whose column is known; with fewer a sign cannot be judged
ODDS = 9                # of members that show a sign against the odds of others
INAUTHENTIC, NOT_SHOWN = "inauthentic", "not shown to be inauthentic"
UNKNOWN = "cannot be judged: no profile data"


def _signs(tables: Tables, plan: Mapping[str, str]) -> None:
    """Chance of each sign from its counts, q over all that can be judged, and the state that follows."""
    size = {row[0]: int(row[2]) for row in tables.rows("clusters")}
    of = {row[1]: row[0] for row in tables.rows("members")}
    bearers: dict[tuple[str, str], int] = {}
    for cluster, sign, actor in tables.rows("bearers"):
        if of.get(actor) != cluster:
            raise VerificationError(f"{actor} is said to bear a sign of a cluster that it is no member of.")
        bearers[cluster, sign] = bearers.get((cluster, sign), 0) + 1
    names: dict[str, list[tuple[str, ...]]] = {}
    judged: list[tuple[float, float, Mapping[str, int], str, str]] = []
    for row in tables.rows("signs"):
        one = dict(zip(EVIDENCE["signs"], row, strict=True))
        counts = {name: int(one[name]) for name in EVIDENCE["signs"][5:14]}
        who = f"Cluster {one['cluster']}, sign {one['sign']}"
        if counts["members"] != size.get(one["cluster"]) or counts["seen"] != bearers.pop((row[0], row[1]), 0):
            raise VerificationError(f"{who}: the counts are not those of the members and of who bears it.")
        if not all(counts[f"{side}seen"] <= counts[f"{side}of"] for side in ("", "others_", "audience_")) or (
                counts["of"] > counts["members"] or counts["audience_of"] > counts["others_of"]
                or counts["audience_seen"] > counts["others_seen"] or counts["chosen"] > 1 or counts["tries"] < 1):
            raise VerificationError(f"{who}: the counts contradict each other.")
        names.setdefault(one["cluster"], []).append((one["sign"], one["column"], one["profile"], one["open"]))
        p = _sign_p(counts)
        if (p is None) != (one["p"] == "") or (p is None) != (one["q"] == ""):
            raise VerificationError(f"{who}: it has a chance where none can be told, or none where one can.")
        if p is not None:
            _same(float(one["p"]), p, f"{who}: its chance")
            judged.append((p, float(one["q"]), counts, one["state"], who))
        elif one["state"] != "cannot be judged":
            raise VerificationError(f"{who}: too little is known, and it is given as {one['state']!r}.")
    if bearers or set(names) != set(size) or len({tuple(found) for found in names.values()}) > 1:
        raise VerificationError("Not every cluster was looked at for the same signs.")
    _sign_states(judged, float(plan["alpha"]))


def _sign_states(judged: Sequence[tuple[float, float, Mapping[str, int], str, str]], alpha: float) -> None:
    least = 1.0
    ordered = sorted(judged, key=lambda one: -one[0])
    for rank, (p, q, counts, state, who) in zip(range(len(ordered), 0, -1), ordered, strict=True):
        least = min(least, p * len(ordered) / rank)
        _same(q, least, f"{who}: its q")
        if state != ("seen" if q <= alpha and _large(counts) else "not seen"):
            raise VerificationError(f"{who}: it is given as {state!r}, and its counts give the other.")


def _sign_p(counts: Mapping[str, int]) -> float | None:
    """The worse of two comparisons, times the values that could have been chosen."""
    if counts["of"] < FEWEST_MEMBERS or 2 * counts["of"] < counts["members"] or counts["others_of"] < FEWEST_OTHERS:
        return None
    if counts["seen"] <= counts["chosen"]:
        return 1.0
    sides = [side for side in ("others", "audience") if counts[f"{side}_of"] >= FEWEST_OTHERS]
    return min(1.0, counts["tries"] * max(fourfold(counts["seen"] - counts["chosen"], counts["of"] - counts["chosen"],
                                                   counts[f"{side}_seen"], counts[f"{side}_of"]) for side in sides))


def fourfold(seen: int, of: int, others_seen: int, others_of: int) -> float:
    """P(at least `seen` of `of`), drawn without returning, where `seen + others_seen` of all bear the mark."""
    marked, bare = seen + others_seen, of - seen + others_of - others_seen

    def chosen(n: int, k: int) -> float:
        return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)

    ways = [math.exp(chosen(marked, k) + chosen(bare, of - k) - chosen(marked + bare, of))
            for k in range(seen, min(of, marked) + 1) if of - k <= bare]
    return min(1.0, math.fsum(ways))


def _large(counts: Mapping[str, int]) -> bool:
    """At least three members and half of those known, at odds nine times those of the others."""
    seen, lack = counts["seen"], counts["of"] - counts["seen"]
    for side in ("others", "audience"):
        theirs, without = counts[f"{side}_seen"], counts[f"{side}_of"] - counts[f"{side}_seen"]
        if counts[f"{side}_of"] >= FEWEST_OTHERS and (
                seen * without < ODDS * theirs * lack or seen * (theirs + without) <= theirs * (seen + lack)):
            return False
    return seen >= FEWEST_MEMBERS and seen >= lack


def _explanations(tables: Tables) -> None:
    names: dict[str, list[tuple[str, ...]]] = {row[0]: [] for row in tables.rows("clusters")}
    for row in tables.rows("explanations"):
        one = dict(zip(EVIDENCE["explanations"], row, strict=True))
        needs, speak, of, against, among = (int(one[name]) for name in (
            "needs", "for_seen", "for_of", "against_seen", "against_of"))
        if row[0] not in names or speak > of or against > among or not 50 <= needs <= 100:
            raise VerificationError(f"Cluster {row[0]}, {row[1]}: the counts contradict each other.")
        names[row[0]].append((one["explanation"], one["covers"], one["needs"]))
        right = "fits" if of and 100 * speak >= needs * of and 2 * against <= among else "does not fit"
        if one["fits"] != (right if of else "cannot be judged"):
            raise VerificationError(f"Cluster {row[0]}: {row[1]} is given as {one['fits']!r}, and its counts give "
                                    f"{right!r}.")
    if len({tuple(found) for found in names.values()}) > 1:
        raise VerificationError("Not every cluster was tested for the same explanations.")


def _verdicts(tables: Tables) -> None:
    """Words from the states of signs and explanations, and the same with each sign taken away."""
    told = {(row[0], row[1]): row[2] for row in tables.rows("without")}
    if {row[0] for row in tables.rows("verdicts")} != {row[0] for row in tables.rows("clusters")}:
        raise VerificationError("Not every cluster has a verdict, or one that is no cluster has.")
    for cluster, word, seen, unexplained, bounded_by, first in tables.rows("verdicts"):
        signs = [row for row in tables.where("signs", {"cluster": cluster})]
        fit = [row for row in tables.where("explanations", {"cluster": cluster}) if row[11] == "fits"]
        names = [row[1] for row in signs if row[16] == "seen"]
        right = (_verdict(signs, fit), ";".join(names), _verdict(signs, ()),
                 ";".join(row[1] for row in fit) if _verdict(signs, fit) != _verdict(signs, ()) else "",
                 min(((-len(row[2].split(";")), -Fraction(int(row[7]), int(row[8])), row[1]) for row in fit),
                     default=(0, 0, ""))[2])
        if (word, seen, unexplained, bounded_by, first) != right:
            raise VerificationError(f"The verdict on cluster {cluster} is given as {word[:40]!r} and its grounds; the "
                                    f"signs and explanations give {right[0]!r}.")
        for name in names:
            if told.pop((cluster, name), "") != _verdict([row for row in signs if row[1] != name], fit):
                raise VerificationError(f"Cluster {cluster}: what the verdict would be without {name} is wrong.")
    if told:
        raise VerificationError("A verdict is told without a sign that was not seen.")


def _verdict(signs: Sequence[Sequence[str]], fit: Sequence[Sequence[str]]) -> str:
    """Inauthentic: signs that no explanation which fits accounts for, on two columns, one of them of the profile and
    not shown to every reader; or on three, one of them of the profile."""
    covered = {column for row in fit for column in row[2].split(";")}
    left = [row for row in signs if row[16] == "seen" and row[2] not in covered]
    columns = len({row[2] for row in left})
    if (columns > 1 and any(row[3] == "yes" and row[17] == "no" for row in left)) or (
            columns > 2 and any(row[3] == "yes" for row in left)):
        return INAUTHENTIC
    known = any(row[3] == "yes" and row[2] not in ("account", "registry") and row[16] != "cannot be judged"
                for row in signs)
    return NOT_SHOWN if known else UNKNOWN


def _run(statement: Mapping, tables: Tables) -> None:
    copies = [(row[0], int(row[2])) for row in tables.rows("placebos")]
    edges = tables.rows("edges")
    first, last = (tables.cell("run", "value", {"key": key}) for key in ("first_post", "last_post"))
    standing, _ = derive.standing(copies, len(edges), number(tables.cell("plan", "value", {"key": "alpha"})),
                                  span=(first, last))
    if statement["standing"] != standing:
        raise VerificationError(f"The standing is given as {str(statement['standing'])[:40]!r}; the placebos give "
                                f"{standing!r}.")
    told = {"edges_outside": sum(not row[0] for row in edges),
            "placebo_cells": ";".join(sorted({cell for cell, _ in copies})),
            "resolution_s": max((int(row[6]) for row in tables.rows("inputs")), default=0)}
    for key, right in told.items():
        if tables.cell("run", "value", {"key": key}) != str(right):
            raise VerificationError(f"The run's {key} is not what the evidence gives.")


# ----------------------------------------------------------------------------------------- Ed25519, RFC 8032

_P25519 = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P25519 - 2, _P25519) % _P25519
_ROOT = pow(2, (_P25519 - 1) // 4, _P25519)  # a square root of −1

_Point = tuple[int, int, int, int]  # extended coordinates: x = X/Z, y = Y/Z, xy = T/Z


def ed25519_valid(public: bytes, message: bytes, signature: bytes) -> bool:
    """Is this the signature of that key over the message? Strict: s below the group order, canonical points, none of
    small order, and the equation without the cofactor. Source: RFC 8032 §5.1.7; on strictness Brendel et al. 2021.
    """
    if len(public) != 32 or len(signature) != 64:
        return False
    key, commitment = _point(public), _point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if key is None or commitment is None or s >= _ORDER or _small(key) or _small(commitment):
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % _ORDER
    return _equal(_times(s, _BASE), _add(commitment, _times(h, key)))


def _point(encoded: bytes) -> _Point | None:
    y = int.from_bytes(encoded, "little") & (1 << 255) - 1
    sign = encoded[31] >> 7
    if y >= _P25519:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, _P25519 - 2, _P25519) % _P25519
    x = pow(square, (_P25519 + 3) // 8, _P25519)
    if (x * x - square) % _P25519:
        x = x * _ROOT % _P25519
    if (x * x - square) % _P25519 or (x == 0 and sign):
        return None
    x = _P25519 - x if x & 1 != sign else x
    return x, y, 1, x * y % _P25519


def _add(p: _Point, q: _Point) -> _Point:
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % _P25519, (p[1] + p[0]) * (q[1] + q[0]) % _P25519
    c, d = 2 * p[3] * q[3] * _D % _P25519, 2 * p[2] * q[2] % _P25519
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P25519, g * h % _P25519, f * g % _P25519, e * h % _P25519


def _times(factor: int, point: _Point) -> _Point:
    total: _Point = (0, 1, 1, 0)
    while factor:
        if factor & 1:
            total = _add(total, point)
        point = _add(point, point)
        factor >>= 1
    return total


def _equal(p: _Point, q: _Point) -> bool:
    return (p[0] * q[2] - q[0] * p[2]) % _P25519 == 0 and (p[1] * q[2] - q[1] * p[2]) % _P25519 == 0


def _small(point: _Point) -> bool:
    """Of order 1, 2, 4 or 8: such a key signs anything."""
    return _equal(_times(8, point), (0, 1, 1, 0))


def _base() -> _Point:
    point = _point((4 * pow(5, _P25519 - 2, _P25519) % _P25519).to_bytes(32, "little"))
    if point is None:
        raise AssertionError("the base point of RFC 8032 lies on the curve")
    return point


_BASE = _base()
