"""Score a run's hypotheses and complete its record, run.json."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `score`."""
    parser.add_argument("config", type=Path, help="the study's YAML")
    parser.add_argument("run_name", metavar="RUN", help="a run of the study")


def run(args: argparse.Namespace) -> None:
    """Score one run."""
    from benchmark.score import score_run
    from benchmark.study import load_study

    study = load_study(args.config)
    record = score_run(study, study.run(args.run_name), study.work)
    wers = ", ".join(f"{split} WER {100 * score['wer']:.2f} %" for split, score in record.get("scores", {}).items())
    print(f"{record['run']}: {record['status']}{', ' + wers if wers else ''}")
