"""Statement + posts → the same findings again? The last step of a verification, and the only one that computes.

It runs the straight line on the given posts with the plan of the dossier, and compares what comes out with what the
dossier says, byte for byte. It trusts nothing in the dossier but its questions: the plan, and how files are read.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from . import decisions, digest, kept, pipeline, plans, reading
from .errors import InputError, VerificationError
from .progress import Progress, quiet
from .records import Decision
from .software import software

FROM_REGISTRY = {"links", "grounds", "meetings", "registry", "posts", "run", "notes",  # need the registries as well:
                 "signs", "bearers", "verdicts", "without"}  # q counts whether a registry's sign could be judged


def replay(dossier: bytes, posts: object, *, registries: Sequence[str | Path] = (), progress: Progress = quiet,
           ) -> tuple[list[str], list[str]]:
    """Compute the finding again.

    Args:
        dossier: an archive that `verify` accepted.
        posts: the files it was made from, in any order.
        registries: the registries it was made with; without them what rests on them is not checked.

    Returns:
        Sentences: what was checked, and what was not.

    Raises:
        VerificationError: other files, or another finding; the message names the first table that differs.
        InputError: the files cannot be read.
    """
    files = digest.unarchive(dossier)
    statement: Any = digest.parse_canonical(files["statement.json"], "statement.json")
    rows = {name: _rows(files, name) for name in ("inputs", "run")}
    run = {row["key"]: row["value"] for row in rows["run"]}
    _same_files(rows["inputs"], posts)
    how: dict[str, Any] = {"columns": kept.columns_said(run["read_columns"]),
                           "zone": run["read_zone"] or None, "platform": run["read_platform"] or None,
                           "allow_rejects": float(run["read_allow_rejects"])}
    if run["forgotten"] != "0":
        return (["The posts are the files that the dossier names, byte for byte."],
                [f"The finding was not computed again: posts of {run['forgotten']} actor(s) were taken out before the "
                 "search, because they were to be forgotten, and these files may still hold them."])
    if run["pseudonyms"] == "yes":
        return (["The posts are the files that the dossier names, byte for byte."],
                ["The finding was not computed again: ids stand as keyed hashes, and the key is not here."])
    again = pipeline.run(posts, registries=registries, plan=plans.read_back(statement["plan"]), progress=progress,
                         decided=_decided(_rows(files, "decisions"), posts, how), **how)
    ours = digest.unarchive(again.dossier)
    whole = bool(registries) or run["registry_selectors"] == "0"
    for name in sorted(files):
        table = name.removeprefix("evidence/").removesuffix(".csv")
        if name.startswith("evidence/") and (whole or table not in FROM_REGISTRY) and ours[name] != files[name]:
            raise VerificationError(_differs(table, files[name], ours[name], statement))
    said = ["The posts are the files that the dossier names, byte for byte.",
            "The whole finding was computed again from them: every table of the evidence is the same."]
    if whole:
        return said, []
    said[1] = "Pairs, clusters, placebos and plantings were computed again from them, and are the same."
    return said, ["Links and second verdicts were not computed again: the registries are not here. "
                  "Give them with  --sources FILE."]


def _rows(files: Mapping[str, bytes], name: str) -> list[dict[str, str]]:
    header, rows = digest.parse_csv(files[f"evidence/{name}.csv"], name)
    return [dict(zip(header, row, strict=True)) for row in rows]


def _same_files(inputs: list[dict[str, str]], posts: object) -> None:
    given = posts if isinstance(posts, Sequence) and not isinstance(posts, str) else [posts]
    try:
        digests = {digest.sha256_file(str(path)): str(path) for path in given}
    except OSError as fault:
        raise InputError(f"{fault.filename} cannot be read: {fault.strerror}.") from None
    named = {row["sha256"]: row["name"] for row in inputs}
    if missing := sorted(name for sha256, name in named.items() if sha256 not in digests):
        raise VerificationError(f"These are not the posts of this dossier: no file given is {', '.join(missing)} as it "
                                f"names it (sha256 {next(s for s in named if s not in digests)[:16]}…).")
    if extra := sorted(path for sha256, path in digests.items() if sha256 not in named):
        raise VerificationError(f"These are not the posts of this dossier: it does not name {', '.join(extra)}.")


def _decided(rows: list[dict[str, str]], posts: Any, how: Mapping[str, Any]) -> tuple[Decision, ...]:
    """The decisions that the dossier tells, with the actors whom it gives as digests found among the posts."""
    if not any(row["actor"].startswith("sha256:") for row in rows):
        return decisions.told(rows, ())
    read = reading.read(posts, **how).posts
    return decisions.told(rows, {actor for name in ("account", "place") for actor in read[name].drop_nulls().unique()})


def _differs(table: str, theirs: bytes, ours: bytes, statement: Mapping[str, Any]) -> str:
    said = theirs.decode("utf-8").split("\n")
    computed = ours.decode("utf-8").split("\n")
    line = next((n for n, pair in enumerate(zip(said, computed, strict=False), 1) if pair[0] != pair[1]),
                min(len(said), len(computed)))
    versions = {one["name"]: one["version"] for one in statement["software"]}
    other = sorted(name for name, version in software() if versions.get(name) != version)
    why = (f"\nIt was computed with another version of {', '.join(other)}: install the versions that the dossier names "
           "before you conclude anything.") if other else ""
    return f"The finding does not come out of these posts: {table} differs in line {line}.{why}"
