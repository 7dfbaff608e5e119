"""`python -m benchmark throughput` on a tiny model: one row per name, consistent figures, reasons."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import torch
from conftest import TINY

from benchmark.__main__ import main
from benchmark.corpora.manifest import Dataset
from benchmark.models.fresh import fresh_model
from benchmark.system.files import read_json
from benchmark.throughput import models, report
from benchmark.throughput.bench import WARM_UP, Bench
from benchmark.throughput.figures import Figures, Throughput
from benchmark.throughput.measuring import COMPILED, FROM_AUDIO
from benchmark.throughput.phases import PLAIN, phase_of
from benchmark.throughput.trainer import VARIANTS
from benchmark.throughput.utterances import SPLIT, only
from benchmark.toolbox.job import Job
from benchmark.training.batches import epoch_batches
from benchmark.training.loop import Phase

Measure = Callable[..., Throughput]


@pytest.fixture
def measure(tmp_path: Path, tiny_corpus: Path, monkeypatch: pytest.MonkeyPatch) -> Measure:
    """Call the command on the tiny model and corpus, with 4 s per batch, and read what it wrote."""
    dataset = Dataset.open(tiny_corpus)
    monkeypatch.setitem(models.MODELS, "tiny", lambda: fresh_model(TINY, seed=0))
    monkeypatch.setattr(report, "embedded_speech", lambda _, seconds: only(dataset, dataset.split("train"), seconds))

    def call(*options: str) -> Throughput:
        path = tmp_path / "throughput.json"
        assert main(["throughput", "--models", "tiny", "--batch-seconds", "4", "--json", str(path), *options]) == 0
        measured: Throughput = read_json(path)
        return measured

    return call


def figures(measured: Throughput) -> dict[str, Figures]:
    return {row["name"]: row["figures"] for row in measured["rows"] if row["figures"] is not None}


def test_every_name_has_a_row_and_its_figures_fit(measure: Measure, capsys: pytest.CaptureFixture[str]) -> None:
    measured = measure("--methods", "self_pinching,wanda,dense", "--steps", "3", "--precision", "fp32")
    names = [row["name"] for row in measured["rows"]]
    assert names == ["dense_finetuned", "transcribe", FROM_AUDIO, "self_pinching", "wanda", "dense"]
    assert {(row["model"], row["precision"]) for row in measured["rows"]} == {("tiny", "fp32")}
    assert str(measured["rows"][-2]["reason"]).startswith("calibration needs 32 s of audio")
    assert measured["rows"][-1]["reason"] == "takes no training step"
    found = figures(measured)
    assert set(found) == set(names[:-2])
    assert found["dense_finetuned"]["steps"] == 3 * 3  # alone, beside itself from audio, beside self_pinching
    assert found["self_pinching"]["steps"] == 3
    for one in found.values():
        low, middle, high = one["speech_per_second"]
        assert 0 < low <= middle <= high
    assert found["dense_finetuned"]["time_of_plain"] is None
    assert found["self_pinching"]["time_of_plain"] is not None
    table = capsys.readouterr().out
    assert "`self_pinching`" in table
    assert "tiny, fp32, dense: takes no training step" in table


def test_steps_are_those_of_training_and_padding_is_no_speech(tiny_corpus: Path, tmp_path: Path) -> None:
    """After the warm-up come the next batches of the first epoch; a padded second costs three units of work."""
    dataset = Dataset.open(tiny_corpus)
    dataset = only(dataset, dataset.split("train"), 1e9)
    seconds = [utterance.seconds for utterance in dataset.split(SPLIT)]
    batches = epoch_batches(seconds, 4.0, seed=0, epoch=0)[WARM_UP:]
    steps = Bench("tiny", fresh_model(TINY, seed=0), dataset, 4.0, "fp32", tmp_path).loop(PLAIN).take(len(batches))
    assert len(batches) > 2
    for step, batch in zip(steps, batches, strict=True):
        padded = max(seconds[i] for i in batch) * len(batch)
        assert step.speech == pytest.approx(sum(seconds[i] for i in batch))
        assert step.work == pytest.approx(3 * padded, rel=0.05)  # the front-end drops part of a frame


def test_precisions_have_rows_of_their_own(measure: Measure) -> None:
    measured = measure("--methods", "dense_finetuned", "--steps", "1", "--precision", "fp32,bf16")
    names = ["dense_finetuned", "transcribe", FROM_AUDIO]
    assert [(r["precision"], r["name"]) for r in measured["rows"]] == [(p, n) for p in ("fp32", "bf16") for n in names]


def test_the_trainer_is_timed_on_the_same_speech(measure: Measure) -> None:
    found = figures(measure("--methods", "dense_finetuned", "--steps", "4", "--trainer"))
    for variant in VARIANTS:
        assert found[variant]["steps"] == 4
        assert found[variant]["time_of_plain"] is not None


def test_compiled_layers_are_timed_beside_plain_ones(measure: Measure, monkeypatch: pytest.MonkeyPatch) -> None:
    graphs: list[torch.fx.GraphModule] = []

    def backend(graph: torch.fx.GraphModule, _inputs: list[torch.Tensor]) -> Callable[..., object]:
        graphs.append(graph)
        return graph.forward

    # PyTorch's own backend needs a C++ compiler and a minute.
    monkeypatch.setattr("torch.compile", partial(torch.compile, backend=backend))
    found = figures(measure("--methods", "dense_finetuned", "--steps", "3", "--compile"))
    assert found[COMPILED]["steps"] == 3
    assert found[COMPILED]["time_of_plain"] is not None
    assert 0 < len(graphs) <= 4, "shared by the layers: padded or not, of one utterance or several"


def test_a_method_that_runs_out_of_memory_is_a_row_with_its_reason(
    measure: Measure, monkeypatch: pytest.MonkeyPatch
) -> None:

    def too_large(name: str, job: Job) -> Phase:
        if name == "movement":
            raise torch.cuda.OutOfMemoryError("tried to allocate 20 GiB")
        return phase_of(name, job)

    monkeypatch.setattr("benchmark.throughput.bench.phase_of", too_large)
    measured = measure("--methods", "movement,uniform_magnitude", "--steps", "1")
    reasons = {row["name"]: row["reason"] for row in measured["rows"]}
    assert str(reasons["movement"]).startswith("out of GPU memory")
    assert reasons["uniform_magnitude"] is None


def test_an_interruption_leaves_the_rows_before_it(
    measure: Measure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(name: str, job: Job) -> Phase:
        if name == "uniform_magnitude":
            raise KeyboardInterrupt
        return phase_of(name, job)

    monkeypatch.setattr("benchmark.throughput.bench.phase_of", interrupted)
    with pytest.raises(AssertionError):  # that the command returns 0
        measure("--methods", "parp,uniform_magnitude", "--steps", "1")
    rows = read_json(tmp_path / "throughput.json")["rows"]
    assert [row["name"] for row in rows] == ["dense_finetuned", "transcribe", FROM_AUDIO, "parp"]
    assert all(row["figures"] for row in rows)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--models", "hubert"], 'unknown model "hubert": did you mean "hubert-large"?'),
        (["--methods", "self_pinch"], 'unknown method "self_pinch": did you mean "self_pinching"?'),
        (["--precision", "fp16"], 'unknown precision "fp16"'),
        (["--steps", "0"], "--steps must be 1 to"),
    ],
)
def test_what_does_not_exist_is_named(options: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["throughput", *options]) == 2
    assert message in capsys.readouterr().err
