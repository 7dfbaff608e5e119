"""The interface of a model family: one class with all that the rest of the suite has to know about it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
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
    """One model family. Instances hold no state: each method gets the model, its config or its folder.

    Attributes:
        sizes: the family's sizes, computed without torch.
        paths: the path of each matrix within a layer.
        decoding: how text is made from the output, `ctc` for example: a tag of the model card, and the template in
            benchmark/export/ that shows how to use an exported model.
    """

    sizes: ClassVar[Sizes]
    paths: ClassVar[dict[Kind, str]]
    decoding: ClassVar[str]

    @abstractmethod
    def check_config(self, values: dict[str, Any], where: str) -> None:
        """Refuse a `config.json` from which the suite cannot build a working model.

        Raises:
            UserError: a value is missing, of another type or out of range, or two do not fit each other.
        """

    @abstractmethod
    def build(self, config: PreTrainedConfig) -> PreTrainedModel:
        """Build a model from a config, with random weights."""

    @abstractmethod
    def load(self, folder: Path, source: str | Path, *, fresh_head: bool) -> PreTrainedModel:
        """Load the model in a Hugging Face folder, in fp32.

        Args:
            folder: where its files are.
            source: the model's name in messages.
            fresh_head: draw random weights for the output head, which the folder lacks.

        Raises:
            UserError: the folder cannot be read, or lacks tensors.
        """

    def lacks_head(self, folder: Path) -> bool:
        """Whether the folder's model was only pre-trained and has no output head."""
        return False

    @abstractmethod
    def load_tokenizer(self, folder: Path, config: PreTrainedConfig, *, fresh_head: bool) -> Text:
        """Load a model's tokenizer; `fresh_head` is as for `load`.

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
        """The module that makes frames from audio; its weights are frozen in most studies."""

    @abstractmethod
    def freeze_front_end(self, model: PreTrainedModel) -> None:
        """Switch off gradients of the front-end and through it."""

    @abstractmethod
    def front_end(self, model: PreTrainedModel, audio: torch.Tensor) -> torch.Tensor:
        """Features (batch, frames, channels) from normalised audio (batch, samples)."""

    @abstractmethod
    def feature_channels(self, model: PreTrainedModel) -> int:
        """Channels of the front-end's output."""

    @abstractmethod
    def frame_counts(self, model: PreTrainedModel, samples: torch.Tensor) -> torch.Tensor:
        """Numbers of frames (batch,) that the front-end makes from these numbers of samples (batch,)."""

    @abstractmethod
    def frame_rate(self, model: PreTrainedModel) -> float:
        """Frames that the front-end makes per second of audio."""

    @abstractmethod
    def masks_padding(self, config: PreTrainedConfig) -> bool:
        """Whether attention ignores padded frames; if so, the `forward` of transformers takes a mask of the samples."""

    @abstractmethod
    def encoder(self, model: PreTrainedModel) -> nn.Module:
        """The encoder module, which every forward runs."""

    @abstractmethod
    def layers(self, model: PreTrainedModel) -> Sequence[nn.Module]:
        """All Transformer layers, in the order of a forward pass. Their indices number matrices and units."""

    @abstractmethod
    def arrange_layers(self, model: PreTrainedModel, order: Sequence[int]) -> None:
        """Make a model's layers those with these indices, in this order, and change its config accordingly.

        A repeated index makes one layer serve in two places.
        """

    @abstractmethod
    def uniform_config(
        self, config: PreTrainedConfig, layers: int, heads: int, neurons: int
    ) -> PreTrainedConfig | None:
        """The config of a model with this many layers, heads and neurons per layer; None if no config expresses it."""

    def handed_on(self, output: Any) -> dict[str, torch.Tensor]:
        """The parts of a layer's output that the next one gets besides the hidden state, by name."""
        return {}

    @abstractmethod
    def heads(self, index: int, layer: nn.Module) -> Units:
        """The attention heads of a layer."""

    @abstractmethod
    def neurons(self, index: int, layer: nn.Module) -> Units:
        """The neurons of a layer's feed-forward network."""

    @abstractmethod
    def regularise(self, model: PreTrainedModel, *, dropout: float, spec_augment: bool) -> None:
        """Set SpecAugment and every dropout of the Transformer; switch LayerDrop off."""

    @abstractmethod
    def forward(self, model: PreTrainedModel, batch: Batch, *, hidden_states: bool) -> Output:
        """Run a model over a batch of audio or of features, which are treated alike from the front-end on."""

    @abstractmethod
    def loss(self, output: Output, batch: Batch, tokenizer: Text) -> torch.Tensor:
        """The loss of a forward's output over the batch: a scalar, in nats per utterance, averaged over the batch."""

    @abstractmethod
    def transcribe(self, model: PreTrainedModel, batch: Batch, tokenizer: Text) -> list[str]:
        """The text of each utterance of a batch, decoded greedily, without a language model."""
