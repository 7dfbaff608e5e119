"""What papers claim in their abstracts, and what a study found: a section of the results page, and `claims.csv`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from benchmark.report.findings.claim import PaperClaim
from benchmark.report.findings.use_claims import UseClaim, UseFinding, use_finding
from benchmark.report.prose.filling import markdown_text
from benchmark.report.rows.comparisons import Comparisons, Verdict
from benchmark.report.rows.rows import Row, percent
from benchmark.report.tables.typesetting import Markdown, markdown


@dataclass(frozen=True, kw_only=True)
class Claim(PaperClaim):
    """A claim that a study can test by comparing the WERs of two of its labels.

    Attributes:
        rival: the rows that the claim's are compared with at the same target, or without a target if these have none.
        expected: `better` than the rival, or `no worse`.
    """

    rival: str
    expected: Literal["better", "no worse"]

    @property
    def compares(self) -> str:
        """What is compared, in words."""
        return f"{self.label} against {self.rival}"


@dataclass(frozen=True)
class Finding:
    """The differences of a claim's rows to their rivals on one test set, from the smallest target to the largest."""

    claim: Claim
    verdicts: tuple[tuple[Row, Verdict], ...]

    @property
    def found(self) -> str:
        """Whether the claim holds, judged before Holm's correction: each claim is one question asked in advance."""
        worse = sum(verdict.worse_uncorrected > 0 for _, verdict in self.verdicts)
        better = sum(verdict.better_uncorrected > 0 for _, verdict in self.verdicts)
        if worse:
            return "does not hold" if not better else "depends on the target"
        if self.claim.expected == "no worse":
            return "not contradicted"
        return "holds" if better == len(self.verdicts) else "not shown"

    @property
    def evidence(self) -> str:
        """The differences in points with their intervals and marks."""
        return "; ".join(
            f"{percent(row.target) + ': ' if row.target else ''}{verdict.points} {verdict.mark}"
            for row, verdict in self.verdicts
        )


def findings_on(
    claims: Sequence[Claim | UseClaim], rows: list[Row], comparisons: Comparisons
) -> list[Finding | UseFinding]:
    """What a study found on the claims that it can test, on its first test set."""
    test_sets = comparisons.test_sets[:1]
    found = [_finding(claim, rows, comparisons, name) for name in test_sets for claim in claims]
    return [finding for finding in found if finding]


def _finding(
    claim: Claim | UseClaim, rows: list[Row], comparisons: Comparisons, test_set: str
) -> Finding | UseFinding | None:
    if isinstance(claim, UseClaim):
        of_use = use_finding(claim, rows, test_set)
        return of_use if of_use.uses else None
    finding = Finding(claim, _verdicts(claim, rows, comparisons, test_set))
    return finding if finding.verdicts else None


def _verdicts(
    claim: Claim, rows: list[Row], comparisons: Comparisons, test_set: str
) -> tuple[tuple[Row, Verdict], ...]:
    rivals = {row.target: row for row in rows if row.label == claim.rival}
    pairs = [(row, rivals.get(row.target, rivals.get(None))) for row in rows if row.label == claim.label]
    verdicts = [(row, comparisons.between(row, rival, test_set)) for row, rival in pairs if rival]
    return tuple((row, verdict) for row, verdict in verdicts if verdict)


def claims_frame(findings: list[Finding | UseFinding]) -> pd.DataFrame:
    """One line per claim."""
    return pd.DataFrame([_line(finding) for finding in findings])


def _line(finding: Finding | UseFinding) -> dict[str, str]:
    claim = finding.claim
    return {
        "paper": claim.paper,
        "claim": claim.says,
        "here": finding.found,
        "evidence": f"{claim.compares}: {finding.evidence}",
        "limits": claim.limits,
    }


def claims_section(findings: list[Finding | UseFinding], comparisons: Comparisons) -> Markdown:
    """The section of the results page; empty if the study can test no claim."""
    if not findings:
        return Markdown()
    table = markdown(claims_frame(findings))
    return markdown_text("paper_claims.md.jinja", table=table, test_set=comparisons.test_sets[0])
