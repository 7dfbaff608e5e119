"""The job that a method gets: the dense model, target, budget, training and calibration data, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedModel

from benchmark.models.architectures.lookup import architecture_of
from benchmark.models.batch import Batch
from benchmark.models.checkpoints import SpeechModel, frozen_copy
from benchmark.models.counting import count_parameters, multiply_accumulates
from benchmark.models.encoder import Encoder
from benchmark.models.forward import forward
from benchmark.models.output import Output
from benchmark.system.errors import CannotCompress
from benchmark.toolbox.own_loop import OwnLoop, Stateful
from benchmark.toolbox.shared_training import SharedTraining, train_or_take_over
from benchmark.toolbox.step_cost import plain_step_cost
from benchmark.toolbox.target import NO_TARGET, Target
from benchmark.training.batches import epoch_batches
from benchmark.training.budget import Budget
from benchmark.training.checkpoint import seed_everything
from benchmark.training.hooks import Hook, Loss, State
from benchmark.training.loop import Phase
from benchmark.training.masked_weights import MaskedWeights, Masks
from benchmark.training.optimizers import OptimizerFactory
from benchmark.training.options import Options
from benchmark.training.speech import Speech


class Job:
    """One compression run, as a method sees it.

    Attributes:
        model: the dense model to compress, this job's own copy, on the device.
        budget: what the run may compute; every forward and backward through a model of the job is charged.
        generator: seeded source of randomness (on the CPU).
        notes: what a reader of the table must know; see `note`.
        phases: number of training phases so far, including the method's own loops.
    """

    def __init__(
        self,
        speech_model: SpeechModel,
        speech: Speech,
        budget: Budget,
        options: Options,
        *,
        sparsity: float | None,
        seed: int,
        frozen_frontend: bool,
        checkpoints: Path,
        shared: SharedTraining | None = None,
    ) -> None:
        self.generator = seed_everything(seed)
        self._dense = frozen_copy(speech_model.model)
        self.model: PreTrainedModel = speech_model.model
        self._architecture, self._tokenizer = architecture_of(speech_model.model), speech_model.tokenizer
        sizes = self.encoder.parameters, count_parameters(self.model)
        self._target = Target(sparsity, *sizes) if sparsity else None
        self.budget = budget
        self.notes: list[str] = []
        self.curves: list[dict[str, float]] = []
        self.last: dict[str, float] = {}
        self._speech, self._options, self._seed = speech, options, seed
        self._checkpoints, self._shared, self.phases = checkpoints, shared, 0
        self._state: State | None = None
        if frozen_frontend:
            self._architecture.freeze_front_end(self.model)  # otherwise it would need gradients of the audio
        self._probe = speech.batch([0])
        self._dense_macs = multiply_accumulates(self._dense, self._probe)
        self.meter(self.model)

    @property
    def target(self) -> Target:
        """How many parameters may remain.

        Raises:
            CannotCompress: there is no target: the method has `takes_target = False`, or now trains for all targets.
        """
        if self._target is None:
            raise CannotCompress(NO_TARGET)
        return self._target

    @property
    def encoder(self) -> Encoder:
        """The compressible parts of `model`."""
        return Encoder(self.model)

    def teacher(self) -> PreTrainedModel:
        """A frozen copy of the dense model, in evaluation mode. Its forwards are charged too."""
        teacher = frozen_copy(self._dense)
        self.meter(teacher)
        return teacher

    def meter(self, model: PreTrainedModel) -> None:
        """Meter a model that the method built or reshaped; `train` and `forward` do it by themselves."""
        if not self.budget.meters(model):
            self.budget.meter(model, 0.0)  # measuring is free
            self.budget.meter(model, multiply_accumulates(model, self._probe) / self._dense_macs)

    def forward(self, model: PreTrainedModel, batch: Batch, *, hidden_states: bool = False) -> Output:
        """Run a model over a batch; see `benchmark.models.forward.Output`."""
        self.meter(model)
        return forward(model, batch, hidden_states=hidden_states)

    def loss(self, batch: Batch, model: PreTrainedModel | None = None) -> torch.Tensor:
        """The loss of `model`, or of the job's own, on a batch, in nats per utterance, averaged over the batch."""
        return self.output_loss(self.forward(self.model if model is None else model, batch), batch)

    def output_loss(self, output: Output, batch: Batch) -> torch.Tensor:
        """The same loss from a forward's output over the batch, for methods that need the output too."""
        return self._architecture.loss(output, batch, self._tokenizer)

    def calibration(self, seconds: float) -> list[Batch]:
        """Batches of training audio, about `seconds` in all, drawn by the run's seed.

        They have no labels; for an encoder-decoder they have transcripts that the model itself makes, which is charged.

        Raises:
            CannotCompress: the training audio is shorter than that.
        """
        there = sum(self._speech.seconds)
        if there < seconds:
            raise CannotCompress(f"calibration needs {seconds:g} s of audio, but the training split has {there:.0f} s")
        batches = self._speech.unlabelled(seconds, self._options.batch_seconds, self._seed)
        return [self._architecture.with_labels(self.model, batch) for batch in batches]

    def label_by(self, model: PreTrainedModel) -> None:
        """Train on an encoder-decoder's transcripts of the speech that the budget reaches; that is charged."""
        self.meter(model)
        write, options = partial(self._architecture.with_labels, model), self._options
        count = self.expected_steps() * options.gradient_accumulation
        with self.budget.clock.phase("labels"):
            self._speech.relabel(write, count, options.batch_seconds, self._seed)

    def expected_steps(self, share: float = 1.0) -> int:
        """About how many plain steps, forward and backward of the dense model, `share` of the budget left pays for."""
        seconds = self._speech.mean_batch_seconds(self._options.batch_seconds, self._seed)
        step = self._step_cost() * self._options.gradient_accumulation * seconds
        return max(1, round(share * self.budget.left / step))

    def _step_cost(self) -> float:
        """Cost of a plain training step per second of audio."""
        batches = epoch_batches(self._speech.seconds, self._options.batch_seconds, self._seed, epoch=0)
        batch = partial(self._speech.batch, batches[0])
        return plain_step_cost(self.budget, self.model, batch, self.loss, bf16=self._options.bf16)

    def train(
        self,
        model: PreTrainedModel,
        *,
        learning_rate: float,
        share: float = 1.0,
        masks: Masks | MaskedWeights | None = None,
        extra: nn.Module | None = None,
        loss: Loss | None = None,
        before_step: Hook | None = None,
        after_backward: Hook | None = None,
        after_step: Hook | None = None,
        parameter_groups: list[dict[str, Any]] | None = None,
        optimizer: OptimizerFactory | None = None,
        **options: Any,
    ) -> None:
        """Train `model` over `share` of the budget that is left.

        Args:
            model: the model to train.
            learning_rate: the peak of linear warm-up and decay.
            share: of the budget left, in (0, 1].
            masks: by matrix name, true where a weight stays; pruned weights are held at zero. A method that changes
                them during training passes `MaskedWeights` and calls its `update` in a hook.
            extra: further modules with parameters, such as prediction heads; trained and checkpointed too.
            loss: (batch, state) -> scalar; `job.loss` of `model` by default.
            before_step: called before each optimiser step's forward passes.
            after_backward: called once per optimiser step, after its last backward pass: gradients are complete, but
                neither clipped nor used yet.
            after_step: called after each optimiser step, when masks have been applied.
            parameter_groups: the optimiser's groups, each with its own `lr`; all trainable parameters by default.
            optimizer: makes an optimiser of these groups; AdamW by default. Its `step` gets a closure that it may call
                more than once, for gradients at other points; see `benchmark.training.optimizers`.
            **options: fields of `benchmark.training.options.Options` to override.

        Raises:
            OverBudget: the hooks computed more than the budget holds.
            TrainingDiverged: the loss is not finite.
        """
        self.meter(model)
        model.train()
        held = MaskedWeights(Encoder(model), masks) if isinstance(masks, dict) else masks
        modules = nn.ModuleList([module for module in (model, extra, held) if module is not None])
        if parameter_groups is None:
            parameter_groups = [{"params": [p for p in modules.parameters() if p.requires_grad], "lr": learning_rate}]
        phase = Phase(
            modules,
            self._speech,
            self.budget,
            replace(self._options, learning_rate=learning_rate, **options),
            limit=share * self.budget.left,
            loss=loss or (lambda batch, _state: self.loss(batch, model)),
            parameters=parameter_groups,
            generator=self.generator,
            seed=self._seed,
            checkpoint=self._checkpoints / f"phase{self.phases}.pt",
            step_cost=self._step_cost(),
            optimizer=optimizer,
            name=f"train phase {self.phases + 1}",
            masks=held,
            before_step=before_step,
            after_backward=after_backward,
            after_step=after_step,
        )
        self.phases += 1
        self._state = phase.state
        with self.budget.clock.phase("train"):
            curves = self._run(phase)
        self._end_phase(phase.state, curves)
        model.eval()

    def loop(self, name: str, steps: int, **kept: Stateful) -> Iterator[int]:
        """A loop of the method's own, for what `train` cannot do: `for step in job.loop("policy", 100, p=p):`.

        An interrupted loop resumes from its checkpoint. The values logged in a step are a row of the training curves.
        Forward and backward passes of the job's models are charged as usual; `charge` is for other work.

        Args:
            name: name of the phase, in the record's times and on the progress bar.
            steps: number of steps.
            **kept: everything that a step changes, such as modules and optimisers, by any name; it is checkpointed.

        Yields:
            The number of the step, from 0.

        Raises:
            OverBudget: a step computed more than the budget holds.
        """
        path, seconds = self._checkpoints / f"phase{self.phases}.pt", self._options.checkpoint_seconds
        own = OwnLoop(steps, kept, self.budget, self.generator, checkpoint=path, checkpoint_seconds=seconds, name=name)
        self.phases += 1
        self._state = own.state
        with self.budget.clock.phase(name):
            yield from own.run()
        self._end_phase(own.state, own.curves)

    def train_once(self, trained: nn.Module, train: Callable[[], None]) -> None:
        """Train `trained` once for all targets of the study, by `train`; see `Method.one_training`.

        The first run to call this calls `train`. The others take over the trained weights, curves, random state and
        spending of that run, as if they had trained. There is no target while `train` runs.
        """

        def train_without_target() -> None:
            target, self._target = self._target, None
            train()
            self._target = target

        train_or_take_over(self, self._shared, trained, train_without_target)

    def charge(self, multiply_accumulates: float) -> None:
        """Charge work other than a pass through a model, such as a decomposition; see `benchmark.toolbox.costs`.

        Args:
            multiply_accumulates: number that the work takes. A dense forward over a second of audio costs one unit.

        Raises:
            OverBudget: the work is more than the budget holds.
        """
        self.budget.charge(multiply_accumulates * self._probe.seconds / self._dense_macs)

    def _end_phase(self, state: State, curves: list[dict[str, float]]) -> None:
        """Take over a phase's rows of the curves, whose step count continues, and the last values that it logged."""
        self._state = None
        offset = len(self.curves) and self.curves[-1]["step"] + 1
        self.curves += [row | {"step": row["step"] + offset, "phase": float(self.phases)} for row in curves]
        self.last |= {k: v for row in curves[-1:] for k, v in row.items()} | state.last

    def _run(self, phase: Phase) -> list[dict[str, float]]:
        """Run the phase and return its curves. The throughput measurement overrides this to get the phase."""
        return phase.run()

    def log(self, **scalars: float) -> None:
        """Record scalars: in the training curves when called from a hook, and their last values in the run's record.

        A value that is not finite is left out of both, and the record's notes name it.
        """
        numbers = {name: float(value) for name, value in scalars.items()}
        self.last |= numbers
        if self._state is not None:
            self._state.log(numbers)

    def note(self, text: str) -> None:
        """Add a remark to the run's record, such as by how much thresholds were scaled at the end."""
        self.notes.append(str(text))
