"""Certified radii of a study's runs: what is refused at once, what is measured, and where it is shown."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from made_study import configuration
from small_study import RUNS, SmallStudy

from benchmark.corpora.manifest import Dataset
from benchmark.evaluations.contract import Common, FinishedRun, load_evaluation
from benchmark.runs.error_counts import references
from benchmark.smoothing.certificates import certified_radius
from benchmark.study.file import parse_study
from benchmark.system.errors import UserError

NOISE = [0.01, 0.1]
FEW = {"noise": NOISE, "selection": 2, "samples": 12, "utterances": 3, "denoiser_steps": 2}


def measured(corpus: Path, model: Path, dense: Path, folder: Path, **settings: object) -> dict[str, float]:
    dataset = Dataset.open(corpus)
    common = Common(dataset, "train", dense, "cpu", 16.0, "fp32", "none", folder)
    run = FinishedRun({"test": references(dataset, "test")}, {}, {}, model, common, {}, {}, lambda _model, _split: {})
    return dict(load_evaluation("certified", FEW | settings).measure(run, "test"))


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"samples": 9}, "9 samples certify no radius at alpha 0.001, even if all agree: take 10 or more"),
        ({"samples": 100, "alpha": 1e-40}, "take 133 or more"),
        ({"sample": 100}, 'unknown key "sample": did you mean "samples"'),
        ({"noise": []}, "noise"),
        ({"noise": [0.1, 0.1]}, "0.1 appears twice"),
        ({"tolerance": 1.0}, "tolerance: input should be less than 1, not 1.0"),
    ],
)
def test_what_cannot_be_certified_is_refused_with_the_study(settings: dict[str, object], line: str) -> None:
    with pytest.raises(UserError) as refused:
        parse_study(configuration(evaluations={"certified": settings}), Path("made.yaml"))
    assert str(refused.value).startswith("made.yaml: evaluations.certified: ")
    assert line in str(refused.value)
    assert "\n" not in str(refused.value)


def test_the_dense_model_loses_nothing_against_itself(tiny_corpus: Path, tiny_model: Path, tmp_path: Path) -> None:
    metrics = measured(tiny_corpus, tiny_model, tiny_model, tmp_path)
    assert (metrics["utterances"], metrics["lost"], metrics["gained"], metrics["p"]) == (3, 0, 0, 1)
    assert metrics["largest_radius"] == pytest.approx(certified_radius(12, 12, 0.1, 0.001))
    curve = [metrics[f"at_{percent}"] for percent in range(0, 101, 5)]
    assert curve == sorted(curve, reverse=True)
    assert curve[0] == metrics["near_denoised_at_0"]
    assert load_evaluation("certified").points(metrics)[-1] == (metrics["largest_radius"], 100 * curve[-1])
    again = measured(tiny_corpus, tiny_model, tiny_model, tmp_path / "elsewhere")
    assert again == metrics


def test_utterances_that_are_too_long_are_left_out(tiny_corpus: Path, tiny_model: Path, tmp_path: Path) -> None:
    short = [one for one in Dataset.open(tiny_corpus).split("test") if one.seconds <= 0.8]
    assert 0 < len(short) < 6
    found = measured(tiny_corpus, tiny_model, tiny_model, tmp_path, utterances=6, max_seconds=0.8)
    assert found["utterances"] == len(short)
    with pytest.raises(UserError, match=r"no utterance is at most 0.1 s long"):
        measured(tiny_corpus, tiny_model, tiny_model, tmp_path, max_seconds=0.1)


def test_a_study_gets_a_table_and_a_figure(published: SmallStudy) -> None:
    published.config.write_text(published.config.read_text() + f"evaluations: {{certified: {FEW}}}\n")
    for run in RUNS:
        assert published.call("score", run) == 0
    assert published.call("publish") == 0
    assert published.call("tables") == 0
    results = published.results
    with (results / "certified.csv").open() as file:
        rows = {row["label"]: row for row in csv.DictReader(file)}
    assert rows.keys() == {"dense", "breaks_off"}
    assert float(rows["dense"]["lost"]) == float(rows["dense"]["gained"]) == 0
    page = (results / "README.md").read_text()
    section = page[page.index("## Certified radii\n") :]
    assert "They are no practical defence." in " ".join(section.split())
    assert "certified %" in section
    assert (results / "figures" / "certified.png").stat().st_size > 10_000
    assert "certified" not in (results / "main.csv").read_text()
    votes = list((published.work / "evaluations" / "certified").glob("votes-*.json"))
    assert len(votes) == 2 * 2 * len(NOISE)  # two models, with the denoiser and without
