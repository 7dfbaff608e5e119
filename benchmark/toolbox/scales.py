"""Scales for the heads and neurons that pruning leaves, fitted layer by layer to a less pruned model.

Kwon et al., NeurIPS 2022, arXiv 2204.09656, section 4.3; release WoosukKwon/retraining-free-pruning.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import nn

from benchmark.models.batch import Batch
from benchmark.models.full_precision import at_least_fp32
from benchmark.models.units import Units
from benchmark.system.errors import CannotCompress
from benchmark.toolbox.costs import cholesky, matrix_product
from benchmark.toolbox.damped_cholesky import damped_cholesky
from benchmark.toolbox.job import Job
from benchmark.toolbox.layer_by_layer import OneLayer, layers_in_turn

LARGEST = 10.0  # a scale beyond it ends the tuning, as in the paper


@contextmanager
def masked(groups: Sequence[Units], masks: Sequence[torch.Tensor]) -> Iterator[None]:
    """In this context, every forward multiplies the outputs of units by their masks.

    Args:
        groups: groups of units.
        masks: one per group, of shape (count,), or (utterances, 1, count) for a batch of so many utterances.
    """

    def multiply(units: Units, mask: torch.Tensor) -> Callable[..., tuple[torch.Tensor, ...]]:
        def hook(_outward: nn.Module, args: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
            return (args[0] * mask.repeat_interleave(units.width, -1).to(args[0].dtype), *args[1:])

        return hook

    handles = [
        units.outward.register_forward_pre_hook(multiply(units, mask))
        for units, mask in zip(groups, masks, strict=True)
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def teacher_removed(groups: Sequence[Units], removed: int) -> int:
    """How many parameters the teacher lacks: it keeps the square root of the share that the pruned model keeps.

    Args:
        groups: all units of the model.
        removed: parameters of these units to remove.
    """
    everything = sum(units.count * units.cost for units in groups)
    return everything - round(math.sqrt(everything * (everything - removed)))


@dataclass(frozen=True)
class Block:
    """What an attention or FFN computed at the valid positions of all batches, in fp32 at least.

    `inputs` (positions, count * width): the outputs of its units; `sums` (positions, hidden width): the hidden state
    after the block's output was added to it.
    """

    inputs: torch.Tensor
    sums: torch.Tensor


@torch.no_grad()
def run_blocks(one: OneLayer, units: Sequence[Units]) -> dict[str, Block]:
    """Run a layer over its batches; return each of its blocks by the name of its units.

    The sums are read where layer norms are: a post-LN layer norms the sum after each block. A pre-LN layer norms its
    input and every sum but the last, which it returns.

    Args:
        one: the layer.
        units: all groups of units of this layer, in the order of its blocks.
    """
    inputs: dict[str, list[torch.Tensor]] = {each.name: [] for each in units}
    sums: dict[str, list[torch.Tensor]] = {each.name: [] for each in units}
    norms = [module for module in one.model.modules() if isinstance(module, nn.LayerNorm)]
    for batch in one.batches:
        with _recorded([each.outward for each in units]) as joined, _recorded(norms) as normed:
            output = one.forward(one.model, batch)
        if normed[0] is batch.hidden:
            normed = [*normed[1:], output]
        valid = batch.unpadded(output.shape[1], tokens=one.architecture.reads_tokens(one.model, "out"))
        for each, its_inputs, its_sum in zip(units, joined, normed, strict=True):
            inputs[each.name].append(at_least_fp32(its_inputs[valid]))
            sums[each.name].append(at_least_fp32(its_sum[valid]))
    return {each.name: Block(torch.cat(inputs[each.name]), torch.cat(sums[each.name])) for each in units}


@contextmanager
def _recorded(modules: Sequence[nn.Module]) -> Iterator[list[torch.Tensor]]:
    """Collect the inputs of these modules in the order of their calls."""
    seen: list[torch.Tensor] = []
    handles = [module.register_forward_pre_hook(lambda _module, args: seen.append(args[0])) for module in modules]
    try:
        yield seen
    finally:
        for handle in handles:
            handle.remove()


def normal_equations(
    inputs: torch.Tensor, columns: torch.Tensor, gap: torch.Tensor, width: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """A'A (units, units) and A'b (units,), where column u of A holds what unit u adds to the hidden states.

    A has a row for each position and hidden dimension, so it is never built: A'A is (W'W) * (X'X), elementwise, summed
    over the `width` columns of each unit.

    Args:
        inputs: X, outputs of the units (positions, units * width).
        columns: W, weights of the matrix that joins them (hidden width, units * width).
        gap: b, as a matrix (positions, hidden width).
        width: the width of a unit.
    """
    units = columns.shape[1] // width
    products = (columns.T @ columns) * (inputs.T @ inputs)
    projections = (inputs * (gap @ columns)).sum(0)
    return products.view(units, width, units, width).sum((1, 3)), projections.view(units, width).sum(1)


def fitted_scales(units: Units, kept: torch.Tensor, block: Block, wanted: torch.Tensor, damping: float) -> torch.Tensor:
    """Scales (kept units,) that bring a block's sums nearest to the wanted ones.

    With scales 1 + r, r minimises ||A r - (wanted - sums)||^2 + damping mean(diag A'A) ||r||^2.

    Args:
        units: the block's units.
        kept: which of them are left (count,); they have the scale 1 in `block`.
        block: what the pruned block computed.
        wanted: the sums that it should have (positions, hidden width).
        damping: as a share of the mean of A'A's diagonal.

    Raises:
        CannotCompress: there are fewer positions than units, or the units left add nothing to the hidden states.
    """
    positions, count = len(block.inputs), int(kept.sum())
    if positions < count:
        raise CannotCompress(
            f"calibration has {positions} positions, fewer than the {count} {units.kind} that are left in layer "
            f"{units.layer}: raise `calibration_seconds`"
        )
    rows = kept.repeat_interleave(units.width)
    columns = at_least_fp32(units.outward.weight.detach())[:, rows]
    products, projections = normal_equations(block.inputs[:, rows], columns, wanted - block.sums, units.width)
    root = damped_cholesky(products, damping)
    deviations = torch.cholesky_solve(projections.double()[:, None], root)[:, 0]
    return 1 + deviations.to(products.dtype)


def _work(units: Units, kept: torch.Tensor, block: Block) -> float:
    """Multiply-accumulates of `fitted_scales`: W'W, X'X, b W, and the Cholesky factor."""
    (positions, hidden), count = block.sums.shape, int(kept.sum())
    columns = count * units.width
    products = matrix_product(columns, hidden + positions, columns) + matrix_product(positions, hidden, columns)
    return products + cholesky(count)


@torch.no_grad()
def tuned_scales(
    job: Job,
    batches: Sequence[Batch],
    groups: Sequence[Units],
    kept: Sequence[torch.Tensor],
    teacher: Sequence[torch.Tensor],
    damping: float,
) -> list[torch.Tensor]:
    """Scales (count,) of all units, zero where a unit is pruned.

    Block by block, they bring the hidden states of the pruned model nearest to those of the teacher. Every block sees
    what the scaled blocks before it give. The heads of the first layer keep the scale 1, as in the release. If a scale
    would exceed 10, this block and all later ones keep the scale 1, and a note says so.

    Args:
        job: the run; its model is not changed.
        batches: calibration audio.
        groups: the units that are pruned.
        kept: which of them are left (count,), for each group.
        teacher: which of them the teacher has.
        damping: see `fitted_scales`.

    Raises:
        CannotCompress: see `fitted_scales`.
        OverBudget: the passes are more than the budget holds.
    """
    scales, reference = [mask.float() for mask in kept], [mask.float() for mask in teacher]
    teachers, students = layers_in_turn(job, batches), layers_in_turn(job, batches)
    for layer in range(len(job.encoder.layers)):
        of_layer = [units for units in job.encoder.units if units.layer == layer]
        with masked(groups, reference):
            wanted = run_blocks(next(teachers), of_layer)
        with masked(groups, scales):
            student = next(students)
        for place, units in enumerate(groups):
            if units.layer != layer or (layer == 0 and units.kind != "neurons"):
                continue
            with masked(groups, scales):
                block = run_blocks(student, of_layer)[units.name]
            job.charge(_work(units, kept[place], block))
            fitted = fitted_scales(units, kept[place], block, wanted[units.name].sums, damping)
            if (largest := float(fitted.abs().max())) > LARGEST:
                job.note(f"tuning of scales ended before {units.name}: the largest would be {largest:.3g}")
                return scales
            scales[place] = scales[place].masked_scatter(kept[place], fitted)
    return scales


@torch.no_grad()
def absorb(groups: Sequence[Units], scales: Sequence[torch.Tensor]) -> None:
    """Multiply the columns of units by their scales (count,), and cut out the units whose scale is zero."""
    for units, scale in zip(groups, scales, strict=True):
        units.outward.weight.mul_(scale.repeat_interleave(units.width))
        units.cut(scale != 0)
