"""The dense stage: its fine-tuning resumes, but never from another recipe's checkpoint; a broken start is refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from small_study import SmallStudy

from benchmark import decoding, dense
from benchmark.corpora.manifest import Dataset
from benchmark.dense import word_error_rate
from benchmark.job import Job
from benchmark.models.checkpoints import load


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
        patch.setattr(dense, "save_dense", interrupted)
        assert fine_tune(small_study, tiny_model, 1e-3) == 130
    folder = small_study.work / "dense"
    assert list(folder.glob("checkpoint/*/phase0.pt"))
    assert fine_tune(small_study, tiny_model, 1e-9) == 0
    assert torch.allclose(head(folder / "model"), head(tiny_model), atol=1e-6)
    assert not (folder / "checkpoint").exists()
    assert fine_tune(small_study, tiny_model, 1e-3) == 0
    assert not torch.allclose(head(folder / "model"), head(tiny_model), atol=1e-4)


def expect(study: SmallStudy, model: Path, wer: float) -> int:
    """Run the dense stage from nothing, with a frozen front-end, for a published WER on test."""
    shutil.rmtree(study.work / "dense")
    lines = [line for line in study.config.read_text().splitlines() if not line.startswith("dense:")]
    study.config.write_text("\n".join([*lines, f"dense: {{model: {model}, published_wer: {{test: {wer}}}}}"]))
    study.config.write_text(study.config.read_text().replace("dropout: 0.1", "frozen_frontend: true"))
    return study.call("dense")


def test_a_start_that_does_not_do_what_its_authors_say_stops_the_study(
    small_study: SmallStudy, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    measured = 100 * word_error_rate(load(tiny_model), Dataset.open(small_study.work / "data"), "test")
    assert expect(small_study, tiny_model, measured + 0.29) == 0
    assert (small_study.work / "dense" / "features").exists()
    assert expect(small_study, tiny_model, measured - 0.31) == 2
    assert not (small_study.work / "dense").exists()  # stopped before anything was computed
    assert f"has {measured:.2f} % WER on test, published are" in capsys.readouterr().err


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
        patch.setattr(decoding, "forward", out_of_memory)
        assert fine_tune(small_study, tiny_model, 1e-3) == 2
        assert "out of GPU memory while transcribing: lower evaluation.batch_seconds" in capsys.readouterr().err
