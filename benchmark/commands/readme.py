"""Bring the generated parts of README.md up to date with results/."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `readme`: none."""


def run(args: argparse.Namespace) -> None:
    """Rewrite README.md."""
    from benchmark.files import write_text
    from benchmark.readme import with_current_parts
    from benchmark.study import ROOT

    readme = ROOT / "README.md"
    write_text(readme, with_current_parts(readme.read_text(encoding="utf-8"), ROOT))
