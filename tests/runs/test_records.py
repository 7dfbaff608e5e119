"""Damaged records are refused before a table reads them."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from synthetic_study import RECIPES, build_study, failed

from benchmark.runs.curves import read_curves
from benchmark.runs.reading import read_dense, read_planned, read_record, read_run, read_transcription, read_tuning
from benchmark.runs.retries import Attempts
from benchmark.study.paths import ResultsFolder, RunFolder
from benchmark.system.errors import UserError
from benchmark.system.files import read_json, write_json
from benchmark.system.project import ROOT

Change = Callable[[dict[str, Any]], Any]


@pytest.fixture(scope="module")
def pinched(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The record of a run that was compressed and scored."""
    recipes = {"self_pinching": RECIPES["self_pinching"]}
    folder = build_study(tmp_path_factory.mktemp("made") / "study", seeds=(0,), recipes=recipes, utterances=2)
    record: dict[str, Any] = read_json(folder / "runs" / "self_pinching-0.65-seed0" / "run.json")
    return record


def written(folder: Path, record: dict[str, Any], *, without: Collection[str] = ()) -> Path:
    path = folder / "run.json"
    write_json(path, {key: value for key, value in record.items() if key not in without})
    return path


def changed(record: dict[str, Any], change: Change) -> dict[str, Any]:
    """A copy of a record with a change."""
    copy: dict[str, Any] = json.loads(json.dumps(record))
    change(copy)
    return copy


def refusal(read: Callable[[], object]) -> str:
    """The line with which something is refused; empty where it is read."""
    try:
        read()
    except UserError as error:
        return one_line(str(error))
    return ""


def one_line(message: str) -> str:
    assert "\n" not in message
    return message


