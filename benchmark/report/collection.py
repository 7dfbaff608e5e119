"""The runs of one study as they lie on disk: records, training curves, hypotheses and references."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from benchmark.curves import read_curves
from benchmark.errors import UserError
from benchmark.records import RunRecord, Score, read_planned, read_run
from benchmark.scoring.trn import Transcripts, read_trn
from benchmark.scoring.wer import word_errors


@dataclass(frozen=True)
class Run:
    """One run's record and the folder that it came from."""

    record: RunRecord
    folder: Path

    @property
    def ok(self) -> bool:
        """Whether the run finished inside its budget; no other run enters a mean, a test or a figure."""
        return self.record["status"] == "ok"

    @property
    def seeded(self) -> bool:
        """False for a run without randomness, which stands for all seeds; its name carries no seed."""
        return self.record["run"].endswith(f"-seed{self.record['seed']}")

    @property
    def scores(self) -> dict[str, Score]:
        """Results by test set."""
        return self.record.get("scores", {})

    @cached_property
    def curves(self) -> pd.DataFrame:
        """Training curves, one row a logged step; empty for a run that logged none."""
        return read_curves(self.folder)

    def hypotheses(self, test_set: str) -> Transcripts:
        """The transcripts of one test set.

        Raises:
            UserError: the run has a score but no transcripts.
        """
        path = self.folder / "hyp" / f"{test_set}.trn"
        if not path.is_file():
            raise UserError(
                f"{path} is missing though the run has a score; transcribe it again or delete {self.folder}"
            )
        return read_trn(path)


@dataclass(frozen=True)
class Collection:
    """All runs of a study, checked to be comparable."""

    study: str
    runs: tuple[Run, ...]
    references: dict[str, Transcripts]  # by test set
    to_come: tuple[str, ...] = ()  # planned runs that have no record yet

    @property
    def planned(self) -> int:
        """How many runs there are and are to come."""
        return len(self.runs) + len(self.to_come)

    @property
    def test_sets(self) -> list[str]:
        """Names of the test sets, in the order of the records."""
        return list(self.references)


def read_collection(runs_folder: Path) -> Collection:
    """Read `<runs_folder>/*/run.json`, and the references in `ref/` beside that folder.

    Raises:
        UserError: there is nothing to read, a record has another schema, runs were made on other data or from
            another dense model, or a score does not follow from its hypotheses.
    """
    paths = sorted(runs_folder.glob("*/run.json"))
    if not paths:
        raise UserError(f"no runs in {runs_folder} (expected <run>/run.json); run the study first")
    runs = tuple(Run(read_run(path.parent), path.parent) for path in paths)
    for field in ("study", "data_hash", "dense_hash"):
        _require_one(runs, field)
    test_sets = list(dict.fromkeys(name for run in runs if run.ok for name in run.scores))
    references = {name: _read_reference(runs_folder.parent / "ref" / f"{name}.trn") for name in test_sets}
    collection = Collection(runs[0].record["study"], runs, references, _to_come(runs, read_planned(runs_folder.parent)))
    for run in runs:
        check_scores(run, references)
    return collection


def _to_come(runs: tuple[Run, ...], planned: list[str]) -> tuple[str, ...]:
    recorded = {run.record["run"] for run in runs}
    return tuple(name for name in planned if name not in recorded)


def _require_one(runs: tuple[Run, ...], field: str) -> None:
    """Runs on different data or from different dense models cannot stand in one table."""
    first = runs[0].record
    for run in runs:
        if run.ok and run.record[field] != first[field]:  # type: ignore[literal-required]
            raise UserError(
                f"{run.record['run']} and {first['run']} differ in {field}, so they cannot be compared; repeat one"
            )


def _read_reference(path: Path) -> Transcripts:
    if not path.is_file():
        raise UserError(
            f"{path} is missing; `python -m benchmark prepare` and then `publish`, with the study's YAML, write it"
        )
    return read_trn(path)


def check_scores(run: Run, references: Mapping[str, Transcripts]) -> None:
    """Every recorded count must follow from the transcripts, on each test set of which there are references.

    Raises:
        UserError: one does not, or transcripts are missing.
    """
    for test_set, recorded in run.scores.items():
        hypotheses = run.hypotheses(test_set)
        if test_set not in references:
            continue
        counted = word_errors(references[test_set], hypotheses, run.record["run"])
        if (counted.errors, counted.words) != (recorded["errors"], recorded["words"]):
            raise UserError(
                f"{run.folder / 'run.json'}: {recorded['errors']} errors in {recorded['words']} words on "
                f"{test_set}, but its hypotheses give {counted.errors} in {counted.words}; score the run again"
            )
