"""Train the embedded dense model from scratch on the embedded corpus (`make dense`)."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `train-dense`."""
    parser.add_argument("config", type=Path, help="a recipe, such as config/dense-mini.yaml")


def run(args: argparse.Namespace) -> None:
    """Train; resume from a checkpoint if there is one."""
    from benchmark.pretraining import train_from_scratch

    train_from_scratch(args.config)
