"""What is refused in the records of a study as a whole, and what is done without its references."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from synthetic_study import RECIPES, build_study, reported_study, with_errors

from benchmark.__main__ import main
from benchmark.system.files import read_json, write_json
from benchmark.system.project import ROOT

GATES = "self_pinching-0.65-seed0"
CSV = ("main.csv", "runs.csv", "significance.csv", "pairs.csv")


@pytest.fixture
def study(tmp_path: Path) -> Path:
    recipes = {name: RECIPES[name] for name in ("dense", "self_pinching")}
    return build_study(tmp_path / "demo", seeds=(0,), utterances=6, troubled=False, recipes=recipes)


def edit(run: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    record = read_json(run / "run.json")
    change(record)
    write_json(run / "run.json", record)


def copied(study: Path, name: str, **changes: Any) -> None:
    shutil.copytree(study / "runs" / GATES, study / "runs" / name)
    edit(study / "runs" / name, lambda record: record.update(changes))


def without_a_test_set(study: Path, *runs: str) -> None:
    for run in runs:
        edit(study / "runs" / run, lambda record: record["scores"].pop("test-other"))


def another_split_of_errors(record: dict[str, Any]) -> None:
    """The same number of errors, of other kinds."""
    score = record["scores"]["test-clean"]
    score |= with_errors(score, score["errors"] - 1) | {
        name: score[name] for name in ("errors", "wer")
    }  # and one insertion
    score["insertions"] = 1


def an_utterance_more(record: dict[str, Any]) -> None:
    record["scores"]["test-clean"]["utterances"] += 1


def trained_differently(study: Path) -> None:
    edit(study / "runs" / GATES, lambda record: record.update(precision="bf16"))
    edit(study / "runs/self_pinching-0.85-seed0", lambda record: record.update(precision="fp32"))


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "only the WER": (
        lambda study: edit(study / "runs" / GATES, lambda record: record["scores"]["test-clean"].update(wer=0.01)),
        "wer is 0.01, but",
    ),
    "other kinds of errors": (
        lambda study: edit(study / "runs" / GATES, another_split_of_errors),
        "on test-clean, but its hypotheses give",
    ),
    "the utterances": (
        lambda study: edit(study / "runs" / GATES, an_utterance_more),
        "7 utterances on test-clean, but its hypotheses give 6",
    ),
    "the folder of another run": (
        lambda study: copied(study, "self_pinching-0.65-seed1"),
        f"seed1 holds the run {GATES}: rename the folder",
    ),
    "a copy as a second seed": (
        lambda study: copied(study, "self_pinching-0.65-seed1", run="self_pinching-0.65-seed1", seed=1),
        "have the same identity: one is a copy",
    ),
    "a copy without a seed": (
        lambda study: copied(study, "self_pinching-0.65", run="self_pinching-0.65", identity="other"),
        "belong to one row, but only one of them has a seed",
    ),
    "a run without a test set": (
        lambda study: without_a_test_set(study, "dense"),
        "dense/run.json has no score on test-other, which is a test set of the study",
    ),
    "no run with a test set": (
        lambda study: without_a_test_set(study, *(path.name for path in (study / "runs").iterdir())),
        "has no score on test-other, which is a test set of the study",
    ),
    "runs trained in different precisions": (
        trained_differently,
        f"self_pinching-0.85-seed0 was trained in fp32 and {GATES} in bf16, so they cannot be compared: set `training.",
    ),
    "no dense run": (
        lambda study: shutil.rmtree(study / "runs" / "dense"),
        "has no run of the dense model; add `dense:` to the study's methods and run it",
    ),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_what_was_not_recounted_or_is_missing_is_no_table(
    name: str, study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damage, message = DAMAGES[name]
    damage(study)
    assert main(["tables", str(study)]) == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert message in line
    assert not (study / "main.csv").exists()


@pytest.mark.usefixtures("undrawn")
def test_older_records_and_untrained_runs_name_no_precision(study: Path) -> None:
    assert main(["tables", str(study)]) == 0
    assert "precision" not in pd.read_csv(study / "runs.csv")
    edit(study / "runs" / GATES, lambda record: record.update(precision="bf16"))
    assert main(["tables", str(study)]) == 0
    runs = pd.read_csv(study / "runs.csv")
    assert set(runs[runs["run"] == GATES]["precision"]) == {"bf16"}
    assert runs[runs["run"] != GATES]["precision"].isna().all()


@pytest.mark.usefixtures("undrawn")
def test_a_study_under_way_has_tables_before_its_dense_run(study: Path) -> None:
    write_json(study / "planned.json", sorted(path.name for path in (study / "runs").iterdir()))
    shutil.rmtree(study / "runs" / "dense")
    assert main(["tables", str(study)]) == 0
    assert "no finished dense row" in (study / "README.md").read_text()


@pytest.fixture
def unreferenced(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A study with tables, of which the references cannot be published, and lie nowhere."""
    monkeypatch.delenv("PINCHBENCH_AN4_ROOT", raising=False)
    study = tmp_path / "an4"
    shutil.copytree(reported_study(tmp_path_factory.getbasetemp()), study)
    shutil.rmtree(study / "ref")
    for run in (study / "runs").iterdir():
        edit(run, lambda record: record.update(study="an4"))
    return study


@pytest.mark.usefixtures("undrawn")
def test_without_references_the_numbers_are_the_records_and_the_tables_say_so(
    unreferenced: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["tables", str(unreferenced), "--out", str(tmp_path / "out")]) == 0
    for name in ("main.csv", "significance.csv", "pairs.csv"):
        assert (tmp_path / "out" / name).read_bytes() == (unreferenced / name).read_bytes()
    printed = capsys.readouterr().out
    assert "Not recounted: test-clean, test-other." in printed
    assert "`python -m benchmark prepare config/an4.yaml && python -m benchmark publish config/an4.yaml`" in printed
    assert "downloads 64 MB" in printed
    for page in ("main.md", "short.md", "README.md", "significance.md", "main.tex", "index.html"):
        assert "Not recounted: test-clean, test-other." in (tmp_path / "out" / page).read_text(encoding="utf-8")


def errors_and_transcripts_of_dense(study: Path) -> None:
    """Another complete result, which the kept tests do not cover."""
    edit(
        study / "runs" / GATES, lambda record: record.update(scores=read_json(study / "runs/dense/run.json")["scores"])
    )


@pytest.mark.parametrize(
    "damage", [lambda study: (study / "significance.csv").unlink(), errors_and_transcripts_of_dense]
)
def test_without_references_and_tests_of_these_records_the_way_to_both_is_said(
    damage: Callable[[Path], object], unreferenced: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damage(unreferenced)
    assert main(["tables", str(unreferenced)]) == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert ".trn is missing, and " in line
    assert "`python -m benchmark prepare config/an4.yaml && python -m benchmark publish config/an4.yaml`" in line
    assert "It downloads 64 MB, unless PINCHBENCH_AN4_ROOT names a folder that holds AN4" in line


@pytest.mark.usefixtures("undrawn")
def test_the_committed_an4_is_tabulated_as_committed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert main(["tables", "an4-rates", "--out", str(tmp_path)]) == 0
    for name in CSV:
        assert (tmp_path / name).read_bytes() == (ROOT / "results" / "an4-rates" / name).read_bytes()
