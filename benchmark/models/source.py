"""Where a dense model comes from, a folder or Hugging Face's hub, and what its config says of its shape. No torch."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from pathlib import Path
from typing import Required

from typing_extensions import TypedDict

from benchmark.system.errors import UserError
from benchmark.system.files import read_json
from benchmark.system.validated import AtLeastOne, checked

ARCHITECTURES = ("wav2vec2", "hubert")
MATRICES = 6  # of a Transformer layer: q, k, v, out, FFN in, FFN out
EVERYTHING = ("*.json", "*.safetensors", "*.bin")
CONFIG_ONLY = ("config.json", "vocab.json")


class ModelConfig(TypedDict, total=False):
    """What of `config.json` says how large a model is."""

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


BASE: ModelConfig = {  # of a key that a config leaves out
    "model_type": "wav2vec2",
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


def model_folder(
    source: str | Path, revision: str | None = None, files: Sequence[str] = EVERYTHING
) -> tuple[Path, str | None]:
    """Where a model lies on this disk, downloaded first if it is a Hugging Face id, and its commit there.

    Args:
        source: the folder or id.
        revision: commit, tag or branch of a Hugging Face model; the newest by default.
        files: patterns of the files to download.

    Raises:
        UserError: there is no such model.
    """
    folder = Path(source)
    if folder.is_dir():
        return folder, None
    if folder.is_absolute() or str(source).startswith((".", "data/", "work/")):
        raise UserError(f"model folder {source} does not exist")
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError

    try:
        snapshot = Path(snapshot_download(str(source), revision=revision, allow_patterns=list(files)))
        return snapshot, snapshot.name  # the hub's cache names it by the commit
    except HFValidationError:
        raise UserError(f"model folder {source} does not exist") from None
    except Exception as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise UserError(f"model {source} is neither a folder nor to be had from the hub: {reason}") from None


def read_config(folder: Path) -> ModelConfig:
    """What a model's `config.json` says of its shape, with the architecture's defaults for what it leaves out.

    Raises:
        UserError: the file is missing or damaged, a size is not a positive integer, or the architecture is not known.
    """
    path = folder / "config.json"
    content = checked(read_json(path), dict[str, object], str(path))
    named = {key: content[key] for key in ModelConfig.__annotations__ if key in content}
    config = checked(named, ModelConfig, str(path))
    if config["model_type"] not in ARCHITECTURES:
        raise UserError(f"{path}: a {config['model_type']} model; only {' and '.join(ARCHITECTURES)} are supported")
    return BASE | config


def encoder_parameters(config: ModelConfig) -> int:
    """Weights of the six matrices of all layers: what targets are shares of."""
    hidden = config["hidden_size"]
    return config["num_hidden_layers"] * (4 * hidden * hidden + 2 * hidden * config["intermediate_size"])


def total_parameters(config: ModelConfig) -> int:
    """Parameters of the whole model, but for biases and norms: a thousandth less than there are."""
    channels = [1, *config["conv_dim"]]
    front_end = sum(a * b * kernel for a, b, kernel in zip(channels, channels[1:], config["conv_kernel"], strict=False))
    hidden = config["hidden_size"]
    positions = hidden * hidden * config["num_conv_pos_embeddings"] // config["num_conv_pos_embedding_groups"]
    return encoder_parameters(config) + front_end + hidden * (channels[-1] + config["vocab_size"]) + positions


def frames_per_second(config: ModelConfig) -> float:
    """Frames that the front-end makes of a second of audio at 16 kHz."""
    return 16_000 / prod(config["conv_stride"])
