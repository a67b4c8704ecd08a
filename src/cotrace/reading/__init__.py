"""Files of posts → one table of posts, with everything that was left out counted and placed.

The order is: open all files, settle which column is which and in which zone every time is, and only then read; so
that a question that the files leave open is asked once, before any work. What this file refuses: to guess a zone, to
choose between two versions of one post, and to go on when more than a twentieth of the records cannot be read.
"""

import contextlib
import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from .. import digest, normalise, readers
from ..errors import InputError
from ..progress import Progress, quiet
from ..records import Input, Reading
from ..tables import ACTORS, POSTS, REJECTS, conform, empty
from ._forecast import forecast as forecast
from ._settle import Settling, Tally, settled
from ._shelf import RUN, Shelf
from ._stream import NEEDED, Asked, File, mapped, stream

ALLOWED = 0.05        # share of records that may be wrong; beyond it the file is another thing than it was taken for
_AS_UTF_8 = "Save it as UTF-8, for example with  iconv -f WINDOWS-1252 -t UTF-8 FILE > NEWFILE"
TWINS, TWINS_SHARE = 3, 0.05  # accounts whose id is another's handle: fewer may be chance, or somebody's joke
ALL_COLUMNS = 4000    # characters of a list of columns: the widest exports of platforms have some 200 columns
ANY_FILE = "unknown"  # platform of posts whose file and caller name none


@dataclass(frozen=True)
class Seen:
    """What `inspect` says about one file."""

    name: str
    sha256: str
    bytes: int
    format: str                              # container and layout
    publisher: str
    mapping: tuple[tuple[str, str], ...]     # (ours, theirs)
    not_read: tuple[str, ...]                # columns that nothing reads
    zone: str
    resolution_s: int
    records: int
    posts: int
    first: str | None                        # time of the earliest post, ISO 8601
    last: str | None
    actors: dict[str, int]                   # distinct accounts, pages, groups, channels that act
    languages: dict[str, int]                # posts; "unknown" where the file names none
    samples: tuple[dict[str, str], ...]      # three posts, texts shortened


@dataclass(frozen=True)
class Inspection:
    """What would be read."""

    files: tuple[Seen, ...]
    counts: dict[str, int]
    problems: tuple[tuple[str, str], ...]    # (place, what is wrong)
    notes: tuple[str, ...]


def read(posts: object, *, columns: Mapping[str, str] | None = None, zone: str | None = None,
         platform: str | None = None, allow_rejects: float = ALLOWED, progress: Progress = quiet) -> Reading:
    """Read files or tables of posts.

    Args:
        posts: a path, `-` (standard input), a polars, pandas or Arrow table, or a list of these.
        columns: ours → theirs, overruling the guess; `normalise.ROWS` lists ours; "" reads none.
        zone: of zoneless times in files whose publisher documents none: "UTC", "Europe/Kyiv", "+03:00".
        platform: of posts whose file names none.
        allow_rejects: share of records that may be wrong, 0–1.

    Returns:
        Posts sorted by (at, post), unknown times last; one row a post. The same posts in any order of rows and split
        of files give the same table apart from receipts.

    Raises:
        InputError: a file is not what it has to be; the message says what was found and what to do.
        MissingPartError: a file needs an extra.
    """
    parts = [empty(POSTS)]
    reading = read_to(parts.append, posts, columns=columns, zone=zone, platform=platform, allow_rejects=allow_rejects,
                      progress=progress)
    return replace(reading, posts=pl.concat(parts, rechunk=True))


def read_to(keep: Callable[[pl.DataFrame], None], posts: object, *, columns: Mapping[str, str] | None = None,
            zone: str | None = None, platform: str | None = None, allow_rejects: float = ALLOWED,
            folder: Path | None = None, held: int = RUN, progress: Progress = quiet) -> Reading:
    """The same in bounded memory: the posts are handed to `keep`, a stretch of time after the other.

    Args:
        folder: an empty one for posts that wait for others; None: all are held in memory.
        held: bytes of posts that are held before they are put there; about six times that is in use at the most.

    Returns:
        The reading without its posts. What `keep` got counts only if this returns.
    """
    check_allowed(allow_rejects)
    asked, sources = _asked(posts, columns or {}, zone, platform)
    with contextlib.closing(Shelf(folder, held)) as shelf:
        return _read_to(keep, asked, sources, allow_rejects, shelf, progress)


