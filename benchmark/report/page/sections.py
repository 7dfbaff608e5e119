"""The page's section on one run, made from its record and transcripts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tqdm import tqdm

from benchmark.report.matrix_shares import MatrixShares, matrix_shares
from benchmark.report.page.curve_points import curve_charts
from benchmark.report.page.utterances import Utterance, worst_utterances
from benchmark.report.rows import Row
from benchmark.runs.collection import Collection, Run
from benchmark.runs.record_summary import Facts, budget, provenance, settings, sizes


@dataclass(frozen=True)
class Section:
    """One run and the values computed for its section."""

    run: Run
    row: Row
    worst: dict[str, list[Utterance]]  # by test set
    curves: dict[str, Any] | None  # see `curve_charts`

    @property
    def anchor(self) -> str:
        """Id of the section on the page."""
        return anchor(self.run)

    @property
    def title(self) -> str:
        """Name of the row, with the seed where it matters."""
        return f"{self.row.name}, seed {self.run.record['seed']}" if self.run.seeded else self.row.name

    @property
    def facts(self) -> dict[str, Facts]:
        """The tables at the top of the section, by title."""
        record = self.run.record
        return {"Budget and phases": budget(record), "Sizes": sizes(record), "Settings": settings(record)}

    @property
    def provenance(self) -> Facts:
        """The table at the end of the section."""
        return provenance(self.run.record)

    @property
    def sparsity(self) -> MatrixShares | None:
        """The shares of weights removed by layer and matrix; None without a model."""
        return matrix_shares([self.run.record]) if "matrices" in self.run.record else None


def anchor(run: Run) -> str:
    """Id of a run's section."""
    return f"run-{run.record['run']}"


def sections(collection: Collection, rows: list[Row]) -> list[Section]:
    """One section per run, including failed runs, in the order of the rows."""
    runs = [(run, row) for row in rows for run in row.runs]
    with tqdm(runs, desc="page", unit="run") as progress:  # so that the bar closes before an error is printed
        return [_section(collection, run, row) for run, row in progress]


def _section(collection: Collection, run: Run, row: Row) -> Section:
    worst = {
        test_set: worst_utterances(collection.references[test_set], run.hypotheses(test_set), run.record["run"])
        for test_set in run.scores
        if test_set in collection.references
    }
    return Section(run, row, worst, curve_charts(run))
