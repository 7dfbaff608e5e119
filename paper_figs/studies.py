"""What a study left in results/<study>/: main.csv, runs.csv and significance.csv as typed values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from benchmark.system.errors import UserError
from paper_figs.csv_files import Format, optional, read_csv

# The two studies of the paper, and what it compares: shown as "not run" until they are.
PAPER = {"librispeech": "wav2vec2-base", "librispeech-hubert-large": "HuBERT-large"}
PLANNED_METHODS = {
    "dense": "Dense",
    "self_pinching": "Self-pinching gates",
    "nas_channel": "NAS channel pruning",
    "uniform_magnitude": "Uniform magnitude",
}
PLANNED_TARGETS = (0.5, 0.6, 0.65, 0.75, 0.85)
PLANNED_TEST_SETS = ("test-clean", "test-other")
GATES = "self_pinching"

LIBRISPEECH = {"test-clean": 2620, "test-other": 2939, "dev-clean": 2703, "dev-other": 2864}  # utterances of a set
SPREAD = ("mean", "sd", "min", "max")
DIFFERENCE = ("delta", "low", "high", "tests", "worse", "better", "worse_uncorrected", "better_uncorrected")
NAMES = ("label", "method", "title", "family", "two_stage", "status")
COUNTS = ("finished_runs", "planned_runs")
SIZES = ("remaining_parameters", "encoder_sparsity", "compression_ratio")
MAIN = Format(
    columns=(*NAMES, "target_sparsity", *COUNTS, *SIZES, *(f"compression_seconds_{part}" for part in SPREAD)),
    filled=(*NAMES, *COUNTS),
    numbers="|".join(
        (
            *("target_sparsity", *COUNTS, *SIZES),
            *(rf"(.+_wer|compression_seconds)_({'|'.join(SPREAD)})", rf".+_vs_.+_({'|'.join(DIFFERENCE)})"),
        )
    ),
)
RUNS = Format(columns=("test_set", "utterances"), filled=(), numbers="utterances")
SYSTEMS = ("test_set", "seed", "label_a", "label_b")
TESTS = Format(
    columns=(*SYSTEMS, "target_a", "target_b", "p", "mark"),
    filled=(*SYSTEMS, "mark"),
    numbers="seed|target_a|target_b|p",
)


@dataclass(frozen=True)
class Spread:
    """A quantity over the seeds; `sd` is None with one."""

    mean: float
    sd: float | None
    low: float
    high: float


@dataclass(frozen=True)
class Difference:
    """WER of a row minus that of another, 0..1, over the seeds; positive is worse.

    `low` and `high` are the outer ends of the seeds' intervals; the counts are seeds with a significant difference,
    after Holm's correction and before it.
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
    """One method at one target; what has not finished is None or absent."""

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
    against_dense: dict[str, Difference]
    against_gates: dict[str, Difference]

    @property
    def name(self) -> str:
        """Title and target for readers."""
        return self.title if self.target is None else f"{self.title}, {percent(self.target)}"