def _read_to(keep: Callable[[pl.DataFrame], None], asked: Asked, sources: Sequence[readers.Source],
             allow_rejects: float, shelf: Shelf, progress: Progress) -> Reading:
    files = []
    for number, source in enumerate(sources):
        progress("reading files", number, len(sources))
        files.append(stream(source, asked, shelf, number))
    progress("reading files", len(sources), len(sources))
    _refuse_open_questions(files, asked.columns)
    if faults := [file.fault for file in files if file.fault is not None]:
        raise faults[0]
    resolutions = _together([(file.layout.name, file.zone, tuple(sorted(file.mapping.items()))) for file in files],
                            [file.clock for file in files])
    progress("settling posts", 0, len(files))
    settling, actors = settled(files, shelf, resolutions, lambda found: _refuse_too_many(
        _so_far(found), allow_rejects), keep)
    progress("settling posts", len(files), len(files))
    _refuse_nobody(settling.tally)
    refuse_two_spellings(actors)
    found, tally = _so_far(settling), settling.tally
    counts = {**found.counts, "posts": tally.posts, "without_time": tally.without_time,
              "without_account": tally.without_account}
    inputs = tuple(_entry(file, file.container, file.records, file.posts, resolution)
                   for file, resolution in zip(files, resolutions, strict=True))
    return replace(found, actors=actors, inputs=inputs, counts=counts, notes=_notes(files, counts, resolutions))


def _so_far(settling: Settling) -> Reading:
    """What is known before the posts are gone through: rejects, and whether anything is left beside them."""
    rejects, conflicting = settling.rejects(), settling.conflicting.height
    records = sum(file.records for file in settling.files)
    counts = {"records": records, "posts": sum(file.posts for file in settling.files) - settling.contested,
              "rejected": rejects.height - conflicting, "duplicates": settling.tally.duplicates,
              "conflicting": conflicting, "gathered": settling.tally.gathered, "without_time": 0, "without_account": 0}
    return Reading(empty(POSTS), empty(ACTORS), (), rejects, counts)


def inspect(posts: object, *, columns: Mapping[str, str] | None = None, zone: str | None = None,
            platform: str | None = None, allow_rejects: float = ALLOWED, progress: Progress = quiet) -> Inspection:
    """Say what `read` would read, and every problem with its place. Arguments and errors as `read`."""
    opened = _open(posts, columns or {}, zone, platform, progress)
    reading, normals = _settle(opened, progress)
    problems = [(_place(row), f"{row['reason']}: {clean(row['found'])}" if row["found"] else row["reason"])
                for row in reading.rejects.iter_rows(named=True)]
    for check in (lambda: _refuse_too_many(reading, allow_rejects), lambda: refuse_nothing_to_compare(reading)):
        try:
            check()
        except InputError as fault:
            problems.append(("all files", str(fault).splitlines()[0].rstrip(":")))
    files = tuple(_seen(file, normal, entry) for file, normal, entry
                  in zip(opened, normals, reading.inputs, strict=True))
    return Inspection(files, reading.counts, tuple(problems), reading.notes)


def check_allowed(allow_rejects: float) -> None:
    """Refuse a share of records that is none.

    Raises:
        InputError: not from 0 to 1.
    """
    if not 0 <= allow_rejects <= 1:
        raise InputError(f"The share of records that may be wrong is a number from 0 to 1; found {allow_rejects}.\n"
                         "For a tenth:  --allow-rejects 0.10")


# ------------------------------------------------------------------------------- files that do not come all at once

@dataclass(frozen=True)
class Share:
    """What one file gives before files are put together: the same whichever others stand beside it.

    frames: posts (tables.POSTS, as the file has them), people (`normalise.Normal`), rejects (tables.REJECTS), lines
    (record, line). plain: the rest, as canonical JSON can carry it.
    """

    frames: dict[str, pl.DataFrame]
    plain: dict[str, Any]


