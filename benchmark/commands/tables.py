"""Rebuild a study's tables, figures and page from its records, without training."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `tables`."""
    parser.add_argument(
        "study", metavar="STUDY", help="a study: its name, its YAML or its folder; or any that holds runs/ and ref/"
    )
    parser.add_argument("--runs", type=Path, metavar="DIR", help="where the runs are, ref/ beside it (STUDY's runs/)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="where tables and figures go (STUDY's folder)")


def run(args: argparse.Namespace) -> None:
    """Write them and say where they are."""
    from benchmark.commands.show import print_results
    from benchmark.report.study_report import write_report
    from benchmark.study_argument import results_folder

    folder = results_folder(args.study, made=args.runs is None)
    out = args.out or folder
    write_report(args.runs or folder / "runs", out)
    print_results(out)
