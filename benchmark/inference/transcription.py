"""Transcribes speech by greedy decoding in fixed batches, and measures the time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from benchmark.corpora.audio import UnusableError
from benchmark.corpora.manifest import SAMPLE_RATE
from benchmark.models.architectures.architecture import Transcript
from benchmark.models.architectures.lookup import architecture_of
from benchmark.models.batch import Batch
from benchmark.models.checkpoints import SpeechModel
from benchmark.models.forward import frame_counts
from benchmark.system.at_work import Bar
from benchmark.system.errors import UserError
from benchmark.training.precision import wait_for_gpu
from benchmark.training.speech import Speech, normalised
from benchmark.training.windows import cuts

Transcriber = Callable[[Batch], list[Transcript]]


@dataclass(frozen=True)
class Transcription:
    """Hypotheses by utterance id, in the corpus's order, and the time they took."""

    hypotheses: dict[str, str]
    seconds: float  # wall-clock of forward passes and decoding, without audio preparation
    audio_seconds: float
    cut: int  # number of transcripts that decoding stopped at its limit of tokens


def transcribe_one(speech_model: SpeechModel, samples: np.ndarray) -> tuple[str, float]:
    """Transcribe one recording, int16 (samples,) at 16 kHz, without padding but that of the model's window.

    A recording that is longer than the model's window is cut at quiet places.

    Returns:
        The text, and the seconds of forward pass and decoding.

    Raises:
        UnusableError: the recording is shorter than one frame, or too long for the GPU's memory.
    """
    window = architecture_of(speech_model.model).window_samples(speech_model.model)
    if window is None or len(samples) <= window:
        return _transcribe_whole(speech_model, samples)
    parts = [_transcribe_whole(speech_model, samples[part]) for part in cuts(samples, window)]
    return " ".join(text for text, _ in parts if text), sum(seconds for _, seconds in parts)


def _transcribe_whole(speech_model: SpeechModel, samples: np.ndarray) -> tuple[str, float]:
    audio = torch.from_numpy(samples.astype(np.float32) / 32768)
    frames = frame_counts(speech_model.model, torch.tensor([len(audio)]))
    if int(frames[0]) < 1:
        raise UnusableError("shorter than one frame of the model")
    audio = (normalised(audio) if speech_model.normalise_audio else audio)[None].to(speech_model.model.device)
    nothing = torch.zeros(0, dtype=torch.long, device=audio.device)
    batch = Batch(audio, None, frames.to(audio.device), nothing, nothing, audio.numel() / SAMPLE_RATE)
    try:
        (transcript,), seconds = decode_timed(partial(_decoded, speech_model), batch)
    except torch.cuda.OutOfMemoryError:
        raise UnusableError("too long for the GPU's memory: cut it into shorter files") from None
    return transcript.text, seconds


def transcribe(speech_model: SpeechModel, speech: Speech, batch_seconds: float) -> Transcription:
    """Transcribe all utterances greedily, without a language model.

    The corpus and `batch_seconds` fix the batches, since padding makes a wav2vec 2.0 model's output depend on them.

    Raises:
        UserError: the GPU's memory is too small for a batch.
    """
    decoded: dict[int, Transcript] = {}
    seconds, decode = 0.0, transcriber(speech_model)
    with Bar(total=len(speech), desc=speech.split, unit="utt", mininterval=2) as bar:
        for indices, batch in speech.in_order(batch_seconds):
            transcripts, took = decode_timed(decode, batch)
            decoded |= dict(zip(indices, transcripts, strict=True))
            seconds += took
            bar.update(len(indices))
    texts: dict[str, list[str]] = {}
    for index, utterance in enumerate(speech.utterances):  # the parts of a long utterance have its id
        texts.setdefault(utterance.id, []).append(decoded[index].text)
    return Transcription(
        hypotheses={id: " ".join(filter(None, parts)) for id, parts in texts.items()},
        seconds=seconds,
        audio_seconds=sum(utterance.seconds for utterance in speech.utterances),
        cut=len({utterance.id for index, utterance in enumerate(speech.utterances) if decoded[index].cut}),
    )


def transcriber(speech_model: SpeechModel) -> Transcriber:
    """The greedy transcription of batches by a model.

    It raises a UserError if the GPU's memory is too small for a batch.
    """
    return partial(_decoded_or_told, speech_model)


def decode_timed(decode: Transcriber, batch: Batch) -> tuple[list[Transcript], float]:
    """Decode a batch; return its transcripts and the wall-clock seconds of forward pass and decoding."""
    wait_for_gpu()
    start = time.perf_counter()
    transcripts = decode(batch)  # waits for the device
    return transcripts, time.perf_counter() - start


@torch.no_grad()  # not in inference mode, where autocast casts every weight anew for each token
def _decoded(speech_model: SpeechModel, batch: Batch) -> list[Transcript]:
    return architecture_of(speech_model.model).transcribe(speech_model.model, batch, speech_model.tokenizer)


def _decoded_or_told(speech_model: SpeechModel, batch: Batch) -> list[Transcript]:
    try:
        return _decoded(speech_model, batch)
    except torch.cuda.OutOfMemoryError:
        raise UserError("out of GPU memory while transcribing: lower evaluation.batch_seconds") from None
