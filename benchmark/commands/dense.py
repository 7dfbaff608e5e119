"""Prepare a study's dense model: load it, fine-tune it if the study says so, cache front-end features."""

from __future__ import annotations

import argparse

from benchmark.study.argument import add_study_argument


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `dense`."""
    add_study_argument(parser)
    parser.add_argument(
        "--reuse", action="store_true", help="take the WER to compare with the published one from finished records"
    )


def run(args: argparse.Namespace) -> None:
    """Run the dense stage."""
    from benchmark.study.file import load_study
    from benchmark.study.timed_job import timed_job

    study = load_study(args.config)
    with timed_job(study, study.work.dense_lock, f"dense model of study {study.name}", "dense"):
        from benchmark.runs.dense_stage import prepare_dense

        prepare_dense(study, study.work, study.results if args.reuse else None)