def apart(posts: object, *, columns: Mapping[str, str] | None = None, zone: str | None = None,
          platform: str | None = None, elsewhere: Collection[str] = (), progress: Progress = quiet) -> list[Share]:
    """Read files to be put together later, with others, by `together`. Arguments and errors as `read`.

    Args:
        elsewhere: of `columns`, those of theirs that a file read before has: one that no file here has is no mistake.
    """
    files = _open(posts, columns or {}, zone, platform, progress, elsewhere)
    shares = []
    for file, normal in zip(files, _normals(files, progress), strict=True):
        faults = [(file.source.name, one.number, one.line, one.fault, one.found) for one in file.raw.faults]
        wrong = pl.concat([pl.DataFrame(faults, schema=REJECTS, orient="row"),
                           _placed(normal.rejects, {file.sha256: file.source.name})])
        frames = {"posts": normal.posts, "people": normal.people, "rejects": wrong,
                  "lines": file.rows.select("record", "line")}
        shares.append(Share(frames, {
            "name": file.source.name, "sha256": file.sha256, "bytes": file.source.size, "records": file.raw.records,
            "container": file.raw.container, "layout": file.layout.name, "told": file.layout.dates is not None,
            "mapping": [list(pair) for pair in file.mapping.items()], "zone": file.zone, "zone_said": file.zone_said,
            "dates": file.dates, "gathers": "gather" in file.rows.columns,
            "columns": sorted({theirs for theirs in (columns or {}).values() if theirs in file.raw.columns})}))
    return shares


def together(shares: Sequence[Share], *, allow_rejects: float = ALLOWED, compared: bool = True,
             progress: Progress = quiet) -> Reading:
    """What `read` gives for the files of these shares, byte for byte.

    Args:
        compared: whether it is refused where nothing can be compared yet.
    """
    files, normals = [], []
    for share in shares:
        frames, said = share.frames, share.plain
        number = pl.col("record").cast(pl.String)
        receipts = pl.lit(digest.receipt(said["sha256"], 0).removesuffix("0"))
        rows = frames["lines"].with_columns(gather=True) if said["gathers"] else frames["lines"]
        layout = readers.Layout(said["layout"], {}, None, None, "told" if said["told"] else None, None)
        files.append(_File(_Was(said["name"], was=said["bytes"]), said["sha256"],
                           _WasRaw(rows, container=said["container"], was=said["records"]), layout,
                           {ours: theirs for ours, theirs in said["mapping"]}, rows, said["zone"], said["zone_said"],
                           said["dates"], None))
        normals.append(normalise.Normal(frames["posts"], frames["people"], frames["rejects"].select(
            "line", "reason", "found", receipt=receipts + number).select("receipt", "line", "reason", "found")))
    reading = _joined(files, normals, progress)
    _refuse_too_many(reading, allow_rejects)
    if compared:
        refuse_nothing_to_compare(reading)
    return reading


@dataclass(frozen=True)
class _Was(readers.Source):
    """A file that was read before and need not be there any more."""

    was: int = 0                       # bytes

    @property
    def size(self) -> int:
        return self.was


@dataclass
class _WasRaw(readers.Raw):
    """Its records, all of them, the wrong ones too."""

    was: int = 0

    @property
    def records(self) -> int:
        return self.was


# ----------------------------------------------------------------------------------------------- opening

@dataclass
class _File:
    source: readers.Source
    sha256: str
    raw: readers.Raw
    layout: readers.Layout
    mapping: dict[str, str]
    rows: pl.DataFrame                 # in our names
    zone: str | None
    zone_said: str
    dates: str | None
    platform: str | None

    @property
    def columns(self) -> list[str]:
        return self.raw.columns

    @property
    def first_fault(self) -> tuple[str, int | None]:
        """Why the first record that cannot be read cannot, and its line."""
        one = self.raw.faults[0]
        return str(one.fault), one.line

    @property
    def one_object(self) -> bool:
        return self.raw.container == "jsonl" and self.raw.records == 1

    @property
    def there(self) -> set[str]:
        return set(self.rows.columns)

    @property
    def zoneless(self) -> list[str]:
        return normalise.zoneless(self.rows["at"])


