"""Search a method's settings on the dev set, as the study's `tuning` says."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `tune`."""
    parser.add_argument("config", type=Path, help="the study's YAML")
    parser.add_argument("label", metavar="LABEL", help="a method of the study, by its label")
    parser.add_argument("--reuse", action="store_true", help="take over a published search of the same identity")


def run(args: argparse.Namespace) -> None:
    """Run the trials that are left and say what was chosen.

    Raises:
        UserError: the study has no `tuning`, or no such label.
    """
    from benchmark.devices import leased_device
    from benchmark.errors import UserError
    from benchmark.lock import exclusive
    from benchmark.registry import suggestion
    from benchmark.study import load_study

    study = load_study(args.config)
    if study.tuning is None:
        raise UserError(f"{args.config} has no `tuning`")
    plans = {plan.label: plan for plan in reversed(study.runs)}
    if args.label not in plans:
        raise UserError(f'study {study.name} has no method "{args.label}"{suggestion(args.label, sorted(plans))}')
    what = f"tuning of {args.label} of study {study.name}"
    with exclusive(study.work / "tuning" / f"{args.label}.lock", what), leased_device(study.hardware.device, what):
        from benchmark.tuning import tune  # with torch, which must not look for GPUs before one is leased

        tuning = tune(study, plans[args.label], study.work, study.results / "tuning" if args.reuse else None)
    for trial in tuning["trials"]:
        result = trial["reason"] if trial["dev_wer"] is None else f"dev WER {100 * trial['dev_wer']:.2f} %"
        print(f"{args.label} {trial['settings']}: {result}")
    print(f"{args.label}: chosen {tuning['chosen'] or 'the defaults'}")
