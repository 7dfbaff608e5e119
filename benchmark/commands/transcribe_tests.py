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
    from benchmark.study.timed_job import timed_job

    study = load_study(args.config)
    study.require_name(args.run_name)
    what = f"run {args.run_name} of study {study.name}"
    lock = study.work.run(args.run_name).lock
    with timed_job(study, lock, what, "transcribe"):
        from benchmark.runs.transcripts import transcribe_run

        transcribe_run(study, study.run(args.run_name), study.work)
