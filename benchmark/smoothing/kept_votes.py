"""Votes and denoisers that are kept in a folder, so that each is made once for all runs of a study."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from typing_extensions import TypedDict

from benchmark.corpora.manifest import Dataset, Utterance
from benchmark.models.checkpoints import SpeechModel
from benchmark.models.encoder import Encoder
from benchmark.models.folder_state import plain_state
from benchmark.scoring.normalizers import NormalizerName
from benchmark.smoothing.denoiser import Denoiser, load_denoiser, save_denoiser, train_denoiser
from benchmark.smoothing.pipeline import Pipeline
from benchmark.smoothing.votes import Sampling, Votes, hold_vote, loudness, randomness
from benchmark.system.at_work import Bar
from benchmark.system.files import hash_file, hash_of
from benchmark.system.once import made_once
from benchmark.system.validated import Count, read_json_as

CODE = {path.name: hash_file(path) for path in sorted(Path(__file__).parent.glob("*.py"))}


class _Votes(TypedDict):
    """The votes on one utterance, as they are kept."""

    modal: str
    exact: Count
    grouped: Count


def kept_denoiser(
    folder: Path, corpus: Dataset, split: str, levels: Sequence[float], steps: int, device: torch.device
) -> Denoiser:
    """The study's denoiser, on the device. The first run that needs it trains it; the others wait and load it."""
    key = hash_of([CODE, corpus.hash, split, list(levels), steps])[:16]

    def make(path: Path) -> None:
        save_denoiser(train_denoiser(corpus, split, levels, steps, device), path)

    return load_denoiser(made_once(folder / f"denoiser-{key}.safetensors", make, "the denoiser"), device)


@dataclass(frozen=True)
class Voting:
    """What is put to the vote, for any model: some utterances of a corpus, and how.

    `folder` is where the votes are kept, by model, denoiser and level of noise.
    """

    folder: Path
    corpus: Dataset
    utterances: Sequence[Utterance]
    sampling: Sampling
    texts: NormalizerName
    batch_seconds: float

    def votes(self, model: SpeechModel, denoiser: Denoiser | None, noise: float) -> list[Votes]:
        """A model's votes on each utterance, from the folder if they are there."""
        heard = denoiser and _hash_tensors(denoiser.state_dict())
        asked = [CODE, self.corpus.hash, [u.id for u in self.utterances], asdict(self.sampling), self.texts]
        key = hash_of([*asked, self.batch_seconds, _hash_model(model), heard, noise])[:16]
        make = partial(self._hold, model=model, denoiser=denoiser, noise=noise)
        kept = read_json_as(made_once(self.folder / f"votes-{key}.json", make, "the votes"), list[_Votes])
        return [Votes(**votes) for votes in kept]

    def _hold(self, path: Path, *, model: SpeechModel, denoiser: Denoiser | None, noise: float) -> None:
        pipeline = Pipeline(model, denoiser, self.texts, self.batch_seconds)
        votes = []
        for utterance in Bar(self.utterances, desc=f"noise {noise:g}", unit="utt", mininterval=2):
            audio = self.corpus.audio(utterance)
            level, copies = loudness(audio), pipeline.copies(utterance.samples)
            decide = partial(pipeline.transcripts, noise=noise, level=level)
            scaled = (audio / level).astype(np.float32)
            votes.append(hold_vote(decide, scaled, noise, randomness(utterance.id), self.sampling, copies))
        path.write_text(json.dumps([asdict(each) for each in votes], indent=1), encoding="utf-8")


def _hash_model(speech_model: SpeechModel) -> str:
    """Hash of a model's weights, and of how its matrices compute with them, whatever folder it comes from."""
    forms = [[matrix.name, type(matrix.form).__name__, matrix.form.config] for matrix in Encoder(speech_model.model)]
    return hash_of([_hash_tensors(plain_state(speech_model.model)), forms, speech_model.normalise_audio])


def _hash_tensors(tensors: Mapping[str, torch.Tensor]) -> str:
    digest = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
