"""The command line: `python -m benchmark COMMAND`, or `pinchbench COMMAND` where the project is installed.

Each command lives in its own file in benchmark/commands/.
"""

from __future__ import annotations

import argparse
import importlib
import io
import os
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NoReturn

from benchmark.system.errors import UserError, suggestion

SCRIPT = "pinchbench"
DESCRIPTION = """\
Compress speech models by many methods on one budget, and compare their word error rates. Start with: run, status,
tables, show, significance, export, transcribe. The Snakefile calls prepare, dense, tune, compress, transcribe-tests,
score, publish."""


class Parser(argparse.ArgumentParser):
    """A parser that reports wrong arguments in one line, like all other errors."""

    def error(self, message: str) -> NoReturn:
        """Raise `message` as a `UserError`.

        Raises:
            UserError: always.
        """
        raise UserError(f"{message}; see {self.prog} --help")


class Version(argparse.Action):
    """`--version`: the version of the package, and the commit if it lies in a repository."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> NoReturn:
        """Print them and exit."""
        from benchmark.runs.provenance import git_commit

        try:
            number = version(SCRIPT)
        except PackageNotFoundError:  # a checkout that is run without installation
            number = "not installed"
        print(f"{SCRIPT} {number}, commit {git_commit()}")
        parser.exit()


def command_modules() -> list[str]:
    """Names of the commands, from the files in benchmark/commands/."""
    folder = Path(__file__).parent / "commands"
    return sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")


def build_parser() -> Parser:
    """The parser, with one sub-parser per command. A command's help is the first line of its file's docstring."""
    called = SCRIPT if Path(sys.argv[0]).stem == SCRIPT else "python -m benchmark"
    parser = Parser(prog=called, description=DESCRIPTION)
    parser.add_argument("--version", action=Version, nargs=0, help="print version and commit")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in command_modules():
        module = importlib.import_module(f"benchmark.commands.{name}")
        summary = (module.__doc__ or "").strip().splitlines()[0]
        sub = commands.add_parser(name.replace("_", "-"), help=summary, description=module.__doc__)
        module.add_arguments(sub)
        sub.set_defaults(run=module.run)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns 0 for success, 2 for an error that the user can fix, 130 for an interruption."""
    _prepare_streams()
    try:
        return _run(sys.argv[1:] if arguments is None else arguments)
    except UserError as error:
        _complain(str(error))
        return 2
    except BrokenPipeError:  # the reader of the output, such as `head`, has closed it
        _end_output()
        return 0
    except OSError as error:  # a full disk, a name that is too long, an unreadable folder
        _end_output()
        where = error.filename or ("while writing" if error.errno else None)
        _complain(": ".join(filter(None, [error.strerror or str(error), where])))
        return 2
    except KeyboardInterrupt:
        print("interrupted: run the same command again to continue", file=sys.stderr)
        return 130


def _run(arguments: Sequence[str]) -> int:
    parser = build_parser()
    if not arguments:
        parser.print_help()
        return 0
    _check_place()
    _check_words(arguments)
    args = parser.parse_args(arguments)
    status: int = args.run(args) or 0
    sys.stdout.flush()
    return status


def _check_place() -> None:
    """Refuse to run an installed copy of the project from within another checkout."""
    here = Path("benchmark", "__main__.py")
    if here.is_file() and not here.samefile(__file__):
        installed = Path(__file__).parent.parent
        raise UserError(
            f"{SCRIPT} is installed from {installed}, not from this checkout: use `python -m benchmark`, or run "
            "`pip install -e .` here"
        )


def _check_words(arguments: Sequence[str]) -> None:
    """Refuse arguments that `argparse` would accept, or would explain in a long message."""
    names = [name.replace("_", "-") for name in command_modules()]
    first = arguments[0]
    if not first.startswith("-") and first not in names:
        raise UserError(f'unknown command "{first}"{suggestion(first, names)}')
    if "" in arguments:
        raise UserError("an argument is empty, which would mean the current folder: leave it out")


def _complain(message: str) -> None:
    """Print an error as one line. File names may contain line breaks and terminal control characters."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in message)
    print(f"error: {shown}", file=sys.stderr)


def _prepare_streams() -> None:
    """Print in UTF-8 whatever the locale is, since tables contain non-ASCII letters.

    A stream that the caller has closed is replaced by one that discards output. Names that are not valid text are
    printed with escapes.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _end_output() -> None:
    """Flush the output. If that is impossible, discard it, so that Python does not try again at exit."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
