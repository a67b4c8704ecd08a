"""The case store: a folder that remembers an investigation and survives being killed.

    case.json        what this folder is
    log.jsonl        append-only: one canonical JSON line a fact, each chained to the one before
    blobs/ab/cd…     bytes, named by their sha256
    waiting/         what does not fit into memory while one step is worked on
    aside/           actions, while a run looks at them
    runs/DIGEST/     what each run wrote: dossier.zip, statement.html, plan.toml, rejects.csv
    dossier.zip, statement.html   those of the newest run
    alerts.jsonl     what `cotrace watch` told, one line an alert

State is a pure function of log and blobs; `runs/` and the files beside it are views that `rebuild` writes again.
A fact is acknowledged once its line is on disk, and its blob is on disk before it. A torn last line was never
acknowledged and is cut off; damage anywhere else is refused with its place.

Somebody who is forgotten is taken out of every blob: one line says which blob another one took the place of, and from
then on nothing reads the old ones; views are then written again and the old blobs deleted, by whoever opens the case
next if this process is killed.

What is about a person (decisions) lies in blobs and never in the log, so that it can be forgotten: the log keeps the
digest. A decision's blob is salted, or its digest could be found again by trying names.
"""

import contextlib
import json
import os
import secrets
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

from . import digest
from .errors import CotraceError, InputError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

MARK = {"cotrace": "case", "version": 1}
TOP = ("dossier.zip", "statement.html")  # the views that the newest run leaves at the top of the case
ALERTS = "alerts.jsonl"                  # the view of what `cotrace watch` told
ROOT = "0" * 64                          # what the first line of a log is chained to


class Busy(InputError):
    """Another process works in the case; it will be free again."""


