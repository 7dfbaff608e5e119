"""Merge a study's finished runs from several machines into one folder."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `merge`."""
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUNS", help="folders such as results/<study>/runs")
    parser.add_argument("--to", type=Path, metavar="RUNS", help="the folder to merge into (default: the first one)")


def run(args: argparse.Namespace) -> None:
    """Merge, and print where each run comes from.

    Raises:
        UserError: there is nothing to merge, or the runs do not belong together.
    """
    from benchmark.runs.merging import merge
    from benchmark.system.errors import UserError

    if args.to is None and len(args.runs) < 2:
        raise UserError("nothing to merge: name two folders, or one and --to")
    target = args.to or args.runs[0]
    for line in merge(args.runs, target):
        print(line)
    print(f"merged into {target}; to make the tables: python -m benchmark tables {target.parent}")
