"""HuBERT (Hsu et al., TASLP 2021): `HubertForCTC`. Its modules have wav2vec 2.0's names but share no class."""

from __future__ import annotations

from benchmark.models.architectures.convolutional import ConvolutionalCTC
from benchmark.models.architectures.convolutional_config import NormedConfig
from benchmark.models.architectures.sizes import SIZES


class Hubert(ConvolutionalCTC):
    """HuBERT: wav2vec 2.0 pre-trained on other labels."""

    sizes = SIZES["hubert"]
    keys = NormedConfig
