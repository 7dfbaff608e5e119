"""The runs of one study, read from disk: records, training curves, hypotheses and references."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from benchmark.runs.curves import read_curves
from benchmark.runs.ownership import owner_of
from benchmark.runs.reading import read_planned, read_run
from benchmark.runs.records import RunRecord, Score
from benchmark.scoring.scored import Scored, scored
from benchmark.scoring.trn import Transcripts, read_trn
from benchmark.scoring.wer import WordErrors, total, word_errors
from benchmark.study.paths import ResultsFolder, RunFolder, recorded_runs
from benchmark.system.errors import UserError

COMPARABLE = ("study", "data_hash", "dense_hash")  # fields that are equal in all runs of one table


@dataclass(frozen=True)
class Run:
    """One run's record and the folder that it was read from."""

    record: RunRecord
    folder: RunFolder

    @property
    def ok(self) -> bool:
        """Whether the run finished within its budget; only such runs enter means, tests and figures."""
        return self.record["status"] == "ok"

    @property
    def seeded(self) -> bool:
        """False for a run without randomness, which stands for all seeds; its name contains no seed."""
        return self.record["run"].endswith(f"-seed{self.record['seed']}")

    @property
    def scores(self) -> dict[str, Score]:
        """Results by test set."""
        return self.record.get("scores", {})

    def metrics(self, evaluation: str, test_set: str) -> dict[str, float]:
        """What an evaluation measured on a test set; empty if it measured nothing."""
        return self.record.get("metrics", {}).get(evaluation, {}).get(test_set, {})

    @cached_property
    def curves(self) -> pd.DataFrame:
        """Training curves, one row per logged step; empty for a run that logged none."""
        return read_curves(self.folder)

    def hypotheses(self, test_set: str) -> Transcripts:
        """The transcripts of one test set.

        Raises:
            UserError: the run has a score but no transcripts.
        """
        path = self.folder.hypotheses(test_set)
        if not path.is_file():
            raise UserError(
                f"{path} is missing though the run has a score; transcribe it again or delete {self.folder}"
            )
        return read_trn(path)


@dataclass(frozen=True)
class Collection:
    """All runs of a study, checked to be comparable.

    `references`: the available references, by test set. The errors of the other test sets are not recounted. Such test
    sets occur because the licence of some corpora forbids publishing their text.
    """

    study: str
    folder: Path  # with `runs/` in it
    runs: tuple[Run, ...]
    test_sets: list[str]  # in the order of the records
    references: dict[str, Transcripts]
    to_come: tuple[str, ...] = ()  # planned runs without a record
    reference: str | None = None  # label of the method that every other is compared with
    titles: Mapping[str, str] = field(default_factory=dict)  # the study's own names of rows, by label
    _scored: dict[tuple[str, str], Scored] = field(default_factory=dict, init=False, repr=False, compare=False)

    def scored(self, run: Run, test_set: str) -> Scored:
        """A run's errors on a test set whose references are available, counted at the first call.

        Raises:
            UserError: the run has a score but no transcripts, or they are of other utterances.
        """
        key = run.record["run"], test_set
        if key not in self._scored:
            self._scored[key] = scored(self.references[test_set], run.hypotheses(test_set), run.record["run"])
        return self._scored[key]

    @property
    def planned(self) -> int:
        """Number of runs, including those still to come."""
        return len(self.runs) + len(self.to_come)

    @property
    def not_recounted(self) -> list[str]:
        """Test sets whose error counts are taken from the records."""
        return [name for name in self.test_sets if name not in self.references]


