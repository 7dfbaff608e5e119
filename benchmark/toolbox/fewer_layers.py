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


def shallow(model: PreTrainedModel, target: Target, choice: Choice = "bottom") -> PreTrainedModel:
    """A copy of some layers of a model, their FFNs narrowed so that exactly the target's parameters remain.

    It takes the fewest layers that can hold the target, then cuts the same number of FFN neurons from each: those with
    the smallest ||W_in[j]||^2 + ||W_out[:, j]||^2 (the structured score of Xu et al., 2025).

    Raises:
        CannotReachTarget: the target leaves no neuron.
    """
    smaller = copy.deepcopy(model)
    encoder = Encoder(smaller)
    depth, layer_size = len(encoder.layers), count_parameters(encoder.layers[0])
    kept = depth - (count_parameters(model) - target.remaining) // layer_size
    encoder.arrange(chosen_layers(depth, kept, choice))
    neurons = encoder.neurons
    excess = count_parameters(smaller) - target.remaining
    left = [units.count - round(excess / kept / units.cost) for units in neurons]
    if min(left) < 1:
        raise CannotReachTarget(f"{kept} layers without any FFN neuron still exceed {target.remaining} parameters")
    for units, number in zip(neurons, left, strict=True):
        units.cut(topk_mask(units.squared_norm(), number / units.count))
    return smaller


def chosen_layers(depth: int, kept: int, choice: Choice) -> list[int]:
    """Indices of the layers that stay: the first ones, or evenly spread ones that include the first and the last."""
    if choice == "bottom" or kept == 1:
        return list(range(kept))
    return [round(i * (depth - 1) / (kept - 1)) for i in range(kept)]
