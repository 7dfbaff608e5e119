"""Reads main.csv, runs.csv and significance.csv from results/<study>/ as typed values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from benchmark.system.errors import UserError
from benchmark.system.files import read_json
from paper_figs.catalogue import ABOUT, PAPER_METHODS, PAPER_MODELS, About
from paper_figs.csv_files import Format, optional, read_csv
from paper_figs.rows import MAIN, Row, read_row

LIBRISPEECH = {"test-clean": 2620, "test-other": 2939, "dev-clean": 2703, "dev-other": 2864}  # utterances per set
RUNS = Format(columns=("run", "test_set", "utterances"), filled=("run",), numbers="utterances")
SYSTEMS = ("test_set", "seed", "label_a", "label_b")
TESTS = Format(
    columns=(*SYSTEMS, "target_a", "target_b", "p", "mark"),
    filled=(*SYSTEMS, "mark"),
    numbers="seed|target_a|target_b|p",
)


@dataclass(frozen=True)
class Study:
    """A study, with results or without.

    Attributes:
        about: the model, the data and the protocol; None for a study that the catalogue does not have.
        folder: the folder of its results.
        utterances: number of utterances per test set.
        rows: the rows, in the order of main.csv; empty without results.
        tests: the content of significance.csv.
        planned: number of planned runs.
        remarks: what the records say of the corpus: parts that are missing, audio that is not the original.
    """

    name: str
    about: About | None
    folder: Path
    test_sets: tuple[str, ...]
    utterances: dict[str, int]
    rows: tuple[Row, ...]
    tests: pd.DataFrame
    planned: int
    remarks: tuple[str, ...]

    @property
    def has_run(self) -> bool:
        """Whether the study has a finished run."""
        return self.finished > 0

    @property
    def finished(self) -> int:
        """Number of finished runs."""
        return sum(row.finished for row in self.rows)

    @property
    def model(self) -> str | None:
        """The model that is compressed, if it is known."""
        return self.about.model if self.about else None

    @property
    def of_the_paper(self) -> bool:
        """Whether the model is one of the paper's."""
        return self.model in PAPER_MODELS

    @property
    def title(self) -> str:
        """Name for readers, with the model if it is known."""
        return f"{self.model} ({self.name})" if self.model else self.name

    @property
    def test_set(self) -> str:
        """The test set that claims are judged on: the first, which is test-clean wherever there is one."""
        return self.test_sets[0]

    @property
    def dense(self) -> Row | None:
        """The row of the dense model."""
        return next((row for row in self.rows if row.family == "dense"), None)

    @property
    def compared(self) -> dict[str, str]:
        """Titles, by label, of the methods that the paper compares, in its order, and of the controls."""
        rows = [row for row in self.rows if row.method in PAPER_METHODS or row.family == "control"]
        rows.sort(
            key=lambda row: PAPER_METHODS.index(row.method) if row.method in PAPER_METHODS else len(PAPER_METHODS)
        )
        return {row.label: row.title for row in rows}

    @property
    def targets(self) -> list[float]:
        """Shares of the encoder matrices to remove, from small to large."""
        return sorted({row.target for row in self.rows if row.target is not None})

    def takes_target(self, label: str) -> bool:
        """Whether a method takes a target, or has a size of its own."""
        return any(row.target is not None for row in self.rows if row.label == label)

    def row(self, label: str, target: float | None) -> Row | None:
        """The row of a method at a target; None if it has not been run."""
        return next((row for row in self.rows if row.label == label and row.target == target), None)

    def shares_test_set(self, test_set: str) -> bool:
        """Whether a WER on this set is comparable with published ones: the set must be LibriSpeech's in full."""
        return test_set in LIBRISPEECH and self.utterances.get(test_set) == LIBRISPEECH[test_set]

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


def read_study(name: str, results: Path) -> Study:
    """Read a study by name; a study of the catalogue without a folder is returned without rows.

    Raises:
        UserError: there is no such study, or one of its files is missing or malformed.
    """
    folder, about = results / name, ABOUT.get(name)
    if not folder.is_dir():
        if about is None:
            known = ", ".join(sorted(path.parent.name for path in results.glob("*/main.csv"))) or "none"
            raise UserError(f'no study "{name}" in {results}/; there are: {known}')
        return Study(name, about, folder, (), {}, (), pd.DataFrame(columns=list(TESTS.columns)), 0, ())
    remedy = f"make it with `python -m benchmark tables {name}`"
    main = read_csv(folder / "main.csv", MAIN, remedy)
    runs = read_csv(folder / "runs.csv", RUNS, remedy)
    tests = read_csv(folder / "significance.csv", TESTS, remedy)
    test_sets = tuple(match[1] for column in main.columns if (match := re.fullmatch(r"(.+)_wer_mean", column)))
    sizes = runs.dropna(subset=["test_set"]).groupby("test_set")["utterances"].max()
    utterances = {str(test_set): int(number) for test_set, number in sizes.items()}
    rows = tuple(read_row(line, test_sets) for line in main.to_dict("records"))
    return Study(name, about, folder, test_sets, utterances, rows, tests, _planned(folder, runs), _remarks(folder))


def _planned(folder: Path, runs: pd.DataFrame) -> int:
    """Number of planned runs: those of planned.json, which old records lack, and those that have a record."""
    path = folder / "planned.json"
    planned = read_json(path) if path.exists() else []
    if not isinstance(planned, list):
        raise UserError(f"{path} is not a list of runs: make it with `snakemake` or restore it")
    return len({*map(str, planned), *map(str, runs["run"])})


def _remarks(folder: Path) -> tuple[str, ...]:
    """What the record of the dense model says of the corpus; nothing if there is no such record."""
    path = folder / "runs" / "dense" / "run.json"
    record = read_json(path) if path.exists() else None
    remarks = record.get("corpus_remarks") if isinstance(record, dict) else None
    return tuple(map(str, remarks)) if isinstance(remarks, list) else ()


def _system(test: dict[Any, Any], which: str) -> tuple[str, float | None]:
    return test[f"label_{which}"], optional(test[f"target_{which}"])
