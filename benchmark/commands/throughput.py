"""Time training steps on full-size models or the embedded one: plain, of each method, of Hugging Face's Trainer."""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmark.study.argument import study_file


def names(text: str) -> list[str]:
    """The names in a comma-separated list, which has at least one."""
    if not (found := [name.strip() for name in text.split(",") if name.strip()]):
        raise argparse.ArgumentTypeError("names no name")
    return found


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `throughput`."""
    models = "comma-separated: embedded (the default), wav2vec2-base, hubert-large, wavlm-base, data2vec-audio-base"
    parser.add_argument("--models", type=names, default=["embedded"], metavar="NAMES", help=models)
    parser.add_argument("--methods", type=names, metavar="NAMES", help="comma-separated (default: all)")
    parser.add_argument("--compile", action="store_true", help="also time the plain step under torch.compile")
    parser.add_argument("--trainer", action="store_true", help="also time Hugging Face's Trainer (needs accelerate)")
    precision = "comma-separated: fp32, bf16 or both (default: what a study uses on this device)"
    parser.add_argument("--precision", type=names, metavar="NAMES", help=precision)
    parser.add_argument("--steps", type=int, default=20, help="timed steps per row (default: 20)")
    parser.add_argument("--batch-seconds", type=float, default=32.0, help="seconds of audio per batch (default: 32)")
    parser.add_argument(
        "--study", type=study_file, metavar="STUDY", help="use this study's speech instead of the embedded corpus"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all numbers, and where they were measured")


def run(args: argparse.Namespace) -> None:
    """Measure, print the table, and save the numbers if requested."""
    from benchmark.system.devices import leased_device
    from benchmark.system.files import write_json

    with leased_device("auto", "throughput"):
        from benchmark.throughput.report import as_table, measure  # imports torch

        for measured in measure(
            models=args.models,
            methods=args.methods,
            precisions=args.precision,
            compiled=args.compile,
            trainer=args.trainer,
            steps=args.steps,
            batch_seconds=args.batch_seconds,
            config=args.study,
        ):
            if args.json:
                write_json(args.json, measured)  # after each row, so that a later failure loses nothing
    print(as_table(measured))
