"""Greedy CTC decoding in fixed batches, timed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from tqdm import tqdm

from benchmark.models.checkpoints import CTCModel
from benchmark.models.forward import forward
from benchmark.training.speech import Speech


@dataclass(frozen=True)
class Transcription:
    """Hypotheses by utterance id, in the corpus's order, and what they took."""

    hypotheses: dict[str, str]
    seconds: float  # wall-clock of forward passes and decoding; audio preparation excluded
    audio_seconds: float


def transcribe(ctc: CTCModel, speech: Speech, batch_seconds: float) -> Transcription:
    """Transcribe all utterances greedily, without a language model.

    The batches are fixed by the corpus and `batch_seconds`: with padding a wav2vec 2.0 model's output depends on them.
    """
    texts: dict[str, str] = {}
    seconds = 0.0
    synchronise: Callable[[], None] = torch.cuda.synchronize if speech.device.type == "cuda" else lambda: None
    with torch.inference_mode(), tqdm(total=len(speech), desc="transcribe", unit="utt", mininterval=2) as bar:
        for indices, batch in speech.in_order(batch_seconds):
            synchronise()
            start = time.perf_counter()
            output = forward(ctc.model, batch)
            best = output.logits.argmax(-1).cpu()
            for row, index in enumerate(indices):
                frames = best[row, : int(output.frames[row])].tolist()
                texts[speech.utterances[index].id] = ctc.vocabulary.decode(frames)
            seconds += time.perf_counter() - start
            bar.update(len(indices))
    ordered = {u.id: texts[u.id] for u in speech.utterances}
    return Transcription(ordered, seconds, sum(speech.seconds))
