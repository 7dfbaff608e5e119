"""Runs the ONNX graph of a CTC model in ONNX Runtime, on the CPU."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedModel

from benchmark.corpora.manifest import SAMPLE_RATE
from benchmark.inference.transcription import Transcriber
from benchmark.models.architectures.architecture import Transcript
from benchmark.models.architectures.ctc import greedy_texts
from benchmark.models.architectures.lookup import architecture_of
from benchmark.models.batch import Batch
from benchmark.models.checkpoints import SpeechModel
from benchmark.models.forward import frame_counts, frame_rate
from benchmark.models.output import Output
from benchmark.models.vocabulary import Vocabulary

OPTIONS = {
    "session.force_spinning_stop": "1",  # else its threads wait busily, at the cost of the model that is timed next
    "session.qdq_matmulnbits_accuracy_level": "1",  # else it rounds the inputs of matrices that only store integers
}


def graph_transcriber(path: Path, speech_model: SpeechModel) -> Transcriber:
    """The greedy transcription of batches by a graph.

    Args:
        path: the graph.
        speech_model: the CTC model of which it is, or another one with the same front-end and vocabulary.
    """
    return partial(_transcripts, open_session(path), speech_model)


def open_session(path: Path) -> Any:
    """A session of onnxruntime on the CPU, with as many threads as torch has in this process."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    for key, value in OPTIONS.items():
        options.add_session_config_entry(key, value)
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def graph_logits(session: Any, model: PreTrainedModel, batch: Batch) -> torch.Tensor:
    """The logits (batch, frames, vocabulary) that the graph of a model computes."""
    (logits,) = session.run(None, {name: tensor.numpy() for name, tensor in graph_inputs(model, batch).items()})
    return torch.from_numpy(logits)


def graph_inputs(model: PreTrainedModel, batch: Batch) -> dict[str, torch.Tensor]:
    """The inputs of a model's graph: audio and, if the model takes one, its mask, both (batch, samples).

    The mask has 32 bits, as from the processor.
    """
    assert batch.audio is not None
    inputs = {"input_values": batch.audio}
    if architecture_of(model).masks_padding(model.config):
        inputs["attention_mask"] = _unpadded(model, batch.audio.shape[1], batch.frames).int()
    return inputs


def _unpadded(model: PreTrainedModel, samples: int, frames: torch.Tensor) -> torch.Tensor:
    """Mask (batch, samples), true for samples from which the model makes just these numbers of frames (batch,).

    Every frame fewer than those of all samples is one stride of samples fewer.
    """
    fewer = frame_counts(model, torch.tensor([samples])) - frames
    stride = round(SAMPLE_RATE / frame_rate(model))
    return torch.arange(samples) < (samples - fewer * stride)[:, None]


def _transcripts(session: Any, speech_model: SpeechModel, batch: Batch) -> list[Transcript]:
    assert isinstance(speech_model.tokenizer, Vocabulary)
    output = Output(graph_logits(session, speech_model.model, batch), batch.frames)
    return [Transcript(text) for text in greedy_texts(output, speech_model.tokenizer)]
