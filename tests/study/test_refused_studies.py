"""A study's file is read, or refused in one line that says what is wrong where."""

from __future__ import annotations

import math
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
from made_study import configuration, study, use_methods

from benchmark.study.file import load_study, parse_study
from benchmark.system.errors import UserError

PLAIN = (
    none() | booleans() | integers() | floats() | text() | dates() | sampled_from(["*", "--help", "../x", "x" * 300])
)
ANYTHING = recursive(PLAIN, lambda part: lists(part, max_size=3) | dictionaries(PLAIN, part, max_size=3), max_leaves=6)


@pytest.fixture(autouse=True)
def _methods(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_methods(monkeypatch, tmp_path / "methods", {"gates": "pass", "prune": "pass"})


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
        ({"methods": {"*": {"title": "All"}}}, '"\\*" takes only `targets`, `seeds` and `except`'),
        ({"methods": {"gates": {"title": "two\nlines"}}}, r"methods.gates.title: "),
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


def test_a_published_wer_is_of_a_split_of_the_study() -> None:
    dense = {"model": "m", "published_wer": {"tset": 6.1}}
    with pytest.raises(UserError, match=r'dense\.published_wer: the study has no split "tset": did you mean "test"'):
        study(dense=dense)


@pytest.mark.parametrize("extends", [[], 3, None, ".", "nowhere.yaml", "x" * 300])
def test_what_it_extends_is_the_file_of_a_study(extends: object, tmp_path: Path) -> None:
    (tmp_path / "made.yaml").write_text(yaml.safe_dump(configuration(extends=extends)))
    with pytest.raises(UserError) as error:
        load_study(tmp_path / "made.yaml")
    assert "\n" not in str(error.value)


def test_one_run_has_one_name() -> None:
    twins = {"gates": None, "again": {"method": "gates"}}
    with pytest.raises(UserError, match='"gates" and "again" mean the same runs: keep one of them'):
        study(methods=twins)
    study(methods=twins | {"again": {"method": "gates", "seeds": [7]}})


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
