"""Finds the weights in a model's folder, which may hold other files, such as a trainer's state in a .bin."""

from __future__ import annotations

from pathlib import Path

from typing_extensions import TypedDict

from benchmark.system.errors import UserError
from benchmark.system.files import read_json
from benchmark.system.validated import checked, read_json_as

PACKED = "model.packed.safetensors"
NAMES = (PACKED, "model.safetensors", "pytorch_model.bin")  # the first that exists is read
INDEX = ".index.json"  # ends the name of the file that lists the files into which weights are split


class Index(TypedDict):
    """The part of an index that is used."""

    weight_map: dict[str, str]  # file by tensor


def weight_files(folder: Path) -> list[Path]:
    """The files from which a model is loaded: those that its config or index names, or one with a usual name.

    Raises:
        UserError: there are none, or a named one is missing.
    """
    config = checked(read_json(folder / "config.json"), dict[str, object], str(folder / "config.json"))
    named = config.get("transformers_weights")
    for name in (named,) if isinstance(named, str) else NAMES:
        index = folder / (name if name.endswith(INDEX) else name + INDEX)
        if not name.endswith(INDEX) and (folder / name).is_file():
            return [folder / name]
        if index.is_file():
            return _existing(folder, sorted(set(read_json_as(index, Index)["weight_map"].values())))
    raise UserError(f"{folder} holds no weights: none of {', '.join(NAMES)}, and config.json names no others")


def _existing(folder: Path, names: list[str]) -> list[Path]:
    for name in names:
        if not (folder / name).is_file():
            raise UserError(f"{folder / name} does not exist, but the model's index names it: download the model again")
    return [folder / name for name in names]
