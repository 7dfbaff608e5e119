"""PruneNet: a policy learns which FFN neurons to keep, from the singular values of the weights alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Literal

import torch
import torch.nn.functional as F
from scipy import stats
from torch import nn
from transformers import PreTrainedModel

from benchmark.models.units import Units
from benchmark.system.errors import CannotCompress
from benchmark.toolbox import costs
from benchmark.toolbox.contract import Method
from benchmark.toolbox.drawn import Drawn
from benchmark.toolbox.fine_tuning import FineTuning, fine_tune
from benchmark.toolbox.job import Job
from benchmark.toolbox.masks import topk_mask
from benchmark.toolbox.references import Reference
from benchmark.toolbox.uniform_widths import uniform_widths

LARGEST_REWARD = 99_999.0  # where the distance is zero
CERTAIN = 1e-6  # nearest to 0 or 1 that a probability is distinguished from it


class Policy(nn.Module):
    """Scores the rows of matrices W (rows, width): a = sigmoid((W P' + c) v) is how likely each row is to stay.

    Attributes:
        projection: P (rows, width) and c (rows,).
        importance: v (rows,), uniform in (0, 1) at the start.
    """

    def __init__(self, rows: int, width: int) -> None:
        super().__init__()
        self.projection = nn.Linear(width, rows)
        self.importance = nn.Parameter(torch.rand(rows))

    def forward(self, weight: torch.Tensor) -> torch.Tensor:
        """Logits of a (rows,), as W (P' v) + c' v, which needs no (rows x rows) product."""
        return weight @ (self.projection.weight.T @ self.importance) + self.projection.bias @ self.importance


def kolmogorov_smirnov(a: torch.Tensor, b: torch.Tensor) -> float:
    """Largest difference between the empirical distribution functions of two sets of values (count,)."""
    return float(stats.ks_2samp(a.numpy(), b.numpy(), method="asymp").statistic)


def reward(distance: float) -> float:
    """1 / distance, and 99,999 for a distance of zero, as in the release."""
    return 1 / distance if distance else LARGEST_REWARD


@dataclass(frozen=True)
class FeedForward:
    """The state of a layer: what the policy sees of its FFN, on the CPU in fp32.

    `weight`: W1 (neurons, width); `spectrum`: its singular values; `keep`: how many neurons stay.
    """

    units: Units
    weight: torch.Tensor
    spectrum: torch.Tensor
    keep: int

    @classmethod
    def of(cls, units: Units, keep: int, job: Job) -> FeedForward:
        """The state of the dense layer; charged to the job."""
        weight = units.inward[0].weight.detach().float().cpu()
        job.charge(costs.singular_values(*weight.shape))
        return cls(units, weight, torch.linalg.svdvals(weight), keep)

    @property
    def shape(self) -> str:
        """Layers of the same shape share a policy."""
        return "x".join(map(str, self.weight.shape))

    def distance(self, rows: torch.Tensor, job: Job) -> float:
        """Kolmogorov-Smirnov distance between the singular values of W1 and of these rows of it; charged to the job."""
        job.charge(costs.singular_values(len(rows), self.weight.shape[1]))
        return kolmogorov_smirnov(self.spectrum, torch.linalg.svdvals(self.weight[rows]))

    def score(self, policies: nn.ModuleDict, job: Job) -> torch.Tensor:
        """Logits (neurons,) of the policy for layers of this shape; charged to the job with their backward pass.

        Raises:
            CannotCompress: they are not finite, or all rows are certain to stay, or to go.
        """
        logits: torch.Tensor = policies[self.shape](self.weight)
        job.charge(3 * 2 * costs.matrix_product(len(self.weight), self.weight.shape[1], 1))
        chances = torch.sigmoid(logits.detach())
        if not chances.isfinite().all():
            raise CannotCompress(f"the policy has diverged: its scores of {self.units.name} are not finite")
        for certain, collapsed in ((1, chances > 1 - CERTAIN), (0, chances < CERTAIN)):
            if collapsed.all():
                raise CannotCompress(
                    f"the policy has collapsed: all of {self.units.name} stay with probability {certain}; lower "
                    "`policy_learning_rate` or `episodes`"
                )
        return logits

    def cut(self, rows: torch.Tensor) -> None:
        """Cut out all neurons but these."""
        kept = torch.zeros(self.units.count, dtype=torch.bool).index_fill(0, rows, True)
        self.units.cut(kept.to(self.units.outward.weight.device))


def sample(logits: torch.Tensor, keep: int, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """An action: `keep` rows in order, and the sum of log o over them.

    o = sigmoid(logit u + logit a), u uniform in (0, 1); the rows are drawn without replacement in proportion to o.
    """
    noise = torch.rand(len(logits), generator=generator).clamp(CERTAIN, 1 - CERTAIN).logit()
    chances = torch.sigmoid(noise + logits.detach()).clamp(min=CERTAIN)
    rows = torch.multinomial(chances, keep, generator=generator).sort().values
    return rows, F.logsigmoid(noise + logits)[rows].sum()


class PruneNet(Method):
    """Learn a policy that keeps FFN neurons whose rows have singular values like those of the whole matrix.

    An action's reward is the inverse of the Kolmogorov-Smirnov distance between the two sets of singular values.
    Adaptations: layers of different shapes have a policy each; every layer loses the same share of its neurons, and of
    its heads, those of least energy, since the FFNs cannot meet a high target alone. Differences to the release: one
    optimiser step per episode, not per layer; log-probabilities belong to the noise of the actions, where the release
    draws new noise; its optional KL term is left out. The last policy prunes, and samples, as published.
    `deterministic` keeps the rows with the highest a instead; `random`, the control, draws rows uniformly.
    With `fine_tune` the rest of the budget trains the pruned model.
    """

    title = "PruneNet"
    family = "structured"
    references = (Reference("Sengupta et al.", 2025, "ICLR", arxiv="2501.15296", note="release LCS2-IIITD/PruneNet"),)
    needs = "nothing"
    drawn = Drawn(matrices=False, curves={"distance": "Kolmogorov-Smirnov distance"})

    @dataclass(frozen=True)
    class Settings(FineTuning):
        """`selection`: how the rows are chosen in the end; `discount`: gamma, per layer.

        `heads`: remove heads as well as neurons.
        """

        selection: Literal["stochastic", "deterministic", "random"] = "stochastic"
        episodes: int = 20
        policy_learning_rate: float = 1e-3
        discount: float = 0.99
        heads: bool = True

    settings: Settings

    def compress(self, job: Job) -> PreTrainedModel:
        settings = self.settings
        widths = uniform_widths(job.encoder, job.target, heads=settings.heads)
        layers = [FeedForward.of(units, widths[units.name], job) for units in job.encoder.neurons]
        rows = self.random(job, layers) if settings.selection == "random" else self.learnt(job, layers)
        job.log(distance=mean([layer.distance(kept, job) for layer, kept in zip(layers, rows, strict=True)]))
        for layer, kept in zip(layers, rows, strict=True):
            layer.cut(kept)
        for heads in job.encoder.heads:
            heads.cut(topk_mask(heads.squared_norm(), widths[heads.name] / heads.count))
        fine_tune(job, settings)
        return job.model

    def random(self, job: Job, layers: Sequence[FeedForward]) -> list[torch.Tensor]:
        """The rows of each layer that stay in the control: drawn uniformly."""
        return [
            torch.randperm(layer.units.count, generator=job.generator)[: layer.keep].sort().values for layer in layers
        ]

    def learnt(self, job: Job, layers: Sequence[FeedForward]) -> list[torch.Tensor]:
        """The rows of each layer that stay by a policy that was trained to maximise sum gamma^i r_i over the layers i.

        Raises:
            CannotCompress: the policy has collapsed.
        """
        policies = nn.ModuleDict({layer.shape: Policy(*layer.weight.shape) for layer in layers})
        optimizer = torch.optim.AdamW(policies.parameters(), lr=self.settings.policy_learning_rate)
        for _ in job.loop("policy", self.settings.episodes, policies=policies, optimizer=optimizer):
            losses, distances = [], []
            for index, layer in enumerate(layers):
                rows, log_probability = sample(layer.score(policies, job), layer.keep, job.generator)
                distances.append(layer.distance(rows, job))
                losses.append(-(self.settings.discount**index) * reward(distances[-1]) * log_probability)
            optimizer.zero_grad()
            torch.stack(losses).sum().backward()
            optimizer.step()
            job.log(distance=mean(distances))
        with torch.no_grad():
            logits = [layer.score(policies, job) for layer in layers]
        if self.settings.selection == "deterministic":
            return [scores.topk(layer.keep).indices.sort().values for scores, layer in zip(logits, layers, strict=True)]
        return [sample(scores, layer.keep, job.generator)[0] for scores, layer in zip(logits, layers, strict=True)]
