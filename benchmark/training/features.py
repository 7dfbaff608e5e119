"""Cache of the frozen front-end's output for a split, on disk as memory-mapped 16-bit floats."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from transformers import PreTrainedModel
from typing_extensions import TypedDict

from benchmark.models.architectures.lookup import architecture_of
from benchmark.models.forward import front_end
from benchmark.system.at_work import Bar
from benchmark.system.errors import UserError
from benchmark.system.files import atomic_write, write_json
from benchmark.system.stamps import Stamps, read_stamped, stamped
from benchmark.system.validated import AtLeastOne, Count
from benchmark.training.speech import Speech

INDEX, DATA = "index.json", "features.f16"


class Index(TypedDict):
    """Content of `index.json`."""

    key: str
    channels: AtLeastOne
    frames: dict[str, list[Count]]  # frames of each utterance, by speed
    files: Stamps  # stamps of the feature file


def write_features(
    model: PreTrainedModel,
    speech: Speech,
    folder: Path,
    key: str,
    speeds: Sequence[float] = (1.0,),
    audio: Callable[[int, float], torch.Tensor] | None = None,
) -> None:
    """Cache the front-end's output for every utterance of `speech` at every speed in `folder`, atomically.

    Does nothing if an undamaged cache with the same `key` exists. The `key` must identify model, data and `audio`,
    which returns the audio of an utterance at a speed and is `speech.audio` by default.
    """
    audio = audio or speech.audio
    if _is_cached(folder, key):
        return
    frames: dict[str, list[int]] = {f"{speed:g}": [] for speed in speeds}
    with atomic_write(folder) as partial:
        partial.mkdir()
        with (partial / DATA).open("wb") as file, torch.inference_mode():
            for speed in speeds:
                for index in Bar(range(len(speech)), desc=f"front-end features x{speed:g}", unit="utt", mininterval=2):
                    samples = audio(index, speed)[None].to(speech.device)
                    features = front_end(model, samples)[0].half().cpu().numpy()
                    frames[f"{speed:g}"].append(len(features))
                    features.tofile(file)
        channels = architecture_of(model).feature_channels(model)
        files = stamped(partial, [DATA])
        write_json(partial / INDEX, Index(key=key, channels=channels, frames=frames, files=files))


def _is_cached(folder: Path, key: str) -> bool:
    try:
        return (folder / INDEX).exists() and _read_index(folder)["key"] == key
    except UserError as error:
        print(f"{error}; they are computed again")
        return False


def _read_index(folder: Path) -> Index:
    """The index of a cache whose files are unchanged."""
    return read_stamped(folder / INDEX, Index, [DATA], f"delete {folder} and make the dense model again")


class Features:
    """Reads from the cache: (utterance index, speed) -> (frames, channels) float16.

    Raises:
        UserError: the cache does not exist, or its files have changed since they were written.
    """

    def __init__(self, folder: Path) -> None:
        index = _read_index(folder)
        lengths = [length for frames in index["frames"].values() for length in frames]
        self._starts = np.concatenate([[0], np.cumsum(lengths)])
        self._offsets, offset = {}, 0
        for speed, frames in index["frames"].items():
            self._offsets[speed], offset = offset, offset + len(frames)
        self._data = np.memmap(folder / DATA, dtype=np.float16, mode="r").reshape(-1, index["channels"])

    def __call__(self, index: int, speed: float = 1.0) -> np.ndarray:
        """Front-end output of one utterance."""
        position = self._offsets[f"{speed:g}"] + index
        return np.array(self._data[self._starts[position] : self._starts[position + 1]])
