"""Run a study with Snakemake, from the corpus to its tables."""

from __future__ import annotations

import argparse

from benchmark.study.argument import add_study_argument


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `run`."""
    add_study_argument(parser)
    rest = "options for Snakemake, such as `-- -n` to show what would run; by default it uses all cores"
    parser.add_argument("snakemake", nargs=argparse.REMAINDER, metavar="-- ...", help=rest)


def run(args: argparse.Namespace) -> None:
    """Replace this process by Snakemake, which then receives all signals and sets the exit status.

    Raises:
        UserError: the study cannot be read, or the project's Snakefile is not next to the code.
    """
    import os
    import sys

    from benchmark.study.file import load_study
    from benchmark.system import project
    from benchmark.system.errors import UserError

    load_study(args.config)
    if not (project.ROOT / "Snakefile").is_file():
        raise UserError(
            f"{project.ROOT} has no Snakefile: install pinchbench from its checkout with `pip install -e .`"
        )
    rest: list[str] = args.snakemake[1:] if args.snakemake[:1] == ["--"] else args.snakemake
    config = os.path.relpath(args.config, project.ROOT)
    sys.stdout.flush()
    os.chdir(project.ROOT)
    os.execv(sys.executable, [sys.executable, "-m", "snakemake", "--configfile", config, "--cores", "all", *rest])
