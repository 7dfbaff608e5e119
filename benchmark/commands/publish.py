"""Copy a study's finished runs, without weights, to results/<study>, and remove those that it does not plan."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `publish`."""
    parser.add_argument("config", type=Path, help="the study's YAML")


def run(args: argparse.Namespace) -> None:
    """Publish what is finished so far."""
    from benchmark.publication import publish
    from benchmark.study_file import load_study

    study = load_study(args.config)
    published = publish(study)
    print(f"{published} of {len(study.runs)} runs are in results/{study.name}/runs")
