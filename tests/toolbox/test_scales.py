"""Scales of pruned blocks: their least squares, what they repair, and that masking with them equals cutting."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
import torch
from conftest import MakeJob
from small_models import write_tiny_model
from torch import nn

from benchmark.models.batch import Batch
from benchmark.models.checkpoints import frozen_copy
from benchmark.models.counting import count_parameters
from benchmark.models.encoder import Encoder
from benchmark.models.forward import forward
from benchmark.models.units import Units
from benchmark.system.errors import CannotCompress
from benchmark.toolbox.job import Job
from benchmark.toolbox.layer_by_layer import layers_in_turn
from benchmark.toolbox.scales import (
    Block,
    absorb,
    fitted_scales,
    masked,
    normal_equations,
    run_blocks,
    teacher_removed,
    tuned_scales,
)

KINDS = ("wav2vec2", "hubert-pre-LN", "wavlm-pre-LN", "data2vec-audio", "whisper")


@pytest.fixture(params=KINDS)
def job(request: pytest.FixtureRequest, make_job: MakeJob, tmp_path: Path) -> Job:
    return make_job(tmp_path, model=write_tiny_model(request.param, tmp_path / "model"))


@pytest.mark.parametrize("width", [1, 3])
def test_the_normal_equations_are_those_of_the_matrix_that_is_never_built(width: int) -> None:
    generator = torch.Generator().manual_seed(0)
    units, positions, hidden = 5, 40, 7
    inputs, columns, gap = (
        torch.randn(shape, generator=generator, dtype=torch.float64)
        for shape in ((positions, units * width), (hidden, units * width), (positions, hidden))
    )
    each = zip(inputs.split(width, 1), columns.split(width, 1), strict=True)
    matrix = torch.stack([(x @ w.T).flatten() for x, w in each], 1)
    products, projections = normal_equations(inputs, columns, gap, width)
    torch.testing.assert_close(products, matrix.T @ matrix, atol=5e-12, rtol=0)
    torch.testing.assert_close(projections, matrix.T @ gap.flatten(), atol=5e-12, rtol=0)


def test_sums_are_hidden_states_plus_what_a_block_adds(job: Job) -> None:
    batches = job.calibration(6.0)
    assert any(len(set(batch.frames.tolist())) > 1 for batch in batches)  # some are padded
    for index, layer in enumerate(layers_in_turn(job, batches)):
        units = [each for each in job.encoder.units if each.layer == index]
        blocks = run_blocks(layer, units)
        before = [block.sums - each.outward(block.inputs) for each, block in zip(units, blocks.values(), strict=True)]
        sums = [block.sums for block in blocks.values()]
        first = torch.cat([valid(job, index, batch, batch.hidden) for batch in layer.batches])
        torch.testing.assert_close(before[0], first, atol=1e-4, rtol=1e-4)
        pre_norm = getattr(job.model.config, "do_stable_layer_norm", job.model.config.model_type == "whisper")
        for ours, earlier in zip(before[1:], sums, strict=False):
            expected = earlier if pre_norm else cast(nn.Module, layer.model.layer_norm)(earlier)
            torch.testing.assert_close(ours, expected, atol=1e-4, rtol=1e-4)


def valid(job: Job, index: int, batch: Batch, hidden: torch.Tensor) -> torch.Tensor:
    """Hidden states (positions, width) of a layer without padding."""
    tokens = len(job.encoder.stacks) > 1 and index >= len(job.encoder.stacks[0])
    lengths = batch.token_counts(hidden.shape[1]) if tokens else batch.frames
    return torch.cat([row[:length] for row, length in zip(hidden, lengths.tolist(), strict=True)])


def test_nothing_pruned_has_scales_of_one(job: Job) -> None:
    groups = job.encoder.units
    all_of_them = [torch.ones(units.count, dtype=torch.bool) for units in groups]
    for scale in tuned_scales(job, job.calibration(6.0), groups, all_of_them, all_of_them, 0.01):
        torch.testing.assert_close(scale, torch.ones_like(scale), atol=1e-6, rtol=0)


def make_twins(units: Units, factor: float) -> list[torch.Tensor]:
    """Let the second unit be the first one, with `factor` times its columns; return which units stay without it."""
    one, two = slice(0, units.width), slice(units.width, 2 * units.width)
    with torch.no_grad():
        for linear in units.inward:
            linear.weight[two] = linear.weight[one]
            if linear.bias is not None:
                linear.bias[two] = linear.bias[one]
        units.outward.weight[:, two] = factor * units.outward.weight[:, one]
    return [torch.arange(units.count) != 1]


@pytest.mark.parametrize("kind", ["heads", "neurons"])
def test_a_unit_takes_over_the_work_of_its_pruned_twin(make_job: MakeJob, tmp_path: Path, kind: str) -> None:
    job = make_job(tmp_path)
    units = next(units for units in job.encoder.units if units.name == f"1.{kind}")
    kept, everything = make_twins(units, 2.0), [torch.ones(units.count, dtype=torch.bool)]
    (scale,) = tuned_scales(job, job.calibration(6.0), [units], kept, everything, 1e-8)
    expected = kept[0].float()
    expected[0] = 3.0
    torch.testing.assert_close(scale, expected, atol=1e-3, rtol=0)


def test_a_scale_beyond_ten_ends_the_tuning(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(tmp_path)
    groups = job.encoder.neurons
    everything = [torch.ones(units.count, dtype=torch.bool) for units in groups]
    kept = [everything[0], *make_twins(groups[1], 20.0), torch.arange(groups[2].count) > 5]
    scales = tuned_scales(job, job.calibration(6.0), groups, kept, everything, 1e-8)
    assert [set(scale.tolist()) for scale in scales] == [{1.0}, {0.0, 1.0}, {0.0, 1.0}]
    assert job.notes == ["tuning of scales ended before 1.neurons: the largest would be 21"]


def test_the_heads_of_the_first_layer_are_not_scaled(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(tmp_path)
    heads = job.encoder.heads[0]
    everything = [torch.ones(heads.count, dtype=torch.bool)]
    (scale,) = tuned_scales(job, job.calibration(6.0), [heads], make_twins(heads, 2.0), everything, 1e-8)
    assert scale.tolist() == [1.0, 0.0]


def test_scales_bring_the_pruned_model_nearer_to_the_dense_one(job: Job) -> None:
    groups, batches, dense = job.encoder.units, job.calibration(6.0), frozen_copy(job.model)
    everything = [torch.ones(units.count, dtype=torch.bool) for units in groups]
    kept = [torch.arange(units.count) % 2 == 0 for units in groups]
    scales = tuned_scales(job, batches, groups, kept, everything, 1.0)

    def distance(masks: list[torch.Tensor]) -> float:
        with masked(groups, masks):
            gaps = [job.forward(job.model, batch).logits - forward(dense, batch).logits for batch in batches]
        return sum(float(gap.detach().square().sum()) for gap in gaps)

    assert distance(scales) < distance([mask.float() for mask in kept])


def test_the_masked_model_is_the_cut_model(job: Job) -> None:
    groups, batch = job.encoder.units, job.calibration(2.0)[0]
    scales = [torch.arange(units.count) % 2 * (0.5 + torch.rand(units.count)) for units in groups]
    with masked(groups, scales), torch.no_grad():
        expected = job.forward(job.model, batch).logits
    before = count_parameters(job.model)
    gone = sum(int((scale == 0).sum()) * units.cost for units, scale in zip(groups, scales, strict=True))
    absorb(groups, scales)
    assert count_parameters(job.model) == before - gone
    with torch.no_grad():
        torch.testing.assert_close(job.forward(job.model, batch).logits, expected, atol=1e-5, rtol=1e-5)


def test_fewer_positions_than_units_are_refused(make_job: MakeJob, tmp_path: Path) -> None:
    units = make_job(tmp_path).encoder.neurons[2]
    block = Block(torch.ones(100, units.count), torch.ones(100, 32))
    message = "calibration has 100 positions, fewer than the 128 neurons that are left in layer 2: raise `cal"
    with pytest.raises(CannotCompress, match=message):
        fitted_scales(units, torch.ones(units.count, dtype=torch.bool), block, block.sums, 0.01)


def test_passes_and_least_squares_are_paid_for(make_job: MakeJob, tmp_path: Path) -> None:
    """Two forwards each of teacher and pruned model, without the last layer's second, and the products."""
    job = make_job(tmp_path)
    groups, batches = job.encoder.neurons, job.calibration(6.0)
    everything = [torch.ones(units.count, dtype=torch.bool) for units in groups]
    before = job.budget.spent
    tuned_scales(job, batches, groups, everything, everything, 0.01)
    forwards = 2 * (2 - 1 / 3) * sum(batch.frames.max().item() * len(batch.frames) / 50 for batch in batches)
    frames, spent = sum(int(batch.frames.sum()) for batch in batches), job.budget.spent - before
    at = job.budget.spent
    job.charge(3 * (128 * (32 + frames) * 128 + frames * 32 * 128 + 128**3 / 6))
    assert spent - forwards == pytest.approx(job.budget.spent - at)


def test_the_teacher_keeps_the_root_of_the_kept_share(make_job: MakeJob, tmp_path: Path) -> None:
    groups = Encoder(make_job(tmp_path).model).units
    everything = sum(units.count * units.cost for units in groups)
    assert teacher_removed(groups, 0) == 0
    assert teacher_removed(groups, round(0.75 * everything)) == pytest.approx(0.5 * everything, abs=1)