def _open(posts: object, columns: Mapping[str, str], zone: str | None, platform: str | None,
          progress: Progress, elsewhere: Collection[str] = ()) -> list[_File]:
    _, sources = _asked(posts, columns, zone, platform)
    files = []
    for done, source in enumerate(sources):
        progress("reading files", done, len(sources))
        files.append(_opened(source, columns, zone, platform))
    progress("reading files", len(sources), len(sources))
    _refuse_open_questions(files, columns, elsewhere)
    return files


def _asked(posts: object, columns: Mapping[str, str], zone: str | None,
           platform: str | None) -> tuple[Asked, list[readers.Source]]:
    """What the caller says, checked; and the files."""
    normalise.check_zone(zone)
    normalise.platform_name(platform)
    several = isinstance(posts, Sequence) and not isinstance(posts, str | bytes)
    given = list(posts) if several else [posts]  # type: ignore[call-overload]
    if not given:
        raise InputError("No file of posts was named.\nName at least one:  cotrace run POSTS...")
    foreign = sorted(set(columns) - set(normalise.ROWS))
    if foreign:
        raise InputError(f"A post has no column {', '.join(foreign)}.\nIt can have: {', '.join(normalise.ROWS)}.\n"
                         "Map with  --column OURS=THEIRS, for example  --column post=tweet_id")
    return Asked(columns, zone, platform), [readers.source(one) for one in given]


def _refuse_open_questions(files: Sequence["_File | File"], columns: Mapping[str, str],
                           elsewhere: Collection[str] = ()) -> None:
    for ours, theirs in columns.items():
        if theirs and theirs not in elsewhere and not any(theirs in file.columns for file in files):
            raise InputError(f"No file has a column {theirs!r} to be {ours}.\n{_columns_of(files)}\n"
                             f"Name one of these:  --column {ours}=THEIRS")
    _refuse_missing(files)
    _refuse_zoneless(files)
    _refuse_same_file(files)


def _opened(source: readers.Source, columns: Mapping[str, str], zone: str | None, platform: str | None) -> _File:
    raw = readers.read(source)
    layout = readers.layout_of(raw.columns)
    mapping = mapped(tuple(raw.columns), layout, columns)
    rows = raw.frame.select(
        *(pl.col(theirs).alias(ours) for ours, theirs in mapping.items()),
        pl.col(readers.LINE).alias("line"), pl.col(readers.RECORD).alias("record"))
    if layout.finish is not None:
        rows = layout.finish(rows, mapping)
    at = rows["at"] if "at" in rows.columns else pl.Series("at", [], dtype=pl.String)
    zone_used, said = _zone(at, layout, mapping, zone)
    dates = layout.dates or normalise.date_order(at)
    return _File(source, source.sha256(), raw, layout, mapping, rows, zone_used, said, dates,
                 layout.platform or platform)


def _zone(at: pl.Series, layout: readers.Layout, mapping: Mapping[str, str],
          given: str | None) -> tuple[str | None, str]:
    """The zone that zoneless times are read in, and a sentence about whose word that is."""
    own_time = mapping.get("at") == layout.mapping.get("at")
    if layout.zone is not None and own_time:
        return layout.zone[0], f"{layout.zone[0]} ({layout.zone[1]})"
    if normalise.zoneless(at):
        return given, f"{given} (says --zone)" if given else "unknown"
    if at.dtype == pl.String and at.drop_nulls().head(1).str.contains(r"^\s*\d{9,19}(\.\d+)?\s*$").any():
        return given, "UTC (counted since 1970)"
    return given, "UTC (counted since 1970)" if at.dtype.is_numeric() else "UTC (every time stands with its zone)"


def _columns_of(files: Sequence["_File | File"]) -> str:
    return "\n".join(f"{file.source.name} has: {clean(', '.join(file.columns), ALL_COLUMNS)}." for file in files)


