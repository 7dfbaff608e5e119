"""The training loop: gradient steps on a share of the budget, with hooks, masks, checkpoints and bit-exact resume."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn

from benchmark.models.batch import Batch
from benchmark.system.at_work import Bar
from benchmark.system.errors import TrainingDiverged
from benchmark.system.interrupt import InterruptLatch
from benchmark.training.batches import epoch_batches, sorted_batches
from benchmark.training.budget import Budget, OverBudget
from benchmark.training.checkpoint import load_checkpoint, random_state, readable, restore_random_state, save_checkpoint
from benchmark.training.hooks import Hook, Loss, State
from benchmark.training.masked_weights import MaskedWeights
from benchmark.training.optimizers import OptimizerFactory, adamw
from benchmark.training.options import Options, learning_rate_factor
from benchmark.training.prefetch import load_ahead
from benchmark.training.speech import Speech

CURVE_POINTS = 200  # rows of curves.csv that a phase aims for
LOWER_RATE = "a lower learning rate may help"


def batch_indices(speech: Speech, options: Options, seed: int, epoch: int) -> list[list[int]]:
    """The batches of one epoch, as lists of utterance indices."""
    if epoch < options.sorted_epochs:
        return sorted_batches(speech.seconds, options.batch_seconds)
    return epoch_batches(speech.seconds, options.batch_seconds, seed, epoch)


@dataclass(frozen=True)
class Planned:
    """A planned step: its micro-batches (utterance indices and speed), and the epoch and position after it."""

    batches: list[tuple[list[int], float]]
    epoch: int
    position: int


class Phase:
    """One call of `Job.train`: a share of the budget spent on gradient steps."""

    def __init__(
        self,
        modules: nn.ModuleList,
        speech: Speech,
        budget: Budget,
        options: Options,
        *,
        limit: float,
        loss: Loss,
        parameters: list[dict[str, Any]],
        generator: torch.Generator,
        seed: int,
        checkpoint: Path,
        step_cost: float,
        optimizer: OptimizerFactory | None = None,
        name: str = "train",
        masks: MaskedWeights | None = None,
        before_step: Hook | None = None,
        after_backward: Hook | None = None,
        after_step: Hook | None = None,
    ) -> None:
        self.modules, self.speech, self.budget, self.options = modules, speech, budget, options
        self.start, self.end = budget.spent, min(budget.spent + limit, budget.limit)
        self.loss, self.masks = loss, masks
        self.before_step, self.after_backward, self.after_step = before_step, after_backward, after_step
        self.generator, self.seed, self.checkpoint, self.name = generator, seed, checkpoint, name
        self.asks_again = optimizer is not None  # it may ask for further gradients within a step
        self.optimizer = (optimizer or partial(adamw, options=options))(parameters)
        if masks is not None:
            masks.optimizer = self.optimizer
        for group in self.optimizer.param_groups:
            group.setdefault("peak_lr", group["lr"])
        self.state = State()
        self.epoch, self.position = 0, 0
        self.step_cost = step_cost  # cost per second of audio; an estimate until the first step has been measured
        self.curves: list[dict[str, float]] = []
        self.finished = False

    def run(self) -> list[dict[str, float]]:
        """Train until the phase's budget is used, from its checkpoint if there is one; returns the curves.

        Raises:
            OverBudget: no budget is left for training, or the hooks computed more than the budget allows.
            TrainingDiverged: the loss or a weight is not finite.
            KeyboardInterrupt: SIGINT or SIGTERM was received; the checkpoint is written.
            UserError: the checkpoint is damaged, or cannot be written.
        """
        self._resume()
        if self.finished:
            return self.curves
        if self.end <= self.start:
            raise OverBudget(f"none of the budget of {self.budget.limit:g} is left for training")
        saved = time.monotonic()
        with InterruptLatch() as latch, Bar(total=100, desc=self.name, unit="%", mininterval=2) as bar:
            for _ in self.steps():
                bar.update(round(100 * self.state.progress) - bar.n)
                if latch.requested or time.monotonic() - saved > self.options.checkpoint_seconds:
                    self._save()
                    saved = time.monotonic()
                if latch.requested:
                    raise KeyboardInterrupt
            self._check_weights()
            self.finished = True
            self._save()
            if latch.requested:
                raise KeyboardInterrupt
        return self.curves

    def steps(self) -> Iterator[list[list[int]]]:
        """Take steps until the budget is used; yields the utterance indices of each step's micro-batches."""
        if self.masks is not None:
            self.masks.apply_masks()
        ahead = int(self.options.load_ahead and len(self.options.speeds) == 1)
        loading = load_ahead(self._planned(), lambda step: [self.speech.collate(*b) for b in step.batches], ahead)
        with closing(loading) as planned:
            for step, load in planned:
                if not self._step(step, load):
                    return
                self.epoch, self.position = step.epoch, step.position
                yield [indices for indices, _ in step.batches]

    def _planned(self) -> Iterator[Planned]:
        """The next steps from the current position on, epoch after epoch."""
        epoch, position = self.epoch, self.position
        while True:
            batches = batch_indices(self.speech, self.options, self.seed, epoch)
            while position < len(batches):
                group = batches[position : position + self.options.gradient_accumulation]
                position += len(group)
                yield Planned([(indices, self._draw_speed()) for indices in group], epoch, position)
            epoch, position = epoch + 1, 0

    def _expect(self, seconds: float) -> float:
        """Set progress and recording for a step over `seconds` of audio; returns the budget used after it."""
        end_of_step = self.budget.spent + self.step_cost * seconds
        self.state.began = self.state.progress
        self.state.progress = min(1.0, (end_of_step - self.start) / (self.end - self.start))
        expected_steps = (self.state.step + 1) / max(self.state.progress, 1e-9)
        self.state.recording = self.state.step % max(1, round(expected_steps / CURVE_POINTS)) == 0
        return end_of_step

    def _step(self, step: Planned, load: Callable[[], list[Batch]]) -> bool:
        """One optimiser step on the batches that `load` returns; False if the remaining budget is too small for it."""
        seconds = sum(max(self.speech.seconds[i] for i in ids) * len(ids) / speed for ids, speed in step.batches)
        if self._expect(seconds) > self.end and self.state.step > 0:
            return False
        spent = self.budget.spent
        factor = learning_rate_factor(self.state.progress, self.options.warmup)
        for parameters in self.optimizer.param_groups:
            parameters["lr"] = parameters["peak_lr"] * factor
        self.state.scalars = {}
        if self.before_step:
            self.before_step(self.state)
        losses = self._descend(load())
        if self.masks is not None:
            self.masks.apply_masks()
        if self.after_step:
            self.after_step(self.state)
        self._record(losses[0])
        self.budget.check()
        self.step_cost = (self.budget.spent - spent) / seconds
        self.state.step += 1
        return True

    def _descend(self, batches: list[Batch]) -> list[torch.Tensor]:
        """The optimiser's step; returns the loss at each point where it asked for a gradient, its own weights first.

        Further points use the same dropout and SpecAugment, and pruned weights are zero there too.
        """
        losses: list[torch.Tensor] = []
        noise = random_state(self.generator) if self.asks_again else None

        def gradient() -> torch.Tensor:
            if losses and noise is not None:
                restore_random_state(noise, self.generator)
                if self.masks is not None:
                    self.masks.apply_masks()
            losses.append(self._accumulate(batches))
            if self.after_backward:
                self.after_backward(self.state)
            if self.options.clip is not None:
                nn.utils.clip_grad_norm_(self.modules.parameters(), self.options.clip)
            return losses[-1]

        self.optimizer.step(gradient)  # type: ignore[arg-type]  # it returns a tensor, which torch accepts
        return losses

    def _accumulate(self, batches: list[Batch]) -> torch.Tensor:
        """Forward and backward over the micro-batches of a step; returns the mean loss."""
        self.optimizer.zero_grad(set_to_none=True)
        total = torch.zeros((), device=self.speech.device)
        for collated in batches:
            batch = collated.to(self.speech.device)
            with torch.autocast(self.speech.device.type, torch.bfloat16, enabled=self.options.bf16):
                loss = self.loss(batch, self.state) / len(batches)
            loss.backward()
            total += loss.detach()
        return total

    def _draw_speed(self) -> float:
        if len(self.options.speeds) == 1:
            return self.options.speeds[0]
        choice = torch.randint(len(self.options.speeds), (), generator=self.generator)
        return self.options.speeds[int(choice)]

    def _record(self, loss: torch.Tensor) -> None:
        """Keep a row of the curves in recording steps only, since reading the loss synchronises with the GPU."""
        if not self.state.recording:
            return
        value = float(loss)
        if not math.isfinite(value):
            raise TrainingDiverged(f"the loss is {value} at step {self.state.step}; {LOWER_RATE}")
        row = {"step": float(self.state.step), "progress": self.state.progress, "loss": value}
        self.curves.append(row | {"learning_rate": self.optimizer.param_groups[0]["lr"]} | self.state.scalars)

    def _check_weights(self) -> None:
        """Refuse weights that are not finite. The loss is checked only in recording steps, so it may miss them."""
        if not all(bool(parameter.isfinite().all()) for parameter in self.modules.parameters()):
            raise TrainingDiverged(f"a weight is not finite after {self.state.step} steps; {LOWER_RATE}")

    def _save(self) -> None:
        with self.budget.clock.phase(None):
            save_checkpoint(
                self.checkpoint,
                {
                    "finished": self.finished,
                    "modules": self.modules.state_dict(),
                    "optimizer": self.optimizer.state_dict(),
                    "position": [self.epoch, self.position, self.state.step, self.state.progress],
                    "last": self.state.last,
                    "phase": [self.start, self.end, self.step_cost],
                    "budget": self.budget.state(),
                    "random": random_state(self.generator),
                    "curves": self.curves,
                },
            )

    def _resume(self) -> None:
        with self.budget.clock.phase(None):
            saved = load_checkpoint(self.checkpoint)
            if saved is None:
                return
            with readable(self.checkpoint):
                self.modules.load_state_dict(saved["modules"])
                self.optimizer.load_state_dict(saved["optimizer"])
                self.epoch, self.position, self.state.step, self.state.progress = saved["position"]
                self.state.last = saved["last"]
                self.start, self.end, self.step_cost = saved["phase"]
                self.budget.restore(saved["budget"])
                restore_random_state(saved["random"], self.generator)
                self.curves, self.finished = saved["curves"], saved["finished"]
