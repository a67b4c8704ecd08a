"""The command line: one file a command, each thin. This file finds them and maps what went wrong to exit codes.

    0 done · 1 the thing examined fails · 2 usage or input · 3 our bug · 130 interrupted

Nothing heavy is imported before a command runs, so that `--help` answers at once.
"""

import errno
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Annotated

import typer

from ..errors import CotraceError
from ..parts import load, names
from . import _terminal as terminal

SWITCHES = {"--json": "json", "-q": "quiet", "--quiet": "quiet", "-v": "verbose", "--verbose": "verbose"}
# typer carries its own copy of click since 0.2x and names only the leaves of its exceptions in public;
# and a command file becomes an attribute of this package, so nothing here may be called as a command is
ClickException: type[Exception] = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")
OF_THE_MACHINE = (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG, errno.EIO)
INTERRUPTED = 130  # 128 + SIGINT, as shells count
BUG = ("cotrace has a bug: {fault}\nNothing was left half written. Please report the command and this message;"
       "\nrun it again with -v to see where it happened.")


def main(argv: Sequence[str] | None = None) -> None:
    """Run one command and leave with its exit code."""
    sys.exit(answer(sys.argv[1:] if argv is None else argv))


def answer(argv: Sequence[str]) -> int:
    """Run one command; returns its exit code, 0, 1, 2, 3 or 130."""
    try:
        with terminal.listening():
            code = _app()(args=_without_switches(argv), prog_name="cotrace", standalone_mode=False)
            sys.stdout.flush()
        if code == INTERRUPTED:  # typer answers Ctrl-C with its code and no word
            raise KeyboardInterrupt
        return code if isinstance(code, int) else 0
    except terminal.Fails:
        return 1
    except typer.Exit as left:
        return left.exit_code
    except (typer.Abort, KeyboardInterrupt):
        terminal.fault("Interrupted. Nothing was left half written; the same command resumes.")
        return INTERRUPTED
    except CotraceError as fault:
        terminal.fault(str(fault))
        return fault.exit_code
    except ClickException as fault:  # usage
        said = getattr(fault, "format_message", fault.__str__)()
        command = f"{argv[0]} " if argv and argv[0] in names("cli") else ""
        terminal.fault(said if said.startswith("Usage:") else f"{said}\nSee  cotrace {command}--help")
        return 2
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as fault:  # noqa: BLE001  the last net: everything that reaches it is our bug, and says so
        if isinstance(fault, OSError) and fault.errno in OF_THE_MACHINE:
            terminal.fault(f"The machine refused: {fault.strerror}{f', at {fault.filename}' if fault.filename else ''}."
                           "\nNothing was left half written. Make room, or mend permissions; the same command resumes.")
            return 2
        terminal.fault(BUG.format(fault=f"{type(fault).__name__}: {fault}"))
        if terminal.STATE.verbose:
            traceback.print_exc()
        return 3


def _without_switches(argv: Sequence[str]) -> list[str]:
    """--json, -q and -v may stand before or after the command; after `--` everything is a name."""
    terminal.STATE.reset()
    kept: list[str] = []
    for place, word in enumerate(argv):
        if word == "--":
            return [*kept, *argv[place:]]
        if word in SWITCHES:
            setattr(terminal.STATE, SWITCHES[word], True)
        else:
            kept.append(word)
    return kept


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        terminal.result(f"cotrace {version('cotrace')}")
        raise typer.Exit


def _app() -> typer.Typer:
    app = typer.Typer(name="cotrace", add_completion=False, no_args_is_help=True, rich_markup_mode=None,
                      pretty_exceptions_enable=False,
                      context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})

    @app.callback()
    def cotrace(
        version: Annotated[bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)]
        = False,
        json: Annotated[bool, typer.Option("--json", help="Results as JSON; may stand after the command.")] = False,
        quiet: Annotated[bool, typer.Option("-q", "--quiet", help="No words, no progress.")] = False,
        verbose: Annotated[bool, typer.Option("-v", "--verbose", help="More words.")] = False,
    ) -> None:
        """Find accounts that act together, link them to published sources, and prove every sentence of it.

        Start with `cotrace demo`, or with `cotrace inspect POSTS` and `cotrace run POSTS`.
        Results go to stdout, words and progress to stderr.
        """

    for name in names("cli"):
        module = load("cli", name)
        if hasattr(module, "app"):
            app.add_typer(module.app, name=name)
        else:
            app.command(name=name)(getattr(module, name))
    return app
