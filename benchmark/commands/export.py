"""Write a run's compressed model and a model card to a folder, for plain transformers if its shapes allow that."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `export`."""
    example = "work/mini/runs/self_pinching-0.65-seed0"
    parser.add_argument("run_folder", type=Path, metavar="RUN", help=f"a run's folder, such as {example}")
    parser.add_argument(
        "--to", type=Path, required=True, metavar="DIR", help="the folder to write, which must be new or empty"
    )
    parser.add_argument(
        "--runtime",
        choices=("dense", "sparse"),
        default="dense",
        help="sparse: write the small packed file, for `transcribe` to skip zeros where that is faster",
    )
    parser.add_argument("--onnx", action="store_true", help="also write model.onnx, checked against the model")


def run(args: argparse.Namespace) -> None:
    """Export, and print how to load the folder."""
    from benchmark.export.folder import export

    artefact = export(args.run_folder, args.to, runtime=args.runtime, onnx=args.onnx)
    loader = "plain transformers" if artefact.plain else "benchmark.models.checkpoints.load"
    size = f"{artefact.weights}, {artefact.weight_bytes:,} bytes"
    print(f"{args.to}: {size}; loads with {loader}; README.md is its model card")
    if artefact.onnx_difference is not None:
        print(f"model.onnx: logits differ from the model's by {artefact.onnx_difference:.1e} at most")
