"""The interface of a model family: one class with all that the rest of the suite has to know about it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Generic, Literal, NamedTuple, TypeVar

import torch
from torch import nn
from transformers import PreTrainedConfig, PreTrainedModel

from benchmark.models.architectures.sizes import Sizes
from benchmark.models.batch import Batch
from benchmark.models.output import Output
from benchmark.models.units import UnitKind, Units
from benchmark.models.vocabulary import Tokenizer

Kind = Literal["q", "k", "v", "out", "cross_q", "cross_k", "cross_v", "cross_out", "ffn_in", "ffn_out"]
Text = TypeVar("Text", bound=Tokenizer)


class Transcript(NamedTuple):
    """A decoded utterance. `cut`: whether decoding was stopped at its limit of tokens, as for a text without end."""

    text: str
    cut: bool = False


class Architecture(ABC, Generic[Text]):
    """One model family. Instances hold no state: each method gets the model, its config or its folder.

    Attributes:
        sizes: the family's sizes, computed without torch.
        decoding: how text is made from the output, `ctc` for example: a tag of the model card, and the template in
            benchmark/export/ that shows how to use an exported model.
    """

    sizes: ClassVar[Sizes]
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
    def save_processor(self, folder: Path, model: PreTrainedModel, tokenizer: Text, *, normalise_audio: bool) -> None:
        """Write the processor's and tokenizer's files, and all else that belongs beside a model's weights."""

    def load_beside(self, model: PreTrainedModel, folder: Path) -> None:
        """Give a model that was built from its config what else its folder holds beside the weights.

        Raises:
            UserError: a file is missing or damaged.
        """

    def set_language(self, model: PreTrainedModel, language: str | None) -> None:
        """Set the language of a multilingual model.

        Raises:
            UserError: the model needs a language, takes none, or does not know this one.
        """
        self.sizes.check_language({}, language)

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

    def window_samples(self, model: PreTrainedModel) -> int | None:
        """The number of samples that every forward computes for each utterance; None for audio of any length."""
        return None

    @abstractmethod
    def masks_padding(self, config: PreTrainedConfig) -> bool:
        """Whether attention ignores padded frames; if so, the `forward` of transformers takes a mask of the samples."""

    @abstractmethod
    def metered_module(self, model: PreTrainedModel) -> nn.Module:
        """A module that every forward runs once, and that gets hidden states (batch, frames, width) of the audio."""

    @abstractmethod
    def stacks(self, model: PreTrainedModel) -> list[nn.ModuleList]:
        """The Transformer's layers in the order of the forward pass: one list, or the encoder's and the decoder's."""

    @abstractmethod
    def arrange_layers(self, model: PreTrainedModel, orders: Sequence[Sequence[int]]) -> None:
        """Make the layers of each stack those with these indices, in this order, and change the config accordingly.

        A repeated index makes one layer serve in two places.
        """

    @abstractmethod
    def set_depths(self, config: PreTrainedConfig, depths: list[int]) -> None:
        """Write the number of layers of each stack into a config."""

    @abstractmethod
    def set_widths(self, config: PreTrainedConfig, widths: list[dict[UnitKind, set[int]]]) -> bool:
        """Write the numbers of heads and neurons of a layer into a config.

        Args:
            config: the config to change.
            widths: for each stack, the numbers that its layers have, by kind of unit.

        Returns:
            Whether plain `transformers` builds these layers from the config.
        """

    @abstractmethod
    def paths(self, layer: nn.Module) -> dict[Kind, str]:
        """The path of each matrix within a layer."""

    def handed_on(self, output: Any) -> dict[str, torch.Tensor]:
        """The parts of a layer's output that the next one gets besides the hidden state, by name."""
        return {}

    def reads_tokens(self, layer: nn.Module, kind: Kind) -> bool:
        """Whether a matrix's inputs are the tokens of a decoder, not the frames of the audio."""
        return False

    def frames_heard(self, hidden: torch.Tensor, options: dict[str, Any]) -> torch.Tensor:
        """Hidden states (batch, frames, width) of the audio, among a layer's input `hidden` and its other arguments."""
        return hidden

    @abstractmethod
    def heads(self, index: int, layer: nn.Module) -> list[Units]:
        """The attention heads of a layer, one entry per attention."""

    @abstractmethod
    def neurons(self, index: int, layer: nn.Module) -> Units:
        """The neurons of a layer's feed-forward network."""

    @abstractmethod
    def regularise(self, model: PreTrainedModel, *, dropout: float, spec_augment: bool) -> None:
        """Set SpecAugment and every dropout of the Transformer; switch LayerDrop off."""

    @abstractmethod
    def forward(self, model: PreTrainedModel, batch: Batch, *, hidden_states: bool) -> Output:
        """Run a model over a batch of audio or of features, which are treated alike from the front-end on."""

    def with_labels(self, model: PreTrainedModel, batch: Batch) -> Batch:
        """A batch without labels as `forward` needs it: as it is, or with transcripts that the model itself makes."""
        return batch

    @abstractmethod
    def probe(self, model: PreTrainedModel, seconds: float) -> Batch:
        """One utterance of silence of about this length, on the model's device, to count operations on."""

    @abstractmethod
    def loss(self, output: Output, batch: Batch, tokenizer: Text) -> torch.Tensor:
        """The loss of a forward's output over the batch: a scalar, in nats per utterance, averaged over the batch."""

    @abstractmethod
    def transcribe(self, model: PreTrainedModel, batch: Batch, tokenizer: Text) -> list[Transcript]:
        """The transcript of each utterance of a batch, decoded greedily, without a language model."""
