"""KCM's convex combinations in closed form, its ranks, and which targets it reaches."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
import torch
from conftest import MakeJob
from small_models import write_tiny_model

from benchmark.models.counting import count_parameters
from benchmark.models.shapes import layer_shapes
from methods import kcm
from methods.kcm import KCM, convex_combinations, gaussian_kernel, ranks


def diagonal(kernel: torch.Tensor) -> torch.Tensor:
    return convex_combinations(kernel, 1e-9)[0].diagonal()


def test_rows_far_apart_represent_only_themselves() -> None:
    torch.testing.assert_close(diagonal(torch.eye(4)), torch.ones(4))


def test_two_identical_rows_share_their_work() -> None:
    kernel = torch.tensor([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    torch.testing.assert_close(diagonal(kernel), torch.tensor([0.5, 0.5, 1.0]))


def test_n_identical_rows_do_an_nth_each() -> None:
    vectors = torch.ones(5, 3)
    kernel = gaussian_kernel(vectors, 0.5)
    torch.testing.assert_close(kernel, torch.ones(5, 5))
    torch.testing.assert_close(diagonal(kernel), torch.full((5,), 0.2))


def test_the_objective_never_rises(monkeypatch: pytest.MonkeyPatch) -> None:
    """tr(K - 2 K C + C' K C), from one iteration to the next."""
    vectors = torch.randn(30, 8, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    kernel = gaussian_kernel(vectors, 1.0)
    objectives = [float((kernel - 2 * kernel @ c + c.T @ kernel @ c).trace()) for c in [torch.ones_like(kernel) / 30]]
    for iterations in range(1, 30):
        monkeypatch.setattr(kcm, "MOST_ITERATIONS", iterations)
        c, done = convex_combinations(kernel, 0.0)
        assert done == iterations
        assert c.min() >= 0
        objectives.append(float((kernel - 2 * kernel @ c + c.T @ kernel @ c).trace()))
    assert all(after <= before + 1e-12 for before, after in pairwise(objectives))
    assert objectives[-1] < 0.5 * objectives[0]


def test_iterations_end_when_the_relative_change_is_small() -> None:
    """With K = I each entry of the diagonal becomes its root: 1/4, 1/2, 0.707, ...; its change halves."""
    combinations, iterations = convex_combinations(torch.eye(4), 0.25)
    assert iterations == 3  # from 0.707 to 0.841, which is 19 %
    torch.testing.assert_close(combinations, (4**-0.125) * torch.eye(4))


def test_the_kernel_is_as_wide_as_the_median_distance_says() -> None:
    kernel = gaussian_kernel(torch.tensor([[0.0], [1.0], [3.0]]), 2.0)
    expected = [[1.0, -1 / 16, -9 / 16], [-1 / 16, 1.0, -4 / 16], [-9 / 16, -4 / 16, 1.0]]
    torch.testing.assert_close(kernel.log() + torch.eye(3), torch.tensor(expected))


def test_ranks_are_shares() -> None:
    assert ranks(torch.tensor([-5.0, 7.0, 0.0, 1.0])).tolist() == [0.25, 1.0, 0.5, 0.75]


def test_a_target_that_neurons_cannot_reach_is_refused_before_anything_is_computed(
    make_job: MakeJob, tmp_path: Path
) -> None:
    reason = KCM().skip(make_job(tmp_path, sparsity=0.7))
    assert reason == "all heads stay, and 24,765 parameters of neurons can go, not the 25,805 of the target"
    assert KCM().skip(make_job(tmp_path, sparsity=0.65)) is None


@pytest.mark.parametrize("vectors", ["in", "out"])
def test_an_encoder_decoder_loses_neurons_and_keeps_its_heads(make_job: MakeJob, tmp_path: Path, vectors: str) -> None:
    job = make_job(tmp_path, model=write_tiny_model("whisper", tmp_path / "model"), sparsity=0.3)
    before, remaining = layer_shapes(job.model), job.target.remaining
    KCM({"calibration_seconds": 8.0, "vectors": vectors}).compress(job)
    after = layer_shapes(job.model)
    assert 0 <= count_parameters(job.model) - remaining < 65
    for old, new in zip(before, after, strict=True):
        assert {**old, "neurons": 0} == {**new, "neurons": 0}
        assert 1 <= new["neurons"] < old["neurons"]


def test_identical_neurons_are_the_first_to_go(make_job: MakeJob, tmp_path: Path) -> None:
    """Ten copies of a neuron that is as active as the others: R2 tells them apart."""
    job = make_job(tmp_path)
    units = job.encoder.neurons[0]
    with torch.no_grad():
        units.outward.weight[:, :10] = units.outward.weight[:, :1]
    uniqueness = KCM({"kernel_width": 0.3}).uniqueness(job, units)
    assert uniqueness[:10].max() < 0.2 < 0.9 < uniqueness[10:].min()
