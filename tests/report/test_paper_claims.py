"""A claim is judged by the differences between two labels at their targets."""

from __future__ import annotations

from dataclasses import replace

import pytest
from synthetic_study import Recipe, build_study

from benchmark.report.findings.paper_claims import Claim, Finding, claims_frame, claims_section, findings_on
from benchmark.report.findings.use_claims import UseClaim
from benchmark.report.rows.comparisons import Comparisons, compare_rows
from benchmark.report.rows.rows import Row, table_rows
from benchmark.runs.collection import read_collection

GOOD = Claim(
    paper="Author et al., 2020", says="It is better.", label="good", rival="bad", expected="better", limits="one seed"
)
RECIPES = {
    "dense": Recipe("Dense", "dense", {None: 0.050}),
    "good": Recipe("Good", "low-rank", {0.65: 0.055, 0.85: 0.09}),
    "bad": Recipe("Bad", "low-rank", {0.65: 0.2, 0.85: 0.4}),
    "as_bad": Recipe("As bad", "low-rank", {0.65: 0.2, 0.85: 0.05}),
}


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Row], Comparisons]:
    folder = build_study(tmp_path_factory.mktemp("claims") / "demo", (0,), 100, troubled=False, recipes=RECIPES)
    collection = read_collection(folder / "runs")
    rows = table_rows(collection)
    return rows, compare_rows(collection, rows)


@pytest.mark.parametrize(
    ("label", "rival", "expected", "found"),
    [
        ("good", "bad", "better", "holds"),
        ("bad", "good", "better", "does not hold"),
        ("bad", "good", "no worse", "does not hold"),
        ("good", "bad", "no worse", "not contradicted"),
        ("good", "as_bad", "better", "depends on the target"),
        ("bad", "dense", "no worse", "does not hold"),
    ],
)
def test_the_differences_decide(
    compared: tuple[list[Row], Comparisons], label: str, rival: str, expected: str, found: str
) -> None:
    claim = replace(GOOD, label=label, rival=rival, expected=expected)  # type: ignore[arg-type]
    (finding,) = findings_on([claim], *compared)
    assert finding.found == found
    assert isinstance(finding, Finding)
    assert len(finding.verdicts) == 2


def test_what_a_study_cannot_test_is_left_out(compared: tuple[list[Row], Comparisons]) -> None:
    assert findings_on([replace(GOOD, label="absent"), replace(GOOD, rival="absent")], *compared) == []
    assert claims_section([], compared[1]) == ""


def test_the_line_says_where_and_by_how_much(compared: tuple[list[Row], Comparisons]) -> None:
    (line,) = claims_frame(findings_on([GOOD], *compared)).to_dict("records")
    assert line["here"] == "holds"
    assert line["evidence"].startswith("good against bad: 65 %: -")
    assert "; 85 %: -" in line["evidence"]
    assert "one seed" in claims_section(findings_on([GOOD], *compared), compared[1])


USE = UseClaim(
    paper="Author et al., 2020",
    says="It needs the noise.",
    label="good",
    evaluation="noise",
    lower="noisy_wer",
    higher="plain_wer",
    limits="one seed",
)


@pytest.mark.parametrize(
    ("metrics", "found"),
    [
        ({"noisy_wer": 0.1, "plain_wer": 0.2, "p": 0.001}, "holds"),
        ({"noisy_wer": 0.2, "plain_wer": 0.1, "p": 0.001}, "does not hold"),
        ({"noisy_wer": 0.1, "plain_wer": 0.2, "p": 0.3}, "not shown"),
        ({"noisy_wer": 0.1, "plain_wer": 0.1}, "not shown"),
    ],
)
def test_a_model_used_in_two_ways_is_judged_by_its_two_wers(
    compared: tuple[list[Row], Comparisons], metrics: dict[str, float], found: str
) -> None:
    rows, comparisons = compared
    measured = [_with_metrics(row, metrics) if row.label == "good" else row for row in rows]
    (finding,) = findings_on([USE], measured, comparisons)
    assert finding.found == found
    (line,) = claims_frame([finding]).to_dict("records")
    difference = 100 * (metrics["noisy_wer"] - metrics["plain_wer"])
    assert line["evidence"].startswith(f"good, noisy WER against plain WER: 65 %: {difference:+.2f}, p ")


def test_a_model_that_was_not_measured_in_two_ways_says_nothing(compared: tuple[list[Row], Comparisons]) -> None:
    assert findings_on([USE], *compared) == []


def _with_metrics(row: Row, metrics: dict[str, float]) -> Row:
    runs = [replace(run, record={**run.record, "metrics": {"noise": {"test-clean": metrics}}}) for run in row.runs]
    return replace(row, runs=tuple(runs))
