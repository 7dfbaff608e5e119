"""Forms of encoder matrices: what each stores and counts, and that a new one takes one class."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pytest
import torch
from torch import nn
from transformers import PreTrainedConfig

from benchmark.models.checkpoints import SpeechModel, frozen_copy, load, save
from benchmark.models.counting import count_parameters, remaining_parameters
from benchmark.models.encoder import Encoder
from benchmark.models.folder_state import plain_state
from benchmark.models.forms import lookup
from benchmark.models.forms.factorised import LowRankLinear
from benchmark.models.forms.form import Form, Tensors
from benchmark.models.forms.lookup import form_of
from benchmark.models.forms.quantised import quantise_linear
from benchmark.models.in_floats import in_floats
from benchmark.runs.footprint import macs_per_second


def test_what_each_form_stores_and_counts() -> None:
    linear = nn.Linear(10, 6)
    with torch.no_grad():
        linear.weight[:2] = 0
    masked = form_of(linear)
    assert [masked.left(tensor) for tensor in masked.stored] == [4 * 10]
    assert masked.tensors().keys() == {"weight", "bias"}

    factorised = form_of(LowRankLinear.like(linear, 3))
    assert [factorised.left(tensor) for tensor in factorised.stored] == [3 * 10, 6 * 3]
    assert factorised.tensors().keys() == {"first.weight", "second.weight", "second.bias"}
    assert (factorised.plain, factorised.rank) == (False, 3)

    quantise_linear(linear, "weight_only")
    quantised = form_of(linear)
    assert [quantised.left(tensor) for tensor in quantised.stored] == [6 * 10]
    sizes = {name: tensor.nbytes for name, tensor in quantised.tensors().items()}
    assert sizes == {"weight.int8": 60, "weight.scale": 6 * 4, "bias": 6 * 4}
    assert (quantised.config, quantised.same_in_floats) == ({"int8": "weight_only"}, True)
    floats = quantised.floats()
    assert isinstance(floats, nn.Linear)
    assert torch.equal(floats.weight, quantised.stored[0].dequantize())


def test_a_module_of_no_form_is_refused() -> None:
    with pytest.raises(ValueError, match="Conv1d is not a form of an encoder matrix"):
        form_of(nn.Conv1d(1, 1, 1))


class SignLinear(nn.Module):
    """y = s * sign(W) x + b, a scale for every output."""

    def __init__(self, signs: torch.Tensor, scale: torch.Tensor, bias: nn.Parameter) -> None:
        super().__init__()
        self.scale, self.bias = nn.Parameter(scale), bias
        self.register_buffer("signs", signs)
        self.out_features, self.in_features = signs.shape

    @property
    def weight(self) -> torch.Tensor:
        return self.scale[:, None] * self.get_buffer("signs").to(self.scale)

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        return nn.functional.linear(hidden, self.weight, self.bias)


class Signs(Form):
    """A matrix of signs, of which only the scales count as parameters."""

    @classmethod
    def fits(cls, linear: nn.Module) -> bool:
        return isinstance(linear, SignLinear)

    @classmethod
    def fits_names(cls, names: Collection[str]) -> bool:
        return "signs" in names

    @property
    def stored(self) -> list[torch.Tensor]:
        return [self.linear.get_parameter("scale")]

    @classmethod
    def rebuild(cls, linear: nn.Linear, tensors: Tensors, config: PreTrainedConfig) -> nn.Module:
        signs = SignLinear(tensors["signs"], tensors["scale"], linear.bias)
        signs.load_state_dict(tensors)
        return signs

    def floats(self) -> nn.Module:
        assert isinstance(self.linear, SignLinear)
        plain = nn.Linear(self.linear.in_features, self.linear.out_features)
        plain.weight, plain.bias = nn.Parameter(self.linear.weight.detach()), self.linear.bias
        return plain


def test_a_new_form_takes_one_class(tiny: SpeechModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookup, "FORMS", (Signs, *lookup.FORMS))
    dense = frozen_copy(tiny.model)
    for matrix in Encoder(tiny.model):
        if matrix.kind == "q":
            weight = matrix.weight.detach()
            signs = SignLinear(weight.sign().to(torch.int8), weight.abs().mean(1), matrix.linear.bias)
            Encoder(tiny.model).layers[matrix.layer].set_submodule("attention.q_proj", signs)
    save(tiny, tmp_path / "signs")
    again = load(tmp_path / "signs").model
    ours, theirs = plain_state(tiny.model), plain_state(again)
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(tensor, theirs[name]) for name, tensor in ours.items())
    assert remaining_parameters(again) == count_parameters(dense) - 3 * (32 * 32 - 32)
    assert macs_per_second(again) == macs_per_second(dense)
    audio = torch.randn(1, 8000, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        assert torch.equal(in_floats(again)(audio).logits, again(audio).logits)
