"""A study that normalises: what is scored, what is kept beside it, and what else a different normaliser changes."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from long_speech import TEST
from whisper_study import run_through, whisper_study

from benchmark.__main__ import main
from benchmark.runs.identity import identity
from benchmark.runs.publication import publish
from benchmark.scoring.normalizers import NormalizerName, normalised
from benchmark.scoring.trn import read_trn
from benchmark.scoring.wer import word_errors
from benchmark.study.plan import Study

SPOKEN = {id: text.lower() for id, (_, text) in TEST.items()}


@pytest.fixture
def make_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Prepare a study over long speech with a tiny Whisper; its files are below `tmp_path`."""

    def make(normalizer: NormalizerName) -> Study:
        return whisper_study(tmp_path, monkeypatch, evaluation={"normalizer": normalizer})

    return make


def test_normalised_texts_are_scored_and_both_forms_are_published(make_study: Any) -> None:
    study = make_study("whisper-english")
    records = {name: run_through(study, name) for name in ("start", "good-0.5-seed0")}
    publish(study)
    reference = read_trn(study.results / "ref" / "test.trn")
    assert read_trn(study.results / "ref" / "raw" / "test.trn") == SPOKEN
    assert reference == normalised(SPOKEN, "whisper-english")
    assert (reference["9-1-1"], reference["9-1-2"]) == ("mister 20", "")
    for name, record in records.items():
        folder = study.results / "runs" / name
        raw, scored = read_trn(folder / "raw" / "test.trn"), read_trn(folder / "hyp" / "test.trn")
        assert raw != scored == normalised(raw, "whisper-english")
        counts, score = word_errors(reference, scored), record["scores"]["test"]
        assert (score["errors"], score["words"]) == (counts.errors, counts.words)
        assert record["normalizer"] == "whisper-english"


def test_without_a_normaliser_there_is_one_form(make_study: Any) -> None:
    study = make_study("none")
    assert "normalizer" not in run_through(study, "start")
    publish(study)
    assert read_trn(study.results / "ref" / "test.trn") == SPOKEN
    assert not list(study.results.path.rglob("raw"))


@pytest.mark.usefixtures("undrawn")
def test_the_tables_say_so_and_are_recounted_from_the_normalised_texts(
    make_study: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = make_study("whisper-english")
    for name in ("start", "good-0.5-seed0"):
        run_through(study, name)
    publish(study)
    assert main(["tables", str(study.results.path)]) == 0
    table = (study.results / "main.md").read_text()
    assert "after the English normaliser of Whisper's authors" in table
    assert "the six matrices of every encoder layer and the ten of every decoder layer" in table
    path = study.results / "runs" / "start" / "hyp" / "test.trn"
    shutil.copy(study.results / "runs" / "start" / "raw" / "test.trn", path)
    assert main(["tables", str(study.results.path)]) == 2
    assert "but its hypotheses give" in capsys.readouterr().err


def test_the_normaliser_is_a_part_of_a_run_s_identity(make_study: Any) -> None:
    one, other = make_study("none"), make_study("whisper-english")
    plan = one.run("start")
    assert identity(one, plan, {}, {}) != identity(other, plan, {}, {})


def test_the_real_time_factor_is_of_the_recordings_and_cut_transcripts_are_counted(make_study: Any) -> None:
    """The tiny model never ends a text, so every transcript is cut; the long utterance counts once."""
    study = make_study("none")
    score = run_through(study, "start")["scores"]["test"]
    seconds = sum(seconds for seconds, _ in TEST.values())
    assert score["seconds"] / score["real_time_factor"] == pytest.approx(seconds)
    assert score["cut"] == len(TEST)
