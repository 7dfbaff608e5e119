"""Alignment and MAPSSWE equal the recorded outputs of NIST SCTK."""

from __future__ import annotations

import filecmp
import json
from pathlib import Path
from typing import Any

import pytest
from sctk_walk import segments

from benchmark.scoring.alignment import align
from benchmark.scoring.mapsswe import MatchedPairs, matched_pairs
from benchmark.scoring.segments import placed_errors, segment_differences
from benchmark.scoring.significance import compare
from benchmark.scoring.trn import read_trn
from benchmark.scoring.wer import words

ORACLE = Path(__file__).parent / "oracle"
SHARED = Path(__file__).parents[2].parent / "shared" / "oracle"
CASES = ["case1_small_ns", "case2_significant", "case3_edges"]
RANDOM = json.loads((ORACLE / "random20.json").read_text())


def aligned(references: dict[str, str], hypotheses: dict[str, str]) -> dict[str, str]:
    return {name: align(words(text), words(hypotheses[name])) for name, text in references.items()}


def found_segments(a: dict[str, str], b: dict[str, str]) -> list[list[Any]]:
    """In the form that the oracle records: with the reference words of the segment before the errors."""
    return sorted(
        [name, *s[:4], s.last_a + 1 - s.first_a - a[name].count("I", s.first_a, s.last_a + 1), *s[4:]]
        for name in a
        for s in segments(a[name], b[name])
    )


def check(test: MatchedPairs, expected: dict[str, Any]) -> None:
    assert test.segments == expected["num_segments"]
    assert test.mean == expected["mean"]
    assert test.std == pytest.approx(expected["std_dev"], rel=1e-14)
    assert test.z == pytest.approx(expected["z"], rel=1e-14)
    assert test.p_sctk_table == expected["p_sctk_table"]
    assert test.degenerate is None


@pytest.mark.parametrize("case", CASES)
def test_recorded_cases(case: str) -> None:
    expected = json.loads((ORACLE / case / "expected.json").read_text())
    references, a, b = (read_trn(ORACLE / case / f"{name}.trn") for name in ("ref", "sysA", "sysB"))
    assert aligned(references, a) == expected["edits"]["sysA"]
    assert aligned(references, b) == expected["edits"]["sysB"]
    assert found_segments(aligned(references, a), aligned(references, b)) == sorted(expected["segments"])
    comparison = compare(references, a, b)
    check(comparison.test, expected)
    assert comparison.test.p == pytest.approx(expected["p_exact"], rel=1e-12)
    assert comparison.errors_a.errors == expected["errors_unit_levenshtein"]["sysA"]
    assert comparison.errors_b.errors == expected["errors_unit_levenshtein"]["sysB"]
    assert comparison.errors_a.words == expected["n_ref_words"]
    winner = {"sysA": "A", "sysB": "B", None: None}[expected["winner"]]
    assert comparison.better == winner


@pytest.mark.parametrize("number", range(len(RANDOM)))
def test_random_test_sets(number: int) -> None:
    case = RANDOM[number]
    found = found_segments(aligned(case["ref"], case["sysA"]), aligned(case["ref"], case["sysB"]))
    assert sorted([s[0], *s[5:]] for s in found) == sorted(case["segments"])
    a, b = (placed_errors(aligned(case["ref"], case[name]).values()) for name in ("sysA", "sysB"))
    assert sorted(segment_differences(a, b)) == sorted(s[6] - s[7] for s in found)
    check(matched_pairs(segment_differences(a, b)), case)


def test_copy_is_the_original() -> None:
    if not SHARED.is_dir():
        pytest.skip("the original of the oracle is not here")
    names = [str(path.relative_to(ORACLE)) for path in ORACLE.rglob("*") if path.is_file() and path.name != "README.md"]
    assert filecmp.cmpfiles(ORACLE, SHARED, names, shallow=False) == (names, [], [])
