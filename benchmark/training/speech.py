"""One split of a corpus as batches for one model, from audio or from cached front-end features."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain

import numpy as np
import torch
import torch.nn.functional as F
import torchaudio

from benchmark.corpora.manifest import SAMPLE_RATE, Dataset, Utterance
from benchmark.models.architectures.lookup import architecture_of
from benchmark.models.batch import Batch
from benchmark.models.checkpoints import SpeechModel
from benchmark.models.forward import frame_counts
from benchmark.training.batches import epoch_batches, group_by_length
from benchmark.training.windows import cuts, joined


def normalised(audio: torch.Tensor) -> torch.Tensor:
    """Audio (samples,) with zero mean and unit variance, as `Wav2Vec2FeatureExtractor` computes it."""
    return (audio - audio.mean()) / torch.sqrt(audio.var(correction=0) + 1e-7)


class Speech:
    """One split of a dataset as batches for one model.

    Args:
        speech_model: the model; the batches depend on its tokenizer, front-end, audio normalisation and device.
        dataset: the prepared corpus.
        split: name of the split.
        features: returns the cached front-end output (frames, channels) of an utterance at a speed. If it is given,
            batches hold features instead of audio.
        texts: labels by utterance id, instead of the corpus's.
        training: whether to train on it. For a model that hears windows of one length, neighbouring utterances are then
            joined to fill them. Otherwise an utterance that is longer than a window is cut, and its parts have its id.

    Attributes:
        seconds: audio that is computed for each utterance without padding: its own, or a whole window.
    """

    def __init__(
        self,
        speech_model: SpeechModel,
        dataset: Dataset,
        split: str,
        features: Callable[[int, float], np.ndarray] | None = None,
        texts: Mapping[str, str] | None = None,
        *,
        training: bool = False,
    ) -> None:
        self.dataset, self.split = dataset, split
        self.window = architecture_of(speech_model.model).window_samples(speech_model.model)
        self.utterances = self._fitting(dataset.split(split), training)
        if texts is not None:
            self.utterances = [replace(utterance, text=texts[utterance.id]) for utterance in self.utterances]
        self.seconds = [(self.window or u.samples) / SAMPLE_RATE for u in self.utterances]
        self.labels = [torch.tensor(speech_model.tokenizer.encode(u.text), dtype=torch.long) for u in self.utterances]
        self.model = speech_model.model
        self.normalise = speech_model.normalise_audio
        self.features = features
        self.device: torch.device = speech_model.model.device

    def _fitting(self, utterances: list[Utterance], training: bool) -> list[Utterance]:
        if self.window is None:
            return utterances
        if training:
            return joined(utterances, self.window)
        return [part for utterance in utterances for part in self._parts(utterance, self.window)]

    def _parts(self, utterance: Utterance, window: int) -> list[Utterance]:
        """An utterance, or its parts in windows; nobody knows which part of the text belongs to which."""
        if utterance.samples <= window:
            return [utterance]
        parts = cuts(self.dataset.audio(utterance), window)
        return [
            replace(utterance, start=utterance.start + part.start, samples=part.stop - part.start, text="")
            for part in parts
        ]

    def __len__(self) -> int:
        return len(self.utterances)

    def audio(self, index: int, speed: float = 1.0) -> torch.Tensor:
        """Audio (samples,) of an utterance, normalised as the model expects, played `speed` times as fast."""
        audio = torch.from_numpy(self.dataset.audio(self.utterances[index]))
        if speed != 1.0:
            audio = torchaudio.functional.resample(audio, round(SAMPLE_RATE * speed / 100) * 100, SAMPLE_RATE)
        if self.normalise:
            audio = normalised(audio)
        return audio

    def example(self, index: int, speed: float) -> tuple[np.ndarray, torch.Tensor]:
        """Cached features (frames, channels) and label ids of an utterance."""
        assert self.features is not None
        return self.features(index, speed), self.labels[index]

    def batch(self, indices: Sequence[int], speed: float = 1.0) -> Batch:
        """Utterances as a batch on the device."""
        return self.collate(indices, speed).to(self.device)

    def collate(self, indices: Sequence[int], speed: float = 1.0) -> Batch:
        """Utterances as a batch on the host, in pinned memory for a GPU. Features keep their cached type."""
        labels = [self.labels[i] for i in indices]
        audio = features = None
        if self.features is not None:
            examples = [self.example(i, speed) for i in indices]
            arrays, labels = [torch.from_numpy(array) for array, _ in examples], [ids for _, ids in examples]
            frames = torch.tensor([len(a) for a in arrays])
            if self.window is not None:  # whose last frames may be silence
                frames = frame_counts(self.model, torch.tensor([self.utterances[i].samples for i in indices]))
            features = torch.nn.utils.rnn.pad_sequence(arrays, batch_first=True)
            seconds = max(self.seconds[i] for i in indices) * len(indices) / speed
        else:
            waves = [self.audio(i, speed) for i in indices]
            frames = frame_counts(self.model, torch.tensor([len(w) for w in waves]))
            audio = torch.nn.utils.rnn.pad_sequence(waves, batch_first=True)
            if self.window is not None:
                audio = F.pad(audio, (0, self.window - audio.shape[1]))
            seconds = audio.numel() / SAMPLE_RATE
        batch = Batch(
            audio=audio,
            features=features,
            frames=frames,
            labels=torch.cat(labels),
            label_lengths=torch.tensor([len(label) for label in labels]),
            seconds=seconds,
            utterances=tuple(indices),
        )
        return batch.pinned() if self.device.type == "cuda" else batch

    def in_order(self, batch_seconds: float) -> Iterator[tuple[list[int], Batch]]:
        """All utterances in fixed batches sorted by length, short first, for decoding."""
        for indices in self.decoding_batches(batch_seconds):
            yield indices, self.batch(indices)

    def relabel(self, with_labels: Callable[[Batch], Batch], count: int, batch_seconds: float, seed: int) -> None:
        """Replace labels by those that `with_labels` gives: in the first `count` batches of the seed's first epoch."""
        first = chain(*epoch_batches(self.seconds, batch_seconds, seed, epoch=0)[:count])
        for indices in self.decoding_batches(batch_seconds, first):
            labelled = with_labels(self.batch(indices))
            each = labelled.labels.cpu().split(labelled.label_lengths.tolist())
            for index, labels in zip(indices, each, strict=True):
                self.labels[index] = labels

    def decoding_batches(self, batch_seconds: float, chosen: Iterable[int] | None = None) -> list[list[int]]:
        """The batches of `in_order`, as lists of utterance indices: of all utterances, or of the chosen ones."""
        order = sorted(range(len(self)) if chosen is None else chosen, key=lambda i: (self.utterances[i].samples, i))
        return group_by_length(self.seconds, order, batch_seconds)

    def unlabelled(self, seconds: float, batch_seconds: float, seed: int) -> list[Batch]:
        """Batches without labels, with about `seconds` of audio in total, in the order of the seed's first epoch."""
        batches: list[Batch] = []
        for indices in epoch_batches(self.seconds, batch_seconds, seed, epoch=0):
            batch = self.batch(indices)
            batches.append(replace(batch, labels=batch.labels[:0], label_lengths=batch.label_lengths[:0]))
            seconds -= batch.seconds
            if seconds <= 0:
                break
        return batches

    def mean_batch_seconds(self, batch_seconds: float, seed: int) -> float:
        """Mean seconds of audio per training batch in the seed's first epoch, padding included."""
        batches = epoch_batches(self.seconds, batch_seconds, seed, epoch=0)
        return sum(max(self.seconds[i] for i in batch) * len(batch) for batch in batches) / len(batches)
