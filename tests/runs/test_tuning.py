"""Equal tuning: every method gets the same number of trials on dev, and runs with the chosen settings."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict

import pytest
from small_study import METHOD, RUN, SmallStudy

import benchmark.runs.search
from benchmark.runs.records import Trial
from benchmark.runs.trials import chosen_settings, next_settings
from benchmark.study.file import load_study
from benchmark.study.registry import load_method
from benchmark.system.files import read_json
from benchmark.system.project import ROOT

TUNING = "tuning: {budget: {kind: work, limit: 60}, learning_rates: [1.0e-4, 2.0e-4]}\n"


@pytest.mark.parametrize("study", ["mini", "mini-full", "an4", "an4-rates"])
def test_committed_studies_plan_and_search_what_was_run(study: str) -> None:
    """Defaults may change; what a study's file and the published searches say must not. Rows may still be missing."""
    config = load_study(ROOT / "config" / f"{study}.yaml")
    published_runs = {path.name for path in (ROOT / "results" / study / "runs").iterdir()}
    assert published_runs <= {plan.run for plan in config.runs}
    for plan in config.runs:
        if plan.run not in published_runs:
            continue
        published = ROOT / "results" / (config.settings_from or study) / "tuning" / f"{plan.search}.json"
        search = published if published.is_file() else None
        settings = chosen_settings(search, plan)
        record = read_json(ROOT / "results" / study / "runs" / plan.run / "run.json")
        chosen = json.loads(json.dumps(asdict(load_method(plan.method)(settings).settings)))  # a record has no tuples
        assert chosen == record["settings"], plan.run
        if search and config.tuning:
            trials = read_json(search)["trials"]
            again = [next_settings(plan, config.tuning, trials[:number]) for number in range(len(trials) + 1)]
            assert again == [*(trial["settings"] for trial in trials), None], plan.search


def test_one_training_for_all_targets_has_one_search() -> None:
    runs = load_study(ROOT / "config" / "mini-full.yaml").runs
    assert {plan.run: plan.search for plan in runs if plan.label == "acip"} == {
        "acip-0.65-seed0": "acip-0.65",
        "acip-0.85-seed0": "acip-0.65",
    }


def test_what_is_chosen_is_what_runs(small_study: SmallStudy, capsys: pytest.CaptureFixture[str]) -> None:
    text = small_study.config.read_text().replace("breaks_off", "uniform_magnitude")
    small_study.config.write_text(text + TUNING)
    assert small_study.call("compress", RUN.replace("breaks_off", "uniform_magnitude")) == 2
    assert "uniform_magnitude-0.65.json does not exist" in capsys.readouterr().err  # never on defaults, unsearched
    assert small_study.call("tune", "uniform_magnitude-0.65") == 0
    path = small_study.work / "tuning" / "uniform_magnitude-0.65.json"
    tuning = json.loads(path.read_text())
    assert [trial["settings"]["learning_rate"] for trial in tuning["trials"]] == pytest.approx([1e-4, 2e-4])
    run = RUN.replace("breaks_off", "uniform_magnitude")
    assert small_study.call("compress", run) == 0
    record = json.loads((small_study.run(run) / "compress.json").read_text())
    assert record["settings"] | tuning["chosen"] == record["settings"]
    assert small_study.call("transcribe-tests", run) == small_study.call("score", run) == 0
    assert f"{run}: ok" in capsys.readouterr().out
    assert small_study.call("status") == 0
    assert f"{run}: ok" in capsys.readouterr().out  # the record is that of the plan, whatever the search chose
    assert small_study.call("tune", "uniform_magnitude-0.65") == 0  # nothing is left to try
    assert json.loads(path.read_text()) == tuning
    assert small_study.call("tune", "unifrm_magnitude-0.65") == 2
    assert 'did you mean "uniform_magnitude-0.65-seed0"?' in capsys.readouterr().err


