"""Loading and saving CTC models: Hugging Face folders and ids, and our packed folders of pruned weights."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import (
    AutoConfig,
    AutoModelForCTC,
    PreTrainedModel,
    Wav2Vec2CTCTokenizer,
    Wav2Vec2FeatureExtractor,
)
from transformers import Wav2Vec2Processor as Processor

from benchmark.models.configuration import check_config, check_extractor
from benchmark.models.forms.quantised import fill, unwrapped
from benchmark.models.packing import pack, unpack
from benchmark.models.shapes import layer_shapes, reshape
from benchmark.models.source import ARCHITECTURES, model_folder
from benchmark.models.vocabulary import BLANK, WORD_DELIMITER, Vocabulary
from benchmark.models.weight_files import PACKED
from benchmark.system.errors import UserError
from benchmark.system.files import atomic_write, hash_file, write_json

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()


@dataclass
class CTCModel:
    """A model with what reading and writing text and audio needs."""

    model: PreTrainedModel
    vocabulary: Vocabulary
    normalise_audio: bool = True  # zero mean, unit variance per utterance, as the feature extractor says

    def to(self, device: torch.device) -> None:
        """Move the model to a device."""
        nn.Module.to(self.model, device)


def load(source: str | Path, *, fresh_head: bool = False) -> CTCModel:
    """Load a CTC model from a folder, in Hugging Face format or packed by `save`, or from a Hugging Face id.

    It is on the CPU, in evaluation mode.

    Args:
        source: the folder or id.
        fresh_head: give a model that is pre-trained only a CTC head with random weights, over LibriSpeech's letters.

    Raises:
        UserError: there is no such model, it is damaged, its weights are not finite or do not fit its config, its
            vocabulary does not fit its head, or it is of another architecture than wav2vec 2.0 or HuBERT.
    """
    folder, _ = model_folder(source)
    fresh_head = fresh_head and not (folder / PACKED).exists() and not (folder / "vocab.json").exists()
    model = _load_model(folder, source, fresh_head)
    vocabulary = (
        Vocabulary.of_letters(upper_case=True) if fresh_head else Vocabulary.load(folder, model.config.vocab_size)
    )
    return CTCModel(model, vocabulary, _normalises(folder))


def load_model(source: str | Path) -> PreTrainedModel:
    """The model alone, as `load` has it; its folder needs no vocabulary.

    Raises:
        UserError: as `load` does.
    """
    folder, _ = model_folder(source)
    return _load_model(folder, source, fresh_head=False)


def _load_model(folder: Path, source: str | Path, fresh_head: bool) -> PreTrainedModel:
    with _one_line(f"{source} holds no model that transformers can read"):
        config = AutoConfig.from_pretrained(folder)
    if config.model_type not in ARCHITECTURES:
        raise UserError(f"{source} is a {config.model_type} model: only {' and '.join(ARCHITECTURES)} are supported")
    check_config(config.to_dict(), str(folder / "config.json"))
    packed = folder / PACKED
    fresh_head = fresh_head and not packed.exists() and not (folder / "vocab.json").exists()
    if packed.exists():
        with _one_line(f"{packed} is damaged or does not fit its config.json"):
            model = AutoModelForCTC.from_config(config)
            reshape(model, config.layer_shapes)
            state = unpack(load_file(packed))
            _fill(model, state)
    else:
        model = _from_pretrained(folder, source, fresh_head)
        state = model.state_dict()
    _require_finite(state, source)
    evaluated: PreTrainedModel = model.eval()
    return evaluated


def _require_finite(state: dict[str, torch.Tensor], source: str | Path) -> None:
    """A model with such weights transcribes nothing, without a word."""
    for name, tensor in state.items():
        if tensor.is_floating_point() and not tensor.isfinite().all():
            raise UserError(f"{source} has weights that are NaN or infinite, the first in {name}: it is damaged")


@contextmanager
def _one_line(problem: str) -> Iterator[None]:
    """Someone else's folder can be wrong in any way, and each library raises its own exceptions then."""
    try:
        yield
    except Exception as error:
        raise UserError(f"{problem}: {_first_line(error)}") from error


