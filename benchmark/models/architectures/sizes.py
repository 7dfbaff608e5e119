"""The size of a model, computed from its `config.json` per family. Imports no torch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from math import prod
from typing import Required

from typing_extensions import TypedDict

from benchmark.system.errors import UserError
from benchmark.system.validated import AtLeastOne

SAMPLE_RATE = 16_000


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
        """Number of Transformer layers."""

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

    def encoder_matrices(self, config: ModelConfig) -> int:
        """q, k, v, out, FFN in and FFN out of each layer."""
        return 6 * self.layers(config)

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


FAMILIES: tuple[Sizes, ...] = (
    ConvolutionalSizes("wav2vec2"),
    ConvolutionalSizes("hubert"),
    ConvolutionalSizes("wavlm"),
    StackedPositionSizes("data2vec-audio"),
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
