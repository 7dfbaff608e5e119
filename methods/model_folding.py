"""Model Folding: merge similar heads and neurons by k-means on their weights, without data or training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import nn
from transformers import PreTrainedModel

from benchmark.models.batch import Batch
from benchmark.models.encoder import Matrix
from benchmark.models.full_precision import at_least_fp32
from benchmark.models.units import Units
from benchmark.toolbox import costs
from benchmark.toolbox.calibration import Runs, observe
from benchmark.toolbox.contract import Method
from benchmark.toolbox.fine_tuning import FineTuning, fine_tune
from benchmark.toolbox.job import Job
from benchmark.toolbox.k_means import k_means, membership
from benchmark.toolbox.layer_by_layer import layers_in_turn
from benchmark.toolbox.references import Reference
from benchmark.toolbox.uniform_widths import uniform_widths

Moments = dict[int, torch.Tensor]  # by layer: mean and standard deviation of each neuron's pre-activation (2, neurons)
TINY = 1e-12


@dataclass(frozen=True)
class Clusters:
    """Which units of a layer become one.

    `member` (clusters, units): 1 where a unit belongs to a cluster, otherwise 0. `kept` (clusters,): the unit of each
    cluster that is nearest to its centroid, in ascending order. The merged unit takes its place.
    """

    member: torch.Tensor
    kept: torch.Tensor

    @classmethod
    def of(cls, points: torch.Tensor, count: int, restarts: int, job: Job) -> Clusters:
        """The clusters (count) of the points (units, width) that k-means finds."""
        labels = k_means(points, count, restarts, job.generator, job.charge)
        member = membership(points, labels, count)
        centroids = member @ points / member.sum(1, keepdim=True)
        distances = (points - centroids[labels]).square().sum(1).expand_as(member)
        kept, order = distances.masked_fill(member == 0, torch.inf).argmin(1).sort()
        return cls(member[order], kept)

    @property
    def mean(self) -> torch.Tensor:
        """(U'U)^-1 U' for the paper's assignment U (units, clusters): it averages over each cluster."""
        return self.member / self.member.sum(1, keepdim=True)


def parameters(linears: Sequence[nn.Linear]) -> list[nn.Parameter]:
    """The weights of these matrices, and their biases if there are any."""
    return [parameter for linear in linears for parameter in linear.parameters()]


def blocks(units: Units, linear: nn.Linear, *, bias: bool = True) -> torch.Tensor:
    """The rows of each unit with their biases, if there are any (units, width, inputs + 1), in fp32 at least."""
    parts = [linear.weight, linear.bias[:, None]] if bias and linear.bias is not None else [linear.weight]
    return at_least_fp32(torch.cat(parts, 1).detach()).view(units.count, units.width, -1)


def columns(units: Units) -> torch.Tensor:
    """The columns of each unit (units, width, outputs), in fp32 at least."""
    return at_least_fp32(units.outward.weight.detach()).T.reshape(units.count, units.width, -1)


def features(units: Units) -> torch.Tensor:
    """What units are compared by (units, features).

    For a neuron: its row of W1, its bias, its column of W2. For a head: the products [Wq bq]' Wk and Wo [Wv bv], which
    stay the same when its queries and keys, or its values and outputs, are rotated together. The bias of the keys
    adds the same to all scores of a query, so the softmax cancels it.
    """
    if units.kind == "neurons":
        return torch.cat([blocks(units, units.inward[0]), columns(units)], 2).flatten(1)
    query, key, value = units.inward
    scores = blocks(units, query).transpose(1, 2) @ blocks(units, key, bias=False)
    outputs = columns(units).transpose(1, 2) @ blocks(units, value)
    return torch.cat([scores.flatten(1), outputs.flatten(1)], 1)


@torch.no_grad()
def align(heads: Units, clusters: Clusters) -> None:
    """Rotate every head onto the one that its cluster keeps; the layer's output stays.

    Queries and keys share a rotation; that of the values is undone in the outputs.
    """
    onto = clusters.kept[clusters.member.argmax(0)]
    query, key, value = heads.inward
    rotate(heads, (query, key), onto)
    rotation = rotate(heads, (value,), onto)
    heads.outward.weight.copy_((rotation @ columns(heads)).flatten(0, 1).T)


def rotate(heads: Units, linears: Sequence[nn.Linear], onto: torch.Tensor) -> torch.Tensor:
    """Rotate each head's rows as near to those of the head `onto` (heads,) as they get, by orthogonal Procrustes.

    Returns the rotations (heads, width, width).
    """
    rows = torch.cat([blocks(heads, linear) for linear in linears], 2)
    left, _, right = torch.linalg.svd(rows[onto] @ rows.transpose(1, 2))
    rotation: torch.Tensor = left @ right
    for parameter in parameters(linears):
        by_head = parameter.view(heads.count, heads.width, -1)
        by_head.copy_(rotation @ at_least_fp32(by_head))
    return rotation


def alignment_cost(heads: Units) -> float:
    """Multiply-accumulates of `features` and `align` for a layer's heads."""
    width, inputs = heads.width, heads.outward.out_features
    products = 2 * costs.matrix_product(inputs, width, inputs) + 7 * costs.matrix_product(width, width, inputs)
    return heads.count * (products + 2 * costs.singular_value_decomposition(width, width))


@torch.no_grad()
def merge(units: Units, clusters: Clusters) -> None:
    """Each cluster becomes one unit: the mean of the incoming weights and biases, the sum of the outgoing weights."""
    for parameter in parameters(units.inward):
        by_unit = parameter.view(units.count, -1)
        by_unit[clusters.kept] = (clusters.mean @ at_least_fp32(by_unit)).to(by_unit.dtype)
    outgoing = columns(units).flatten(1)
    outgoing = outgoing.index_copy(0, clusters.kept, clusters.member @ outgoing)
    units.outward.weight.copy_(outgoing.reshape(units.count * units.width, -1).T)
    kept = torch.zeros(units.count, dtype=torch.bool, device=outgoing.device)
    units.cut(kept.index_fill(0, clusters.kept, True))


@torch.no_grad()
def fold_ar(neurons: Units, clusters: Clusters) -> None:
    """Fold-AR: scale the rows of each cluster by `variance_ratio`, before they are merged."""
    (linear,) = neurons.inward
    scale = variance_ratio(at_least_fp32(linear.weight), clusters).sqrt()
    linear.weight.mul_((scale @ clusters.member)[:, None])


def variance_ratio(rows: torch.Tensor, clusters: Clusters) -> torch.Tensor:
    """Mean of |w_i|^2 over each cluster's rows, divided by |mean of w_i|^2 (clusters,).

    For N rows of equal norms whose mean cosine is E its root is the paper's s = N / sqrt(N + (N^2 - N) E). With inputs
    that are uncorrelated and of equal variance, rows scaled by s keep the variance of their pre-activations.
    """
    merged = (clusters.mean @ rows).square().sum(1)
    return clusters.mean @ rows.square().sum(1) / merged.clamp(min=TINY)


def pre_activations(job: Job, runs: Runs, matrices: Sequence[Matrix], batches: Sequence[Batch]) -> Moments:
    """Mean and standard deviation of every output of the matrices, over the valid positions of the batches."""
    sums: dict[int, torch.Tensor] = {}

    def add(matrix: Matrix, inputs: torch.Tensor) -> None:
        outputs = F.linear(inputs, matrix.weight.float(), matrix.linear.bias.float()).double()
        job.charge(costs.matrix_product(len(inputs), inputs.shape[1], outputs.shape[1]))
        powers = torch.stack([torch.ones_like(outputs), outputs, outputs.square()]).sum(1)
        sums[matrix.layer] = sums[matrix.layer] + powers if matrix.layer in sums else powers

    observe(runs, matrices, batches, add)
    means = {layer: (total / count, squares / count) for layer, (count, total, squares) in sums.items()}
    return {
        layer: torch.stack([mean, (square - mean**2).clamp(min=0).sqrt()]) for layer, (mean, square) in means.items()
    }


@torch.no_grad()
def repair(job: Job, batches: Sequence[Batch], wanted: Moments) -> None:
    """REPAIR: give the pre-activations of each merged neuron this mean and deviation, layer after layer."""
    job.meter(job.model)  # as it is now, before hooks are on its layers
    for index, layer in enumerate(layers_in_turn(job, batches)):
        matrix = next(m for m in job.encoder if m.layer == index and m.kind == "ffn_in")
        mean, deviation = pre_activations(job, layer, [matrix], layer.batches)[index]
        scale = wanted[index][1] / deviation.clamp(min=TINY)
        weight, bias = matrix.linear.weight, matrix.linear.bias
        weight.copy_(scale[:, None] * weight)
        bias.copy_(wanted[index][0] + scale * (bias - mean))


class ModelFolding(Method):
    """Merge similar heads and neurons of each layer by k-means on their weights, without data.

    The incoming weights of a cluster are averaged and the outgoing ones summed. Averaging shrinks the variance of the
    pre-activations: Fold-AR restores it from the weights alone, REPAIR from calibration audio. Adaptations: every layer
    loses the same share, of its heads too, since a high target leaves hardly any neurons otherwise. Heads are compared
    by what no rotation changes, and rotated onto each other before they are averaged. In WavLM merged heads take the
    position bias and its gate from one of them, so folding equal heads is not lossless there. No norm layer follows the
    merged neurons, so Fold-AR scales the merged rows, and not their biases. Fold-DIR needs batch norm and is left out.
    With `fine_tune` the rest of the budget trains the folded model.
    """

    title = "Model Folding"
    family = "structured"
    references = (
        Reference("Wang et al.", 2025, "ICLR", arxiv="2502.10216", note="release nanguoyu/model-folding-universal"),
        Reference("Jordan et al.", 2023, "ICLR", arxiv="2211.08403", note="REPAIR"),
    )
    needs = "nothing"

    @dataclass(frozen=True)
    class Settings(FineTuning):
        """`variance`: how the variance of merged neurons is repaired; only `repair` needs calibration audio.

        `heads`: fold heads as well as neurons. `restarts`: runs of k-means, of which the best counts.
        """

        variance: Literal["none", "fold_ar", "repair"] = "fold_ar"
        heads: bool = True
        restarts: int = 3
        calibration_seconds: float = 400.0

    settings: Settings

    def compress(self, job: Job) -> PreTrainedModel:
        settings = self.settings
        widths = uniform_widths(job.encoder, job.target, heads=settings.heads)
        batches, moments = self.calibrated(job)
        for units in job.encoder.units:
            if widths[units.name] == units.count:
                continue
            clusters = Clusters.of(features(units), widths[units.name], settings.restarts, job)
            if units.kind != "neurons":
                job.charge(alignment_cost(units))
                align(units, clusters)
            elif settings.variance == "fold_ar":
                fold_ar(units, clusters)
            elif settings.variance == "repair":
                moments[units.layer] = moments[units.layer] @ clusters.mean.double().T
            merge(units, clusters)
        if settings.variance == "repair":
            repair(job, batches, moments)
        fine_tune(job, settings)
        return job.model

    def calibrated(self, job: Job) -> tuple[list[Batch], Moments]:
        """Calibration audio, and the moments of the dense model's pre-activations over it; empty without REPAIR."""
        if self.settings.variance != "repair":
            return [], {}
        batches = job.calibration(self.settings.calibration_seconds)
        return batches, pre_activations(
            job, job, [matrix for matrix in job.encoder if matrix.kind == "ffn_in"], batches
        )
