"""Transcribe a study's test sets with a run's compressed model."""

from __future__ import annotations

import argparse

from benchmark.study.argument import add_study_argument


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `transcribe-tests`."""
    add_study_argument(parser)
    parser.add_argument("run_name", metavar="RUN", help="a run of the study")


def run(args: argparse.Namespace) -> None:
    """Transcribe."""
    from benchmark.study.file import load_study
    from benchmark.system.at_work import at_work
    from benchmark.system.devices import leased_device

    study = load_study(args.config)
    plan = study.run(args.run_name)
    what = f"run {plan.run} of study {study.name}"
    lock = study.work / "runs" / plan.run / "lock"
    with at_work(lock, what, "transcribe"), leased_device(study.hardware.device, what, spin=study.hardware.spin):
        from benchmark.runs.transcripts import (
            transcribe_run,  # with torch, which must not look for GPUs before one is leased
        )

        transcribe_run(study, plan, study.work)
