"""Print the sizes of a model folder: parameters, sparsity, bytes, multiply-accumulates."""

from __future__ import annotations

import argparse
import json
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `footprint`."""
    parser.add_argument("model", type=Path, metavar="MODEL_DIR", help="a Hugging Face folder, or one that we exported")
    parser.add_argument("--dense", type=Path, help="the dense model it came from, for ratios against it")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> None:
    """Measure and print."""
    from benchmark.footprint import footprint
    from benchmark.models.checkpoints import load

    model = load(args.model).model
    dense = load(args.dense).model if args.dense else model
    weights = [*args.model.glob("*.safetensors"), *args.model.glob("*.bin")]
    sizes = footprint(dense, model, sum(path.stat().st_size for path in weights))
    if args.json:
        print(json.dumps(sizes))
        return
    print(f"parameters           {sizes['total_parameters']:>14,}")
    print(f"  remaining          {sizes['remaining_parameters']:>14,}  (ratio {sizes['compression_ratio']:.2f}x)")
    print(f"encoder matrices     {sizes['encoder_matrix_parameters']:>14,}")
    print(f"  removed            {100 * sizes['encoder_sparsity']:>13.2f} %")
    print(f"bytes on disk        {sizes['bytes_on_disk']:>14,}")
    print(f"MACs a second        {sizes['macs_per_second']:>14,.0f}")
