"""The model that a method returned, exported and read back, is as small as its row says or is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from benchmark.models.checkpoints import SpeechModel, frozen_copy
from benchmark.models.counting import count_parameters
from benchmark.models.encoder import Encoder
from benchmark.runs.footprint import plain_bytes
from benchmark.runs.outcome import TOLERANCE, read_back, require_size, returned_model
from benchmark.system.errors import CannotCompress, CannotReachTarget
from benchmark.toolbox.families import Family
from benchmark.toolbox.masks import magnitude_masks
from benchmark.toolbox.quantisation import quantise
from benchmark.toolbox.target import Target

HALF = 0.5
UNITS: tuple[Family, ...] = ("control", "structured", "low-rank", "distilled", "shared")


def target(speech_model: SpeechModel, sparsity: float = HALF) -> Target:
    return Target(sparsity, Encoder(speech_model.model).parameters, count_parameters(speech_model.model))


def pruned(speech_model: SpeechModel, sparsity: float) -> SpeechModel:
    """A copy with this share of the encoder's weights at zero."""
    copy = SpeechModel(frozen_copy(speech_model.model), speech_model.tokenizer)
    encoder = Encoder(copy.model)
    masks = magnitude_masks(encoder, keep=1 - sparsity)
    for matrix in encoder:
        matrix.weight.mul_(masks[matrix.name])
    return copy


def refused(family: Family, goal: Target | None, dense: SpeechModel, compressed: SpeechModel, folder: Path) -> str:
    """Why the exported model is refused; empty if it is not."""
    exported, size = read_back(compressed, folder / "model")
    try:
        require_size(family, goal, dense.model, exported.model, size)
    except CannotReachTarget as error:
        return str(error)
    return ""


@pytest.mark.parametrize("family", TOLERANCE)
def test_the_dense_model_is_no_compressed_one(tiny: SpeechModel, tmp_path: Path, family: Family) -> None:
    reason = refused(family, target(tiny), tiny, tiny, tmp_path)
    total, wanted = count_parameters(tiny.model), target(tiny).remaining
    assert reason.startswith(f"misses its target of 50.00 %: {total:,} parameters remain in the exported model, not ")
    assert f"not {wanted:,}: {100 * (total - wanted) / total:.2f} % of the dense model too many" in reason
    assert reason.endswith(f"; the tolerance of the family {family} is {100 * TOLERANCE[family]:.2f} %")


@pytest.mark.parametrize(("family", "off"), [("unstructured", 0.002), *((family, 0.02) for family in UNITS)])
def test_a_miss_beyond_the_tolerance_is_refused_in_both_directions(
    tiny: SpeechModel, tmp_path: Path, family: Family, off: float
) -> None:
    assert not refused(family, target(tiny), tiny, pruned(tiny, HALF), tmp_path)
    assert not refused(family, target(tiny), tiny, pruned(tiny, HALF + off / 10), tmp_path)
    assert "too many" in refused(family, target(tiny), tiny, pruned(tiny, HALF - off), tmp_path)
    assert "too few" in refused(family, target(tiny), tiny, pruned(tiny, HALF + off), tmp_path)


def test_what_unstructured_methods_remove_is_of_the_encoder_s_matrices(tiny: SpeechModel, tmp_path: Path) -> None:
    """As many parameters as the target leaves, but 60 biases of neurons have gone in the place of 60 weights."""
    goal, smaller = target(tiny), SpeechModel(frozen_copy(tiny.model), tiny.tokenizer)
    neurons = Encoder(smaller.model).neurons[0]
    neurons.cut(torch.arange(neurons.count) >= 60)
    more = goal.removed - 60 * neurons.cost
    for matrix in Encoder(smaller.model):
        matrix.weight.flatten()[: max(0, more)] = 0
        more -= matrix.weight.numel()
    lost = f"{100 * (goal.removed - 60) / goal.encoder_parameters:.2f} %"
    reason = refused("unstructured", goal, tiny, smaller, tmp_path)
    assert reason.startswith(f"misses its target of 50.00 %: {lost} of the exported encoder is zero; ")


def test_layers_that_share_weights_count_once(tiny: SpeechModel, tmp_path: Path) -> None:
    shared = SpeechModel(frozen_copy(tiny.model), tiny.tokenizer)
    Encoder(shared.model).arrange([[0, 0, 0]])
    removed = count_parameters(tiny.model) - count_parameters(shared.model)
    goal = target(tiny, removed / Encoder(tiny.model).parameters)
    exported, _ = read_back(shared, tmp_path / "model")
    assert count_parameters(exported.model) == count_parameters(shared.model)
    assert not refused("shared", goal, tiny, shared, tmp_path)


def test_without_a_target_a_control_keeps_everything_and_others_remove_something(
    tiny: SpeechModel, tmp_path: Path
) -> None:
    for family in ("dense", "control"):
        assert not refused(family, None, tiny, tiny, tmp_path)
        assert refused(family, None, tiny, pruned(tiny, HALF), tmp_path).startswith("all should stay: ")
    assert refused("unstructured", None, tiny, tiny, tmp_path).startswith("nothing was removed: ")
    assert not refused("unstructured", None, tiny, pruned(tiny, HALF), tmp_path)


def test_a_quantised_model_takes_fewer_bytes(tiny: SpeechModel, tmp_path: Path) -> None:
    reason = refused("quantised", None, tiny, tiny, tmp_path)
    assert reason.startswith("nothing was quantised: ")
    assert reason.endswith(f"floats take {plain_bytes(tiny.model):,}")
    integers = SpeechModel(frozen_copy(tiny.model), tiny.tokenizer)
    quantise(integers.model, "weight_only")
    assert not refused("quantised", None, tiny, integers, tmp_path)


def test_another_class_is_named(tiny: SpeechModel) -> None:
    assert returned_model(tiny.model, tiny.model) is tiny.model
    with pytest.raises(CannotCompress, match=r"^compress returned None: it has to return the compressed Wav2Vec2ForC"):
        returned_model(None, tiny.model)
    with pytest.raises(CannotCompress, match=r"^compress returned a SpeechModel: "):
        returned_model(tiny, tiny.model)


def test_weights_that_are_not_finite_are_named(tiny: SpeechModel, tmp_path: Path) -> None:
    with torch.no_grad():
        tiny.model.lm_head.bias[0] = torch.nan
    with pytest.raises(CannotCompress, match=r"weights that are NaN or infinite, the first in lm_head\.bias"):
        read_back(tiny, tmp_path / "model")
