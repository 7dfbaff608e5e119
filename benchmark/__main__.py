"""The command line: `python -m benchmark COMMAND`. Each command lives in its own file in benchmark/commands/."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from pathlib import Path

from benchmark.errors import UserError


def command_modules() -> list[str]:
    """Names of the commands, found by file."""
    folder = Path(__file__).parent / "commands"
    return sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")


def build_parser() -> argparse.ArgumentParser:
    """One sub-parser a command; its help is the first line of the command file's docstring."""
    parser = argparse.ArgumentParser(prog="python -m benchmark", description="Compare compression methods fairly.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in command_modules():
        module = importlib.import_module(f"benchmark.commands.{name}")
        summary = (module.__doc__ or "").strip().splitlines()[0]
        sub = commands.add_parser(name.replace("_", "-"), help=summary, description=module.__doc__)
        module.add_arguments(sub)
        sub.set_defaults(run=module.run)
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 is success, 2 an error that the user can mend, 130 an interruption."""
    args = build_parser().parse_args(arguments)
    try:
        status = args.run(args) or 0
        sys.stdout.flush()
        return status
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # whoever reads the output, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print("interrupted: run the same command again to go on", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
