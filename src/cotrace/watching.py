"""A folder into which files of posts arrive: what is new is added, and somebody is told when something appears.

A file is read when its size and its time of change are the same at two looks at the folder, so one that is being
written is left alone; one that cannot be used is told of once and set aside until it changes. Which files were seen
lies on disk beside the case, in `watched.sqlite`, which can be deleted: files are then recognised by their bytes. What
was told lies in the case, so nothing is told twice, not even after a restart.

It tells when a cluster appears or is judged in a stronger word, and when a link appears or rises in word; never that a
cluster has grown. It refuses to follow links out of the folder, and to give a command to a shell.
"""

import contextlib
import hashlib
import json
import os
import sqlite3
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import adding, changes, derive, digest
from .case import Busy, Case
from .errors import CotraceError, InputError
from .progress import Progress, quiet
from .records import as_plain
from .software import software

INDEX = "watched.sqlite"
BATCH_FILES = 1000          # files that are read together; their names are all that is held of a folder at once
BATCH_BYTES = 512 * 2**20   # of them, so that a first look at a large folder does not hold it in memory
UNFINISHED = (".part", ".tmp", ".crdownload", ".partial", ".download", "~")  # how programs name what they still write
CALL_S = 120                # s that a called command may take; it is told something, and is not waited for to act
VERDICTS = ("cannot be judged", "not shown to be inauthentic", "inauthentic")  # by what they say, the strongest last
TOLD = "told"               # name under which the case keeps what was told


@dataclass(frozen=True)
class Settings:
    """How a folder is watched; what the case is begun with is as for `adding.add`."""

    folder: Path
    begun: Mapping[str, Any] = field(default_factory=dict)
    call: tuple[str, ...] = ()
    key: bytes | None = None
    pseudonyms: bytes | None = None
    engine: str = "local"
    workers: int | None = None
    memory: int | None = None


class Watch:
    """One folder and one case, look after look."""

    def __init__(self, case: str | Path, settings: Settings, *, say: Callable[[str], None] = lambda words: None,
                 progress: Progress = quiet):
        """Open or begin.

        Args:
            say: takes words for whoever watches the program.

        Raises:
            InputError: the folder is none, or the case lies in it.
        """
        self.case, self.settings, self.say, self.progress = Path(case), settings, say, progress
        if not settings.folder.is_dir():
            raise InputError(f"{settings.folder} is no folder.\nName the one that files of posts arrive in.")
        if self.case.resolve().is_relative_to(settings.folder.resolve()):
            raise InputError(f"{self.case} lies in {settings.folder}, and its own files would be taken for posts.\n"
                             "Keep the case outside the folder that is watched.")
        store = Case(self.case)
        if store.recall(TOLD) is None:  # what was found before anybody watched is known
            with store.working():
                _remember(store, _found(store))
        self._index = _Index(self.case / INDEX)
        self._failed = ""

    def poll(self) -> list[dict]:
        """One look at the folder, and at the posts where there are new ones; returns what was told."""
        before = len(Case(self.case).alerts)
        try:
            for batch in self._index.settled(self.settings.folder):
                self._keep(batch)
            self._look()
        except Busy as fault:
            self.say(f"{fault}\nIt is tried again at the next look.")
        except CotraceError as fault:
            self._tell([{"alert": "fault", "why": str(fault)}])
        self._call()
        return Case(self.case).alerts[before:]

    def close(self) -> None:
        self._index.close()

    def _keep(self, batch: list["Seen"]) -> None:
        by_path = {one.path: one for one in batch}
        done = adding.keep(self.case, list(by_path), pseudonyms=self.settings.pseudonyms, progress=self.progress,
                           **self.settings.begun)
        gone = {path for path, _ in done.aside if not os.path.exists(path)}
        self._tell([{"alert": "file", "name": by_path[path].name, "bytes": by_path[path].size, "why": why}
                    for path, why in done.aside if path not in gone])
        self._index.taken([one for path, one in by_path.items() if path not in gone])
        for name in done.new:
            self.say(f"Added {name}")

    def _look(self) -> None:
        of = adding.pending(self.case)
        if of and of != self._failed:
            self._failed = of  # until it goes well: what cannot be looked at is not tried again until there is more
            s = self.settings
            done = adding.look(self.case, key=s.key, pseudonyms=s.pseudonyms, engine=s.engine, workers=s.workers,
                               memory=s.memory, progress=self.progress)
            if done.waiting:
                self.say(f"Waiting: {done.waiting}")
            if done.run is not None:
                self.say(f"Look {done.look}: {len(done.run.findings.clusters)} cluster(s)")
        store = Case(self.case)
        with store.working():
            now, before = _found(store), _recalled(store)
            if now["run"] != before["run"]:
                known = store.alerts  # of a process that was killed before it remembered
                for told in _new(before, now):
                    if told not in known:
                        store.alert(told)
                _remember(store, _both(before, now))

    def _tell(self, faults: Sequence[dict]) -> None:
        """Keep what went wrong with a file or a look, each once."""
        store = Case(self.case)
        with store.working():
            told = store.alerts
            for fault in ({key: digest.encodable(said) if isinstance(said, str) else said for key, said in one.items()}
                          for one in faults):
                if fault not in told:
                    store.alert(fault)

    def _call(self) -> None:
        """Hand each alert to the command, as JSON on its standard input; once, and without a shell."""
        if not self.settings.call:
            return
        store = Case(self.case)
        try:
            with store.working():
                alerts = store.to_call()
        except Busy:
            return
        for alert in alerts:
            try:
                done = subprocess.run(self.settings.call, input=digest.canonical(alert) + b"\n", timeout=CALL_S,
                                      check=False, stdout=subprocess.DEVNULL)
                if done.returncode:
                    self.say(f"{self.settings.call[0]} left with {done.returncode}; the alert is in alerts.jsonl.")
            except (OSError, subprocess.TimeoutExpired) as fault:
                self.say(f"{self.settings.call[0]} could not be called: {fault}; the alert is in alerts.jsonl.")


