"""ACIP: one gradient descent scores every singular direction of the encoder; the model is then cut at any size."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn
from transformers import PreTrainedModel

from benchmark.models.encoder import Matrix
from benchmark.models.forms.factorised import break_even_rank
from benchmark.models.full_precision import at_least_fp32
from benchmark.models.gating import add_gates, remove_gates
from benchmark.models.shapes import factorise
from benchmark.toolbox.contract import Method
from benchmark.toolbox.costs import matrix_product, singular_value_decomposition
from benchmark.toolbox.drawn import Drawn
from benchmark.toolbox.job import Job
from benchmark.toolbox.references import Reference
from benchmark.toolbox.straight_through import straight_through
from benchmark.training.hooks import State

OPEN = 0.02  # s, the value of a mask at the start
LIFE = 400  # steps that a mask takes from s to zero at the paper's rate of 5e-5
GROWTH = 1.01**0.25  # of the penalty in one step of the paper
ADAPTER_SCALE = 0.5  # c = alpha / r = 16 / 32


def adapter_rank(shape: torch.Size, share: float) -> int:
    """Rank of the adapter of a matrix (outputs, inputs): this share of the break-even rank, at least one."""
    return max(1, round(share * break_even_rank(*shape)))


def stored_weights(shapes: Sequence[torch.Size], ranks: Sequence[int]) -> int:
    """Weights of matrices (outputs, inputs) at these ranks: of two factors, or of the dense matrix if it has fewer."""
    return sum(min(rank * sum(shape), shape.numel()) for shape, rank in zip(shapes, ranks, strict=True))


class Directions(nn.Module):
    """A matrix as its singular directions and an adapter, for `torch.nn.utils.parametrize`: W = U (S m / s) V' + c B A.

    The paper's two factors, U / sqrt(s) and its transpose times W, give the same product and the same gradients of m.

    Attributes:
        left, values, right: U (outputs, directions), S (directions,) in descending order, V' (directions, inputs).
        down, up: A (adapter rank, inputs) and B (outputs, adapter rank).
        formed: W in the current step; the backward passes fill in its gradient.
    """

    left: torch.Tensor
    values: torch.Tensor
    right: torch.Tensor

    def __init__(self, weight: torch.Tensor, adapter_rank: int, generator: torch.Generator) -> None:
        super().__init__()
        outputs, inputs = weight.shape
        decomposed = torch.linalg.svd(at_least_fp32(weight), full_matrices=False)
        for name, tensor in zip(("left", "values", "right"), decomposed, strict=True):
            self.register_buffer(name, tensor, persistent=False)  # it follows from the dense model
        bound = inputs**-0.5
        self.down = nn.Parameter(torch.empty(adapter_rank, inputs).uniform_(-bound, bound, generator=generator))
        self.up = nn.Parameter(torch.zeros(outputs, adapter_rank))
        self.formed = weight.detach().requires_grad_()

    def forward(self, _weight: torch.Tensor) -> torch.Tensor:
        """W in the current step."""
        return self.formed

    def masked(self, masks: torch.Tensor) -> torch.Tensor:
        """U (S m / s) V' for masks m (directions,)."""
        return (self.left * (self.values * masks / OPEN)) @ self.right

    def adapter(self) -> torch.Tensor:
        """The adapter's product c B A."""
        return ADAPTER_SCALE * self.up @ self.down

    def factors(self, kept: torch.Tensor, *, merged: bool) -> tuple[torch.Tensor, torch.Tensor]:
        """Factors (rank, inputs) and (outputs, rank) of the kept directions and the adapter.

        The adapter adds its rank to theirs. If it is `merged`, the factors are the best approximation of their rank.
        """
        left, values, right = self.left[:, kept], self.values[kept], self.right[kept]
        if merged:
            rank, both = len(values), (left * values) @ right + self.adapter()
            left, values, right = torch.linalg.svd(both, full_matrices=False)
            left, values, right = left[:, :rank], values[:rank], right[:rank]
        first, second = values.sqrt()[:, None] * right, left * values.sqrt()
        if not merged:
            first, second = torch.cat([first, self.down]), torch.cat([second, ADAPTER_SCALE * self.up], dim=1)
        return first, second