def _refuse_missing(files: Sequence["_File | File"]) -> None:
    for file in files:
        for needed, names in NEEDED.items():
            if not file.columns:
                reason, line = file.first_fault
                raise InputError(f"Not one record of {file.source.name} can be read; the first: {reason}"
                                 f"{'' if line is None else f', line {line}'}.\n{_mend(reason)}")
            if not names & file.there:
                inside = ("\nIt is one JSON object. If the posts are a list inside it, take them out:  "
                          "jq -c '.NAME[]' FILE > posts.jsonl" if file.one_object else "")
                raise InputError(
                    f"{file.source.name} has no column that is {needed} ({normalise.ROWS[needed]}).\n"
                    f"{_columns_of([file])}\nName it with  --column {needed}=THEIRS{inside}")


def _mend(reason: str) -> str:
    """What to do about a file of which no record can be read."""
    if reason == readers.UNDECODABLE:
        return _AS_UTF_8
    return "JSON Lines has one object a line; look at the first lines, and export it again."


def _refuse_zoneless(files: Sequence["_File | File"]) -> None:
    asked = []
    for file in files:
        if file.zone is None and file.zoneless:
            values = " and ".join(map(repr, file.zoneless))
            asked.append(f"{file.source.name}, column {file.mapping['at']!r}: {values}")
    if asked:
        raise InputError("These times do not say in which zone they are:\n  " + "\n  ".join(asked) + "\n"
                         "An hour of error makes strangers meet. Say the zone:  --zone UTC  (or Europe/Kyiv, +03:00)")


def _refuse_same_file(files: Sequence["_File | File"]) -> None:
    seen: dict[str, str] = {}
    for file in files:
        if file.sha256 in seen:
            raise InputError(f"{file.source.name} is the same file as {seen[file.sha256]}, byte for byte.\n"
                             "Name it once.")
        seen[file.sha256] = file.source.name


# ---------------------------------------------------------------------------------------------- settling

def _settle(files: list[_File], progress: Progress) -> tuple[Reading, list[normalise.Normal]]:
    normals = _normals(files, progress)
    return _joined(files, normals, progress), normals


def _normals(files: list[_File], progress: Progress) -> list[normalise.Normal]:
    normals = []
    for done, file in enumerate(files):
        progress("settling posts", done, len(files))
        rows = file.rows.with_columns(receipt=_receipt(file))
        normals.append(normalise.normalise(rows, zone=file.zone, platform=file.platform, dates=file.dates))
    return normals


def _joined(files: list[_File], normals: list[normalise.Normal], progress: Progress) -> Reading:
    """Files that were read apart, as one reading; in which order they stand makes no difference."""
    resolutions = _resolutions(files, normals)
    posts = pl.concat([normal.posts.with_columns(at_resolution=pl.lit(found, pl.Int32))
                       for normal, found in zip(normals, resolutions, strict=True)])
    gathered = [file.layout.name for file in files if "gather" in file.rows.columns]
    if gathered:
        posts = _gather(posts)
    kept, duplicates, conflicting = _unique(posts)
    people = pl.concat([normal.people for normal in normals])
    actors = _actors(people.join(conflicting.select("post"), on="post", how="anti"))
    progress("settling posts", len(files), len(files))
    rejects = _rejects(files, normals, conflicting)
    inputs = tuple(_input(file, normal, found) for file, normal, found in zip(files, normals, resolutions, strict=True))
    counts = {
        "records": sum(file.raw.records for file in files), "posts": kept.height,
        "rejected": rejects.height - conflicting.height, "duplicates": duplicates, "conflicting": conflicting.height,
        "gathered": sum(normal.posts.height for normal in normals) - posts.height,
        "without_time": kept["at"].null_count(),
        "without_account": kept.filter(pl.col("account").is_null() & pl.col("place").is_null()).height,
    }
    return Reading(kept, actors, inputs, rejects, counts, _notes(files, counts, resolutions))


def _receipt(file: _File) -> pl.Expr:
    return pl.lit(digest.receipt(file.sha256, 0).removesuffix("0")) + pl.col("record").cast(pl.String)


def _resolutions(files: list[_File], normals: list[normalise.Normal]) -> list[int]:
    clocks = [normalise.Clock() for _ in files]
    for clock, normal in zip(clocks, normals, strict=True):
        clock.see(normal.posts["at"])
    return _together([(file.layout.name, file.zone, tuple(sorted(file.mapping.items()))) for file in files], clocks)


