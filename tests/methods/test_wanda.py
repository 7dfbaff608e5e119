"""Wanda's scores and its choice in each row."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from conftest import MakeJob
from hypothesis import given
from hypothesis import strategies as st

from benchmark.models.forward import forward
from benchmark.system.errors import CannotCompress
from benchmark.toolbox.calibration import input_norms, second_moments
from benchmark.toolbox.masks import topk_mask_of_rows
from methods.wanda import wanda_scores


def test_the_papers_example() -> None:
    scores = wanda_scores(torch.tensor([[3.0, -2.0, -1.0, -3.0]]), torch.tensor([1.0, 2.0, 8.0, 3.0]))
    assert scores.tolist() == [[3.0, 4.0, 8.0, 9.0]]
    assert topk_mask_of_rows(scores, 0.5).tolist() == [[False, False, True, True]]


@given(st.integers(1, 12), st.integers(1, 20), st.floats(0.05, 0.95), st.integers(0, 3))
def test_rows_keep_alike_and_the_matrix_keeps_its_share(rows: int, inputs: int, keep: float, seed: int) -> None:
    scores = torch.rand(rows, inputs, generator=torch.Generator().manual_seed(seed))
    mask = topk_mask_of_rows(scores, keep)
    assert int(mask.sum()) == round(keep * rows * inputs)
    kept = mask.sum(1)
    assert int(kept.max() - kept.min()) <= 1
    for row in range(rows):
        left, gone = scores[row][mask[row]], scores[row][~mask[row]]
        assert not len(left) or not len(gone) or left.min() >= gone.max()


def test_statistics_are_over_valid_frames_of_the_matrix_s_input(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(tmp_path)
    matrix = next(m for m in job.encoder if m.name == "1.ffn_in")
    batches = job.calibration(6.0)
    assert len(batches) > 1
    seen = []
    handle = matrix.linear.register_forward_pre_hook(lambda _module, args: seen.append(args[0].detach()))
    for batch in batches:
        forward(job.model, batch)
    handle.remove()
    valid = torch.cat([x[i, :n] for x, b in zip(seen, batches, strict=True) for i, n in enumerate(b.frames)])
    spent = job.budget.spent
    norms = input_norms(job, [matrix], batches)[matrix.name]
    torch.testing.assert_close(norms, valid.square().mean(0).sqrt(), rtol=1e-4, atol=1e-6)
    passed = sum(b.frames.max().item() * len(b.frames) / 50 for b in batches)
    assert job.budget.spent - spent == pytest.approx(passed)  # a unit per second
    moments = second_moments(job, [matrix], batches)[matrix.name]
    torch.testing.assert_close(moments, valid.T @ valid / len(valid), rtol=1e-4, atol=1e-6)


def test_more_calibration_audio_than_there_is_is_refused(make_job: MakeJob, tmp_path: Path) -> None:
    with pytest.raises(CannotCompress, match=r"calibration needs 400 s of audio, but the training split has \d+ s"):
        make_job(tmp_path).calibration(400)
