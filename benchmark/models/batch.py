"""A batch of speech, which is the input of models."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import torch


@dataclass
class Batch:
    """A padded batch, on the device unless it has just been collated.

    `audio` (batch, samples), normalised, or `features` (batch, frames, channels) of the front-end, never both;
    `frames` (batch,) valid frames; `labels` (sum of label lengths,) label ids one utterance after the other;
    `seconds`: audio seconds that are computed, padding included; `utterances`: their places in the split, by which a
    method can remember them; empty where the batch is of no split.
    """

    audio: torch.Tensor | None
    features: torch.Tensor | None
    frames: torch.Tensor
    labels: torch.Tensor
    label_lengths: torch.Tensor
    seconds: float
    utterances: tuple[int, ...] = field(default=(), kw_only=True)

    def to(self, device: torch.device) -> Batch:
        """The batch on a device, features in fp32. The copy is asynchronous from pinned memory."""
        moved = self._each(lambda tensor: tensor.to(device, non_blocking=True))
        return moved if moved.features is None else replace(moved, features=moved.features.float())

    def token_counts(self, positions: int) -> torch.Tensor:
        """Numbers (batch,) of tokens of each utterance that a decoder reads, when it reads at most `positions`.

        It reads as many tokens before the labels of every utterance.
        """
        return positions - self.label_lengths.max() + self.label_lengths

    def unpadded(self, positions: int, *, tokens: bool) -> torch.Tensor:
        """Mask (batch, positions), true where a position, a frame or a token of a decoder, is not padding."""
        lengths = self.token_counts(positions) if tokens else self.frames
        return torch.arange(positions, device=lengths.device) < lengths[:, None]

    def pinned(self) -> Batch:
        """The batch in page-locked memory, from which a GPU copies while it computes."""
        return self._each(torch.Tensor.pin_memory)

    def _each(self, change: Callable[[torch.Tensor], torch.Tensor]) -> Batch:
        return Batch(
            audio=None if self.audio is None else change(self.audio),
            features=None if self.features is None else change(self.features),
            frames=change(self.frames),
            labels=change(self.labels),
            label_lengths=change(self.label_lengths),
            seconds=self.seconds,
            utterances=self.utterances,
        )
