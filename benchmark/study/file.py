"""A study's YAML file: read, checked against its schema, and typed. Does not import torch."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match
from jsonschema.validators import extend

from benchmark.corpora.choice import CorpusConfig
from benchmark.evaluations.contract import evaluation_path
from benchmark.study.plan import (
    DenseConfig,
    EvaluationConfig,
    FineTuneConfig,
    HardwareConfig,
    Study,
    TrainingConfig,
    TuningConfig,
)
from benchmark.system import project
from benchmark.system.errors import UserError, suggestion
from benchmark.system.strict_yaml import one_line, read_yaml_file, require_plain
from benchmark.training.allowance import BudgetConfig

SCHEMA_FILE = project.ROOT / "config" / "schema.json"
# JSON's integers include 1.0, which would name a run `seed1.0`.
Validator = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", lambda _checker, value: type(value) is int),
)


def load_study(path: Path) -> Study:
    """Read and check a study's YAML.

    Raises:
        UserError: the file is missing, is not YAML, or asks for something that does not exist.
    """
    return parse_study(_extended(read_yaml(path), path), path)


def _extended(config: dict[str, Any], path: Path) -> dict[str, Any]:
    """A study that `extends` another one, a file beside it, takes over all keys that it does not set itself."""
    if "extends" not in config:
        return config
    if not isinstance(config["extends"], str):
        raise UserError(f"{path}: extends: the name of a study's file, beside this one, is expected")
    base = read_yaml(path.parent / config["extends"])
    if "extends" in base:
        raise UserError(f"{path} extends {config['extends']}, which itself extends another study: one level is enough")
    return base | {key: value for key, value in config.items() if key != "extends"}


def read_yaml(path: Path) -> dict[str, Any]:
    """A YAML file as a dictionary.

    Raises:
        UserError: the file is missing, cannot be read or is not a YAML mapping.
    """
    try:
        config = read_yaml_file(path)
    except FileNotFoundError:
        raise UserError(f"study {path} does not exist; there are: {_studies()}") from None
    if not isinstance(config, dict):
        raise UserError(f"{path} holds no study: it must be a mapping that starts with `name:`")
    return config


def _studies() -> str:
    return ", ".join(f"config/{path.name}" for path in sorted((project.ROOT / "config").glob("*.yaml")))


def parse_study(config: dict[str, Any], path: Path) -> Study:
    """Check a study's configuration against config/schema.json, and type it.

    What it says of methods is held against them when it is asked for its runs.
    """
    try:
        _validate(config)
        _check_splits(config)
        _check_settings_from(config)
        for name in config.get("evaluations", []):
            evaluation_path(name)
    except UserError as error:
        raise UserError(f"{path}: {one_line(str(error))}") from None
    return Study(
        name=config["name"],
        path=path,
        corpus=_corpus(config["corpus"]),
        dense=_dense(config["dense"]),
        budget=BudgetConfig(**config["budget"]),
        training=TrainingConfig(**config.get("training", {})),
        evaluation=EvaluationConfig(**config.get("evaluation", {})),
        targets=tuple(config["targets"]),
        seeds=tuple(config["seeds"]),
        methods={label: options or {} for label, options in config["methods"].items()},
        tuning=_tuning(config.get("tuning")),
        settings_from=config.get("settings_from"),
        hardware=HardwareConfig(**config.get("hardware", {})),
        evaluations=tuple(config.get("evaluations", [])),
    )


def _dense(config: dict[str, Any]) -> DenseConfig:
    recipe = config.get("fine_tune")
    if recipe:
        speeds = tuple(recipe.get("speeds", FineTuneConfig.speeds))
        recipe = FineTuneConfig(**(recipe | {"budget": BudgetConfig(**recipe["budget"]), "speeds": speeds}))
    return DenseConfig(**(config | {"fine_tune": recipe}))


def _tuning(config: dict[str, Any] | None) -> TuningConfig | None:
    if not config:
        return None
    tunable = {}
    for method, tried in config.get("tunable", {}).items():
        ((setting, (first, second)),) = tried.items()
        tunable[method] = (setting, first, second)
    return TuningConfig(BudgetConfig(**config["budget"]), tuple(config["learning_rates"]), tunable)


def _corpus(config: dict[str, Any]) -> CorpusConfig:
    """The environment variable PINCHBENCH_<CORPUS>_ROOT, such as PINCHBENCH_AN4_ROOT, goes before the file's root."""
    root = os.environ.get(f"PINCHBENCH_{config['name'].upper()}_ROOT") or config.get("root")
    keys = {key: value for key, value in config.items() if key != "score_dev"}
    return CorpusConfig(**(keys | {"root": project.ROOT / root if root else None, "tests": tuple(config["tests"])}))


def _validate(config: dict[str, Any]) -> None:
    require_plain(config)
    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    error = best_match(Validator(schema).iter_errors(config))
    if error is not None:
        raise UserError(_explain(error))


def _check_splits(config: dict[str, Any]) -> None:
    """What is trained on, what is chosen on and what is tested on are different speech."""
    corpus = config["corpus"]
    train, dev, tests = corpus["train"], corpus["dev"], corpus["tests"]
    if train == dev or train in tests:
        raise UserError(f"corpus: {train} is the training split: another must be {'dev' if train == dev else 'a test'}")
    if dev in tests and not corpus.get("score_dev"):
        raise UserError(
            f"corpus: {dev} is both `dev`, which chooses settings, and a test: take another split for one of them, or "
            "say `score_dev: true` to have its column although it is no test"
        )
    unknown = sorted(config["dense"].get("published_wer", {}).keys() - {train, dev, *tests})
    if unknown:
        raise UserError(
            f'dense.published_wer: the study has no split "{unknown[0]}"{suggestion(unknown[0], [dev, *tests])}'
        )


def _check_settings_from(config: dict[str, Any]) -> None:
    name = config.get("settings_from")
    if name is not None and config.get("tuning"):
        raise UserError("there are both `tuning` and `settings_from`: keep the one that is to choose the settings")
    if name is not None and not (searches := project.ROOT / "results" / name / "tuning").is_dir():
        raise UserError(f"settings_from is {name}, but {searches} does not exist: run that study first")


def _explain(error: ValidationError) -> str:
    """One line for a schema error, with the nearest key for a misspelt one."""
    place = ".".join(str(part) for part in error.absolute_path)
    schema: Any = error.schema
    if error.validator == "additionalProperties":
        known = sorted(schema["properties"])
        instance: Any = error.instance
        unknown = sorted(set(instance) - set(known))[0]
        return f'unknown key "{place + "." if place else ""}{unknown}"{suggestion(unknown, known)}'
    if error.validator in ("exclusiveMinimum", "exclusiveMaximum") and "targets" in place:
        return f"target {error.instance} ({place}) is outside (0, 1): it is the share of weights to remove"
    if error.validator == "pattern":
        return f"{place or 'the study'}: {error.instance!r} is not {schema['description']}"
    return f"{place or 'the study'}: {error.message}"
