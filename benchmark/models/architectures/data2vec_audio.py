"""data2vec for audio (Baevski et al., ICML 2022): `Data2VecAudioForCTC`, with several positional convolutions."""

from __future__ import annotations

from transformers import PreTrainedConfig

from benchmark.models.architectures.convolutional import ConvolutionalCTC
from benchmark.models.architectures.convolutional_config import ConvolutionalConfig, Size
from benchmark.models.architectures.sizes import SIZES


class _Config(ConvolutionalConfig):
    conv_pos_kernel_size: Size


class Data2VecAudio(ConvolutionalCTC):
    """data2vec: layer norm after each convolution of the front-end and, in the Transformer, after each block."""

    sizes = SIZES["data2vec-audio"]
    keys = _Config

    def masks_padding(self, config: PreTrainedConfig) -> bool:
        """Always true: its front-end has layer norm, like other models with an attention mask."""
        return True
