"""Time of a self-pinching training step, relative to a plain fine-tuning step on the same batch.

Run it from the top folder: `python -m perf.gate_cost [--full-size] [--json FILE]`.

Both methods run as in a study up to their training loop. Then the steps of the two loops alternate on the same
batches, so that a temporary slowdown of the machine affects both.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmark.runs.provenance import provenance
from benchmark.system.files import write_json
from benchmark.throughput.phases import PLAIN
from benchmark.throughput.timing import in_turns
from benchmark.training.loop import CURVE_POINTS
from benchmark.training.precision import device_name, pick_device
from perf import run
from perf.subjects import BATCH_SECONDS, bench_of

AIMS = {"embedded": 1.05, "wav2vec2-base": 1.10}
PAIRS = 20
STEPS = CURVE_POINTS  # length of the run that is started; in such a short run every step is recorded


@dataclass(frozen=True)
class Measurement:
    """Seconds of the timed steps, in pairs."""

    model: str
    batch_seconds: float
    plain: list[float]
    gated: list[float]

    @property
    def ratios(self) -> list[float]:
        """Time of the gated step divided by that of the plain step, for each pair."""
        return [gated / plain for plain, gated in zip(self.plain, self.gated, strict=True)]

    @property
    def quartiles(self) -> list[float]:
        """Lower quartile, median, upper quartile of the ratios."""
        return statistics.quantiles(self.ratios, n=4, method="inclusive")

    def sentence(self) -> str:
        """The result, on one line."""
        low, middle, high = self.quartiles
        return (
            f"{self.model}, {self.batch_seconds:g} s a step: a gated step takes {middle:.3f} of a plain one "
            f"({low:.3f} to {high:.3f}, quartiles of {len(self.ratios)} pairs; aim {AIMS[self.model]:.2f}); "
            f"medians {statistics.median(self.plain):.3f} and {statistics.median(self.gated):.3f} s"
        )

    def as_json(self) -> dict[str, object]:
        """All figures in a form for `json.dump`."""
        return asdict(self) | {"ratios": self.ratios, "quartiles": self.quartiles, "aim": AIMS[self.model]}


def measure(name: str, work: Path) -> Measurement:
    """Alternate plain and gated steps of a model."""
    bench = bench_of(name, work)
    plain, gated = (bench.loop(method, steps=STEPS) for method in (PLAIN, "self_pinching"))
    pairs = in_turns(plain, gated, PAIRS, 1)
    times = [[step.seconds for steps in side for step in steps] for side in pairs]
    return Measurement(name, bench.batch_seconds, *times)


def main() -> None:
    """Measure, print one line per model, and write the numbers to a file if asked."""
    parser = argparse.ArgumentParser(prog="python -m perf.gate_cost", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--full-size", action="store_true", help="also a wav2vec2-base with random weights (7 GB)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all times, and where they were measured")
    args = parser.parse_args()
    measured = []
    with tempfile.TemporaryDirectory() as folder:
        for name in BATCH_SECONDS if args.full_size else ["embedded"]:
            measured.append(measure(name, Path(folder)))
            print(measured[-1].sentence(), flush=True)
    if args.json:
        machine = provenance(device_name(pick_device()))
        write_json(args.json, {"models": [m.as_json() for m in measured], "provenance": machine})


if __name__ == "__main__":
    run(main)