class ScoreMap(nn.Module):
    """The masks and the scores of all singular directions, one matrix after the other.

    Attributes:
        masks: p (all directions,), in fp32 whatever the type of the weights: in bf16 its steps would round to nothing.
        scores: p of an open mask (all directions,); minus the number of steps since it closed for a closed one.
    """

    scores: torch.Tensor

    def __init__(self, matrices: list[Matrix], adapter_share: float, generator: torch.Generator) -> None:
        super().__init__()
        self.matrices = matrices
        self.shapes = [matrix.weight.shape for matrix in matrices]
        ranks = iter([adapter_rank(shape, adapter_share) for shape in self.shapes])
        pairs = add_gates(matrices, lambda weight: Directions(weight, next(ranks), generator))
        self.directions = [directions for _, directions in pairs]
        self._registered = nn.ModuleList(self.directions)
        self.values = [directions.values for directions in self.directions]
        self._counts = [len(values) for values in self.values]
        self.masks = nn.Parameter(torch.full_like(torch.cat(self.values), OPEN, dtype=torch.float32))
        self.register_buffer("scores", self.masks.detach().clone())
        self.adapters = [part for one in self.directions for part in (one.down, one.up)]
        self._learning = True
        self._graphs: list[torch.Tensor] = []  # the weights of the current step
        self._fixed: list[torch.Tensor] = []  # the masked matrices, once the masks have stopped

    def size_ratio(self) -> float:
        """Share of the matrices' weights that the directions with open masks take, without adapters."""
        opened = (self.masks > 0).split(self._counts)
        return self._size(opened, [0] * len(opened)) / sum(shape.numel() for shape in self.shapes)

    def begin(self, stop: float) -> float:
        """Form the next step's weights; masks learn in it if the size ratio, which is returned, is above `stop`."""
        size_ratio, opened = self.size_ratio(), OPEN * (self.masks.detach() > 0)
        self._learning = size_ratio > stop
        if self._learning:
            masked = self._masked(straight_through(opened, self.masks.relu()))
        else:
            masked = self._fixed = self._fixed or self._masked(opened)
        self._graphs = [part + one.adapter() for part, one in zip(masked, self.directions, strict=True)]
        for graph, one in zip(self._graphs, self.directions, strict=True):
            one.formed = graph.detach().to(one.formed.dtype).requires_grad_()
        return size_ratio

    def step_cost(self) -> float:
        """Multiply-accumulates of `begin` and `end`: the adapters' and, if masks learn, a product and its gradient."""
        ranks = [2 * len(one.values) * self._learning + 3 * len(one.down) for one in self.directions]
        return sum(matrix_product(shape[0], rank, shape[1]) for shape, rank in zip(self.shapes, ranks, strict=True))

    def end(self, penalty: float) -> None:
        """Set the step's gradients of the adapters and, if they learn, of the masks.

        `penalty` is the loss for leaving all masks as they were at the start, in nats per utterance.
        """
        torch.autograd.backward(self._graphs, [one.formed.grad for one in self.directions])
        if self.masks.grad is not None:
            self.masks.grad += penalty / (OPEN * len(self.masks)) * (self.masks.detach() > 0)

    @torch.no_grad()
    def update(self) -> None:
        """Score an open mask by its value; lower the score of a closed one, from zero, by one per step."""
        if self._learning:
            self.scores.copy_(torch.where(self.masks > 0, self.masks, self.scores.clamp(max=0.0) - 1))

    def kept(self, weights: int, added: Sequence[int]) -> tuple[torch.Tensor, ...]:
        """Which directions stay if the matrices may take only so many weights: for each, (directions,), on the CPU.

        The lowest scores go first; of equal ones, that further down its matrix's spectrum. Every matrix keeps its first
        direction. `added` is what adapters add to the matrices' ranks.
        """
        places = torch.cat([torch.arange(count) for count in self._counts])
        scores = self.scores.cpu().masked_fill(places == 0, torch.inf)
        last_first = places.argsort(descending=True, stable=True)
        order = last_first[scores[last_first].argsort(stable=True)]

        def without(removed: int) -> tuple[torch.Tensor, ...]:
            kept = torch.ones(len(order), dtype=torch.bool)
            kept[order[:removed]] = False
            return tuple(kept.split(self._counts))

        most = len(order) - len(self._counts)
        return without(bisect_left(range(most), True, key=lambda n: self._size(without(n), added) <= weights))

    @torch.no_grad()
    def cut(self, model: PreTrainedModel, weights: int, *, merged: bool) -> None:
        """Leave the model's matrices with only so many weights: as two factors or, if these are no fewer, dense.

        Adapters are `merged` into the directions' factors, or add to their ranks. A dense matrix takes its adapter and
        keeps all its directions, for nothing.
        """
        added = [0 if merged else len(one.down) for one in self.directions]
        kept = self.kept(weights, added)
        remove_gates(self.matrices, apply=False)
        for matrix, one, staying, more in zip(self.matrices, self.directions, kept, added, strict=True):
            rank = int(staying.sum()) + more
            if rank >= break_even_rank(*matrix.weight.shape):
                matrix.weight.add_(one.adapter())
                continue
            first, second = one.factors(staying, merged=merged)
            thin = factorise(model, matrix, rank)
            thin.first.weight.copy_(first)
            thin.second.weight.copy_(second)

    def _masked(self, masks: torch.Tensor) -> list[torch.Tensor]:
        return [one.masked(part) for part, one in zip(masks.split(self._counts), self.directions, strict=True)]

    def _size(self, kept: Sequence[torch.Tensor], added: Sequence[int]) -> int:
        ranks: list[int] = torch.stack([part.sum() for part in kept]).tolist()
        return stored_weights(self.shapes, [rank + more for rank, more in zip(ranks, added, strict=True)])


