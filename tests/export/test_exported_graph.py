"""Exported ONNX graphs: the model's logits at other lengths and batch sizes than those of tracing, or no graph."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from made_run import make_run
from transformers import PreTrainedModel

from benchmark.__main__ import main
from benchmark.export.folder import export
from benchmark.inference import onnx_graph
from benchmark.models.batch import Batch
from benchmark.models.checkpoints import load

REASON = "needs the packages of the extra `onnx`"
onnxruntime = pytest.importorskip("onnxruntime", reason=REASON)
pytest.importorskip("onnx", reason=REASON)


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("sliced", ["input_values", "attention_mask"]),
        ("shared", ["input_values", "attention_mask"]),
        ("adapted", ["input_values", "attention_mask"]),
        ("low rank", ["input_values"]),
    ],
)
def test_a_graph_is_the_model_at_any_length_and_batch_size(tmp_path: Path, kind: str, names: list[str]) -> None:
    run = make_run(tmp_path / "run", kind)
    artefact = export(run, tmp_path / "out", onnx=True)
    assert artefact.onnx_difference is not None
    assert artefact.onnx_difference <= 1e-4
    assert "onnxruntime.InferenceSession" in (tmp_path / "out" / "README.md").read_text()
    session = onnxruntime.InferenceSession(tmp_path / "out" / "model.onnx", providers=["CPUExecutionProvider"])
    assert [each.name for each in session.get_inputs()] == names
    model = load(run / "model").model
    for lengths in ([5_000], [33_333, 9_999, 20_000]):
        inputs = padded(lengths, names)
        (logits,) = session.run(None, {name: tensor.numpy() for name, tensor in inputs.items()})
        torch.testing.assert_close(torch.from_numpy(logits), of(model, inputs), atol=1e-4, rtol=0)


def padded(lengths: list[int], names: list[str]) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    waves = [torch.randn(length, generator=generator) for length in lengths]
    masks = [torch.ones(length, dtype=torch.int32) for length in lengths]
    both = {"input_values": waves, "attention_mask": masks}
    return {name: torch.nn.utils.rnn.pad_sequence(both[name], batch_first=True) for name in names}


def of(model: PreTrainedModel, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
    with torch.inference_mode():
        logits: torch.Tensor = model(**inputs).logits
    return logits


def test_the_card_s_code_runs_and_the_graph_writes_what_the_model_writes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    export(make_run(tmp_path / "run", "fewer layers"), tmp_path / "out", onnx=True)
    soundfile.write(tmp_path / "speech.wav", np.random.default_rng(0).uniform(-0.3, 0.3, 24_000), 16_000)
    card = (tmp_path / "out" / "README.md").read_text()
    texts = []
    for code in re.findall(r"```python\n(.*?)```", card, re.DOTALL):
        exec(code.replace("FOLDER", str(tmp_path / "out")).replace("speech.wav", str(tmp_path / "speech.wav")), {})
        texts.append(capsys.readouterr().out)
    assert len(texts) == 2
    assert texts[0] == texts[1] != ""


def test_a_graph_that_is_not_the_model_is_refused_and_nothing_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def other(model: PreTrainedModel, batch: Batch, path: Path) -> None:
        with torch.no_grad():
            model.lm_head.bias += 0.25
            trace(model, batch, path)
            model.lm_head.bias -= 0.25

    trace = onnx_graph._trace
    monkeypatch.setattr(onnx_graph, "_trace", other)
    assert main(["export", str(make_run(tmp_path / "run")), "--to", str(tmp_path / "out"), "--onnx"]) == 2
    assert "differs from the model: its logits are off by 2.5e-01, and 0.0001 is allowed" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_missing_packages_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(onnx_graph, "PACKAGES", ("onnx", "a_package_that_is_absent"))
    assert main(["export", str(make_run(tmp_path / "run")), "--to", str(tmp_path / "out"), "--onnx"]) == 2
    assert "needs a_package_that_is_absent: pip install -e '.[onnx]'" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
