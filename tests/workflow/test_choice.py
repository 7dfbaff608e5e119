"""Which study Snakemake runs (exactly one file), and how much time it requests from a cluster."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from made_study import configuration, use_methods

from benchmark.study.file import read_yaml
from benchmark.study.plan import RunPlan
from benchmark.system.errors import UserError
from benchmark.system.project import ROOT
from benchmark.training.allowance import BudgetConfig
from benchmark.workflow import (
    DEFAULT,
    chosen_study,
    dense_budgets,
    described,
    minutes,
    threads,
    tuned_files,
    tuned_settings,
    tuning_budgets,
)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    use_methods(monkeypatch, tmp_path / "methods", {})
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "made.yaml"
    path.write_text(yaml.safe_dump(configuration()))
    return path


def test_the_default_study(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert chosen_study([], {"reuse": True}).path == DEFAULT


def test_the_given_study_by_a_path_from_here(file: Path) -> None:
    assert chosen_study([file], read_yaml(file)).path == Path("made.yaml")


def test_two_files_are_refused(file: Path) -> None:
    with pytest.raises(UserError, match="one file"):
        chosen_study([file, file], {})


def test_the_command_line_cannot_change_a_study(file: Path) -> None:
    with pytest.raises(UserError, match=r"only reuse=true and log=tensorboard, not seeds: change made\.yaml"):
        chosen_study([file], read_yaml(file) | {"seeds": [1]})


def test_a_log_that_there_is_not_is_refused(file: Path) -> None:
    with pytest.raises(UserError, match="log=wandb is not supported: choose tensorboard"):
        chosen_study([file], read_yaml(file) | {"log": "wandb"})


def test_a_study_reads_the_same_wherever_the_project_lies(file: Path) -> None:
    corpus = chosen_study([file], {}).corpus
    assert "root data/mini" in described(corpus)


def test_timed_jobs_divide_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _process: set(range(64)), raising=False)
    assert [threads(allowed, 4) for allowed in (1, 4, 16, 128)] == [1, 1, 4, 16]
    assert threads(8, 1) == 8


def test_time_is_the_budget_and_a_quarter_and_half_an_hour() -> None:
    assert minutes([]) == 30
    assert minutes([BudgetConfig("device_seconds", 3600)]) == 30 + 75
    assert minutes([BudgetConfig("work", 12000)] * 2) == 30 + 25  # twice 12,000 units at 20 a second


def test_a_search_depends_on_what_the_study_sets_and_on_the_rules_of_searching() -> None:
    plan = RunPlan("movement-0.5-seed0", "movement", "movement", 0.5, 0, {})
    assert tuned_settings(plan) != tuned_settings(replace(plan, settings={"learning_rate": 1e-4}))
    assert {"methods/movement.py", "benchmark/runs/trials.py"} <= set(tuned_files(plan))


def test_a_search_and_a_fine_tuned_start_have_budgets_of_their_own(file: Path) -> None:
    budget = {"kind": "work", "limit": 100}
    searched = yaml.safe_load(file.read_text()) | {"tuning": {"budget": budget, "learning_rates": [1e-4, 2e-4, 4e-4]}}
    searched["dense"]["fine_tune"] = {"budget": budget, "learning_rate": 1e-3}
    file.write_text(yaml.safe_dump(searched))
    study = chosen_study([file], {})
    assert tuning_budgets(study) == 3 * dense_budgets(study) == 3 * [BudgetConfig("work", 100)]
    file.write_text(yaml.safe_dump(configuration()))
    assert tuning_budgets(chosen_study([file], {})) == dense_budgets(chosen_study([file], {})) == []
