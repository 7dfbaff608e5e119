"""Exports a model as an ONNX graph from audio to logits, for any audio length and batch size, and checks it."""

from __future__ import annotations

import warnings
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from torch import nn
from transformers import PreTrainedModel

from benchmark.corpora import mini
from benchmark.corpora.audio import decode
from benchmark.corpora.choice import CorpusConfig
from benchmark.export.model_lineage import EMBEDDED
from benchmark.models.architectures.lookup import architecture_of
from benchmark.models.batch import Batch
from benchmark.models.checkpoints import SpeechModel
from benchmark.models.forward import forward, frame_counts
from benchmark.system.errors import UserError
from benchmark.training.speech import normalised

PACKAGES = ("onnx", "onnxruntime")
TOLERANCE = 1e-4  # absolute, for logits
OPSET = 17
LOOKED_AT = 10  # number of recordings from which the shortest and the longest are taken


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
        raise UserError(f"ONNX export needs {' and '.join(missing)}: pip install -e '.[onnx]', or leave out --onnx")


def write_graph(speech_model: SpeechModel, path: Path) -> float:
    """Write a graph of a float model on the CPU; return the largest difference between the graph's and model's logits.

    The inputs are those of the model's processor: `input_values` and, for models trained with one, `attention_mask`.

    Raises:
        UserError: the graph fails on other lengths and batches, or its logits differ by more than 1e-4.
    """
    recordings = _recordings(speech_model)
    _trace(speech_model.model.eval(), recordings, path)
    batches = [*([recording] for recording in recordings), recordings]
    difference = max(_difference(speech_model.model, path, batch) for batch in batches)
    if not difference <= TOLERANCE:
        raise UserError(
            f"the ONNX graph differs from the model: its logits are off by {difference:.1e}, and {TOLERANCE:g} is "
            "allowed; nothing was written: export without --onnx"
        )
    return difference


def _recordings(speech_model: SpeechModel) -> list[torch.Tensor]:
    """A short and a long recording of the embedded corpus, each (samples,), normalised as the model expects."""
    corpus = CorpusConfig("mini", "train", "dev", ("test-clean",), root=EMBEDDED)
    waves = []
    for recording, _ in zip(mini.recordings(corpus, corpus.dev), range(LOOKED_AT), strict=False):
        assert recording.audio is not None
        audio = torch.from_numpy(decode(recording.audio, recording.source).astype(np.float32) / 32768)
        waves.append(normalised(audio) if speech_model.normalise_audio else audio)
    return [min(waves, key=len), max(waves, key=len)]


def _inputs(model: PreTrainedModel, recordings: list[torch.Tensor]) -> dict[str, torch.Tensor]:
    """Padded audio and, if the model takes one, its mask, which has 32 bits as from the processor."""
    inputs = {"input_values": nn.utils.rnn.pad_sequence(recordings, batch_first=True)}
    if architecture_of(model).masks_padding(model.config):
        ones = [torch.ones(len(recording), dtype=torch.int32) for recording in recordings]
        inputs["attention_mask"] = nn.utils.rnn.pad_sequence(ones, batch_first=True)
    return inputs


def _trace(model: PreTrainedModel, recordings: list[torch.Tensor], path: Path) -> None:
    """Export by tracing.

    On the embedded model, tracing takes 0.4 s; the exporter based on torch.export takes 15 s and one more package.
    Tracing warns of sizes that become constants; the check on other lengths and batches would detect those.
    """
    inputs = _inputs(model, recordings)
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


def _difference(model: PreTrainedModel, path: Path, recordings: list[torch.Tensor]) -> float:
    """Largest difference between the graph's and the model's logits, without padding."""
    import onnxruntime

    inputs = _inputs(model, recordings)
    frames = frame_counts(model, torch.tensor([len(recording) for recording in recordings]))
    nothing = torch.zeros(0, dtype=torch.long)
    with torch.inference_mode():
        output = forward(model, Batch(inputs["input_values"], None, frames, nothing, nothing, 0.0))
    try:
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        (logits,) = session.run(None, {name: tensor.numpy() for name, tensor in inputs.items()})
    except Exception as error:  # onnxruntime has one exception class per cause, without a common base
        reason = str(error).strip().splitlines()[0]
        raise UserError(f"the ONNX graph does not run, so nothing was written: {reason}") from error
    return float((torch.from_numpy(logits) - output.logits)[output.valid].abs().max())
