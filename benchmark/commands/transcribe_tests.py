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
    from benchmark.devices import leased_device
    from benchmark.lock import exclusive
    from benchmark.study_file import load_study

    study = load_study(args.config)
    plan = study.run(args.run_name)
    what = f"run {plan.run} of study {study.name}"
    with exclusive(study.work / "runs" / plan.run / "lock", what), leased_device(study.hardware.device, what):
        from benchmark.runs import transcribe_run  # with torch, which must not look for GPUs before one is leased

        transcribe_run(study, plan, study.work)
