"""Make a study's dense model: load the start, fine-tune it if the study says so, cache front-end features."""

from __future__ import annotations

import argparse

from benchmark.study_argument import add_study_argument


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `dense`."""
    add_study_argument(parser)


def run(args: argparse.Namespace) -> None:
    """Run the dense stage."""
    from benchmark.at_work import at_work
    from benchmark.devices import leased_device
    from benchmark.study_file import load_study

    study = load_study(args.config)
    what = f"dense model of study {study.name}"
    with (
        at_work(study.work / "dense.lock", what, "dense"),
        leased_device(study.hardware.device, what, spin=study.hardware.spin),
    ):
        from benchmark.dense import prepare_dense  # with torch, which must not look for GPUs before one is leased

        prepare_dense(study, study.work)
