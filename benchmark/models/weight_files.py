"""Which files of a model's folder are its weights. Others may lie beside them, such as a trainer's state in a .bin."""

from __future__ import annotations

from pathlib import Path

from typing_extensions import TypedDict

from benchmark.system.errors import UserError
from benchmark.system.files import read_json
from benchmark.system.validated import checked, read_json_as

PACKED = "model.packed.safetensors"
NAMES = (PACKED, "model.safetensors", "pytorch_model.bin")  # the first that is there is read
INDEX = ".index.json"  # beside a name: the files that the weights are split into


class Index(TypedDict):
    """What matters of an index."""

    weight_map: dict[str, str]  # file by tensor


def weight_files(folder: Path) -> list[Path]:
    """The files that a model is loaded from: named by its config or its index, or of the usual name.

    Raises:
        UserError: there are none, or one that is named is missing.
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
            raise UserError(f"{folder / name} does not exist, but the model's index names it: fetch the model again")
    return [folder / name for name in names]
