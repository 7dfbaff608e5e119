"""Evaluations: what they measure, how a study asks for them, and what a failing one leaves behind."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from made_study import configuration
from small_study import RUN, RUNS, SmallStudy

from benchmark import evaluations
from benchmark.corpora.manifest import Dataset, Summary
from benchmark.evaluations.contract import Common, FinishedRun, evaluation_names, load_evaluation
from benchmark.models.checkpoints import SpeechModel
from benchmark.scoring.trn import Transcripts, read_trn
from benchmark.scoring.wer import utterance_errors, word_errors
from benchmark.study.file import parse_study
from benchmark.system.errors import UserError
from benchmark.system.files import read_json

BROKEN = '''"""Made for a test."""

from benchmark.evaluations.contract import Evaluation


class Made(Evaluation):
    """Fails, or gives what is no number."""

    def measure(self, run, split):
        {body}
'''
HEARD = {"a-1": "one", "a-2": "three", "b-1": "four fife", "b-2": "six six"}


def finished(hypotheses: dict[str, str], dense: dict[str, str], folder: Path = Path()) -> FinishedRun:
    spoken = {"a-1": "one two", "a-2": "three", "b-1": "four five", "b-2": "six"}
    common = Common(
        Dataset(Path(), Summary(hash="", splits={}, files={}), {}), "train", Path(), "cpu", 4.0, "fp32", "none", Path()
    )
    dense_hypotheses = {"test": dense} if dense else {}
    return FinishedRun({"test": spoken}, {"test": hypotheses}, dense_hypotheses, folder, common, {}, {}, deaf)


def deaf(_speech_model: SpeechModel, split: str) -> Transcripts:
    raise AssertionError(f"nothing here transcribes {split}")


def test_no_regression_counts_utterances_without_more_errors_than_dense() -> None:
    dense = {"a-1": "one", "a-2": "three", "b-1": "four five", "b-2": "sex"}
    fewer_as_many_more_as_many = {"a-1": "one two", "a-2": "three", "b-1": "four", "b-2": "sax"}
    measured = load_evaluation("no_regression").measure(finished(fewer_as_many_more_as_many, dense), "test")
    assert measured == {"share": 3 / 4}


def test_the_word_error_rate_is_one() -> None:
    measured = load_evaluation("wer").measure(finished(HEARD, {}), "test")
    assert measured == {
        "utterances": 4, "words": 6, "errors": 3, "substitutions": 1, "deletions": 1, "insertions": 1, "wer": 1 / 2,
    }  # fmt: skip


def test_without_the_dense_transcripts_the_way_to_them_is_said() -> None:
    with pytest.raises(UserError, match="no transcripts yet: transcribe it, then score this run again"):
        load_evaluation("no_regression").measure(finished(HEARD, {}), "test")


def test_the_model_is_loaded_on_demand(tiny_model: Path) -> None:
    assert finished({}, {}, tiny_model).model.model.config.num_hidden_layers == 3


def test_they_are_found_by_file_and_a_misspelt_one_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert {"wer", "no_regression"} <= set(evaluation_names())
    (tmp_path / "mine.py").write_text(BROKEN.format(body="return {}"))
    monkeypatch.setattr(evaluations, "__path__", [*evaluations.__path__, str(tmp_path)])
    assert load_evaluation("mine").measure(finished({}, {}), "test") == {}
    with pytest.raises(UserError, match=r'made.yaml: unknown evaluation "no_regresion": did you mean "no_regression"'):
        parse_study(configuration(evaluations={"no_regresion": None}), Path("made.yaml"))


@pytest.fixture
def evaluated(published: SmallStudy, monkeypatch: pytest.MonkeyPatch) -> SmallStudy:
    """A study that asks for two evaluations, one of which fails; all its runs are finished, the dense one first."""
    folder = published.root / "benchmark" / "evaluations"
    (folder / "fragile.py").write_text(BROKEN.format(body="raise ValueError('it\\n broke')"))
    (folder / "endless.py").write_text(BROKEN.format(body="return {'length': float('inf')}"))
    text = published.config.read_text() + "evaluations: {no_regression: , fragile: , endless: }\n"
    published.config.write_text(text)
    monkeypatch.setattr(evaluations, "__path__", [*evaluations.__path__, str(folder)])
    for run in RUNS:
        assert published.call("score", run) == 0
    assert published.call("publish") == 0
    return published


@pytest.mark.usefixtures("undrawn")
def test_metrics_land_in_the_record_and_the_tables_and_failures_in_notes(evaluated: SmallStudy) -> None:
    results = evaluated.results
    record = read_json(results / "runs" / RUN / "run.json")
    spoken = read_trn(results / "ref" / "test.trn")
    own, dense = (read_trn(results / "runs" / run / "hyp" / "test.trn") for run in (RUN, "dense"))
    pairs = zip(utterance_errors(spoken, own, "own"), utterance_errors(spoken, dense, "dense"), strict=True)
    share = sum(a.errors <= b.errors for a, b in pairs) / len(spoken)
    assert record["metrics"] == {"no_regression": {"test": {"share": share}}}
    assert record["scores"]["test"]["wer"] == word_errors(spoken, own).wer
    assert record["notes"] == [
        "fragile on test was not measured: it broke",
        "endless on test was not measured: length is inf",
    ]

    assert evaluated.call("tables") == 0
    with (results / "main.csv").open() as file:
        rows = {row["label"]: row for row in csv.DictReader(file)}
    assert float(rows["breaks_off"]["test_no_regression_share_mean"]) == share
    assert float(rows["dense"]["test_no_regression_share_mean"]) == 1
    table = (results / "main.md").read_text()
    assert "no regression %" in table
    assert "No regression: share of the utterances" in table


def test_a_run_scored_before_the_dense_one_has_a_note_and_can_be_scored_again(small_study: SmallStudy) -> None:
    small_study.config.write_text(small_study.config.read_text() + "evaluations: {no_regression: }\n")
    record = small_study.run() / "run.json"
    for command in ("compress", "transcribe-tests", "score"):
        assert small_study.call(command, RUN) == 0
    assert "metrics" not in read_json(record)
    (note,) = read_json(record)["notes"]
    assert note.startswith("no_regression on test was not measured: the dense run has no transcripts yet")
    for command in ("compress", "transcribe-tests"):
        assert small_study.call(command, "dense") == 0
    assert small_study.call("score", RUN) == 0
    assert read_json(record)["metrics"].keys() == {"no_regression"}
    assert read_json(record)["notes"] == []