def _together(kinds: list[tuple], clocks: list[normalise.Clock]) -> list[int]:
    """s, of each file. One with too few times to tell takes that of the files like it, or of them all together."""
    found = [clock.resolution() for clock in clocks]
    alike: dict[tuple, list[int]] = {}
    for at, kind in enumerate(kinds):
        alike.setdefault(kind, []).append(at)
    for group in alike.values():
        told = [resolution for at in group if (resolution := found[at]) is not None]
        pooled = max(told) if told else normalise.Clock.of([clocks[at] for at in group]).resolution()
        for at in group:
            found[at] = found[at] or pooled or 1
    return [resolution or 1 for resolution in found]


_CONTENT = [name for name in POSTS if name not in ("receipt", "at_resolution")]


def _gather(posts: pl.DataFrame) -> pl.DataFrame:
    """Rows of one post that differ in their links alone become one post with all of them; its first receipt stays."""
    same = [name for name in _CONTENT if name != "links"]
    twice = posts.filter(pl.col("post").is_duplicated())
    if twice.is_empty():
        return posts
    key = pl.struct(same).struct.json_encode().alias("_key")
    ordered = _by_receipt(twice).with_columns(key)
    links = ordered.explode("links").group_by("_key").agg(pl.col("links").drop_nulls().unique().sort())
    first = ordered.unique("_key", keep="first", maintain_order=True).drop("links").join(links, on="_key", how="left")
    return pl.concat([posts.filter(~pl.col("post").is_duplicated()), first.select(posts.columns)])


def _by_receipt(posts: pl.DataFrame) -> pl.DataFrame:
    number = pl.col("receipt").str.extract(r"#(\d+)$", 1).cast(pl.Int64)
    return posts.sort("post", pl.col("receipt").str.extract(r"^([^#]*)", 1), number, maintain_order=True)


def _unique(posts: pl.DataFrame) -> tuple[pl.DataFrame, int, pl.DataFrame]:
    """(one row a post sorted by time, identical records dropped, posts that exist in several versions: all of them)."""
    twice = posts["post"].is_duplicated()
    once, again = posts.filter(~twice), _by_receipt(posts.filter(twice))
    again = again.with_columns(pl.struct(_CONTENT).struct.json_encode().alias("_content"))
    versions = again.group_by("post").agg(versions=pl.col("_content").n_unique())
    again = again.join(versions, on="post", how="left", maintain_order="left")
    identical = again.filter(pl.col("versions") == 1)
    first = identical.unique("post", keep="first", maintain_order=True)
    kept = pl.concat([once, first.select(once.columns)]).sort("at", "post", nulls_last=True)
    return kept, identical.height - first.height, again.filter(pl.col("versions") > 1).select(posts.columns)


def _actors(people: pl.DataFrame) -> pl.DataFrame:
    said = ["actor", "platform", "kind", "id", "handle", "name", "created", "bio", "avatar", "site"]
    of = pl.col("receipt").str.split_exact("#", 1).struct.rename_fields(["_file", "_number"]).alias("_of")
    ordered = people.with_columns(of).unnest("_of").with_columns(pl.col("_number").cast(pl.Int64))
    # the smallest receipt, by file and then by number: a struct compares by its first field first
    grouped = ordered.group_by(said).agg(
        seen_from=pl.col("at").min(), seen_to=pl.col("at").max(),
        receipt=pl.col("receipt").sort_by("_file", "_number").first())
    return conform(grouped, ACTORS, "the actors").sort([*said[:1], "seen_from", *said[1:]], nulls_last=True)


