"""From which share of zeros on a sparse matrix is faster than a dense one, alone and in whole models.

Run it from the top folder of an idle machine: `python -m perf.sparse_kernels [--json FILE]`. It takes five minutes.
"""

from __future__ import annotations

import argparse
import statistics
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from tabulate import tabulate
from torch import nn
from tqdm import tqdm

from benchmark.inference.measured_speed import Speedup
from benchmark.inference.sparse_kernels import sparse_rows
from benchmark.inference.sparse_model import BLOCKS, sparse_for_recordings, timed_in_turn
from benchmark.inference.speed import speedups
from benchmark.inference.transcription import transcriber
from benchmark.models.architectures.lookup import architecture_of
from benchmark.models.encoder import Encoder
from benchmark.models.full_size import wav2vec2_base
from benchmark.runs.provenance import provenance
from benchmark.system.files import write_json, write_text
from benchmark.training.precision import device_name
from perf import run

ZEROS = (0.5, 0.65, 0.75, 0.85, 0.9, 0.95)
SHAPES = ((192, 192), (768, 192), (192, 768), (768, 768), (3072, 768), (768, 3072))  # embedded model, wav2vec2-base
FRAMES = 800  # 16 seconds of audio
ROUNDS = 15
MODELS = {"wav2vec2-base": wav2vec2_base}
SECONDS = 10.0


@dataclass(frozen=True)
class Kernel:
    """The dense time of a matrix over the shortest of its sparse times, all frames at once or in blocks."""

    outputs: int
    inputs: int
    zeros: float
    ratio: float


@dataclass(frozen=True)
class Whole:
    """The speed-up of a whole model with sparse matrices, and how many of its matrices are sparse."""

    model: str
    zeros: float
    sparse: int
    matrices: int
    speedup: Speedup


def pruned(linear: nn.Linear, zeros: float) -> nn.Linear:
    """Set this share of a Linear's weights, drawn at random, to zero."""
    with torch.no_grad():
        linear.weight[torch.rand_like(linear.weight) < zeros] = 0
    return linear


def kernel(outputs: int, inputs: int, zeros: float) -> Kernel:
    """Time a matrix densely and sparsely, in turn."""
    linear = pruned(nn.Linear(inputs, outputs), zeros)
    forms: list[nn.Module] = [linear, *sparse_rows(linear, (None, *BLOCKS))]
    times = timed_in_turn(forms, torch.randn(1, FRAMES, inputs), ROUNDS)
    ratios = [statistics.median(line[0] / line[form] for line in times) for form in range(1, len(forms))]
    return Kernel(outputs, inputs, zeros, max(ratios))


def whole(name: str, zeros: float) -> Whole:
    """Time a model with random weights, pruned at random, with and without sparse matrices."""
    dense = MODELS[name]()
    matrices = Encoder(dense.model).matrices
    for matrix in matrices:
        pruned(matrix.linear, zeros)
    sparse, count = sparse_for_recordings(dense)
    batch = architecture_of(dense.model).probe(dense.model, SECONDS)
    found = speedups(transcriber(dense), {"sparse": transcriber(sparse)}, [batch])["sparse"]
    return Whole(name, zeros, count, len(matrices), found)


def tables(kernels: list[Kernel], models: list[Whole]) -> str:
    """Two tables in Markdown: matrices by size and share of zeros, whole models by share of zeros."""
    by_shape = [
        [f"{outputs} x {inputs}", *(f"{k.ratio:.2f}" for k in kernels if (k.outputs, k.inputs) == (outputs, inputs))]
        for outputs, inputs in SHAPES
    ]
    head = ["matrix", *(f"{100 * zeros:g} %" for zeros in ZEROS)]
    speeds = [
        [m.model, f"{100 * m.zeros:g} %", f"{m.sparse} of {m.matrices}", f"{m.speedup['median']:.2f}"] for m in models
    ]
    return "\n\n".join(
        tabulate(rows, headers, tablefmt="github", disable_numparse=True)
        for rows, headers in ((by_shape, head), (speeds, ["model", "zeros", "sparse matrices", "speed-up"]))
    )


@torch.no_grad()
def main() -> None:
    """Measure, print the tables, and write the numbers to a file if asked."""
    parser = argparse.ArgumentParser(prog="python -m perf.sparse_kernels", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all numbers, and the tables beside as .md")
    args = parser.parse_args()
    torch.manual_seed(0)
    places = [(outputs, inputs, zeros) for outputs, inputs in SHAPES for zeros in ZEROS]
    kernels = [kernel(*place) for place in tqdm(places, desc="matrices", disable=None)]
    models = [whole(name, zeros) for name in MODELS for zeros in tqdm(ZEROS, desc=name, disable=None)]
    print(text := tables(kernels, models))
    if args.json:
        measured = {"kernels": [asdict(k) for k in kernels], "models": [asdict(m) for m in models]}
        write_json(args.json, measured | {"provenance": provenance(device_name(torch.device("cpu")))})
        write_text(args.json.with_suffix(".md"), text + "\n")


if __name__ == "__main__":
    run(main)
