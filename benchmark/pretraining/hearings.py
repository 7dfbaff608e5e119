"""Cached features of the training speech: unchanged, in other voices, and in other voices with reverberation."""

from __future__ import annotations

import numpy as np
import torch

from benchmark.corpora.manifest import Dataset
from benchmark.models.checkpoints import SpeechModel
from benchmark.pretraining.recipe import Recipe, front_end_key
from benchmark.pretraining.reverberation import ROOM, heard_in_a_room
from benchmark.pretraining.voice_perturbation import KNOTS, PACE, TIMBRE_DB, another_voice
from benchmark.system.files import hash_of
from benchmark.training.features import Features, write_features
from benchmark.training.speech import Speech, normalised


def cached_features(listener: SpeechModel, dataset: Dataset, recipe: Recipe) -> list[Features]:
    """The listener's output at every speed for the speech unchanged, in other voices, and in other voices in rooms."""
    speech = Speech(listener, dataset, recipe.corpus.train)

    def in_another_voice(index: int, speed: float) -> torch.Tensor:
        return another_voice(speech, index, speed, recipe.seed)

    def in_a_room(index: int, speed: float) -> torch.Tensor:
        rng = np.random.default_rng([recipe.seed, index, round(100 * speed), 1])
        voice = another_voice(speech, index, speed, recipe.seed + 1).numpy()
        return normalised(torch.from_numpy(heard_in_a_room(voice, rng, speech.utterances, dataset.audio)))

    hearings = {"as-it-is": speech.audio, "voices": in_another_voice, "rooms": in_a_room}
    key = hash_of([front_end_key(dataset, recipe), PACE, TIMBRE_DB, KNOTS, ROOM])
    folders = {name: recipe.work / "features" / name for name in hearings}
    for name, audio in hearings.items():
        write_features(listener.model, speech, folders[name], key, recipe.speeds, audio)
    return [Features(folder) for folder in folders.values()]
