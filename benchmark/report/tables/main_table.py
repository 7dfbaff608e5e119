"""`main.csv`: one line per row of the study, one column per quantity, raw numbers in full precision."""

from __future__ import annotations

import pandas as pd

from benchmark.report.rows.all_seeds import AllSeeds
from benchmark.report.rows.comparisons import Comparisons, Verdict
from benchmark.report.rows.machines import machines
from benchmark.report.rows.measures import compression_seconds, dense_speedup, is_faster_sparse, speedup
from benchmark.report.rows.metric_columns import metric_columns
from benchmark.report.rows.ranking import Rank, ranks
from benchmark.report.rows.rows import Row, Spread

FOOTPRINT = (
    "total_parameters",
    "remaining_parameters",
    "encoder_matrix_parameters",
    "encoder_sparsity",
    "compression_ratio",
    "bytes_on_disk",
    "macs_per_second",
)


def main_frame(rows: list[Row], comparisons: Comparisons, all_seeds: AllSeeds) -> pd.DataFrame:
    """One line per row; cells are empty if the row has no finished run or nothing to be compared with."""
    found = {test_set: ranks(rows, test_set) for test_set in comparisons.test_sets}
    return pd.DataFrame([_line(row, rows, comparisons, all_seeds, found) for row in rows])


def _line(
    row: Row, rows: list[Row], comparisons: Comparisons, all_seeds: AllSeeds, found: dict[str, dict[Row, Rank]]
) -> dict[str, object]:
    line: dict[str, object] = {
        "label": row.label,
        "method": row.first["method"],
        "title": row.title,
        "family": row.first["family"],
        "division": row.division,
        "two_stage": row.is_two_stage,
        "target_sparsity": row.target,
        "status": row.status,
        "seeds": " ".join(map(str, row.seeds)),
        "finished_runs": len(row.finished),
        "planned_runs": len(row.runs),
    }
    for name in FOOTPRINT:
        spread = row.spread(lambda record, name=name: record["footprint"][name])  # type: ignore[misc]
        line[name] = spread.mean if spread else None
    for name, faster in (("speedup", speedup(row)), ("speedup_dense_kernels", dense_speedup(row))):
        line[name] = faster.mean if faster else None
    line["speedup_is_sparse"] = is_faster_sparse(row)
    for test_set in comparisons.test_sets:
        line |= _spread_columns(f"{test_set}_wer", row.wer(test_set))
        low, high = all_seeds.interval(row, test_set) or (None, None)
        line |= {f"{test_set}_interval_low": low, f"{test_set}_interval_high": high}
        rank = found[test_set].get(row)
        line |= {f"{test_set}_rank": rank and rank.overall, f"{test_set}_rank_in_division": rank and rank.within}
        for metric in metric_columns(rows):
            line |= _spread_columns(metric.name(test_set), metric.spread(row, test_set))
        if comparisons.dense:
            line |= _verdict_columns(f"{test_set}_vs_dense", comparisons.between(row, comparisons.dense, test_set))
        if comparisons.reference:
            verdict = comparisons.with_reference(row, test_set)
            line |= _verdict_columns(f"{test_set}_vs_{comparisons.reference.label}", verdict)
    line |= _spread_columns("compression_seconds", compression_seconds(row))
    line["machines"] = " | ".join(machines(row))
    spent = row.spread(lambda record: record["budget"]["spent"])
    budget = row.first["budget"]
    line |= {"budget_kind": budget["kind"], "budget_limit": budget["limit"]}
    line |= {"budget_spent": spent.mean if spent else None, "budget_share": budget_share(row, rows)}
    return line


def budget_share(row: Row, rows: list[Row]) -> float | None:
    """Mean spending of the finished runs, as a share of the largest budget in the study."""
    spent = row.spread(lambda record: record["budget"]["spent"])
    return spent.mean / max(row.first["budget"]["limit"] for row in rows) if spent else None


def _spread_columns(name: str, spread: Spread | None) -> dict[str, object]:
    if spread is None:
        return {f"{name}_{what}": None for what in ("mean", "sd", "min", "max")}
    return {f"{name}_mean": spread.mean, f"{name}_sd": spread.sd, f"{name}_min": spread.low, f"{name}_max": spread.high}


def _verdict_columns(name: str, verdict: Verdict | None) -> dict[str, object]:
    columns = ("delta", "low", "high", "mark", "tests", "worse", "better", "worse_uncorrected", "better_uncorrected")
    if verdict is None:
        return {f"{name}_{column}": None for column in columns}
    return {f"{name}_{column}": getattr(verdict, "n" if column == "tests" else column) for column in columns}
