"""FlexiGPT: the least influential layers take the weights of another layer, with low-rank differences of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, pairwise, product

import torch
import torch.nn.functional as F
from transformers import PreTrainedModel

from benchmark.models.architectures.architecture import Kind
from benchmark.models.batch import Batch
from benchmark.models.encoder import Matrix
from benchmark.models.forms.adapted import AdaptedLinear
from benchmark.system.errors import CannotReachTarget
from benchmark.toolbox.contract import Method
from benchmark.toolbox.costs import singular_value_decomposition, singular_values
from benchmark.toolbox.job import Job
from benchmark.toolbox.layer_by_layer import OneLayer, Waiting, layers_in_turn
from benchmark.toolbox.references import Reference
from benchmark.toolbox.target import Target

OUTPUTS: tuple[Kind, ...] = ("out", "cross_out", "ffn_out")  # their outputs are added to the residual stream


def block_influence(before: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
    """BI = 1 - E cos(x, y) of a layer's inputs x and outputs y, both (positions, width)."""
    return 1 - F.cosine_similarity(before, after, dim=-1).mean()


@torch.no_grad()
def block_influences(job: Job, batches: Sequence[Batch]) -> list[float]:
    """The influence of each layer over all positions without padding: frames, or the tokens of a decoder."""
    influences, last_of_stacks = [], set(accumulate(len(stack) for stack in job.encoder.stacks))
    layers = chain(layers_in_turn(job, batches), [None])
    for number, (layer, following) in enumerate(pairwise(layers), 1):
        assert layer is not None
        outputs = layer.outputs() if following is None or number in last_of_stacks else following.batches
        before, after = (_positions(layer, waiting) for waiting in (layer.batches, outputs))
        influences.append(float(block_influence(before, after)))
    return influences


def _positions(layer: OneLayer, batches: Sequence[Waiting]) -> torch.Tensor:
    """The hidden states (positions, width) of the batches, without padding."""
    tokens = layer.architecture.reads_tokens(layer.model, "q")
    return torch.cat([batch.hidden[batch.unpadded(batch.hidden.shape[1], tokens=tokens)].float() for batch in batches])


def order_of_replacement(depths: Sequence[int], influences: Sequence[float]) -> list[int]:
    """Layers in the order in which they are replaced: the least influential of each stack first.

    The most influential layer of a stack is never replaced. Stacks shrink alike; where their shares are equal, a layer
    of the decoder goes first.

    Args:
        depths: number of layers of each stack.
        influences: of all layers, stack after stack.
    """
    places, start = [], 0
    for stack, depth in enumerate(depths):
        ranked = sorted(range(start, start + depth), key=lambda layer: influences[layer])
        places += [((place + 1) / depth, -stack, layer) for place, layer in enumerate(ranked[:-1])]
        start += depth
    return [layer for _, _, layer in sorted(places)]


def size_per_rank(matrices: Sequence[Matrix]) -> int:
    """Parameters of the differences of all these matrices, per rank."""
    return sum(matrix.linear.in_features + matrix.linear.out_features for matrix in matrices)


def room(matrices: Sequence[Matrix], target: Target, *, normalised: bool) -> int:
    """Parameters that the differences of the replaced matrices may have, so that the target's remain."""
    scales = sum(m.linear.out_features for m in matrices if normalised and m.kind in OUTPUTS)
    return sum(m.linear.weight.numel() for m in matrices) - scales - target.removed


def replaced_matrices(
    matrices: Sequence[Matrix], order: Sequence[int], target: Target, least_rank: int, *, normalised: bool
) -> list[Matrix]:
    """The matrices of as few layers as leave room for differences of `least_rank`, or else of all that may go.

    Raises:
        CannotReachTarget: the target leaves no room for differences, though all layers of a stack share one's weights.
    """
    for number in range(len(order) + 1):
        chosen = [matrix for matrix in matrices if matrix.layer in order[:number]]
        left = room(chosen, target, normalised=normalised)
        if left >= least_rank * size_per_rank(chosen):
            return chosen
    if left < 0:
        raise CannotReachTarget(f"with the weights of one layer per stack, {-left} parameters too many are left")
    return chosen


def ranks_for(matrices: Sequence[Matrix], room: int) -> dict[str, int]:
    """The highest rank for which all differences fit into `room`; what is left raises the first ones by one."""
    rank = room // max(1, size_per_rank(matrices))
    left = room - rank * size_per_rank(matrices)
    ranks = {}
    for matrix in matrices:
        more = size_per_rank([matrix]) <= left
        ranks[matrix.name] = rank + more
        left -= more * size_per_rank([matrix])
    return ranks


def planned_ranks(job: Job, influences: Sequence[float], least_rank: int, *, normalised: bool) -> dict[str, int]:
    """The replaced matrices by name, each with the rank of its difference, such that the target's parameters remain.

    Raises:
        CannotReachTarget: as `replaced_matrices`.
    """
    order = order_of_replacement([len(stack) for stack in job.encoder.stacks], influences)
    matrices = replaced_matrices(job.encoder.matrices, order, job.target, least_rank, normalised=normalised)
    return ranks_for(matrices, room(matrices, job.target, normalised=normalised))


