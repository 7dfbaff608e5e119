"""The page's section on one run, made from its record and curves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from benchmark.report.page.curve_points import curve_charts
from benchmark.report.rows.matrix_shares import MatrixShares, matrix_shares
from benchmark.report.rows.rows import Row
from benchmark.runs.collection import Run
from benchmark.runs.record_summary import Facts, budget, provenance, settings, sizes


@dataclass(frozen=True)
class Section:
    """One run and the values computed for its section."""

    run: Run
    row: Row
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


def sections(rows: list[Row]) -> list[Section]:
    """One section per run, including failed runs, in the order of the rows."""
    return [Section(run, row, curve_charts(run)) for row in rows for run in row.runs]
