"""Write a run's record, transcripts and curves as an RO-Crate, to archive or cite them."""

from __future__ import annotations

import argparse
from pathlib import Path


def address(text: str) -> str:
    """An address in the web."""
    if not text.startswith(("http://", "https://")) or not text.isprintable() or " " in text:
        raise argparse.ArgumentTypeError(f"{text!r} is no web address")
    return text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `crate`."""
    example = "results/mini/runs/self_pinching-0.65-seed0"
    parser.add_argument("run_folder", type=Path, metavar="RUN", help=f"a run's folder, such as {example}")
    parser.add_argument(
        "--to", type=Path, required=True, metavar="DIR", help="the folder to write, which must be new or empty"
    )
    parser.add_argument(
        "--licence",
        type=address,
        required=True,
        metavar="URL",
        help="the address of the crate's licence, such as https://creativecommons.org/licenses/by/4.0/",
    )


def run(args: argparse.Namespace) -> None:
    """Write the crate."""
    from benchmark.export.research_crate import write_crate

    write_crate(args.run_folder, args.to, args.licence)
    print(f"{args.to}: ro-crate-metadata.json describes the files")