class Case:
    """One case folder, open for one process at a time."""

    def __init__(self, folder: str | Path) -> None:
        """Open or make a case.

        Raises:
            InputError: the folder is not empty and not a case, is a file, or its log is damaged.
        """
        self.folder = Path(folder)
        self._made = False  # by this very call
        self._mark()
        self._read()
        if self._unfinished():
            with contextlib.suppress(InputError), self.working():  # whoever works here now finishes it
                pass

    def _read(self) -> None:
        self.facts = self._read_log()
        self._steps = {fact["key"]: fact["blob"] for fact in self.facts if fact["kind"] == "step"}
        self._replaced: dict[str, str] = {}
        for fact in self.facts:
            if fact["kind"] == "forget":
                self._replaced.update(fact["replaced"])

    # ------------------------------------------------------------------------------------------- the log

    def _mark(self) -> None:
        mark = self.folder / "case.json"
        try:
            str(self.folder.absolute()).encode("utf-8")
        except UnicodeEncodeError:
            raise InputError("The path of this case is not UTF-8, and not everything that works in it could open it.\n"
                             "Name a folder in other letters with  --case DIR.") from None
        if self.folder.exists() and not self.folder.is_dir():
            raise InputError(f"{self.folder} is a file; a case is a folder.\nName another with  --case DIR.")
        if mark.exists():
            if mark.read_bytes() != digest.canonical(MARK) + b"\n":
                raise InputError(f"{mark} is of another version of cotrace or not a case's.\n"
                                 "Name another folder with  --case DIR.")
            return
        if self.folder.exists() and any(self.folder.iterdir()):
            raise InputError(f"{self.folder} is not empty and not a case.\nName a new folder with  --case DIR.")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write(mark, digest.canonical(MARK) + b"\n")
        except OSError as fault:
            raise InputError(f"{self.folder} cannot be made: {fault.strerror}.\n"
                             "Name a folder that you may write with  --case DIR.") from None
        self._made = True

    def _read_log(self) -> list[dict]:
        path = self.folder / "log.jsonl"
        raw = path.read_bytes() if path.exists() else b""
        whole = raw.rfind(b"\n") + 1
        facts, chain = [], ROOT
        for number, line in enumerate(raw[:whole].splitlines(), 1):
            try:
                fact = json.loads(line)
                sound = fact.pop("chain") == (chain := digest.digest([chain, fact]))
            except (ValueError, KeyError, AttributeError):
                sound = False
            if not sound:
                raise InputError(f"{path} line {number} was changed after it was written: do not trust this case.\n"
                                 "Restore the file, or run the same command with a new  --case DIR.")
            facts.append(fact)
        self._chain, self._whole = chain, whole
        return facts

    def _append(self, fact: dict) -> None:
        chain = digest.digest([self._chain, fact])
        line = digest.canonical({**fact, "chain": chain}) + b"\n"
        with open(self.folder / "log.jsonl", "ab") as log:
            log.truncate(self._whole)  # a torn line of a killed process was never acknowledged
            log.write(line)
            log.flush()
            os.fsync(log.fileno())
        self._chain, self._whole = chain, self._whole + len(line)
        self.facts.append(fact)

    @contextlib.contextmanager
    def working(self) -> Iterator[None]:
        """Hold the case for one run; a second process is told so.

        Raises:
            InputError: another process works in this case.
        """
        with open(self.folder / "lock", "a+b") as lock:
            try:
                _lock(lock)
            except OSError:
                raise Busy(f"Another cotrace works in {self.folder}.\nWait for it, or name another  --case DIR."
                           ) from None
            self._read()  # another process may have written since this case was opened
            self._finish()
            self._clear()
            try:
                yield
            except CotraceError:
                self._undo()
                raise
            finally:
                self._clear()

    def _undo(self) -> None:
        """A folder that was made for a run which could not even begin is taken away again."""
        if self._made and not self.facts and {path.name for path in self.folder.iterdir()} == {"case.json", "lock"}:
            shutil.rmtree(self.folder)

    # ----------------------------------------------------------------------------------------- the blobs

    def put(self, raw: bytes) -> str:
        """Keep bytes; returns their digest.

        Raises:
            InputError: they are what somebody who was forgotten had to be taken out of.
        """
        name = digest.sha256(raw)
        if name in self._replaced:
            raise InputError(f"{self.folder} was asked to forget what this would keep again.\n"
                             "Name another folder with  --case DIR, or leave those posts out.")
        path = self._blob(name)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            write(path, raw)
        return name

    def put_file(self, path: Path) -> str:
        """Keep a file that lies in this case's `waiting`; it is moved. Returns its digest. Errors as `put`."""
        name = digest.sha256_file(path)
        if name in self._replaced or self._blob(name).exists():
            return self.put(path.read_bytes())
        with open(path, "rb") as file:
            os.fsync(file.fileno())
        self._blob(name).parent.mkdir(parents=True, exist_ok=True)
        os.replace(path, self._blob(name))
        return name

    @property
    def aside(self) -> Path:
        """A folder for what is put aside while this process works in the case."""
        return self.folder / "aside"

    def _clear(self) -> None:
        """Take away what a process that was killed had put aside: it is about people, and nobody forgets it there."""
        for left in (self.aside, self.folder / "waiting"):
            shutil.rmtree(left, ignore_errors=True)

    @contextlib.contextmanager
    def waiting(self) -> Iterator[Path]:
        """An empty folder for what does not fit into memory while one step is worked on; then it is taken away."""
        folder = self.folder / "waiting"
        shutil.rmtree(folder, ignore_errors=True)  # of a process that was killed
        folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def get(self, name: str) -> bytes:
        """Bytes by their digest.

        Raises:
            InputError: the blob is not there or not what its name says.
        """
        name = self._now(name)
        path = self._blob(name)
        raw = path.read_bytes() if path.is_file() else b""
        if digest.sha256(raw) != name:
            self._refuse(path)
        return raw

    def file(self, name: str) -> Path:
        """Where bytes lie that are too many to be handed out. Errors as `get`."""
        path = self._blob(self._now(name))
        if not path.is_file() or digest.sha256_file(path) != self._now(name):
            self._refuse(path)
        return path

    def _refuse(self, path: Path) -> NoReturn:
        raise InputError(f"{path} is {'damaged' if path.exists() else 'missing'}.\n"
                         "Delete it and run the same command again: it will be computed anew.")

    def has(self, name: str) -> bool:
        """Is there such a blob, or what took its place?"""
        return bool(now := self._now(name)) and self._blob(now).is_file()

    def _now(self, name: str) -> str:
        """What took the place of a blob; "": nothing did."""
        while name in self._replaced:
            name = self._replaced[name]
        return name

    def _blob(self, name: str) -> Path:
        return self.folder / "blobs" / name[:2] / name[2:]

    def step(self, name: str, of: object, make: Callable[[], bytes], sound: Callable[[bytes], bool] | None = None,
             ) -> bytes:
        """What a step gives: from the case where it was done before, else made now and kept.

        Args:
            name: of the step.
            of: everything that the answer depends on, as canonical JSON can carry it.
            make: does the work.
            sound: whether an answer that is there is still whole; None: it always is.
        """
        key = digest.digest([name, of])
        known = self._steps.get(key)
        if known and self.has(known):
            raw = self.get(known)
            if sound is None or sound(raw):
                return raw
        raw = make()
        self._steps[key] = self.put(raw)
        self._append({"kind": "step", "name": name, "key": key, "blob": self._steps[key]})
        return raw

    # ------------------------------------------------------------------------------------------ forgetting

    def forget(self, told: dict, change: Callable[[bytes], bytes], page: bytes) -> dict[str, int]:
        """Take somebody out of every blob; returns how many were changed, and how many went whole.

        Args:
            told: what has to be kept to know them again: keyed digests.
            change: the bytes of a blob without them; the same where they were not in it, b"" where it goes whole.
            page: what stands for the page of a dossier that they were taken out of.
        """
        replaced: dict[str, str] = {}
        for path in sorted((self.folder / "blobs").glob("??/*")):
            name = path.parent.name + path.name
            if name in self._replaced or path.name.startswith("."):
                continue
            raw = path.read_bytes()
            changed = change(raw) if digest.sha256(raw) == name else b""  # what is damaged cannot be looked through
            if changed != raw:
                replaced[name] = self.put(changed) if changed else ""
        for fact in self.runs:
            files = {file: self._now(blob) for file, blob in fact["files"].items()}
            if files.get("dossier.zip") in replaced and "statement.html" in files:
                replaced[files["statement.html"]] = self.put(page)
        replaced = {old: new for old, new in replaced.items() if old != new}
        self._append({"kind": "forget", "blob": self.put(digest.canonical(told)), "replaced": replaced})
        self._replaced.update(replaced)
        self._finish()
        return {"changed": sum(map(bool, replaced.values())), "removed": sum(not new for new in replaced.values())}

    @property
    def forgotten(self) -> list[dict]:
        """What is kept of everybody who was forgotten."""
        return [json.loads(self.get(fact["blob"])) for fact in self.facts if fact["kind"] == "forget"]

    def _unfinished(self) -> bool:
        return any(self._blob(old).exists() for old in self._replaced)

    def _finish(self) -> None:
        """Views first, the old blobs last: as long as one of them is there, this is not done."""
        if not self._unfinished():
            return
        self.rebuild()
        for torn in self.folder.rglob(".*.part"):
            torn.unlink(missing_ok=True)
        for old in sorted(self._replaced):
            self._blob(old).unlink(missing_ok=True)

    # ---------------------------------------------------------------------------------- choices and runs

    def remember(self, what: str, value: dict) -> None:
        """Keep a choice of the user, e.g. how a file was to be read."""
        if self.recall(what) != value:
            self._append({"kind": "choice", "what": what, "value": value})

    def recall(self, what: str) -> dict | None:
        """The newest choice under this name."""
        return next((f["value"] for f in reversed(self.facts) if f["kind"] == "choice" and f["what"] == what), None)

    def decide(self, decision: dict) -> None:
        """Keep a person's decision; what was decided before stays."""
        salted = {"salt": secrets.token_hex(16), "decision": decision}
        self._append({"kind": "decision", "blob": self.put(digest.canonical(salted))})

    @property
    def decisions(self) -> list[dict]:
        """Every decision that was made and not forgotten, oldest first."""
        return [json.loads(self.get(fact["blob"]))["decision"] for fact in self.facts if fact["kind"] == "decision"
                and self.has(fact["blob"])]

    def secret(self) -> bytes:
        """A key of this case alone, made when it is first needed: for hashes that nobody else can look up."""
        known = next((fact["blob"] for fact in self.facts if fact["kind"] == "secret"), None)
        if known is None:
            known = self.put(secrets.token_bytes(32))
            self._append({"kind": "secret", "blob": known})
        return self.get(known)

    def alert(self, told: dict) -> None:
        """Keep an alert, and show it at the end of alerts.jsonl; it may name people, so it lies salted in a blob."""
        self._append({"kind": "alert", "blob": self.put(digest.canonical({"salt": secrets.token_hex(16),
                                                                          "alert": told}))})
        self._show_alerts()

    @property
    def alerts(self) -> list[dict]:
        """Every alert that was kept and not forgotten, oldest first."""
        return [json.loads(self.get(fact["blob"]))["alert"] for fact in self.facts if fact["kind"] == "alert"
                and self.has(fact["blob"])]

    def to_call(self) -> list[dict]:
        """Alerts that nobody was called for yet; each is handed out once, whatever becomes of this process."""
        kept = [fact for fact in self.facts if fact["kind"] == "alert"]
        called = max((fact["upto"] for fact in self.facts if fact["kind"] == "called"), default=0)
        if called < len(kept):
            self._append({"kind": "called", "upto": len(kept)})
        return [json.loads(self.get(fact["blob"]))["alert"] for fact in kept[called:] if self.has(fact["blob"])]

    def _show_alerts(self) -> None:
        if alerts := self.alerts:
            write(self.folder / ALERTS, b"".join(digest.canonical(one) + b"\n" for one in alerts))

    def publish(self, run: str, files: dict[str, bytes], *, recipe: str) -> Path:
        """Record what a run wrote and show it; returns its folder. The newest run is also shown at the top.

        Args:
            recipe: blob that says what the run was made from, so that it can be made again from the case alone.
        """
        fact = {"kind": "run", "run": run, "files": {name: self.put(raw) for name, raw in sorted(files.items())},
                "recipe": recipe}
        if not self.runs or self.runs[-1] != fact:
            self._append(fact)
        self._show(fact)
        return self.folder / "runs" / run

    @property
    def runs(self) -> list[dict]:
        """Finished runs, oldest first; one that was done again counts at its last time."""
        return [fact for fact in self.facts if fact["kind"] == "run"]

    def rebuild(self) -> None:
        """Write every view again from log and blobs."""
        shutil.rmtree(self.folder / "runs", ignore_errors=True)
        for fact in self.runs:
            self._show(fact)
        (self.folder / ALERTS).unlink(missing_ok=True)
        self._show_alerts()

    def _show(self, fact: dict) -> None:
        folder = self.folder / "runs" / fact["run"]
        folder.mkdir(parents=True, exist_ok=True)
        for name, blob in fact["files"].items():
            if not self._now(blob):
                continue
            raw = self.get(blob)
            for path in [folder / name, *([self.folder / name] if name in TOP else [])]:
                if not path.exists() or path.read_bytes() != raw:
                    write(path, raw)


