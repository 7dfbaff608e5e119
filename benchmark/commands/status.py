"""List a study's runs: finished, failed (with the reason), running (with the progress) or left."""

from __future__ import annotations

import argparse

from benchmark.study.argument import add_study_argument


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `status`."""
    add_study_argument(parser)


def run(args: argparse.Namespace) -> None:
    """Print a line for each active step and each run, then the counts."""
    from benchmark.runs.study_status import progress_line, run_states, steps_at_work
    from benchmark.study.file import load_study

    study = load_study(args.config)
    states = run_states(study)
    for line in (*steps_at_work(study), *states):
        print(line)
    print(progress_line(states))
