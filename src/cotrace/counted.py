"""What was counted of the posts of an earlier look, so that only what the new ones change is counted.

Actions of posts that did not change are what they were; pairs that were candidates, and those that may have become one
around the new acts (`network.may_meet`), are counted again, and no others. It is a shortcut and never a result: where
it is missing, damaged, of another version, another set of people or other windows, everything is counted, and the
finding is the same byte for byte. Traces that compare all posts with each other are always computed anew.
"""

import json
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType

import polars as pl

from . import kept, network, tables, traces
from .case import Case
from .errors import InputError
from .records import Plan

NAME = "counted"     # under which a case keeps where it is
LONGEST = 30         # slices that are laid over each other; then all is written again, or reading them would cost more
ORDER = ("object", "at", "actor", "post", "by")  # of a trace's actions


@dataclass
class Counted:
    """The counts of a case before and after new posts.

    files: sha256 of every file that is counted now.
    touched: ids of posts that came in, and so may be others than before; None: nothing was counted before.
    slices: oldest first, blob and tables of what each look before wrote.
    met: candidate pairs of the look before, by (trace, kind).
    """

    store: Case
    version: str
    files: tuple[str, ...]
    touched: pl.Series | None = None
    slices: tuple[tuple[str, kept.Frames], ...] = ()
    windows: tuple[int, ...] = ()
    met: dict[tuple[str, str], pl.DataFrame] = field(default_factory=dict)
    spent_s: float = 0.0           # of processor, on what is new
    _came: pl.DataFrame | None = None
    _before: dict[str, pl.DataFrame] = field(default_factory=dict)
    _went: dict[str, pl.DataFrame] = field(default_factory=dict)
    _fresh: dict[str, pl.DataFrame] = field(default_factory=dict)

    def act(self, name: str, posts: pl.DataFrame) -> tuple[pl.DataFrame, int]:
        """As `traces.act`."""
        began = time.process_time()
        old = self._of_before(name)
        if old is None or self.touched is None:
            actions, without = traces.act(name, posts)
            self._fresh[name] = actions
            return actions, without  # anew, and not among `spent_s`
        if self._came is None:
            self._came = posts.join(pl.DataFrame({"post": self.touched}), on="post", how="semi")
        self._fresh[name] = traces.get(name)(self._came)
        other = old["post"].is_in(self.touched.implode())
        self._before[name], self._went[name] = old, old.filter(other)
        self.spent_s += time.process_time() - began
        actions = pl.concat([old.filter(~other), self._fresh[name]]).sort(ORDER)
        return actions, posts.height - actions["post"].n_unique()

    def known(self, actions: Mapping[str, tables.Table], plan: Plan, engine: ModuleType,
              ) -> dict[tuple[str, str], pl.DataFrame]:
        """Pairs among which every candidate is, by (trace, kind); those that are not here have to be counted."""
        found, began = {}, time.process_time()
        for name, before in self._before.items():
            mine = [key for key in self.met if key[0] == name]
            if self.touched is None or plan.windows != self.windows or not mine or not plan.windows:
                continue
            may = network.may_meet(before, actions[name].lazy().collect(), self._went[name], self._fresh[name],
                                   windows_s=plan.windows, common_property=plan.common_property, engine=engine)
            if may is not None:
                for key in mine:
                    found[key] = pl.concat([self.met[key], may.filter(kind=key[1]).select("a", "b")]).unique()
        self.spent_s += time.process_time() - began
        return found

    def keep(self, plan: Plan, valid: network.Validation) -> None:
        """Keep what was counted for the next look."""
        whole = self.touched is None or len(self.slices) >= LONGEST
        acts = {name: pl.concat([self._before[name].join(pl.DataFrame({"post": self.touched}), on="post", how="anti"),
                                 fresh]) if whole and name in self._before else fresh
                for name, fresh in self._fresh.items() if not traces.get(name).whole}
        ids = pl.Series("post", [], dtype=pl.String) if whole or self.touched is None else self.touched
        mine = kept.put_frames(self.store, {**acts, "touched": ids.to_frame("post")})
        met = {f"{one.layer.trace} {one.layer.kind}": kept.put_table(self.store, one.names()) for one in valid.tested}
        told = {"version": self.version, "files": sorted(self.files), "windows": list(plan.windows or ()), "met": met,
                "slices": [*([] if whole else (blob for blob, _ in self.slices)), mine]}
        self.store.remember(NAME, {"blob": self.store.put(json.dumps(told, sort_keys=True).encode())})

    def _of_before(self, name: str) -> pl.DataFrame | None:
        """Actions of the look before; None: they are not kept."""
        if self.touched is None or traces.get(name).whole:
            return None
        slices = [frames for _, frames in self.slices]
        if any(name not in frames for frames in slices):
            return None
        touched = pl.concat([pl.DataFrame(schema={"post": pl.String, "last": pl.Int64}),
                             *(frames["touched"].select("post", last=pl.lit(number, pl.Int64))
                               for number, frames in enumerate(slices))]).group_by("post").agg(pl.col("last").max())
        acts = pl.concat([frames[name].with_columns(of=pl.lit(number, pl.Int64))
                          for number, frames in enumerate(slices)])
        newest = acts.join(touched, on="post", how="left").filter(pl.col("of") >= pl.col("last").fill_null(0))
        return tables.conform(newest, tables.ACTIONS, "actions")


def before(store: Case, version: str, shares: Mapping[str, str]) -> Counted:
    """What was counted of the look before, as far as it is there.

    Args:
        version: of everything that a count depends on beside the posts.
        shares: sha256 → share, of all files that are counted now.
    """
    nothing = Counted(store, version, tuple(shares))
    fact = store.recall(NAME)
    try:
        told = json.loads(store.get(fact["blob"])) if fact and store.has(fact["blob"]) else {}
        if told.get("version") != version or not set(told["files"]) <= set(shares):
            return nothing
        if not all(kept.whole(store, blob) for blob in told["slices"]) or not all(map(store.has, told["met"].values())):
            return nothing
        slices = tuple((blob, kept.frames_of(store, blob)) for blob in told["slices"])
        met = {(name.split(" ")[0], name.split(" ")[1]): kept.table(store, blob) for name, blob in told["met"].items()}
    except InputError:  # damaged: it is counted anew
        return nothing
    return Counted(store, version, tuple(shares), _posts(store, [shares[one] for one in shares
                                                                 if one not in set(told["files"])]),
                   slices, tuple(told["windows"]), met)


def _posts(store: Case, shares: Sequence[str]) -> pl.Series:
    """Ids of the posts of some files."""
    ids: Collection[pl.Series] = [kept.share_of(store, blob).frames["posts"]["post"] for blob in shares]
    return pl.concat([pl.Series("post", [], dtype=pl.String), *ids]).unique()
