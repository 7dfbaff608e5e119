"""Search a method's settings on the dev set, as specified by the study's `tuning`."""

from __future__ import annotations

import argparse

from benchmark.study.argument import add_study_argument


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `tune`."""
    add_study_argument(parser)
    parser.add_argument("search", metavar="SEARCH", help="label and target, such as self_pinching-0.65")
    parser.add_argument(
        "--reuse", action="store_true", help="copy a published search of the same identity instead of searching"
    )


def run(args: argparse.Namespace) -> None:
    """Run the remaining trials and print the chosen settings.

    Raises:
        UserError: the study has no `tuning`, or no such search.
    """
    from benchmark.study.file import load_study
    from benchmark.study.timed_job import timed_job
    from benchmark.system.errors import UserError, suggestion

    study = load_study(args.config)
    if study.tuning is None:
        raise UserError(f"{args.config} has no `tuning`, so there is nothing to search")
    study.require_name(args.search)
    what = f"tuning of {args.search} of study {study.name}"
    lock = study.work.search_lock(args.search)
    with timed_job(study, lock, what, "tune"):
        from benchmark.runs.search import tune

        plans = {plan.search: plan for plan in reversed(study.runs)}
        if args.search not in plans:
            known = suggestion(args.search, sorted(plans))
            raise UserError(f'study {study.name} has no search "{args.search}"{known}')
        tuning = tune(study, plans[args.search], study.work, study.results if args.reuse else None)
    for trial in tuning["trials"]:
        result = trial["reason"] if trial["dev_wer"] is None else f"dev WER {100 * trial['dev_wer']:.2f} %"
        print(f"{args.search} {trial['settings']}: {result}")
    print(f"{args.search}: chose {tuning['chosen'] or 'the defaults'}")
