"""Score a run's hypotheses, complete its record, publish it if it is new, and print which runs are left."""

from __future__ import annotations

import argparse

from benchmark.study.argument import add_study_argument


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `score`."""
    add_study_argument(parser)
    parser.add_argument("run_name", metavar="RUN", help="a run of the study")


def run(args: argparse.Namespace) -> None:
    """Score one run. A new run is published at once, so that an interrupted study keeps its finished runs."""
    from benchmark.runs.error_counts import score_run
    from benchmark.runs.evaluated import runs_models
    from benchmark.runs.publication import publish_run
    from benchmark.runs.study_status import progress_line, result_line, run_states
    from benchmark.study.file import load_study
    from benchmark.study.timed_job import timed_job
    from benchmark.system.at_work import at_work

    study = load_study(args.config)
    study.require_name(args.run_name)
    what = f"run {args.run_name} of study {study.name}"
    lock = study.work.run(args.run_name).lock
    with timed_job(study, lock, what, "score") if runs_models(study) else at_work(lock, what, "score"):
        plan = study.run(args.run_name)
        record = score_run(study, plan, study.work)
        publish_run(study, plan)
    print(f"{result_line(record)} | {progress_line(run_states(study))}")
