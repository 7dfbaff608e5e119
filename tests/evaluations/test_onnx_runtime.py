"""The evaluation in ONNX Runtime: its numbers, the runs that it does not apply to, and its table."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

import pytest
import torch
from small_study import RUN, RUNS, SmallStudy
from tiny_whisper import write_tiny_whisper

from benchmark.corpora.manifest import Dataset
from benchmark.evaluations.contract import Common, FinishedRun, load_evaluation
from benchmark.inference.transcription import Transcriber
from benchmark.models.architectures.ctc import greedy_texts
from benchmark.models.batch import Batch
from benchmark.models.checkpoints import load, save
from benchmark.models.output import Output
from benchmark.models.vocabulary import Vocabulary
from benchmark.system.errors import UserError
from benchmark.system.files import read_json
from benchmark.toolbox.quantisation import quantise
from benchmark.training.speech import Speech

REASON = "needs the packages of the extra `onnx`"
pytest.importorskip("onnxruntime", reason=REASON)
pytest.importorskip("onnx", reason=REASON)


def finished(model: Path, dense: Path, corpus: Path, folder: Path) -> FinishedRun:
    """A run on two test sets, of which `test` is the first."""
    common = Common(Dataset.open(corpus), "train", dense, "cpu", 4.0, "fp32", "none", folder)
    return FinishedRun({"test": {}, "dev": {}}, {}, {}, model, common, {}, {}, lambda _model, _split: {})


@pytest.fixture
def timed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The dense model takes 6 s for a batch, its graph 3 s and the graph of the row 2 s."""
    seconds = cycle([6.0, 3.0, 2.0])

    def decode(model: Transcriber, batch: Batch) -> tuple[Sequence[object], float]:
        return model(batch), next(seconds)

    monkeypatch.setattr("benchmark.inference.speed.decode_timed", decode)


@pytest.mark.usefixtures("timed")
def test_three_models_are_timed_in_turn_and_the_dense_graph_is_kept(
    tiny_model: Path, tiny_corpus: Path, tmp_path: Path
) -> None:
    rounded = load(tiny_model)
    quantise(rounded.model, "weight_only")
    save(rounded, tmp_path / "int8")
    evaluation, folder = load_evaluation("onnx_runtime"), tmp_path / "common"
    dense = evaluation.measure(finished(tiny_model, tiny_model, tiny_corpus, folder), "test")
    (kept,) = (folder / "onnx_runtime").glob("*.onnx")
    assert dense == {
        "speedup": 3, "over_dense_graph": 1.5, "bytes": kept.stat().st_size, "utterances": 6, "different": 0,
    }  # fmt: skip
    written = kept.stat().st_mtime_ns
    int8 = evaluation.measure(finished(tmp_path / "int8", tiny_model, tiny_corpus, folder), "test")
    assert int8["bytes"] < dense["bytes"]
    assert int8["different"] == 0
    assert [path.stat().st_mtime_ns for path in (folder / "onnx_runtime").glob("*.onnx")] == [written]


def test_transcripts_that_differ_from_pytorch_s_are_counted(
    tiny_model: Path, tiny_corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, timed: None
) -> None:
    def misheard(output: Output, vocabulary: Vocabulary) -> list[str]:
        return ["another text", *greedy_texts(output, vocabulary)[1:]]

    monkeypatch.setattr("benchmark.inference.onnx_runtime.greedy_texts", misheard)
    run = finished(tiny_model, tiny_model, tiny_corpus, tmp_path)
    batches = len(Speech(run.model, run.common.corpus, "test").decoding_batches(4.0))
    assert 1 < batches < 6
    assert load_evaluation("onnx_runtime").measure(run, "test")["different"] == batches / 6


def test_it_says_nothing_of_other_test_sets_and_of_models_without_a_graph(
    tiny_model: Path, tiny_corpus: Path, tmp_path: Path
) -> None:
    evaluation, whisper = load_evaluation("onnx_runtime"), write_tiny_whisper(tmp_path / "whisper")
    assert evaluation.measure(finished(tiny_model, tiny_model, tiny_corpus, tmp_path), "dev") == {}
    assert evaluation.measure(finished(whisper, whisper, tiny_corpus, tmp_path), "test") == {}


def test_what_is_missing_is_said_in_one_line(
    tiny_model: Path, tiny_corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, evaluation = finished(tiny_model, tiny_model, tiny_corpus, tmp_path), load_evaluation("onnx_runtime")
    monkeypatch.setattr("benchmark.inference.onnx_graph.find_spec", lambda _name: None)
    with pytest.raises(UserError, match=r"^an ONNX graph needs onnx and onnxruntime: pip install -e '\.\[onnx\]'$"):
        evaluation.measure(run, "test")
    monkeypatch.setattr("benchmark.training.precision.pick_device", lambda _asked: torch.device("cuda"))
    with pytest.raises(UserError, match=r"^ONNX graphs are timed on a CPU, and this study runs on cuda$"):
        evaluation.measure(run, "test")


def test_a_study_has_its_numbers_in_a_table_of_its_own(published: SmallStudy, undrawn: None) -> None:
    published.config.write_text(published.config.read_text() + "evaluations: {onnx_runtime: }\n")
    for run in RUNS:
        assert published.call("score", run) == 0
    assert published.call("publish") == published.call("tables") == 0
    results = published.results
    record = read_json(results / "runs" / RUN / "run.json")
    assert record["notes"] == []
    assert record["metrics"]["onnx_runtime"]["test"]["different"] == 0
    section = (results / "README.md").read_text().partition("## ONNX Runtime\n")[2]
    assert "over dense graph" in section
    assert "graph (MB)" in section
    assert "over_dense_graph" not in (results / "main.csv").read_text()
