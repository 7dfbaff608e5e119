"""The published architectures have the published sizes. No memory is needed to count."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from benchmark.models.counting import count_parameters
from benchmark.models.encoder import Encoder
from benchmark.models.forward import frame_rate
from benchmark.models.full_size import FULL_SIZE
from benchmark.models.source import encoder_parameters, estimated_parameters, frames_per_second, read_config


def data2vec_audio_base() -> int:
    """From its configuration: weights and biases, part by part."""
    width, ffn, channels = 768, 3072, 512
    kernels = (10, 3, 3, 3, 3, 2, 2)
    front_end = channels * kernels[0] + sum(channels * channels * kernel for kernel in kernels[1:])
    front_end += len(kernels) * 2 * channels  # layer norms
    projection = 2 * channels + channels * width + width
    positions = 5 * (width * (width // 16) * 19 + width)  # layer norms without parameters
    layer = 4 * (width * width + width) + 2 * width * ffn + ffn + width + 4 * width
    spec_augment, last_norm, head = width, 2 * width, 32 * width + 32
    return front_end + projection + positions + 12 * layer + spec_augment + last_norm + head


@pytest.mark.parametrize(
    ("name", "total", "matrices", "weights"),
    [
        ("wav2vec2-base", 94_396_320, 72, 84_934_656),
        ("hubert-large", 315_471_520, 144, 301_989_888),
        # wav2vec2-base, a table of 320 biases for 12 heads, and per layer 12 constants and a gate of 64 to 8
        ("wavlm-base", 94_396_320 + 320 * 12 + 12 * (12 + 64 * 8 + 8), 72, 84_934_656),
        ("data2vec-audio-base", data2vec_audio_base(), 72, 84_934_656),
    ],
)
def test_the_published_sizes(name: str, total: int, matrices: int, weights: int) -> None:
    with torch.device("meta"):
        model = FULL_SIZE[name]().model
    assert count_parameters(model) == total
    assert len(Encoder(model).matrices) == matrices
    assert Encoder(model).parameters == weights


@pytest.mark.parametrize("name", FULL_SIZE)
def test_a_config_tells_the_size_to_a_thousandth(name: str, tmp_path: Path) -> None:
    with torch.device("meta"):
        model = FULL_SIZE[name]().model
    model.config.save_pretrained(tmp_path)
    config = read_config(tmp_path)
    assert estimated_parameters(config) == pytest.approx(count_parameters(model), rel=2e-3)
    assert encoder_parameters(config) == Encoder(model).parameters
    assert frames_per_second(config) == frame_rate(model)
