"""List all methods: title, family, needs, settings with defaults, source."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `methods`."""
    parser.add_argument(
        "--markdown", action="store_true", help="print a table with one row per method, as in the README"
    )


def run(args: argparse.Namespace) -> None:
    """Print one paragraph per method, or the table."""
    from benchmark.study.catalogue import markdown, paragraph
    from benchmark.study.registry import method_names

    print(markdown() if args.markdown else "\n".join(paragraph(name) for name in method_names()))
