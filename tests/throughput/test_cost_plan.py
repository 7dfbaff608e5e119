"""What a study will cost: budgets over speeds, searches, transcription, and how jobs share devices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmark.__main__ import main
from benchmark.runs.provenance import provenance
from benchmark.study.file import parse_study
from benchmark.study.plan import Study
from benchmark.system.errors import UserError
from benchmark.system.files import write_json
from benchmark.throughput.bench import Precision
from benchmark.throughput.cost_plan import CostPlan, cost_plan, makespan
from benchmark.throughput.cost_table import as_markdown
from benchmark.throughput.figures import Figures, Row, Throughput
from benchmark.throughput.rates import Rates

TEST_SECONDS = (5.4 + 5.1) * 3600 / 500  # at the speed of transcription below
DEV_SECONDS = 5.4 * 3600 / 500


def row(name: str, speech: float, work: float, precision: Precision = "bf16") -> Row:
    found = Figures(steps=20, speech_per_second=[speech] * 3, work_per_second=work, time_of_plain=None, peak_bytes=None)
    return Row(model="wav2vec2-base", parameters=1, name=name, precision=precision, reason=None, figures=found)


def measured(device: str = "cuda", precision: Precision = "bf16") -> Throughput:
    rows = [
        row("dense_finetuned", 30.0, 100.0, precision),
        row("transcribe", 500.0, 0.0, precision),
        row("self_pinching", 25.0, 80.0, precision),
        row("wanda", 30.0, 90.0, precision),
    ]
    where = provenance("a card" if device == "cuda" else "CPU, 2 threads")
    return Throughput(
        device=device, batch_seconds=32.0, speech="", utterances=1, mean_seconds=1.0, rows=rows, provenance=where
    )


def study(**changes: Any) -> Study:
    """A study on LibriSpeech, which is not prepared here."""
    config: dict[str, Any] = {
        "name": "unprepared",
        "corpus": {
            "name": "librispeech",
            "train": "train-clean-100",
            "dev": "dev-clean",
            "tests": ["test-clean", "test-other"],
        },
        "dense": {"model": "facebook/wav2vec2-base-100h"},
        "budget": {"kind": "work", "limit": 720_000},
        "targets": [0.65],
        "seeds": [0, 1, 2],
        "methods": {"dense": None, "self_pinching": None},
    }
    return parse_study(config | changes, Path("config/unprepared.yaml"))


def plan(config: Study) -> CostPlan:
    return cost_plan(config, Rates.for_study(measured(), config))


def test_longest_jobs_go_first_each_to_the_device_that_is_free() -> None:
    assert makespan([3, 3, 2, 2, 2], 1) == 12
    assert makespan([3, 3, 2, 2, 2], 2) == 7  # 3 2 2 | 3 2
    assert makespan([3, 3, 2, 2, 2], 8) == 3
    assert makespan([], 8) == 0


def test_work_budgets_go_through_the_speed_that_was_measured() -> None:
    found = plan(study())
    run = 720_000 / 80 + TEST_SECONDS
    assert found.dense == pytest.approx(DEV_SECONDS)
    assert [(cost.label, cost.searches) for cost in found.labels] == [("dense", ()), ("self_pinching", ())]
    assert found.labels[0].runs == pytest.approx([TEST_SECONDS])
    assert found.labels[1].runs == pytest.approx([run] * 3)
    assert found.hours(1) == pytest.approx((DEV_SECONDS + TEST_SECONDS + 3 * run) / 3600)
    assert found.hours(8) == pytest.approx((DEV_SECONDS + run) / 3600)


def test_device_seconds_are_what_they_say_even_of_what_was_not_measured() -> None:
    found = plan(study(budget={"kind": "device_seconds", "limit": 7200}, methods={"uniform_magnitude": None}))
    assert found.labels[0].runs == pytest.approx([7200 + TEST_SECONDS] * 3)


def test_one_training_for_all_targets_is_counted_once_a_seed() -> None:
    changes = {"targets": [0.5, 0.65], "seeds": [0, 1], "methods": {"cram": None}}
    found = plan(study(budget={"kind": "device_seconds", "limit": 7200}, **changes))
    trained = 7200 + TEST_SECONDS
    assert found.labels[0].runs == pytest.approx([trained, trained, TEST_SECONDS, TEST_SECONDS])


def test_the_dense_stage_fine_tunes_at_the_plain_speed() -> None:
    recipe = {"budget": {"kind": "work", "limit": 360_000}, "learning_rate": 1e-4}
    found = plan(study(dense={"model": "facebook/wav2vec2-base-100h", "fine_tune": recipe}))
    assert found.dense == pytest.approx(360_000 / 100 + DEV_SECONDS)


def test_a_search_has_its_trials_and_methods_that_do_not_train_have_none() -> None:
    tuning = {"budget": {"kind": "work", "limit": 8000}, "learning_rates": [1e-4, 2e-4, 4e-4, 8e-4]}
    methods = {"wanda": None, "self_pinching": None, "tuned": {"method": "wanda", "settings": {"fine_tune": True}}}
    found = {cost.label: cost for cost in plan(study(tuning=tuning, methods=methods)).labels}
    assert found["self_pinching"].searches == pytest.approx([4 * (8000 / 80 + DEV_SECONDS)])
    assert found["tuned"].searches == pytest.approx([4 * (8000 / 90 + DEV_SECONDS)])
    assert found["wanda"].searches == ()
    assert set(found["wanda"].runs) == {TEST_SECONDS}


def test_what_was_not_measured_is_said_and_not_counted() -> None:
    found = plan(study(methods={"dense": None, "uniform_magnitude": None}))
    assert not found.labels[1].known
    assert found.hours(1) == pytest.approx((DEV_SECONDS + TEST_SECONDS) / 3600)


def test_the_precision_is_the_studys_on_that_device() -> None:
    with pytest.raises(UserError, match="wav2vec2-base at fp32 was not measured; there are: wav2vec2-base at bf16"):
        Rates.for_study(measured(), study(training={"precision": "fp32"}))
    assert Rates.for_study(measured("cpu", "fp32"), study()).precision == "fp32"
    assert Rates.for_study(measured("cpu", "bf16"), study()).precision == "bf16"
    with pytest.raises(UserError, match="no measured model is known to have the shape of someone/else"):
        Rates.for_study(measured(), study(dense={"model": "someone/else"}))
    assert Rates.for_study(measured(), study(dense={"model": "someone/else"}), "wav2vec2-base").precision == "bf16"


def test_a_model_as_large_stands_in_for_one_that_was_not_measured() -> None:
    wavlm, ours = study(dense={"model": "microsoft/wavlm-base-plus"}), measured()
    rates = Rates.for_study(ours, wavlm)
    assert (rates.model, rates.stands_for) == ("wav2vec2-base", "wavlm-base")
    assert "wavlm-base itself was not measured" in as_markdown(cost_plan(wavlm, rates), wavlm, rates, ours)
    ours["rows"] += [own | {"model": "wavlm-base"} for own in ours["rows"]]
    rates = Rates.for_study(ours, wavlm)
    assert (rates.model, rates.stands_for) == ("wavlm-base", None)
    assert "itself was not measured" not in as_markdown(cost_plan(wavlm, rates), wavlm, rates, ours)


def test_a_corpus_that_is_not_prepared_must_be() -> None:
    corpus = {"name": "an4", "train": "train", "dev": "dev", "tests": ["test"]}
    with pytest.raises(UserError, match="the length of dev is not known yet: run `python -m benchmark prepare"):
        plan(study(corpus=corpus))


CONFIG = """
name: unprepared
corpus: {name: librispeech, train: train-clean-100, dev: dev-clean, tests: [test-clean, test-other]}
dense: {model: facebook/wav2vec2-base-100h}
budget: {kind: work, limit: 720000}
targets: [0.65]
seeds: [0]
methods: {dense: , self_pinching: , uniform_magnitude: }
"""


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_the_table_says_what_it_is_worth(tmp_path: Path, capsys: pytest.CaptureFixture[str], device: str) -> None:
    (tmp_path / "study.yaml").write_text(CONFIG)
    write_json(tmp_path / "speed.json", measured(device, "bf16" if device == "cuda" else "fp32"))
    arguments = [str(tmp_path / "study.yaml"), str(tmp_path / "speed.json"), "--out", str(tmp_path / "table.md")]
    assert main(["cost-plan", *arguments]) == 0
    text = capsys.readouterr().out
    assert (tmp_path / "table.md").read_text().strip() == text.strip()
    assert ("no GPU has been measured" in text) == (device == "cpu")
    cells = {
        cells[1]: cells[2:-1] for line in text.splitlines() if len(cells := [c.strip() for c in line.split("|")]) > 3
    }
    hours = f"{(9000 + TEST_SECONDS) / 3600:.2f}"
    assert cells["`self_pinching`"] == ["1", hours, "-", hours, hours]
    assert cells["`uniform_magnitude`"] == ["1", *["not measured"] * 4]
    assert "sum of what is known" in cells


def test_a_missing_measurement_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "study.yaml").write_text(CONFIG)
    assert main(["cost-plan", str(tmp_path / "study.yaml"), str(tmp_path / "none.json")]) == 2
    assert "none.json does not exist" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("damaged", "message"),
    [
        ([], "the whole"),
        ({}, "device: field required"),
        (measured() | {"batch_seconds": -1}, "batch_seconds: "),
        (measured() | {"rows": [row("transcribe", 0.0, 0.0)]}, "rows.0.figures.speech_per_second.0: "),
    ],
)
def test_a_damaged_measurement_is_one_line(
    damaged: object, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "study.yaml").write_text(CONFIG)
    write_json(tmp_path / "speed.json", damaged)
    assert main(["cost-plan", str(tmp_path / "study.yaml"), str(tmp_path / "speed.json")]) == 2
    error = capsys.readouterr().err
    assert f"speed.json: {message}" in error
    assert error.count("\n") == 1
