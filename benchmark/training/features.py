"""The frozen front-end's output for a split, computed once, kept on disk as memory-mapped 16-bit floats."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm
from transformers import PreTrainedModel

from benchmark.files import read_json, whole, write_json
from benchmark.models.forward import front_end
from benchmark.training.speech import Speech


def write_features(
    model: PreTrainedModel,
    speech: Speech,
    folder: Path,
    key: str,
    speeds: Sequence[float] = (1.0,),
    audio: Callable[[int, float], torch.Tensor] | None = None,
) -> None:
    """Cache the front-end's output of every utterance of `speech` at every speed in `folder`, whole.

    Does nothing when the cache is there for the same `key`, which names model, data and `audio`: what to take for an
    utterance at a speed, `speech.audio` by default.
    """
    audio = audio or speech.audio
    if (folder / "index.json").exists() and read_json(folder / "index.json")["key"] == key:
        return
    frames: dict[str, list[int]] = {f"{speed:g}": [] for speed in speeds}
    with whole(folder) as partial:
        partial.mkdir()
        with (partial / "features.f16").open("wb") as file, torch.inference_mode():
            for speed in speeds:
                for index in tqdm(range(len(speech)), desc=f"front-end features x{speed:g}", unit="utt", mininterval=2):
                    samples = audio(index, speed)[None].to(speech.device)
                    features = front_end(model, samples)[0].half().cpu().numpy()
                    frames[f"{speed:g}"].append(len(features))
                    features.tofile(file)
        channels = model.config.conv_dim[-1]
        write_json(partial / "index.json", {"key": key, "channels": channels, "frames": frames})


class Features:
    """Access to the cache: (utterance index, speed) -> (frames, channels) float16."""

    def __init__(self, folder: Path) -> None:
        index = read_json(folder / "index.json")
        lengths = [length for frames in index["frames"].values() for length in frames]
        self._starts = np.concatenate([[0], np.cumsum(lengths)])
        self._offsets, offset = {}, 0
        for speed, frames in index["frames"].items():
            self._offsets[speed], offset = offset, offset + len(frames)
        self._data = np.memmap(folder / "features.f16", dtype=np.float16, mode="r").reshape(-1, index["channels"])

    def __call__(self, index: int, speed: float = 1.0) -> np.ndarray:
        """Front-end output of one utterance."""
        position = self._offsets[f"{speed:g}"] + index
        return np.array(self._data[self._starts[position] : self._starts[position + 1]])
