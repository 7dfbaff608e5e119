"""A folder for sparse kernels: the small file, which says how it is to be run, and transcribes the same."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from made_run import make_run

from benchmark.__main__ import main
from benchmark.inference import sparse_model as choosing
from benchmark.models.checkpoints import load, save
from benchmark.models.encoder import Encoder
from benchmark.models.folder_state import runtime_of


def transcribed(folder: Path, audio: Path, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[str, str]:
    """The transcript, and the line about time."""
    assert main(["transcribe", str(folder), str(audio), *more]) == 0
    printed = capsys.readouterr()
    return printed.out, printed.err


def test_the_folder_says_how_it_is_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choosing, "_fastest", lambda forms, _rows: forms[-1])
    run, small, dense = make_run(tmp_path / "run", "pruned"), tmp_path / "small", tmp_path / "dense"
    assert main(["export", str(run), "--to", str(small), "--runtime", "sparse"]) == 0
    assert main(["export", str(run), "--to", str(dense)]) == 0
    capsys.readouterr()
    packed = small / "model.packed.safetensors"
    assert packed.stat().st_size < (dense / "model.safetensors").stat().st_size
    assert json.loads((small / "config.json").read_text())["runtime"] == "sparse"
    assert "runtime" not in json.loads((dense / "config.json").read_text())
    assert "skips zeros" in (small / "README.md").read_text()
    soundfile.write(tmp_path / "a.wav", 0.1 * np.random.default_rng(0).standard_normal(16_000), 16_000)
    matrices = len(Encoder(load(small).model).matrices)
    text, line = transcribed(small, tmp_path / "a.wav", capsys)
    assert line.endswith(f", {matrices} matrices held sparse\n")
    without, plain = transcribed(small, tmp_path / "a.wav", capsys, "--runtime", "dense")
    assert "sparse" not in plain
    asked, sparse = transcribed(dense, tmp_path / "a.wav", capsys, "--runtime", "sparse")
    assert sparse.endswith("sparse\n")
    assert [one.split("\t")[1] for one in (text, without, asked)] == [text.split("\t")[1]] * 3


def test_another_export_of_it_does_not_keep_the_runtime(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", "pruned")
    save(load(run / "model"), tmp_path / "sparse", runtime="sparse")
    assert runtime_of(load(tmp_path / "sparse").model) == "sparse"
    save(load(tmp_path / "sparse"), tmp_path / "again")
    assert runtime_of(load(tmp_path / "again").model) == "dense"


def test_a_model_without_zeros_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = make_run(tmp_path / "run", "dense")
    assert main(["export", str(run), "--to", str(tmp_path / "out"), "--runtime", "sparse"]) == 2
    assert "has no matrix with 50 % zeros, so nothing would be sparse: leave out --runtime" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
