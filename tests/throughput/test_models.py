"""Full-size models: their sizes are those published, their attention is PyTorch's fused one."""

from __future__ import annotations

import pytest
import torch

from benchmark.models.counting import count_parameters
from benchmark.system.errors import UserError
from benchmark.throughput.models import built


@pytest.mark.parametrize(("name", "parameters"), [("wav2vec2-base", 94_396_320), ("hubert-large", 315_471_520)])
def test_the_parameters_are_those_of_the_published_models(name: str, parameters: int) -> None:
    with torch.device("meta"):
        model = built(name).model
    assert count_parameters(model) == parameters
    assert model.config.vocab_size == 32
    assert model.config._attn_implementation == "sdpa"


def test_an_unknown_model_is_named() -> None:
    with pytest.raises(UserError, match=r'unknown model "hubert-larg": did you mean "hubert-large"'):
        built("hubert-larg")
