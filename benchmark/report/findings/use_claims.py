"""Claims about one model that is used in two ways: judged by two WERs that an evaluation measured of the same rows."""

from __future__ import annotations

from dataclasses import dataclass

from benchmark.report.findings.claim import PaperClaim
from benchmark.report.rows.rows import Row, percent
from benchmark.report.tables.significance_tables import p_value
from benchmark.scoring.multiple import significant


@dataclass(frozen=True, kw_only=True)
class UseClaim(PaperClaim):
    """A claim that the same model has a lower WER when it is used in one way than in another.

    Attributes:
        evaluation: what measured both WERs, as metrics, and their MAPSSWE as the metric `p`.
        lower: the metric that the claim says is the lower one.
        higher: the other metric.
    """

    evaluation: str
    lower: str
    higher: str

    @property
    def compares(self) -> str:
        """What is compared, in words."""
        return f"{self.label}, {_words(self.lower)} against {_words(self.higher)}"


@dataclass(frozen=True)
class Use:
    """The two WERs of a run, and the p of their difference; None where no test is possible."""

    target: float | None
    lower: float
    higher: float
    p: float | None

    @property
    def text(self) -> str:
        """The difference in points, and its p."""
        where = "" if self.target is None else f"{percent(self.target)}: "
        return f"{where}{100 * (self.lower - self.higher):+.2f}, p {p_value(self.p)}"


@dataclass(frozen=True)
class UseFinding:
    """What the runs of a claim's rows have to say."""

    claim: UseClaim
    uses: tuple[Use, ...]

    @property
    def found(self) -> str:
        """Whether the claim holds in every run."""
        shown = [use for use in self.uses if significant(use.p)]
        if any(use.lower > use.higher for use in shown):
            return "does not hold"
        return "holds" if len(shown) == len(self.uses) else "not shown"

    @property
    def evidence(self) -> str:
        """The differences in points, with their p values."""
        return "; ".join(use.text for use in self.uses)


def use_finding(claim: UseClaim, rows: list[Row], test_set: str) -> UseFinding:
    """What a study found on a test set; without uses where no row was measured."""
    uses = []
    for row in rows:
        for run in row.finished if row.label == claim.label else []:
            metrics = run.metrics(claim.evaluation, test_set)
            if metrics:
                uses.append(Use(row.target, metrics[claim.lower], metrics[claim.higher], metrics.get("p")))
    return UseFinding(claim, tuple(uses))


def _words(metric: str) -> str:
    """`compressed_wer` as "compressed WER"."""
    return metric.replace("_", " ").replace("wer", "WER")
