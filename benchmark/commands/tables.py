"""Rebuild a study's tables, figures and page from its records, without training."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

COPIED = ("index.html", "main.csv", "significance.csv", "runs.csv", "figures")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `tables`."""
    parser.add_argument(
        "study", metavar="STUDY", help="a study's name, YAML file or folder, or any folder with runs/ and ref/"
    )
    parser.add_argument(
        "--runs", type=Path, metavar="DIR", help="the folder of the runs, with ref/ beside it (default: STUDY's)"
    )
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="where to write tables and figures (default: STUDY's folder)"
    )
    parser.add_argument(
        "--copy", type=Path, metavar="DIR", help="also copy the page, tables and figures to this folder"
    )


def run(args: argparse.Namespace) -> None:
    """Write the tables, figures and page, and print their paths."""
    from benchmark.commands.show import print_results
    from benchmark.report.page.studies import write_studies_page
    from benchmark.report.study_report import write_report
    from benchmark.study.argument import results_folder
    from benchmark.study.paths import ResultsFolder

    folder = results_folder(args.study, made=args.runs is None)
    out = args.out or folder
    write_report(args.runs or ResultsFolder(folder).runs, out)
    if out.parent.name == ResultsFolder.KIND:  # elsewhere there are no other studies beside it
        write_studies_page(out.parent)
    if args.copy:
        copy_tables(out, args.copy)
    print_results(out)


def copy_tables(source: Path, target: Path) -> None:
    """Copy the files for Snakemake's report to a place where Snakemake may delete them before the next job."""
    from benchmark.system.files import together

    with together(target) as partial:
        for name in COPIED:
            copy = shutil.copytree if (source / name).is_dir() else shutil.copyfile
            copy(source / name, partial / name)
