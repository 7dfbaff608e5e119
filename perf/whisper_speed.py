"""Speed of training and transcription with Whisper, beside Hugging Face's `Seq2SeqTrainer` and `generate`.

Run it from the top folder, after the dense stage of a Whisper study:
`python -m perf.whisper_speed config/whisper-tiny.yaml [--json FILE]`.

Steps of the two sides alternate, so that a temporary slowdown of the machine affects both. Speeds are seconds of audio
per second; a window counts as a whole one.
"""

from __future__ import annotations

import argparse
import math
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import WhisperForConditionalGeneration

from benchmark.corpora.manifest import SAMPLE_RATE, Dataset
from benchmark.inference.transcription import decode_timed, transcriber
from benchmark.models.architectures.whisper import extractor
from benchmark.models.checkpoints import SpeechModel, load
from benchmark.runs.provenance import provenance
from benchmark.study.file import load_study
from benchmark.study.plan import Study
from benchmark.system.files import write_json
from benchmark.throughput.bench import Bench, Precision
from benchmark.throughput.phases import PLAIN
from benchmark.throughput.timing import Contestant, in_turns
from benchmark.throughput.utterances import SPLIT, only
from benchmark.training.precision import computing_in, device_name, pick_device
from benchmark.training.speech import Speech
from perf import run
from perf.seq2seq_trainer import Seq2Seq

PRECISIONS: tuple[Precision, ...] = ("fp32", "bf16")
PAIRS = 8
UTTERANCES = 96  # transcribed by both sides


@dataclass(frozen=True)
class Pair:
    """Two sides on the same work: seconds per step (or batch) of each, and the audio that a step computes."""

    what: str
    ours: list[float]
    theirs: list[float]
    audio_seconds: float

    @property
    def ratio(self) -> float:
        """Median of their time divided by ours: above 1, ours is faster."""
        return statistics.median(theirs / ours for ours, theirs in zip(self.ours, self.theirs, strict=True))

    def sentence(self) -> str:
        """The result, on one line."""
        speeds = [self.audio_seconds / statistics.median(times) for times in (self.ours, self.theirs)]
        return f"{self.what}: {speeds[0]:.1f} and {speeds[1]:.1f} s of audio per second, ratio {self.ratio:.2f}"


def training(bench: Bench) -> Iterator[Pair]:
    """A gated step beside a plain one, and a plain one beside the `Seq2SeqTrainer`'s."""
    plain = bench.loop(PLAIN)
    yield _pair(f"{bench.precision}: gated and plain step", bench.loop("self_pinching"), plain, bench.batch_seconds)
    trainer = Seq2Seq(bench, {"bf16": True} if bench.precision == "bf16" else {})
    yield _pair(f"{bench.precision}: our step and Seq2SeqTrainer's", plain, trainer, bench.batch_seconds)


def _pair(what: str, ours: Contestant, theirs: Contestant, audio_seconds: float) -> Pair:
    rounds = in_turns(ours, theirs, PAIRS, 1)
    seconds = [[sum(step.seconds for step in steps) for steps in side] for side in rounds]
    return Pair(what, seconds[0], seconds[1], audio_seconds)


def transcription(study: Study, speech_model: SpeechModel, dataset: Dataset, precision: Precision) -> tuple[Pair, int]:
    """Our decoding beside `generate` with its defaults, on the same batches; and how many texts differ."""
    split = study.corpus.tests[0]
    some = only(dataset, dataset.split(split)[:UTTERANCES], math.inf)
    speech = Speech(speech_model, some, SPLIT)
    plain: Any = WhisperForConditionalGeneration.from_pretrained(study.work.dense_model).eval()
    spectra = extractor(speech_model.model)
    tokenizer: Any = speech_model.tokenizer
    ours, theirs, audio, different = [], [], [], 0
    for indices, batch in speech.in_order(study.evaluation.batch_seconds):
        with computing_in(precision, speech.device):
            transcripts, seconds = decode_timed(transcriber(speech_model), batch)
        ours.append(seconds)
        start = time.perf_counter()
        waves = [speech.audio(index).numpy() for index in indices]
        features = spectra(waves, sampling_rate=SAMPLE_RATE, return_tensors="pt").input_features
        with torch.inference_mode(), computing_in(precision, speech.device):
            generated = plain.generate(features)
        theirs.append(time.perf_counter() - start)
        texts = [tokenizer.decode(row.tolist()) for row in generated]
        different += sum(one.text != other for one, other in zip(transcripts, texts, strict=True))
        audio.append(batch.seconds)
    return Pair(f"{precision}: our transcription and generate", ours, theirs, statistics.fmean(audio)), different


def main() -> None:
    """Measure, print one line per pair, and write the numbers to a file if asked."""
    parser = argparse.ArgumentParser(prog="python -m perf.whisper_speed", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("config", type=Path, metavar="CONFIG", help="a Whisper study whose dense stage has run")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all times, and where they were measured")
    args = parser.parse_args()
    study = load_study(args.config)
    speech_model, dataset = load(study.work.dense_model), Dataset.open(study.work.data)
    pairs: list[Pair] = []
    with tempfile.TemporaryDirectory() as folder:
        speech = only(dataset, dataset.split(study.corpus.train), math.inf)
        for precision in PRECISIONS:
            batch_seconds = study.training.batch_seconds
            bench = Bench(study.name, speech_model, speech, batch_seconds, precision, Path(folder))
            for pair in training(bench):
                pairs.append(pair)
                print(pair.sentence(), flush=True)
    different: dict[Precision, int] = {}
    for precision in PRECISIONS:
        pair, different[precision] = transcription(study, speech_model, dataset, precision)
        pairs.append(pair)
        print(f"{pair.sentence()}; {different[precision]} of {UTTERANCES} texts differ", flush=True)
    if args.json:
        found = [asdict(pair) | {"ratio": pair.ratio} for pair in pairs]
        machine = provenance(device_name(pick_device()))
        write_json(args.json, {"pairs": found, "different_texts": different, "provenance": machine})


if __name__ == "__main__":
    run(main)
