"""A run through all its steps: what it leaves, what a failure leaves, what is published, what is reused."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest
from made_study import PRUNES, configuration, use_methods

from benchmark.runs.collection import read_collection
from benchmark.runs.compression import compress
from benchmark.runs.error_counts import score_run
from benchmark.runs.publication import publish
from benchmark.runs.records import RunRecord
from benchmark.runs.retries import Attempts
from benchmark.runs.study_status import progress_line, run_states, steps_at_work
from benchmark.runs.transcripts import transcribe_run
from benchmark.scoring.trn import read_trn
from benchmark.study.file import parse_study
from benchmark.study.paths import RunFolder
from benchmark.study.plan import Study
from benchmark.system.at_work import at_work
from benchmark.system.errors import UserError
from benchmark.system.files import read_json, write_json
from benchmark.system.lock import exclusive

BODIES = {
    "good": PRUNES,
    "breaks": "raise ValueError('it is\\n broken')",
    "returns": "return None",
    "other": "return job.model.wav2vec2",
    "idle": "return job.model",
    "cannot": "raise CannotReachTarget('too far')",
    "undefined": PRUNES.replace(
        "learning_rate=1e-4",
        "learning_rate=1e-4, after_step=lambda _: job.log(nought=0, nothing=float('nan'), all=float('inf'))",
    ),
    "greedy": "job.budget.charge(2 * job.budget.limit)",
}


@pytest.fixture
def study(tmp_path: Path, made_work: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    """A study over the tiny corpus, its data and dense model prepared."""
    use_methods(monkeypatch, tmp_path / "methods", BODIES)
    (tmp_path / "methods" / "absent.py").write_text(
        (tmp_path / "methods" / "good.py").read_text().replace("import dataclass", "import dataclas", 1)
    )
    good = (tmp_path / "methods" / "good.py").read_text()
    (tmp_path / "methods" / "nameless.py").write_text(good.replace('title = "Made"', ""))
    (tmp_path / "methods" / "homeless.py").write_text(good.replace('"control"', '"pruned"'))
    (tmp_path / "methods" / "needy.py").write_text(
        good.replace('title = "Made"', 'title = "Made"\n    requirements = ("no-such-package>=2", "numpy>=1")')
    )
    (tmp_path / "methods" / "wary.py").write_text(
        good + "\n    def skip(self, job):\n        return f'too small:\\n {job.target.remaining}'\n"
    )
    monkeypatch.setattr("benchmark.system.project.ROOT", tmp_path)
    made = parse_study(configuration(dense={"model": str(tiny_model)}, methods={"*": None}), Path("made.yaml"))
    shutil.copytree(made_work, made.work)
    return made


def run_through(study: Study, name: str, reuse: bool = False) -> RunRecord:
    plan = study.run(name)
    compress(study, plan, study.work, study.results if reuse else None)
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
    assert Attempts.of(RunFolder(folder)).failures == 0


@pytest.mark.parametrize(
    ("method", "status", "reason"),
    [
        ("breaks", "failed", "ValueError: it is broken"),
        ("cannot", "failed", "too far"),
        ("absent", "failed", "methods/absent.py cannot be imported: ImportError"),
        ("returns", "failed", "compress returned None: it has to return the compressed Wav2Vec2ForCTC"),
        ("other", "failed", "compress returned a Wav2Vec2Model: it has to return the compressed Wav2Vec2ForCTC"),
        (
            "idle",
            "failed",
            "misses its target of 50.00 %: 41,392 parameters remain in the exported model, not 22,960: ",
        ),
        ("nameless", "failed", 'methods/nameless.py: class Made needs a line `title = "..."`'),
        ("homeless", "failed", "methods/homeless.py: class Made needs a `family`, one of dense, control, "),
        ("needy", "failed", 'needs no-such-package>=2: pip install "no-such-package>=2"'),
        ("wary", "failed", "too small: 22960"),
        ("greedy", "over_budget", "used 200 of 100 work"),
    ],
)
def test_trouble_is_a_record_with_a_reason(study: Study, method: str, status: str, reason: str) -> None:
    record = run_through(study, f"{method}-0.5-seed0")
    assert record["status"] == status
    assert (record["reason"] or "").startswith(reason)
    assert "scores" not in record


def test_a_record_is_written_whatever_a_method_logged(study: Study) -> None:
    record = run_through(study, "undefined-0.5-seed0")
    folder = study.work / "runs" / "undefined-0.5-seed0"
    assert record["status"] == "ok"
    assert record["log"]["nought"] == 0
    assert not {"nothing", "all"} & record["log"].keys()
    assert record["notes"] == ["not logged because not finite: all and 1 more"]
    assert read_json(folder / "run.json") == record
    with (folder / "curves.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {(row["nought"], row["nothing"], row["all"]) for row in rows} == {("0", "", "")}


@pytest.mark.parametrize("comment", ["", "# said better\n"])
def test_a_finished_run_is_kept(study: Study, tmp_path: Path, comment: str, capsys: pytest.CaptureFixture[str]) -> None:
    folder = study.work / "runs" / "good-0.5-seed0"
    first = run_through(study, folder.name)
    source = tmp_path / "methods" / "good.py"
    source.write_text(source.read_text() + comment)
    before = {path: path.stat().st_mtime_ns for name in ("model", "hyp") for path in (folder / name).iterdir()}
    for name in ("compress.json", "transcribe.json", "run.json"):  # Snakemake deletes what it did not see finished
        (folder / name).unlink()
    assert run_through(study, folder.name) == first
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert "good-0.5-seed0: already finished, kept" in capsys.readouterr().out


@pytest.mark.parametrize("damage", ["model/model.packed.safetensors", "compress.kept.json"])
def test_what_is_damaged_is_made_again(study: Study, damage: str) -> None:
    folder = study.work / "runs" / "good-0.5-seed0"
    first = run_through(study, folder.name)
    path = folder / damage
    path.write_bytes(path.read_bytes()[:-10])
    again = run_through(study, folder.name)
    assert again["footprint"] == first["footprint"]
    assert again["provenance"] != first["provenance"] or again["phases"] != first["phases"]
    assert path.stat().st_size > 10


def test_damaged_attempts_are_named_in_a_line(study: Study) -> None:
    folder = study.work / "runs" / "good-0.5-seed0"
    for damaged in (["many"], {"plan": "", "failures": "many"}, {"plan": None, "failures": 0}, {"failures": 1}):
        write_json(folder / "attempts.json", damaged)
        with pytest.raises(UserError, match=r"attempts\.json \(delete it to continue\): "):
            compress(study, study.run(folder.name), study.work)


def test_failures_are_counted_and_kept(study: Study, tmp_path: Path) -> None:
    folder = study.work / "runs" / "breaks-0.5-seed0"
    run_through(study, folder.name)
    run_through(study, folder.name)
    assert Attempts.of(RunFolder(folder)).failures == 2
    (tmp_path / "methods" / "breaks.py").write_text((tmp_path / "methods" / "good.py").read_text())
    assert run_through(study, folder.name)["status"] == "ok"
    assert Attempts.of(RunFolder(folder)).failures == 2


def test_a_failure_removes_the_results_of_an_earlier_attempt(study: Study, tmp_path: Path) -> None:
    run_through(study, "good-0.5-seed0")
    (tmp_path / "methods" / "good.py").write_text((tmp_path / "methods" / "breaks.py").read_text())
    compress(study, study.run("good-0.5-seed0"), study.work)
    folder = study.work / "runs" / "good-0.5-seed0"
    assert not any((folder / name).exists() for name in ("model", "hyp", "run.json", "transcribe.json"))


def test_published_runs_are_what_the_tables_read(study: Study) -> None:
    for name in ("start", "good-0.5-seed0", "breaks-0.5-seed0"):
        run_through(study, name)
    assert publish(study) == ["3 of 14 runs are in results/made/runs"]
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
    assert compress(study, plan, study.work, study.results) == first
    assert not (study.work / "runs" / plan.run / "model").exists()
    transcribe_run(study, plan, study.work)
    assert score_run(study, plan, study.work) == first
    assert publish(study) == ["1 of 14 runs are in results/made/runs"]


def test_a_published_run_of_another_identity_is_not(study: Study) -> None:
    run_through(study, "start")
    publish(study)
    path = study.results / "runs" / "start" / "run.json"
    write_json(path, read_json(path) | {"identity": "other"})
    compress(study, study.run("start"), study.work, study.results)
    assert (study.work / "runs" / "start" / "model").exists()


def test_progress_tells_finished_running_and_left(study: Study) -> None:
    run_through(study, "start")
    run_through(study, "breaks-0.5-seed0")
    with exclusive(study.work / "runs" / "good-0.5-seed0" / "lock", "good"):
        line = progress_line(run_states(study))
    assert steps_at_work(study) == []
    with at_work(study.work / "dense.lock", "dense model", "dense"):
        assert steps_at_work(study) == ["dense model: running: dense"]
    assert line == (
        "2 of 14 runs done, 1 of them failed; running: good-0.5-seed0; "
        "left: absent-0.5-seed0, cannot-0.5-seed0, greedy-0.5-seed0, "
        "homeless-0.5-seed0, idle-0.5-seed0, nameless-0.5-seed0 and 5 more"
    )


def test_a_run_of_an_older_plan_is_left(study: Study, tmp_path: Path) -> None:
    run_through(study, "start")
    assert progress_line(run_states(study)).startswith("1 of 14 ")
    path = tmp_path / "methods" / "start.py"
    source = path.read_text()
    path.write_text(f"{source}# the same code\n")
    assert progress_line(run_states(study)).startswith("1 of 14 ")
    path.write_text(f"{source}CHANGED = 1\n")
    assert progress_line(run_states(study)).startswith("0 of 14 ")
