"""The graph of a model of 8-bit integers has the model's own integers, and computes in them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch
from small_models import small_model
from transformers import PreTrainedModel

from benchmark.inference.onnx_graph import write_graph
from benchmark.inference.onnx_integers import write_own_graph
from benchmark.inference.onnx_runtime import graph_logits, open_session
from benchmark.models.batch import Batch
from benchmark.models.encoder import Encoder
from benchmark.models.forms.quantised import INTEGERS, Kind
from benchmark.models.forward import forward, frame_counts
from benchmark.models.in_floats import in_floats
from benchmark.toolbox.quantisation import quantise

REASON = "needs the packages of the extra `onnx`"
onnx = pytest.importorskip("onnx", reason=REASON)
pytest.importorskip("onnxruntime", reason=REASON)
RECORDINGS = [torch.randn(samples, generator=torch.Generator().manual_seed(samples)) for samples in (5_000, 12_345)]


def rounded(kind: Kind) -> PreTrainedModel:
    """A model of two layers, the second of which shares the feed-forward weights of the first."""
    model = small_model("wavlm")
    first, second = (layer.get_submodule("feed_forward") for layer in Encoder(model).layers)
    for name in ("intermediate_dense", "output_dense"):
        second.get_submodule(name).weight = first.get_submodule(name).weight
    quantise(model, kind)
    return model


def integers_of(graph: Any) -> list[torch.Tensor]:
    """The tensors of 8-bit integers in a graph."""
    stored = [tensor for tensor in graph.initializer if tensor.data_type == onnx.TensorProto.INT8]
    return [torch.from_numpy(onnx.numpy_helper.to_array(tensor).copy()) for tensor in stored]


@pytest.mark.parametrize(
    ("kind", "operations", "off"),
    [("dynamic", {"MatMulInteger": 12}, 0.02), ("weight_only", {"DequantizeLinear": 12}, 1e-4)],
)
def test_a_graph_holds_the_model_s_integers(kind: Kind, operations: dict[str, int], off: float, tmp_path: Path) -> None:
    model = rounded(kind)
    write_own_graph(model, RECORDINGS, tmp_path / "own.onnx")
    write_graph(in_floats(model), RECORDINGS, tmp_path / "floats.onnx")
    graph = onnx.load(tmp_path / "own.onnx").graph
    found = Counter(node.op_type for node in graph.node)
    assert {name: found[name] for name in ("MatMulInteger", "DequantizeLinear") if found[name]} == operations
    stored = integers_of(graph)
    assert len(stored) == 10  # two of the 12 matrices share their weights with two others
    for matrix in Encoder(model):
        assert any(torch.equal(tensor.t(), matrix.form.tensors()[INTEGERS]) for tensor in stored), matrix.name
    weights = sum(tensor.numel() for tensor in stored)
    saved = (tmp_path / "floats.onnx").stat().st_size - (tmp_path / "own.onnx").stat().st_size
    assert saved > weights  # three bytes each, less the scales and what the operations take

    audio = torch.nn.utils.rnn.pad_sequence([torch.cat(RECORDINGS), RECORDINGS[0], RECORDINGS[1]], batch_first=True)
    frames = frame_counts(model, torch.tensor([17_345, 5_000, 12_345]))
    nothing = torch.zeros(0, dtype=torch.long)
    batch = Batch(audio, None, frames, nothing, nothing, 0.0)
    with torch.no_grad():
        output = forward(model, batch)
    logits = graph_logits(open_session(tmp_path / "own.onnx"), model, batch)
    torch.testing.assert_close(logits[output.valid], output.logits[output.valid], atol=off, rtol=0)
