"""A study's file defines the study's runs."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import yaml
from made_study import configuration, study, use_methods

from benchmark.study.file import load_study, read_yaml
from benchmark.system.errors import UserError
from benchmark.system.project import ROOT

STUDIES = [path for path in sorted((ROOT / "config").glob("*.yaml")) if read_yaml(path).keys() & {"methods", "extends"}]


@pytest.fixture(autouse=True)
def _methods(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_methods(monkeypatch, tmp_path / "methods", {"gates": "pass", "prune": "pass"})


def runs(**changes: Any) -> list[str]:
    return [plan.run for plan in study(**changes).runs]


def test_names_runs_by_label_target_and_seed() -> None:
    methods = {"start": None, "gates": None, "fast": {"method": "gates", "settings": {"learning_rate": 1.0}}}
    assert runs(methods=methods, targets=[0.5, 0.65], seeds=[0, 1]) == [
        "start",
        *(f"{label}-{target}-seed{seed}" for label in ("gates", "fast") for target in (0.5, 0.65) for seed in (0, 1)),
    ]


def test_a_method_may_have_its_own_targets_and_seeds() -> None:
    assert runs(methods={"gates": {"targets": [0.9], "seeds": [3]}}) == ["gates-0.9-seed3"]


def test_what_has_no_randomness_has_one_run_for_all_seeds_unless_it_fine_tunes() -> None:
    methods = {"start": None, "tuned": {"method": "start", "settings": {"fine_tune": True}}}
    assert runs(methods=methods, seeds=[0, 1]) == ["start", "tuned-seed0", "tuned-seed1"]


def test_the_wildcard_stands_for_every_method_not_named() -> None:
    assert runs(methods={"*": None}) == ["gates-0.5-seed0", "prune-0.5-seed0", "start"]
    assert runs(methods={"prune": None, "*": None}) == ["prune-0.5-seed0", "gates-0.5-seed0", "start"]


def test_the_wildcard_leaves_out_what_it_is_told_to() -> None:
    assert runs(methods={"*": {"except": ["prune"]}}) == ["gates-0.5-seed0", "start"]
    with pytest.raises(UserError, match=r'unknown method "prun" in methods."\*".except: did you mean "prune"'):
        runs(methods={"*": {"except": ["prun"]}})


def test_a_method_that_a_variant_names_is_not_in_the_wildcard() -> None:
    methods = {"fast": {"method": "gates"}, "*": {"targets": [0.9], "seeds": [1, 2]}}
    assert runs(methods=methods) == ["fast-0.5-seed0", "prune-0.9-seed1", "prune-0.9-seed2", "start"]


def test_a_new_file_is_in_the_wildcard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_methods(monkeypatch, tmp_path / "methods", {"newcomer": "pass"})
    assert "newcomer-0.5-seed0" in runs(methods={"*": None})


def test_finds_a_run_by_name() -> None:
    made = study(methods={"gates": None})
    assert made.run("gates-0.5-seed0").method == "gates"
    with pytest.raises(UserError, match=r'no run "gates-0.5-seed1": did you mean "gates-0.5-seed0"\?'):
        made.run("gates-0.5-seed1")


def test_a_name_is_checked_without_knowing_the_methods() -> None:
    made = study(methods={"start": None, "gates": {"targets": [0.25, 0.5]}}, seeds=[0, 1])
    for name in ("start", "gates-0.25-seed1", "gates-0.5"):  # the last is a search
        made.require_name(name)
    for name in ("gates-0.65-seed0", "gates-0.5-seed2", "../gates-0.5", "gaets-0.5-seed0"):
        with pytest.raises(UserError, match="has no run"):
            made.require_name(name)


def test_the_development_set_is_scored_too_where_the_study_says_so() -> None:
    corpus = configuration()["corpus"] | {"tests": ["test", "dev"], "score_dev": True}
    assert study(corpus=corpus).corpus.tests == ("test", "dev")


def test_the_environment_names_a_corpus_root(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PINCHBENCH_MINI_ROOT", str(tmp_path))
    assert study().corpus.root == tmp_path


def test_a_study_takes_over_what_it_does_not_set(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(yaml.safe_dump(configuration(seeds=[0, 1])))
    (tmp_path / "other.yaml").write_text("extends: base.yaml\nname: other\nmethods: {gates: }\n")
    other = load_study(tmp_path / "other.yaml")
    assert (other.name, other.budget, [plan.run for plan in other.runs]) == (
        "other",
        study().budget,
        ["gates-0.5-seed0", "gates-0.5-seed1"],
    )
    (tmp_path / "third.yaml").write_text("extends: other.yaml\nname: third\n")
    with pytest.raises(UserError, match=r"third.yaml extends other.yaml, which itself extends"):
        load_study(tmp_path / "third.yaml")
    (tmp_path / "orphan.yaml").write_text("extends: nowhere.yaml\nname: orphan\n")
    with pytest.raises(UserError, match=r"nowhere.yaml does not exist"):
        load_study(tmp_path / "orphan.yaml")


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_the_studies_of_the_project_are_valid(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmark.study.registry.METHODS", ROOT / "methods")
    made = load_study(path)
    assert made.name == yaml.safe_load(path.read_text())["name"]
    assert len({plan.run for plan in made.runs}) == len(made.runs)


def test_a_study_names_the_label_that_others_are_tested_against() -> None:
    assert study().reference == "self_pinching"  # whether the study has it or not
    assert study(methods={"*": None}, reference="prune").reference == "prune"


def test_a_whole_number_stays_whole() -> None:
    """Identities contain the value as written in the file."""
    made = study(budget={"kind": "work", "limit": 4}, training={"batch_seconds": 4}, targets=[0.5])
    assert asdict(made.budget) == {"kind": "work", "limit": 4}
    assert json.dumps(asdict(made.training)["batch_seconds"]) == "4"
