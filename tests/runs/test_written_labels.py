"""A study may train on labels that are written as its dense model writes."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from small_study import SmallStudy
from whisper_study import run_through, whisper_study

from benchmark.__main__ import main
from benchmark.corpora.manifest import Dataset
from benchmark.runs import labels
from benchmark.runs.dense_stage import dense_hash, prepare_dense
from benchmark.runs.inputs import input_hashes
from benchmark.runs.job_setup import job_for
from benchmark.runs.publication import publish
from benchmark.study.plan import Study
from benchmark.system.errors import UserError
from benchmark.system.files import read_json
from benchmark.training.speech import Speech


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    """A study over long speech with a tiny Whisper that hears every word, and writes it with a capital and a stop."""

    def hear(_model: object, speech: Speech, _evaluation: object) -> dict[str, str]:
        return {u.id: " ".join(f"{word.capitalize()}." for word in u.text.split()) for u in speech.utterances}

    monkeypatch.setattr(labels, "free_transcripts", hear)
    return whisper_study(tmp_path, monkeypatch, training={"orthography": "model", "frozen_frontend": True})


def test_jobs_learn_the_words_of_the_corpus_as_the_model_writes_them(study: Study, tmp_path: Path) -> None:
    speech = job_for(study, study.run("good-0.5-seed0"), study.work, tmp_path)._speech
    assert [window.text for window in speech.utterances] == ["One. Two.", "Three.", "Four. Five."]


@pytest.mark.usefixtures("undrawn")
def test_records_and_tables_say_so(study: Study) -> None:
    records = {plan.run: run_through(study, plan.run) for plan in study.runs}
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


def test_runs_on_other_labels_are_other_runs(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    dense, good = study.run("start"), study.run("good-0.5-seed0")
    before = [input_hashes(study, plan, study.work) for plan in (dense, good)]
    monkeypatch.setattr(labels, "free_transcripts", lambda _, speech, __: {u.id: "" for u in speech.utterances})
    study.work.labels.unlink()
    prepare_dense(study, study.work)
    after = [input_hashes(study, plan, study.work) for plan in (dense, good)]
    assert before[0] == after[0]
    assert before[1] != after[1]


def test_a_start_that_was_fine_tuned_writes_labels_for_free(small_study: SmallStudy) -> None:
    config = yaml.safe_load(small_study.config.read_text())
    config["dense"]["fine_tune"] = {"budget": {"kind": "work", "limit": 200}, "learning_rate": 1e-4}
    config["training"]["orthography"] = "model"
    small_study.config.write_text(yaml.safe_dump(config))
    assert small_study.call("dense") == 0
    written = read_json(small_study.work / "dense" / "labels.json")
    said = {utterance.id: utterance.text for utterance in Dataset.open(small_study.work / "data").split("train")}
    assert written == said  # a model of letters alone writes as the corpus does
