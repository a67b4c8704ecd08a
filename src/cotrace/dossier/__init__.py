"""Findings → one canonical archive that a third party can check. It computes nothing new and decides nothing.

Evidence first, then sentences that see nothing but the evidence, then bytes. The same findings give the same bytes: no
clock, no machine, no order of rows. What may be named in it is decided in `_masking`, before anything is written.
"""

from collections.abc import Mapping

from .. import derive, digest, page, statement
from ..errors import VerificationError
from ..progress import Progress, quiet
from ..records import Findings, as_plain
from ..software import software
from . import _evidence, _sentences
from ._evidence import posts_of
from ._masking import pseudonym

__all__ = ["VISIBLE", "as_plain_plan", "build", "faces", "posts_of", "pseudonym", "root", "tell"]

VISIBLE = ("statement.html",)  # what a folder shows beside the archive


def build(findings: Findings, *, key: bytes | None = None, pseudonyms: bytes | None = None, progress: Progress = quiet,
          ) -> bytes:
    """The archive `dossier.zip`; its format is docs/dossier.md.

    Args:
        key: private Ed25519 key (PEM) to sign with; None: unsigned.
        pseudonyms: a secret; every id, name and handle becomes a keyed hash under it.

    Raises:
        InputError: `key` is not such a key.
        MissingPartError: a key is given and `cryptography` is not installed.
    """
    progress("dossier", 0, 3)
    rows, _ = _evidence.tables(findings, pseudonyms)
    told = tell(rows, plan=as_plain_plan(findings), versions=software())
    progress("dossier", 1, 3)
    files = {f"evidence/{name}.csv": digest.csv_bytes(columns, rows[name]) for name, columns in derive.EVIDENCE.items()}
    files["statement.json"] = statement.to_bytes(told)
    files |= faces(told, rows)
    progress("dossier", 2, 3)
    files["manifest.json"] = statement.manifest(files, root(told))
    if key is not None:
        files["signature.json"] = statement.sign(files["manifest.json"], key)
    progress("dossier", 3, 3)
    return digest.archive(files)


def as_plain_plan(findings: Findings) -> dict:
    """The plan as the statement carries it."""
    plain = findings.plan.as_plain()
    if not isinstance(plain, dict):
        raise TypeError("a plan is a mapping")
    return plain


def tell(rows: Mapping[str, list[list[str]]], *, plan: Mapping, versions: tuple[tuple[str, str], ...]) -> dict:
    """The statement of this evidence.

    Args:
        rows: by table, in the columns of `derive.EVIDENCE`.
        versions: (name, version) of the software that computed.
    """
    tables = derive.Tables({name: (columns, rows[name]) for name, columns in derive.EVIDENCE.items()})
    listed = []
    for name in sorted(derive.EVIDENCE):
        count, top = tables.root(name)
        listed.append({"file": name, "rows": count, "root": top})
    return {"format": statement.FORMAT, "title": derive.TITLE, "review": derive.review(tables),
            "standing": _sentences.standing(tables)[0], "plan": as_plain(dict(plan)),
            "plan_digest": digest.digest(as_plain(dict(plan))),
            "software": [{"name": name, "version": version} for name, version in versions],
            "evidence": listed, "sections": _sentences.sections(tables)}


def faces(told: Mapping, rows: Mapping[str, list[list[str]]]) -> dict[str, bytes]:
    """The statement as a page and as Markdown: both follow from the statement and the evidence."""
    evidence = {name: (list(columns), rows[name]) for name, columns in derive.EVIDENCE.items()}
    return {"statement.md": derive.markdown(told).encode("utf-8"),
            "statement.html": page.render(dict(told), evidence).encode("utf-8")}


def root(told: Mapping) -> str:
    """One Merkle root over the roots of all tables."""
    return digest.merkle(f"{row['file']} {row['root']}".encode() for row in told["evidence"])


def visible(packed: bytes) -> dict[str, bytes]:
    """What a folder shows: the archive, and beside it the page."""
    files = digest.unarchive(packed)
    return {"dossier.zip": packed, **{name: files[name] for name in VISIBLE}}


def differing(files: Mapping[str, bytes]) -> tuple[str, ...]:
    """What this version would have written otherwise from the same evidence, of a dossier that verifies.

    Sentences and the page are functions of the evidence: told again, they are the same. They can differ where another
    version wrote the dossier, or where somebody changed words and rebuilt the whole.
    """
    told = digest.parse_canonical(files["statement.json"], "statement.json")
    if not isinstance(told, dict):
        raise VerificationError("statement.json is not a statement.")
    rows = {name: digest.parse_csv(files[f"evidence/{name}.csv"], name)[1] for name in derive.EVIDENCE}
    versions = tuple((row["name"], row["version"]) for row in told["software"])
    again = tell(rows, plan=told["plan"], versions=versions)
    changed = ["the sentences of statement.json"] if again != told else []
    return (*changed, *(name for name, face in sorted(faces(told, rows).items()) if face != files[name]))


def other_versions(files: Mapping[str, bytes]) -> list[str]:
    """What of the software is here of another version than the dossier says that it was written with."""
    told = digest.parse_canonical(files["statement.json"], "statement.json")
    named = {one["name"]: one["version"] for one in told["software"]} if isinstance(told, dict) else {}
    ours = dict(software())
    return sorted(name for name in {*named, *ours} if named.get(name) != ours.get(name))


__all__ = ["build", "differing", "faces", "other_versions", "pseudonym", "root", "tell", "visible"]
