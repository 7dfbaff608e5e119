"""Widths by which every layer loses the same share: the target is met to one neuron."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import MakeJob
from small_models import write_tiny_model

from benchmark.models.encoder import Encoder
from benchmark.models.units import Units
from benchmark.system.errors import CannotReachTarget
from benchmark.toolbox.uniform_widths import uniform_widths


def removed(units: list[Units], widths: dict[str, int]) -> int:
    return sum(group.cost * (group.count - widths[group.name]) for group in units)


@pytest.mark.parametrize("kind", ["wav2vec2", "whisper"])
def test_the_target_is_met_to_one_neuron_by_equal_shares(kind: str, make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(tmp_path, model=write_tiny_model(kind, tmp_path / "model"))
    encoder, target = job.encoder, job.target
    widths = uniform_widths(encoder, target, heads=True)
    assert 0 <= removed(encoder.units, widths) - target.removed < encoder.neurons[0].cost
    assert [widths[units.name] for units in encoder.heads] == [u.count - int(0.65 * u.count) for u in encoder.heads]
    shares = [widths[units.name] / units.count for units in encoder.neurons]
    assert max(shares) - min(shares) <= 1 / min(units.count for units in encoder.neurons)


def test_neurons_alone_meet_a_low_target_and_refuse_a_high_one(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(tmp_path, sparsity=0.3)
    widths = uniform_widths(job.encoder, job.target, heads=False)
    assert removed(job.encoder.heads, widths) == 0
    assert 0 <= removed(job.encoder.neurons, widths) - job.target.removed < job.encoder.neurons[0].cost
    high = make_job(tmp_path, sparsity=0.8)
    excess = high.target.removed - sum(units.cost * (units.count - 1) for units in high.encoder.neurons)
    with pytest.raises(CannotReachTarget) as refused:
        uniform_widths(high.encoder, high.target, heads=False)
    said = f"with one neuron per layer, {excess:,} parameters too many are left; set `heads: true` to remove heads too"
    assert str(refused.value) == said


def test_a_target_of_nothing_keeps_all(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(tmp_path, sparsity=1e-5)
    assert job.target.removed == 0
    widths = uniform_widths(Encoder(job.model), job.target, heads=True)
    assert widths == {units.name: units.count for units in job.encoder.units}
