"""The page of a study and its command: what it says, and how it ends when something is missing."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from synthetic_study import RECIPES, build_study, failed, reported_study, with_errors

from benchmark.__main__ import main
from benchmark.report.study_report import write_report
from benchmark.system.files import read_json, write_json


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return reported_study(tmp_path_factory.getbasetemp())


def _small(folder: Path, *names: str, utterances: int = 12) -> Path:
    recipes = {name: RECIPES[name] for name in names or ("dense", "self_pinching")}
    return build_study(folder, seeds=(0,), utterances=utterances, troubled=False, recipes=recipes)


def _edit(path: Path, **changes: object) -> None:
    write_json(path, read_json(path) | changes)


def test_the_page_answers_its_questions(study: Path) -> None:
    page = (study / "README.md").read_text()
    assert "26 of 28 runs finished" in page
    reference = page.partition("on test-clean at 85 %:")[2].partition("\nCompared")[0]
    assert re.search(r"^- Significantly worse in at least one seed: .*Uniform magnitude \*3/3 \(\+", reference, re.M)
    dense = page.partition("## Against dense")[2].partition("On test-clean:")[2].partition("\nOn ")[0]
    assert re.search(r"\*\*Significantly worse\*\* than Dense .*Self-pinching gates, 85 % \(\+", dense)
    assert "No control has a lower WER than a method at the same target." in page
    assert '"Not significant" does not mean "equal"' in page
    assert "2025-06-01 to 2025-06-03" in page
    for figure in (study / "figures").glob("*.png"):
        assert f"(figures/{figure.name})" in page


@pytest.mark.usefixtures("undrawn")
def test_a_control_that_beats_a_method_is_named(tmp_path: Path) -> None:
    recipes = {name: RECIPES[name] for name in ("dense", "distillation", "random_pruning")}
    recipes["random_pruning"] = replace(recipes["random_pruning"], errors={0.65: 0.05})
    folder = build_study(tmp_path / "demo", seeds=(0,), utterances=60, troubled=False, recipes=recipes)
    write_report(folder / "runs", folder)
    found = re.search(r"^- On test-clean, the control Random pruning.*$", (folder / "README.md").read_text(), re.M)
    assert found
    assert re.search(r"\*\*significantly better\*\*.*: Distillation \* \(-", found[0])


@pytest.mark.usefixtures("undrawn")
def test_a_study_half_way_says_what_is_to_come(tmp_path: Path) -> None:
    folder = _small(tmp_path / "demo")
    done = [path.name for path in (folder / "runs").iterdir()]
    write_json(folder / "planned.json", [*done, "self_pinching-0.65-seed1", "wanda-0.65"])
    write_report(folder / "runs", folder)
    for page in ("README.md", "index.html"):
        assert "3 of 5 runs finished" in (folder / page).read_text()
    assert "Not run yet: self_pinching-0.65-seed1, wanda-0.65." in (folder / "README.md").read_text()


@pytest.mark.usefixtures("undrawn")
def test_runs_on_unequal_budgets_and_commits_are_a_caveat(tmp_path: Path) -> None:
    folder = _small(tmp_path / "demo")
    path = folder / "runs/self_pinching-0.65-seed0/run.json"
    record = read_json(path)
    _edit(
        path,
        budget=record["budget"] | {"limit": 9000.0, "spent": 8990.0},
        provenance=record["provenance"] | {"git_commit": "f" * 40},
    )
    write_report(folder / "runs", folder)
    page = (folder / "README.md").read_text()
    assert "did not have the same budget: 9000 (work), 18000 (work)" in page
    assert "The records come from 2 commits" in page


def test_a_study_of_failures_shows_their_reasons(tmp_path: Path) -> None:
    folder = _small(tmp_path / "demo")
    for path in folder.glob("runs/*/run.json"):
        write_json(path, failed(read_json(path), "the disk caught fire"))
    write_report(folder / "runs", folder)
    assert (folder / "main.md").read_text().count("failed: the disk caught fire") == 3
    assert "No run has finished" in (folder / "README.md").read_text()
    assert not list((folder / "figures").iterdir())


def test_empty_and_missing_curves_leave_the_training_figure_out(tmp_path: Path) -> None:
    folder = _small(tmp_path / "demo")
    (folder / "runs/self_pinching-0.65-seed0/curves.csv").write_text("\n")
    (folder / "runs/self_pinching-0.85-seed0/curves.csv").unlink()
    write_report(folder / "runs", folder)
    assert not (folder / "figures/training_self_pinching.png").exists()
    assert (folder / "figures/matrices_self_pinching.png").exists()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda runs: _edit(runs / "dense/run.json", schema=99), "has schema 99, but this version reads 1"),
        (lambda runs: _edit(runs / "dense/run.json", data_hash="other"), "differ in data_hash"),
        (lambda runs: _edit(runs / "dense/run.json", study="other"), "differ in study"),
        (lambda runs: (runs / "dense/run.json").write_text("[]"), "has schema None"),
        (lambda runs: (runs / "dense/run.json").write_text("{"), "is not valid JSON"),
        (lambda runs: (runs / "dense/hyp/test-clean.trn").unlink(), "is missing though the run has a score"),
        (lambda runs: (runs.parent / "ref/test-other.trn").unlink(), "test-other.trn is missing"),
        (lambda runs: (runs / "dense/hyp/test-clean.trn").write_text("a (b-1)\n"), "do not have the same utterances"),
        (
            lambda runs: (runs / "self_pinching-0.65-seed0/curves.csv").write_text('a,b\n"1,2\n1,2,3\n'),
            "is not a table",
        ),
    ],
)
def test_damage_ends_in_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: object, message: str
) -> None:
    folder = _small(tmp_path / "demo", utterances=3)
    damage(folder / "runs")  # type: ignore[operator]
    assert main(["tables", str(folder)]) == 2
    error = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert len(error) == 1
    assert message in error[0]


def test_a_score_that_does_not_follow_from_its_hypotheses_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = _small(tmp_path / "demo", utterances=3)
    path = folder / "runs/dense/run.json"
    scores = read_json(path)["scores"]
    scores["test-clean"] = with_errors(scores["test-clean"], scores["test-clean"]["errors"] + 1)
    _edit(path, scores=scores)
    assert main(["tables", str(folder)]) == 2
    assert "but its hypotheses give" in capsys.readouterr().err


def test_the_command_takes_a_name_and_prints_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _small(tmp_path / "results/demo", "dense")
    monkeypatch.chdir(tmp_path)
    assert main(["tables", "demo", "--out", "elsewhere"]) == 0
    assert "| Dense" in capsys.readouterr().out
    assert (tmp_path / "elsewhere/main.tex").is_file()
    assert not (tmp_path / "results/demo/main.tex").exists()


def test_an_unknown_study_is_met_with_a_suggestion(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _small(tmp_path / "results/demo", "dense")
    monkeypatch.chdir(tmp_path)
    assert main(["tables", "dmeo"]) == 2
    assert 'did you mean "demo"?' in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    assert main(["tables", "demo", "--runs", "empty"]) == 2
    assert "no runs in empty" in capsys.readouterr().err


def test_reporting_does_not_import_torch() -> None:
    code = "import sys, benchmark.report.study_report; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
