"""Iterative product quantisation: its k-means, its stages, its size, and what it refuses."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
import torch
from conftest import MakeJob
from small_models import write_tiny_model

from benchmark.models.encoder import Encoder
from benchmark.models.forms.codebook import CodebookLinear
from benchmark.toolbox.costs import nearest_centroids
from methods.ipq import IPQ, k_means, means, nearest


def blocks(count: int, width: int) -> torch.Tensor:
    return torch.randn(count, width, generator=torch.Generator().manual_seed(0))


def objective(points: torch.Tensor, count: int, rounds: int) -> float:
    """Sum of squared distances after so many rounds from the same start."""
    found = k_means(points, count, rounds, torch.Generator().manual_seed(1))
    return float((points - found.centroids[found.codes]).double().square().sum())


def test_the_objective_never_rises() -> None:
    objectives = [objective(blocks(2000, 4), 64, rounds) for rounds in range(1, 16)]
    assert all(later <= earlier for earlier, later in pairwise(objectives))
    assert objectives[-1] < 0.9 * objectives[0]


def test_no_more_different_blocks_than_centroids_are_kept_exactly() -> None:
    few = blocks(200, 8).repeat(7, 1)
    found = k_means(few, 256, 20, torch.Generator().manual_seed(0))
    assert torch.equal(found.centroids[found.codes], few)
    assert len(found.centroids) == 200
    assert found.searches == 2  # the first is right, the second sees that nothing changed


def test_the_nearest_centroid_is_the_nearest() -> None:
    points, centroids = blocks(500, 8), blocks(40, 8) + 1
    assert torch.equal(nearest(points, centroids), torch.cdist(points.double(), centroids.double()).argmin(1))


def test_centroids_are_means_and_an_empty_cluster_gets_the_farthest_block() -> None:
    points = torch.tensor([[0.0, 0.0], [2.0, 0.0], [9.0, 8.0], [5.0, 5.0]])
    centroids = means(points, torch.tensor([0, 0, 0, 2]), 3)
    torch.testing.assert_close(centroids, torch.tensor([[11 / 3, 8 / 3], [9.0, 8.0], [5.0, 5.0]]))


@pytest.mark.parametrize("kind", ["wav2vec2", "whisper"])
@pytest.mark.parametrize("settings", [{}, {"noise_share": 0.5}, {"logit_weight": 1.0}], ids=str)
def test_every_matrix_becomes_a_codebook_in_16_bits(
    make_job: MakeJob, tmp_path: Path, settings: dict[str, object], kind: str
) -> None:
    job = make_job(tmp_path, limit=200.0, model=write_tiny_model(kind, tmp_path / kind))
    model = IPQ({"learning_rate": 1e-3, "centroids": 32, **settings}).compress(job)
    assert 0.9 * 200 <= job.budget.spent <= 1.01 * 200
    for matrix in Encoder(model):
        assert isinstance(matrix.linear, CodebookLinear)
        assert matrix.linear.codebook.dtype == torch.float16
        assert matrix.linear.codebook.shape == (32, 8 if matrix.kind in ("ffn_in", "ffn_out") else 4)


@pytest.mark.parametrize(("settings", "trainings"), [({}, 2), ({"noise_share": 0.5}, 3)], ids=str)
def test_noise_is_a_training_before_the_stages_if_asked_for(
    make_job: MakeJob, tmp_path: Path, settings: dict[str, object], trainings: int
) -> None:
    job = make_job(tmp_path, limit=200.0)
    IPQ({"centroids": 32, **settings}).compress(job)
    assert job.phases == trainings


def test_clustering_is_charged(make_job: MakeJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = make_job(tmp_path, limit=200.0)
    charged: list[float] = []
    monkeypatch.setattr(job, "charge", charged.append)
    IPQ({"centroids": 32, "rounds": 1}).compress(job)
    attention, ffn = nearest_centroids(32 * 32 // 4, 32, 4), nearest_centroids(128 * 32 // 8, 32, 8)
    assert charged == [2 * ffn] * 6 + [2 * attention] * 12


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"centroids": 257}, "`centroids` has to be from 1 to 256"),
        ({"rate": 1.0}, "`rate` and `noise_share` have to be at least 0 and below 1"),
        ({"ffn_block": 6}, "matrix 0.ffn_in has 32 inputs, which do not divide into blocks of 6"),
        (
            {"attention_block": 8},
            "matrix 0.q has 128 blocks of 8, so a codebook of 256 would be larger than the matrix: set `centroids` to "
            "at most 128",
        ),
    ],
)
def test_what_cannot_be_is_said_before(
    make_job: MakeJob, tmp_path: Path, settings: dict[str, object], reason: str
) -> None:
    assert (IPQ(settings).skip(make_job(tmp_path)) or "").startswith(reason)
