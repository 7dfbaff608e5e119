"""A run through all its steps: what it leaves, what a failure leaves, what is published, what is taken over."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from made_study import configuration, use_methods

from benchmark.attempts import Attempts
from benchmark.dense import prepare_dense
from benchmark.files import read_json, write_json
from benchmark.lock import exclusive
from benchmark.progress import progress_line, run_states
from benchmark.publication import publish
from benchmark.records import RunRecord
from benchmark.report.collection import read_collection
from benchmark.runs import compress, transcribe_run
from benchmark.score import score_run
from benchmark.scoring.trn import read_trn
from benchmark.study import Study
from benchmark.study_file import parse_study

BODIES = {
    "good": "job.train(job.model, learning_rate=1e-4); return job.model",
    "breaks": "raise ValueError('it is\\n broken')",
    "returns": "return None",
    "cannot": "raise CannotReachTarget('too far')",
    "greedy": "job.budget.charge(2 * job.budget.limit)",
}


@pytest.fixture
def study(tmp_path: Path, tiny_corpus: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    """A study over the tiny corpus, its data and dense model prepared."""
    use_methods(monkeypatch, tmp_path / "methods", BODIES)
    (tmp_path / "methods" / "absent.py").write_text(
        (tmp_path / "methods" / "good.py").read_text().replace("import dataclass", "import dataclas", 1)
    )
    for module in ("study", "study_file"):
        monkeypatch.setattr(f"benchmark.{module}.ROOT", tmp_path)
    made = parse_study(configuration(dense={"model": str(tiny_model)}, methods={"*": None}), Path("made.yaml"))
    shutil.copytree(tiny_corpus, made.work / "data")
    prepare_dense(made, made.work)
    return made


def run_through(study: Study, name: str, reuse: bool = False) -> RunRecord:
    plan = study.run(name)
    compress(study, plan, study.work, study.results / "runs" if reuse else None)
    transcribe_run(study, plan, study.work)
    return score_run(study, plan, study.work)


def test_a_good_run_has_a_model_curves_and_scores(study: Study) -> None:
    record = run_through(study, "good-0.5-seed0")
    folder = study.work / "runs" / "good-0.5-seed0"
    assert record["status"] == "ok"
    assert record["scores"]["test"]["utterances"] == len(read_trn(folder / "hyp" / "test.trn")) == 6
    assert 0 < record["speedup"]["low"] <= record["speedup"]["median"] <= record["speedup"]["high"]
    assert (folder / "model").is_dir()
    assert not (folder / "checkpoint").exists()
    assert Attempts.of(folder).failures == 0


@pytest.mark.parametrize(
    ("method", "status", "reason"),
    [
        ("breaks", "failed", "ValueError: it is broken"),
        ("cannot", "failed", "too far"),
        ("absent", "failed", "methods/absent.py does not import: ImportError"),
        ("returns", "failed", ""),
        ("greedy", "over_budget", "used 200 of 100 work"),
    ],
)
def test_trouble_is_a_record_with_a_reason(study: Study, method: str, status: str, reason: str) -> None:
    record = run_through(study, f"{method}-0.5-seed0")
    assert record["status"] == status
    assert (record["reason"] or "").startswith(reason)
    assert "scores" not in record


def test_failures_are_counted_and_kept(study: Study, tmp_path: Path) -> None:
    folder = study.work / "runs" / "breaks-0.5-seed0"
    run_through(study, folder.name)
    run_through(study, folder.name)
    assert Attempts.of(folder).failures == 2
    (tmp_path / "methods" / "breaks.py").write_text((tmp_path / "methods" / "good.py").read_text())
    assert run_through(study, folder.name)["status"] == "ok"
    assert Attempts.of(folder).failures == 2


def test_a_failure_removes_the_results_of_an_earlier_attempt(study: Study, tmp_path: Path) -> None:
    run_through(study, "good-0.5-seed0")
    (tmp_path / "methods" / "good.py").write_text((tmp_path / "methods" / "breaks.py").read_text())
    compress(study, study.run("good-0.5-seed0"), study.work)
    folder = study.work / "runs" / "good-0.5-seed0"
    assert not any((folder / name).exists() for name in ("model", "hyp", "run.json", "transcribe.json"))


def test_published_runs_are_what_the_tables_read(study: Study) -> None:
    for name in ("start", "good-0.5-seed0", "breaks-0.5-seed0"):
        run_through(study, name)
    assert publish(study) == ["3 of 7 runs are in results/made/runs"]
    good = study.results / "runs" / "good-0.5-seed0"
    assert sorted(path.name for path in good.iterdir()) == ["curves.csv", "hyp", "run.json"]
    collection = read_collection(study.results / "runs")
    assert [run.ok for run in collection.runs] == [False, True, True]
    assert len(collection.references["test"]) == 6
    assert set(collection.to_come) == {plan.run for plan in study.runs} - {run.record["run"] for run in collection.runs}
    assert collection.to_come


def test_a_published_run_is_taken_over_with_its_results(study: Study) -> None:
    first = run_through(study, "good-0.5-seed0")
    publish(study)
    shutil.rmtree(study.work / "runs")
    plan = study.run("good-0.5-seed0")
    assert compress(study, plan, study.work, study.results / "runs") == first
    assert not (study.work / "runs" / plan.run / "model").exists()
    transcribe_run(study, plan, study.work)
    assert score_run(study, plan, study.work) == first
    assert publish(study) == ["1 of 7 runs are in results/made/runs"]


def test_a_published_run_of_another_identity_is_not(study: Study) -> None:
    run_through(study, "start")
    publish(study)
    path = study.results / "runs" / "start" / "run.json"
    write_json(path, read_json(path) | {"identity": "other"})
    compress(study, study.run("start"), study.work, study.results / "runs")
    assert (study.work / "runs" / "start" / "model").exists()


def test_progress_tells_finished_running_and_left(study: Study) -> None:
    run_through(study, "start")
    run_through(study, "breaks-0.5-seed0")
    with exclusive(study.work / "runs" / "good-0.5-seed0" / "lock", "good"):
        line = progress_line(run_states(study))
    assert line == (
        "2 of 7 runs done, 1 of them failed; running: good-0.5-seed0; "
        "left: absent-0.5-seed0, cannot-0.5-seed0, greedy-0.5-seed0, returns-0.5-seed0"
    )


def test_a_run_of_an_older_plan_is_left(study: Study, tmp_path: Path) -> None:
    run_through(study, "start")
    assert progress_line(run_states(study)).startswith("1 of 7 ")
    path = tmp_path / "methods" / "start.py"
    path.write_text(path.read_text() + "# changed\n")
    assert progress_line(run_states(study)).startswith("0 of 7 ")
