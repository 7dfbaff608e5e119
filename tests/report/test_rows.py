"""Pareto front and what several seeds say together, on values that can be checked by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from synthetic_study import RECIPES, Recipe, build_study, footprint, with_errors

from benchmark.report.figures.pareto import EQUAL_SIZE, pareto_front
from benchmark.report.rows.comparisons import SeedTest, Verdict
from benchmark.report.rows.measures import remaining_parameters
from benchmark.report.rows.rows import Row, percent, table_rows
from benchmark.runs.collection import read_collection
from benchmark.scoring.mapsswe import MatchedPairs
from benchmark.scoring.significance import Comparison
from benchmark.scoring.wer import WordErrors
from benchmark.system.files import read_json, write_json


def _test(row: Row, z: float, p: float, p_holm: float, errors: int) -> SeedTest:
    errors_a, errors_b = WordErrors(10, 100, 10 + errors, 0, 0), WordErrors(10, 100, 10, 0, 0)
    interval = errors / 100 - 0.02, errors / 100 + 0.02
    pairs = MatchedPairs(20, errors / 20, 1.0, z, p, None)
    result = Comparison("a", "b", errors_a, errors_b, interval, "utterances", pairs, p_holm)
    return SeedTest("test", 0, row, row, result)


@pytest.mark.parametrize(
    ("tests", "mark", "worded"),
    [
        ([(3.0, 0.003, 0.01, 5)], "*", "worse*"),
        ([(-3.0, 0.003, 0.01, -5)], "*", "better*"),
        ([(2.0, 0.045, 0.2, 3)], "°", "worse°"),
        ([(1.0, 0.3, 0.9, 1)], "ns", "ns"),
        ([(3.0, 0.003, 0.01, 5), (2.0, 0.045, 0.2, 3), (1.0, 0.3, 0.9, 1)], "*1/3", "worse*1/3"),
        ([(2.0, 0.045, 0.2, 3), (1.0, 0.3, 0.9, 1)], "°1/2", "worse°1/2"),
        ([(3.0, 0.003, 0.01, 5), (-3.0, 0.003, 0.01, -5)], "±", "±"),
    ],
)
def test_marks(tests: list[tuple[float, float, float, int]], mark: str, worded: str) -> None:
    row = Row("a", None, ())
    verdict = Verdict(tuple(_test(row, *values) for values in tests), 1)
    assert (verdict.mark, verdict.worded_mark) == (mark, worded)


def test_the_interval_of_several_seeds_is_their_envelope() -> None:
    row = Row("a", None, ())
    verdict = Verdict((_test(row, 3.0, 0.003, 0.01, 5), _test(row, 1.0, 0.3, 0.9, 1)), 1)
    assert verdict.delta == pytest.approx(0.03)
    assert [verdict.low, verdict.high] == pytest.approx([-0.01, 0.07])
    assert verdict.points == "+3.00 [-1.00, +7.00]"


def test_no_difference_has_no_sign_from_either_side() -> None:
    test = _test(Row("a", None, ()), 0.0, 1.0, 1.0, 0)
    for sign in (1, -1):
        assert Verdict((test,), sign).points == "+0.00 [-2.00, +2.00]"


def _set(folder: Path, run: str, parameters: int, wer_errors: int) -> None:
    """Give a run a size of 10,000 at most and exactly `wer_errors` substitutions in a test set of 20 words."""
    path = folder / "runs" / run
    record: dict[str, Any] = read_json(path / "run.json")
    record["matrices"] = [{"layer": 0, "matrix": "q", "parameters": 9000, "remaining": parameters - 1000}]
    record["footprint"] = footprint(record["matrices"], 1000)
    text = " ".join(["wrong"] * wer_errors + ["word"] * (20 - wer_errors))
    (path / "hyp/test-clean.trn").write_text(f"{text} (s-1)\n")
    score = with_errors(record["scores"]["test-clean"] | {"utterances": 1, "words": 20}, wer_errors)
    write_json(path / "run.json", record | {"scores": {"test-clean": score}})


def test_pareto_front(tmp_path: Path) -> None:
    names = ("dense", "dense_finetuned", "self_pinching", "uniform_magnitude")
    recipes = {name: RECIPES[name] for name in names}
    recipes["boundary_compression"] = Recipe("Boundary compression", "communication", {None: 0.044})
    folder = build_study(tmp_path / "demo", seeds=(0,), utterances=2, troubled=False, recipes=recipes)
    (folder / "ref/test-clean.trn").write_text("word " * 20 + "(s-1)\n")
    (folder / "ref/test-other.trn").unlink()
    _set(folder, "dense", 10000, 4)
    _set(folder, "dense_finetuned-seed0", 10000, 2)  # beats dense at the same size
    _set(folder, "boundary_compression-seed0", 10000, 1)  # makes no model smaller, so it is not compared
    _set(folder, "self_pinching-0.65-seed0", 5000, 4)
    _set(folder, "uniform_magnitude-0.65-seed0", 4980, 5)  # the same size but for 0.4 %, more errors
    _set(folder, "self_pinching-0.85-seed0", 2000, 9)
    _set(folder, "uniform_magnitude-0.85-seed0", 2000, 9)  # a tie: neither beats the other
    front = pareto_front(table_rows(read_collection(folder / "runs")), "test-clean", remaining_parameters, EQUAL_SIZE)
    assert [row.key for row in front] == [
        "dense_finetuned",
        "self_pinching-0.65",
        "self_pinching-0.85",
        "uniform_magnitude-0.85",
    ]


def test_percent_keeps_what_matters() -> None:
    assert [percent(share) for share in (0.65, 0.5, 0.625, 0.0)] == ["65 %", "50 %", "62.5 %", "0 %"]
