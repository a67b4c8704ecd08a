"""What a plan file may say, and what it means where it is silent.

    traces = ["shared_link", "same_text"]   # default: all there are
    windows = [60, 300, 1800]               # s; default: 10, 60, 300, 1800, 21600, where the clock allows
    alpha = 0.01                            # share of published pairs that we accept to be false
    min_objects = 3                         # distinct objects, the fewest that make a pair testable
    placebos = 20                           # copies of the data for the measured false discovery rate
    seed = 0
    prior = "1:1000"                        # odds that a random actor of the data is run by a given source
    common_property = 5000                  # actors of one window; busier objects are set aside, and listed
    look = 2                                # written by `cotrace add`, as is alpha_of_looks: see docs/days.md
    alpha_of_looks = 0.01
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from . import derive, digest, parts
from .errors import InputError
from .records import Plan

PRIOR = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?:[0-9]{1,9}(\.[0-9]{1,6})?")
LIMITS = {  # lowest and highest value that make sense, and why
    "alpha": (1e-9, 0.2, "a share of false edges above one fifth is no finding"),
    "min_objects": (3, 1000, "fewer than three occasions are coincidence (METHOD §1)"),
    "placebos": (0, 1000, "each costs as much as the search itself"),
    "seed": (0, 2**53 - 1, "it has to travel in JSON"),
    "common_property": (2, 10**9, "an object of one actor pairs nobody"),
}
MOST_LOOKS = 1000  # nearly three years of days; by then a look has a millionth of alpha, and a new case finds more


def resolve(plan: Plan | str | Path | None, *, only: Sequence[str] = (), without: Sequence[str] = (),
            seed: int | None = None) -> Plan:
    """The plan of a run with its traces named; only the windows still depend on the clock of the data.

    Raises:
        InputError: a file that is not TOML, an unknown key, a value that makes no sense, an unknown trace.
    """
    plan = plan if isinstance(plan, Plan) else Plan() if plan is None else read(Path(plan))
    known = parts.names("traces")
    for name in (*plan.traces, *only, *without):
        if name not in known:
            raise InputError(f"There is no trace {name!r}.\nThere are: {', '.join(known)}.")
    chosen = tuple(sorted(set(only or plan.traces or known) - set(without)))
    if not chosen:
        raise InputError("No trace is left to look for.\nLeave one of the --without options out.")
    plan = replace(plan, traces=chosen, seed=plan.seed if seed is None else seed)
    check(plan)
    return plan


def read(path: Path) -> Plan:
    """A plan from a TOML file.

    Raises:
        InputError: as `resolve`.
    """
    try:
        said = tomllib.loads(path.read_text("utf-8"))
    except OSError as fault:
        raise InputError(f"The plan {path} cannot be read: {fault.strerror}.\n"
                         "Name a TOML file, or leave --plan out: every setting has a default.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise InputError(f"The plan {path} is not TOML: {fault}.\nWhat a plan may say:\n{__doc__}") from None
    names = [field.name for field in fields(Plan)]
    if unknown := sorted(set(said) - set(names)):
        raise InputError(f"The plan {path} says {', '.join(unknown)}, which is not a setting.\n"
                         f"There are: {', '.join(names)}.")
    settings: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in said.items()}
    plan = Plan(**settings)
    try:
        check(plan)
    except InputError as fault:
        raise InputError(f"{fault}\nIt was read from {path}.") from None
    return plan


def read_back(plain: Mapping[str, Any]) -> Plan:
    """The plan that `Plan.as_plain` gave."""
    windows = plain["windows"]
    looks = {"alpha_of_looks": float(plain["alpha_of_looks"])} if "alpha_of_looks" in plain else {}
    return Plan(**{**plain, "alpha": float(plain["alpha"]), "traces": tuple(plain["traces"]),
                   "windows": None if windows is None else tuple(windows), **looks})


def at_look(plan: Plan, look: int) -> Plan:
    """The plan as the look-th look at posts that go on arriving follows it: at its share of alpha.

    Args:
        plan: one that is looked at once, or another look's.
        look: from 1.

    Raises:
        InputError: more looks than alpha can be divided among.
    """
    if not 1 <= look <= MOST_LOOKS:
        raise InputError(f"This would be look {look} at posts that go on arriving, and alpha is divided among "
                         f"{MOST_LOOKS}.\nBegin another case with the posts of the last months.")
    whole = plan.alpha if plan.alpha_of_looks is None else plan.alpha_of_looks
    share = derive.alpha_of_look(digest.decimal(whole), look)
    return replace(plan, look=look, alpha_of_looks=whole, alpha=float(share))


def once(plan: Plan) -> Plan:
    """The plan without its looks: what a case that goes on was begun with."""
    whole = plan.alpha if plan.alpha_of_looks is None else plan.alpha_of_looks
    return replace(plan, look=None, alpha_of_looks=None, alpha=whole)


def check(plan: Plan) -> None:
    """Refuse values that make no sense.

    Raises:
        InputError: naming the setting, what it says and what it may say.
    """
    _check_look(plan)
    for name, (low, high, why) in LIMITS.items():
        value = getattr(plan, name)
        kinds = (int, float) if name == "alpha" else (int,)
        if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:
            raise InputError(f"The plan says {name} = {value!r}; it is a number from {low} to {high}: {why}.")
    odds = plan.prior.split(":") if isinstance(plan.prior, str) and PRIOR.fullmatch(plan.prior) else ["0"]
    if min(map(float, odds)) <= 0:
        raise InputError(f'The plan says prior = {plan.prior!r}; it is odds such as "1:1000", both above nought.')
    if plan.windows is not None and (not isinstance(plan.windows, tuple) or not plan.windows or any(
            isinstance(w, bool) or not isinstance(w, int) or not 1 <= w <= 7 * 86400 for w in plan.windows)):
        raise InputError(f"The plan says windows = {_shown(plan.windows)}; they are whole seconds, 1 to 604800 (a "
                         "week), in a list:  windows = [60, 300]")
    if not isinstance(plan.traces, tuple) or not all(isinstance(name, str) for name in plan.traces):
        raise InputError(f"The plan says traces = {_shown(plan.traces)}; they are names in quotes, in a list:  "
                         'traces = ["shared_link"]')


def _check_look(plan: Plan) -> None:
    """Refuse a look that takes more of alpha than is its."""
    if plan.look is None and plan.alpha_of_looks is None:
        return
    look, whole = plan.look, plan.alpha_of_looks
    if isinstance(look, bool) or not isinstance(look, int) or not 1 <= look <= MOST_LOOKS:
        raise InputError(f"The plan says look = {look!r}; it is a whole number from 1 to {MOST_LOOKS}, and stands with "
                         "alpha_of_looks.")
    if isinstance(whole, bool) or not isinstance(whole, int | float) or not LIMITS["alpha"][0] <= whole <= LIMITS[
            "alpha"][1]:
        raise InputError(f"The plan says alpha_of_looks = {whole!r}; it is what all looks together may spend, a number "
                         f"from {LIMITS['alpha'][0]} to {LIMITS['alpha'][1]}.")
    share = derive.alpha_of_look(digest.decimal(whole), look)
    if plan.alpha != float(share):
        raise InputError(f"The plan says alpha = {plan.alpha!r} for look {look}; of {whole} this look has {share}.\n"
                         "Leave look and alpha_of_looks out of a plan that is run once.")


def _shown(value: object) -> object:
    return list(value) if isinstance(value, tuple) else repr(value)


def toml(plan: Plan) -> str:
    """The plan as a file that `read` reads as the same plan."""
    lines = [f"traces = [{', '.join(_quoted(name) for name in plan.traces)}]",
             *([f"windows = {list(plan.windows)}"] if plan.windows is not None else []),
             f"alpha = {plan.alpha!r}", f"min_objects = {plan.min_objects}", f"placebos = {plan.placebos}",
             f"seed = {plan.seed}", f"prior = {_quoted(plan.prior)}", f"common_property = {plan.common_property}",
             *([f"look = {plan.look}", f"alpha_of_looks = {plan.alpha_of_looks!r}"] if plan.look is not None else [])]
    return "\n".join(lines) + "\n"


def _quoted(word: str) -> str:
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'
