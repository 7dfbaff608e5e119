"""Writes a model as an ONNX graph from audio to logits, for any audio length and batch size, and checks it."""

from __future__ import annotations

import math
import warnings
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import nn
from transformers import PreTrainedModel

from benchmark.corpora.manifest import SAMPLE_RATE
from benchmark.inference.onnx_runtime import graph_inputs, graph_logits, open_session
from benchmark.models.batch import Batch
from benchmark.models.forward import forward, frame_counts
from benchmark.system.errors import UserError

PACKAGES = ("onnx", "onnxruntime")
TOLERANCE = 1e-4  # absolute, for logits
OPSET = 17


class Logits(nn.Module):
    """A model whose arguments and result are tensors, as in a graph."""

    def __init__(self, model: PreTrainedModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_values: torch.Tensor, attention_mask: torch.Tensor | None = None) -> torch.Tensor:
        """Convert audio (batch, samples) and its mask, 0 for padding, to logits (batch, frames, vocabulary)."""
        logits: torch.Tensor = self.model(input_values, attention_mask=attention_mask).logits
        return logits


def check_packages() -> None:
    """Check that the optional packages are installed.

    Raises:
        UserError: a package is missing.
    """
    missing = [name for name in PACKAGES if find_spec(name) is None]
    if missing:
        raise UserError(f"an ONNX graph needs {' and '.join(missing)}: pip install -e '.[onnx]'")


def write_graph(
    model: PreTrainedModel, recordings: list[torch.Tensor], path: Path, *, tolerance: float = TOLERANCE
) -> float:
    """Write a graph of a CTC model and run it; return the largest difference between its logits and the model's.

    The inputs are those of the model's processor: `input_values` and, for models trained with one, `attention_mask`.

    Args:
        model: a model on the CPU. Its modules have to be such as a graph can express: see `in_floats`.
        recordings: audio of different lengths, each (samples,), normalised as the model expects. The graph runs on each
            alone and on all, padded to one batch.
        path: the file to write.
        tolerance: the largest difference that is allowed.

    Raises:
        UserError: the graph fails on one of these batches, or its logits differ by more than the tolerance.
    """
    batches = [_batch(model, each) for each in [*([recording] for recording in recordings), recordings]]
    _trace(model.eval(), batches[-1], path)
    differences = [_difference(model, path, batch) for batch in batches]
    difference = next((each for each in differences if math.isnan(each)), max(differences))
    if not difference <= tolerance:
        raise UserError(
            f"the ONNX graph differs from the model: its logits are off by {difference:.1e}, and {tolerance:g} is "
            "allowed; nothing was written"
        )
    return difference


def _batch(model: PreTrainedModel, recordings: list[torch.Tensor]) -> Batch:
    """Recordings padded to one batch."""
    audio = nn.utils.rnn.pad_sequence(recordings, batch_first=True)
    frames = frame_counts(model, torch.tensor([len(recording) for recording in recordings]))
    nothing = torch.zeros(0, dtype=torch.long)
    return Batch(audio, None, frames, nothing, nothing, audio.numel() / SAMPLE_RATE)


def _trace(model: PreTrainedModel, batch: Batch, path: Path) -> None:
    """Export by tracing.

    On the embedded model, tracing takes 0.4 s; the exporter based on torch.export takes 15 s and one more package.
    Tracing warns of sizes that become constants; the check on other lengths and batches would detect those.
    """
    inputs = graph_inputs(model, batch)
    axes = {name: {0: "batch", 1: "samples"} for name in inputs} | {"logits": {0: "batch", 1: "frames"}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Logits(model).eval(),
            tuple(inputs.values()),
            path,
            input_names=list(inputs),
            output_names=["logits"],
            dynamic_axes=axes,
            opset_version=OPSET,
            dynamo=False,
        )


def _difference(model: PreTrainedModel, path: Path, batch: Batch) -> float:
    """Largest difference between the graph's and the model's logits, without padding."""
    with torch.no_grad():
        output = forward(model, batch)
    try:
        logits = graph_logits(open_session(path), model, batch)
    except Exception as error:  # onnxruntime has one exception class per cause, without a common base
        reason = str(error).strip().splitlines()[0]
        raise UserError(f"the ONNX graph does not run, so nothing was written: {reason}") from error
    return float((logits - output.logits)[output.valid].abs().max())
