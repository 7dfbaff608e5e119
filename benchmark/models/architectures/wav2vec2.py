"""wav2vec 2.0 (Baevski et al., NeurIPS 2020): `Wav2Vec2ForCTC`, with layer norm after or before each block."""

from __future__ import annotations

from benchmark.models.architectures.convolutional import ConvolutionalCTC
from benchmark.models.architectures.convolutional_config import NormedConfig
from benchmark.models.architectures.sizes import SIZES


class Wav2Vec2(ConvolutionalCTC):
    """wav2vec 2.0: the family that the others follow."""

    sizes = SIZES["wav2vec2"]
    keys = NormedConfig
