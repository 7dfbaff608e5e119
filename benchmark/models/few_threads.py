"""Small tensors are computed by one thread: to wake a second takes longer than its share of the work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

WORTH_WAKING = 2**19  # elements. On two cores a wake takes 0.15 ms, and so does half of a pass over that many floats


@contextmanager
def few_threads(elements: int) -> Iterator[None]:
    """Let one thread compute what is inside, if it goes over no more than a few `elements`.

    Element by element the results are the same to the bit. A sum's are not, since threads add up their parts.
    """
    threads = torch.get_num_threads()
    if threads == 1 or elements >= WORTH_WAKING:
        yield
        return
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
