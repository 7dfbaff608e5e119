"""The evaluation of boundary compression: what it measures with cuts and without, and where its numbers go."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from small_study import SmallStudy

from benchmark.corpora.manifest import Dataset
from benchmark.evaluations.contract import Common, FinishedRun, load_evaluation
from benchmark.models.checkpoints import SpeechModel
from benchmark.scoring.trn import Transcripts
from benchmark.study.registry import load_method
from benchmark.system.files import read_json

SPOKEN = {"a-1": "one two", "a-2": "three four", "b-1": "five six"}
PLAIN = {"a-1": "one", "a-2": "three four", "b-1": "five sex"}
COMPRESSED = {"a-1": "one two", "a-2": "three four", "b-1": "five sex"}
LOG = {"cut1_activation_bits": 300.0, "cut1_gradient_bits": 20.0, "loss": 1.0}
CUTS = {
    "stages": 2, "activations": "topk", "activation_bits": 4, "activation_share": 0.25, "activation_feedback": "aq",
    "gradients": "quantise", "gradient_bits": 8, "gradient_share": 0.1, "gradient_feedback": "none",
    "learning_rate": 1e-3,
}  # fmt: skip


class Listener:
    """Stands for the study's transcription; remembers the logits of a fixed recording."""

    def __init__(self) -> None:
        self.logits: list[torch.Tensor] = []

    def __call__(self, speech_model: SpeechModel, split: str) -> Transcripts:
        assert split == "test"
        audio = torch.randn(2, 4000, generator=torch.Generator().manual_seed(0))
        with torch.no_grad():
            self.logits.append(speech_model.model(audio).logits)
        return COMPRESSED


def finished(folder: Path, corpus: Path, settings: dict[str, object], listener: Listener) -> FinishedRun:
    common = Common(Dataset.open(corpus), "train", folder, "cpu", 4.0, "fp32", "none", folder)
    return FinishedRun({"test": SPOKEN}, {"test": PLAIN}, {}, folder, common, settings, LOG, listener)


def test_the_model_is_heard_through_its_cuts_and_is_whole_afterwards(tiny_model: Path, tiny_corpus: Path) -> None:
    listener = Listener()
    run = finished(tiny_model, tiny_corpus, CUTS, listener)
    measured = load_evaluation("boundary").measure(run, "test")
    assert measured == {
        "cuts": 1, "activation_bits": 300, "gradient_bits": 20,
        "inference_bits": 8 * (32 + 5), "float_bits": 32 * 32,  # a frame has 32 values, of which TopK keeps 8
        "compressed_wer": 1 / 6, "plain_wer": 2 / 6, "p": pytest.approx(measured["p"]),
    }  # fmt: skip
    listener(run.model, "test")
    through_cuts, whole = listener.logits
    assert not torch.allclose(through_cuts, whole)


def test_it_says_nothing_of_a_method_without_cuts(tiny_corpus: Path, tmp_path: Path) -> None:
    run = finished(tmp_path / "absent", tiny_corpus, {"learning_rate": 1e-3}, Listener())
    assert load_evaluation("boundary").measure(run, "test") == {}


def test_the_settings_of_the_method_are_known_as_cuts() -> None:
    assert vars(load_method("boundary_compression")({}).settings).keys() == CUTS.keys()


def test_a_figure_joins_both_uses_of_a_model() -> None:
    metrics = {"inference_bits": 296.0, "float_bits": 1024.0, "compressed_wer": 0.1, "plain_wer": 0.4}
    assert load_evaluation("boundary").points(metrics) == [(296.0, 10.0), (1024.0, 40.0)]


@pytest.mark.usefixtures("undrawn")
def test_a_study_has_its_numbers_in_a_table_of_its_own(small_study: SmallStudy) -> None:
    text = small_study.config.read_text().replace("dense: , breaks_off: ", "dense: , boundary_compression: ")
    small_study.config.write_text(text + "evaluations: {boundary: }\n")
    run = "boundary_compression-seed0"
    for name in ("dense", run):
        for command in ("compress", "transcribe-tests", "score"):
            assert small_study.call(command, name) == 0
    assert small_study.call("publish") == 0
    results = small_study.results
    record = read_json(results / "runs" / run / "run.json")
    own = record["metrics"]["boundary"]["test"]
    assert own["activation_bits"] == record["log"]["cut1_activation_bits"]
    assert own["plain_wer"] == record["scores"]["test"]["wer"]
    assert 32 * 4 < own["inference_bits"] < 32 * 4 + 64  # two floats more for each utterance
    assert "metrics" not in read_json(results / "runs" / "dense" / "run.json")
    assert small_study.call("tables") == 0
    section = (results / "README.md").read_text().partition("## Compression between the stages of a pipeline\n")[2]
    assert "Boundary compression" in section
    assert "inference (bits)" in section
    assert "inference_bits" not in (results / "main.csv").read_text()
