"""How much faster the processor computes in bf16 than in fp32, measured on matrix products of a typical size."""

from __future__ import annotations

import time
from functools import cache

import torch

FRAMES, WIDTH, NEURONS = 128, 768, 3072  # 2.6 seconds of speech through the FFN of a base model
SECONDS = 0.4  # after which no new round begins: where bf16 is emulated, a single round takes a second


@cache
def bf16_gain() -> float:
    """Time of a matrix product in fp32 over its time in bf16 autocast, forward and backward; measured once per process.

    The two alternate on one thread, and the fastest round of each counts: several threads would wait for each other
    beside other work, and the ratio would say little.
    """
    generator = torch.Generator().manual_seed(0)  # the job's own random numbers stay as they are
    frames = torch.randn(FRAMES, WIDTH, generator=generator)
    weight = torch.randn(NEURONS, WIDTH, generator=generator, requires_grad=True)
    threads = torch.get_num_threads()
    fp32: list[float] = []
    bf16: list[float] = []
    torch.set_num_threads(1)
    began = time.perf_counter()
    while not fp32 or time.perf_counter() < began + SECONDS:
        fp32.append(_seconds(frames, weight, autocast=False))
        bf16.append(_seconds(frames, weight, autocast=True))
    torch.set_num_threads(threads)
    return min(fp32) / min(bf16)


def _seconds(frames: torch.Tensor, weight: torch.Tensor, *, autocast: bool) -> float:
    began = time.perf_counter()
    with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        products = torch.nn.functional.linear(frames, weight)
    products.sum().backward()
    return time.perf_counter() - began
