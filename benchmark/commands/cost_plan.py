"""Estimate a study's cost: hours per method, on one device and on eight, from a measured throughput."""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmark.study.argument import add_study_argument


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `cost-plan`."""
    add_study_argument(parser)
    parser.add_argument("throughput", type=Path, metavar="FILE.json", help="the file that `throughput --json` wrote")
    parser.add_argument(
        "--model", metavar="NAME", help="the measured model of the same shape, if the study's dense model is not known"
    )
    parser.add_argument("--out", type=Path, metavar="FILE.md", help="also write the table to this file")


def run(args: argparse.Namespace) -> None:
    """Print the table, and save it if requested."""
    from benchmark.study.file import load_study
    from benchmark.system.files import write_text
    from benchmark.system.validated import read_json_as
    from benchmark.throughput.cost_plan import cost_plan
    from benchmark.throughput.cost_table import as_markdown
    from benchmark.throughput.figures import Throughput
    from benchmark.throughput.rates import Rates

    study = load_study(args.config)
    measured = read_json_as(args.throughput, Throughput)
    rates = Rates.for_study(measured, study, args.model)
    table = as_markdown(cost_plan(study, rates), study, rates, measured)
    print(table)
    if args.out:
        write_text(args.out, table + "\n")
