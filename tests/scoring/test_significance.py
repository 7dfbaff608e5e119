"""Comparisons of two and of many systems."""

from __future__ import annotations

import json
import random
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from benchmark.scoring.multiple import holm, significant
from benchmark.scoring.significance import compare, compare_all
from benchmark.system.errors import UserError


def corpus_with_errors(rates: list[float], utterances: int = 150) -> tuple[dict[str, str], list[dict[str, str]]]:
    rng = random.Random(0)
    texts = {f"u{i}": [str(rng.randrange(50)) for _ in range(12)] for i in range(utterances)}
    systems = [
        {name: " ".join("x" if rng.random() < rate else word for word in text) for name, text in texts.items()}
        for rate in rates
    ]
    return {name: " ".join(text) for name, text in texts.items()}, systems


def test_differences_are_a_minus_b() -> None:
    references, (worse, better) = corpus_with_errors([0.15, 0.05])
    found = compare(references, worse, better)
    assert found.delta_wer == found.errors_a.wer - found.errors_b.wer > 0
    assert 0 < found.interval[0] < found.delta_wer < found.interval[1]
    assert found.test.z > 1.96
    assert (found.better, found.verdict) == ("B", "B better")
    back = compare(references, better, worse)
    assert back.verdict == "A better"
    assert back.interval == pytest.approx((-found.interval[1], -found.interval[0]))


@pytest.mark.parametrize("rates", [(0.1, 0.1), (0.02, 0.3), (0.0, 0.1), (1.0, 0.5)])
@pytest.mark.parametrize("utterances", [1, 2, 30])
def test_swapping_is_antisymmetric(rates: tuple[float, float], utterances: int) -> None:
    references, (a, b) = corpus_with_errors(list(rates), utterances)
    ahead, back = compare(references, a, b), compare(references, b, a)
    assert ahead.delta_wer == -back.delta_wer
    assert ahead.test.z == -back.test.z
    assert ahead.interval == pytest.approx((-back.interval[1], -back.interval[0]))
    assert {ahead.better, back.better} in ({None}, {"A", "B"})


def test_a_system_against_itself_is_not_called_equal() -> None:
    references, (system,) = corpus_with_errors([0.1])
    found = compare(references, system, system)
    assert found.delta_wer == 0
    assert found.interval == (0, 0)
    assert (found.test.z, found.test.p, found.p_holm) == (0, 1, None)
    assert found.verdict == "no test possible"
    assert found.test.degenerate is not None


def test_case_is_no_error() -> None:
    assert compare({"a": "One TWO"}, {"a": "one two"}, {"a": "ONE two"}).errors_a.errors == 0


def test_all_pairs_equal_the_single_comparisons_but_for_holm() -> None:
    references, systems = corpus_with_errors([0.15, 0.12, 0.05, 0.05])
    named = dict(zip("wxyz", systems, strict=True))
    found = compare_all(references, named)
    assert [c.a + c.b for c in found] == ["wx", "wy", "wz", "xy", "xz", "yz"]
    for c in found:
        single = compare(references, named[c.a], named[c.b])
        assert (c.test, c.interval, c.delta_wer) == (single.test, single.interval, single.delta_wer)
        assert single.p_holm == single.test.p
    assert [c.p_holm for c in found] == holm([c.test.p for c in found])
    assert compare_all(references, {"w": systems[0]}) == []


@given(st.lists(st.floats(0, 1), min_size=1))
def test_holm_equals_that_of_statsmodels(p_values: list[float]) -> None:
    with patch("gc.collect"):  # which it calls every time, and which takes most of the time here
        expected = list(multipletests(p_values, method="holm")[1])
    assert holm(p_values) == pytest.approx(expected)


def test_holm() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.04, None, 0.01]) == pytest.approx([0.04, None, 0.02])
    assert holm([None]) == [None]
    assert holm([]) == []


def test_the_level_itself_is_significant() -> None:
    """As in Holm's procedure, which rejects a hypothesis whose p equals its limit."""
    assert significant(0.05)
    assert significant(holm([0.025, 0.9])[0])
    assert not significant(0.0500001)
    assert not significant(None)


def test_json_has_the_promised_keys() -> None:
    references, (a, b) = corpus_with_errors([0.15, 0.05])
    found = json.loads(json.dumps(compare(references, a, b).as_json(), allow_nan=False))
    assert {"segments", "mean", "std", "z", "p", "p_sctk_table", "verdict", "degenerate"} <= found.keys()
    assert found["wer_a"] - found["wer_b"] == found["delta_wer"]
    assert found["degenerate"] is None


def test_other_utterances_are_refused_by_name() -> None:
    with pytest.raises(UserError, match="second"):
        compare_all({"a": "one"}, {"first": {"a": "one"}, "second": {"b": "one"}})