@pytest.mark.parametrize("key", ["scores", "speedup", "footprint", "matrices"])
def test_a_finished_run_is_refused_without_a_part(key: str, pinched: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(UserError, match=rf"run\.json lacks {key}; repeat the run"):
        read_record(written(tmp_path, pinched, without={key}))


def test_a_run_that_need_not_be_scored_yet_is_read(pinched: dict[str, Any], tmp_path: Path) -> None:
    path = written(tmp_path, pinched, without={"scores", "speedup"})
    assert read_record(path, scored=False)["run"] == "self_pinching-0.65-seed0"


def test_a_failed_run_has_neither_sizes_nor_scores(pinched: dict[str, Any], tmp_path: Path) -> None:
    assert read_record(written(tmp_path, failed(pinched, "diverged")))["reason"] == "diverged"


def test_what_is_read_is_what_was_written(pinched: dict[str, Any], tmp_path: Path) -> None:
    whole_numbers = changed(pinched, lambda record: record["budget"].update(limit=18000))
    assert json.dumps(read_record(written(tmp_path, whole_numbers))) == json.dumps(whole_numbers)


MALFORMED: dict[str, Change] = {
    "family": lambda record: record.update(family="metric"),
    "status": lambda record: record.update(status="fine"),
    "target_sparsity": lambda record: record.update(target_sparsity=5),
    "seed": lambda record: record.update(seed=2**32),
    "run": lambda record: record.update(run="../../elsewhere"),
    "label": lambda record: record.update(label="x" * 300),
    "scores.../x": lambda record: record.update(scores={"../x": record["scores"]["test-clean"]}),
    "compression_seconds": lambda record: record.update(compression_seconds=-1.0),
    "scores.test-clean.seconds": lambda record: record["scores"]["test-clean"].update(seconds=-1.0),
    "footprint.remaining_parameters": lambda record: record["footprint"].update(remaining_parameters=-5),
    "footprint.total_parameters": lambda record: record["footprint"].update(total_parameters=10**400),
    "provenance": lambda record: record.update(provenance=None),
    "provenance.started": lambda record: record["provenance"].update(started="yesterday"),
    "settings": lambda record: record.update(settings=None),
    "title": lambda record: record.update(title="half a surrogate pair: \ud800"),
    "sedd": lambda record: record.update(sedd=1),
}


@pytest.mark.parametrize("place", MALFORMED)
def test_a_malformed_record_is_refused_with_the_place(place: str, pinched: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(UserError) as refused:
        read_record(written(tmp_path, changed(pinched, MALFORMED[place])))
    assert f"run.json: {place}" in one_line(str(refused.value))


def remaining(record: dict[str, Any], parameters: int) -> None:
    size = record["footprint"]
    size |= {"remaining_parameters": parameters, "compression_ratio": size["total_parameters"] / parameters}


CONTRADICTIONS: dict[str, tuple[Change, str]] = {
    "more than all": (lambda r: remaining(r, 10**8), "of 3754208 parameters remain"),
    "another ratio": (lambda r: r["footprint"].update(compression_ratio=4.26), "compression_ratio is 4.26, but"),
    "another sparsity": (lambda r: r["footprint"].update(encoder_sparsity=0.9), "encoder_sparsity is 0.9, but"),
    "fewer remain": (lambda r: remaining(r, 10**6), "remaining_parameters does not follow from"),
    "a smaller matrix": (lambda r: r["matrices"][0].update(remaining=0), "encoder_sparsity is"),
    "a matrix less": (lambda r: r["matrices"].pop(), "its matrices have"),
    "another WER": (lambda r: r["scores"]["test-clean"].update(wer=0.01), "on test-clean wer is 0.01, but"),
    "an error less": (lambda r: r["scores"]["test-clean"].update(errors=0), "errors are not the sum of the three"),
    "spent too much": (lambda r: r["budget"].update(spent=18181.0), "it is ok, but spent 18181 of 18000 work"),
    "another time": (lambda r: r.update(compression_seconds=1.0), "phases do not add up to compression_seconds"),
    "another seed": (lambda r: r.update(seed=1), "should be called self_pinching-0.65-seed1, after its label"),
    "another target": (lambda r: r.update(target_sparsity=0.5), "should be called self_pinching-0.5-seed0"),
    "ok with a reason": (lambda r: r.update(reason="diverged"), "it is ok, but has a reason for failing (diverged)"),
    "failed with scores": (lambda r: r.update(status="failed", reason="?"), "has results, but its status is failed"),
    "a speed-up outside": (lambda r: r["speedup"].update(median=9.0), "the median speed-up is not between"),
}


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_a_record_that_contradicts_itself_is_refused(name: str, pinched: dict[str, Any], tmp_path: Path) -> None:
    change, message = CONTRADICTIONS[name]
    with pytest.raises(UserError) as refused:
        read_record(written(tmp_path, changed(pinched, change)))
    assert "run.json contradicts itself: " in str(refused.value)
    assert message in str(refused.value)


def test_a_budget_may_be_passed_by_the_last_step_or_by_a_run_that_says_so(
    pinched: dict[str, Any], tmp_path: Path
) -> None:
    read_record(written(tmp_path, changed(pinched, lambda record: record["budget"].update(spent=18179.0))))
    over = failed(pinched, "18400 of 18000") | {"status": "over_budget"}
    read_record(written(tmp_path, changed(over, lambda record: record["budget"].update(spent=18400.0))))


def test_a_folder_of_another_run_is_refused(pinched: dict[str, Any], tmp_path: Path) -> None:
    folder = tmp_path / "self_pinching-0.65-seed1"
    written(folder, pinched)
    with pytest.raises(UserError, match=r"seed1 holds the run self_pinching-0\.65-seed0: rename the folder, or delete"):
        read_run(RunFolder(folder))


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
READERS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "record": ("run.json", lambda folder: read_record(folder / "run.json")),
    "transcription": ("transcribe.json", lambda folder: read_transcription(RunFolder(folder))),
    "dense": ("dense.json", lambda folder: read_dense(folder / "dense.json")),
    "search": ("search.json", lambda folder: read_tuning(folder / "search.json")),
    "plan": ("planned.json", lambda folder: read_planned(ResultsFolder(folder))),
    "attempts": ("attempts.json", lambda folder: Attempts.of(RunFolder(folder))),
}


@pytest.mark.parametrize("name", READERS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=anything)
def test_any_json_is_read_or_refused_in_one_line(name: str, value: object, tmp_path: Path) -> None:
    file, read = READERS[name]
    (tmp_path / file).write_text(json.dumps(value))
    message = refusal(lambda: read(tmp_path))
    assert not message or str(tmp_path / file) in message


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_value_in_any_place_of_a_record_is_read_or_refused_in_one_line(
    data: st.DataObject, pinched: dict[str, Any], tmp_path: Path
) -> None:
    record = changed(pinched, lambda record: None)
    place: Any = record
    key = data.draw(st.sampled_from(sorted(record)))
    while isinstance(place[key], dict) and place[key] and data.draw(st.booleans()):
        place = place[key]
        key = data.draw(st.sampled_from(sorted(place)))
    place[key] = data.draw(anything)
    (tmp_path / "run.json").write_text(json.dumps(record))
    refusal(lambda: read_record(tmp_path / "run.json"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=60) | st.text(alphabet='step,phase\n0123.-ein"', max_size=60).map(str.encode))
def test_any_curves_are_read_or_refused_in_one_line(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "curves.csv").write_bytes(content)
    message = refusal(lambda: read_curves(RunFolder(tmp_path)))
    assert not message or "curves.csv" in message


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("step,loss\n1,2\n", "lacks phase"),
        ("step,phase,loss\n1,1,high\n", "holds something other than numbers in its column loss"),
        ("step,phase,loss\n1.5,1,2\n", "has a step that is not a whole number"),
        ("step,phase,loss\n-1,1,2\n", "has a step that is not a whole number"),
        ("step,phase,loss\n1,,2\n", "has a phase that is not a whole number"),
    ],
)
def test_curves_of_another_form_are_refused(table: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "curves.csv").write_text(table)
    with pytest.raises(UserError, match=message):
        read_curves(RunFolder(tmp_path))


def test_every_committed_record_is_accepted() -> None:
    studies = [path.parent for path in (ROOT / "results").glob("*/planned.json")]
    assert studies
    for study in studies:
        assert set(read_planned(ResultsFolder(study))) >= {
            read_run(RunFolder(folder))["run"] for folder in (study / "runs").iterdir()
        }
        for path in study.glob("tuning/*.json"):
            read_tuning(path)
        for folder in (study / "runs").iterdir():
            read_curves(RunFolder(folder))
