"""How far a study is: the state of each of its runs, from the files in its work folder. No torch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from benchmark.attempts import Attempts, plan_digest
from benchmark.files import read_json
from benchmark.lock import in_use
from benchmark.records import RunRecord, read_dense, read_run
from benchmark.study import RunPlan, Study

State = Literal["ok", "failed", "over_budget", "running", "left"]
SHOWN = 6  # names in a line


@dataclass(frozen=True)
class RunState:
    """A run and how far it is; `record` when it has come to an end."""

    run: str
    state: State
    record: RunRecord | None = None


def run_state(study: Study, plan: RunPlan) -> RunState:
    """State of one run. A record of another plan, such as one with another budget, or of other data counts as left."""
    folder = study.work / "runs" / plan.run
    if in_use(folder / "lock"):
        return RunState(plan.run, "running")
    if not (folder / "run.json").exists() or Attempts.of(folder).plan != plan_digest(study, plan):
        return RunState(plan.run, "left")
    record = read_run(folder)
    return RunState(plan.run, record["status"], record) if _current(study, record) else RunState(plan.run, "left")


def _current(study: Study, record: RunRecord) -> bool:
    """Whether a record belongs to the data and the dense model that are in the work folder now."""
    data, dense = study.work / "data" / "data.json", study.work / "dense" / "dense.json"
    if not (data.exists() and dense.exists()):
        return False
    return bool(read_json(data)["hash"] == record["data_hash"] and read_dense(dense)["hash"] == record["dense_hash"])


def run_states(study: Study) -> list[RunState]:
    """State of every run, in the study's order."""
    return [run_state(study, plan) for plan in study.runs]


def progress_line(states: list[RunState]) -> str:
    """`7 of 13 runs done, 1 of them failed; running: a; left: b, c`."""
    done = [state for state in states if state.record is not None]
    failed = sum(state.state == "failed" for state in done)
    line = f"{len(done)} of {len(states)} runs done" + (f", {failed} of them failed" if failed else "")
    for name in ("running", "left"):
        runs = [state.run for state in states if state.state == name]
        line += f"; {name}: {_few(runs)}" if runs else ""
    return line


def result_line(record: RunRecord) -> str:
    """`self_pinching-0.65-seed0: ok, test-clean WER 5.12 %`, or why there is no result."""
    status = record["status"].replace("_", " ")
    reason = f": {record['reason']}" if record["reason"] else ""
    scores = record.get("scores", {}).items()
    return f"{record['run']}: {status}{reason}" + "".join(
        f", {s} WER {100 * score['wer']:.2f} %" for s, score in scores
    )


def _few(names: Iterable[str]) -> str:
    names = list(names)
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
