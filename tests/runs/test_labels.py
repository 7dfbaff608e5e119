"""A study may train on labels that are written as its dense model writes."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from long_speech import write_long_speech
from made_study import PRUNES, configuration, use_methods
from tiny_whisper import write_tiny_whisper

from benchmark.__main__ import main
from benchmark.runs import labels
from benchmark.runs.compression import compress
from benchmark.runs.dense_stage import dense_hash, prepare_dense
from benchmark.runs.error_counts import score_run
from benchmark.runs.job_setup import job_for
from benchmark.runs.publication import publish
from benchmark.runs.transcripts import transcribe_run
from benchmark.study.file import parse_study
from benchmark.study.plan import Study
from benchmark.system.errors import UserError
from benchmark.training.speech import Speech


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    """A study over long speech with a tiny Whisper that hears every word, and writes it with a capital and a stop."""

    def hear(_model: object, speech: Speech, _seconds: float) -> SimpleNamespace:
        heard = {u.id: " ".join(f"{word.capitalize()}." for word in u.text.split()) for u in speech.utterances}
        return SimpleNamespace(hypotheses=heard)

    use_methods(monkeypatch, tmp_path / "methods", {"good": PRUNES})
    monkeypatch.setattr("benchmark.system.project.ROOT", tmp_path)
    monkeypatch.setattr(labels, "transcribe", hear)
    dense = {"model": str(write_tiny_whisper(tmp_path / "whisper"))}
    training = {"orthography": "model", "frozen_frontend": True}
    config = configuration(dense=dense, training=training, methods={"start": None, "good": None})
    made = parse_study(config, Path("made.yaml"))
    write_long_speech(made.work / "data")
    prepare_dense(made, made.work)
    return made


def test_jobs_learn_the_words_of_the_corpus_as_the_model_writes_them(study: Study, tmp_path: Path) -> None:
    speech = job_for(study, study.run("good-0.5-seed0"), study.work, tmp_path)._speech
    assert [window.text for window in speech.utterances] == ["One. Two.", "Three.", "Four. Five."]


@pytest.mark.usefixtures("undrawn")
def test_records_and_tables_say_so(study: Study) -> None:
    records = {}
    for plan in study.runs:
        compress(study, plan, study.work)
        transcribe_run(study, plan, study.work)
        records[plan.run] = score_run(study, plan, study.work)
    assert {run: record.get("orthography") for run, record in records.items()} == {
        "start": None,
        "good-0.5-seed0": "model",
    }
    publish(study)
    assert main(["tables", str(study.results.path)]) == 0
    assert "written with the capitals and punctuation of the dense model" in (study.results / "main.md").read_text()


def test_labels_that_were_changed_are_refused_and_made_again(study: Study) -> None:
    written = study.work.labels.read_text()
    study.work.labels.write_text("{}")
    with pytest.raises(UserError, match="make the dense model again"):
        dense_hash(study.work)
    prepare_dense(study, study.work)
    assert study.work.labels.read_text() == written
