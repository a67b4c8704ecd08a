"""A world as files: what a platform would give out, a registry, labels, and the truth in a folder of its own."""

import io
import json
import os
import shutil
import tempfile
from pathlib import Path

import polars as pl

from ..errors import InputError
from ._worlds import World

README = """\
A simulated world: "{name}", seed {seed}. Everything in it is invented; nobody in it exists.

{posts}
{sources}labels.csv           account_id, label (operation, benign, ordinary), group: for `cotrace evaluate`
truth/pairs.csv      a, b, coordinated, group: every pair inside a group; a pair that is not there does not coordinate
truth/clusters.csv   group, what, coordinated, inauthentic, size, members: two verdicts, one row a group

{truth}

    cotrace run {files} --case case{registry}
    cotrace evaluate case --labels labels.csv --positive operation
"""

TRUTH = """\
The posts hold nothing of the truth. Fans and readers are not coordinated; volunteers, syndication and the labelled bots
are coordinated and not inauthentic; operations are both. Some names and texts are hostile on purpose (markup, formulas,
direction marks). A fifth of the texts of `copyists` has words replaced: `same_text` does not see those."""
ZOO = """\
The posts hold nothing of the truth. Coordinated is not inauthentic: truth/clusters.csv gives both verdicts. Some names
and texts are hostile on purpose (markup, formulas, direction marks)."""

KANAL = {"post": "message_id", "account": "author_id", "account_kind": "author_type", "account_name": "display_name",
         "account_handle": "username", "account_bio": "bio", "at": "published_at", "text": "message", "links": "urls",
         "tags": "hashtags", "lang": "language"}  # no two platforms name their columns alike


def write(world: World, out: str | Path) -> dict[str, Path]:
    """Write a world into a folder that is absent or empty; all of it appears at once, or nothing.

    Returns:
        posts_plaza, posts_kanal, sources, labels, pairs, clusters, readme → path; what a world lacks is not there.

    Raises:
        InputError: the folder holds something, is a file, or cannot be made there.
    """
    out = Path(out)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out} exists and is not an empty folder.\nName another one with  --out FOLDER")
    files = spelled(world)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    except OSError as fault:
        raise InputError(f"Nothing can be written at {out}: {fault.strerror}.\nName another folder with  --out FOLDER"
                         ) from None
    try:
        for name, raw in files.items():
            place = made / name
            place.parent.mkdir(exist_ok=True)
            place.write_bytes(raw)
        made.chmod(0o755)
        os.replace(made, out)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return {Path(name).stem.replace("-", "_").lower(): out / name for name in files}


def written(world: World, out: str | Path) -> bool:
    """Whether a folder holds exactly the files of this world, byte for byte."""
    out = Path(out)
    there = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    files = spelled(world)
    return there == files.keys() and all((out / name).read_bytes() == raw for name, raw in files.items())


def spelled(world: World) -> dict[str, bytes]:
    """The files of a world, by their names; the same world has the same bytes."""
    files: dict[str, bytes] = {}
    unseen = [name for name in ("account_avatar", "client") if not world.posts[name].count()]  # older worlds
    plaza = world.posts.drop(unseen).filter(pl.col("platform") == "plaza")
    lists = [pl.col(name).list.join(" ") for name in ("links", "tags")]
    files["posts-plaza.csv"] = _csv(plaza.with_columns(lists))
    kanal = world.posts.filter(pl.col("platform") == "kanal")
    files["posts-kanal.jsonl"] = _jsonl(kanal)
    files = {name: raw for name, raw in files.items() if raw}  # where nobody posted there is no file
    posts = list(files)
    if world.sources.height:
        files["sources.csv"] = _csv(world.sources)
    files["labels.csv"] = _csv(world.labels)
    files["truth/pairs.csv"] = _csv(world.pairs)
    files["truth/clusters.csv"] = _csv(world.clusters)
    told = {"posts-plaza.csv": "accounts and pages of the platform plaza, some posts in its groups",
            "posts-kanal.jsonl": "channels of the platform kanal, in another shape"}
    registry = "sources.csv          a registry of previously identified sources, by bodies that do not exist\n"
    files["README.txt"] = README.format(
        name=world.name, seed=world.seed, truth=TRUTH if unseen else ZOO,
        posts="\n".join(f"{name:<20} {told[name]}" for name in posts),
        sources=registry if world.sources.height else "", files=" ".join(posts),
        registry=" --sources sources.csv" if world.sources.height else "").encode()
    return files


def _csv(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_csv(buffer)
    return buffer.getvalue()


def _jsonl(frame: pl.DataFrame) -> bytes:
    """Channels forward and answer; what is not there has no key."""
    lines = []
    for row in frame.drop("place", "place_kind", "place_name", "of_at", "of_account", "account_site").to_dicts():
        of, kind = row.pop("of"), row.pop("kind")
        record = {KANAL.get(name, name): cell for name, cell in row.items() if cell is not None}
        if of is not None:
            record["fwd_from_message_id" if kind == "share" else "reply_to_id"] = of
        lines.append(json.dumps(record, ensure_ascii=False))
    return "".join(line + "\n" for line in lines).encode()
