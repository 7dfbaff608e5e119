"""What the suite has to know of a model family, in one class. Everything outside asks here and assumes nothing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar, Generic, Literal, TypeVar

import torch
from torch import nn
from transformers import PreTrainedConfig, PreTrainedModel

from benchmark.models.architectures.sizes import Sizes
from benchmark.models.batch import Batch
from benchmark.models.output import Output
from benchmark.models.units import Units
from benchmark.models.vocabulary import Tokenizer

Kind = Literal["q", "k", "v", "out", "ffn_in", "ffn_out"]
Text = TypeVar("Text", bound=Tokenizer)


class Architecture(ABC, Generic[Text]):
    """One model family. Instances hold nothing: each method gets the model, its config or its folder.

    Attributes:
        sizes: what is known of the family without torch.
        paths: where each matrix is in a layer.
    """

    sizes: ClassVar[Sizes]
    paths: ClassVar[dict[Kind, str]]

    @abstractmethod
    def check_config(self, values: dict[str, Any], where: str) -> None:
        """Refuse a `config.json` from which the suite can build no working model.

        Raises:
            UserError: a value is missing, of another type or out of range, or two do not fit each other.
        """

    @abstractmethod
    def build(self, config: PreTrainedConfig) -> PreTrainedModel:
        """A model of a config, with random weights."""

    @abstractmethod
    def load(self, folder: Path, source: str | Path, *, fresh_head: bool) -> PreTrainedModel:
        """The model in a Hugging Face folder, in fp32.

        Args:
            folder: where its files are.
            source: the name to give it in messages.
            fresh_head: draw the weights of what writes text, which the folder lacks.

        Raises:
            UserError: the folder cannot be read, or lacks tensors.
        """

    def lacks_head(self, folder: Path) -> bool:
        """Whether the folder's model was only pre-trained, and has nothing that writes text."""
        return False

    @abstractmethod
    def load_tokenizer(self, folder: Path, config: PreTrainedConfig, *, fresh_head: bool) -> Text:
        """What reads and writes a model's text; `fresh_head` as for `load`.

        Raises:
            UserError: its files are missing or damaged, or do not fit the model.
        """

    @abstractmethod
    def normalises_audio(self, folder: Path) -> bool:
        """Whether the folder's processor asks for audio of zero mean and unit variance.

        Raises:
            UserError: the processor cannot be read, or is for other audio than one channel at 16 kHz.
        """

    @abstractmethod
    def save_processor(self, folder: Path, config: PreTrainedConfig, tokenizer: Text, *, normalise_audio: bool) -> None:
        """Write the processor's and tokenizer's files beside a model's weights."""

    @abstractmethod
    def front_end_module(self, model: PreTrainedModel) -> nn.Module:
        """What makes frames of audio; its weights are frozen in most studies."""

    @abstractmethod
    def freeze_front_end(self, model: PreTrainedModel) -> None:
        """Ask for no gradient of the front-end, nor through it."""

    @abstractmethod
    def front_end(self, model: PreTrainedModel, audio: torch.Tensor) -> torch.Tensor:
        """Features (batch, frames, channels) of normalised audio (batch, samples)."""

    @abstractmethod
    def feature_channels(self, model: PreTrainedModel) -> int:
        """Channels of the front-end's output."""

    @abstractmethod
    def frame_counts(self, model: PreTrainedModel, samples: torch.Tensor) -> torch.Tensor:
        """Frames (batch,) that the front-end makes of so many samples (batch,)."""

    @abstractmethod
    def frame_rate(self, model: PreTrainedModel) -> float:
        """Frames that the front-end makes of a second of audio."""

    @abstractmethod
    def masks_padding(self, config: PreTrainedConfig) -> bool:
        """Whether attention leaves padded frames out, and `forward` of transformers takes a mask of the samples."""

    @abstractmethod
    def encoder(self, model: PreTrainedModel) -> nn.Module:
        """The encoder, which every forward passes, with `layers` in it."""

    def handed_on(self, output: Any) -> dict[str, torch.Tensor]:
        """Of what a layer returns, what the next one gets beside its hidden state, by name."""
        return {}

    @abstractmethod
    def heads(self, index: int, layer: nn.Module) -> Units:
        """The attention heads of a layer."""

    @abstractmethod
    def neurons(self, index: int, layer: nn.Module) -> Units:
        """The neurons of a layer's feed-forward network."""

    @abstractmethod
    def regularise(self, model: PreTrainedModel, *, dropout: float, spec_augment: bool) -> None:
        """Set every dropout of the Transformer, and SpecAugment; LayerDrop is off."""

    @abstractmethod
    def forward(self, model: PreTrainedModel, batch: Batch, *, hidden_states: bool) -> Output:
        """Run a model over a batch of audio or features, the same from there on."""

    @abstractmethod
    def loss(self, output: Output, batch: Batch, tokenizer: Text) -> torch.Tensor:
        """The loss of what a forward over the batch gave: a scalar, in nats per utterance, averaged over the batch."""

    @abstractmethod
    def transcribe(self, model: PreTrainedModel, batch: Batch, tokenizer: Text) -> list[str]:
        """The text of each utterance of a batch, decoded greedily, without a language model."""
