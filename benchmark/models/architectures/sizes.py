"""The size of a model, computed from its `config.json` per family. Imports no torch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any, Required

from typing_extensions import TypedDict

from benchmark.models.architectures.whisper_language import check_language
from benchmark.models.vocabulary import Vocabulary
from benchmark.system.errors import UserError
from benchmark.system.validated import AtLeastOne

SAMPLE_RATE = 16_000
TOKENIZERS = ("tokenizer.json", "vocab.json")  # files of a byte-pair encoding, either of which is enough


class ModelConfig(TypedDict, total=False):
    """The keys of `config.json` that determine the size of a model."""

    model_type: Required[str]
    hidden_size: AtLeastOne
    num_hidden_layers: AtLeastOne
    intermediate_size: AtLeastOne
    vocab_size: AtLeastOne
    conv_dim: list[AtLeastOne]
    conv_kernel: list[AtLeastOne]
    conv_stride: list[AtLeastOne]
    num_conv_pos_embeddings: AtLeastOne
    num_conv_pos_embedding_groups: AtLeastOne
    conv_pos_kernel_size: AtLeastOne
    d_model: AtLeastOne
    encoder_layers: AtLeastOne
    decoder_layers: AtLeastOne
    encoder_ffn_dim: AtLeastOne
    decoder_ffn_dim: AtLeastOne
    num_mel_bins: AtLeastOne
    max_source_positions: AtLeastOne
    max_target_positions: AtLeastOne


class Sizes(ABC):
    """Sizes of the models of one family.

    Attributes:
        defaults: values of the keys that a config leaves out; `model_type` names the family.
    """

    defaults: ModelConfig

    @property
    def model_type(self) -> str:
        """The family's name in `config.json`."""
        return self.defaults["model_type"]

    @abstractmethod
    def layers(self, config: ModelConfig) -> int:
        """Number of Transformer layers, of the encoder and any decoder."""

    @abstractmethod
    def width(self, config: ModelConfig) -> int:
        """Channels of the hidden states."""

    @abstractmethod
    def encoder_matrices(self, config: ModelConfig) -> int:
        """Number of matrices in all layers."""

    @abstractmethod
    def encoder_parameters(self, config: ModelConfig) -> int:
        """Number of weights in the matrices of all layers; targets are shares of it."""

    @abstractmethod
    def total_parameters(self, config: ModelConfig) -> int:
        """Parameters of the whole model without biases and norms, which are a thousandth of all."""

    @abstractmethod
    def check_tokenizer(self, folder: Path, config: ModelConfig) -> None:
        """Check the tokenizer's files of a model that has an output head.

        Raises:
            UserError: they are missing, damaged or do not fit the model.
        """

    def check_language(self, generation: Mapping[str, Any], language: str | None) -> None:
        """Check the language that a study names, if any, for a model with this generation config (empty without one).

        Raises:
            UserError: the model needs a language, takes none, or does not know this one.
        """
        if language is not None:
            raise UserError(f"a {self.model_type} model takes no language: remove `language` under `dense`")

    @abstractmethod
    def frames_per_second(self, config: ModelConfig) -> float:
        """Frames that the front-end makes per second of audio."""

    @abstractmethod
    def feature_channels(self, config: ModelConfig) -> int:
        """Channels of the front-end's output."""


class ConvolutionalSizes(Sizes):
    """Convolutions over raw audio, one positional convolution, a Transformer encoder and a linear head."""

    def __init__(self, model_type: str) -> None:
        self.defaults = {
            "model_type": model_type,
            "hidden_size": 768,
            "num_hidden_layers": 12,
            "intermediate_size": 3072,
            "vocab_size": 32,
            "conv_dim": [512] * 7,
            "conv_kernel": [10, 3, 3, 3, 3, 2, 2],
            "conv_stride": [5, 2, 2, 2, 2, 2, 2],
            "num_conv_pos_embeddings": 128,
            "num_conv_pos_embedding_groups": 16,
        }

    def layers(self, config: ModelConfig) -> int:  # noqa: D102
        return config["num_hidden_layers"]

    def width(self, config: ModelConfig) -> int:  # noqa: D102
        return config["hidden_size"]

    def encoder_matrices(self, config: ModelConfig) -> int:
        """Six in each layer: q, k, v, out, FFN in, FFN out."""
        return 6 * config["num_hidden_layers"]

    def encoder_parameters(self, config: ModelConfig) -> int:  # noqa: D102
        hidden = config["hidden_size"]
        return self.layers(config) * (4 * hidden * hidden + 2 * hidden * config["intermediate_size"])

    def total_parameters(self, config: ModelConfig) -> int:  # noqa: D102
        channels = [1, *config["conv_dim"]]
        kernels = config["conv_kernel"]
        front_end = sum(a * b * kernel for a, b, kernel in zip(channels, channels[1:], kernels, strict=False))
        hidden = config["hidden_size"]
        positions = hidden * hidden * self.positional_taps(config) // config["num_conv_pos_embedding_groups"]
        projection_and_head = hidden * (channels[-1] + config["vocab_size"])
        return self.encoder_parameters(config) + front_end + projection_and_head + positions

    def frames_per_second(self, config: ModelConfig) -> float:  # noqa: D102
        return SAMPLE_RATE / prod(config["conv_stride"])

    def feature_channels(self, config: ModelConfig) -> int:  # noqa: D102
        return config["conv_dim"][-1]

    def check_tokenizer(self, folder: Path, config: ModelConfig) -> None:  # noqa: D102
        Vocabulary.load(folder, config["vocab_size"])

    def positional_taps(self, config: ModelConfig) -> int:
        """Sum of the kernel sizes of all positional convolutions."""
        return config["num_conv_pos_embeddings"]


