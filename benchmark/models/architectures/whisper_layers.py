"""The layers of a Whisper model: their matrices, heads and neurons, how many there are, and their dropout."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import nn
from transformers import PreTrainedConfig, PreTrainedModel

from benchmark.models.architectures.architecture import Architecture, Kind
from benchmark.models.architectures.whisper_text import WhisperText, generation_config
from benchmark.models.units import UnitKind, Units
from benchmark.system.errors import UserError

SELF: dict[Kind, str] = {  # Hugging Face's names
    "q": "self_attn.q_proj",
    "k": "self_attn.k_proj",
    "v": "self_attn.v_proj",
    "out": "self_attn.out_proj",
}
CROSS: dict[Kind, str] = {
    "cross_q": "encoder_attn.q_proj",
    "cross_k": "encoder_attn.k_proj",
    "cross_v": "encoder_attn.v_proj",
    "cross_out": "encoder_attn.out_proj",
}
FFN: dict[Kind, str] = {"ffn_in": "fc1", "ffn_out": "fc2"}
ENCODER, DECODER = SELF | FFN, SELF | CROSS | FFN
HEARD: tuple[Kind, ...] = ("cross_k", "cross_v")  # the matrices of the decoder whose inputs are frames, not tokens


def parts(model: PreTrainedModel) -> Any:
    """The encoder and decoder below the output layer."""
    return cast(Any, model).model


def is_decoder_layer(layer: nn.Module) -> bool:
    """Whether a Transformer layer has cross-attention."""
    return hasattr(layer, "encoder_attn")


class WhisperLayers(Architecture[WhisperText]):
    """What an architecture says of its Transformer layers, for an encoder and a decoder with cross-attention."""

    def stacks(self, model: PreTrainedModel) -> list[nn.ModuleList]:
        """The layers of the encoder, and those of the decoder."""
        return [parts(model).encoder.layers, parts(model).decoder.layers]

    def arrange_layers(self, model: PreTrainedModel, orders: Sequence[Sequence[int]]) -> None:  # noqa: D102
        encoder, decoder = parts(model).encoder, parts(model).decoder
        for stack, indices in zip((encoder, decoder), orders, strict=True):
            stack.layers = nn.ModuleList([stack.layers[index] for index in indices])
        vars(generation_config(model)).pop("alignment_heads", None)  # which name layers by their former places
        for index, layer in enumerate(decoder.layers):
            layer.self_attn.layer_idx = layer.encoder_attn.layer_idx = index  # its place in the cache
        self.set_depths(model.config, [len(encoder.layers), len(decoder.layers)])

    def set_depths(self, config: PreTrainedConfig, depths: list[int]) -> None:  # noqa: D102
        config.encoder_layers, config.decoder_layers = depths

    def set_widths(self, config: PreTrainedConfig, widths: list[dict[UnitKind, set[int]]]) -> bool:
        """As `Architecture.set_widths`. The number of heads in a config sets their width."""
        encoder, decoder = widths
        heads = [encoder["heads"], decoder["heads"], decoder["cross_heads"]]
        if heads != [{config.encoder_attention_heads}, *[{config.decoder_attention_heads}] * 2]:
            return False
        if len(encoder["neurons"]) != 1 or len(decoder["neurons"]) != 1:
            return False
        (config.encoder_ffn_dim,), (config.decoder_ffn_dim,) = encoder["neurons"], decoder["neurons"]
        return True

    def paths(self, layer: nn.Module) -> dict[Kind, str]:  # noqa: D102
        return DECODER if is_decoder_layer(layer) else ENCODER

    def reads_tokens(self, layer: nn.Module, kind: Kind) -> bool:
        """In the decoder, all but the keys and values of what it hears."""
        return is_decoder_layer(layer) and kind not in HEARD

    def frames_heard(self, hidden: torch.Tensor, options: dict[str, Any]) -> torch.Tensor:
        """The encoder's output for a layer of the decoder."""
        heard: torch.Tensor = options.get("encoder_hidden_states", hidden)
        return heard

    def heads(self, index: int, layer: nn.Module) -> list[Units]:
        """Those of the self-attention, and in the decoder those of the cross-attention."""
        own = [_heads(index, "heads", layer.get_submodule("self_attn"))]
        return (
            [*own, _heads(index, "cross_heads", layer.get_submodule("encoder_attn"))]
            if is_decoder_layer(layer)
            else own
        )

    def neurons(self, index: int, layer: nn.Module) -> Units:  # noqa: D102
        return Units(index, "neurons", (cast(nn.Linear, layer.fc1),), cast(nn.Linear, layer.fc2), 1)

    def regularise(self, model: PreTrainedModel, *, dropout: float, spec_augment: bool) -> None:
        """As `Architecture.regularise`.

        Raises:
            UserError: SpecAugment is asked for. It would change the spectra, and their convolutions are cached.
        """
        if spec_augment:
            raise UserError(
                "Whisper models are trained without SpecAugment here: set `spec_augment` to false under `training` and "
                "under `dense.fine_tune`"
            )
        for module in model.modules():
            for name in ("dropout", "activation_dropout"):
                if isinstance(getattr(module, name, None), float):
                    setattr(module, name, dropout)
        parts(model).encoder.layerdrop = parts(model).decoder.layerdrop = 0.0


def _heads(index: int, kind: UnitKind, attention: nn.Module) -> Units:
    inward = tuple(cast(nn.Linear, attention.get_submodule(f"{name}_proj")) for name in "qkv")

    def tell(kept: torch.Tensor) -> None:
        attention.num_heads = int(kept.sum())  # type: ignore[assignment]

    return Units(index, kind, inward, cast(nn.Linear, attention.out_proj), cast(int, attention.head_dim), tell)