def _from_pretrained(folder: Path, source: str | Path, fresh_head: bool) -> PreTrainedModel:
    """Weights from safetensors, or from a .bin read with `weights_only=True`, which is how transformers reads it."""
    changes = {"vocab_size": len(Vocabulary.of_letters(upper_case=True).tokens)} if fresh_head else {}
    if fresh_head:
        torch.manual_seed(0)
    with _one_line(f"{source} cannot be loaded"):
        model, info = AutoModelForCTC.from_pretrained(folder, output_loading_info=True, dtype=torch.float32, **changes)
    optional = ("masked_spec_embed", *(("lm_head",) if fresh_head else ()))
    missing = [name for name in info["missing_keys"] if not any(part in name for part in optional)]
    if missing:
        lacks = f"{len(missing)} tensors are missing, the first is {missing[0]}"
        raise UserError(f"{source} is no CTC checkpoint of this architecture: {lacks}")
    loaded: PreTrainedModel = model
    return loaded


def _first_line(error: Exception) -> str:
    """Of a message; the second too where the first only announces it."""
    first, *others = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    return f"{first} {others[0]}" if first.endswith(":") and others else first


def _normalises(folder: Path) -> bool:
    if not any((folder / name).exists() for name in ("processor_config.json", "preprocessor_config.json")):
        return True
    with _one_line(f"{folder / 'preprocessor_config.json'} cannot be read"):
        extractor = Wav2Vec2FeatureExtractor.from_pretrained(folder)
    return check_extractor(extractor, f"feature extractor of {folder}")


def save(ctc: CTCModel, folder: Path) -> int:
    """Write a model's folder whole: config, tokenizer files and packed weights. Returns the bytes of the weights.

    Raises:
        UserError: the disk is full; an older folder is still there.
    """
    with atomic_write(folder) as partial:
        partial.mkdir()
        config = copy.deepcopy(ctc.model.config)
        config.layer_shapes = layer_shapes(ctc.model)
        config.save_pretrained(partial)
        _save_processor(ctc, partial)
        save_file(pack(plain_state(ctc.model)), partial / PACKED)
    return (folder / PACKED).stat().st_size


def plain_state(model: PreTrainedModel) -> dict[str, torch.Tensor]:
    """A model's state on the CPU, quantised tensors as the plain ones that they are made of."""
    state = {name: tensor.detach().cpu() for name, tensor in model.state_dict().items()}
    return unwrapped(state)


def _fill(model: PreTrainedModel, state: dict[str, torch.Tensor]) -> None:
    if hasattr(model.config, "int8"):
        fill(model, state)
    else:
        model.load_state_dict(state)


def save_dense(ctc: CTCModel, folder: Path) -> None:
    """Write a folder that plain `transformers` loads: config, processor and `model.safetensors`."""
    with atomic_write(folder) as partial:
        partial.mkdir()
        ctc.model.save_pretrained(partial)
        _save_processor(ctc, partial)


def _save_processor(ctc: CTCModel, folder: Path) -> None:
    write_json(folder / "vocab.json", ctc.vocabulary.tokens)
    tokenizer = Wav2Vec2CTCTokenizer(str(folder / "vocab.json"), pad_token=BLANK, word_delimiter_token=WORD_DELIMITER)
    extractor = Wav2Vec2FeatureExtractor(
        do_normalize=ctc.normalise_audio, return_attention_mask=ctc.model.config.feat_extract_norm == "layer"
    )
    Processor(extractor, tokenizer).save_pretrained(folder)


def hash_model(folder: Path) -> str:
    """Hash of a model folder's weights."""
    weights = sorted([*folder.glob("*.safetensors"), *folder.glob("*.bin")])
    return "+".join(hash_file(path) for path in weights)[:64]


def frozen_copy(model: PreTrainedModel) -> PreTrainedModel:
    """An independent copy in evaluation mode without gradients."""
    duplicate = copy.deepcopy(model)
    duplicate.eval()
    for parameter in duplicate.parameters():
        parameter.requires_grad_(False)
    return duplicate
