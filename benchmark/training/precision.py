"""The device of a job, synchronisation with it, and the choice between fp32 and bf16 autocast."""

from __future__ import annotations

import os
import warnings
from typing import Literal

import torch

from benchmark.system.devices import VISIBLE, Device
from benchmark.system.errors import UserError
from benchmark.training.bf16_gain import bf16_gain

Precision = Literal["auto", "fp32", "bf16"]
LEAST_GAIN = 1.2  # from which `auto` takes bf16 on a CPU


def uses_bf16(precision: Precision, device: torch.device) -> bool:
    """Whether to autocast to bf16: if the study asks for it, or with `auto` if the device gains by it.

    A GPU gains by it if it supports bf16. A CPU is measured: with bf16 instructions it trains wav2vec2-base 2.4 times
    as fast, and without them a step takes minutes.
    """
    if precision != "auto":
        return precision == "bf16"
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bf16_gain() >= LEAST_GAIN


def chosen_precision(precision: Precision, device: torch.device) -> Literal["fp32", "bf16"]:
    """What a study's `training.precision` means on a device; see `uses_bf16`."""
    return "bf16" if uses_bf16(precision, device) else "fp32"


def computing_in(precision: Literal["fp32", "bf16"], device: torch.device) -> torch.autocast:
    """A context in which models compute in this precision; their weights stay in fp32."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16")


def pick_device(asked: Device = "auto") -> torch.device:
    """The device that a study asks for; `auto` means the GPU if there is one.

    Raises:
        UserError: the study asks for a GPU, and torch can use none.
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
    """Wait until the GPU has finished all work, so that times include it. Does nothing without a GPU."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def device_name(device: torch.device) -> str:
    """Name of the device, for the record."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"CPU, {torch.get_num_threads()} threads"
