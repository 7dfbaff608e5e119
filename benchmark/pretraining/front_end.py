"""Training of the seven convolutions of the front-end without labels, and models on top of them once frozen."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import Any

from torch import nn
from transformers import PreTrainedModel

from benchmark.corpora.manifest import Dataset
from benchmark.models.architectures.lookup import architecture_of
from benchmark.models.batch import Batch
from benchmark.models.checkpoints import SpeechModel
from benchmark.models.fresh import KERNELS, fresh_model
from benchmark.pretraining.jobs import job_for
from benchmark.pretraining.log_mel import LogMelHead
from benchmark.pretraining.recipe import Recipe, front_end_key
from benchmark.training.budget import Clock
from benchmark.training.hooks import State
from benchmark.training.precision import pick_device
from benchmark.training.speech import Speech


def train_front_end(dataset: Dataset, recipe: Recipe, clock: Clock) -> SpeechModel:
    """Train a model whose seven convolutions predict log-mel energies (see `benchmark.pretraining.log_mel`)."""
    speech_model = fresh_model(replace(recipe.architecture, context_strides=()), recipe.seed)
    speech_model.to(pick_device())
    stage = recipe.front_end
    checkpoints = recipe.work / "front-end" / front_end_key(dataset, recipe)
    job = job_for(speech_model, Speech(speech_model, dataset, recipe.corpus.train), recipe, stage, clock, checkpoints)
    head = LogMelHead(recipe.architecture.channels).to(speech_model.model.device)
    learning = [*convolutions(speech_model.model).parameters(), *head.parameters()]

    def loss(batch: Batch, _state: State) -> Any:
        job.budget.charge(3 * batch.seconds)  # the meter sits on the Transformer, which this loss does not use
        return head.loss(speech_model.model, batch)

    job.train(
        speech_model.model,
        extra=head,
        loss=loss,
        learning_rate=stage.learning_rate,
        parameter_groups=[{"params": learning}],
    )
    return speech_model


def convolutions(model: PreTrainedModel) -> nn.ModuleList:
    """The convolutional layers of the front-end."""
    layers = architecture_of(model).front_end_module(model).conv_layers
    assert isinstance(layers, nn.ModuleList)
    return layers


def on_top_of(listener: SpeechModel, recipe: Recipe) -> SpeechModel:
    """A model to train: context convolutions and a Transformer on top of the listener's frozen convolutions."""
    speech_model = fresh_model(recipe.architecture, recipe.seed)
    speech_model.to(listener.model.device)
    for layer, learnt in zip(convolutions(speech_model.model), convolutions(listener.model), strict=False):
        layer.load_state_dict(learnt.state_dict())
        layer.requires_grad_(False)
    return speech_model


def at_full_rate(coarse: SpeechModel, listener: SpeechModel, recipe: Recipe) -> SpeechModel:
    """The same weights at the seven convolutions' 50 frames per second: the context convolutions get stride 1."""
    strides = (1,) * len(recipe.architecture.context_strides)
    speech_model = on_top_of(
        listener, replace(recipe, architecture=replace(recipe.architecture, context_strides=strides))
    )
    speech_model.model.load_state_dict(coarse.model.state_dict())
    return speech_model


def through_context(model: PreTrainedModel, batch: Batch) -> Batch:
    """Pass a batch of features of the first seven convolutions through the context convolutions."""
    assert batch.features is not None
    hidden, frames = batch.features.transpose(1, 2), batch.frames
    layers = zip(convolutions(model), model.config.conv_kernel, model.config.conv_stride, strict=True)
    for layer, kernel, stride in islice(layers, len(KERNELS), None):
        hidden = layer(hidden)
        frames = (frames - kernel) // stride + 1
    return replace(batch, features=hidden.transpose(1, 2), frames=frames)
