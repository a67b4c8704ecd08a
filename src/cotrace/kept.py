"""How readings, and the answers of steps, lie in a case, and how they come back. It knows no step of the line.

A reading is kept under the digests of its files and how they were asked to be read; a step under a digest of all that
its answer depends on; a recipe says what a run was made from, so that a finding can be made again without any file.
"""

import functools
import hmac
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from . import digest, forgetting, ondisk, reading, tables
from .case import Case, Nowhere
from .errors import InputError
from .progress import Progress
from .records import Input, Reading, as_plain
from .software import software

Frames = dict[str, pl.DataFrame]
Make = Callable[[], tuple[Frames, object]]


def step(store: Case | Nowhere, name: str, of: object, make: Make) -> tuple[Frames, Any, str]:
    """A step's tables, its plain answer and the blob of both, from the case where they are there already."""
    def packed() -> bytes:
        return store.get(_put(store, *make()))

    raw = store.step(name, of, packed, functools.partial(_sound, store))
    said = json.loads(raw)
    return _frames(store, said), said["plain"], digest.sha256(raw)


def _put(store: Case | Nowhere, frames: Frames, plain: object) -> str:
    return store.put(digest.canonical({"frames": {key: put_table(store, frame) for key, frame in frames.items()},
                                       "plain": plain}))


def _frames(store: Case | Nowhere, said: dict) -> Frames:
    parts: dict[str, list[pl.DataFrame]] = {}
    for key, blob in sorted(said["frames"].items()):
        parts.setdefault(key.partition(".")[0], []).append(table(store, blob))  # posts may lie in several
    return {key: pl.concat(some) for key, some in parts.items()}


def put_frames(store: Case | Nowhere, frames: Frames) -> str:
    """Keep some tables by name."""
    return _put(store, frames, None)


def frames_of(store: Case | Nowhere, blob: str) -> Frames:
    """Tables that `put_frames` kept."""
    return _frames(store, json.loads(store.get(blob)))


def table(store: Case | Nowhere, blob: str) -> pl.DataFrame:
    """A table that `put_table` kept."""
    return pl.read_parquet(io.BytesIO(store.get(blob)))


def put_table(store: Case | Nowhere, frame: pl.DataFrame) -> str:
    """Keep a table; returns the name of its blob."""
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return store.put(buffer.getvalue())


def read(store: Case | Nowhere, posts: object, progress: Progress, *, held: int | None = None,
         **how) -> tuple[Reading, str]:
    """Files → POSTS, and the blob of both. How files were read is remembered; what the call says overrules that.

    Posts that lie in a case stay there (`ondisk.Kept`).

    Args:
        held: bytes of posts that are held at once while files are read into a case; None: what `reading` thinks fit.
    """
    blob, how = take(store, posts, progress, held=held, **how)
    return _lying(store, json.loads(store.get(blob)), said_how(how)), blob


def take(store: Case | Nowhere, posts: object, progress: Progress, *, held: int | None = None,
         **how) -> tuple[str, dict]:
    """Files into the store, in bounded memory; returns the blob of the reading, and how it was read."""
    reading.check_allowed(how["allow_rejects"])
    files = _files(posts)
    if not files or isinstance(store, Nowhere):  # tables and standard input have no name to remember them by
        anew = forgetting.scrub(reading.read(posts, progress=progress, **how), forgotten(store))
        return _put(store, *_apart(anew)), how
    if not store.facts:  # nothing is remembered of them: they are read and digested at once
        raw = _taken(store, files, progress, held, how)
        digests = sorted(one["sha256"] for one in json.loads(raw)["plain"]["inputs"])
    else:
        raw, digests = b"", sorted(digest.sha256_file(file) for file in files)
    choices = "reading " + " ".join(digests)
    how = {**how, **{key: how[key] or value for key, value in (store.recall(choices) or {}).items()}}
    of = {"files": digests, "names": [digest.encodable(Path(file).name) for file in files],
          "how": as_plain(said_how(how)), "software": as_plain(software())}
    kept = store.step("read", of, lambda: raw or _taken(store, files, progress, held, how, digests), functools.partial(
        _sound, store))
    store.remember(choices, {key: how[key] for key in ("columns", "zone", "platform")})  # what worked, and only that
    return digest.sha256(kept), how


