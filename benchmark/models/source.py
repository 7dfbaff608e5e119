"""Finds a dense model in a folder or on Hugging Face's hub, and reads its sizes in its config. Imports no torch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmark.models.architectures.sizes import SIZES, ModelConfig, sizes_of
from benchmark.system.errors import UserError
from benchmark.system.files import read_json
from benchmark.system.validated import checked

GENERATION = "generation_config.json"
EVERYTHING = ("*.json", "*.txt", "*.safetensors", "*.bin")
CONFIG_ONLY = ("config.json", "vocab.json", "tokenizer.json", GENERATION)


def model_folder(
    source: str | Path, revision: str | None = None, files: Sequence[str] = EVERYTHING
) -> tuple[Path, str | None]:
    """The local folder of a model, downloaded first if it is a Hugging Face id, and its commit on the hub.

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
        raise UserError(
            f"model {source} is neither a folder nor available from the Hugging Face hub: {reason}"
        ) from None


def read_config(folder: Path) -> ModelConfig:
    """The sizes in a model's `config.json`, with the architecture's defaults for those that it leaves out.

    Raises:
        UserError: the file is missing or damaged, a size is not a positive integer, or the architecture is not known.
    """
    path = folder / "config.json"
    content = checked(read_json(path), dict[str, object], str(path))
    named = {key: content[key] for key in ModelConfig.__annotations__ if key in content}
    config = checked(named, ModelConfig, str(path))
    return sizes_of(config["model_type"], str(path)).defaults | config


def layers(config: ModelConfig) -> int:
    """Number of Transformer layers."""
    return SIZES[config["model_type"]].layers(config)


def width(config: ModelConfig) -> int:
    """Channels of the hidden states."""
    return SIZES[config["model_type"]].width(config)


def encoder_matrices(config: ModelConfig) -> int:
    """Number of matrices in all layers."""
    return SIZES[config["model_type"]].encoder_matrices(config)


def encoder_parameters(config: ModelConfig) -> int:
    """Number of weights in the matrices of all layers; targets are shares of it."""
    return SIZES[config["model_type"]].encoder_parameters(config)


def estimated_parameters(config: ModelConfig) -> int:
    """An estimate without the model: its parameters without biases and norms, which are a thousandth of all."""
    return SIZES[config["model_type"]].total_parameters(config)


def frames_per_second(config: ModelConfig) -> float:
    """Frames that the front-end makes per second of audio at 16 kHz."""
    return SIZES[config["model_type"]].frames_per_second(config)


def feature_channels(config: ModelConfig) -> int:
    """Channels of the front-end's output."""
    return SIZES[config["model_type"]].feature_channels(config)
