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
    study.require_label(args.run_name)
    what = f"run {args.run_name} of study {study.name}"
    lock = study.work.run(args.run_name).lock
    with at_work(lock, what, "transcribe"), leased_device(study.hardware.device, what, spin=study.hardware.spin):
        # This import and the methods import torch, which must not look for GPUs before one is leased.
        from benchmark.runs.transcripts import transcribe_run

        transcribe_run(study, study.run(args.run_name), study.work)
