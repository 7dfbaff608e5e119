"""Small matrices on a CPU, in pieces for one thread: to wake a second takes longer than its share of the work."""

from __future__ import annotations

from collections.abc import Iterator

import torch

ONE_THREAD = 2**15 - 64  # elements, in whole cache lines: PyTorch shares out an operation from 2**15 on
WORTH_WAKING = 2**19  # elements. On two cores a wake takes 0.15 ms, and so does half of a pass over that many floats


def pieces(*tensors: torch.Tensor) -> Iterator[tuple[torch.Tensor, ...]]:
    """The same parts of tensors of one shape, one after the other, to be computed element by element in place.

    They are views of (elements,). Tensors that are large, or on a GPU, come whole. `torch.set_num_threads` would do as
    well, but tells MKL to share out its products otherwise from then on, which changes their last bits.
    """
    first = tensors[0]
    whole = first.device.type != "cpu" or first.numel() >= WORTH_WAKING
    if whole or not all(tensor.is_contiguous() for tensor in tensors):
        yield tensors
    else:
        yield from zip(*(tensor.view(-1).split(ONE_THREAD) for tensor in tensors), strict=True)
