"""Write config/schema.json, the JSON schema of a study's file, with which editors complete and check keys."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `schema`: none."""


def run(args: argparse.Namespace) -> None:
    """Write the schema."""
    from benchmark.study.key_table import SCHEMA_FILE, schema_text
    from benchmark.system.files import write_text

    write_text(SCHEMA_FILE, schema_text())
