"""Counts of a model's parameters, of those that are left, and of a forward's multiply-accumulates."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode
from transformers import PreTrainedModel

from benchmark.models.batch import Batch
from benchmark.models.encoder import Encoder, Matrix
from benchmark.models.forward import forward
from benchmark.models.sharing import place


def count_parameters(model: nn.Module) -> int:
    """Number of all parameters, zeros included; a shared tensor counts once."""
    return sum({place(p): p.numel() for p in model.parameters()}.values())


def remaining_parameters(model: PreTrainedModel) -> int:
    """Number of parameters left: the encoder matrices count as their forms say, all other parameters in full.

    A zero outside the encoder matrices (a bias that training left at zero, say) is not compression and counts as
    a parameter. A shared tensor counts once.
    """
    everything = {place(parameter): parameter.numel() for parameter in model.parameters()}
    return sum((everything | _left_by_place(model)).values())


def remaining_in_encoder(model: PreTrainedModel) -> int:
    """Number of weights left in the encoder matrices; a shared tensor counts once."""
    return sum(_left_by_place(model).values())


def remaining_in_matrix(matrix: Matrix) -> int:
    """Number of weights left in one matrix, including those that others share."""
    return sum(matrix.form.left(tensor) for tensor in matrix.form.stored)


def _left_by_place(model: PreTrainedModel) -> dict[int, int]:
    forms = [matrix.form for matrix in Encoder(model)]
    return {place(tensor): form.left(tensor) for form in forms for tensor in form.stored}


def multiply_accumulates(model: PreTrainedModel, batch: Batch) -> float:
    """Multiply-accumulates of one forward over `batch`, counted by PyTorch's dispatcher.

    Attention is computed by plain matrix products here, since PyTorch does not count its fused kernel on CPUs.
    """
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), counter:
        forward(model, batch)
    return counter.get_total_flops() / 2
