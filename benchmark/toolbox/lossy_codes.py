"""Codes in which hidden states or their gradients are sent from one device to another, with their sizes in bits.

Rudakov et al., 2023, arXiv 2401.07788: quantisation and TopK.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch

from benchmark.toolbox.bit_packing import BYTE, packed, unpacked

Shape = tuple[int, int, int]  # utterances, frames, width
Parts = tuple[torch.Tensor, ...]
FLOAT = 32  # bits


@dataclass(frozen=True)
class Numbers:
    """Numbers of one kind in a message.

    Attributes:
        shape: how many there are.
        bits: size of each: `FLOAT`, or fewer for integers from 0 on.
    """

    shape: tuple[int, ...]
    bits: int

    @property
    def count(self) -> int:
        """How many numbers there are."""
        return math.prod(self.shape)

    @property
    def bytes(self) -> int:
        """Bytes that hold them."""
        return math.ceil(self.count * self.bits / BYTE)


class Code(ABC):
    """How values (utterances, frames, width) are sent. The type of the values stays the same."""

    @abstractmethod
    def layout(self, shape: Shape) -> tuple[Numbers, ...]:
        """What a message holds for values of this shape."""

    @abstractmethod
    def encode(self, values: torch.Tensor) -> Parts:
        """The parts of the message, in the order of `layout`."""

    @abstractmethod
    def decode(self, parts: Parts, shape: Shape) -> torch.Tensor:
        """The values (utterances, frames, width) that a message stands for."""

    def bits(self, shape: Shape) -> int:
        """Size of a message."""
        return sum(numbers.count * numbers.bits for numbers in self.layout(shape))

    def bytes(self, shape: Shape) -> int:
        """Size of a message as it is sent: each of its parts fills whole bytes."""
        return sum(numbers.bytes for numbers in self.layout(shape))


class Uncompressed(Code):
    """Every value as a float: 32 width bits per frame."""

    def layout(self, shape: Shape) -> tuple[Numbers, ...]:  # noqa: D102
        return (Numbers(shape, FLOAT),)

    def encode(self, values: torch.Tensor) -> Parts:  # noqa: D102
        return (values,)

    def decode(self, parts: Parts, shape: Shape) -> torch.Tensor:  # noqa: D102
        return parts[0]


class Quantised(Code):
    """Values rounded to `levels` evenly spaced ones, from the lowest to the highest of an utterance.

    With b bits there are 2**b levels. A frame takes width b bits; an utterance also takes two floats.
    """

    def __init__(self, bits_each: int) -> None:
        self.bits_each, self.levels = bits_each, 2**bits_each

    def layout(self, shape: Shape) -> tuple[Numbers, ...]:  # noqa: D102
        return Numbers((shape[0], 2), FLOAT), Numbers(shape, self.bits_each)

    def encode(self, values: torch.Tensor) -> Parts:
        """The lowest value and the step of each utterance (utterances, 2), and the level of each value."""
        low = values.amin((1, 2))
        step = (values.amax((1, 2)) - low) / (self.levels - 1)
        scaled = (values - low[:, None, None]) / torch.where(step > 0, step, 1.0)[:, None, None]
        return torch.stack([low, step], 1), scaled.round().clamp(0, self.levels - 1)

    def decode(self, parts: Parts, shape: Shape) -> torch.Tensor:  # noqa: D102
        (low, step), codes = parts[0][:, :, None, None].unbind(1), parts[1]
        return low + codes * step


class TopK(Code):
    """The values of each frame that are largest in magnitude; the others become zero.

    A kept value takes a float and ceil(log2 width) bits for its place.
    """

    def __init__(self, share: float) -> None:
        self.share = share

    def kept(self, width: int) -> int:
        """Values that stay of each frame, at least one."""
        return max(1, round(self.share * width))

    def layout(self, shape: Shape) -> tuple[Numbers, ...]:  # noqa: D102
        *frames, width = shape
        kept = *frames, self.kept(width)
        return Numbers(kept, FLOAT), Numbers(kept, (width - 1).bit_length())

    def encode(self, values: torch.Tensor) -> Parts:
        """The kept values and their places, both (utterances, frames, kept)."""
        places = values.abs().topk(self.kept(values.shape[-1]), dim=-1).indices
        return values.gather(-1, places), places

    def decode(self, parts: Parts, shape: Shape) -> torch.Tensor:  # noqa: D102
        values, places = parts
        return values.new_zeros(shape).scatter(-1, places, values)


@dataclass(frozen=True)
class Message:
    """Values of a shape in a code."""

    code: Code
    parts: Parts
    shape: Shape

    @classmethod
    def of(cls, code: Code, values: torch.Tensor) -> Message:
        """Encode values (utterances, frames, width)."""
        utterances, frames, width = values.shape
        return cls(code, code.encode(values), (utterances, frames, width))

    @property
    def values(self) -> torch.Tensor:
        """What the receiver makes of it (utterances, frames, width)."""
        return self.code.decode(self.parts, self.shape)

    @property
    def bytes(self) -> int:
        """Its size as it is sent."""
        return self.code.bytes(self.shape)

    def to_bytes(self) -> torch.Tensor:
        """The message as it is sent, uint8 (bytes,); floats are sent in 32 bits."""
        layout = self.code.layout(self.shape)
        return torch.cat([_to_bytes(part, numbers) for part, numbers in zip(self.parts, layout, strict=True)])

    @classmethod
    def from_bytes(cls, code: Code, data: torch.Tensor, shape: Shape) -> Message:
        """The message that was sent as these bytes."""
        layout = code.layout(shape)
        pieces = data.split([numbers.bytes for numbers in layout])
        parts = tuple(_from_bytes(piece, numbers) for piece, numbers in zip(pieces, layout, strict=True))
        return cls(code, parts, shape)


def _to_bytes(part: torch.Tensor, numbers: Numbers) -> torch.Tensor:
    if numbers.bits == FLOAT:
        return part.float().contiguous().view(-1).view(torch.uint8)
    return packed(part, numbers.bits)


def _from_bytes(data: torch.Tensor, numbers: Numbers) -> torch.Tensor:
    if numbers.bits == FLOAT:
        return data.clone().view(torch.float32).view(numbers.shape)  # `view` needs the memory of a float's start
    return unpacked(data, numbers.bits, numbers.count).view(numbers.shape)
