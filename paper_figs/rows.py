"""The rows of main.csv as typed values: one per method and target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from paper_figs.csv_files import Format, optional

SPREAD = ("mean", "sd", "min", "max")
DIFFERENCE = ("delta", "low", "high", "tests", "worse", "better", "worse_uncorrected", "better_uncorrected")
NAMES = ("label", "method", "title", "family", "two_stage", "status")
COUNTS = ("finished_runs", "planned_runs")
SIZES = ("remaining_parameters", "encoder_sparsity", "compression_ratio")
MAIN = Format(
    columns=(
        *NAMES,
        "target_sparsity",
        *COUNTS,
        *SIZES,
        *(f"compression_seconds_{part}" for part in SPREAD),
        "machines",
    ),
    filled=(*NAMES, *COUNTS),
    numbers="|".join(
        (
            *("target_sparsity", *COUNTS, *SIZES),
            *(rf"(.+_wer|compression_seconds)_({'|'.join(SPREAD)})", rf".+_vs_.+_({'|'.join(DIFFERENCE)})"),
        )
    ),
)


@dataclass(frozen=True)
class Spread:
    """A quantity over the seeds; `sd` is None for a single seed."""

    mean: float
    sd: float | None
    low: float
    high: float


@dataclass(frozen=True)
class Difference:
    """WER of one row minus that of another, as a fraction, over the seeds; positive is worse.

    `low` and `high` are the outermost ends of the seeds' intervals. The counts are numbers of seeds with a significant
    difference, after Holm's correction and before it.
    """

    delta: float
    low: float
    high: float
    mark: str
    tests: int
    worse: int
    better: int
    worse_uncorrected: int
    better_uncorrected: int


@dataclass(frozen=True)
class Row:
    """One method at one target; unfinished values are None or absent."""

    label: str
    method: str
    title: str
    family: str
    two_stage: bool
    target: float | None
    status: str
    finished: int
    planned: int
    remaining: float | None
    sparsity: float | None
    ratio: float | None
    wer: dict[str, Spread]
    seconds: Spread | None
    machines: str
    against_dense: dict[str, Difference]
    against_gates: dict[str, Difference]

    @property
    def name(self) -> str:
        """Title and target for readers."""
        return self.title if self.target is None else f"{self.title}, {percent(self.target)}"


def percent(share: float) -> str:
    """Format a share as a percentage without needless digits: 0.65 -> `65 %`."""
    return f"{100 * share:.3g} %"


def read_row(line: dict[Any, Any], test_sets: tuple[str, ...]) -> Row:
    """A line of main.csv as a row, with its WERs on `test_sets`."""
    wer = {test_set: _spread(line, f"{test_set}_wer") for test_set in test_sets}
    dense = {test_set: _difference(line, f"{test_set}_vs_dense") for test_set in test_sets}
    gates = {test_set: _difference(line, f"{test_set}_vs_self_pinching") for test_set in test_sets}
    return Row(
        label=str(line["label"]),
        method=str(line["method"]),
        title=str(line["title"]),
        family=str(line["family"]),
        two_stage=bool(line["two_stage"]),
        target=optional(line["target_sparsity"]),
        status=str(line["status"]),
        finished=int(line["finished_runs"]),
        planned=int(line["planned_runs"]),
        remaining=optional(line["remaining_parameters"]),
        sparsity=optional(line["encoder_sparsity"]),
        ratio=optional(line["compression_ratio"]),
        wer={test_set: spread for test_set, spread in wer.items() if spread},
        seconds=_spread(line, "compression_seconds"),
        machines=str(line["machines"]),
        against_dense={test_set: difference for test_set, difference in dense.items() if difference},
        against_gates={test_set: difference for test_set, difference in gates.items() if difference},
    )


def _spread(line: dict[Any, Any], name: str) -> Spread | None:
    mean, sd, low, high = (optional(line.get(f"{name}_{part}")) for part in SPREAD)
    if mean is None or low is None or high is None:
        return None
    return Spread(mean, sd, low, high)


def _difference(line: dict[Any, Any], name: str) -> Difference | None:
    """Read a difference; None if main.csv does not have it: without a dense row, even the columns are missing."""
    parts = [optional(line.get(f"{name}_{part}")) for part in DIFFERENCE]
    if any(part is None for part in parts):
        return None
    delta, low, high, *counts = (part for part in parts if part is not None)
    tests, worse, better, worse_uncorrected, better_uncorrected = map(int, counts)
    mark = str(line[f"{name}_mark"])
    return Difference(delta, low, high, mark, tests, worse, better, worse_uncorrected, better_uncorrected)
