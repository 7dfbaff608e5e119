"""A table of a study's costs on one device and on eight."""

from __future__ import annotations

from tabulate import tabulate

from benchmark.study.plan import Study
from benchmark.throughput.cost_plan import HOUR, Cost, CostPlan, makespan
from benchmark.throughput.figures import Throughput
from benchmark.throughput.rates import Rates

DEVICES = 8
UNKNOWN = "not measured"


def as_markdown(plan: CostPlan, study: Study, rates: Rates, measured: Throughput) -> str:
    """Source of the figures, then a table: the dense stage, one row per label, and the sum of known costs."""
    dense = ["dense stage", "", "", "", _hours(plan.dense), _hours(plan.dense)]
    missing = [cost.label for cost in plan.labels if not cost.known]
    total = "sum of what is known" if missing else "sum"
    rows = [dense, *map(_row, plan.labels), [total, "", "", "", f"{plan.hours(1):.2f}", f"{plan.hours(DEVICES):.2f}"]]
    headers = ["label", "runs", "a run (h)", "a search (h)", "one device (h)", f"{DEVICES} devices (h)"]
    table = tabulate(rows, headers, tablefmt="github", colalign=("left", *["right"] * 5), disable_numparse=True)
    return "\n\n".join([_source(study, rates, measured), table])


def _source(study: Study, rates: Rates, measured: Throughput) -> str:
    machine = measured["provenance"]
    text = (
        f"Study `{study.name}` on {rates.model} at {rates.precision}, as measured on {machine['device']} "
        f"({machine['cpu']}), {measured['batch_seconds']:g} s a batch."
    )
    if rates.stands_for:
        text += f" {rates.stands_for} itself was not measured: it has the same layers, but its speed may differ."
    if measured["device"] == "cpu":
        text += " **These are hours of a CPU: no GPU has been measured.**"
    return text


def _row(cost: Cost) -> list[str]:
    searches, runs = ([job for job in jobs if job is not None] for jobs in (cost.searches, cost.runs))
    if not cost.known:
        return [f"`{cost.label}`", str(len(cost.runs)), *[UNKNOWN] * 4]
    spans = [_hours(makespan(searches, devices) + makespan(runs, devices)) for devices in (1, DEVICES)]
    return [f"`{cost.label}`", str(len(runs)), _hours(runs[0]), _hours(searches[0]) if searches else "-", *spans]


def _hours(seconds: float) -> str:
    return f"{seconds / HOUR:.2f}"
