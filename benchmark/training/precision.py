"""Which device, waiting for it, and where bf16 autocast pays on it."""

from __future__ import annotations

import os
import warnings
from typing import Literal

import torch

from benchmark.system.devices import VISIBLE, Device
from benchmark.system.errors import UserError

Precision = Literal["auto", "fp32", "bf16"]


def uses_bf16(precision: Precision, device: torch.device) -> bool:
    """Whether to autocast to bf16: when asked, or by `auto` on a GPU that has it.

    `auto` stays at fp32 on CPUs: AVX-512 bf16 gains a factor of 1.2 on the embedded model and of 2.4 on wav2vec2-base,
    but CPUs without it take minutes a step, and numbers would differ from CPU to CPU.
    """
    if precision == "auto":
        return device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    return precision == "bf16"


def pick_device(asked: Device = "auto") -> torch.device:
    """The device that a study asks for; `auto` is the GPU if there is one.

    Raises:
        UserError: a GPU is asked for and there is none that torch can use.
    """
    there = asked != "cpu" and torch.cuda.is_available()
    visible = os.environ.get(VISIBLE)
    if asked == "cuda" and not there:
        names = "" if visible is None else f" ({VISIBLE} is {visible!r})"
        raise UserError(f"hardware.device is cuda, but torch {torch.__version__} finds no GPU{names}: use auto or cpu")
    if asked == "auto" and visible and not there:
        warnings.warn(f"torch finds no GPU though {VISIBLE} is {visible}: computing on the CPU", stacklevel=1)
    return torch.device("cuda" if there else "cpu")


def wait_for_gpu() -> None:
    """Return when the GPU has done all that it was told, so that clocks see it; at once where there is none."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def device_name(device: torch.device) -> str:
    """The device in words, for the record."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"CPU, {torch.get_num_threads()} threads"
