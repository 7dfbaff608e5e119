"""Reads a study's YAML file, checks it and converts it to typed values. Does not import torch."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmark.corpora.choice import CorpusConfig
from benchmark.evaluations.contract import load_evaluation
from benchmark.study.keys import StudyKeys
from benchmark.study.paths import ResultsFolder
from benchmark.study.plan import Study, named_methods
from benchmark.system import project
from benchmark.system.errors import UserError, suggestion
from benchmark.system.strict_yaml import one_line, read_yaml_file
from benchmark.system.typed_yaml import typed


def load_study(path: Path) -> Study:
    """Read and check a study's YAML file.

    Raises:
        UserError: the file is missing, is not YAML, or names something that does not exist.
    """
    return parse_study(_extended(read_yaml(path), path), path)


def _extended(config: dict[str, Any], path: Path) -> dict[str, Any]:
    """Apply `extends`: a study inherits all keys that it does not set itself from another file in the same folder."""
    if "extends" not in config:
        return config
    if not isinstance(config["extends"], str):
        raise UserError(f"{path}: `extends` must be the name of another study's file in the same folder")
    base = read_yaml(path.parent / config["extends"])
    if "extends" in base:
        raise UserError(
            f"{path} extends {config['extends']}, which itself extends another study: only one level is allowed"
        )
    return base | {key: value for key, value in config.items() if key != "extends"}


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML file into a dictionary.

    Raises:
        UserError: the file is missing, cannot be read or is not a YAML mapping.
    """
    try:
        config = read_yaml_file(path)
    except FileNotFoundError:
        raise UserError(f"study {path} does not exist; there are: {_studies()}") from None
    if not isinstance(config, dict):
        raise UserError(f"{path} is not a study: it must be a mapping that starts with `name:`")
    return config


def _studies() -> str:
    return ", ".join(f"config/{path.name}" for path in sorted((project.ROOT / "config").glob("*.yaml")))


def parse_study(config: dict[str, Any], path: Path) -> Study:
    """Check a study's configuration and convert it to typed values.

    The methods' options are checked against the methods when `Study.runs` is first read.
    """
    try:
        keys = typed(config, StudyKeys)
        _check_splits(keys)
        _check_settings_from(keys)
        if "reference" in config:
            _check_reference(keys)
        for name, settings in keys.evaluations.items():
            load_evaluation(name, settings)
    except UserError as error:
        raise UserError(f"{path}: {one_line(str(error))}") from None
    return Study(**(vars(keys) | {"corpus": _found(keys.corpus), "path": path}))


def _found(corpus: CorpusConfig) -> CorpusConfig:
    """Let the environment variable PINCHBENCH_<CORPUS>_ROOT (e.g. PINCHBENCH_AN4_ROOT) override the file's root."""
    root = os.environ.get(f"PINCHBENCH_{corpus.name.upper()}_ROOT") or corpus.root
    return replace(corpus, root=project.ROOT / root if root else None)


def _check_splits(study: StudyKeys) -> None:
    """Require that the training, development and test splits are different speech."""
    train, dev, tests = study.corpus.train, study.corpus.dev, study.corpus.tests
    if train == dev or train in tests:
        other = "`dev`" if train == dev else "a test"
        raise UserError(f"corpus: {train} is the training split, so it cannot be {other} too: choose another split")
    if dev in tests and not study.corpus.score_dev:
        raise UserError(
            f"corpus: {dev} is both `dev`, which chooses settings, and a test: use another split for one of them, or "
            "set `score_dev: true` to show its column, which is then not a test"
        )
    splits = [train, dev, *tests]
    unknown = sorted(study.dense.published_wer.keys() - {*splits})
    if unknown:
        raise UserError(f'dense.published_wer: the study has no split "{unknown[0]}"{suggestion(unknown[0], splits)}')


def _check_settings_from(study: StudyKeys) -> None:
    name = study.settings_from
    if name is not None and study.tuning:
        raise UserError("`tuning` and `settings_from` are both set: keep the one that should choose the settings")
    if name is not None and not (searches := ResultsFolder.of(name).searches).is_dir():
        raise UserError(f"settings_from is {name}, but {searches} does not exist: run that study first")


def _check_reference(study: StudyKeys) -> None:
    labels = list(named_methods(study.methods))
    if study.reference not in labels:
        raise UserError(f'reference: the study has no label "{study.reference}"{suggestion(study.reference, labels)}')