# ------------------------------------------------------------------------------------------------------ the folder

@dataclass(frozen=True)
class Seen:
    """A file as the folder has it now."""

    path: str
    name: str      # below the folder
    size: int
    changed: int   # ns


class _Index:
    """Which files were seen, and how; on disk, so that a million of them cost no memory."""

    def __init__(self, path: Path):
        self._db = sqlite3.connect(path, isolation_level=None)
        version = digest.digest(as_plain(software()))
        try:
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("CREATE TABLE IF NOT EXISTS version (of TEXT)")
            if self._db.execute("SELECT of FROM version").fetchall() != [(version,)]:
                self._db.executescript("DROP TABLE IF EXISTS seen; DELETE FROM version;")  # files have to be read anew
                self._db.execute("INSERT INTO version VALUES (?)", (version,))
            self._db.execute("CREATE TABLE IF NOT EXISTS seen (name BLOB PRIMARY KEY, size INTEGER, changed INTEGER, "
                             "taken INTEGER) WITHOUT ROWID")
        except sqlite3.DatabaseError:
            self._db.close()
            raise InputError(f"{path} is damaged.\nDelete it: files are then recognised by their bytes.") from None

    def close(self) -> None:
        self._db.close()

    def settled(self, folder: Path) -> Iterator[list[Seen]]:
        """Files that did not change since the last look and were not taken, some at a time, by name within a folder."""
        batch: list[Seen] = []
        held = 0
        self._db.execute("BEGIN")
        try:
            for one in _files(folder):
                known = self._db.execute("SELECT size, changed, taken FROM seen WHERE name = ?",
                                         (_key(one),)).fetchone()
                if known is not None and known[:2] == (one.size, one.changed):
                    if not known[2]:
                        batch.append(one)
                        held += one.size
                else:
                    self._note(one, 0)
                if len(batch) >= BATCH_FILES or held >= BATCH_BYTES:
                    self._db.execute("COMMIT")
                    yield sorted(batch, key=lambda seen: seen.name)
                    batch, held = [], 0
                    self._db.execute("BEGIN")
        finally:
            if self._db.in_transaction:
                self._db.execute("COMMIT")
        if batch:
            yield sorted(batch, key=lambda seen: seen.name)

    def taken(self, files: Sequence[Seen]) -> None:
        """These need not be read again until they change."""
        self._db.execute("BEGIN")
        for one in files:
            self._note(one, 1)
        self._db.execute("COMMIT")

    def _note(self, one: Seen, taken: int) -> None:
        self._db.execute("INSERT OR REPLACE INTO seen VALUES (?, ?, ?, ?)",
                         (_key(one), one.size, one.changed, taken))


def _key(one: Seen) -> bytes:
    """A name may be somebody's, and this file is not looked through when somebody is forgotten."""
    return hashlib.blake2b(os.fsencode(one.name), digest_size=16).digest()


