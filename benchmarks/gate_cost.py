"""Time of one self-pinching training step over one plain CTC fine-tuning step on the same batch.

Run it from the top folder: `python -m benchmarks.gate_cost [--full-size] [--json FILE]`.

Both methods run as in a study, up to their training loop; then the steps of the two loops alternate over the same
batches, so that a slow moment of the machine meets both.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import cycle, islice
from pathlib import Path
from unittest.mock import patch

from tqdm import tqdm

from benchmark.files import write_json
from benchmark.job import Job
from benchmark.records import provenance
from benchmark.registry import load_method
from benchmark.training.loop import CURVE_POINTS, Phase, batch_indices
from benchmark.training.precision import device_name, pick_device
from benchmarks.subjects import BATCH_SECONDS, MODELS, job_on, wait_for_device

AIM = 1.10
PAIRS, WARM_UP = 20, 3
SPARSITY = 0.65
STEPS = CURVE_POINTS  # length of the run that is begun: in one as short as this every step is recorded


@dataclass(frozen=True)
class Measurement:
    """Seconds of the timed steps, pair by pair."""

    model: str
    batch_seconds: float
    plain: list[float]
    gated: list[float]

    @property
    def ratios(self) -> list[float]:
        """Gated over plain of each pair."""
        return [gated / plain for plain, gated in zip(self.plain, self.gated, strict=True)]

    @property
    def quartiles(self) -> list[float]:
        """Lower quartile, median, upper quartile of the ratios."""
        return statistics.quantiles(self.ratios, n=4, method="inclusive")

    def sentence(self) -> str:
        """What was found, on one line."""
        low, middle, high = self.quartiles
        return (
            f"{self.model}, {self.batch_seconds:g} s a step: a gated step takes {middle:.3f} of a plain one "
            f"({low:.3f} to {high:.3f}, quartiles of {len(self.ratios)} pairs; aim {AIM:.2f}); "
            f"medians {statistics.median(self.plain):.3f} and {statistics.median(self.gated):.3f} s"
        )

    def as_json(self) -> dict[str, object]:
        """Everything, for `json.dump`."""
        return asdict(self) | {"ratios": self.ratios, "quartiles": self.quartiles, "aim": AIM}


class ReadyToTrain(Exception):
    """Carries a phase out of a method that is about to train."""

    def __init__(self, phase: Phase) -> None:
        super().__init__()
        self.phase = phase


class HeldPhase(Phase):
    """A training phase that hands itself over instead of running."""

    def run(self) -> list[dict[str, float]]:
        """Leave the method."""
        raise ReadyToTrain(self)


def phase_of(method: str, job: Job) -> Phase:
    """The first training phase of a method, with its hooks, parameter groups and optimiser, at its first step."""
    try:
        with patch("benchmark.job.Phase", HeldPhase):
            load_method(method)().compress(job)
    except ReadyToTrain as ready:
        return ready.phase
    raise AssertionError(f"{method} does not train")


def measure(name: str, work: Path) -> Measurement:
    """Alternate plain and gated steps of a model."""
    batch_seconds = BATCH_SECONDS[name]
    plain = phase_of("dense_finetuned", job_on(name, work, sparsity=None, steps=STEPS))
    gated = phase_of("self_pinching", job_on(name, work, sparsity=SPARSITY, steps=STEPS))
    seconds: dict[Phase, list[float]] = {plain: [], gated: []}
    with tqdm(total=WARM_UP + PAIRS, desc=name, unit="pair", disable=None) as bar:
        for indices in batches(plain, WARM_UP + PAIRS):
            for trained in (plain, gated):
                wait_for_device()
                start = time.perf_counter()
                going = trained._step([indices])
                wait_for_device()
                seconds[trained].append(time.perf_counter() - start)
                assert going, "the budget is too small for the steps to be timed"
            bar.update()
    return Measurement(name, batch_seconds, seconds[plain][WARM_UP:], seconds[gated][WARM_UP:])


def batches(phase: Phase, number: int) -> Iterator[list[int]]:
    """So many batches of a phase's first epoch, from the start again where it is too short."""
    return islice(cycle(batch_indices(phase.speech, phase.options, phase.seed, epoch=0)), number)


def main() -> None:
    """Measure, print one line a model, and keep the numbers if asked to."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gate_cost", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--full-size", action="store_true", help="also a wav2vec2-base with random weights (7 GB)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every time, and where it was measured")
    args = parser.parse_args()
    measured = []
    with tempfile.TemporaryDirectory() as folder:
        for name in MODELS if args.full_size else ["embedded"]:
            measured.append(measure(name, Path(folder)))
            print(measured[-1].sentence(), flush=True)
    if args.json:
        machine = provenance(device_name(pick_device()))
        write_json(args.json, {"models": [m.as_json() for m in measured], "provenance": machine})


if __name__ == "__main__":
    main()
