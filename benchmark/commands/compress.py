"""Run one compression method of a study on the study's budget."""

from __future__ import annotations

import argparse

from benchmark.runs.event_files import LOGS, require_tensorboard, write_events
from benchmark.study.argument import add_study_argument


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `compress`."""
    add_study_argument(parser)
    parser.add_argument("run_name", metavar="RUN", help="a run of the study, such as self_pinching-0.65-seed0")
    parser.add_argument(
        "--reuse", action="store_true", help="copy a finished record of the same identity instead of running"
    )
    parser.add_argument("--log", choices=LOGS, help="also write the curves for this program, beside curves.csv")


def run(args: argparse.Namespace) -> None:
    """Compress; a failed method is recorded and reported, but the command still succeeds."""
    from benchmark.study.file import load_study
    from benchmark.study.timed_job import timed_job

    if args.log:
        require_tensorboard()  # checked before hours of training, not after
    study = load_study(args.config)
    study.require_name(args.run_name)
    folder, what = study.work.run(args.run_name), f"run {args.run_name} of study {study.name}"
    with timed_job(study, folder.lock, what, "compress"):
        from benchmark.runs.compression import compress

        record = compress(study, study.run(args.run_name), study.work, study.results if args.reuse else None)
        if args.log:
            write_events(folder)
    left = f", {record['footprint']['remaining_parameters']} parameters left" if "footprint" in record else ""
    reason = f": {record['reason']}" if record["reason"] else ""
    print(f"{record['run']}: {record['status']}{left}, {record['compression_seconds']:.0f} s{reason}")
