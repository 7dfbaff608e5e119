"""Cost of each method: training step relative to a plain one, time outside the training loop, peak memory.

Run it from the top folder: `python -m perf.method_costs [--model MODEL] [--json FILE] [METHOD ...]`.

Each method runs completely, in a process of its own, on a fixed budget of plain steps. Plain fine-tuning,
`dense_finetuned`, runs before and after each method: a machine's speed drifts within minutes, but ratios should not.
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
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from unittest.mock import patch

import torch
from tabulate import tabulate
from tqdm import tqdm

from benchmark.models.batch import Batch
from benchmark.runs.provenance import provenance
from benchmark.runs.records import Provenance
from benchmark.study.registry import load_method, method_names
from benchmark.system.errors import CannotCompress, UserError
from benchmark.system.files import read_json, write_json, write_text
from benchmark.throughput.phases import PLAIN, training_settings
from benchmark.training.budget import OverBudget
from benchmark.training.loop import Phase, Planned
from benchmark.training.precision import device_name, pick_device, wait_for_gpu
from perf import run
from perf.subjects import BATCH_SECONDS, bench_of

# As long as in the default study, since work that a method does now and then, such as pruning, is part of its steps.
STEPS = {"embedded": 150, "wav2vec2-base": 12}
PLAIN_STEPS = {"embedded": 75, "wav2vec2-base": 6}


@dataclass(frozen=True)
class Cost:
    """Cost of one run: mean seconds per step, seconds outside the loop, and peak memory in bytes."""

    step_seconds: float
    outside_seconds: float
    peak_bytes: int


def cost_of(name: str, model: str, work: Path) -> Cost:
    """Run a method and measure it. Post-training methods fine-tune afterwards, so they have steps too."""
    method = load_method(name)(training_settings(name))
    job = bench_of(model, work).job(name, (PLAIN_STEPS if name == PLAIN else STEPS)[model])
    if reason := method.skip(job):
        raise CannotCompress(reason)
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
    return Cost(statistics.fmean(steps), outside, _peak_bytes())


def _peak_bytes() -> int:
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


class NotMeasured(UserError):
    """A method cannot be measured; the message says why."""


def in_a_process_of_its_own(name: str, model: str) -> Cost:
    """A method's cost, measured in a new process.

    Raises:
        NotMeasured: the method cannot be measured.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "perf.method_costs", "--model", model, "--work", folder, "--one", name]
        done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"the process ended with status {done.returncode}"]
        raise NotMeasured(f"{name}: {said[-1]}")
    return Cost(**json.loads(done.stdout.splitlines()[-1]))


@dataclass(frozen=True)
class Comparison:
    """A method's cost and that of plain fine-tuning before and after it, on the same machine."""

    cost: Cost
    before: Cost
    after: Cost
    provenance: Provenance

    def row(self, name: str) -> list[str]:
        """The method's row of the table."""
        plain_seconds = (self.before.step_seconds + self.after.step_seconds) / 2
        drift = self.after.step_seconds / self.before.step_seconds
        return [
            f"`{name}`",
            f"{self.cost.step_seconds / plain_seconds:.2f}",
            f"{drift:.2f}",
            f"{self.cost.outside_seconds:.1f}",
            f"{(self.cost.peak_bytes - min(self.before.peak_bytes, self.after.peak_bytes)) / 1e6:+.0f}",
        ]


def table(comparisons: dict[str, Comparison]) -> str:
    """Markdown table with one row per method."""
    headers = ["method", "step over a plain one", "plain, after over before", "outside the loop (s)", "memory (MB)"]
    rows = [comparison.row(name) for name, comparison in sorted(comparisons.items())]
    return tabulate(rows, headers, tablefmt="github", disable_numparse=True, colalign=("left", *["right"] * 4))


def kept_in(path: Path, model: str) -> dict[str, Comparison]:
    """The comparisons that earlier calls wrote.

    Raises:
        UserError: they are of another model.
    """
    if not path.exists():
        return {}
    kept = read_json(path)
    if kept["model"] != model:
        raise UserError(f"{path} has the costs on {kept['model']}: give another file for {model}")
    return {
        name: Comparison(Cost(**parts["cost"]), Cost(**parts["before"]), Cost(**parts["after"]), parts["provenance"])
        for name, parts in kept["costs"].items()
    }


def keep(path: Path, model: str, comparisons: dict[str, Comparison]) -> None:
    """Write all numbers, and the table in a file beside them."""
    costs = {name: asdict(comparison) for name, comparison in comparisons.items()}
    write_json(path, {"model": model, "costs": costs})
    write_text(path.with_suffix(".md"), table(comparisons) + "\n")


def measured(names: list[str], model: str) -> Iterator[tuple[str, Comparison]]:
    """Measure each method between two runs of plain fine-tuning. Neighbouring methods share one of them."""
    before = in_a_process_of_its_own(PLAIN, model)
    for name in tqdm(names, desc=model, unit="method", disable=None):
        try:
            cost = in_a_process_of_its_own(name, model)
        except NotMeasured as reason:
            tqdm.write(str(reason))
            continue
        after = in_a_process_of_its_own(PLAIN, model)
        yield name, Comparison(cost, before, after, provenance(device_name(pick_device())))
        before = after


def main() -> None:
    """Measure all methods, or the named ones, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m perf.method_costs", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("methods", nargs="*", metavar="METHOD", help="all by default")
    parser.add_argument("--model", choices=BATCH_SECONDS, default="embedded")
    parser.add_argument(
        "--json",
        type=Path,
        metavar="FILE",
        help="keep every number, and the table; methods add up over calls",
    )
    parser.add_argument("--one", metavar="METHOD", help=argparse.SUPPRESS)
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        try:
            print(json.dumps(asdict(cost_of(args.one, args.model, args.work))))
        except (CannotCompress, OverBudget) as error:
            sys.exit(f"{type(error).__name__}: {error}")
        return
    names = args.methods or [name for name in method_names() if name not in (PLAIN, "dense")]
    comparisons = kept_in(args.json, args.model) if args.json else {}
    for name, comparison in measured(names, args.model):
        comparisons[name] = comparison
        if args.json:
            keep(args.json, args.model, comparisons)
    print(table(comparisons))


if __name__ == "__main__":
    run(main)
