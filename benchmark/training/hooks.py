"""What hooks and losses get: where training is, and the clock of what happens now and then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch

from benchmark.models.batch import Batch


@dataclass
class State:
    """What hooks may read.

    `progress` in (0, 1] is the share of the phase's budget used when this step ends, `began` that of the step before;
    `recording`: whether scalars logged in this step go into the curves.
    """

    step: int = 0
    began: float = 0.0
    progress: float = 0.0
    recording: bool = True
    scalars: dict[str, float] = field(default_factory=dict)

    def milestones(self, count: int, until: float = 1.0) -> int:
        """How many of `count` milestones, evenly spread over (0, until], are passed when the step ends."""
        return _milestones(self.progress, count, until)

    def crosses_milestone(self, count: int, until: float = 1.0) -> bool:
        """Whether this step passes one of the milestones: the clock of what happens now and then."""
        return self.milestones(count, until) > _milestones(self.began, count, until)


def _milestones(progress: float, count: int, until: float) -> int:
    return min(count, int(count * progress / until + 1e-9))


Hook = Callable[[State], None]
Loss = Callable[[Batch, State], torch.Tensor]
