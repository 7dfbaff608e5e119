"""Every CTC architecture has an ONNX graph with the model's logits, and its transcripts are those of PyTorch."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from small_models import KINDS, LETTERS, small_model

from benchmark.corpora.manifest import Dataset
from benchmark.inference.onnx_graph import write_graph
from benchmark.inference.onnx_runtime import graph_inputs, graph_transcriber, open_session
from benchmark.inference.transcription import transcriber
from benchmark.models.checkpoints import SpeechModel
from benchmark.models.forward import frame_counts
from benchmark.training.speech import Speech

REASON = "needs the packages of the extra `onnx`"
pytest.importorskip("onnxruntime", reason=REASON)
pytest.importorskip("onnx", reason=REASON)


def talkative(kind: str) -> SpeechModel:
    """A model with random weights whose best letter changes from frame to frame."""
    model = small_model(kind)
    with torch.no_grad():
        model.lm_head.bias -= model(recordings()[1][None]).logits.mean(dim=(0, 1))
    return SpeechModel(model, LETTERS)


def recordings() -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(samples, generator=generator) for samples in (5_000, 12_345)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_architecture_has_a_graph(kind: str, tmp_path: Path) -> None:
    assert write_graph(small_model(kind), recordings(), tmp_path / "model.onnx") <= 1e-4


@pytest.mark.parametrize("kind", ["wav2vec2", "hubert-pre-LN"])  # without a mask of the padding, and with one
def test_a_graph_writes_what_the_model_writes(kind: str, tiny_corpus: Path, tmp_path: Path) -> None:
    speech_model = talkative(kind)
    write_graph(speech_model.model, recordings(), tmp_path / "model.onnx")
    graph = graph_transcriber(tmp_path / "model.onnx", speech_model)
    lengths = set()
    for indices, batch in Speech(speech_model, Dataset.open(tiny_corpus), "test").in_order(batch_seconds=3.0):
        written = graph(batch)
        lengths.add(len(indices))
        assert written == transcriber(speech_model)(batch)
        assert all(len(transcript.text) > 5 for transcript in written)
    assert max(lengths) > 1


def test_the_mask_covers_the_samples_of_every_utterance_s_frames(tiny_corpus: Path) -> None:
    model = small_model("wavlm-pre-LN")
    batch = Speech(SpeechModel(model, LETTERS), Dataset.open(tiny_corpus), "train").batch(range(8))
    mask = graph_inputs(model, batch)["attention_mask"]
    assert len(set(batch.frames.tolist())) > 2
    assert frame_counts(model, mask.sum(dim=1)).tolist() == batch.frames.tolist()
    assert (mask.diff(dim=1) <= 0).all()  # what is padding ends the recording


def test_a_session_has_the_threads_of_torch(tmp_path: Path) -> None:
    write_graph(small_model("wav2vec2"), recordings(), tmp_path / "model.onnx")
    assert open_session(tmp_path / "model.onnx").get_session_options().intra_op_num_threads == torch.get_num_threads()