def _rejects(files: list[_File], normals: list[normalise.Normal], conflicting: pl.DataFrame) -> pl.DataFrame:
    names = {file.sha256: file.source.name for file in files}
    tables = [empty(REJECTS)]
    for file, normal in zip(files, normals, strict=True):
        faults = file.raw.faults
        tables.append(pl.DataFrame({
            "file": [file.source.name] * len(faults), "record": [fault.number for fault in faults],
            "line": [fault.line for fault in faults], "reason": [fault.fault for fault in faults],
            "found": [fault.found for fault in faults]}, schema=REJECTS))
        tables.append(_placed(normal.rejects, names))
    if conflicting.height:
        lines = pl.concat([file.rows.select("line", receipt=_receipt(file)) for file in files])
        found = conflicting.join(lines, on="receipt", how="left").select(
            "receipt", "line", reason=pl.lit(normalise.CONFLICT), found=pl.col("post").str.slice(0, 80))
        tables.append(_placed(found, names))
    return pl.concat(tables).sort("file", "record", "reason", nulls_last=True)


def _placed(rejects: pl.DataFrame, names: Mapping[str, str]) -> pl.DataFrame:
    sha, number = (pl.col("receipt").str.extract(pattern, 1) for pattern in (r"^sha256:([^#]*)#", r"#(\d+)$"))
    return rejects.select(file=sha.replace(dict(names)), record=number.cast(pl.Int64), line=pl.col("line"),
                          reason=pl.col("reason"), found=pl.col("found"))


def _input(file: _File, normal: normalise.Normal, resolution: int) -> Input:
    return _entry(file, file.raw.container, file.raw.records, normal.posts.height, resolution)


def _entry(file: "_File | File", name: str, records: int, posts: int, resolution: int) -> Input:
    if file.layout.name != readers.LAST_RESORT:
        name = f"{name}, {file.layout.name}"
    return Input(file.source.name, file.sha256, file.source.size, name, tuple(sorted(file.mapping.items())),
                 file.zone_said, resolution, records, posts)


def _notes(files: Sequence["_File | File"], counts: Mapping[str, int], resolutions: list[int]) -> tuple[str, ...]:
    """Sentences for the report, in a fixed order."""
    notes = []
    if counts["duplicates"]:
        notes.append("Identical second records of a post were dropped.")
    if counts["conflicting"]:
        notes.append("Posts that stand in several versions were kept out, all versions.")
    if counts["without_time"]:
        notes.append("Posts without a time cannot act; they were kept.")
    if counts["without_account"]:
        notes.append("Posts without an account and without a place cannot act; they were kept.")
    if len(set(resolutions)) > 1:
        notes.append("Files differ in the resolution of their times; the coarsest counts for all.")
    if any(file.layout.dates is None and file.dates for file in files):
        notes.append("Whether the day or the month stands first was told by dates that leave no choice.")
    return tuple(notes)


# --------------------------------------------------------------------------------------------- refusals

def _refuse_too_many(reading: Reading, allowed: float) -> None:
    records = reading.counts["records"]
    wrong = reading.rejects.height
    if reading.counts["posts"] and wrong <= allowed * records:
        return
    reasons = Counter(reading.rejects["reason"].to_list())
    ranked = sorted(reasons.items(), key=lambda one: (-one[1], one[0]))
    counted = "\n".join(f"  {number:>8,}  {reason}" for reason, number in ranked)
    first = reading.rejects.head(1).to_dicts()
    example = f"The first: {_place(first[0])}.\n" if first else ""
    look = "Look at the mapping with  cotrace inspect FILE"
    if readers.UNDECODABLE in reasons:
        look += f"\n{_AS_UTF_8}"
    if normalise.CONFLICT in reasons:
        look += "\nIf another column holds the ids of posts, name it:  --column post=THEIRS"
    if not reading.counts["posts"]:
        raise InputError(f"None of {records:,} records is a post that can be read:\n{counted}\n{example}{look}")
    raise InputError(f"{wrong:,} of {records:,} records are wrong, more than {100 * allowed:.3g} %:\n{counted}\n"
                     f"{example}{look}\nOr accept it, and say so in the report, with  "
                     f"--allow-rejects {min(1.0, wrong / records + 0.01):.2f}")


def refuse_nothing_to_compare(reading: Reading) -> None:
    """Refuse a reading in which nobody can act together with anybody, or accounts with themselves.

    Raises:
        InputError: no post acts, all have one time, all are of one account, or accounts stand under two ids.
    """
    tally = Tally()
    tally.see(reading.posts)
    _refuse_nobody(tally)
    refuse_two_spellings(reading.actors)