class StackedPositionSizes(ConvolutionalSizes):
    """The same with a stack of `num_conv_pos_embeddings` positional convolutions."""

    def __init__(self, model_type: str) -> None:
        super().__init__(model_type)
        self.defaults = self.defaults | {"num_conv_pos_embeddings": 5, "conv_pos_kernel_size": 19}

    def positional_taps(self, config: ModelConfig) -> int:  # noqa: D102
        return config["num_conv_pos_embeddings"] * config["conv_pos_kernel_size"]


class WhisperSizes(Sizes):
    """Two convolutions over spectra, a Transformer encoder, and a decoder whose output layer is its embedding."""

    def __init__(self) -> None:
        self.defaults = {
            "model_type": "whisper",
            "vocab_size": 51865,
            "num_mel_bins": 80,
            "d_model": 384,
            "encoder_layers": 4,
            "decoder_layers": 4,
            "encoder_ffn_dim": 1536,
            "decoder_ffn_dim": 1536,
            "max_source_positions": 1500,
            "max_target_positions": 448,
        }

    def layers(self, config: ModelConfig) -> int:  # noqa: D102
        return config["encoder_layers"] + config["decoder_layers"]

    def width(self, config: ModelConfig) -> int:  # noqa: D102
        return config["d_model"]

    def encoder_matrices(self, config: ModelConfig) -> int:
        """Six in each layer of the encoder, ten in each of the decoder, which has cross-attention."""
        return 6 * config["encoder_layers"] + 10 * config["decoder_layers"]

    def encoder_parameters(self, config: ModelConfig) -> int:  # noqa: D102
        width = config["d_model"]
        encoder = config["encoder_layers"] * (4 * width + 2 * config["encoder_ffn_dim"])
        decoder = config["decoder_layers"] * (8 * width + 2 * config["decoder_ffn_dim"])
        return width * (encoder + decoder)

    def total_parameters(self, config: ModelConfig) -> int:  # noqa: D102
        width = config["d_model"]
        convolutions = 3 * (config["num_mel_bins"] + width)
        positions = config["max_source_positions"] + config["max_target_positions"]
        return self.encoder_parameters(config) + width * (convolutions + positions + config["vocab_size"])

    def frames_per_second(self, config: ModelConfig) -> float:
        """A spectrum every 10 ms, and a convolution of stride 2."""
        return 50.0

    def feature_channels(self, config: ModelConfig) -> int:  # noqa: D102
        return config["d_model"]

    def check_tokenizer(self, folder: Path, config: ModelConfig) -> None:
        """Its files must exist."""
        if not any((folder / name).is_file() for name in TOKENIZERS):
            raise UserError(f"{folder} has no tokenizer ({' or '.join(TOKENIZERS)}): copy it from the published model")

    def check_language(self, generation: Mapping[str, Any], language: str | None) -> None:
        """Multilingual models need one, in the study or in their generation config; English-only models take none."""
        check_language(generation, language)


FAMILIES: tuple[Sizes, ...] = (
    ConvolutionalSizes("wav2vec2"),
    ConvolutionalSizes("hubert"),
    ConvolutionalSizes("wavlm"),
    StackedPositionSizes("data2vec-audio"),
    WhisperSizes(),
)
SIZES = {sizes.model_type: sizes for sizes in FAMILIES}


def sizes_of(model_type: str, where: str) -> Sizes:
    """The sizes of a family.

    Args:
        model_type: its name in `config.json`.
        where: the model or file that names it, for the message.

    Raises:
        UserError: the family is not supported.
    """
    if model_type not in SIZES:
        raise UserError(f"{where}: {model_type} models are not supported; supported are {', '.join(SIZES)}")
    return SIZES[model_type]
