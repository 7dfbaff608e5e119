"""k-means: it finds groups that are apart, leaves no cluster empty, and says what it computes."""

from __future__ import annotations

import pytest
import torch

from benchmark.toolbox.costs import nearest_centroids
from benchmark.toolbox.k_means import k_means, membership


def clustered(points: torch.Tensor, count: int, restarts: int = 1) -> tuple[torch.Tensor, list[float]]:
    charged: list[float] = []
    return k_means(points, count, restarts, torch.Generator().manual_seed(1), charged.append), charged


def test_groups_that_are_apart_are_found() -> None:
    torch.manual_seed(0)
    truth = torch.arange(60) % 12
    points = 100 * torch.randn(12, 7)[truth] + torch.randn(60, 7)
    labels, charged = clustered(points, 12)
    assert torch.equal(labels[:, None] == labels, truth[:, None] == truth)
    assert charged == [nearest_centroids(60, 12, 7), *[2 * nearest_centroids(60, 12, 7)] * (len(charged) - 1)]
    assert 2 < len(charged) <= 21


@pytest.mark.parametrize("different", [1, 2, 3])
def test_no_cluster_is_empty_even_with_fewer_different_points(different: int) -> None:
    points = torch.eye(3)[torch.arange(9) % different]
    labels, _ = clustered(points, 5)
    assert sorted(labels.unique().tolist()) == [0, 1, 2, 3, 4]


def test_more_restarts_are_never_worse() -> None:
    torch.manual_seed(1)
    points = torch.randn(80, 10)

    def error(restarts: int) -> float:
        labels, _ = clustered(points, 20, restarts)
        member = membership(points, labels, 20)
        centroids = member @ points / member.sum(1, keepdim=True)
        return float((points - centroids[labels]).square().sum())

    errors = [error(restarts) for restarts in (1, 2, 4, 8)]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < errors[0]
