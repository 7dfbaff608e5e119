"""The training state that hooks and losses get, with milestones for actions that happen only now and then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch

from benchmark.models.batch import Batch


@dataclass
class State:
    """The training state that hooks may read.

    `progress` in (0, 1] is the share of the phase's budget that is used when this step ends. `began` is that of the
    previous step. `recording` says whether scalars logged in this step go into the curves. `scalars` are those of this
    step, `last` the last values of all.
    """

    step: int = 0
    began: float = 0.0
    progress: float = 0.0
    recording: bool = True
    scalars: dict[str, float] = field(default_factory=dict)
    last: dict[str, float] = field(default_factory=dict)

    def log(self, scalars: dict[str, float]) -> None:
        """Keep the scalars of a step."""
        self.scalars |= scalars
        self.last |= scalars

    def milestones(self, count: int, until: float = 1.0) -> int:
        """How many of `count` milestones, evenly spaced in (0, until], are reached when the step ends."""
        return _milestones(self.progress, count, until)

    def crosses_milestone(self, count: int, until: float = 1.0) -> bool:
        """Whether this step reaches a milestone, for actions that do not happen in every step."""
        return self.milestones(count, until) > _milestones(self.began, count, until)


def _milestones(progress: float, count: int, until: float) -> int:
    return min(count, int(count * progress / until + 1e-9))


Hook = Callable[[State], None]
Loss = Callable[[Batch, State], torch.Tensor]
