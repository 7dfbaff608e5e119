"""The published architectures have the published sizes. No memory is needed to count."""

from __future__ import annotations

import pytest
import torch

from benchmark.models.counting import count_parameters
from benchmark.models.encoder import Encoder
from benchmark.models.full_size import FULL_SIZE


@pytest.mark.parametrize(
    ("name", "total", "matrices", "weights"),
    [
        ("wav2vec2-base", 94_396_320, 72, 84_934_656),
        ("hubert-large", 315_471_520, 144, 301_989_888),
        # wav2vec2-base, a table of 320 biases for 12 heads, and per layer 12 constants and a gate of 64 to 8
        ("wavlm-base", 94_396_320 + 320 * 12 + 12 * (12 + 64 * 8 + 8), 72, 84_934_656),
    ],
)
def test_the_published_sizes(name: str, total: int, matrices: int, weights: int) -> None:
    with torch.device("meta"):
        model = FULL_SIZE[name]().model
    assert count_parameters(model) == total
    assert len(Encoder(model).matrices) == matrices
    assert Encoder(model).parameters == weights
