"""Steps of Hugging Face's `Trainer` on the same utterances, configured as in its example of fine-tuning."""

from __future__ import annotations

import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import Dataset
from transformers import PrinterCallback, Trainer, TrainerCallback, TrainingArguments, Wav2Vec2FeatureExtractor

from benchmark.corpora.manifest import SAMPLE_RATE
from benchmark.models.architectures.lookup import architecture_of
from benchmark.models.checkpoints import SpeechModel
from benchmark.system.errors import UserError
from benchmark.throughput.timing import Step, own_peak
from benchmark.training.precision import wait_for_gpu
from benchmark.training.speech import Speech

WARM_UP = 1  # steps of each call that are not counted
VARIANTS: dict[str, dict[str, Any]] = {
    "Trainer, defaults": {},
    "Trainer, group_by_length, bf16": {"train_sampling_strategy": "group_by_length", "bf16": True},
}


def check_accelerate() -> None:
    """Raise `UserError` if the library that `Trainer` needs is missing."""
    if find_spec("accelerate") is None:
        raise UserError("--trainer needs accelerate, which is not installed: pip install -e '.[dev]'")


class Utterances(Dataset[dict[str, Any]]):
    """A split in the form that `Trainer` needs: normalised audio from the memory-mapped file, and label ids."""

    def __init__(self, speech: Speech) -> None:
        self.speech = speech

    def __len__(self) -> int:
        return len(self.speech)

    def __getitem__(self, index: int) -> dict[str, Any]:
        """One utterance."""
        return {"input_values": self.speech.audio(index).numpy(), "labels": self.speech.labels[index]}


class Collator:
    """Pads batches as the example does, and keeps the seconds of speech in each."""

    def __init__(self, extractor: Wav2Vec2FeatureExtractor) -> None:
        self.extractor = extractor
        self.speech: list[float] = []

    def __call__(self, utterances: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        """Pad audio with zeros and labels with -100."""
        audio = [{"input_values": utterance["input_values"]} for utterance in utterances]
        self.speech.append(sum(len(a["input_values"]) for a in audio) / SAMPLE_RATE)
        batch: dict[str, torch.Tensor] = dict(self.extractor.pad(audio, padding=True, return_tensors="pt"))
        labels = [utterance["labels"] for utterance in utterances]
        batch["labels"] = torch.nn.utils.rnn.pad_sequence(labels, batch_first=True, padding_value=-100)
        return batch


class Stopwatch(TrainerCallback):
    """Records when each step ended. A step includes fetching its batch."""

    def __init__(self) -> None:
        self.ends: list[float] = []

    def on_step_end(self, *_: Any, **__: Any) -> None:
        """Note the time."""
        wait_for_gpu()
        self.ends.append(time.perf_counter())
        if len(self.ends) == WARM_UP and torch.cuda.is_available():
            torch.cuda.reset_peak_memory_stats()


def timed_steps(folder: Path, number: int, batch: int, *, seed: int, device: torch.device) -> dict[str, Any]:
    """A trainer's arguments for a warm-up and `number` steps of `batch` examples, with nothing else that takes time."""
    return {
        "output_dir": str(folder),
        "max_steps": WARM_UP + number,
        "per_device_train_batch_size": batch,
        "seed": seed,
        "use_cpu": device.type == "cpu",
        "report_to": "none",
        "save_strategy": "no",
        "logging_strategy": "no",
        "disable_tqdm": True,
        "remove_unused_columns": False,
    }


class HuggingFace:
    """A `Trainer` that takes steps in calls of `train`. Each call shuffles the speech anew.

    The front-end is frozen as in the example, but computed in every step. Dropout and SpecAugment are off, as in the
    suite's own steps. All batches have the same number of utterances, on average `batch_seconds` of speech.
    """

    def __init__(
        self, variant: str, speech_model: SpeechModel, speech: Speech, batch_seconds: float, folder: Path
    ) -> None:
        self.peak_bytes: int | None = None
        self._model, self._speech, self._folder = speech_model.model, speech, folder
        self._options = VARIANTS[variant]
        self._utterances = max(1, round(batch_seconds * len(speech) / sum(speech.seconds)))
        self._calls = 0
        self._before = torch.cuda.memory_allocated() if torch.cuda.is_available() else 0
        architecture = architecture_of(speech_model.model)
        architecture.freeze_front_end(speech_model.model)
        masked = architecture.masks_padding(speech_model.model.config)
        self._extractor = Wav2Vec2FeatureExtractor(do_normalize=False, return_attention_mask=masked)

    def take(self, number: int) -> list[Step]:
        """One call of `train`, without its first steps."""
        stopwatch, collator = Stopwatch(), Collator(self._extractor)
        timed = timed_steps(self._folder, number, self._utterances, seed=self._calls, device=self._speech.device)
        arguments = TrainingArguments(**timed, **self._options)
        self._calls += 1
        trainer = Trainer(
            model=self._model,
            args=arguments,
            data_collator=collator,
            train_dataset=Utterances(self._speech),
            processing_class=self._extractor,
            callbacks=[stopwatch],
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train()
        if torch.cuda.is_available():
            resident = torch.cuda.memory_allocated() - self._before
            self.peak_bytes = max(self.peak_bytes or 0, own_peak(resident))
        spans = zip(stopwatch.ends, stopwatch.ends[1:], strict=False)
        return [Step(end - start, s, 0.0) for (start, end), s in zip(spans, collator.speech[WARM_UP:], strict=False)]
