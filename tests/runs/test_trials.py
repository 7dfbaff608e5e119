"""The rules of equal tuning: what a search tries next, and what it chooses."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmark.runs.records import Trial
from benchmark.runs.trials import best, next_settings
from benchmark.study.keys import TuningConfig
from benchmark.study.plan import RunPlan
from benchmark.study.registry import load_method
from benchmark.training.allowance import BudgetConfig

SEARCH = TuningConfig(BudgetConfig("work", 100), (8e-4, 1.6e-3, 3.2e-3, 4e-4))


def planned(method: str, settings: dict[str, object] | None = None) -> RunPlan:
    return RunPlan(f"{method}-0.65-seed0", method, method, 0.65, 0, settings or {})


def tried(plan: RunPlan, search: TuningConfig = SEARCH, rate: float = 1.6e-3) -> list[dict[str, object]]:
    """A whole search in which this rate is best."""
    trials: list[Trial] = []
    while settings := next_settings(plan, search, trials):
        wer = abs(float(str(settings["learning_rate"])) - rate)
        trials.append({"settings": settings, "dev_wer": wer, "reason": None})
    return [trial["settings"] for trial in trials]


def test_every_method_gets_as_many_trials() -> None:
    names = ("dense_finetuned", "uniform_magnitude", "self_pinching", "movement")
    assert {load_method(name).tunable is None for name in names} == {True, False}
    assert {len(tried(planned(name))) for name in names} == {4}
    assert tried(planned("dense")) == []
    assert tried(planned("wanda")) == []  # all trials would be the same: its rate is of no use
    assert len(tried(planned("wanda", {"fine_tune": True}))) == 4


@pytest.mark.parametrize(
    ("best_rate", "order"),
    [
        (1.6e-3, [8e-4, 1.6e-3, 3.2e-3, 1.6e-3]),
        (3.2e-3, [8e-4, 1.6e-3, 3.2e-3, 3.2e-3]),
        (8e-4, [8e-4, 1.6e-3, 4e-4, 8e-4]),
        (4e-4, [8e-4, 1.6e-3, 4e-4, 4e-4]),
    ],
)
def test_a_method_with_a_setting_of_its_own_tries_the_nearer_of_the_last_two_rates(
    best_rate: float, order: list[float]
) -> None:
    assert [settings["learning_rate"] for settings in tried(planned("self_pinching"), rate=best_rate)] == order


def test_a_method_s_own_setting_is_tried_at_the_best_rate_in_place_of_a_rate() -> None:
    plan, own = planned("self_pinching"), load_method("self_pinching").tunable
    assert own is not None
    name, first, second = own
    rates = [settings["learning_rate"] for settings in tried(plan)]
    assert rates == [8e-4, 1.6e-3, 3.2e-3, 1.6e-3]
    assert [settings[name] for settings in tried(plan)] == [first, first, first, second]
    plain = [settings["learning_rate"] for settings in tried(planned("uniform_magnitude"))]
    assert plain == list(SEARCH.learning_rates)


def test_a_study_may_have_other_values_tried() -> None:
    search = replace(SEARCH, tunable={"self_pinching": {"reach": (0.2, 0.4)}})
    settings = tried(planned("self_pinching"), search)
    assert [(s["reach"], s.get("size_weight")) for s in settings] == [(0.2, None)] * 3 + [(0.4, None)]
    assert tried(planned("movement"), search) == tried(planned("movement"))


def test_a_setting_of_the_study_s_own_is_not_searched() -> None:
    """The trials use the same settings as the runs."""
    settings = tried(planned("self_pinching", {"size_weight": 1510.0}))
    assert settings == [{"learning_rate": rate} for rate in SEARCH.learning_rates]


def test_where_the_study_fixes_the_rate_only_the_method_s_own_setting_is_searched() -> None:
    fixed: dict[str, object] = {"learning_rate": 2e-4}
    trials: list[Trial] = []
    for noise in ("rounding", "zeroing"):
        settings = next_settings(planned("quant_noise", fixed), SEARCH, trials)
        assert settings == {"noise": noise}
        trials.append({"settings": settings, "dev_wer": 0.5, "reason": None})
    assert next_settings(planned("quant_noise", fixed), SEARCH, trials) is None
    assert next_settings(planned("quant_noise", fixed | {"noise": "rounding"}), SEARCH, []) is None
    assert next_settings(planned("uniform_magnitude", fixed), SEARCH, []) is None


def test_where_all_rates_failed_the_second_value_comes_with_the_default_rate() -> None:
    plan, own = planned("self_pinching"), load_method("self_pinching").tunable
    assert own is not None
    name, _, second = own
    failed: Trial = {"settings": {"learning_rate": 1.0}, "dev_wer": None, "reason": "diverged"}
    assert next_settings(plan, SEARCH, [failed] * 3) == {name: second}


def test_the_lowest_wer_wins_and_failures_never_do() -> None:
    trials: list[Trial] = [
        {"settings": {"learning_rate": 1.0}, "dev_wer": None, "reason": "diverged"},
        {"settings": {"learning_rate": 0.1}, "dev_wer": 0.4, "reason": None},
        {"settings": {"learning_rate": 0.2}, "dev_wer": 0.3, "reason": None},
    ]
    assert best(trials) == {"learning_rate": 0.2}
    assert best(trials[:1]) == {}