def truncated(weight: torch.Tensor, rank: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Factors V' (rank, inputs) and U S (outputs, rank) of the best approximation of a weight of this rank, in fp64."""
    left, values, right = torch.linalg.svd(weight.detach().double(), full_matrices=False)
    return right[:rank], left[:, :rank] * values[:rank]


def approximated(weight: torch.Tensor, rank: int) -> torch.Tensor:
    """The best approximation (outputs, inputs) of a weight of this rank, in fp64."""
    first, second = truncated(weight, rank)
    return second @ first


def distance(ours: torch.Tensor, other: torch.Tensor, rank: int) -> float:
    """d = ||W_i - W_j - D||_F, where D is the best approximation of W_i - W_j of this rank.

    It is the root of the sum of the squared singular values of W_i - W_j beyond the rank.
    """
    return float(torch.linalg.svdvals(ours - other)[rank:].square().sum().sqrt())


@torch.no_grad()
def nearest_layers(job: Job, ranks: dict[str, int]) -> dict[int, int]:
    """For each replaced layer i, the layer j of its stack that stays and has the least distance, summed over matrices.

    The distance is that of the weights' low-rank approximations. Otherwise what no difference of low rank can bridge
    would decide, and all layers would choose the same one.

    Args:
        job: the run.
        ranks: the replaced matrices by name, with their ranks. The distance is for the least of them, or for rank one.
    """
    weights = {(matrix.layer, matrix.kind): matrix.weight for matrix in job.encoder}
    replaced = {matrix.layer for matrix in job.encoder if matrix.name in ranks}
    rank = max(1, min(ranks.values(), default=1))
    nearest: dict[int, int] = {}
    start = 0
    for stack in job.encoder.stacks:
        layers = range(start, start + len(stack))
        start += len(stack)
        going, staying = [i for i in layers if i in replaced], [j for j in layers if j not in replaced]
        distances = dict.fromkeys(product(going, staying), 0.0)
        for kind in job.encoder.architecture.paths(stack[0]) if going else ():
            shape = weights[layers[0], kind].shape
            job.charge(len(layers) * singular_value_decomposition(*shape) + len(distances) * singular_values(*shape))
            near = {layer: approximated(weights[layer, kind], rank) for layer in layers}
            for i, j in distances:
                distances[i, j] += distance(near[i], near[j], rank)
        nearest |= {i: min((distances[i, j], j) for j in staying)[1] for i in going}
    return nearest


@torch.no_grad()
def share_weights(job: Job, ranks: dict[str, int], nearest: dict[int, int], gamma: float | None) -> None:
    """Give the replaced matrices the weights of their nearest layers, plus the SVD of W_i - W_j cut at their ranks.

    Biases and layer norms stay as they are.

    Args:
        job: the run whose model is changed.
        ranks: the replaced matrices by name, with the ranks of their differences.
        nearest: by replaced layer, the layer whose weights it shares from now on.
        gamma: start of the scale of the normalised outputs; None leaves outputs as they are.
    """
    dense = {(matrix.layer, matrix.kind): matrix.linear for matrix in job.encoder}
    for matrix in job.encoder:
        if matrix.name not in ranks:
            continue
        base = dense[nearest[matrix.layer], matrix.kind]
        job.charge(singular_value_decomposition(*base.weight.shape))
        first, second = truncated(matrix.weight - base.weight, ranks[matrix.name])
        scale = None if gamma is None or matrix.kind not in OUTPUTS else torch.full((base.out_features,), gamma)
        job.encoder.put(matrix, AdaptedLinear(base, first, second, bias=matrix.linear.bias, gamma=scale))


class FlexiGPT(Method):
    """Let the least influential layers share another layer's weights, with low-rank differences, and fine-tune.

    Adaptations: rank and number of replaced layers follow from the target; distances are summed over a layer's
    matrices; biases and layer norms of a replaced layer stay its own, so in a post-LN model it does not start as the
    identity; all weights are trained, with the suite's schedule.
    """

    title = "FlexiGPT"
    family = "shared"
    references = (Reference("Smith et al.", 2025, "NAACL", arxiv="2501.14713", note="adaptation"),)
    tunable = ("gamma", 0.01, 0.1)

    @dataclass(frozen=True)
    class Settings:
        """`gamma`: start of the normalised outputs' scale, None for outputs as they are; `least_rank`: see the docs."""

        learning_rate: float = 2e-4
        gamma: float | None = 0.01
        least_rank: int = 16
        calibration_seconds: float = 100.0

    settings: Settings

    def skip(self, job: Job) -> str | None:
        settings = self.settings
        if settings.least_rank < 0 or settings.calibration_seconds <= 0:
            return "`least_rank` has to be at least 0, and `calibration_seconds` above 0"
        return None

    def compress(self, job: Job) -> PreTrainedModel:
        settings = self.settings
        influences = block_influences(job, job.calibration(settings.calibration_seconds))
        ranks = planned_ranks(job, influences, settings.least_rank, normalised=settings.gamma is not None)
        nearest = nearest_layers(job, ranks)
        share_weights(job, ranks, nearest, settings.gamma)
        job.log(**{f"influence_{layer}": influence for layer, influence in enumerate(influences)})
        pairs = ", ".join(f"{layer} of {base}" for layer, base in nearest.items())
        used = ", ".join(str(rank) for rank in sorted(set(ranks.values())))
        job.note(f"layers with the weights of another layer: {pairs}; ranks of their differences: {used}")
        job.train(job.model, learning_rate=settings.learning_rate)
        return job.model
