"""How many parameters a model has, and how many multiply-accumulates a forward takes."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode
from transformers import PreTrainedModel

from benchmark.models.batch import Batch
from benchmark.models.forward import forward


def count_parameters(model: nn.Module) -> int:
    """All parameters, zeros included, a shared tensor once."""
    return sum({place(p): p.numel() for p in model.parameters()}.values())


def place(tensor: torch.Tensor) -> int:
    """Where a tensor is in memory, or the integers of a quantised one; what is on no device is its own place."""
    return int(getattr(tensor, "qdata", tensor).data_ptr()) or id(tensor)


def multiply_accumulates(model: PreTrainedModel, batch: Batch) -> float:
    """Multiply-accumulates of one forward over `batch`, counted by PyTorch's dispatcher.

    Attention is computed by plain matrix products for it: PyTorch does not count its fused kernel on CPUs.
    """
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), counter:
        forward(model, batch)
    return counter.get_total_flops() / 2
