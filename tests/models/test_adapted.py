"""Weights with a low-rank difference and normalised outputs: what they compute, store and count."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import nn
from transformers import PreTrainedModel

from benchmark.models.checkpoints import SpeechModel, frozen_copy, load, save
from benchmark.models.counting import count_parameters, remaining_parameters
from benchmark.models.encoder import Encoder
from benchmark.models.forms.adapted import AdaptedLinear
from benchmark.models.forms.lookup import form_of, stored_form
from benchmark.models.sharing import shared_parameters
from benchmark.runs.footprint import footprint, macs_per_second

WIDTH, FFN = 32, 128  # of the tiny model


def adapted(rank: int, gamma: torch.Tensor | None = None) -> AdaptedLinear:
    torch.manual_seed(0)
    linear = nn.Linear(10, 6)
    return AdaptedLinear(linear, torch.randn(rank, 10), torch.randn(6, rank), bias=linear.bias, gamma=gamma)


@pytest.mark.parametrize("rank", [0, 4])
def test_it_computes_the_weight_with_its_difference(rank: int) -> None:
    linear, hidden = adapted(rank), torch.randn(2, 5, 10)
    assert torch.linalg.matrix_rank(linear.weight - linear.base) == rank
    torch.testing.assert_close(linear(hidden), nn.functional.linear(hidden, linear.weight, linear.bias))


def test_normalised_outputs_have_no_mean_and_gamma_as_their_deviation() -> None:
    hidden = torch.randn(2, 5, 10)
    output = adapted(4, torch.full((6,), 0.25))(hidden)
    torch.testing.assert_close(output.mean(-1), torch.zeros(2, 5))
    torch.testing.assert_close(output.std(-1, correction=0), torch.full((2, 5), 0.25), rtol=1e-4, atol=0.0)
    raw = adapted(4)(hidden)
    centred = raw - raw.mean(-1, keepdim=True)
    torch.testing.assert_close(output, 0.25 * centred / raw.std(-1, correction=0, keepdim=True), rtol=1e-4, atol=1e-5)


def test_it_computes_in_bf16_too() -> None:
    linear, hidden = adapted(4, torch.rand(6)), torch.randn(2, 5, 10)
    with torch.autocast("cpu", torch.bfloat16):
        output = linear(hidden)
    torch.testing.assert_close(output.float(), linear(hidden), rtol=0.05, atol=0.05)


def test_what_is_stored_and_counted() -> None:
    linear = adapted(4, torch.ones(6))
    form = form_of(linear)
    assert [form.left(tensor) for tensor in form.stored] == [60, 40, 24]
    assert form.tensors().keys() == {"base", "first", "second", "bias", "gamma"}
    assert stored_form(form.tensors()) is type(form)
    assert (form.plain, form.rank, form.floats()) == (False, None, linear)


def adapt_ffn(model: PreTrainedModel, ranks: tuple[int, int]) -> None:
    """Layers 0 and 1 have the FFN of layer 2 with differences; that of layer 1 has normalised outputs."""
    encoder = Encoder(model)
    linears = {(matrix.layer, matrix.kind): matrix.linear for matrix in encoder}
    for matrix in encoder:
        if matrix.layer < 2 and matrix.kind.startswith("ffn"):
            base, rank = linears[2, matrix.kind], ranks[matrix.layer]
            outputs, inputs = base.weight.shape
            gamma = torch.rand(outputs) if matrix.name == "1.ffn_out" else None
            factors = torch.randn(rank, inputs) / 10, torch.randn(outputs, rank) / 10
            encoder.put(matrix, AdaptedLinear(base, *factors, bias=matrix.linear.bias, gamma=gamma))


@pytest.mark.parametrize("ranks", [(3, 5), (0, 2)])
def test_a_folder_holds_shared_weights_once_and_gives_the_same_model(
    tiny: SpeechModel, tmp_path: Path, ranks: tuple[int, int]
) -> None:
    dense = frozen_copy(tiny.model)
    total, size = count_parameters(dense), save(tiny, tmp_path / "dense")
    torch.manual_seed(0)
    adapt_ffn(tiny.model, ranks)
    left = total - 2 * 2 * WIDTH * FFN + sum(ranks) * 2 * (WIDTH + FFN) + WIDTH
    size -= save(tiny, tmp_path / "model")
    packed = load_file(tmp_path / "model/model.packed.safetensors")
    assert sum(tensor.numel() for tensor in packed.values()) == left
    assert 4 * (total - left) - 3000 <= size <= 4 * (total - left) + 3000  # but for names in the header

    again = load(tmp_path / "model").model
    assert count_parameters(again) == remaining_parameters(again) == left
    assert shared_parameters(again) == shared_parameters(tiny.model)
    assert len(shared_parameters(again)) == 2 * 2
    audio = torch.randn(2, 8000, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        assert torch.equal(again(audio).logits, tiny.model.eval()(audio).logits)

    sizes = footprint(dense, again, bytes_on_disk=1)
    encoder = Encoder(dense).parameters
    kept = encoder - 2 * 2 * WIDTH * FFN + sum(ranks) * 2 * (WIDTH + FFN)
    assert sizes["remaining_parameters"] == left
    assert sizes["encoder_sparsity"] == pytest.approx(1 - kept / encoder)
    frames = 499  # of ten seconds
    more = frames * sum(ranks) * 2 * (WIDTH + FFN) / 10
    assert macs_per_second(again) - macs_per_second(dense) == pytest.approx(more)
