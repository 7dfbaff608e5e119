"""The speed-up over dense does not depend on changes of the machine's speed."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.corpora.manifest import Dataset
from benchmark.inference.speed import sample, speedups
from benchmark.inference.transcription import Transcriber, transcriber
from benchmark.models.batch import Batch
from benchmark.models.checkpoints import SpeechModel, load
from benchmark.training.speech import Speech


@pytest.mark.parametrize("slower", [1.0, 1.05])
def test_a_machine_that_slows_down_does_not_change_the_ratio(
    tiny: SpeechModel, tiny_model: Path, tiny_corpus: Path, monkeypatch: pytest.MonkeyPatch, slower: float
) -> None:
    dense, calls = transcriber(load(tiny_model)), 0

    def half_as_long(decode: Transcriber, batch: Batch) -> tuple[list[str], float]:
        nonlocal calls
        calls += 1
        disturbed = 10.0 if calls == 9 else 1.0
        return [], batch.seconds * slower**calls * disturbed * (2.0 if decode is dense else 1.0)

    monkeypatch.setattr("benchmark.inference.speed.decode_timed", half_as_long)
    monkeypatch.setattr("benchmark.inference.speed.ROUNDS", 7)
    batches = sample(Speech(tiny, Dataset.open(tiny_corpus), "test"), batch_seconds=48)
    found = speedups(dense, {"compressed": transcriber(tiny)}, batches)["compressed"]
    assert found["median"] == pytest.approx(2.0, rel=slower - 1 + 1e-9)
    assert found["high"] > 10  # the round in which the dense model was disturbed
