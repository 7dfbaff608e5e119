"""Heads and neurons: what they cost, that masking equals cutting, and which of them are removed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
import torch_pruning
from conftest import SMALL
from small_models import KINDS, small_model
from transformers import HubertConfig, HubertForCTC, PreTrainedModel, Wav2Vec2Config, Wav2Vec2ForCTC

from benchmark.models.checkpoints import SpeechModel, load, save
from benchmark.models.counting import count_parameters
from benchmark.models.encoder import Encoder
from benchmark.models.forms.factorised import LowRankLinear
from benchmark.models.shapes import factorise, layer_shapes
from benchmark.models.units import Units, select_units
from benchmark.models.vocabulary import Vocabulary
from benchmark.system.errors import CannotReachTarget


def models() -> list[PreTrainedModel]:
    torch.manual_seed(0)
    post = Wav2Vec2ForCTC(Wav2Vec2Config(**SMALL))
    pre = HubertForCTC(HubertConfig(**SMALL, do_stable_layer_norm=True, feat_extract_norm="layer"))
    return [post.eval(), pre.eval()]


def logits(model: PreTrainedModel) -> torch.Tensor:
    with torch.inference_mode():
        output: torch.Tensor = model(torch.randn(2, 4_000, generator=torch.Generator().manual_seed(0))).logits
    return output


@dataclass
class Mask:
    mask: torch.Tensor


def groups_of(model: PreTrainedModel) -> list[Units]:
    return [*Encoder(model).heads, *Encoder(model).neurons]


@pytest.mark.parametrize("kind", KINDS)
def test_a_masked_model_is_the_cut_model(kind: str) -> None:
    model = small_model(kind)
    whole = logits(model)
    groups = groups_of(model)
    masks = [
        torch.rand(units.count, generator=torch.Generator().manual_seed(i)) > 0.5 for i, units in enumerate(groups)
    ]
    handles = [units.masked(Mask(torch.ones(units.count))) for units in groups]
    torch.testing.assert_close(logits(model), whole, atol=0, rtol=0)
    for handle in handles:
        handle.remove()
    handles = [units.masked(Mask(mask.float())) for units, mask in zip(groups, masks, strict=True)]
    masked = logits(model)
    for handle in handles:
        handle.remove()
    for units, mask in zip(groups, masks, strict=True):
        units.cut(mask)
    torch.testing.assert_close(logits(model), masked, atol=1e-5, rtol=0)
    assert not torch.allclose(masked, whole, atol=1e-3)


def test_a_cut_removes_what_the_units_cost() -> None:
    model = models()[0]
    before = count_parameters(model)
    heads, neurons = Encoder(model).heads[1], Encoder(model).neurons[0]
    assert heads.cost == 3 * (32 * 8 + 8) + 8 * 32
    assert neurons.cost == 2 * 32 + 1
    heads.cut(torch.tensor([True, False, True, True]))
    neurons.cut(torch.arange(48) < 40)
    assert count_parameters(model) == before - heads.cost - 8 * neurons.cost
    assert Encoder(model).heads[1].count == 3


def test_the_published_costs_of_wav2vec2_base() -> None:
    with torch.device("meta"):
        encoder = Encoder(Wav2Vec2ForCTC(Wav2Vec2Config()))
    assert encoder.heads[0].cost == 196_800
    assert encoder.neurons[0].cost == 1_537


def test_scaling_a_neuron_is_scaling_its_column() -> None:
    model = models()[0]
    neurons = Encoder(model).neurons[0]
    scale = torch.rand(48) + 0.5
    handle = neurons.masked(Mask(scale))
    scaled = logits(model)
    handle.remove()
    with torch.no_grad():
        neurons.outward.weight.mul_(scale)
    torch.testing.assert_close(logits(model), scaled, atol=1e-5, rtol=0)


@pytest.mark.parametrize("kind", KINDS)
def test_cutting_twice_is_cutting_once(kind: str) -> None:
    once, twice = small_model(kind), small_model(kind)
    Encoder(once).heads[0].cut(torch.tensor([False, True, False, True]))
    Encoder(twice).heads[0].cut(torch.tensor([False, True, True, True]))
    Encoder(twice).heads[0].cut(torch.tensor([True, False, True]))
    assert torch.equal(logits(once), logits(twice))


def test_a_unit_without_a_bias_costs_less_and_is_cut() -> None:
    inward, outward = torch.nn.Linear(3, 4, bias=False), torch.nn.Linear(4, 5)
    units = Units(0, "neurons", (inward,), outward, 1)
    assert units.cost == 3 + 5
    units.cut(torch.tensor([True, False, True, True]))
    assert (inward.weight.shape, outward.weight.shape) == ((3, 3), (5, 3))


@pytest.mark.parametrize("kind", KINDS)
def test_a_cut_model_comes_back_from_its_folder(kind: str, tmp_path: Path) -> None:
    model = small_model(kind)
    for units in groups_of(model)[1:]:  # every layer another shape
        units.cut(torch.arange(units.count) % 3 > 0)
    thin = factorise(model, next(matrix for matrix in Encoder(model) if matrix.name == "1.ffn_in"), 5)
    assert isinstance(thin, LowRankLinear)
    save(SpeechModel(model, Vocabulary.of_letters()), tmp_path / "model")
    restored = load(tmp_path / "model").model
    assert layer_shapes(restored) == layer_shapes(model)
    assert layer_shapes(restored)[1]["ranks"] == {"ffn_in": 5}
    assert torch.equal(logits(restored), logits(model))


def test_the_lowest_scores_go_and_neurons_make_it_exact() -> None:
    model = models()[0]
    groups = groups_of(model)
    scores = [torch.arange(units.count).float() for units in groups]
    removed = 2 * groups[0].cost + 20 * groups[-1].cost + 30
    kept = select_units(groups, scores, removed)
    gone = sum(int((~mask).sum()) * units.cost for units, mask in zip(groups, kept, strict=True))
    assert removed - groups[-1].cost < gone <= removed
    for units, mask in zip(groups, kept, strict=True):
        assert mask[-1], units.name  # the best one stays
        assert mask.tolist() == sorted(mask.tolist()), units.name


def test_neurons_come_back_for_a_head_where_only_heads_are_left() -> None:
    """Every neuron scores below every head, and what is to go beyond the neurons is less than a head."""
    groups = groups_of(models()[0])
    heads, neurons = groups[0].cost, groups[-1].cost
    scores = [torch.arange(units.count) + (1000.0 if units.cost == heads else 0.0) for units in groups]
    spare = sum(units.count - 1 for units in groups if units.cost == neurons)
    removed = spare * neurons + heads // 2
    kept = select_units(groups, scores, removed)
    gone = sum(int((~mask).sum()) * units.cost for units, mask in zip(groups, kept, strict=True))
    assert removed - neurons < gone <= removed
    assert sum(int((~mask).sum()) for units, mask in zip(groups, kept, strict=True) if units.cost == heads) == 1
    assert all(mask[-1] for mask in kept)


def test_a_target_beyond_the_last_units_is_refused() -> None:
    model = models()[0]
    groups = groups_of(model)
    everything = sum(units.cost * units.count for units in groups)
    with pytest.raises(CannotReachTarget, match="one head and one neuron per layer"):
        select_units(groups, [torch.rand(units.count) for units in groups], everything - 100)


def test_torch_pruning_slices_the_same() -> None:
    """The dependency graph of torch-pruning cuts the same rows and columns as we do for an FFN's neurons."""
    ours, theirs = models()[1], models()[1]
    gone = [0, 7, 8, 30]
    layer = Encoder(theirs).layers[0].get_submodule("feed_forward")
    graph = torch_pruning.DependencyGraph().build_dependency(layer, example_inputs=torch.randn(1, 3, 32))
    dense = layer.get_submodule("intermediate_dense")
    graph.get_pruning_group(dense, torch_pruning.prune_linear_out_channels, idxs=gone).prune()
    kept = torch.ones(48, dtype=torch.bool)
    kept[gone] = False
    Encoder(ours).neurons[0].cut(kept)
    assert count_parameters(ours) == count_parameters(theirs)
    assert torch.equal(logits(ours), logits(theirs))


def test_torch_pruning_slices_a_head_s_rows_and_columns_the_same() -> None:
    ours, theirs = models()[0], models()[0]
    rows = list(range(8, 16))  # the second of four heads
    attention = Encoder(theirs).heads[1]
    for linear in attention.inward:
        torch_pruning.prune_linear_out_channels(linear, idxs=rows)
    torch_pruning.prune_linear_in_channels(attention.outward, idxs=rows)
    Encoder(ours).heads[1].cut(torch.tensor([True, False, True, True]))
    for mine, other in zip(Encoder(ours).heads[1].inward, attention.inward, strict=True):
        assert torch.equal(mine.weight, other.weight)
        assert torch.equal(mine.bias, other.bias)
    assert torch.equal(Encoder(ours).heads[1].outward.weight, attention.outward.weight)
