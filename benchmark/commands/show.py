"""Print a study's main table and the paths of its tables, figures and report."""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmark.study.argument import results_folder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `show`."""
    parser.add_argument("study", metavar="STUDY", help="a study's name, YAML file or folder")


def run(args: argparse.Namespace) -> None:
    """Print the main table that `tables` has written."""
    print_results(results_folder(args.study))


def print_results(folder: Path) -> None:
    """Print the main table and the paths.

    Raises:
        UserError: there is no table yet.
    """
    from benchmark.system.errors import UserError

    if not (folder / "main.md").exists():
        raise UserError(f"{folder / 'main.md'} does not exist: run the study, or `python -m benchmark tables`")
    print((folder / "main.md").read_text(encoding="utf-8"))
    print(f"results: {folder / 'README.md'}")
    if (folder / "index.html").exists():
        print(f"page:    {folder / 'index.html'} (open it in a browser to sort, filter and inspect runs)")
    print(f"tables:  {folder / 'main.csv'}, main.md, main.tex, significance.csv, significance.md, pairs.csv, runs.csv")
    print(f"figures: {folder / 'figures'}")
