"""Train some steps of a run with cuts as a real pipeline, and compare it with one process."""

from __future__ import annotations

import argparse
from contextlib import nullcontext
from pathlib import Path

from benchmark.study.argument import add_study_argument


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `pipeline`."""
    add_study_argument(parser)
    parser.add_argument("run_name", metavar="RUN", help="a run of the method boundary_compression")
    parser.add_argument("--stages", type=int, choices=(2, 4), help="processes (default: as the run's settings say)")
    parser.add_argument("--steps", type=int, default=8, help="training steps, at least 2 (default: 8)")
    micro_batches = "micro-batches per step, each of the study's batch_seconds (default: 2)"
    parser.add_argument("--micro-batches", type=int, default=2, help=micro_batches)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all numbers, and where they were measured")


def run(args: argparse.Namespace) -> None:
    """Measure, print the table, and save the numbers if requested. The study's dense stage must have run."""
    from benchmark.study.file import load_study
    from benchmark.system.devices import CPU, devices, leased_device

    study = load_study(args.config)
    study.require_name(args.run_name)
    asked = study.hardware.device
    alone = devices(asked) == [CPU]  # several GPUs cannot be leased at once
    with leased_device(asked, f"pipeline of {args.run_name}", spin=study.hardware.spin) if alone else nullcontext():
        # This import and the methods import torch, which must not look for GPUs before one is leased.
        from benchmark.pipeline.measurement import measure
        from benchmark.pipeline.run_course import course_of
        from benchmark.runs.provenance import provenance
        from benchmark.system.files import write_json
        from benchmark.training.precision import device_name, pick_device

        measured = measure(course_of(study, study.run(args.run_name), args.stages, args.steps, args.micro_batches))
        print(measured.table())
        if args.json:
            write_json(args.json, measured.as_json() | {"provenance": provenance(device_name(pick_device(asked)))})
