"""The base of wav2vec 2.0, HuBERT and related models: convolutions over audio, a Transformer, a linear CTC head."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, cast

import torch
from torch import nn
from transformers import AutoModelForCTC, PreTrainedConfig, PreTrainedModel

from benchmark.corpora.manifest import SAMPLE_RATE
from benchmark.models.architectures import ctc_processor
from benchmark.models.architectures.architecture import Architecture, Kind, Transcript
from benchmark.models.architectures.convolutional_config import ConvolutionalConfig, check
from benchmark.models.architectures.ctc import ctc_loss, greedy_texts
from benchmark.models.batch import Batch
from benchmark.models.foreign_files import errors_in_one_line
from benchmark.models.output import Output, first, recorded_layers
from benchmark.models.units import UnitKind, Units
from benchmark.models.vocabulary import Vocabulary
from benchmark.system.errors import UserError

PATHS: dict[Kind, str] = {  # Hugging Face's names, the same in all families and in pre- and post-LN layers
    "q": "attention.q_proj",
    "k": "attention.k_proj",
    "v": "attention.v_proj",
    "out": "attention.out_proj",
    "ffn_in": "feed_forward.intermediate_dense",
    "ffn_out": "feed_forward.output_dense",
}
SPEC_AUGMENT = "masked_spec_embed"  # replaces frames in SpecAugment; a checkpoint may lack it
HEAD = "lm_head"


def parts(model: PreTrainedModel) -> Any:
    """The model below the CTC head. The families name its parts alike, but share no class."""
    return model.base_model


class ConvolutionalCTC(Architecture[Vocabulary]):
    """A model with convolutions from raw audio to frames, and a Transformer and linear CTC head from frames to letters.

    Attributes:
        keys: the keys of the family's `config.json` that are checked.
    """

    keys: ClassVar[type[ConvolutionalConfig]]
    decoding = "ctc"

    def check_config(self, values: dict[str, Any], where: str) -> None:  # noqa: D102
        check(values, self.keys, where)

    def build(self, config: PreTrainedConfig) -> PreTrainedModel:  # noqa: D102
        return self.adapted(AutoModelForCTC.from_config(config))

    def load(self, folder: Path, source: str | Path, *, fresh_head: bool) -> PreTrainedModel:
        """As `Architecture.load`, from safetensors or a .bin, which transformers reads with `weights_only=True`."""
        changes = {"vocab_size": len(Vocabulary.of_letters(upper_case=True).tokens)} if fresh_head else {}
        if fresh_head:
            torch.manual_seed(0)
        with errors_in_one_line(f"{source} cannot be loaded"):
            model, info = AutoModelForCTC.from_pretrained(
                folder, output_loading_info=True, dtype=torch.float32, **changes
            )
        optional = (SPEC_AUGMENT, *((HEAD,) if fresh_head else ()))
        missing = [name for name in info["missing_keys"] if not any(part in name for part in optional)]
        if missing:
            lacks = f"{len(missing)} tensors are missing, the first is {missing[0]}"
            raise UserError(f"{source} is not a CTC checkpoint of this architecture: {lacks}")
        return self.adapted(model)

    def adapted(self, model: PreTrainedModel) -> PreTrainedModel:
        """The model in a form that the suite can work on, with the same weights under the same names."""
        return model

    def lacks_head(self, folder: Path) -> bool:  # noqa: D102
        return not (folder / "vocab.json").exists()

    def load_tokenizer(self, folder: Path, config: PreTrainedConfig, *, fresh_head: bool) -> Vocabulary:  # noqa: D102
        return Vocabulary.of_letters(upper_case=True) if fresh_head else Vocabulary.load(folder, config.vocab_size)

    def normalises_audio(self, folder: Path) -> bool:  # noqa: D102
        return ctc_processor.normalises_audio(folder)

    def save_processor(  # noqa: D102
        self, folder: Path, model: PreTrainedModel, tokenizer: Vocabulary, *, normalise_audio: bool
    ) -> None:
        ctc_processor.save(
            folder, tokenizer, normalise_audio=normalise_audio, attention_mask=self.masks_padding(model.config)
        )

    def front_end_module(self, model: PreTrainedModel) -> nn.Module:  # noqa: D102
        module: nn.Module = parts(model).feature_extractor
        return module

    def freeze_front_end(self, model: PreTrainedModel) -> None:  # noqa: D102
        cast(Any, model).freeze_feature_encoder()

    def front_end(self, model: PreTrainedModel, audio: torch.Tensor) -> torch.Tensor:  # noqa: D102
        features: torch.Tensor = parts(model).feature_extractor(audio)
        return features.transpose(1, 2)

    def feature_channels(self, model: PreTrainedModel) -> int:  # noqa: D102
        return int(model.config.conv_dim[-1])

    def frame_counts(self, model: PreTrainedModel, samples: torch.Tensor) -> torch.Tensor:  # noqa: D102
        counts: torch.Tensor = cast(Any, model)._get_feat_extract_output_lengths(samples)
        return counts.long()

    def frame_rate(self, model: PreTrainedModel) -> float:  # noqa: D102
        return float(SAMPLE_RATE / math.prod(model.config.conv_stride))

    def masks_padding(self, config: PreTrainedConfig) -> bool:
        """Models whose front-end has layer norm are trained with an attention mask, those with group norm without."""
        return bool(config.feat_extract_norm == "layer")

    def metered_module(self, model: PreTrainedModel) -> nn.Module:
        """The encoder: positions, layers and layer norm."""
        encoder: nn.Module = parts(model).encoder
        return encoder

    def stacks(self, model: PreTrainedModel) -> list[nn.ModuleList]:  # noqa: D102
        return [parts(model).encoder.layers]

    def arrange_layers(self, model: PreTrainedModel, orders: Sequence[Sequence[int]]) -> None:  # noqa: D102
        encoder = parts(model).encoder
        encoder.layers = nn.ModuleList([encoder.layers[index] for index in orders[0]])
        self.set_depths(model.config, [len(encoder.layers)])

    def set_depths(self, config: PreTrainedConfig, depths: list[int]) -> None:  # noqa: D102
        (config.num_hidden_layers,) = depths

    def set_widths(self, config: PreTrainedConfig, widths: list[dict[UnitKind, set[int]]]) -> bool:
        """As `Architecture.set_widths`. The number of heads in a config sets their width."""
        (found,) = widths
        if found["heads"] != {config.num_attention_heads} or len(found["neurons"]) != 1:
            return False
        (config.intermediate_size,) = found["neurons"]
        return True

    def paths(self, layer: nn.Module) -> dict[Kind, str]:  # noqa: D102
        return PATHS

    def heads(self, index: int, layer: nn.Module) -> list[Units]:  # noqa: D102
        attention = layer.get_submodule("attention")
        inward = tuple(cast(nn.Linear, attention.get_submodule(f"{name}_proj")) for name in "qkv")
        width = cast(int, attention.head_dim)
        outward = cast(nn.Linear, attention.out_proj)
        return [Units(index, "heads", inward, outward, width, partial(self.keep_heads, attention))]

    def keep_heads(self, attention: nn.Module, kept: torch.Tensor) -> None:
        """Tell an attention module which of its heads (heads,) are left."""
        attention.num_heads = int(kept.sum())  # type: ignore[assignment]

    def neurons(self, index: int, layer: nn.Module) -> Units:  # noqa: D102
        ffn = layer.get_submodule("feed_forward")
        inward = (cast(nn.Linear, ffn.intermediate_dense),)
        return Units(index, "neurons", inward, cast(nn.Linear, ffn.output_dense), 1)

    def regularise(self, model: PreTrainedModel, *, dropout: float, spec_augment: bool) -> None:  # noqa: D102
        for module in model.modules():
            if isinstance(module, nn.Dropout):
                module.p = dropout
        for layer in parts(model).encoder.layers:
            layer.attention.dropout = dropout
        model.config.layerdrop = 0.0
        model.config.apply_spec_augment = spec_augment

    def forward(self, model: PreTrainedModel, batch: Batch, *, hidden_states: bool) -> Output:
        """As `Architecture.forward`; does what transformers' model does, from the front-end's output on."""
        base = parts(model)
        features = batch.features
        if features is None:
            assert batch.audio is not None
            features = self.front_end(model, batch.audio)
        projected = first(base.feature_projection(features))  # some also return the normalised features
        mask = None
        if self.masks_padding(model.config):
            positions = torch.arange(projected.shape[1], device=projected.device)
            mask = positions < batch.frames[:, None]
        projected = base._mask_hidden_states(projected, attention_mask=mask)  # SpecAugment, where the config has it
        with recorded_layers(base.encoder.layers if hidden_states else None) as states:
            encoded = base.encoder(projected, attention_mask=mask)
        head: Any = model
        logits = head.lm_head(head.dropout(encoded.last_hidden_state))
        return Output(logits, batch.frames, tuple(states))

    def loss(self, output: Output, batch: Batch, tokenizer: Vocabulary) -> torch.Tensor:  # noqa: D102
        return ctc_loss(output, batch, tokenizer.blank)

    def transcribe(  # noqa: D102
        self, model: PreTrainedModel, batch: Batch, tokenizer: Vocabulary
    ) -> list[Transcript]:
        return [Transcript(text) for text in greedy_texts(self.forward(model, batch, hidden_states=False), tokenizer)]

    def probe(self, model: PreTrainedModel, seconds: float) -> Batch:  # noqa: D102
        samples, device = round(seconds * SAMPLE_RATE), next(model.parameters()).device
        frames = self.frame_counts(model, torch.tensor([samples])).to(device)
        nothing = torch.zeros(0, dtype=torch.long, device=device)
        return Batch(torch.zeros(1, samples, device=device), None, frames, nothing, nothing, seconds)
