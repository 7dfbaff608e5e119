"""Sizes, counted by hand."""

from __future__ import annotations

import pytest
import torch
from transformers import Wav2Vec2Config, Wav2Vec2ForCTC

from benchmark.models.checkpoints import SpeechModel, frozen_copy
from benchmark.models.counting import count_parameters, remaining_parameters
from benchmark.models.encoder import Encoder
from benchmark.runs.footprint import footprint, macs_per_second, matrix_sparsity


def test_wav2vec2_base_has_the_published_sizes() -> None:
    with torch.device("meta"):
        model = Wav2Vec2ForCTC(Wav2Vec2Config())
    assert sum(p.numel() for p in model.parameters()) == 94_396_320
    assert Encoder(model).parameters == 84_934_656
    assert len(Encoder(model).matrices) == 72


def test_only_zeros_in_encoder_matrices_count_as_removed(tiny: SpeechModel) -> None:
    dense = frozen_copy(tiny.model)
    total = count_parameters(dense)
    with torch.no_grad():
        tiny.model.lm_head.bias.zero_()
        Encoder(tiny.model).matrices[0].weight[:8] = 0
    assert remaining_parameters(tiny.model) == total - 8 * 32
    sizes = footprint(dense, tiny.model, bytes_on_disk=1)
    assert sizes["encoder_sparsity"] == pytest.approx(8 * 32 / Encoder(dense).parameters)
    assert sizes["compression_ratio"] == pytest.approx(total / (total - 8 * 32))
    first = matrix_sparsity(dense, tiny.model)[0]
    assert (first["layer"], first["matrix"], first["remaining"]) == (0, "q", 24 * 32)


def test_a_shared_tensor_counts_once(tiny: SpeechModel) -> None:
    dense = frozen_copy(tiny.model)
    total = count_parameters(dense)
    first, second, _ = Encoder(tiny.model).layers
    shared = first.get_submodule("feed_forward")
    second.feed_forward = shared
    assert count_parameters(tiny.model) == total - sum(p.numel() for p in shared.parameters())
    sizes = footprint(dense, tiny.model, bytes_on_disk=1)
    assert sizes["encoder_sparsity"] == pytest.approx(2 * 32 * 128 / Encoder(dense).parameters)


def test_multiply_accumulates_of_the_encoder_by_hand(tiny: SpeechModel) -> None:
    """Dropping one layer saves its matrices once per frame, and the attention products."""
    dense = macs_per_second(tiny.model)
    shallow = frozen_copy(tiny.model)
    Encoder(shallow).arrange([[0, 1]])
    frames, width, ffn = 499, 32, 128
    layer = frames * (4 * width * width + 2 * width * ffn) + 2 * frames * frames * width
    assert dense - macs_per_second(shallow) == pytest.approx(layer / 10, rel=1e-6)
