"""List a study's runs: finished, failed and why, running, left."""

from __future__ import annotations

import argparse

from benchmark.study_argument import add_study_argument


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `status`."""
    add_study_argument(parser)


def run(args: argparse.Namespace) -> None:
    """Print a line a run, then the count."""
    from benchmark.progress import progress_line, result_line, run_states
    from benchmark.study_file import load_study

    study = load_study(args.config)
    states = run_states(study)
    for state in states:
        print(result_line(state.record) if state.record else f"{state.run}: {state.state}")
    print(progress_line(states))