def _taken(store: Case, files: list[str | Path], progress: Progress, held: int | None, how: dict,
           digests: list[str] | None = None) -> bytes:
    """What `_put` writes of a reading, whose posts never were in memory all at once."""
    gone = forgotten(store)
    parts: list[Path] = []
    with store.waiting() as folder:
        def keep(posts: pl.DataFrame) -> None:
            path = folder / f"posts.{len(parts):06d}"
            try:
                (forgetting.posts(posts, gone) if gone else posts).write_parquet(
                    path, compression="zstd", compression_level=1, statistics=False)
            except (OSError, pl.exceptions.PolarsError) as fault:
                raise InputError(f"Posts cannot be kept in {store.folder}: {str(fault).splitlines()[0][:200]}.\n"
                                 "Make room on that disk, or name a folder on another one with  --case DIR. Then run "
                                 "the same command again.") from None
            parts.append(path)

        read = reading.read_to(keep, files, folder=folder, held=held or reading.RUN, progress=progress, **how)
        found = sorted(entry.sha256 for entry in read.inputs)
        if digests is not None and found != digests:
            raise InputError("A file was changed between the moment it was looked at and the moment it was read.\n"
                             "Wait until it is written, or read a copy of it; then run the same command again. Nothing "
                             "of it was kept.")
        frames, plain = _apart(forgetting.scrub(read, gone))
        names = {path.name if len(parts) > 1 else "posts": store.put_file(path) for path in parts}
    frames.pop("posts")
    return digest.canonical({"frames": {**names, **{key: put_table(store, frame) for key, frame in frames.items()}},
                             "plain": plain})


def _sound(store: Case | Nowhere, raw: bytes) -> bool:
    return all(store.has(blob) for blob in json.loads(raw)["frames"].values())


def _files(posts: object) -> list[str | Path]:
    """The files that were named, where all that was given is files."""
    given = posts if isinstance(posts, Sequence) and not isinstance(posts, str) else [posts]
    files = [one for one in given if isinstance(one, str | Path) and str(one) != "-" and Path(one).is_file()]
    return files if len(files) == len(given) else []


def said_how(how: Mapping) -> tuple[tuple[str, str], ...]:
    """How files were asked to be read, for the dossier: columns, zone, platform, allow_rejects."""
    columns = ";".join(f"{ours}={theirs}".replace("%", "%25").replace(";", "%3B")
                       for ours, theirs in sorted((how["columns"] or {}).items()))
    return (("allow_rejects", digest.decimal(how["allow_rejects"])), ("columns", columns),
            ("platform", how["platform"] or ""), ("zone", how["zone"] or ""))


def _apart(read: Reading) -> tuple[Frames, object]:
    """A reading as the case keeps it: tables, and the rest."""
    return ({"posts": read.posts, "actors": read.actors, "rejects": read.rejects},
            {"inputs": as_plain(read.inputs), "counts": read.counts, "notes": list(read.notes)})


def put_reading(store: Case | Nowhere, read: Reading) -> str:
    """Keep a reading as it is; returns the name of its blob."""
    return _put(store, *_apart(read))


def _whole(frames: Frames, plain: dict, how: tuple[tuple[str, str], ...]) -> Reading:
    return Reading(frames["posts"], frames["actors"], _inputs(plain), frames["rejects"], plain["counts"],
                   tuple(plain["notes"]), how)


def _inputs(plain: dict) -> tuple[Input, ...]:
    return tuple(Input(**{**said, "mapping": tuple(map(tuple, said["mapping"]))}) for said in plain["inputs"])


def _lying(store: Case | Nowhere, said: dict, how: tuple[tuple[str, str], ...]) -> Reading:
    """A reading whose posts are left where they are, where that is a folder."""
    if isinstance(store, Nowhere):
        return _whole(_frames(store, said), said["plain"], how)
    posts = [store.file(blob) for key, blob in sorted(said["frames"].items()) if key.partition(".")[0] == "posts"]
    rest = _frames(store, {"frames": {key: blob for key, blob in said["frames"].items()
                                      if key.partition(".")[0] != "posts"}})
    plain = said["plain"]
    return ondisk.Kept(posts, rest["actors"], _inputs(plain), rest["rejects"], plain["counts"], tuple(plain["notes"]),
                       how)


def reading_of(store: Case, blob: str, how: tuple[tuple[str, str], ...] = ()) -> Reading:
    """The reading that `read` or `put_together` kept under this name."""
    said = json.loads(store.get(blob))
    if "shares" in said:
        return replace(reading.together([share_of(store, one) for one in said["shares"]], allow_rejects=1.0,
                                        compared=False), how=how)
    return _lying(store, said, how)


