"""Kwon et al.: prune heads and neurons by the Fisher information of their masks, and rescale the others."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import torch
from transformers import PreTrainedModel

from benchmark.models.batch import Batch
from benchmark.models.full_precision import at_least_fp32
from benchmark.models.output import Output
from benchmark.models.units import Units
from benchmark.system.errors import CannotReachTarget
from benchmark.toolbox.contract import Method
from benchmark.toolbox.costs import matrix_product
from benchmark.toolbox.fine_tuning import FineTuning, fine_tune
from benchmark.toolbox.job import Job
from benchmark.toolbox.references import Reference
from benchmark.toolbox.scales import absorb, masked, teacher_removed, tuned_scales


def own_loss(output: Output) -> torch.Tensor:
    """Negative log-likelihood of the model's likeliest output at every valid position, in nats, summed."""
    likeliest = at_least_fp32(output.logits).log_softmax(-1).amax(-1)
    return -(likeliest * output.valid).sum()


def mask_gradients(job: Job, batches: Sequence[Batch], groups: Sequence[Units]) -> list[torch.Tensor]:
    """Gradients (utterances, count) of every utterance's loss with respect to masks of ones, for each group."""
    of_batches = []
    for batch in batches:
        shape = len(batch.frames), 1
        masks = [torch.ones(*shape, units.count, device=job.model.device, requires_grad=True) for units in groups]
        with masked(groups, masks):
            of_batches.append(torch.autograd.grad(own_loss(job.forward(job.model, batch)), masks))
    return [torch.cat(of_group).squeeze(1) for of_group in zip(*of_batches, strict=True)]


class _Ranking:
    """Heads, or neurons, of all layers in the order in which a search keeps them.

    Attributes:
        units: (group, unit) of each. The best one of every group is among the first `least`, since it always stays;
            the others follow by importance.
        importance: summed over the first n units, for n from 0.
        cost: their parameters, likewise.
    """

    def __init__(self, groups: Sequence[Units], importance: Sequence[torch.Tensor], members: list[int]) -> None:
        scores = {group: importance[group].tolist() for group in members}
        best = {(group, each.index(max(each))) for group, each in scores.items()}
        units = [(group, unit) for group, each in scores.items() for unit in range(len(each))]
        self.units = sorted(units, key=lambda unit: (unit not in best, -scores[unit[0]][unit[1]]))
        self.importance = list(accumulate((scores[group][unit] for group, unit in self.units), initial=0.0))
        self.cost = list(accumulate((groups[group].cost for group, _ in self.units), initial=0))
        self.least = len(members)


def search(groups: Sequence[Units], importance: Sequence[torch.Tensor], removed: int) -> list[torch.Tensor]:
    """Which units (count,) of each group stay when `removed` parameters go: the paper's algorithm 1.

    For each number of heads, the most important heads and as many of the most important neurons as fit are summed up;
    the numbers with the highest sum are taken.

    Args:
        groups: all units of the model.
        importance: of each unit (count,), for each group.
        removed: parameters to remove.

    Raises:
        CannotReachTarget: the units hold too few parameters.
    """
    neurons_at = [index for index, units in enumerate(groups) if units.kind == "neurons"]
    heads = _Ranking(groups, importance, [index for index in range(len(groups)) if index not in neurons_at])
    neurons = _Ranking(groups, importance, neurons_at)
    budget = heads.cost[-1] + neurons.cost[-1] - removed
    sums = []
    for count in range(heads.least, len(heads.units) + 1):
        fitting = bisect_right(neurons.cost, budget - heads.cost[count]) - 1
        if fitting >= neurons.least:
            sums.append((heads.importance[count] + neurons.importance[fitting], count, fitting))
    if not sums:
        excess = heads.cost[heads.least] + neurons.cost[neurons.least] - budget
        raise CannotReachTarget(
            f"with one head per attention and one neuron per layer, {excess} parameters too many are left"
        )
    _, count, fitting = max(sums)
    kept = [torch.zeros(units.count, dtype=torch.bool) for units in groups]
    for group, unit in heads.units[:count] + neurons.units[:fitting]:
        kept[group][unit] = True
    return [mask.to(units.outward.weight.device) for mask, units in zip(kept, groups, strict=True)]


def rearranged(kept: torch.Tensor, gradients: torch.Tensor) -> torch.Tensor:
    """Which units (count,) of a group stay when their interactions count: as many as before, by greedy swaps.

    The loss of pruning is ||G 1||^2 with the gradients G (utterances, pruned units), which is the Fisher information of
    the group as a block. Every kept unit in turn, the least important first, is pruned too, and the unit comes back
    without which the norm is smallest.
    """
    pruned, gradients = ~kept.cpu(), gradients.cpu().double()
    importance = gradients.square().sum(0)
    total = gradients[:, pruned].sum(1)
    if not pruned.any():
        return kept
    for unit in [unit for unit in importance.argsort(stable=True).tolist() if not pruned[unit]]:
        pruned[unit] = True
        total = total + gradients[:, unit]
        change = importance - 2 * gradients.T @ total  # of the squared norm, if this unit comes back
        back = int(change.masked_fill(~pruned, torch.inf).argmin())
        pruned[back] = False
        total = total - gradients[:, back]
    return (~pruned).to(kept.device)


class Kwon(Method):
    """Choose heads and neurons by the Fisher information of their masks, rescale those that stay, and cut the others.

    The steps are mask search, mask rearrangement within each layer, and mask tuning. Adaptations: the cost of a unit is
    its parameters, not its multiply-accumulates; every group keeps a unit; gradients are of the model's likeliest
    outputs, not of labels, and per utterance; the least squares are solved exactly, damped relative to their diagonal
    and without the release's constant column for heads. With `fine_tune` the rest of the budget trains the cut model.
    """

    title = "Fisher masks (Kwon)"
    family = "structured"
    references = (
        Reference(
            "Kwon et al.", 2022, "NeurIPS", arxiv="2204.09656", note="release WoosukKwon/retraining-free-pruning"
        ),
    )
    needs = "calibration"

    @dataclass(frozen=True)
    class Settings(FineTuning):
        """`damping`: of the deviation of scales from 1, as a share of the least squares' mean diagonal."""

        calibration_seconds: float = 400.0
        damping: float = 0.01

    settings: Settings

    def compress(self, job: Job) -> PreTrainedModel:
        settings, groups, removed = self.settings, job.encoder.units, job.target.removed
        batches = job.calibration(settings.calibration_seconds)
        gradients = mask_gradients(job, batches, groups)
        fisher = [each.square().sum(0) for each in gradients]
        teacher = search(groups, fisher, teacher_removed(groups, removed))
        found = search(groups, fisher, removed)
        job.charge(
            sum(matrix_product(int(mask.sum()), *each.shape) for mask, each in zip(found, gradients, strict=True))
        )
        kept = [rearranged(mask, each) for mask, each in zip(found, gradients, strict=True)]
        scales = tuned_scales(job, batches, groups, kept, teacher, settings.damping)
        absorb(groups, scales)
        fine_tune(job, settings)
        return job.model
