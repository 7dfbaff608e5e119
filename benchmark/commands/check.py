"""Check everything that a study needs before its first job: corpus, model, targets, disk, memory, methods."""

from __future__ import annotations

import argparse

from benchmark.study.argument import add_study_argument


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `check`."""
    add_study_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Print a line for each check; 2 if one of them found a problem."""
    import sys

    from benchmark.study.checks import check
    from benchmark.study.file import load_study

    study = load_study(args.config)
    findings = check(study)
    for finding in findings:
        print(finding if finding.ok else f"error: {finding}", file=sys.stdout if finding.ok else sys.stderr)
    return 0 if all(finding.ok for finding in findings) else 2
