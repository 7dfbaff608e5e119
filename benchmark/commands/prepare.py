"""Decode a study's corpus into work/<study>/data and report what was left out."""

from __future__ import annotations

import argparse

from benchmark.study.argument import add_study_argument


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `prepare`."""
    add_study_argument(parser)


def run(args: argparse.Namespace) -> None:
    """Prepare the corpus."""
    from benchmark.corpora import prepare
    from benchmark.study.file import load_study
    from benchmark.system.at_work import at_work
    from benchmark.system.files import sweep

    study = load_study(args.config)
    with at_work(study.work.data_lock, f"preparing the data of study {study.name}", "prepare"):
        sweep(study.work.path)
        prepare(study.corpus, study.work.data)
