"""Splits small matrices on a CPU into pieces for one thread: waking another takes longer than its share of the work."""

from __future__ import annotations

from collections.abc import Iterator

import torch

ONE_THREAD = 2**15 - 64  # elements, in whole cache lines: PyTorch splits an operation among threads from 2**15 on
WORTH_WAKING = 2**19  # elements: waking a thread takes 0.15 ms on two cores, as does half a pass over so many floats


def pieces(*tensors: torch.Tensor) -> Iterator[tuple[torch.Tensor, ...]]:
    """Yield the same parts of tensors of one shape, for elementwise operations in place.

    The parts are views (elements,). Large tensors, and tensors on a GPU, are yielded whole. `torch.set_num_threads`
    would work as well, but MKL would then split its products differently, which changes their last bits.
    """
    first = tensors[0]
    whole = first.device.type != "cpu" or first.numel() >= WORTH_WAKING
    if whole or not all(tensor.is_contiguous() for tensor in tensors):
        yield tensors
    else:
        yield from zip(*(tensor.view(-1).split(ONE_THREAD) for tensor in tensors), strict=True)