@dataclass(frozen=True)
class Study:
    """A study, run or not.

    Attributes:
        base_model: which model a study of the paper compresses; None for any other study.
        utterances: how many each test set has; empty when it has not been run.
        rows: in the order of main.csv.
        tests: significance.csv.
    """

    name: str
    base_model: str | None
    test_sets: tuple[str, ...]
    utterances: dict[str, int]
    rows: tuple[Row, ...]
    tests: pd.DataFrame

    @property
    def has_run(self) -> bool:
        """Whether it left anything."""
        return bool(self.rows)

    @property
    def title(self) -> str:
        """Name for readers, with the model where it is known."""
        return f"{self.base_model} ({self.name})" if self.base_model else self.name

    @property
    def methods(self) -> dict[str, str]:
        """Titles by label: what the paper compares, then what else the study has, in the order of main.csv."""
        found = {row.label: row.title for row in self.rows}
        planned = PLANNED_METHODS if self.base_model else {}
        return {label: found.get(label, title) for label, title in planned.items()} | found

    @property
    def targets(self) -> list[float]:
        """Shares of the encoder matrices to remove, from small to large."""
        found = {row.target for row in self.rows if row.target is not None}
        return sorted(found | set(PLANNED_TARGETS if self.base_model else ()))

    def takes_target(self, label: str) -> bool:
        """Whether a method is asked for a size, or stands at its own."""
        found = [row.target for row in self.rows if row.label == label]
        return any(target is not None for target in found) if found else label != "dense"

    def row(self, label: str, target: float | None) -> Row | None:
        """The row of a method at a target; None where it has not been run."""
        return next((row for row in self.rows if row.label == label and row.target == target), None)

    def shares_test_set(self, test_set: str) -> bool:
        """Whether a WER on this set may stand beside a published one: it is all of LibriSpeech's."""
        return test_set in LIBRISPEECH and self.utterances.get(test_set, LIBRISPEECH[test_set]) == LIBRISPEECH[test_set]

    def seeds_worse(self, row: Row, other: Row, test_set: str) -> int | None:
        """Seeds in which a row is significantly worse than another, uncorrected; None unless every seed has a test."""
        tests = [(first, str(test["mark"])) for first, test in self._between(row, other, test_set)]
        if not tests or "?" in (mark for _, mark in tests):
            return None
        return sum(mark.startswith("worse" if first else "better") for first, mark in tests)

    def p_values(self, row: Row, other: Row, test_set: str) -> list[float | None]:
        """Uncorrected p of MAPSSWE between two rows, one a seed; None where no test was possible."""
        return [optional(test["p"]) for _, test in self._between(row, other, test_set)]

    def _between(self, row: Row, other: Row, test_set: str) -> list[tuple[bool, dict[Any, Any]]]:
        """Lines of significance.csv on two rows, one a seed, each with whether `row` is its first."""
        here = self.tests[self.tests["test_set"] == test_set].sort_values("seed")
        ours, theirs = (row.label, row.target), (other.label, other.target)
        lines = [(_system(line, "a"), _system(line, "b"), line) for line in here.to_dict("records")]
        return [(a == ours, line) for a, b, line in lines if {a, b} == {ours, theirs}]


def percent(share: float) -> str:
    """A share as a percentage without needless digits: 0.65 -> `65 %`."""
    return f"{100 * share:.3g} %"


def read_study(name: str, results: Path) -> Study:
    """A study by name; one of the paper's whose folder does not exist yet is an empty one.

    Raises:
        UserError: there is no such study, or one of its files is missing or spoilt.
    """
    folder, base_model = results / name, PAPER.get(name)
    if not folder.is_dir():
        if base_model is None:
            known = ", ".join(sorted(path.parent.name for path in results.glob("*/main.csv"))) or "none"
            raise UserError(f'no study "{name}" in {results}/; there are: {known}')
        return Study(name, base_model, PLANNED_TEST_SETS, {}, (), pd.DataFrame(columns=list(TESTS.columns)))
    remedy = f"make it with `python -m benchmark tables {name}`"
    main = read_csv(folder / "main.csv", MAIN, remedy)
    runs = read_csv(folder / "runs.csv", RUNS, remedy)
    tests = read_csv(folder / "significance.csv", TESTS, remedy)
    test_sets = tuple(match[1] for column in main.columns if (match := re.fullmatch(r"(.+)_wer_mean", column)))
    sizes = runs.dropna(subset=["test_set"]).groupby("test_set")["utterances"].max()
    utterances = {str(test_set): int(number) for test_set, number in sizes.items()}
    rows = tuple(_row(line, test_sets) for line in main.to_dict("records"))
    return Study(name, base_model, test_sets, utterances, rows, tests)


def _row(line: dict[Any, Any], test_sets: tuple[str, ...]) -> Row:
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
        against_dense={test_set: difference for test_set, difference in dense.items() if difference},
        against_gates={test_set: difference for test_set, difference in gates.items() if difference},
    )


def _spread(line: dict[Any, Any], name: str) -> Spread | None:
    mean, sd, low, high = (optional(line.get(f"{name}_{part}")) for part in SPREAD)
    if mean is None or low is None or high is None:
        return None
    return Spread(mean, sd, low, high)


def _difference(line: dict[Any, Any], name: str) -> Difference | None:
    """None where main.csv has nothing to say: without a dense row it has not even the columns."""
    parts = [optional(line.get(f"{name}_{part}")) for part in DIFFERENCE]
    if any(part is None for part in parts):
        return None
    delta, low, high, *counts = (part for part in parts if part is not None)
    tests, worse, better, worse_uncorrected, better_uncorrected = map(int, counts)
    mark = str(line[f"{name}_mark"])
    return Difference(delta, low, high, mark, tests, worse, better, worse_uncorrected, better_uncorrected)


def _system(test: dict[Any, Any], which: str) -> tuple[str, float | None]:
    return test[f"label_{which}"], optional(test[f"target_{which}"])