class ACIP(Method):
    """Train a mask on every singular direction once; cut the model at each target in the order in which masks close.

    Masks and adapters on all encoder matrices are trained together under a growing one-sided L1 penalty until the open
    directions take the share `stop` of the weights; then the masks stay, and the adapters are trained further. All
    other parameters are frozen. Adaptations: the masks' rate and the penalty's growth follow from the number of steps
    (at the paper's 5e-5 no mask closes within 400); the penalty starts as a loss per utterance; `stop` is lower than
    the paper's 0.4, so that every target is cut in the order of closing; adapters count, so their rank is the paper's
    share of the break-even rank; no dropout. With `recovery` the cut model is trained further, all parameters of it.
    """

    title = "ACIP"
    family = "low-rank"
    references = (Reference("Genzel et al.", 2025, "TMLR", arxiv="2502.01717", note="release merantix-momentum/acip"),)
    one_training = True
    phases = 2
    drawn = Drawn(matrices=True, curves={"sparsity": "sparsity (%)"})
    tunable = ("recovery", 0.5, 0.0)

    @dataclass(frozen=True)
    class Settings:
        """`scores`: `singular_values` trains neither masks nor adapters, which leaves plain truncated SVD.

        `adapters`: counted in the ranks, or merged into factors of the same rank. `adapter_share`: their rank as a
        share of the break-even rank. `size_weight`: the penalty at the start, in nats per utterance. `reach`: share of
        the steps in which a mask could close at full rate. `recovery`: share of the budget that trains the cut model.
        """

        learning_rate: float = 5e-5
        scores: Literal["learnt", "singular_values"] = "learnt"
        adapters: Literal["counted", "merged"] = "counted"
        adapter_share: float = 1 / 64
        size_weight: float = 18.0
        reach: float = 0.15
        stop: float = 0.1
        recovery: float = 0.0

    settings: Settings

    def skip(self, job: Job) -> str | None:
        if self.settings.reach <= 0:
            return "`reach` has to be above 0"
        shapes, share = [matrix.weight.shape for matrix in job.encoder], self.settings.adapter_share
        ranks = [1 + (0 if self._merged else adapter_rank(shape, share)) for shape in shapes]
        least, left = stored_weights(shapes, ranks), job.target.encoder_parameters - job.target.removed
        return f"the lowest ranks take {least:,} weights, but only {left:,} may stay" if least > left else None

    def compress(self, job: Job) -> PreTrainedModel:
        settings = self.settings
        directions = ScoreMap(job.encoder.matrices, settings.adapter_share, job.generator)
        decompositions = 2 if self._merged else 1  # merging takes another, paid now, as training leaves no budget
        job.charge(decompositions * sum(singular_value_decomposition(*shape) for shape in directions.shapes))
        if settings.scores == "learnt":
            job.train_once(directions, lambda: self._learn(job, directions))
        else:
            directions.scores.copy_(torch.cat(directions.values))
        directions.cut(job.model, job.target.encoder_parameters - job.target.removed, merged=self._merged)
        if settings.recovery:
            job.train(job.model, learning_rate=settings.learning_rate)
        return job.model

    @property
    def _merged(self) -> bool:  # untrained adapters are zero, and merging them changes nothing
        return self.settings.adapters == "merged" or self.settings.scores == "singular_values"

    def _learn(self, job: Job, directions: ScoreMap) -> None:
        """Train masks and adapters together, then the adapters alone."""
        settings = self.settings
        trained = {id(parameter) for parameter in directions.parameters()}
        frozen = nn.ParameterList(p for p in job.model.parameters() if p.requires_grad and id(p) not in trained)
        rate = OPEN / (settings.reach * job.expected_steps(1 - settings.recovery))

        def before_step(_state: State) -> None:
            job.log(sparsity=1 - directions.begin(settings.stop))
            job.charge(directions.step_cost())

        def after_backward(state: State) -> None:
            directions.end(settings.size_weight * GROWTH ** (LIFE * state.progress / settings.reach))

        frozen.requires_grad_(False)
        job.train(
            job.model,
            extra=directions,
            learning_rate=settings.learning_rate,
            share=1 - settings.recovery,
            before_step=before_step,
            after_backward=after_backward,
            after_step=lambda _state: directions.update(),
            parameter_groups=[{"params": directions.adapters}, {"params": [directions.masks], "lr": rate}],
        )
        frozen.requires_grad_(True)
        job.note(f"trained to a size ratio of {directions.size_ratio():.3f}; the masks stop at {settings.stop:g}")
