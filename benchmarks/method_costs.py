"""What each method costs: a training step over a plain one, time outside the training loop, peak memory.

Run it from the top folder: `python -m benchmarks.method_costs [--model MODEL] [--json FILE] [METHOD ...]`.

Each method runs whole, in a process of its own, on a budget of so many plain steps; `dense_finetuned` is the plain one.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from tabulate import tabulate
from tqdm import tqdm

from benchmark.budget import OverBudget
from benchmark.contract import CannotCompress
from benchmark.files import write_json
from benchmark.records import provenance
from benchmark.registry import load_method, method_names
from benchmark.throughput.phases import PLAIN, training_settings
from benchmark.training.batches import Batch
from benchmark.training.loop import Phase, Planned
from benchmark.training.precision import device_name, pick_device, wait_for_gpu
from benchmarks.subjects import BATCH_SECONDS, bench_of

# As long as in a study: what a method does now and then, such as pruning, belongs to its steps.
STEPS = {"embedded": 300, "wav2vec2-base": 6}


@dataclass(frozen=True)
class Cost:
    """Of one method: seconds of the mean step (None: no training) and outside the loop; peak memory in bytes."""

    method: str
    step_seconds: float | None
    outside_seconds: float
    peak_bytes: int


def cost_of(name: str, model: str, work: Path) -> Cost:
    """Run a method and measure it. Post-training methods fine-tune afterwards, so that they have steps too."""
    method = load_method(name)(training_settings(name))
    job = bench_of(model, work).job(name, STEPS[model])
    steps: list[float] = []
    step = Phase._step

    def timed(phase: Phase, planned: Planned, load: Callable[[], list[Batch]]) -> bool:
        wait_for_gpu()
        start = time.perf_counter()
        going = step(phase, planned, load)
        wait_for_gpu()
        if going:
            steps.append(time.perf_counter() - start)
        return going

    with patch.object(Phase, "_step", timed), job.budget.clock.phase("other"):
        method.compress(job)
    seconds = job.budget.clock.seconds
    outside = sum(value for phase, value in seconds.items() if phase != "train")
    return Cost(name, statistics.fmean(steps) if steps else None, outside, _peak_bytes())


def _peak_bytes() -> int:
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def in_a_process_of_its_own(name: str, model: str, work: Path) -> Cost | str:
    """A method's cost, or why it has none."""
    command = [sys.executable, "-m", "benchmarks.method_costs", "--model", model, "--work", str(work), "--one", name]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        return done.stderr.strip().splitlines()[-1]
    return Cost(**json.loads(done.stdout.splitlines()[-1]))


def table(costs: list[Cost], plain: Cost) -> str:
    """Markdown: everything beside the plain step."""
    rows: list[list[Any]] = []
    for cost in costs:
        ratio = f"{cost.step_seconds / plain.step_seconds:.2f}" if cost.step_seconds and plain.step_seconds else "-"
        memory = (cost.peak_bytes - plain.peak_bytes) / 1e6
        rows.append([f"`{cost.method}`", ratio, f"{cost.outside_seconds:.1f}", f"{memory:+.0f}"])
    headers = ["method", "step over a plain one", "outside the loop (s)", "peak memory over plain (MB)"]
    return tabulate(rows, headers, tablefmt="github", disable_numparse=True)


def main() -> None:
    """Measure all methods, or those named; print a table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.method_costs", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("methods", nargs="*", metavar="METHOD", help="all by default")
    parser.add_argument("--model", choices=BATCH_SECONDS, default="embedded")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every number, and where it was measured")
    parser.add_argument("--one", metavar="METHOD", help=argparse.SUPPRESS)
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        try:
            print(json.dumps(asdict(cost_of(args.one, args.model, args.work))))
        except (CannotCompress, OverBudget) as error:
            sys.exit(f"{type(error).__name__}: {error}")
        return
    names = [PLAIN, *(name for name in args.methods or method_names() if name not in (PLAIN, "dense"))]
    costs: list[Cost] = []
    failed: dict[str, str] = {}
    for name in tqdm(names, desc=args.model, unit="method", disable=None):
        with tempfile.TemporaryDirectory() as folder:
            measured = in_a_process_of_its_own(name, args.model, Path(folder))
        if isinstance(measured, Cost):
            costs.append(measured)
        else:
            failed[name] = measured
    if PLAIN in failed:
        sys.exit(f"{PLAIN}: {failed[PLAIN]}")
    print(table(costs, costs[0]))
    for name, reason in failed.items():
        print(f"{name}: {reason}")
    if args.json:
        machine = provenance(device_name(pick_device()))
        numbers = {"model": args.model, "costs": [asdict(c) for c in costs], "failed": failed, "provenance": machine}
        write_json(args.json, numbers)


if __name__ == "__main__":
    main()
