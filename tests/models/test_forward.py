"""Our forward pass equals that of transformers, from audio and from cached features, for both architectures."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from transformers import HubertConfig, HubertForCTC, PreTrainedModel, Wav2Vec2Config, Wav2Vec2ForCTC

from benchmark.models.architectures.ctc import ctc_loss
from benchmark.models.batch import Batch
from benchmark.models.encoder import Encoder
from benchmark.models.forward import forward, frame_counts, front_end

SHAPE: dict[str, Any] = {
    "vocab_size": 32,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 48,
    "conv_dim": (8,) * 7,
    "num_conv_pos_embeddings": 8,
    "num_conv_pos_embedding_groups": 4,
}


def build(architecture: str, norm: str) -> PreTrainedModel:
    torch.manual_seed(0)
    shape = SHAPE | {"feat_extract_norm": norm, "do_stable_layer_norm": norm == "layer"}
    hubert = architecture == "hubert"
    model: PreTrainedModel = HubertForCTC(HubertConfig(**shape)) if hubert else Wav2Vec2ForCTC(Wav2Vec2Config(**shape))
    nn.Module.eval(model)
    return model


def batch_for(model: PreTrainedModel) -> Batch:
    samples = torch.tensor([16_000, 11_000])
    audio = torch.randn(2, 16_000) * (torch.arange(16_000) < samples[:, None])
    return Batch(audio, None, frame_counts(model, samples), torch.tensor([5, 6, 7, 8]), torch.tensor([3, 1]), 2.0)


@pytest.mark.parametrize("architecture", ["wav2vec2", "hubert"])
@pytest.mark.parametrize("norm", ["layer", "group"])
def test_forward_equals_transformers(architecture: str, norm: str) -> None:
    model = build(architecture, norm)
    batch = batch_for(model)
    assert batch.audio is not None
    mask = (torch.arange(16_000) < torch.tensor([16_000, 11_000])[:, None]).long() if norm == "layer" else None
    with torch.no_grad():
        expected = model(batch.audio, attention_mask=mask).logits
        ours = forward(model, batch)
        batch.features, batch.audio = front_end(model, batch.audio), None
        cached = forward(model, batch)
    for row, frames in enumerate(ours.frames.tolist()):
        torch.testing.assert_close(ours.logits[row, :frames], expected[row, :frames])
        torch.testing.assert_close(cached.logits[row, :frames], expected[row, :frames])


def test_ctc_loss_is_the_mean_over_utterances_of_the_summed_loss() -> None:
    model = build("wav2vec2", "layer")
    batch = batch_for(model)
    with torch.no_grad():
        output = forward(model, batch)
        loss = ctc_loss(output, batch, blank=0)
        singles = []
        for row, labels in enumerate(torch.split(batch.labels, batch.label_lengths.tolist())):
            frames, length = output.frames[row], torch.tensor(len(labels))
            log_probs = output.logits[row, :frames].log_softmax(-1)
            singles.append(torch.nn.functional.ctc_loss(log_probs, labels, frames, length, reduction="sum"))
    torch.testing.assert_close(loss, torch.stack(singles).mean())


@pytest.mark.parametrize("architecture", ["wav2vec2", "hubert"])
def test_encoder_map_counts_six_matrices_a_layer(architecture: str) -> None:
    encoder = Encoder(build(architecture, "group"))
    assert len(encoder.matrices) == 12
    assert encoder.parameters == 2 * (4 * 32 * 32 + 2 * 32 * 48)
    assert [m.name for m in encoder.matrices][:6] == ["0.q", "0.k", "0.v", "0.out", "0.ffn_in", "0.ffn_out"]
