"""The frozen front-end's output for a split, computed once, kept on disk as memory-mapped 16-bit floats."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm
from transformers import PreTrainedModel

from benchmark.files import read_json, whole, write_json
from benchmark.models.forward import front_end
from benchmark.training.speech import Speech


def write_features(model: PreTrainedModel, speech: Speech, folder: Path, key: str) -> None:
    """Cache the front-end's output of every utterance of `speech` in `folder`, whole; `key` names model and data.

    Does nothing when the cache is there for the same key.
    """
    if (folder / "index.json").exists() and read_json(folder / "index.json")["key"] == key:
        return
    lengths: list[int] = []
    with whole(folder) as partial:
        partial.mkdir()
        with (partial / "features.f16").open("wb") as file, torch.inference_mode():
            for index in tqdm(range(len(speech)), desc="front-end features", unit="utt", mininterval=2):
                features = front_end(model, speech.audio(index)[None].to(speech.device))[0].half().cpu().numpy()
                lengths.append(len(features))
                features.tofile(file)
        channels = model.config.conv_dim[-1]
        write_json(partial / "index.json", {"key": key, "channels": channels, "frames": lengths})


def read_features(folder: Path) -> Callable[[int], np.ndarray]:
    """Access to the cache: utterance index -> (frames, channels) float16."""
    index = read_json(folder / "index.json")
    starts = np.concatenate([[0], np.cumsum(index["frames"])])
    data = np.memmap(folder / "features.f16", dtype=np.float16, mode="r").reshape(-1, index["channels"])
    return lambda i: np.array(data[starts[i] : starts[i + 1]])
