"""Copy a study's finished runs, without weights, to results/<study>, and remove those that it does not plan."""

from __future__ import annotations

import argparse

from benchmark.study_argument import add_study_argument


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `publish`."""
    add_study_argument(parser)


def run(args: argparse.Namespace) -> None:
    """Publish what is finished so far."""
    from benchmark.progress import expected_runs
    from benchmark.publication import publish
    from benchmark.study_file import load_study

    study = load_study(args.config)
    published = publish(study)
    print(f"{published} of {len(expected_runs(study))} runs are in results/{study.name}/runs")
