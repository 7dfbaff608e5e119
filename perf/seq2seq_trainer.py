"""Steps of Hugging Face's `Seq2SeqTrainer` on the windows that the suite trains on, with the library's defaults."""

from __future__ import annotations

from typing import Any

import torch
from torch.utils.data import Dataset
from transformers import PrinterCallback, Seq2SeqTrainer, Seq2SeqTrainingArguments

from benchmark.corpora.manifest import SAMPLE_RATE
from benchmark.models.architectures.lookup import architecture_of
from benchmark.models.architectures.whisper import extractor
from benchmark.models.architectures.whisper_text import generation_config, prompt
from benchmark.throughput.bench import Bench
from benchmark.throughput.phases import on_device
from benchmark.throughput.timing import Step
from benchmark.throughput.trainer import Stopwatch, timed_steps
from benchmark.throughput.utterances import SPLIT
from benchmark.training.precision import pick_device
from benchmark.training.speech import Speech

WINDOWS = 32  # whose spectra are kept in memory


class Windows(Dataset[dict[str, Any]]):
    """Windows of speech as in Hugging Face's guide to fine-tuning Whisper: spectra computed once, and label ids."""

    def __init__(self, speech: Speech, model: Any) -> None:
        spectra = extractor(model)
        first, end = prompt(model)[1:], generation_config(model).eos_token_id
        self.examples = []
        for index in range(min(WINDOWS, len(speech))):
            wave = speech.audio(index).numpy()
            features = spectra(wave, sampling_rate=SAMPLE_RATE, return_tensors="pt").input_features[0]
            labels = torch.tensor([*first, *speech.labels[index].tolist(), end])
            self.examples.append({"input_features": features, "labels": labels})

    def __len__(self) -> int:
        return len(self.examples)

    def __getitem__(self, index: int) -> dict[str, Any]:
        """One window."""
        return self.examples[index]


def collate(windows: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
    """A batch; labels are filled up with -100, which the loss leaves out."""
    labels = [window["labels"] for window in windows]
    return {
        "input_features": torch.stack([window["input_features"] for window in windows]),
        "labels": torch.nn.utils.rnn.pad_sequence(labels, batch_first=True, padding_value=-100),
    }


class Seq2Seq:
    """A `Seq2SeqTrainer` that takes steps in calls of `train`. The frozen convolutions are computed in every step."""

    def __init__(self, bench: Bench, options: dict[str, Any]) -> None:
        self.peak_bytes: int | None = None
        own = on_device(bench.speech_model, pick_device())
        self._model, self._options, self._folder = own.model, options, bench.folder
        own.model.set_attn_implementation("sdpa")  # the default of transformers, not ours
        architecture = architecture_of(own.model)
        architecture.freeze_front_end(own.model)
        window = (architecture.window_samples(own.model) or 1) / SAMPLE_RATE
        self._windows = Windows(Speech(own, bench.dataset, SPLIT, training=True), own.model)
        self._size = round(bench.batch_seconds / window)
        self._window_seconds = bench.batch_seconds / self._size
        self._calls = 0

    def take(self, number: int) -> list[Step]:
        """One call of `train`, without its first steps."""
        stopwatch = Stopwatch()
        timed = timed_steps(self._folder, number, self._size, seed=self._calls, device=self._model.device)
        arguments = Seq2SeqTrainingArguments(**timed, **self._options)
        self._calls += 1
        trainer = Seq2SeqTrainer(
            model=self._model, args=arguments, data_collator=collate, train_dataset=self._windows, callbacks=[stopwatch]
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train()
        speech = self._size * self._window_seconds
        spans = zip(stopwatch.ends, stopwatch.ends[1:], strict=False)
        return [Step(end - start, speech, 0.0) for start, end in spans]
