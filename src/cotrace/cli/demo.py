"""`cotrace demo`: the whole line on a simulated world, and how right it was."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import InputError
from . import _terminal as terminal

if TYPE_CHECKING:
    from ..evaluate import Evaluation
    from ..simulate import World

SEED = 0  # of the world that docs and pictures show


def demo(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for everything that the demo makes.")] = Path("demo"),
) -> None:
    """Simulate a platform, find who acts together in it, export, verify, and compare with the truth.

    Leaves DIR/case/dossier.zip and DIR/case/statement.html. Run again, it resumes.
    """
    from .. import digest, evaluate, pipeline, simulate, verify

    terminal.say("1/5 simulate  a small platform, three operations and their look-alikes")
    world = simulate.world("demo", seed=SEED)
    raw = _raw(world, out)
    terminal.say(f"2/5 run       {world.posts.height:,} posts of {world.labels.height:,} actors, and "
                 "copies in which nobody meets again")
    done = pipeline.run([raw / "posts-plaza.csv", raw / "posts-kanal.jsonl"], case=out / "case",
                        registries=[raw / "sources.csv"], progress=terminal.progress())
    terminal.say("3/5 export    CSV tables")
    _export(digest.unarchive(done.dossier), out / "export")
    terminal.say("4/5 verify    the dossier, with nothing but the file")
    report = verify.verify(done.dossier)
    terminal.say("\n".join(f"              {line}" for line in report.lines()))
    terminal.say("5/5 evaluate  against the truth of the world")
    found = evaluate.of_case(out / "case", raw / "labels.csv", positive="operation")
    _tell(found, world, out)


def _raw(world: "World", out: Path) -> Path:
    """The files of the world in `out`: written now, or those of the same world that are there.

    Raises:
        InputError: the folder holds something else.
    """
    from .. import simulate

    raw = out / "world"
    if not raw.is_dir():
        if out.exists() and (not out.is_dir() or any(out.iterdir())):
            raise InputError(f"{out} is there and no demo is in it.\nName another folder with  --out DIR")
        out.mkdir(parents=True, exist_ok=True)
        simulate.write(world, raw)
    elif not simulate.written(world, raw):
        raise InputError(f"{raw} holds another world than this version makes.\n"
                         f"Remove {out}, or name another folder with  --out DIR")
    return raw


def _export(files: dict[str, bytes], out: Path) -> None:
    """The tables as CSV; an export of an earlier demo, and nothing else, makes way."""
    from ..exporters import csv

    if out.is_dir() and {path.name for path in out.iterdir()} <= csv.contents(files).keys():
        shutil.rmtree(out)
    csv.export(files, out)


def _tell(found: "Evaluation", world: "World", out: Path) -> None:
    rows = scores(found, world)
    dossier, page = out / "case" / "dossier.zip", out / "case" / "statement.html"
    raw = out / "world"
    call = terminal.program()
    check = (f"{call} verify {dossier} --posts {raw / 'posts-plaza.csv'} {raw / 'posts-kanal.jsonl'} "
             f"--sources {raw / 'sources.csv'}")
    if terminal.STATE.json:
        terminal.result({"groups": rows, "overall": found.overall.to_dicts(), "statement": str(page),
                         "dossier": str(dossier), "verify": f"{call} verify {dossier}", "replay": check})
        return
    terminal.result(rows, title="Found, missed, wrongly accused")
    terminal.result(f"Statement  {page}\nVerify it  {call} verify {dossier}\n"
                    f"Recompute  {check}")


def scores(found: "Evaluation", world: "World") -> list[dict[str, object]]:
    """One row a group of the world, operations first; super-fans together.

    Found and missed are counted where people coordinate; where they do not, whoever is published, or linked "likely" or
    above to a source, is wrongly accused. So is an honest group that coordinates, where it is linked, or called
    inauthentic.
    """
    truth = {row["group"]: row for row in world.clusters.to_dicts()}
    rows: dict[str, dict] = {}
    for group in found.groups.to_dicts():
        said = truth.get(group["group"], {"coordinated": False, "inauthentic": False})
        name = "super-fans" if group["group"].startswith("fans-") else group["group"]
        verdict = ("operation" if said["inauthentic"] else
                   "coordinated and honest" if said["coordinated"] else "not coordinated")
        row = rows.setdefault(name, {"group": name, "in truth": verdict, "accounts": 0, "found": 0, "missed": 0,
                                     "wrongly accused": 0, "listed": 0, "linked": 0, "near misses": 0, "to": "",
                                     "called inauthentic": 0})
        row["accounts"] += group["accounts"]
        if said["coordinated"]:
            row["found"] += group["found"]
            row["missed"] += group["missed"]
        else:
            row["wrongly accused"] += group["found"]
        if not said["inauthentic"]:
            row["wrongly accused"] += max(group["linked"], group["inauthentic"])
        row["called inauthentic"] += group["inauthentic"]
        for ours, theirs in (("listed", "listed"), ("linked", "linked"), ("near misses", "near_miss")):
            row[ours] += group[theirs]
        row["to"] = group["sources"] or row["to"]
    order = ("operation", "coordinated and honest", "not coordinated")
    return sorted(rows.values(), key=lambda row: (order.index(row["in truth"]), row["group"]))
