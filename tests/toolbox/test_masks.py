"""Masks in closed form, and masks that change while training holds them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from conftest import MakeJob

from benchmark.toolbox.masks import cubic_sparsity, global_magnitude_masks, magnitude_masks, n_of_m_mask, no_masks
from benchmark.training.hooks import State
from benchmark.training.masked_weights import MaskedWeights


def test_the_global_threshold_is_the_quantile(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(tmp_path)
    masks = global_magnitude_masks(job.encoder, keep=0.35)
    magnitudes = torch.cat([m.weight.detach().abs().flatten() for m in job.encoder])
    kept = torch.cat([masks[m.name].flatten() for m in job.encoder])
    assert int(kept.sum()) == round(0.35 * kept.numel())
    assert magnitudes[kept].min() >= magnitudes[~kept].max()


def test_no_matrix_is_emptied(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(tmp_path)
    small = job.encoder.matrices[0]
    with torch.no_grad():
        small.linear.weight.mul_(1e-6)
    masks = global_magnitude_masks(job.encoder, keep=0.35, max_layer_sparsity=0.9)
    assert int(masks[small.name].sum()) == round(0.1 * small.weight.numel())
    assert sum(int(mask.sum()) for mask in masks.values()) == round(0.35 * job.encoder.parameters)


def test_two_of_four_stay() -> None:
    scores = torch.tensor([[4.0, 1.0, 3.0, 2.0, 0.0, 7.0, 5.0, 6.0]])
    assert n_of_m_mask(scores).tolist() == [[True, False, True, False, False, True, False, True]]
    with pytest.raises(ValueError, match="6 inputs do not divide into groups of 4"):
        n_of_m_mask(torch.zeros(2, 6))


def test_two_of_four_as_pytorch_chooses_them() -> None:
    sparsifier = pytest.importorskip("torch.ao.pruning").WeightNormSparsifier(
        sparsity_level=1.0, sparse_block_shape=(1, 4), zeros_per_block=2
    )
    torch.manual_seed(0)
    linear = torch.nn.Linear(16, 8)
    sparsifier.prepare(torch.nn.Sequential(linear), config=[{"tensor_fqn": "0.weight"}])
    sparsifier.step()
    theirs = linear.parametrizations.weight[0].mask.bool()  # type: ignore[union-attr, index]
    weight = linear.parametrizations.weight.original  # type: ignore[union-attr]
    assert torch.equal(n_of_m_mask(weight.detach().abs()), theirs)  # type: ignore[operator]


def test_the_cubic_schedule() -> None:
    assert [cubic_sparsity(t, 0.9) for t in (0.0, 0.5, 1.0)] == pytest.approx([0, 0.7875, 0.9])


def test_a_weight_that_comes_back_starts_anew(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(tmp_path)
    first, all_kept = magnitude_masks(job.encoder, keep=0.5), no_masks(job.encoder)
    held = MaskedWeights(job.encoder, first)
    matrix = job.encoder.matrices[0]
    grown = ~first[matrix.name]
    seen = []

    def grow(state: State) -> None:
        if state.step == 3:
            held.update(all_kept)
            assert held.optimizer is not None
            moments = held.optimizer.state[matrix.linear.weight]
            seen.append(moments["exp_avg"][grown].abs().max() + moments["exp_avg_sq"][grown].abs().max())
            seen.append(matrix.weight.detach()[grown].abs().max())
            seen.append(moments["exp_avg"][~grown].abs().max())

    job.train(job.model, masks=held, after_step=grow, learning_rate=1e-3)
    assert seen[0] == seen[1] == 0 < seen[2]
    assert (matrix.weight.detach()[grown] != 0).any()


def test_marks_are_passed_once_each() -> None:
    state, passed = State(), 0
    for step in range(1, 38):
        state.began, state.progress = state.progress, step / 37
        passed += state.crosses_milestone(10, until=0.5)
        assert state.milestones(10, until=0.5) == passed
    assert passed == 10
