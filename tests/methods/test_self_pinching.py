"""Self-pinching: how training reaches its target."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import MakeJob

from benchmark.models.encoder import Encoder
from benchmark.runs.footprint import matrix_sparsity
from benchmark.toolbox.sparsity_loss import size_sign
from methods.self_pinching import SelfPinching


@pytest.mark.parametrize(
    ("sparsity", "target", "sign"),
    [(0.5, 0.65, 1), (0.647, 0.65, 1), (0.649, 0.65, 0), (0.65, 0.65, 0), (0.66, 0.65, -1), (0.485, 0.5, 0)],
)
def test_size_loss_has_three_branches(sparsity: float, target: float, sign: int) -> None:
    assert size_sign(sparsity, target) == sign


@pytest.mark.parametrize("target", [0.5, 0.85])
def test_training_reaches_the_target_with_mixed_sparsity(make_job: MakeJob, tmp_path: Path, target: float) -> None:
    job = make_job(tmp_path, sparsity=target, limit=2000)
    dense = job.teacher()
    model = SelfPinching({"learning_rate": 1e-3}).compress(job)
    left = sum(int(m.weight.count_nonzero()) for m in Encoder(model))
    assert 1 - left / job.encoder.parameters == pytest.approx(target, abs=0.001)
    shares = {round(m["remaining"] / m["parameters"], 3) for m in matrix_sparsity(dense, model)}
    assert len(shares) > 3, "every matrix has its own threshold"
    assert abs(job.last["final_sparsity"] - target) < 0.05, "training itself came near the target"