def test_a_model_that_holds_integers_is_judged(small_study: SmallStudy) -> None:
    text = small_study.config.read_text().replace("breaks_off", "quant_noise")
    small_study.config.write_text(text + TUNING)
    assert small_study.call("tune", "quant_noise") == 0
    trials = json.loads((small_study.work / "tuning" / "quant_noise.json").read_text())["trials"]
    assert [trial["reason"] for trial in trials] == [None, None]


def test_a_search_in_seconds_counts_steps_as_a_run_does(small_study: SmallStudy) -> None:
    text = small_study.config.read_text().replace("breaks_off", "self_pinching")
    small_study.config.write_text(text + TUNING.replace("kind: work, limit: 60", "kind: device_seconds, limit: 1"))
    assert small_study.call("tune", "self_pinching-0.65") == 0
    trials = json.loads((small_study.work / "tuning" / "self_pinching-0.65.json").read_text())["trials"]
    assert not any("division by zero" in (trial["reason"] or "") for trial in trials)


def test_a_stopped_search_goes_on_with_the_next_trial_and_a_finished_one_is_kept(
    small_study: SmallStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Snakemake deletes the output of a job whose end it did not see."""
    text = small_study.config.read_text().replace("breaks_off", "uniform_magnitude")
    small_study.config.write_text(text + TUNING)
    trials: Iterator[Trial | BaseException] = iter(
        [
            {"settings": {"learning_rate": 1e-4}, "dev_wer": 0.5, "reason": None},
            KeyboardInterrupt(),
            {"settings": {"learning_rate": 2e-4}, "dev_wer": 0.4, "reason": None},
        ]
    )

    def one_trial(*_: object) -> Trial:
        trial = next(trials)
        if isinstance(trial, BaseException):
            raise trial
        return trial

    monkeypatch.setattr(benchmark.runs.search, "_try", one_trial)
    path = small_study.work / "tuning" / "uniform_magnitude-0.65.json"
    assert small_study.call("tune", "uniform_magnitude-0.65") == 130
    assert not path.exists()
    for _ in range(2):
        assert small_study.call("tune", "uniform_magnitude-0.65") == 0
        assert [trial["dev_wer"] for trial in read_json(path)["trials"]] == [0.5, 0.4]
        path.unlink()
    assert next(trials, None) is None


def test_a_published_search_is_taken_over(small_study: SmallStudy, monkeypatch: pytest.MonkeyPatch) -> None:
    text = small_study.config.read_text().replace("breaks_off", "uniform_magnitude")
    small_study.config.write_text(text + TUNING)
    assert small_study.call("tune", "uniform_magnitude-0.65") == 0
    assert small_study.call("publish") == 0
    search = small_study.work / "tuning" / "uniform_magnitude-0.65.json"
    tuning = search.read_text()
    assert (small_study.results / "tuning" / search.name).read_text() == tuning
    shutil.rmtree(search.parent)
    monkeypatch.setattr(benchmark.runs.search, "_try", None)  # there is nothing to try
    assert small_study.call("tune", "uniform_magnitude-0.65", "--reuse") == 0
    assert search.read_text() == tuning


def test_a_run_with_half_of_the_budget_has_the_search_of_a_whole_one(
    small_study: SmallStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = small_study.config.read_text().replace("breaks_off", "uniform_magnitude")
    half = "methods: {half: {method: uniform_magnitude, budget_share: 0.5}, "
    small_study.config.write_text(text.replace("methods: {", half) + TUNING)
    assert small_study.call("tune", "uniform_magnitude-0.65") == 0
    monkeypatch.setattr(benchmark.runs.search, "_try", None)  # there is nothing to try
    assert small_study.call("tune", "half-0.65") == 0
    searches = small_study.work / "tuning"
    assert (searches / "half-0.65.json").read_text() == (searches / "uniform_magnitude-0.65.json").read_text()
    run = RUN.replace("breaks_off", "half")
    assert small_study.call("compress", run) == 0
    budget = read_json(small_study.run(run) / "compress.json")["budget"]
    whole = load_study(small_study.config).budget.limit
    assert budget["limit"] == whole / 2
    assert 0.9 * whole / 2 < budget["spent"] <= 1.01 * whole / 2


def test_another_study_s_searches_set_what_they_chose(
    small_study: SmallStudy, capsys: pytest.CaptureFixture[str]
) -> None:
    text = small_study.config.read_text().replace("breaks_off", "uniform_magnitude")
    small_study.config.write_text(text + "settings_from: searched\n")
    run = RUN.replace("breaks_off", "uniform_magnitude")
    assert small_study.call("compress", run) == 2
    assert "settings_from is searched, but" in capsys.readouterr().err
    searches = small_study.root / "results" / "searched" / "tuning"
    searches.mkdir(parents=True)
    record = small_study.run(run) / "compress.json"
    assert small_study.call("compress", run) == 0
    assert json.loads(record.read_text())["notes"] == [
        "settings were not searched: searched has no search uniform_magnitude-0.65"
    ]
    chosen = {"identity": "0" * 64, "trials": [], "chosen": {"learning_rate": 3e-4}}
    (searches / "uniform_magnitude-0.65.json").write_text(json.dumps(chosen))
    assert small_study.call("compress", run) == 0
    assert json.loads(record.read_text())["settings"]["learning_rate"] == 3e-4
    assert json.loads(record.read_text())["notes"] == []
    small_study.config.write_text(small_study.config.read_text() + TUNING)
    assert small_study.call("compress", run) == 2
    assert "`tuning` and `settings_from` are both set" in capsys.readouterr().err


def test_the_default_study_was_run_on_what_the_searches_chose() -> None:
    study = load_study(ROOT / "config" / "mini.yaml")
    published = {run.run: study.results / "runs" / run.run / "run.json" for run in study.runs}
    searched = [plan for plan in study.runs if published[plan.run].exists() and study.search_file(plan)]
    assert len(searched) > 10
    for plan in searched:
        settings = read_json(published[plan.run])["settings"]
        assert settings | chosen_settings(study.search_file(plan), plan) == settings


def test_a_method_that_breaks_has_its_reason_in_every_trial(small_study: SmallStudy) -> None:
    (small_study.root / "methods" / "breaks_off.py").write_text(
        METHOD.replace("return job.model", 'raise ValueError("no such thing")')
        .replace(
            "    def compress",
            "    @dataclass(frozen=True)\n    class Settings:\n        learning_rate: float = 1e-3\n\n    def compress",
        )
        .replace("import os", "import os\nfrom dataclasses import dataclass")
    )
    small_study.config.write_text(small_study.config.read_text() + TUNING)
    assert small_study.call("tune", "breaks_off-0.65") == 0
    tuning = json.loads((small_study.work / "tuning" / "breaks_off-0.65.json").read_text())
    assert [trial["reason"] for trial in tuning["trials"]] == ["ValueError: no such thing"] * 2
    assert tuning["chosen"] == {}


@pytest.mark.parametrize(
    ("tunable", "complaint"),
    [
        ("{self_pinchin: {reach: [0.2, 0.4]}}", 'unknown method "self_pinchin": did you mean "self_pinching"'),
        ("{self_pinching: {reech: [0.2, 0.4]}}", 'has no setting "reech": did you mean "reach"'),
        ("{self_pinching: {reach: [0.2, high]}}", "setting \"reach\" takes float, not 'high'"),
        ("{self_pinching: {reach: [0.2]}}", "tuning.tunable.self_pinching.reach.1 is missing"),
    ],
)
def test_what_cannot_be_tried_is_one_line(
    tunable: str, complaint: str, small_study: SmallStudy, capsys: pytest.CaptureFixture[str]
) -> None:
    text = small_study.config.read_text() + TUNING.replace("]}", f"], tunable: {tunable}}}")
    small_study.config.write_text(text)
    assert small_study.call("status") == 2
    (line,) = capsys.readouterr().err.splitlines()[-1:]
    assert line.startswith("error: ")
    assert complaint in line
