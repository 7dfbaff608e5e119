"""Exported folders: plain transformers computes the same with them or refuses them, and incomplete ones never stay."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from made_run import RECORD, make_run
from safetensors.torch import load_file
from transformers import AutoModelForCTC, AutoProcessor, PreTrainedModel

from benchmark.__main__ import main
from benchmark.export.folder import export
from benchmark.inference.transcription import transcribe_one
from benchmark.models.checkpoints import load, save
from benchmark.models.in_floats import in_floats
from benchmark.models.shapes import layer_shapes
from benchmark.system.files import write_json


def logits(model: PreTrainedModel) -> torch.Tensor:
    """Logits of a batch of two with padding."""
    audio = torch.randn(2, 8_000, generator=torch.Generator().manual_seed(1))
    mask = torch.ones(2, 8_000, dtype=torch.long)
    mask[1, 6_000:] = 0
    with torch.inference_mode():
        output: torch.Tensor = model(audio, attention_mask=mask).logits
    return output


@pytest.mark.parametrize(
    "kind", ["dense", "pruned", "fewer layers", "int8 weights", "int8", "int4", "codebooks", "shared"]
)
def test_plain_transformers_computes_the_same(tmp_path: Path, kind: str) -> None:
    run = make_run(tmp_path / "run", kind)
    artefact = export(run, tmp_path / "out", onnx=False)
    assert artefact.plain
    assert artefact.weight_bytes == (tmp_path / "out" / "model.safetensors").stat().st_size
    plain, info = AutoModelForCTC.from_pretrained(tmp_path / "out", output_loading_info=True)
    assert not any(info.values())
    original = load(run / "model").model
    if kind == "int8":  # activations are integers there, floats here: the values of the weights are the same
        original = in_floats(original)
    torch.testing.assert_close(logits(plain), logits(original), atol=1e-5, rtol=0)
    torch.testing.assert_close(logits(load(tmp_path / "out").model), logits(plain), atol=0, rtol=0)
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    assert not {"layer_shapes", "int8", "shared"} & config.keys()
    assert {tensor.dtype for tensor in load_file(tmp_path / "out" / "model.safetensors").values()} == {torch.float32}


def test_a_model_of_fewer_layers_says_so_in_its_config(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", "fewer layers")
    export(run, tmp_path / "out", onnx=False)
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    shapes = layer_shapes(load(run / "model").model)
    assert (config["num_hidden_layers"], config["intermediate_size"]) == (len(shapes), shapes[0]["neurons"])
    assert config["intermediate_size"] < 128


def test_the_processor_reads_audio_and_writes_text_as_we_do(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", "pruned")
    speech_model = load(run / "model")
    with torch.no_grad():
        speech_model.model.lm_head.bias[1:4] = -100  # special tokens, which no trained model writes
    save(speech_model, run / "model")
    export(run, tmp_path / "out", onnx=False)
    samples = (3000 * np.random.default_rng(0).standard_normal(12_000)).astype(np.int16)
    processor: Any = AutoProcessor.from_pretrained(tmp_path / "out")
    inputs = processor(samples.astype(np.float32) / 32768, sampling_rate=16_000, return_tensors="pt")
    with torch.inference_mode():
        best = AutoModelForCTC.from_pretrained(tmp_path / "out")(**inputs).logits.argmax(-1)
    text, _ = transcribe_one(speech_model, samples)
    assert text
    assert " ".join(processor.batch_decode(best)[0].split()) == text


@pytest.mark.parametrize("kind", ["sliced", "fewer heads", "low rank", "adapted"])
def test_other_shapes_load_with_ours_and_are_refused_by_plain_transformers(tmp_path: Path, kind: str) -> None:
    run = make_run(tmp_path / "run", kind)
    assert not export(run, tmp_path / "out", onnx=False).plain
    original, again = load(run / "model").model, load(tmp_path / "out").model
    assert torch.equal(logits(again), logits(original))
    assert layer_shapes(again) == layer_shapes(original)
    with pytest.raises(OSError, match=r"no file named model\.safetensors"):
        AutoModelForCTC.from_pretrained(tmp_path / "out")


def test_the_command_line_exports_and_transcribes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, out = make_run(tmp_path / "run", "sliced"), tmp_path / "out"
    soundfile.write(tmp_path / "noise.wav", np.random.default_rng(0).uniform(-0.3, 0.3, 16_000), 16_000)
    assert main(["export", str(run), "--to", str(out)]) == 0
    assert "loads with benchmark.models.checkpoints.load" in capsys.readouterr().out
    assert main(["transcribe", str(out), str(tmp_path / "noise.wav")]) == 0
    exported = capsys.readouterr().out
    assert main(["transcribe", str(run / "model"), str(tmp_path / "noise.wav")]) == 0
    assert capsys.readouterr().out == exported
    assert exported.startswith(f"{tmp_path / 'noise.wav'}\t")


@pytest.mark.parametrize(
    ("changes", "missing", "message"),
    [
        ({}, "run.json", r"is not the folder of a finished run \(such as work/mini/runs/self_pinching-0.65-seed0\)"),
        ({}, "model", "is a published record, which has no weights: run study made and use work/made/runs/"),
        ({"status": "failed", "reason": "the loss is nan"}, None, r"the run ended as failed \(the loss is nan\)"),
        ({"schema": 0}, None, "has schema 0"),
    ],
)
def test_a_run_without_a_model_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], changes: dict[str, Any], missing: str | None, message: str
) -> None:
    run = make_run(tmp_path / "run", **changes)
    if missing:
        (run / missing).rename(tmp_path / "elsewhere")
    assert main(["export", str(run), "--to", str(tmp_path / "out")]) == 2
    assert_one_line(capsys.readouterr().err, message)
    assert not (tmp_path / "out").exists()


def other_run(record: dict[str, Any]) -> str:
    return json.dumps(record | {"identity": "2" * 64})


def half(record: dict[str, Any]) -> str:
    return json.dumps(record)[:300]


def nothing(_record: dict[str, Any]) -> str:
    return "{}"


@pytest.mark.parametrize("damage", [other_run, half, nothing])
@pytest.mark.parametrize("name", ["run.json", "compress.json"])
def test_records_that_are_damaged_or_of_two_runs_are_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, damage: Callable[[dict[str, Any]], str]
) -> None:
    run = make_run(tmp_path / "run")
    write_json(run / "compress.json", RECORD)
    (run / name).write_text(damage(RECORD))
    assert main(["export", str(run), "--to", str(tmp_path / "out")]) == 2
    assert_one_line(capsys.readouterr().err, name)
    assert not (tmp_path / "out").exists()


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, out = make_run(tmp_path / "run"), tmp_path / "out"
    out.mkdir()
    (out / "letter.txt").write_text("dear")
    assert main(["export", str(run), "--to", str(out)]) == 2
    assert_one_line(capsys.readouterr().err, "exists: choose another folder")
    assert [path.name for path in out.iterdir()] == ["letter.txt"]


def assert_one_line(text: str, message: str) -> None:
    assert text.startswith("error: ")
    assert text.count("\n") == 1
    assert re.search(message, text)
