"""Loading and saving models: Hugging Face folders and ids, and the suite's packed folders of pruned weights."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import AutoConfig, PreTrainedConfig, PreTrainedModel

from benchmark.models.architectures.lookup import architecture_named, architecture_of
from benchmark.models.configuration import check_config
from benchmark.models.folder_state import Runtime, folder_config, plain_state, restore
from benchmark.models.foreign_files import errors_in_one_line
from benchmark.models.packing import pack, unpack
from benchmark.models.shapes import reshape
from benchmark.models.source import model_folder
from benchmark.models.vocabulary import Tokenizer
from benchmark.models.weight_files import PACKED
from benchmark.system.errors import UserError
from benchmark.system.files import atomic_write, hash_file, hash_of

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()

DECODING = ("generation_config.json", "tokenizer.json")  # of an encoder-decoder; CTC models have neither


@dataclass
class SpeechModel:
    """A model with what is needed to read audio and to read and write text."""

    model: PreTrainedModel
    tokenizer: Tokenizer
    normalise_audio: bool = True  # zero mean, unit variance per utterance, as the feature extractor says

    def to(self, device: torch.device) -> None:
        """Move the model to a device."""
        nn.Module.to(self.model, device)


def load(source: str | Path, *, fresh_head: bool = False) -> SpeechModel:
    """Load a model from a folder, in Hugging Face format or packed by `save`, or from a Hugging Face id.

    The model is on the CPU, in evaluation mode.

    Args:
        source: the folder or id.
        fresh_head: give a model that is only pre-trained a head with random weights over LibriSpeech's letters.

    Raises:
        UserError: there is no such model, it is damaged, its weights are not finite or do not fit its config, its
            vocabulary does not fit its head, or it is of an architecture that is not supported.
    """
    folder, _ = model_folder(source)
    config = _config(folder, source)
    architecture = architecture_named(config.model_type, str(source))
    fresh_head = fresh_head and not (folder / PACKED).exists() and architecture.lacks_head(folder)
    model = _load_model(folder, source, config, fresh_head)
    tokenizer = architecture.load_tokenizer(folder, model.config, fresh_head=fresh_head)
    return SpeechModel(model, tokenizer, architecture.normalises_audio(folder))


def load_model(source: str | Path) -> PreTrainedModel:
    """Load the model alone, as `load` does; its folder needs no vocabulary.

    Raises:
        UserError: as `load` does.
    """
    folder, _ = model_folder(source)
    return _load_model(folder, source, _config(folder, source), fresh_head=False)


def _config(folder: Path, source: str | Path) -> PreTrainedConfig:
    """Read and check a folder's config."""
    with errors_in_one_line(f"{source} holds no model that transformers can read"):
        config: PreTrainedConfig = AutoConfig.from_pretrained(folder)
    architecture_named(config.model_type, str(source))
    check_config(config.to_dict(), str(folder / "config.json"))
    return config


def _load_model(folder: Path, source: str | Path, config: PreTrainedConfig, fresh_head: bool) -> PreTrainedModel:
    architecture, packed = architecture_named(config.model_type, str(source)), folder / PACKED
    if packed.exists():
        with errors_in_one_line(f"{packed} is damaged or does not fit its config.json"):
            model = architecture.build(config)
            architecture.load_beside(model, folder)
            reshape(model, config.layer_shapes)
            state = unpack(load_file(packed))
            restore(model, state)
    else:
        model = architecture.load(folder, source, fresh_head=fresh_head)
        state = model.state_dict()
    _require_finite(state, source)
    evaluated: PreTrainedModel = model.eval()
    return evaluated


def _require_finite(state: dict[str, torch.Tensor], source: str | Path) -> None:
    """Refuse weights that are not finite: the model would transcribe nothing, without any error."""
    for name, tensor in state.items():
        if tensor.is_floating_point() and not tensor.isfinite().all():
            raise UserError(f"{source} has weights that are NaN or infinite, the first in {name}: it is damaged")


def save(speech_model: SpeechModel, folder: Path, runtime: Runtime = "dense") -> int:
    """Write a model's folder atomically: config, tokenizer and packed weights. Return the bytes of the weights.

    `runtime` says with which kernels the folder's model is to be run.

    Raises:
        UserError: the disk is full; an older folder stays in place.
    """
    with atomic_write(folder) as partial:
        partial.mkdir()
        folder_config(speech_model.model, runtime).save_pretrained(partial)
        _save_processor(speech_model, partial)
        save_file(pack(plain_state(speech_model.model)), partial / PACKED)
    return (folder / PACKED).stat().st_size


def save_dense(speech_model: SpeechModel, folder: Path) -> None:
    """Write a folder that plain `transformers` loads: config, processor and `model.safetensors`."""
    with atomic_write(folder) as partial:
        partial.mkdir()
        speech_model.model.save_pretrained(partial)
        _save_processor(speech_model, partial)


def _save_processor(speech_model: SpeechModel, folder: Path) -> None:
    architecture_of(speech_model.model).save_processor(
        folder, speech_model.model, speech_model.tokenizer, normalise_audio=speech_model.normalise_audio
    )


def hash_model(folder: Path) -> str:
    """Hash of a model folder's weights and, for an encoder-decoder, of its tokens and of how it decodes."""
    weights = sorted([*folder.glob("*.safetensors"), *folder.glob("*.bin")])
    decoding = [path for name in DECODING if (path := folder / name).exists()]
    hashes = [hash_file(path) for path in (*weights, *decoding)]
    return hashes[0] if len(hashes) == 1 else hash_of(hashes)


def frozen_copy(model: PreTrainedModel) -> PreTrainedModel:
    """An independent copy in evaluation mode without gradients."""
    duplicate = copy.deepcopy(model)
    duplicate.eval()
    for parameter in duplicate.parameters():
        parameter.requires_grad_(False)
    return duplicate