def scrubbed(store: Case, share: reading.Share) -> reading.Share:
    """What one file gave, without those who were forgotten."""
    gone, frames = forgotten(store), share.frames
    if not gone:
        return share
    return reading.Share({**frames, "posts": forgetting.posts(frames["posts"], gone),
                          "people": forgetting.actors(frames["people"], gone),
                          "rejects": forgetting.rejects(frames["rejects"], gone)},
                         {**share.plain, "name": gone.text(share.plain["name"])})


def put_share(store: Case, share: reading.Share) -> str:
    """Keep what one file gave."""
    return _put(store, share.frames, share.plain)


def share_of(store: Case, blob: str) -> reading.Share:
    """What one file gave."""
    said = json.loads(store.get(blob))
    return reading.Share(_frames(store, said), said["plain"])


def plain_of(store: Case, blob: str) -> dict:
    """What is known of one file beside its tables."""
    return json.loads(store.get(blob))["plain"]


def inputs_of(store: Case, blob: str) -> list[dict]:
    """name and sha256, among others, of the files of a reading."""
    said = json.loads(store.get(blob))
    return [plain_of(store, one) for one in said["shares"]] if "shares" in said else said["plain"]["inputs"]


def read_recipe(store: Case) -> dict:
    """What the newest run was made from, whichever version made it."""
    return json.loads(store.get(store.runs[-1]["recipe"]))


def columns_said(said: str) -> dict[str, str]:
    """What `said_how` wrote of the columns."""
    pairs = [pair.replace("%3B", ";").replace("%25", "%").split("=", 1) for pair in said.split(";") if pair]
    return {ours: theirs for ours, theirs in pairs}


def whole(store: Case, blob: str) -> bool:
    """Is everything that one file gave still here?"""
    return store.has(blob) and all(map(store.has, json.loads(store.get(blob))["frames"].values()))


def put_together(store: Case, shares: Sequence[str]) -> str:
    """Keep which files a reading is of; it is put together anew where it is needed, and lies here once."""
    return store.put(digest.canonical({"shares": sorted(shares)}))


def readings(store: Case) -> list[Reading]:
    """Every reading that a case holds, of this run and of others."""
    blobs = {fact["blob"] for fact in store.facts if fact["kind"] == "step" and fact["name"] == "read"}
    blobs |= {json.loads(store.get(fact["recipe"]))["reading"] for fact in store.runs if fact.get("recipe")}
    said = {blob: json.loads(store.get(blob)) for blob in sorted(blobs) if store.has(blob)}
    return [reading_of(store, blob) for blob, one in said.items()
            if (all(whole(store, share) for share in one["shares"]) if "shares" in one
                else all(map(store.has, one["frames"].values())))]


def posts_of(store: Case) -> pl.DataFrame:
    """The posts that the newest run of a case was made from: tables.POSTS; none where the case does not hold them."""
    blob = store.runs[-1].get("recipe") if store.runs else None
    if not blob:
        return tables.empty(tables.POSTS)
    return reading_of(store, json.loads(store.get(blob))["reading"]).posts


def recipe(store: Case, pseudonyms: bytes | None) -> dict:
    """What the newest run was made from.

    Raises:
        InputError: there is none that can be made again here: no run, another version, another key of pseudonyms.
    """
    if not store.runs or not store.runs[-1].get("recipe"):
        raise InputError(f"{store.folder} holds no finding that can be made again.\n"
                         f"Make one:  cotrace run POSTS --case {store.folder}")
    made_from = read_recipe(store)
    if made_from["software"] != as_plain(software()):
        raise InputError(f"The newest finding of {store.folder} was made by another version of cotrace or of its "
                         "libraries.\nRun the same files again; the decisions of the case are kept:  "
                         f"cotrace run POSTS --case {store.folder}")
    if made_from["pseudonyms"] != which_key(pseudonyms):
        raise InputError("Ids stand in this dossier as hashes under a key, and this is not that key.\n"
                         "Give it:  --pseudonyms KEYFILE" if made_from["pseudonyms"] else
                         "This dossier was made without pseudonyms.\nLeave --pseudonyms out, or run the files again "
                         "with it.")
    return made_from


def which_key(secret: bytes | None) -> str:
    """Tells two keys apart and does not tell the key."""
    return "" if secret is None else hmac.new(secret, b"which key of pseudonyms", "sha256").hexdigest()[:16]


def forgotten(store: Case | Nowhere) -> forgetting.Forgotten:
    """Whose posts may not be brought back into this case."""
    return forgetting.from_facts(store.secret() if store.forgotten else None, store.forgotten)