def refuse_two_spellings(actors: pl.DataFrame) -> None:
    """Refuse files that know the same accounts by id and by handle: each would be found to act together with itself.

    Raises:
        InputError: so it is, as far as the handles that stand beside ids tell.
    """
    accounts = actors.lazy().filter(pl.col("kind") == "account").collect()
    by_handle = accounts.select("platform", "actor", name=pl.col("handle").str.to_lowercase()).drop_nulls().unique()
    by_id = accounts.select("platform", twin="actor", name=pl.col("id").str.to_lowercase().str.strip_chars_start("@"))
    twins = by_handle.join(by_id.unique(), on=["platform", "name"]).filter(pl.col("actor") != pl.col("twin"))
    count = twins["twin"].n_unique()
    if count >= TWINS and count >= TWINS_SHARE * accounts["actor"].n_unique():
        raise InputError(f"{count:,} accounts stand under their id and, as if they were others, under their handle as "
                         "an id: they would be found to act together with themselves.\nRead such files apart, or name "
                         "a column that holds the same kind of id in all of them:  --column account=THEIRS")


def _refuse_nobody(tally: Tally) -> None:
    if not tally.able:
        raise InputError("No post has both a time and an account: nothing can act.\n"
                         "Look at the mapping with  cotrace inspect FILE")
    if len(tally.times) == 1:
        raise InputError(f"All {tally.able:,} posts have the same time, {next(iter(tally.times)).isoformat()}.\n"
                         "Is it the time of the download? Name the column of the posts' own with  --column at=THEIRS")
    if len(tally.acting) == 1:
        raise InputError("All posts are of one account: there is nobody it could act together with.\n"
                         "Add files of others, or name another column with  --column account=THEIRS")


# -------------------------------------------------------------------------------------------- inspecting

def _place(reject: Mapping[str, object]) -> str:
    line = f", line {reject['line']}" if reject["line"] else ""
    return f"{clean(str(reject['file']))}, record {reject['record']}{line}"


def clean(text: str, longest: int = 160) -> str:
    """Words of strangers, fit for a terminal: no control or direction-changing characters, on one line, shortened."""
    text = re.sub("[\x00-\x1f\x7f-\x9f\u2028\u2029]+", " ", text[: 4 * longest])
    text = re.sub("[\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]", "", text)
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _seen(file: _File, normal: normalise.Normal, entry: Input) -> Seen:
    posts = normal.posts
    times = posts["at"].drop_nulls()
    acting = pl.concat([posts.select(actor="account", kind="account_kind"),
                        posts.select(actor="place", kind="place_kind")]).drop_nulls().unique()
    kinds = Counter(acting["kind"].to_list())
    languages = Counter("unknown" if one is None else clean(one, 40) for one in posts["lang"].to_list())
    used = {theirs for theirs in file.mapping.values()}
    first, last = (str(t.isoformat()) if t is not None else None for t in (times.min(), times.max()))  # type: ignore[union-attr]
    return Seen(
        clean(entry.name), entry.sha256, entry.bytes, entry.format, _publisher(file), entry.mapping,
        tuple(clean(name) for name in file.raw.columns if name not in used), entry.zone, entry.resolution_s,
        entry.records, entry.posts, first, last, {kind: kinds[kind] for kind in normalise.KINDS if kinds[kind]},
        dict(sorted(languages.items(), key=lambda one: (-one[1], one[0]))), tuple(_sample(posts)))


def _publisher(file: _File) -> str:
    module = next(m for m in readers.layouts() if m.__name__.endswith(f".{file.layout.name}"))
    return str(module.WHO)


def _sample(posts: pl.DataFrame) -> list[dict[str, str]]:
    """Three posts, from the beginning, the middle and the end."""
    places = sorted({0, posts.height // 2, posts.height - 1}) if posts.height else []
    samples = []
    for row in (posts.row(at, named=True) for at in places):
        said = {name: row[name] for name in ("at", "account", "kind", "post", "of", "text", "links", "tags")}
        samples.append({name: clean(_spelled(value), 80) for name, value in said.items() if value not in (None, [])})
    return samples


def _spelled(value: object) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value))
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


