"""The progress of a study: the state of each of its runs, read from its work folder. No torch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from benchmark.corpora.manifest import Summary
from benchmark.runs.identity import plan_digest
from benchmark.runs.reading import read_dense, read_planned, read_run
from benchmark.runs.records import RunRecord
from benchmark.runs.retries import Attempts
from benchmark.study.plan import RunPlan, Study
from benchmark.system.at_work import doing
from benchmark.system.validated import read_json_as

State = Literal["ok", "failed", "over_budget", "running", "left", "available"]
SHOWN = 6  # names in a line


@dataclass(frozen=True)
class RunState:
    """The state of a run; `record` is set once it has ended, `doing` while it runs."""

    run: str
    state: State
    record: RunRecord | None = None
    doing: str = ""

    def __str__(self) -> str:
        """One line: its result, or `self_pinching-0.65-seed0: running: compress, train phase 1, 43 %`."""
        return result_line(self.record) if self.record else ": ".join(filter(None, (self.run, self.state, self.doing)))


def run_state(study: Study, plan: RunPlan) -> RunState:
    """State of one run. It is `left` if its record has another plan (e.g. another budget), data or dense model."""
    folder = study.work.run(plan.run)
    if (now := doing(folder.lock)) is not None:
        return RunState(plan.run, "running", doing=now)
    if not folder.record.exists() or Attempts.of(folder).plan != plan_digest(study, plan):
        return RunState(plan.run, "left")
    record = read_run(folder)
    return RunState(plan.run, record["status"], record) if _current(study, record) else RunState(plan.run, "left")


def _current(study: Study, record: RunRecord) -> bool:
    """Whether a record belongs to the data and the dense model that are now in the work folder."""
    data, dense = study.work.data_summary, study.work.dense_record
    if not (data.exists() and dense.exists()):
        return False
    hashes = read_json_as(data, Summary)["hash"], read_dense(dense)["hash"]
    return hashes == (record["data_hash"], record["dense_hash"])


def run_states(study: Study) -> list[RunState]:
    """State of every run, in the study's order; runs that are left but not expected are `available`."""
    expected = {plan.run for plan in expected_runs(study)}
    states = (run_state(study, plan) for plan in study.runs)
    return [s if s.run in expected or s.state != "left" else replace(s, state="available") for s in states]


def expected_runs(study: Study) -> list[RunPlan]:
    """The runs that make the study complete.

    A method that only the study's `*` includes may be added after results were published. It is `available` until the
    next call runs it, and does not make a complete study incomplete.
    """
    published = read_planned(study.results)
    if not published:
        return list(study.runs)
    return [plan for plan in study.runs if not _is_new(study, plan, published)]


def _is_new(study: Study, plan: RunPlan, published: list[str]) -> bool:
    if plan.label not in study.unnamed or any(f"{run}-".startswith(f"{plan.label}-") for run in published):
        return False
    folders = (study.work.run(plan.run), study.results.run(plan.run))
    return not any(folder.record.exists() for folder in folders)


def steps_at_work(study: Study) -> list[str]:
    """The active steps that precede the runs, one line each: the data, the dense model, searches."""
    searches = {plan.search: study.work.search_lock(plan.search) for plan in study.runs if study.tuning}
    locks = {"data": study.work.data_lock, "dense model": study.work.dense_lock} | searches
    lines = {name: doing(lock) for name, lock in locks.items()}
    return [f"{name}: running: {now}" for name, now in lines.items() if now is not None]


def progress_line(states: list[RunState]) -> str:
    """`7 of 13 runs done, 1 of them failed; running: a; left: b, c`."""
    done = [state for state in states if state.record is not None]
    failed = sum(state.state == "failed" for state in done)
    expected = sum(state.state != "available" for state in states)
    line = f"{len(done)} of {expected} runs done" + (f", {failed} of them failed" if failed else "")
    for name, shown in {"running": "running", "left": "left", "available": "available, not run"}.items():
        runs = [state.run for state in states if state.state == name]
        line += f"; {shown}: {_few(runs)}" if runs else ""
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