def read_collection(runs_folder: Path) -> Collection:
    """Read `<runs_folder>/*/run.json`, and the references in `ref/` next to that folder.

    Raises:
        UserError: there is nothing to read, a record is malformed or contradicts itself or another, runs differ in
            their data, dense model or precision, a score does not match its hypotheses, or a test set or the dense run
            is missing.
    """
    folders = recorded_runs(runs_folder)
    if not folders:
        raise UserError(f"no runs in {runs_folder} (expected <run>/run.json); run the study first")
    runs = tuple(Run(read_run(folder), folder) for folder in folders)
    for shared in COMPARABLE:
        _require_one(runs, shared)
    _require_unique(runs)
    _require_one_precision(runs)
    results = ResultsFolder(runs_folder.parent)
    references = {path.stem: path for path in sorted(results.references.glob("*.trn"))}
    test_sets = list(dict.fromkeys([name for run in runs if run.ok for name in run.scores]))
    _require_complete(runs, [*test_sets, *(name for name in references if name not in test_sets)])
    to_come = _to_come(runs, read_planned(results))
    if not to_come and not any(run.record["family"] == "dense" for run in runs):
        raise UserError(f"{runs_folder} has no run of the dense model; add `dense:` to the study's methods and run it")
    found: dict[str, Transcripts] = {name: read_trn(references[name]) for name in test_sets if name in references}
    owner = owner_of(runs_folder.parent)
    collection = Collection(
        runs[0].record["study"],
        runs_folder.parent,
        runs,
        test_sets,
        found,
        to_come,
        reference=owner.get("reference") if owner else None,
        titles=owner.get("titles", {}) if owner else {},
    )
    with tqdm(runs, desc="recount", unit="run") as progress:
        for run in progress:
            recounted = {name: total(collection.scored(run, name).counts) for name in found if name in run.scores}
            check_scores(run, recounted)
    return collection


def _to_come(runs: tuple[Run, ...], planned: list[str]) -> tuple[str, ...]:
    recorded = {run.record["run"] for run in runs}
    return tuple(name for name in planned if name not in recorded)


def _require_one(runs: tuple[Run, ...], field: str) -> None:
    """Refuse runs on different data or from different dense models: they cannot share a table."""
    finished = [run for run in runs if run.ok]
    for run in finished:
        first = finished[0].record
        if run.record[field] != first[field]:  # type: ignore[literal-required]
            raise UserError(
                f"{run.record['run']} and {first['run']} differ in {field}, so they cannot be compared; repeat one"
            )


def _require_unique(runs: tuple[Run, ...]) -> None:
    """Refuse copies of a run, and seeds beside a run that stands for all seeds."""
    identities: dict[str, Run] = {}
    rows: dict[tuple[str, float | None], Run] = {}
    for run in runs:
        other = identities.setdefault(run.record["identity"], run)
        if other is not run:
            raise UserError(
                f"{other.folder} and {run.folder} have the same identity: one is a copy, or two labels mean the same "
                "run; delete one"
            )
        other = rows.setdefault((run.record["label"], run.record["target_sparsity"]), run)
        if other.seeded != run.seeded:
            raise UserError(
                f"{other.folder} and {run.folder} belong to one row, but only one of them has a seed; delete one"
            )


def _require_one_precision(runs: tuple[Run, ...]) -> None:
    """Refuse finished runs that trained in different precisions; runs that name none are not compared."""
    trained = {run.record["precision"]: run for run in runs if run.ok and "precision" in run.record}
    if len(trained) > 1:
        fp32, bf16 = (trained[precision].record["run"] for precision in ("fp32", "bf16"))
        raise UserError(
            f"{fp32} was trained in fp32 and {bf16} in bf16, so they cannot be compared: set `training.precision` in "
            "the study's file, and repeat the runs of the other precision"
        )


def _require_complete(runs: tuple[Run, ...], test_sets: list[str]) -> None:
    for run in runs:
        missing = [name for name in test_sets if name not in run.scores] if run.ok else []
        if missing:
            raise UserError(
                f"{run.folder.record} has no score on {', '.join(missing)}, which is a test set of the study; "
                "score the run again, or delete the reference in ref/ if it no longer is one"
            )


def recount(run: Run, references: Mapping[str, Transcripts]) -> dict[str, WordErrors]:
    """A run's word errors on every test set whose references are available.

    Raises:
        UserError: the run has a score but no transcripts, or they are of other utterances.
    """
    name = run.record["run"]
    return {
        test_set: word_errors(references[test_set], run.hypotheses(test_set), name)
        for test_set in run.scores
        if test_set in references
    }


def check_scores(run: Run, recounted: Mapping[str, WordErrors]) -> None:
    """Compare a run's scores with its recounted errors, or only with its utterances where there are none.

    Raises:
        UserError: a count does not match the run's hypotheses.
    """
    for test_set, score in run.scores.items():
        found = recounted.get(test_set)
        counts = asdict(found) if found else {"utterances": len(run.hypotheses(test_set))}
        recorded: dict[str, Any] = {name: value for name, value in score.items() if name in counts}
        for name, count in counts.items():
            if recorded[name] != count:
                raise UserError(
                    f"{run.folder.record}: {recorded[name]} {name} on {test_set}, but its hypotheses give "
                    f"{count}; score the run again"
                )
