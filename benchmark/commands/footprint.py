"""Print the sizes of a model folder: parameters, sparsity, bytes, multiply-accumulates."""

from __future__ import annotations

import argparse
import json
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `footprint`."""
    parser.add_argument(
        "model",
        type=Path,
        metavar="MODEL",
        help="the folder of a Hugging Face model, of a pinchbench model or of a run",
    )
    parser.add_argument(
        "--dense", type=Path, metavar="MODEL", help="the dense model that it came from, to compare with"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> None:
    """Measure and print."""
    from benchmark.export.finished import model_of
    from benchmark.models.checkpoints import load_model
    from benchmark.models.source import model_folder
    from benchmark.models.weight_files import weight_files
    from benchmark.runs.footprint import footprint

    folder, _ = model_folder(model_of(args.model))
    model = load_model(folder)
    dense = load_model(model_of(args.dense)) if args.dense else model
    sizes = footprint(dense, model, sum(path.stat().st_size for path in weight_files(folder)))
    if args.json:
        print(json.dumps(sizes))
        return
    print(f"parameters           {sizes['total_parameters']:>14,}")
    print(f"  remaining          {sizes['remaining_parameters']:>14,}  (ratio {sizes['compression_ratio']:.2f}x)")
    print(f"encoder matrices     {sizes['encoder_matrix_parameters']:>14,}")
    print(f"  removed            {100 * sizes['encoder_sparsity']:>13.2f} %")
    print(f"bytes on disk        {sizes['bytes_on_disk']:>14,}")
    print(f"MACs per second      {sizes['macs_per_second']:>14,.0f}")
