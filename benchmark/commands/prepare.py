"""Decode a study's corpus into work/<study>/data and say what was left out."""

from __future__ import annotations

import argparse

from benchmark.study_argument import add_study_argument


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `prepare`."""
    add_study_argument(parser)


def run(args: argparse.Namespace) -> None:
    """Prepare the corpus."""
    from benchmark.at_work import at_work
    from benchmark.corpora import prepare
    from benchmark.files import sweep
    from benchmark.study_file import load_study

    study = load_study(args.config)
    with at_work(study.work / "data.lock", f"preparing the data of study {study.name}", "prepare"):
        sweep(study.work)
        prepare(study.corpus, study.work / "data")
