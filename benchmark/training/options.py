"""Options of a training phase: learning rate and its schedule, batches, precision, checkpoints."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """Options of one training phase.

    `learning_rate` is the peak: the rate rises linearly over the share `warmup` of the phase, then falls linearly to
    zero. `clip` bounds the gradient's norm. `sorted_epochs` and `speeds` (of speed perturbation) are for the dense
    model; `sorted_epochs` is the number of first epochs that go from short to long utterances. `load_ahead` loads the
    next step's batches while a step runs. It has no effect with several speeds, since each step draws its own. Switch
    it off if hooks change the speech.
    """

    learning_rate: float
    warmup: float = 0.1
    weight_decay: float = 0.0
    betas: tuple[float, float] = (0.9, 0.999)
    clip: float | None = None
    batch_seconds: float = 32.0
    gradient_accumulation: int = 1
    sorted_epochs: int = 0
    speeds: tuple[float, ...] = (1.0,)
    bf16: bool = False
    load_ahead: bool = True
    checkpoint_seconds: float = 60.0


def learning_rate_factor(progress: float, warmup: float) -> float:
    """Linear warm-up, then linear decay to zero, over progress in [0, 1]."""
    if progress < warmup:
        return progress / warmup
    return max(0.0, (1 - progress) / (1 - warmup))