def _files(folder: Path) -> Iterator[Seen]:
    """Every file below a folder, one at a time; hidden ones, links and what is still being written are left out."""
    folders, above = [os.fspath(folder)], len(os.path.join(folder, ""))
    while folders:
        here = folders.pop()
        with contextlib.suppress(OSError), os.scandir(here) as entries:  # a folder may go while it is looked at
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                with contextlib.suppress(OSError):
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                    elif entry.is_file(follow_symlinks=False) and not entry.name.endswith(UNFINISHED):
                        known = entry.stat(follow_symlinks=False)
                        yield Seen(entry.path, entry.path[above:], known.st_size, known.st_mtime_ns)


# ---------------------------------------------------------------------------------------------------- what is told

def _found(store: Case) -> dict:
    """Clusters and named links of the newest finding, as they are compared with what was told."""
    if not store.runs:
        return {"run": "", "clusters": [], "links": []}
    files = digest.unarchive(store.get(store.runs[-1]["files"]["dossier.zip"]))
    run = digest.sha256(files.get("statement.json", b""))
    if "statement.json" not in files:  # somebody was forgotten, and it is withheld
        return {"run": run, "clusters": [], "links": []}
    statement = json.loads(files["statement.json"])
    plan = statement["plan"]
    words = {row["cluster"]: row["word"] for row in _rows(files, "verdicts")}
    members: dict[str, list[str]] = {}
    for row in _rows(files, "members"):
        members.setdefault(row["cluster"], []).append(row["actor"])
    about = {"look": plan.get("look"), "alpha": plan["alpha"], "review": statement["review"],
             "standing": statement["standing"], "caution": changes.CAUTION}
    return {"run": run, "about": about,
            "clusters": [{"cluster": name, "members": sorted(actors), "verdict": words.get(name, "")}
                         for name, actors in sorted(members.items())],
            "links": [{"actor": row["actor"], "source": row["source"], "word": row["word"]}
                      for row in _rows(files, "links") if row["word"] in derive.NAMED]}


def _new(before: Mapping, now: Mapping) -> list[dict]:
    """What appeared or rose in word since all that was told before."""
    told = []
    for cluster in now["clusters"]:
        same = [one for one in before["clusters"] if _goes_on(one["members"], cluster["members"])]
        if not same:
            told.append({"alert": "cluster", "change": "new", **cluster, **now["about"]})
        elif _strength(cluster["verdict"]) > max(_strength(one["verdict"]) for one in same):
            told.append({"alert": "cluster", "change": "rose", **cluster, **now["about"]})
    for link in now["links"]:
        words = [one["word"] for one in before["links"] if (one["actor"], one["source"]) == (link["actor"],
                                                                                             link["source"])]
        if not words or changes.rank(link["word"]) > max(map(changes.rank, words)):
            told.append({"alert": "link", "change": "rose" if words else "new", **link, **now["about"]})
    return told


def _goes_on(one: Sequence[str], other: Sequence[str]) -> bool:
    """As `changes` follows clusters."""
    return 2 * len(set(one) & set(other)) > min(len(one), len(other))


def _strength(verdict: str) -> int:
    return next((number for number, word in enumerate(VERDICTS) if verdict.startswith(word)), -1)


def _both(before: Mapping, now: Mapping) -> dict:
    """All that was ever told, at its strongest word: what vanishes or falls and returns is not told again."""
    held = [set(cluster["members"]) for cluster in now["clusters"]]
    clusters = [one for one in before["clusters"] if not any(set(one["members"]) <= members for members in held)]
    for cluster in now["clusters"]:
        same = [one for one in before["clusters"] if _goes_on(one["members"], cluster["members"])]
        strongest = max([cluster, *same], key=lambda one: _strength(one["verdict"]))
        clusters.append({**cluster, "verdict": strongest["verdict"]})
    links = {(one["actor"], one["source"]): one for one in before["links"]}
    for link in now["links"]:
        known = links.setdefault((link["actor"], link["source"]), link)
        if changes.rank(link["word"]) > changes.rank(known["word"]):
            links[link["actor"], link["source"]] = link
    return {"run": now["run"], "clusters": clusters, "links": list(links.values())}


def _remember(store: Case, told: Mapping) -> None:
    """It names people, so it lies in a blob."""
    kept = {name: told[name] for name in ("run", "clusters", "links")}
    store.remember(TOLD, {"blob": store.put(digest.canonical(kept))})


def _recalled(store: Case) -> dict:
    known = store.recall(TOLD)
    return json.loads(store.get(known["blob"])) if known else {"run": "", "clusters": [], "links": []}


def _rows(files: Mapping[str, bytes], table: str) -> list[dict[str, str]]:
    header, rows = digest.parse_csv(files[f"evidence/{table}.csv"], table)
    return [dict(zip(header, row, strict=True)) for row in rows]
