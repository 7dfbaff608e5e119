"""What rewinding restores."""

from __future__ import annotations

from pathlib import Path

import torch
from conftest import MakeJob

from benchmark.toolbox.masks import global_magnitude_masks
from benchmark.toolbox.rewinding import rewind


def test_survivors_are_the_dense_model_s_bit_for_bit(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(tmp_path)
    start = {name: value.clone() for name, value in job.model.state_dict().items()}
    dense = {matrix.name: matrix.weight.detach().clone() for matrix in job.encoder}
    job.train(job.model, learning_rate=1e-3)
    assert not any(torch.equal(matrix.weight, dense[matrix.name]) for matrix in job.encoder), "training moved them"
    masks = global_magnitude_masks(job.encoder, keep=0.35)
    rewind(job.model, start, masks)
    for matrix in job.encoder:
        assert torch.equal(matrix.weight, dense[matrix.name] * masks[matrix.name])
        matrix.weight.data.copy_(dense[matrix.name])
    assert all(torch.equal(value, start[name]) for name, value in job.model.state_dict().items()), "as is all else"
