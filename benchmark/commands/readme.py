"""Update the generated parts of README.md and of the docs from results/."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `readme`: none."""


def run(args: argparse.Namespace) -> None:
    """Rewrite the pages."""
    from benchmark.report.generated_pages import PAGES, with_current_parts
    from benchmark.system.files import write_text
    from benchmark.system.project import ROOT

    for page in PAGES:
        text = (ROOT / page).read_text(encoding="utf-8")
        write_text(ROOT / page, with_current_parts(text, ROOT))
