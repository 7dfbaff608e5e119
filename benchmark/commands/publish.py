"""Copy a study's finished runs, without weights, to results/<study>, and set aside runs that it does not plan."""

from __future__ import annotations

import argparse

from benchmark.study.argument import add_study_argument


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `publish`."""
    add_study_argument(parser)
    parser.add_argument(
        "--replace", action="store_true", help="replace the published records, even those with the same results"
    )
    parser.add_argument(
        "--prune", action="store_true", help="delete the runs that the study does not plan, including those set aside"
    )


def run(args: argparse.Namespace) -> None:
    """Publish the runs that are finished so far."""
    from benchmark.runs.publication import publish
    from benchmark.study.file import load_study
    from benchmark.system.files import sweep

    study = load_study(args.config)
    sweep(study.work.path)
    for line in publish(study, replace=args.replace, prune=args.prune):
        print(line)
