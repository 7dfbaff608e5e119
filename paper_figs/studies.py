"""Reads main.csv, runs.csv and significance.csv from results/<study>/ as typed values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from benchmark.system.errors import UserError
from paper_figs.csv_files import Format, optional, read_csv

# The paper's two studies, and the methods, targets and test sets that it compares; "not run" until they have run.
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

LIBRISPEECH = {"test-clean": 2620, "test-other": 2939, "dev-clean": 2703, "dev-other": 2864}  # utterances per set
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
        base_model: the model that a study of the paper compresses; None for any other study.
        utterances: number of utterances per test set; empty if the study has not been run.
        rows: the rows, in the order of main.csv.
        tests: the content of significance.csv.
    """

    name: str
    base_model: str | None
    test_sets: tuple[str, ...]
    utterances: dict[str, int]
    rows: tuple[Row, ...]
    tests: pd.DataFrame

    @property
    def has_run(self) -> bool:
        """Whether the study has results."""
        return bool(self.rows)

    @property
    def title(self) -> str:
        """Name for readers, with the model if it is known."""
        return f"{self.base_model} ({self.name})" if self.base_model else self.name

    @property
    def methods(self) -> dict[str, str]:
        """Titles by label: the paper's methods, then the study's other methods in the order of main.csv."""
        found = {row.label: row.title for row in self.rows}
        planned = PLANNED_METHODS if self.base_model else {}
        return {label: found.get(label, title) for label, title in planned.items()} | found

    @property
    def targets(self) -> list[float]:
        """Shares of the encoder matrices to remove, from small to large."""
        found = {row.target for row in self.rows if row.target is not None}
        return sorted(found | set(PLANNED_TARGETS if self.base_model else ()))

    def takes_target(self, label: str) -> bool:
        """Whether a method takes a target, or has a size of its own."""
        found = [row.target for row in self.rows if row.label == label]
        return any(target is not None for target in found) if found else label != "dense"

    def row(self, label: str, target: float | None) -> Row | None:
        """The row of a method at a target; None if it has not been run."""
        return next((row for row in self.rows if row.label == label and row.target == target), None)

    def shares_test_set(self, test_set: str) -> bool:
        """Whether a WER on this set is comparable with published ones: the set must be LibriSpeech's in full."""
        return test_set in LIBRISPEECH and self.utterances.get(test_set, LIBRISPEECH[test_set]) == LIBRISPEECH[test_set]

    def seeds_worse(self, row: Row, other: Row, test_set: str) -> int | None:
        """Number of seeds where `row` is significantly worse than `other`, uncorrected; None if any lacks a test."""
        tests = [(first, str(test["mark"])) for first, test in self._between(row, other, test_set)]
        if not tests or "?" in (mark for _, mark in tests):
            return None
        return sum(mark.startswith("worse" if first else "better") for first, mark in tests)

    def p_values(self, row: Row, other: Row, test_set: str) -> list[float | None]:
        """Uncorrected p of MAPSSWE between two rows, one per seed; None if no test was possible."""
        return [optional(test["p"]) for _, test in self._between(row, other, test_set)]

    def _between(self, row: Row, other: Row, test_set: str) -> list[tuple[bool, dict[Any, Any]]]:
        """Lines of significance.csv on two rows, one per seed, each with a flag: whether `row` is its first system."""
        here = self.tests[self.tests["test_set"] == test_set].sort_values("seed")
        ours, theirs = (row.label, row.target), (other.label, other.target)
        lines = [(_system(line, "a"), _system(line, "b"), line) for line in here.to_dict("records")]
        return [(a == ours, line) for a, b, line in lines if {a, b} == {ours, theirs}]


def percent(share: float) -> str:
    """Format a share as a percentage without needless digits: 0.65 -> `65 %`."""
    return f"{100 * share:.3g} %"


def read_study(name: str, results: Path) -> Study:
    """Read a study by name; a study of the paper without a folder is returned empty.

    Raises:
        UserError: there is no such study, or one of its files is missing or malformed.
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
    """Read a difference; None if main.csv does not have it: without a dense row, even the columns are missing."""
    parts = [optional(line.get(f"{name}_{part}")) for part in DIFFERENCE]
    if any(part is None for part in parts):
        return None
    delta, low, high, *counts = (part for part in parts if part is not None)
    tests, worse, better, worse_uncorrected, better_uncorrected = map(int, counts)
    mark = str(line[f"{name}_mark"])
    return Difference(delta, low, high, mark, tests, worse, better, worse_uncorrected, better_uncorrected)


def _system(test: dict[Any, Any], which: str) -> tuple[str, float | None]:
    return test[f"label_{which}"], optional(test[f"target_{which}"])
