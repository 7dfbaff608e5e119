"""Layer-by-layer pruning: as if the whole model ran before each layer, at the price of two forwards."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from conftest import MakeJob
from small_models import KINDS, write_tiny_model

from benchmark.toolbox.calibration import input_norms, prune_layer_by_layer
from benchmark.toolbox.masks import topk_mask_of_rows
from benchmark.training.budget import OverBudget
from methods.wanda import wanda_scores


def pruned(weight: torch.Tensor, norms: torch.Tensor) -> torch.Tensor:
    """Prune to half, by Wanda."""
    return weight * topk_mask_of_rows(wanda_scores(weight, norms), 0.5)


@pytest.mark.parametrize("kind", [*KINDS, "whisper"])
def test_each_layer_sees_what_the_pruned_ones_before_it_give(make_job: MakeJob, tmp_path: Path, kind: str) -> None:
    model = write_tiny_model(kind, tmp_path / "model")
    job, reference = (make_job(tmp_path / name, model=model) for name in ("job", "reference"))
    batches = job.calibration(6.0)
    assert len(batches) > 1
    assert any(len(set(batch.frames.tolist())) > 1 for batch in batches)  # some are padded
    masks = prune_layer_by_layer(job, batches, input_norms, pruned)
    for index in range(len(reference.encoder.layers)):
        matrices = [matrix for matrix in reference.encoder if matrix.layer == index]
        norms = input_norms(reference, matrices, batches)
        for matrix in matrices:
            with torch.no_grad():
                matrix.linear.weight.copy_(pruned(matrix.weight, norms[matrix.name]))
    for ours, theirs in zip(job.encoder, reference.encoder, strict=True):
        assert torch.equal(ours.weight, theirs.weight)
        assert torch.equal(masks[ours.name], theirs.weight != 0)


def test_it_costs_two_forwards_without_the_last_layer_s_second(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(tmp_path)
    batches, layers = job.calibration(6.0), len(job.encoder.layers)
    before = job.budget.spent
    prune_layer_by_layer(job, batches, input_norms, lambda weight, _norms: weight)
    forward = sum(batch.frames.max().item() * len(batch.frames) / 50 for batch in batches)
    assert job.budget.spent - before == pytest.approx((2 - 1 / layers) * forward)


def test_it_may_not_cost_more_than_the_budget(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(tmp_path, limit=10.0)
    with pytest.raises(OverBudget, match="of 10 work"):
        prune_layer_by_layer(job, job.calibration(6.0), input_norms, pruned)
