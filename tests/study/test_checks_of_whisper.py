"""Studies of Whisper models: what is refused before the first job, and by the dense stage, in one line each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from long_speech import write_long_speech
from made_study import configuration, use_methods
from tiny_whisper import write_tiny_whisper

from benchmark.__main__ import main
from benchmark.models.checkpoints import load
from benchmark.study.checks import check, problems
from benchmark.study.file import parse_study
from benchmark.study.plan import Study
from benchmark.system.files import read_json

MINI = {"name": "mini", "root": "data/mini", "train": "train", "dev": "dev", "tests": ["test-clean"]}


@pytest.fixture(autouse=True)
def _methods(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_methods(monkeypatch, tmp_path / "methods", {})


def made(model: Path | str, **dense: Any) -> Study:
    config = configuration(corpus=MINI, dense={"model": str(model), **dense}, targets=[0.65])
    return parse_study(config, Path("config/made.yaml"))


def test_a_sound_model_is_described(tmp_path: Path) -> None:
    folder = write_tiny_whisper(tmp_path / "model", multilingual=True)
    lines = {finding.about: finding.text for finding in check(made(folder, language="de")) if finding.ok}
    assert lines["model"] == f"{folder}: whisper, 4 layers, 0.1 M parameters"
    assert not problems(made(folder, language="de"))
    assert not problems(made(write_tiny_whisper(tmp_path / "english")))


@pytest.mark.parametrize(
    ("multilingual", "language", "message"),
    [
        (
            True,
            None,
            "the model is multilingual and has no language: name one in the study, as `dense: {language: en}`",
        ),
        (True, "fr", "the model has no language 'fr'; it has: de, en"),
        (False, "en", "the model is for English only and takes no language: remove `language` under `dense`"),
    ],
)
def test_a_language_is_asked_for_where_it_is_needed(
    multilingual: bool, language: str | None, message: str, tmp_path: Path
) -> None:
    folder = write_tiny_whisper(tmp_path / "model", multilingual=multilingual)
    (found,) = problems(made(folder, language=language))
    assert found.startswith(f"model: {message}")
    assert "\n" not in found


def test_a_ctc_model_takes_no_language() -> None:
    (found,) = problems(made("data/mini/model", language="en"))
    assert found == "model: a wav2vec2 model takes no language: remove `language` under `dense`"


def test_a_model_without_tokenizer_is_refused(tmp_path: Path) -> None:
    folder = write_tiny_whisper(tmp_path / "model")
    (folder / "tokenizer.json").unlink()
    (found,) = problems(made(folder))
    assert found == f"model: {folder} has no tokenizer (tokenizer.json or vocab.json): copy it from the published model"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lang_to_id": ["<|en|>"]}, "generation_config.json: lang_to_id: input should be a valid dict"),
        ({"lang_to_id": {}}, "the model has no language 'en'; it has: none"),
        ({"task_to_id": {}}, "generation_config.json lacks the task `transcribe`"),
        ({"is_multilingual": "yes"}, "generation_config.json: is_multilingual: input should be a valid bool"),
        (None, "generation_config.json: the whole: input should be a valid dict"),
    ],
)
def test_a_damaged_generation_config_is_named(change: dict[str, Any] | None, message: str, tmp_path: Path) -> None:
    folder = write_tiny_whisper(tmp_path / "model", multilingual=True)
    path = folder / "generation_config.json"
    path.write_text(json.dumps(["en"] if change is None else read_json(path) | change))
    (found,) = problems(made(folder, language="en"))
    assert message in found
    assert "\n" not in found


def dense_stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **dense: Any) -> int:
    """The status of the dense stage of a study in `tmp_path`, over long speech."""
    monkeypatch.setattr("benchmark.system.project.ROOT", tmp_path)
    write_long_speech(tmp_path / "work" / "made" / "data")
    path = tmp_path / "made.yaml"
    path.write_text(yaml.safe_dump(configuration(dense=dense)))
    return main(["dense", str(path)])


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        ({}, "hears windows of one length, which slower speech would overflow: set `speeds` under `dense.fine_tune`"),
        ({"speeds": [1.0]}, "trained without SpecAugment here: set `spec_augment` to false under `training` and"),
    ],
)
def test_recipes_of_ctc_models_are_refused(
    recipe: dict[str, Any],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    model = str(write_tiny_whisper(tmp_path / "model"))
    fine_tune = {"budget": {"kind": "work", "limit": 50}, "learning_rate": 1e-3} | recipe
    assert dense_stage(tmp_path, monkeypatch, model=model, fine_tune=fine_tune) == 2
    (line,) = (line for line in capsys.readouterr().err.splitlines() if line.startswith("error: "))
    assert message in line


def test_a_model_is_fine_tuned_and_keeps_its_language(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = str(write_tiny_whisper(tmp_path / "model", multilingual=True))
    budget = {"kind": "work", "limit": 50}
    fine_tune = {"budget": budget, "learning_rate": 1e-3, "speeds": [1.0], "spec_augment": False}
    assert dense_stage(tmp_path, monkeypatch, model=model, language="de", fine_tune=fine_tune) == 0
    tuned = load(tmp_path / "work" / "made" / "dense" / "model").model
    start = load(model).model
    assert vars(tuned.generation_config)["language"] == "de"
    assert not tuned.model.decoder.embed_positions.weight.equal(start.model.decoder.embed_positions.weight)
    assert tuned.model.decoder.embed_tokens.weight.equal(start.model.decoder.embed_tokens.weight)  # frozen
    assert tuned.model.encoder.embed_positions.weight.equal(start.model.encoder.embed_positions.weight)
