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
    from benchmark.system.at_work import at_work
    from benchmark.system.devices import leased_device

    study = load_study(args.config)
    what = f"dense model of study {study.name}"
    with (
        at_work(study.work.dense_lock, what, "dense"),
        leased_device(study.hardware.device, what, spin=study.hardware.spin),
    ):
        from benchmark.runs.dense_stage import (
            prepare_dense,  # imports torch, which must not look for GPUs before one is leased
        )

        prepare_dense(study, study.work, study.results if args.reuse else None)
