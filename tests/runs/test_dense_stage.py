"""The dense stage: its fine-tuning resumes, but never from another recipe's checkpoint; a broken start is refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from small_study import RUN, SmallStudy

from benchmark.corpora.manifest import Dataset
from benchmark.models.architectures.convolutional import ConvolutionalCTC
from benchmark.models.checkpoints import SpeechModel, load, save_dense
from benchmark.runs import dense_stage, published_wer
from benchmark.runs.published_wer import word_error_rate
from benchmark.study.keys import EvaluationConfig
from benchmark.system.files import read_json
from benchmark.toolbox.job import Job


def fine_tune(study: SmallStudy, model: Path, learning_rate: float) -> int:
    recipe = f"{{budget: {{kind: work, limit: 200}}, learning_rate: {learning_rate:.9f}}}"
    lines = [line for line in study.config.read_text().splitlines() if not line.startswith("dense:")]
    study.config.write_text("\n".join([*lines, f"dense: {{model: {model}, fine_tune: {recipe}}}"]))
    return study.call("dense")


def head(folder: Path) -> torch.Tensor:
    weight: torch.Tensor = load(folder).model.get_submodule("lm_head").get_parameter("weight").detach()
    return weight


def test_a_checkpoint_of_another_recipe_is_not_used(
    small_study: SmallStudy, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(dense_stage, "save_dense", interrupted)
        assert fine_tune(small_study, tiny_model, 1e-3) == 130
    folder = small_study.work / "dense"
    assert list(folder.glob("checkpoint/*/phase0.pt"))
    assert fine_tune(small_study, tiny_model, 1e-9) == 0
    assert torch.allclose(head(folder / "model"), head(tiny_model), atol=1e-6)
    assert not (folder / "checkpoint").exists()
    assert fine_tune(small_study, tiny_model, 1e-3) == 0
    assert not torch.allclose(head(folder / "model"), head(tiny_model), atol=1e-4)


def test_a_finished_stage_is_kept_if_it_is_whole(small_study: SmallStudy, capsys: pytest.CaptureFixture[str]) -> None:
    folder = small_study.work / "dense"
    record = (folder / "dense.json").read_bytes()
    weights = folder / "model" / "model.safetensors"
    made = weights.stat().st_mtime_ns
    (folder / "dense.json").unlink()  # as Snakemake does, which did not see the job end
    assert small_study.call("dense") == 0
    assert "already finished, kept" in capsys.readouterr().out
    assert (folder / "dense.json").read_bytes() == record
    assert weights.stat().st_mtime_ns == made
    weights.write_bytes(weights.read_bytes()[:-4])
    assert small_study.call("dense") == 0
    assert "kept" not in capsys.readouterr().out
    assert read_json(folder / "dense.json")["hash"] == json.loads(record)["hash"]


def expect(study: SmallStudy, model: Path, wer: float, *options: str) -> int:
    """Run the dense stage from nothing, with a frozen front-end, for a published WER on test."""
    shutil.rmtree(study.work / "dense")
    lines = [line for line in study.config.read_text().splitlines() if not line.startswith("dense:")]
    study.config.write_text("\n".join([*lines, f"dense: {{model: {model}, published_wer: {{test: {wer}}}}}"]))
    study.config.write_text(study.config.read_text().replace("dropout: 0.1", "frozen_frontend: true"))
    return study.call("dense", *options)


def test_a_start_that_does_not_do_what_its_authors_say_stops_the_study(
    small_study: SmallStudy, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    measured = 100 * word_error_rate(load(tiny_model), Dataset.open(small_study.work / "data"), "test")
    assert expect(small_study, tiny_model, measured + 0.29) == 0
    assert (small_study.work / "dense" / "features").exists()
    assert expect(small_study, tiny_model, measured - 0.31) == 2
    assert not (small_study.work / "dense").exists()  # stopped before anything was computed
    assert f"has {measured:.2f} % WER on test, but the published one is" in capsys.readouterr().err


def test_the_published_wer_can_be_compared_with_recorded_transcripts(
    small_study: SmallStudy, tiny_model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    measured = 100 * word_error_rate(load(tiny_model), Dataset.open(small_study.work / "data"), "test")
    assert expect(small_study, tiny_model, measured) == 0
    for command in ("compress", "transcribe-tests", "score"):
        assert small_study.call(command, "dense") == 0
    shutil.copytree(small_study.work / "runs", small_study.results / "runs", dirs_exist_ok=True)
    transcribed: list[str] = []

    def recorded(model: SpeechModel, dataset: Dataset, split: str, evaluation: EvaluationConfig) -> float:
        transcribed.append(split)
        return word_error_rate(model, dataset, split, evaluation)

    monkeypatch.setattr(published_wer, "word_error_rate", recorded)
    assert expect(small_study, tiny_model, measured, "--reuse") == 0
    assert transcribed == []
    assert f"test WER {measured:.2f} %" in capsys.readouterr().out
    other, folder = load(tiny_model), small_study.root / "other"
    torch.nn.init.zeros_(other.model.get_submodule("lm_head").get_parameter("weight"))
    save_dense(other, folder)
    expect(small_study, folder, measured, "--reuse")
    assert transcribed == ["test"]  # the record is of the first model


def out_of_memory(*_: object, **__: object) -> None:
    raise torch.cuda.OutOfMemoryError("tried to allocate 20 GiB")


def test_too_little_gpu_memory_names_the_setting_that_helps(
    small_study: SmallStudy, tiny_model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Job, "train", out_of_memory)
        assert fine_tune(small_study, tiny_model, 1e-3) == 2
        assert "`dense.fine_tune` failed: out of GPU memory: lower training.batch_seconds" in capsys.readouterr().err
    with monkeypatch.context() as patch:
        patch.setattr(ConvolutionalCTC, "transcribe", out_of_memory)
        assert fine_tune(small_study, tiny_model, 1e-3) == 2
        assert "out of GPU memory while transcribing: lower evaluation.batch_seconds" in capsys.readouterr().err


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def spoil_config(model: Path) -> None:
    config = json.loads((model / "config.json").read_text())
    (model / "config.json").write_text(json.dumps(config | {"num_hidden_layers": 0}))


def spoil_vocabulary(model: Path) -> None:
    tokens = json.loads((model / "vocab.json").read_text())
    (model / "vocab.json").write_text(json.dumps(tokens | {"a": 99}))


def spoil_letters(model: Path) -> None:
    tokens = json.loads((model / "vocab.json").read_text())
    (model / "vocab.json").write_text(json.dumps({"é" if token == "a" else token: id for token, id in tokens.items()}))


def spoil_weights(model: Path) -> None:
    state = load_file(model / "model.safetensors")
    state["lm_head.bias"][0] = torch.nan
    save_file(state, model / "model.safetensors", metadata={"format": "pt"})


SPOIL = [spoil_config, spoil_vocabulary, spoil_letters, spoil_weights]


@pytest.mark.parametrize("spoil", SPOIL)
def test_a_broken_start_leaves_the_good_dense_model(
    small_study: SmallStudy,
    tiny_model: Path,
    tmp_path: Path,
    spoil: Callable[[Path], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    good = files_of(small_study.work / "dense")
    shutil.copytree(tiny_model, tmp_path / "broken")
    spoil(tmp_path / "broken")
    lines = [line for line in small_study.config.read_text().splitlines() if not line.startswith("dense:")]
    small_study.config.write_text("\n".join([*lines, f"dense: {{model: {tmp_path / 'broken'}}}"]))
    assert small_study.call("dense") == 2
    assert capsys.readouterr().err.startswith("error: ")
    assert files_of(small_study.work / "dense") == good


@pytest.mark.parametrize("spoil", SPOIL)
def test_a_dense_model_damaged_after_it_was_made_starts_no_run(
    small_study: SmallStudy, spoil: Callable[[Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    spoil(small_study.work / "dense" / "model")
    assert small_study.call("compress", RUN) == 2
    assert "is damaged: it is not the file that was written: make the dense model again" in capsys.readouterr().err
    assert not list((small_study.work / "runs").glob("*/compress.json"))
    assert small_study.call("dense") == 0
    assert small_study.call("compress", "dense") == 0


def test_features_damaged_after_they_were_made_start_no_run(
    small_study: SmallStudy, capsys: pytest.CaptureFixture[str]
) -> None:
    text = small_study.config.read_text().replace("dropout: 0.1", "frozen_frontend: true")
    small_study.config.write_text(text)
    assert small_study.call("dense") == 0
    features = small_study.work / "dense" / "features" / "features.f16"
    features.write_bytes(features.read_bytes()[: features.stat().st_size // 2])
    assert small_study.call("compress", RUN) == 2
    assert "features.f16 is damaged" in capsys.readouterr().err
    assert small_study.call("dense") == 0
    assert small_study.call("compress", "dense") == 0


def test_features_of_a_start_whose_fine_tuning_failed_start_no_run(
    small_study: SmallStudy, tiny_model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    good = small_study.config.read_text().replace("dropout: 0.1", "frozen_frontend: true")
    small_study.config.write_text(good)
    assert small_study.call("dense") == 0
    with monkeypatch.context() as patch:
        patch.setattr(Job, "train", out_of_memory)
        assert fine_tune(small_study, tiny_model, 1e-3) == 2
    small_study.config.write_text(good)
    assert small_study.call("compress", RUN) == 2
    assert "features/index.json is damaged: it is not the file that was written" in capsys.readouterr().err
    assert small_study.call("dense") == 0
    assert small_study.call("compress", "dense") == 0
