"""Equal tuning: as many trials for every method, on dev, and what is chosen is what runs."""

from __future__ import annotations

import json

import pytest
from small_study import METHOD, RUN, SmallStudy

import benchmark.tuning
from benchmark.contract import Method
from benchmark.registry import load_method
from benchmark.study import BudgetConfig, TuningConfig
from benchmark.tuning import Trial, best, candidates

SEARCH = TuningConfig(BudgetConfig("work", 100), 0.5, (1.0, 0.25, 4.0, 0.5, 2.0, 8.0))
TUNING = "tuning: {budget: {kind: work, limit: 60}, target: 0.5, rates: [0.5, 1.0]}\n"


def trained() -> list[Method]:
    methods = [load_method(name)() for name in ("dense_finetuned", "uniform_magnitude", "self_pinching", "movement")]
    assert any(method.tunable for method in methods)
    assert not all(method.tunable for method in methods)
    return methods


def test_every_method_gets_as_many_trials() -> None:
    assert {len(candidates(method, SEARCH)) for method in trained()} == {6}
    assert candidates(load_method("dense")(), SEARCH) == []
    assert candidates(load_method("wanda")(), SEARCH) == []  # all trials would be the same: its rate is of no use
    assert len(candidates(load_method("wanda")({"fine_tune": True}), SEARCH)) == 6


def test_a_method_s_own_setting_takes_half_of_the_rates() -> None:
    method = load_method("self_pinching")()
    assert method.tunable is not None
    name, *values = method.tunable
    tried = candidates(method, SEARCH)
    assert {trial[name] for trial in tried} == set(values)
    rates = sorted({float(str(trial["learning_rate"])) for trial in tried})
    assert rates == pytest.approx([0.25 * 2e-4, 2e-4, 4 * 2e-4])


def test_the_lowest_wer_wins_and_failures_never_do() -> None:
    trials: list[Trial] = [
        {"settings": {"learning_rate": 1.0}, "dev_wer": None, "reason": "diverged"},
        {"settings": {"learning_rate": 0.1}, "dev_wer": 0.4, "reason": None},
        {"settings": {"learning_rate": 0.2}, "dev_wer": 0.3, "reason": None},
    ]
    assert best(trials) == {"learning_rate": 0.2}
    assert best(trials[:1]) == {}


def test_what_is_chosen_is_what_runs(small_study: SmallStudy, capsys: pytest.CaptureFixture[str]) -> None:
    text = small_study.config.read_text().replace("breaks_off", "uniform_magnitude")
    small_study.config.write_text(text + TUNING)
    assert small_study.call("tune", "uniform_magnitude") == 0
    path = small_study.work / "tuning" / "uniform_magnitude.json"
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
    assert small_study.call("tune", "uniform_magnitude") == 0  # nothing is left to try
    assert json.loads(path.read_text()) == tuning
    assert small_study.call("tune", "unifrm") == 2
    assert 'did you mean "uniform_magnitude"?' in capsys.readouterr().err


def test_a_published_search_is_taken_over(small_study: SmallStudy, monkeypatch: pytest.MonkeyPatch) -> None:
    text = small_study.config.read_text().replace("breaks_off", "uniform_magnitude")
    small_study.config.write_text(text + TUNING)
    assert small_study.call("tune", "uniform_magnitude") == 0
    assert small_study.call("publish") == 0
    kept = small_study.work / "tuning" / "uniform_magnitude.json"
    tuning = kept.read_text()
    assert (small_study.root / "results" / "small" / "tuning" / kept.name).read_text() == tuning
    kept.unlink()
    monkeypatch.setattr(benchmark.tuning, "_try", None)  # there is nothing to try
    assert small_study.call("tune", "uniform_magnitude", "--reuse") == 0
    assert kept.read_text() == tuning


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
    assert small_study.call("tune", "breaks_off") == 0
    tuning = json.loads((small_study.work / "tuning" / "breaks_off.json").read_text())
    assert [trial["reason"] for trial in tuning["trials"]] == ["ValueError: no such thing"] * 2
    assert tuning["chosen"] == {}