class Nowhere:
    """The store of a run that keeps nothing: the same verbs, without a folder."""

    folder = None
    aside = Path()                 # there is none: posts of such a run are in memory

    def __init__(self) -> None:
        self._blobs: dict[str, bytes] = {}

    def working(self) -> contextlib.AbstractContextManager:
        return contextlib.nullcontext()

    def put(self, raw: bytes) -> str:
        self._blobs[name := digest.sha256(raw)] = raw
        return name

    def get(self, name: str) -> bytes:
        return self._blobs[name]

    def has(self, name: str) -> bool:
        return name in self._blobs

    def step(self, name: str, of: object, make: Callable[[], bytes], sound: Callable[[bytes], bool] | None = None,
             ) -> bytes:
        return make()

    def remember(self, what: str, value: dict) -> None:
        """There is nowhere to keep it."""

    def recall(self, what: str) -> dict | None:
        return None

    decisions: tuple[dict, ...] = ()  # there is nowhere to keep any
    forgotten: tuple[dict, ...] = ()

    def secret(self) -> bytes:
        """There is nobody to tell apart from."""
        return b""

    def publish(self, run: str, files: dict[str, bytes], *, recipe: str) -> None:
        """There is nowhere to show it."""


def write(path: Path, raw: bytes) -> None:
    """Write a file whole or not at all: to a neighbour first, then renamed over."""
    neighbour = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with open(neighbour, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        os.replace(neighbour, path)
    finally:
        neighbour.unlink(missing_ok=True)


def _lock(file) -> None:
    if sys.platform == "win32":
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
