"""Transcribe a study's test sets with a run's compressed model."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `transcribe-tests`."""
    parser.add_argument("config", type=Path, help="the study's YAML")
    parser.add_argument("run_name", metavar="RUN", help="a run of the study")


def run(args: argparse.Namespace) -> None:
    """Transcribe."""
    from benchmark.lock import exclusive
    from benchmark.runs import transcribe_run
    from benchmark.study import load_study

    study = load_study(args.config)
    plan = study.run(args.run_name)
    with exclusive(study.work / "runs" / plan.run / "lock", f"run {plan.run} of study {study.name}"):
        transcribe_run(study, plan, study.work)
