"""PARP: the mask moves a little while weights may come back, and every matrix keeps its share."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from conftest import MakeJob

from benchmark.models.encoder import Encoder
from benchmark.toolbox.masks import magnitude_masks
from methods.parp import PARP


def test_the_mask_moves_a_little(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(tmp_path, sparsity=0.65)
    first = magnitude_masks(job.encoder, keep=0.35)
    encoder = Encoder(PARP({"learning_rate": 1e-3, "prunings": 2}).compress(job))
    for matrix in encoder:
        assert int(matrix.weight.count_nonzero()) == round(0.35 * matrix.weight.numel())
    moved = sum(int((first[m.name] != (m.weight != 0)).sum()) for m in encoder) / encoder.parameters
    assert 0 < moved < 0.2


@pytest.mark.parametrize("prunings", [1, 20])
def test_without_training_it_is_uniform_magnitude(make_job: MakeJob, tmp_path: Path, prunings: int) -> None:
    job = make_job(tmp_path)
    dense = {matrix.name: matrix.weight.detach().clone() for matrix in job.encoder}
    masks = magnitude_masks(job.encoder, keep=0.35)
    for matrix in Encoder(PARP({"learning_rate": 0.0, "prunings": prunings}).compress(job)):
        assert torch.equal(matrix.weight, dense[matrix.name] * masks[matrix.name])
