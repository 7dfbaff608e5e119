"""k-means clustering on the device of the points, reproducible from a generator."""

from __future__ import annotations

from collections.abc import Callable

import torch

from benchmark.toolbox.costs import nearest_centroids

ROUNDS = 20  # at most
Charge = Callable[[float], None]


def k_means(
    points: torch.Tensor, count: int, restarts: int, generator: torch.Generator, charge: Charge
) -> torch.Tensor:
    """The cluster of each point (points,): the best of several runs of Lloyd's algorithm from k-means++ seeds.

    No cluster is empty.

    Args:
        points: (points, width).
        count: number of clusters, at most that of the points.
        restarts: number of runs.
        generator: source of the seeds, on the CPU.
        charge: is told the multiply-accumulates.
    """
    runs = [_lloyd(points, _seeds(points, count, generator, charge), charge) for _ in range(restarts)]
    return min(runs, key=lambda run: run[1])[0]


def membership(points: torch.Tensor, labels: torch.Tensor, count: int) -> torch.Tensor:
    """1 where a point belongs to a cluster, otherwise 0 (count, points), in the points' type."""
    return (labels == torch.arange(count, device=labels.device)[:, None]).to(points.dtype)


def _seeds(points: torch.Tensor, count: int, generator: torch.Generator, charge: Charge) -> torch.Tensor:
    """Points (count, width), each drawn in proportion to the squared distance from those before it."""
    norms = points.square().sum(1)
    distances = torch.ones_like(norms)  # the first is drawn uniformly
    seeds: list[torch.Tensor] = []
    for draw in torch.rand(count, generator=generator).to(points):
        cumulative = distances.cumsum(0)
        seeds.append((cumulative <= draw * cumulative[-1]).sum().clamp(max=len(points) - 1))
        from_seed = (norms + norms[seeds[-1]] - 2 * points @ points[seeds[-1]]).clamp(min=0)
        distances = from_seed.minimum(distances) if len(seeds) > 1 else from_seed
    charge(nearest_centroids(len(points), count, points.shape[1]))
    return points[torch.stack(seeds)]


def _lloyd(points: torch.Tensor, centroids: torch.Tensor, charge: Charge) -> tuple[torch.Tensor, float]:
    """The cluster of each point (points,), and the sum of squared distances from the centroids."""
    count, norms = len(centroids), points.square().sum(1, keepdim=True)
    labels = torch.full((len(points),), -1, device=points.device)
    for _ in range(ROUNDS):
        distances, nearest = (norms + centroids.square().sum(1) - 2 * points @ centroids.T).min(1)
        before, labels = labels, _without_empty(nearest, distances, count)
        member = membership(points, labels, count)
        centroids = member @ points / member.sum(1, keepdim=True)
        charge(2 * nearest_centroids(len(points), count, points.shape[1]))  # distances, and centroids
        if torch.equal(labels, before):
            break
    return labels, float((points - centroids[labels]).square().sum())


def _without_empty(labels: torch.Tensor, distances: torch.Tensor, count: int) -> torch.Tensor:
    """The labels, but each empty cluster gets the point that is farthest from its centroid and not alone there."""
    sizes = labels.bincount(minlength=count)
    for empty in (sizes == 0).nonzero().flatten().tolist():
        moved = distances.masked_fill(sizes[labels] == 1, -torch.inf).argmax()
        labels = labels.index_fill(0, moved, empty)
        sizes = labels.bincount(minlength=count)
    return labels
