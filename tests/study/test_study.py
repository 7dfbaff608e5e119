"""A study's file is read strictly and defines the study's runs."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import (
    DataObject,
    booleans,
    data,
    dates,
    dictionaries,
    floats,
    integers,
    lists,
    none,
    recursive,
    sampled_from,
    text,
)
from made_study import configuration, use_methods

from benchmark.study.file import load_study, parse_study, read_yaml
from benchmark.study.plan import Study
from benchmark.system.errors import UserError
from benchmark.system.project import ROOT

STUDIES = [path for path in sorted((ROOT / "config").glob("*.yaml")) if read_yaml(path).keys() & {"methods", "extends"}]
PLAIN = (
    none() | booleans() | integers() | floats() | text() | dates() | sampled_from(["*", "--help", "../x", "x" * 300])
)
ANYTHING = recursive(PLAIN, lambda part: lists(part, max_size=3) | dictionaries(PLAIN, part, max_size=3), max_leaves=6)


@pytest.fixture(autouse=True)
def _methods(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_methods(monkeypatch, tmp_path / "methods", {"gates": "pass", "prune": "pass"})


def study(**changes: Any) -> Study:
    made = parse_study(configuration(**changes), Path("config/made.yaml"))
    assert made.runs
    return made


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


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"methods": {"gaets": None}}, r'unknown method "gaets": did you mean "gates"\?'),
        ({"methods": {"fast": {"method": "prun"}}}, r'unknown method "prun": did you mean "prune"\?'),
        ({"methods": {"gates": {"settings": {"lerning_rate": 1}}}}, r'no setting "lerning_rate": did you mean "learni'),
        (
            {"methods": {"gates": {"settings": {"learning_rate": "2e-4"}}}},
            r"takes float, not '2e-4' \(YAML reads 2e-4 as",
        ),
        ({"methods": {"gates": {"settings": {"learning_rate": True}}}}, r'"learning_rate" takes float, not True'),
        ({"methods": {"gates": {"setings": {}}}}, r'unknown key "methods.gates.setings": did you mean "settings"\?'),
        ({"methods": {"*": {"settings": {"a": 1}}}}, '"\\*" takes only `targets`, `seeds` and `except`'),
        ({"methods": {"gates": {"except": ["prune"]}}}, '"gates" takes no `except`: only "\\*" does'),
        ({"methods": {}}, "methods: "),
        ({"targets": [1.0]}, r"targets.0: target 1.0 is outside \(0, 1\): it is the share of weights to remove"),
        ({"targets": [65]}, r"targets.0: target 65 is outside \(0, 1\)"),
        ({"methods": {"gates": {"targets": [0]}}}, r"methods.gates.targets.0: target 0 is outside \(0, 1\)"),
        ({"budgte": 3}, r'unknown key "budgte": did you mean "budget"\?'),
        (
            {"budget": {"kind": "minutes", "limit": 1}},
            "budget.kind: input should be 'work' or 'device_seconds', not",
        ),
        ({"seeds": []}, "seeds: "),
        ({"methods": {"*": {"except": ["gates", "prune", "start"]}}}, "`methods` plans no run"),
        (
            {"targets": [0.65, 0.6500000001], "methods": {"gates": None}},
            '0.65 and 0.6500000001 of "gates" give the same',
        ),
        (
            {"budget": {"kind": "work", "limit": 1e308}},
            "budget.limit: input should be less than or equal to 1000000000, not 1e.308",
        ),
        ({"seeds": [2**32]}, "seeds.0: input should be less than 4294967296, not 4294967296"),
        ({"seeds": [1.0]}, "seeds.0: input should be a valid integer, not 1.0"),
        ({"training": {"warmup": -0.1}}, "training.warmup: input should be greater than 0, not -0.1"),
        ({"training": {"gradient_accumulation": 10**30}}, "training.gradient_accumulation: the number is too large"),
        (
            {"methods": {"gates": {"settings": {"learning_rate": -1e-3}}}},
            '"learning_rate" is a rate, which must be above 0',
        ),
        (
            {"methods": {"gates": {"settings": {"learning_rate": 0}}}},
            '"learning_rate" is a rate, which must be above 0',
        ),
        ({"methods": {"--help": None}}, "methods.--help: '--help' is not a label"),
        ({"methods": {1: None}}, "methods: the key 1 is not text"),
        ({"methods": {None: None}}, "methods: the key None is not text"),
        ({"methods": {"x" * 300: None}}, "is not a label"),
        ({"methods": {"x": {"method": "y" * 300}}}, "unknown method"),
        ({"methods": {"x": {"method": "y" * 300 + ".py"}}}, "does not exist"),
        ({"methods": {"x": {"method": "../methods/gates"}}}, "unknown method"),
        ({"name": "../../elsewhere"}, "name: '../../elsewhere' is not a study's name"),
        ({"name": "made\n"}, "name: 'made.n' holds characters that cannot be printed"),
        ({"name": "x" * 300}, "is not a study's name"),
        ({"name": date(2024, 1, 1)}, "name: YAML reads 2024-01-01 as a date: put it in quotes"),
        ({"targets": [0.5, 0.5]}, "targets: 0.5 appears twice"),
        ({"seeds": [1, 2, 1]}, "seeds: 1 appears twice"),
        ({"budget": {"kind": "work"}}, "budget.limit is missing"),
        ({"dense": {"model": "m", "fine_tune": {"budgte": 1}}}, 'key "dense.fine_tune.budgte": did you mean "budget"'),
        ({"tuning": {"budget": 1, "learning_rates": [1, 2]}}, "tuning.budget: input should be an object, not 1"),
        ({"methods": {"gates": None}, "reference": "gaets"}, 'no label "gaets": did you mean "gates"'),
        ({"settings_from": "../made"}, "settings_from: '../made' is not"),
    ],
)
def test_refuses_what_makes_no_sense_in_one_line(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message) as error:
        study(**changes)
    assert str(error.value).startswith("config/made.yaml: ")
    assert "\n" not in str(error.value)


NUMBERS = {
    "budget.limit": {"budget": {"kind": "work", "limit": "X"}},
    "targets.0": {"targets": ["X"]},
    "training.warmup": {"training": {"warmup": "X"}},
    "training.dropout": {"training": {"dropout": "X"}},
    "training.batch_seconds": {"training": {"batch_seconds": "X"}},
    "evaluation.batch_seconds": {"evaluation": {"batch_seconds": "X"}},
    "tuning.learning_rates.1": {"tuning": {"budget": {"kind": "work", "limit": 1}, "learning_rates": [1e-3, "X"]}},
    "dense.published_wer.test": {"dense": {"model": "m", "published_wer": {"test": "X"}}},
    "dense.tolerance": {"dense": {"model": "m", "tolerance": "X"}},
    "methods.gates.budget_share": {"methods": {"gates": {"budget_share": "X"}}},
    "methods.gates.settings.learning_rate": {"methods": {"gates": {"settings": {"learning_rate": "X"}}}},
}


def with_number(part: Any, number: float) -> Any:
    """A copy in which the number stands where "X" does."""
    if isinstance(part, dict):
        return {key: with_number(value, number) for key, value in part.items()}
    if isinstance(part, list):
        return [with_number(value, number) for value in part]
    return number if part == "X" else part


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("place", NUMBERS)
def test_a_number_is_finite(place: str, number: float) -> None:
    with pytest.raises(UserError) as error:
        study(**with_number(NUMBERS[place], number))
    assert str(error.value) == f"config/made.yaml: {place}: {number} is not a finite number"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dev": "train"}, "corpus: train is the training split, so it cannot be `dev` too"),
        ({"tests": ["test", "train"]}, "corpus: train is the training split, so it cannot be a test too"),
        ({"tests": ["test", "dev"]}, "corpus: dev is both `dev`, which chooses settings, and a test"),
        ({"tests": ["../../x"]}, "corpus.tests.0: '../../x' is not the name of a corpus or split"),
        ({"train": "$(touch x)"}, "is not the name of a corpus or split"),
        ({"dev": "-dev"}, "is not the name of a corpus or split"),
    ],
)
def test_splits_are_names_of_different_speech(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError) as error:
        study(corpus=configuration()["corpus"] | changes)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_the_development_set_is_scored_too_where_the_study_says_so() -> None:
    corpus = configuration()["corpus"] | {"tests": ["test", "dev"], "score_dev": True}
    assert study(corpus=corpus).corpus.tests == ("test", "dev")


def test_a_published_wer_is_of_a_split_of_the_study() -> None:
    dense = {"model": "m", "published_wer": {"tset": 6.1}}
    with pytest.raises(UserError, match=r'dense\.published_wer: the study has no split "tset": did you mean "test"'):
        study(dense=dense)


@pytest.mark.parametrize("extends", [[], 3, None, ".", "nowhere.yaml", "x" * 300])
def test_it_extends_the_file_of_a_study(extends: object, tmp_path: Path) -> None:
    (tmp_path / "made.yaml").write_text(yaml.safe_dump(configuration(extends=extends)))
    with pytest.raises(UserError) as error:
        load_study(tmp_path / "made.yaml")
    assert "\n" not in str(error.value)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(data())
def test_whatever_stands_in_a_study_it_is_read_or_refused_in_a_line(chosen: DataObject) -> None:
    """Replace any single value of a valid study with any other."""
    config = configuration(
        training={"batch_seconds": 4, "gradient_accumulation": 1, "warmup": 0.1, "dropout": 0.1},
        tuning={"budget": {"kind": "work", "limit": 3}, "learning_rates": [1e-3, 2e-3]},
        methods={"gates": {"settings": {"learning_rate": 1.0}, "targets": [0.5], "seeds": [1]}, "start": None},
    )
    part: Any = config
    while True:
        key = chosen.draw(sampled_from(list(part) if isinstance(part, dict) else range(len(part))))
        if not (isinstance(part[key], dict | list) and part[key] and chosen.draw(booleans())):
            break
        part = part[key]
    part[key] = chosen.draw(ANYTHING)
    refusal = refused(config)
    assert refusal.isprintable()
    assert len(refusal) < 600


def refused(config: dict[str, Any]) -> str:
    """Why a study is refused; nothing if it is not."""
    try:
        assert parse_study(config, Path("config/made.yaml")).runs
    except UserError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("text", "message"), [("- a list", "is not a study"), ("a: [", "is not valid YAML"), (None, "does not exist")]
)
def test_refuses_a_file_that_is_no_study(text: str | None, message: str, tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UserError, match=message):
        load_study(path)


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


def test_one_run_has_one_name() -> None:
    twins = {"gates": None, "again": {"method": "gates"}}
    with pytest.raises(UserError, match='"gates" and "again" mean the same runs: keep one of them'):
        study(methods=twins)
    study(methods=twins | {"again": {"method": "gates", "seeds": [7]}})


def test_a_study_names_the_label_that_others_are_tested_against() -> None:
    assert study().reference == "self_pinching"  # whether the study has it or not
    assert study(methods={"*": None}, reference="prune").reference == "prune"


def test_a_whole_number_stays_whole() -> None:
    """Identities contain the value as written in the file."""
    made = study(budget={"kind": "work", "limit": 4}, training={"batch_seconds": 4}, targets=[0.5])
    assert asdict(made.budget) == {"kind": "work", "limit": 4}
    assert json.dumps(asdict(made.training)["batch_seconds"]) == "4"
