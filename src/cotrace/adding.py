"""Posts that arrive: a case goes on with more files, and its finding is that of a run on everything.

Every file is read once and kept apart; the reading is put together from all of them, so neither the order nor the days
in which they came make a difference (docs/days.md). A look at the whole has its own share of alpha, which is taken when
the look begins and never given back. It refuses to go on under another plan, or in another way of reading, than the
case was begun with: a plan is frozen.

    slice    the files of one call; in the case from the moment at which its line is on disk
    look     one test of everything that is there; the same posts looked at again are the same look
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from . import changes, counted, digest, forgetting, kept, needs, pipeline, plans, reading, sources, statement
from .case import Case
from .errors import CotraceError, InputError
from .progress import Progress, quiet
from .records import Plan, Reading, as_plain
from .software import software

BEGUN, SLICE, LOOK, LOOKED = "days", "slice", "look", "looked"  # names under which a case keeps them
NAMED = 6                                                       # files named in a message


@dataclass(frozen=True)
class Added:
    """What became of the files.

    new, known: names of files that were added, and of those that were in the case before.
    aside: (path, why) of files that cannot be used, where they were to be set aside.
    look: which look the finding is; None: there is none.
    run: the finding; None: nothing changed, or there is nothing to compare yet.
    waiting: why there is nothing to compare yet; "": there is.
    changed: since the look before; None: there was none that can be compared.
    spent_s: processor seconds of counting the new posts, and of everything that has to be done anew.
    """

    new: tuple[str, ...]
    known: tuple[str, ...]
    look: int | None
    run: pipeline.Run | None
    waiting: str = ""
    changed: changes.Changes | None = None
    spent_s: dict[str, float] = field(default_factory=dict)
    aside: tuple[tuple[str, str], ...] = ()


def add(case: str | Path, posts: Sequence[str | Path], *, registries: Sequence[str | Path] = (),
        plan: Plan | str | Path | None = None, columns: Mapping[str, str] | None = None, zone: str | None = None,
        platform: str | None = None, allow_rejects: float | None = None, key: bytes | None = None,
        pseudonyms: bytes | None = None, engine: str = "local", workers: int | None = None, memory: int | None = None,
        progress: Progress = quiet) -> Added:
    """Append files to a case and look at everything in it; a folder that is no case yet is begun.

    Args:
        registries: take the place of those that the case goes by; none: those stay.
        plan, columns, zone, platform, allow_rejects: of a case that is begun. Later they are left out, or are the same.
        key, pseudonyms, engine, workers, memory: as for `pipeline.run`.

    Raises:
        InputError: a file cannot be used, the case was begun otherwise, or what it holds was read by another version
            of cotrace; the case is as it was.
    """
    if key is not None:
        statement.sign(b"", key)
    store = Case(case)
    with store.working():
        return _Days(store, pseudonyms, progress).add(
            list(posts), registries, plan, {"columns": dict(columns or {}) or None, "zone": zone, "platform": platform,
                                            "allow_rejects": allow_rejects}, key, engine, workers, memory)


def keep(case: str | Path, posts: Sequence[str | Path], **begun: Any) -> Added:
    """Keep files for a later look, and set those aside that cannot be used; takes no look.

    Args:
        begun: `registries`, `plan`, `columns`, `zone`, `platform`, `allow_rejects`, `pseudonyms`, as for `add`.

    Raises:
        InputError: the case cannot go on in this way; what is wrong with a file is not raised.
    """
    store = Case(case)
    with store.working():
        days = _Days(store, begun.pop("pseudonyms", None), begun.pop("progress", quiet))
        registries, plan = begun.pop("registries", ()), begun.pop("plan", None)
        return days.keep(list(posts), registries, plan, begun)


def look(case: str | Path, *, key: bytes | None = None, pseudonyms: bytes | None = None, engine: str = "local",
         workers: int | None = None, memory: int | None = None, progress: Progress = quiet) -> Added:
    """Look at everything that a case keeps; nothing is done where it was looked at before. Arguments as for `add`."""
    store = Case(case)
    with store.working():
        return _Days(store, pseudonyms, progress).look(key, engine, workers, memory)


def pending(case: str | Path) -> str:
    """What `look` would look at, as a digest; "": it was looked at."""
    days = _Days(Case(case), None, quiet)
    held = days.read_here()  # whole or not is asked when it is looked at, and this whenever a folder is
    of = days.subject(held)
    return "" if not held or (days.store.recall(LOOKED) or {"of": ""})["of"] == of else of


class _Days:
    """A case that goes on."""

    def __init__(self, store: Case, pseudonyms: bytes | None, progress: Progress):
        self.store, self.pseudonyms, self.progress = store, pseudonyms, progress
        self.version = digest.digest(as_plain(software()))

    def add(self, posts: list[str | Path], registries: Sequence[str | Path], plan: Plan | str | Path | None, how: dict,
            key: bytes | None, engine: str, workers: int | None, memory: int | None) -> Added:
        began = time.process_time()
        begun = self._begun(plan, how)
        held = self.held()
        files, known = self._files(posts, held)
        self._refuse_strangers(files, known, held)
        shares = self._read(list(files.values()), begun["how"])
        read = self._together(held, shares, begun["how"])
        pipeline.windows(plans.read_back(begun["plan"]), max(file.resolution_s for file in read.inputs))
        needs.refuse_too_large(read, memory)
        begun = self._registry(begun, registries)
        fresh = self._acknowledge(begun, shares)
        put = time.process_time() - began
        done = self._look(read, {**held, **fresh}, begun, key, engine, workers)
        count = put + done.spent_s.get("counting", 0.0)
        spent = {"counting": count, "anew": time.process_time() - began - count}
        return replace(done, new=tuple(sorted(files[one].name for one in fresh)), known=known, spent_s=spent)

    def keep(self, posts: list[str | Path], registries: Sequence[str | Path], plan: Plan | str | Path | None, how: dict,
             ) -> Added:
        """Files that are good by themselves are kept; the others are told with what is wrong with them."""
        begun = self._begun(plan, {"columns": None, "zone": None, "platform": None, "allow_rejects": None, **how})
        if not self._slices():
            self._refuse_strangers({}, (), {})
        read, paths = self.read_here(), dict[str, Path]()
        known, aside = [], []
        for path in map(Path, posts):
            try:
                name = reading.readers.source(path).sha256()
            except (CotraceError, OSError) as fault:
                aside.append((str(path), str(fault)))
                continue
            if name in paths or (name in read and kept.whole(self.store, read[name])):
                known.append(path.name)
            else:
                paths[name] = path
        shares, bad = self._each(list(paths.values()), begun)
        self._acknowledge(self._registry(begun, registries), shares)
        return Added(tuple(share.plain["name"] for share in shares), tuple(known), None, None, aside=(*aside, *bad))

    def look(self, key: bytes | None, engine: str, workers: int | None, memory: int | None) -> Added:
        begun = self._begun(None, {"columns": None, "zone": None, "platform": None, "allow_rejects": None})
        held = self.held()
        self._refuse_strangers({}, (), held)
        read = self._together(held, (), begun["how"])
        needs.refuse_too_large(read, memory)
        return self._look(read, held, begun, key, engine, workers)

    def _each(self, paths: list[Path], begun: dict) -> tuple[list[reading.Share], list[tuple[str, str]]]:
        """Shares of files, read together where nothing is wrong with any of them, else one by one."""
        said = {name: value for name, value in begun["how"]}

        def tried(some: list[Path]) -> list[reading.Share]:
            shares = self._read(some, begun["how"])
            for share in shares:
                alone = reading.together([share], allow_rejects=float(said["allow_rejects"]), compared=False)
                pipeline.windows(plans.read_back(begun["plan"]), alone.inputs[0].resolution_s)
            return shares

        try:
            return tried(paths), []
        except (CotraceError, OSError):
            shares: list[reading.Share] = []
            bad = []
            for path in paths:
                try:
                    shares += tried([path])
                except (CotraceError, OSError) as fault:
                    bad.append((str(path), str(fault)))
            return shares, bad

    def _acknowledge(self, begun: dict, shares: Sequence[reading.Share]) -> dict[str, str]:
        """From here on the files are in the case: sha256 → share."""
        self.store.remember(BEGUN, begun)
        fresh = {share.plain["sha256"]: kept.put_share(self.store, share) for share in shares}
        if fresh:
            self.store.remember(f"{SLICE} {len(self._slices())}", {"software": self.version, "shares": fresh})
        return fresh

    # ------------------------------------------------------------------------------------------- what it goes by

    def _begun(self, plan: Plan | str | Path | None, how: dict) -> dict:
        """Plan, way of reading and registries of the case; what is asked for now has to be the same."""
        before = self.store.recall(BEGUN) or self._of_run()
        asked = None if plan is None else plans.once(plans.resolve(plan)).as_plain()
        if before is None:
            asked = asked or plans.resolve(None).as_plain()
            how["allow_rejects"] = reading.ALLOWED if how["allow_rejects"] is None else how["allow_rejects"]
            reading.check_allowed(how["allow_rejects"])
            return {"plan": asked, "how": [list(pair) for pair in kept.said_how(how)], "registry": "",
                    "pseudonyms": kept.which_key(self.pseudonyms)}
        self._refuse_another(before, asked, how)
        return before

    def _registry(self, begun: dict, registries: Sequence[str | Path]) -> dict:
        if begun["registry"] and not registries:
            return begun
        registry = forgetting.sources(sources.read(registries), kept.forgotten(self.store))
        return {**begun, "registry": kept.put_table(self.store, registry)}

    def _of_run(self) -> dict | None:
        """What the newest `run` of the case went by, where it is no case that goes on yet."""
        if not self.store.runs or not self.store.runs[-1].get("recipe"):
            return None
        made_from = kept.read_recipe(self.store)
        return {"plan": plans.once(plans.read_back(made_from["plan"])).as_plain(), "how": made_from["how"],
                "registry": made_from["registry"], "pseudonyms": made_from["pseudonyms"]}

    def _refuse_another(self, before: dict, asked: dict | None, how: dict) -> None:
        case = self.store.folder
        if asked is not None and asked != before["plan"]:
            differ = [f"{key} {before['plan'].get(key)} there, {asked.get(key)} here" for key in sorted(asked)
                      if asked.get(key) != before["plan"].get(key)]
            raise InputError(f"{case} was begun with another plan: {'; '.join(differ)}.\nA plan is frozen, or a result "
                             "could be looked for until it is found. Leave --plan out, or begin another case.")
        said = {name: value for name, value in before["how"]}
        now = dict(kept.said_how({**how, "allow_rejects": how["allow_rejects"] or 0.0}))
        given = {name for name in ("columns", "zone", "platform", "allow_rejects") if how[name]}
        if other := sorted(name for name in given if now[name] != said[name]):
            raise InputError(f"{case} reads its files in another way: "
                             + "; ".join(f"{name} {said[name] or 'unsaid'} there, {now[name]} here" for name in other)
                             + ".\nLeave it out, or begin another case.")
        if before["pseudonyms"] != kept.which_key(self.pseudonyms):
            raise InputError(f"Ids stand in {case} as hashes under a key, and this is not that key.\nGive it:  "
                             "--pseudonyms KEYFILE" if before["pseudonyms"] else f"{case} was begun without pseudonyms."
                             "\nLeave --pseudonyms out, or begin another case.")

    # --------------------------------------------------------------------------------------------------- its files

    def _slices(self) -> list[dict]:
        return [fact["value"] for fact in self.store.facts
                if fact["kind"] == "choice" and fact["what"].startswith(f"{SLICE} ")]

    def held(self) -> dict[str, str]:
        """sha256 → share, of files that were read by this version and are whole."""
        return {name: blob for name, blob in self.read_here().items() if kept.whole(self.store, blob)}

    def read_here(self) -> dict[str, str]:
        """The same, whole or not: of a million files, asking would cost more than everything else."""
        return {name: blob for one in self._slices() if one["software"] == self.version
                for name, blob in one["shares"].items()}

    def _files(self, posts: list[str | Path], held: Mapping[str, str]) -> tuple[dict[str, Path], tuple[str, ...]]:
        """sha256 → path of the files that are named, and names of those that are in the case already."""
        if not posts:
            raise InputError(f"No file of posts was named.\nName at least one:  cotrace add {self.store.folder} POSTS")
        files: dict[str, Path] = {}
        known = []
        for given in posts:
            if str(given) == "-":
                raise InputError("Standard input cannot be added: a case that goes on knows its files by their bytes.\n"
                                 "Save it to a file first.")
            source = reading.readers.source(given)
            name = source.sha256()
            if name in held or name in files:
                known.append(source.name)
            if name not in held:
                files.setdefault(name, Path(given))
        return files, tuple(sorted(known))

    def _refuse_strangers(self, files: Mapping[str, Path], known: Sequence[str], held: Mapping[str, str]) -> None:
        """Every file that the case rests on has to be here: kept apart by this version, or named now."""
        asked = {name for one in self._slices() for name in one["shares"]}
        names = {}
        if not asked and self.store.runs and self.store.runs[-1].get("recipe"):
            made_from = kept.read_recipe(self.store)
            for entry in kept.inputs_of(self.store, made_from["reading"]):
                asked.add(entry["sha256"])
                names[entry["sha256"]] = entry["name"]
        missing = sorted(asked - held.keys() - files.keys())
        if not missing:
            return
        told = ", ".join(names.get(one, f"sha256 {one[:16]}…") for one in missing[:NAMED])
        more = f" and {len(missing) - NAMED} more" if len(missing) > NAMED else ""
        if names:
            raise InputError(f"{self.store.folder} was made by `cotrace run`, which keeps a finding and not each "
                             f"file.\nName its first files once more beside the new ones: {told}{more}.")
        raise InputError(f"{len(missing)} file(s) of {self.store.folder} were read by another version of cotrace, or "
                         f"went when somebody was forgotten: {told}{more}.\nName them once more beside the new ones, "
                         f"and they are read again:  cotrace add {self.store.folder} ALL-FILES")

    def _read(self, files: list[Path], how: Iterable[Sequence[str]]) -> list[reading.Share]:
        """What files give that are new here, without those who were forgotten."""
        if not files:
            return []
        said = {name: value for name, value in how}
        columns = kept.columns_said(said["columns"])
        shares = reading.apart(files, columns=columns or None, zone=said["zone"] or None,
                               platform=said["platform"] or None, elsewhere=self._elsewhere(set(columns.values())),
                               progress=self.progress)
        if empty := [share.plain["name"] for share in shares if share.frames["posts"].is_empty()]:
            raise InputError(f"Not one record of {', '.join(empty[:NAMED])} is a post that can be read; nothing was "
                             f"added.\nLook at it with  cotrace inspect {empty[0]}")
        return [kept.scrubbed(self.store, share) for share in shares]

    def _elsewhere(self, columns: set[str]) -> set[str]:
        """Which of these columns a file of the case has."""
        found: set[str] = set()
        for blob in self.read_here().values():
            if found >= columns:
                break
            if kept.whole(self.store, blob):
                found |= set(kept.plain_of(self.store, blob)["columns"])
        return found

    def _together(self, held: Mapping[str, str], shares: Sequence[reading.Share], how: Iterable[Sequence[str]],
                  ) -> Reading:
        said = tuple((name, value) for name, value in how)
        read = reading.together([*(kept.share_of(self.store, held[name]) for name in sorted(held)), *shares],
                                allow_rejects=float(dict(said)["allow_rejects"]), compared=False,
                                progress=self.progress)
        return replace(read, how=said)

    # ------------------------------------------------------------------------------------------------------- looking

    def subject(self, files: Iterable[str]) -> str:
        """What a look looks at: these files, without those who were forgotten."""
        return digest.digest([sorted(files), sorted(kept.forgotten(self.store).actors)])

    def _look(self, read: Reading, blobs: Mapping[str, str], begun: dict, key: bytes | None, engine: str,
              workers: int | None) -> Added:
        try:
            reading.refuse_nothing_to_compare(read)
        except InputError as fault:
            return Added((), (), None, None, str(fault).splitlines()[0])
        of = self.subject(blobs)
        last = self.store.recall(LOOK) or {"look": 0, "of": ""}
        look = last if last["of"] == of else {"look": last["look"] + 1, "of": of}
        plan = plans.at_look(plans.read_back(begun["plan"]), look["look"])
        plans.check(plan)
        blob = kept.put_together(self.store, list(blobs.values()))
        made_from = pipeline.recipe(read, blob, begun["registry"], plan, self.pseudonyms)
        before = self.store.runs[-1] if self.store.runs else None
        if before and before.get("recipe") == digest.sha256(digest.canonical(made_from)):
            self.store.remember(LOOKED, {"of": of})
            return Added((), (), look["look"], None)
        self.store.remember(LOOK, look)  # spent from here on, whatever becomes of this process
        version = digest.digest([self.version, begun["plan"], sorted(kept.forgotten(self.store).actors)])
        counts = counted.before(self.store, version, blobs)
        run = pipeline.follow(self.store, made_from, read, kept.table(self.store, begun["registry"]), plan,
                              pipeline.counting_by(engine, workers), before=counts, key=key,
                              pseudonyms=self.pseudonyms, progress=self.progress)
        self.store.remember(LOOKED, {"of": of})
        return Added((), (), look["look"], run, spent_s={"counting": counts.spent_s},
                     changed=_since(self.store, before, run.dossier))


def _since(store: Case, before: dict | None, dossier: bytes) -> changes.Changes | None:
    """What changed since a run, where that is not withheld."""
    if before is None:
        return None
    files = digest.unarchive(store.get(before["files"]["dossier.zip"]))
    try:
        return changes.between(files, digest.unarchive(dossier))
    except InputError:
        return None
