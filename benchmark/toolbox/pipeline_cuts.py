"""Cuts between the stages of a pipeline: autograd functions that compress what crosses them, in both directions.

Rudakov et al., 2023, arXiv 2401.07788: the forward pass compresses hidden states, the backward pass their gradients.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Any, Literal, Self

import torch
from torch import nn
from transformers import PreTrainedModel

from benchmark.models.encoder import Encoder
from benchmark.models.output import first
from benchmark.toolbox.compressed_channel import Channel, Feedback
from benchmark.toolbox.lossy_codes import Code, Quantised, TopK, Uncompressed

CodeName = Literal["identity", "quantise", "topk"]
Bits = Literal[1, 2, 3, 4, 5, 6, 7, 8]


@dataclass(frozen=True)
class CutSettings:
    """How a model is cut and what crosses the cuts; a method's own `Settings` derive from these.

    `stages`: the encoder's layers are divided evenly among them. `activations`, `gradients`: the code of each
    direction. `*_bits`: of a quantised value. `*_share`: of a frame's values, that TopK keeps. `*_feedback`: what is
    remembered of earlier messages; see `benchmark.toolbox.compressed_channel`.
    """

    stages: Literal[2, 4] = 2
    activations: CodeName = "quantise"
    activation_bits: Bits = 4
    activation_share: float = 0.1
    activation_feedback: Feedback = "none"
    gradients: CodeName = "quantise"
    gradient_bits: Bits = 8
    gradient_share: float = 0.1
    gradient_feedback: Feedback = "none"

    @classmethod
    def among(cls, settings: Mapping[str, object]) -> Self | None:
        """The settings of the cuts among all those of a run, which a record holds; None for a method without cuts."""
        names = [field.name for field in fields(cls)]
        if not settings.keys() >= set(names):
            return None
        values: dict[str, Any] = {name: settings[name] for name in names}
        return cls(**values)

    def without_feedback(self) -> Self:
        """The same for speech that is not heard again, of which there is nothing to remember."""
        return replace(self, activation_feedback="none", gradient_feedback="none")

    def channels(self) -> tuple[Channel, Channel]:
        """New channels for activations and for gradients over one cut."""
        return (
            Channel(_code(self.activations, self.activation_bits, self.activation_share), self.activation_feedback),
            Channel(_code(self.gradients, self.gradient_bits, self.gradient_share), self.gradient_feedback),
        )


def _code(name: CodeName, bits: int, share: float) -> Code:
    match name:
        case "identity":
            return Uncompressed()
        case "quantise":
            return Quantised(bits)
        case "topk":
            return TopK(share)


def cut_layers(model: PreTrainedModel, stages: int) -> list[int]:
    """The numbers of layers before each cut: 3, 6, 9 of 12 for four stages.

    Only the encoder is cut. The decoder of an encoder-decoder is a part of the last stage: all its layers hear the
    encoder's output, which would have to cross every cut between them.
    """
    layers = len(Encoder(model).stacks[0])
    return [layers * number // stages for number in range(1, stages)]


class Cut(nn.Module):
    """One cut, with a channel for each direction."""

    def __init__(self, settings: CutSettings) -> None:
        super().__init__()
        self.activations, self.gradients = settings.channels()

    def cross(self, hidden: torch.Tensor, utterances: Sequence[int]) -> torch.Tensor:
        """Hidden states (utterances, frames, width) behind the cut; their gradients cross it the other way."""
        crossed: torch.Tensor = _Crossing.apply(hidden, self, utterances)  # type: ignore[no-untyped-call]
        return crossed


class _Crossing(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, hidden: torch.Tensor, cut: Cut, utterances: Sequence[int]) -> torch.Tensor:
        ctx.cut, ctx.utterances = cut, utterances
        return cut.activations.transfer(hidden.float(), utterances).to(hidden.dtype)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        return ctx.cut.gradients.transfer(gradient.float(), ctx.utterances).to(gradient.dtype), None, None


class Cuts(nn.Module):
    """All cuts of a model. Pass them to `Job.train` as `extra`, so that checkpoints hold what the channels remember."""

    def __init__(self, model: PreTrainedModel, settings: CutSettings) -> None:
        super().__init__()
        before = cut_layers(model, settings.stages)
        self.cuts = tuple(Cut(settings) for _ in before)
        self.kept = nn.ModuleList(self.cuts)
        layers = Encoder(model).stacks[0]
        self._last = tuple(layers[number - 1] for number in before)  # in a tuple, they are no modules of this one

    @contextmanager
    def crossed(self, utterances: Sequence[int] = ()) -> Iterator[None]:
        """In this context, a forward of the model crosses the cuts; so does the backward of what it computes.

        Args:
            utterances: a number for each utterance of the batch; `ef21` and `aq` need it.
        """
        places = zip(self._last, self.cuts, strict=True)
        hooks = [layer.register_forward_hook(partial(_cross, cut, utterances)) for layer, cut in places]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    def bits_per_frame(self) -> dict[str, float]:
        """Mean bits that a frame took over each cut in each direction, by `cut1_activation_bits` and so on."""
        found: dict[str, float] = {}
        for number, cut in enumerate(self.cuts, 1):
            found[f"cut{number}_activation_bits"] = cut.activations.bits_per_frame
            found[f"cut{number}_gradient_bits"] = cut.gradients.bits_per_frame
        return found


def _cross(cut: Cut, utterances: Sequence[int], _layer: nn.Module, _args: Any, output: Any) -> Any:
    """A forward hook: the layer's output, with the hidden states behind the cut."""
    hidden = cut.cross(first(output), utterances)
    return (hidden, *output[1:]) if isinstance(output, tuple) else hidden
