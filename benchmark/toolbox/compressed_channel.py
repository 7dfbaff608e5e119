"""A channel that sends hidden states or gradients in a lossy code, and what its two ends remember of earlier messages.

Rudakov et al., 2023, arXiv 2401.07788. With C the code and x what is to be sent of an utterance:

- `none`: C(x) is sent and received.
- `ef` (Seide et al., 2014): c = C(x + e) is sent and received; the sender keeps the error, e <- x + e - c.
- `ef21` (Richtarik et al., 2021): C(x - g) is sent; both ends keep g <- g + C(x - g), which is received.
- `aq` (Wang et al., 2022): as `ef21`, but an utterance is sent uncompressed the first time: g <- x.

e and g start at zero. As in the paper, e belongs to a place in the batch and g to an utterance: what was lost of one
utterance is sent with the next one at its place, while a change makes sense only between two passes of the same one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import nn

from benchmark.toolbox.lossy_codes import Code, Message, Uncompressed

Feedback = Literal["none", "ef", "ef21", "aq"]


class Channel(nn.Module):
    """One direction over one cut. A checkpoint holds what its ends remember.

    Attributes:
        bytes: sent so far, by the formulas of the codes.
        frames: sent so far, padding included.
    """

    def __init__(self, code: Code, feedback: Feedback = "none") -> None:
        super().__init__()
        self.code, self.feedback = code, feedback
        self.remembered: dict[int, torch.Tensor] = {}
        self.bytes = self.frames = 0

    @property
    def bits_per_frame(self) -> float:
        """Mean over all frames so far."""
        return 8 * self.bytes / max(self.frames, 1)

    def transfer(self, values: torch.Tensor, utterances: Sequence[int] = ()) -> torch.Tensor:
        """Both ends in one process: what is received where `values` (utterances, frames, width) are sent.

        Args:
            values: hidden states or gradients.
            utterances: a number for each utterance, the same whenever it is sent; `ef21` and `aq` need it.
        """
        return self.receive(self.send(values, utterances), utterances)

    def send(self, values: torch.Tensor, utterances: Sequence[int] = ()) -> Message:
        """The message of these values. With feedback, a sender also calls `receive`, so that both ends remember."""
        code = self.code_for(utterances)
        match self.feedback:
            case "none":
                message = Message.of(code, values)
            case "ef":
                places = range(len(values))
                used = (values != 0).any(-1, keepdim=True)  # padding has no gradients, and gets none of others
                wanted = values + used * self._recall(places, values)
                message = Message.of(code, wanted)
                self._remember(places, wanted - message.values)
            case "ef21" | "aq":
                message = Message.of(code, values - self._recall(utterances, values))
        self.bytes += message.bytes
        self.frames += values.shape[0] * values.shape[1]
        return message

    def receive(self, message: Message, utterances: Sequence[int] = ()) -> torch.Tensor:
        """What the receiver makes of a message (utterances, frames, width)."""
        values = message.values
        if self.feedback in ("ef21", "aq"):
            values = self._recall(utterances, values) + values
            self._remember(utterances, values)
        return values

    def code_for(self, utterances: Sequence[int]) -> Code:
        """The code in which these utterances are sent next. Both ends know it."""
        known = all(utterance in self.remembered for utterance in utterances)
        return self.code if known or self.feedback != "aq" else Uncompressed()

    def _recall(self, keys: Sequence[int], values: torch.Tensor) -> torch.Tensor:
        """What is remembered of places or utterances, in the shape of `values`: batches differ in their frames."""
        nothing, frames = values.new_zeros(0, values.shape[2]), values.shape[1]
        rows = [self.remembered.get(key, nothing).to(values.device) for key in keys]
        return torch.stack([F.pad(row, (0, 0, 0, frames - len(row))) for row in rows])

    def _remember(self, keys: Sequence[int], values: torch.Tensor) -> None:
        for key, row in zip(keys, values, strict=True):
            self.remembered[key] = row.detach().clone()

    def get_extra_state(self) -> dict[str, Any]:
        """What a checkpoint needs."""
        return {"remembered": dict(self.remembered), "bytes": self.bytes, "frames": self.frames}

    def set_extra_state(self, state: dict[str, Any]) -> None:
        """Restore what a checkpoint held."""
        self.remembered, self.bytes, self.frames = dict(state["remembered"]), state["bytes"], state["frames"]
