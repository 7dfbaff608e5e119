"""A model with fewer layers: the starting point of students, and a control."""

from __future__ import annotations

import copy
from typing import Literal

from transformers import PreTrainedModel

from benchmark.models.counting import count_parameters
from benchmark.models.encoder import Encoder
from benchmark.system.errors import CannotReachTarget
from benchmark.toolbox.masks import topk_mask
from benchmark.toolbox.target import Target

Choice = Literal["bottom", "even"]


def shallow(
    model: PreTrainedModel, target: Target, choice: Choice = "bottom", *, decoder_first: bool = False
) -> PreTrainedModel:
    """A copy of some layers of a model, their FFNs narrowed to the target's parameters within half a neuron per layer.

    It takes the fewest layers that can hold the target, as evenly from an encoder and a decoder as their sizes allow;
    with `decoder_first`, encoder layers go only when a single decoder layer is left.
    Then it cuts the same number of FFN neurons from each: those with the smallest ||W_in[j]||^2 + ||W_out[:, j]||^2
    (the structured score of Xu et al., 2025).

    Raises:
        CannotReachTarget: the target leaves no neuron.
    """
    smaller = copy.deepcopy(model)
    encoder = Encoder(smaller)
    depths = [len(stack) for stack in encoder.stacks]
    sizes = [count_parameters(stack[0]) for stack in encoder.stacks]
    kept = fewest_layers(sizes, depths, target.removed, decoder_first=decoder_first)
    layers = [chosen_layers(depth, number, choice) for depth, number in zip(depths, kept, strict=True)]
    encoder.arrange(layers)
    neurons = Encoder(smaller).neurons
    excess = count_parameters(smaller) - target.remaining
    left = [units.count - round(excess / len(neurons) / units.cost) for units in neurons]
    if min(left) < 1:
        raise CannotReachTarget(
            f"{len(neurons)} layers without any FFN neuron still exceed {target.remaining} parameters"
        )
    for units, number in zip(neurons, left, strict=True):
        units.cut(topk_mask(units.squared_norm(), number / units.count))
    return smaller


def fewest_layers(sizes: list[int], depths: list[int], removed: int, *, decoder_first: bool = False) -> list[int]:
    """Number of layers to keep of each stack when layers go one by one, from the stack with the largest share left.

    A layer goes as long as no more than `removed` parameters are gone. Of stacks with equal shares the last one, the
    decoder, loses a layer first, as in Distil-Whisper. A stack keeps its last layer.

    Args:
        sizes: parameters of a layer of each stack.
        depths: layers of each stack.
        removed: parameters to remove.
        decoder_first: take layers from the last stack as long as it has more than one.
    """
    kept = list(depths)
    while True:
        fitting = [i for i, size in enumerate(sizes) if size <= removed and kept[i] > 1]
        if not fitting:
            return kept
        stack = fitting[-1] if decoder_first else max(fitting, key=lambda i: (kept[i] / depths[i], i))
        kept[stack] -= 1
        removed -= sizes[stack]


def chosen_layers(depth: int, kept: int, choice: Choice) -> list[int]:
    """Indices of the layers that stay: the first ones, or evenly spread ones that include the first and the last."""
    if choice == "bottom" or kept == 1:
        return list(range(kept))
    return [round(i * (depth - 1) / (kept - 1)) for i in range(kept)]
