"""Weights that layers share: a folder holds them once and gives them back tied, sizes count them once."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import nn
from transformers import PreTrainedModel

from benchmark.models.checkpoints import SpeechModel, frozen_copy, load, save
from benchmark.models.counting import count_parameters, remaining_parameters
from benchmark.models.encoder import Encoder
from benchmark.models.folder_state import plain_state
from benchmark.models.sharing import shared_parameters
from benchmark.runs.footprint import encoder_sparsity, matrix_sparsity
from benchmark.system.errors import UserError
from benchmark.toolbox.masks import magnitude_masks
from benchmark.toolbox.quantisation import quantise

WIDTH, FFN = 32, 128  # of the tiny model
MATRICES = 4 * WIDTH * WIDTH + 2 * WIDTH * FFN  # of a layer
LAYER = MATRICES + 4 * WIDTH + FFN + WIDTH + 4 * WIDTH  # with the biases of its matrices and two layer norms


def linear(model: PreTrainedModel, layer: int, kind: str) -> nn.Linear:
    return next(m.linear for m in Encoder(model) if (m.layer, m.kind) == (layer, kind))


def tie_ffn(model: PreTrainedModel) -> None:
    """The weights of the two FFN matrices of layer 2 are those of layer 0."""
    for kind in ("ffn_in", "ffn_out"):
        linear(model, 2, kind).weight = linear(model, 0, kind).weight


def tie_layer(model: PreTrainedModel) -> None:
    """All of layer 1 is layer 0."""
    Encoder(model).arrange([[0, 0, 2]])


def tie_both(model: PreTrainedModel) -> None:
    tie_layer(model)
    tie_ffn(model)


@pytest.mark.parametrize(
    ("tie", "gone", "of_matrices"),
    [
        (tie_ffn, 2 * WIDTH * FFN, 2 * WIDTH * FFN),
        (tie_layer, LAYER, MATRICES),
        (tie_both, LAYER + 2 * WIDTH * FFN, MATRICES + 2 * WIDTH * FFN),
    ],
)
def test_a_round_trip_keeps_ties_sizes_and_values(
    tiny: SpeechModel, tmp_path: Path, tie: Callable[[PreTrainedModel], None], gone: int, of_matrices: int
) -> None:
    dense = frozen_copy(tiny.model)
    total, size = count_parameters(dense), save(tiny, tmp_path / "dense")
    tie(tiny.model)
    size -= save(tiny, tmp_path / "tied")
    again = load(tmp_path / "tied").model
    assert shared_parameters(again) == shared_parameters(tiny.model) != {}
    for name, kept in shared_parameters(again).items():
        assert again.get_parameter(name) is again.get_parameter(kept)
    ours, theirs = plain_state(tiny.model), plain_state(again)
    assert all(torch.equal(tensor, theirs[name]) for name, tensor in ours.items())
    audio = torch.randn(1, 8000, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        assert torch.equal(again(audio).logits, tiny.model.eval()(audio).logits)

    packed = "model.packed.safetensors"
    assert sum(tensor.numel() for tensor in load_file(tmp_path / "tied" / packed).values()) == total - gone
    assert 4 * gone <= size <= 4 * gone + 3000  # their names in the header are gone too
    assert count_parameters(again) == remaining_parameters(again) == total - gone
    assert encoder_sparsity(dense, again) == pytest.approx(of_matrices / (3 * MATRICES))
    assert all(m["remaining"] == m["parameters"] for m in matrix_sparsity(dense, again))  # each is whole

    save(load(tmp_path / "tied"), tmp_path / "twice")
    assert (tmp_path / "twice" / packed).read_bytes() == (tmp_path / "tied" / packed).read_bytes()


def test_a_step_after_loading_moves_both(tiny: SpeechModel, tmp_path: Path) -> None:
    tie_ffn(tiny.model)
    save(tiny, tmp_path / "tied")
    model = load(tmp_path / "tied").model
    first, second = linear(model, 0, "ffn_in"), linear(model, 2, "ffn_in")
    before = first.weight.detach().clone()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    (first.weight.sum() + 2 * second.weight.sum()).backward()
    optimizer.step()
    assert torch.equal(first.weight, before - 0.5 * 3)
    assert torch.equal(second.weight, before - 0.5 * 3)


def test_zeros_of_a_shared_matrix_go_once(tiny: SpeechModel, tmp_path: Path) -> None:
    dense = frozen_copy(tiny.model)
    tie_layer(tiny.model)
    masks = magnitude_masks(Encoder(tiny.model), keep=0.5)
    with torch.no_grad():
        for matrix in Encoder(tiny.model):
            matrix.weight.mul_(masks[matrix.name])
    save(tiny, tmp_path / "tied")
    again = load(tmp_path / "tied").model
    assert remaining_parameters(again) == count_parameters(dense) - LAYER - MATRICES
    assert encoder_sparsity(dense, again) == pytest.approx(2 / 3)


def test_integers_stay_shared(tiny: SpeechModel, tmp_path: Path) -> None:
    total = count_parameters(tiny.model)
    tie_both(tiny.model)
    quantise(tiny.model, "dynamic")
    save(tiny, tmp_path / "tied")
    again = load(tmp_path / "tied").model
    assert linear(again, 2, "ffn_in").weight is linear(again, 0, "ffn_in").weight
    assert count_parameters(again) == remaining_parameters(again) == total - LAYER - 2 * WIDTH * FFN


@pytest.mark.parametrize("shared", [{"nowhere.weight": "lm_head.weight"}, {"lm_head.bias": "nowhere.bias"}, ["a"]])
def test_ties_that_do_not_fit_the_model_are_refused(tiny: SpeechModel, tmp_path: Path, shared: object) -> None:
    save(tiny, tmp_path / "model")
    config = json.loads((tmp_path / "model/config.json").read_text())
    (tmp_path / "model/config.json").write_text(json.dumps(config | {"shared": shared}))
    with pytest.raises(UserError, match=r"does not fit its config|shared: input should be") as raised:
        load(tmp_path / "model")
    assert "\n" not in str(raised.value)
