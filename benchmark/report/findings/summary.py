"""A study in a few sentences: who leads, what does not differ, what the claims look like, what is uncertain."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from benchmark.report.findings.paper_claims import Finding
from benchmark.report.findings.use_claims import UseFinding
from benchmark.report.prose.wording import enumerated
from benchmark.report.rows.all_seeds import AllSeeds
from benchmark.report.rows.comparisons import Comparisons, Verdict
from benchmark.report.rows.rows import Row, percent
from benchmark.report.rows.standings import Standing, compared_targets, standings

MOST_NAMED = 6  # methods in a sentence; of more, the others are only counted
MANY = {
    "holds": "hold",
    "does not hold": "do not hold",
    "depends on the target": "depend on the target",
    "not contradicted": "are not contradicted",
    "not shown": "are not shown",
}
ONE = {"not contradicted": "is not contradicted", "not shown": "is not shown"}


@dataclass(frozen=True)
class AtTarget:
    """What the ranking at a target says, on the first test set.

    Attributes:
        target: the target; None for methods with sizes of their own.
        methods: how many are ranked.
        leader: the method with the lowest WER.
        level: the other methods that share a letter with it.
        reference: the standing of the study's reference method, if it has one here.
        as_dense: the methods that are not significantly worse than dense, even before Holm's correction.
        barely_worse: those that are before it, but in no seed after it.
        controls: each control that is ahead of methods, with the number of these.
    """

    target: float | None
    methods: int
    leader: Standing
    level: list[Standing]
    reference: Standing | None
    as_dense: list[Standing]
    barely_worse: list[Standing]
    controls: list[tuple[Standing, int]]

    @property
    def reference_behind(self) -> bool:
        """Whether the reference method is significantly worse than the leader."""
        return self.reference not in (None, self.leader, *self.level) and bool(self.leader.letters)

    @property
    def reference_unnamed(self) -> bool:
        """Whether the reference method is neither the leader nor named as level with it."""
        return self.reference not in (None, self.leader, *self.level[:MOST_NAMED])


def named(found: list[Standing]) -> str:
    """The methods with their WERs, in words."""
    words = [f"{standing.row.title} ({100 * standing.wer:.1f} %)" for standing in found[:MOST_NAMED]]
    return enumerated(words + ([f"{len(found) - MOST_NAMED} more"] if len(found) > MOST_NAMED else []))


@dataclass(frozen=True)
class Summary:
    """All that the summary says.

    Attributes:
        test_set: the first test set.
        dense: the dense model, if it has finished.
        targets: what was found at each target.
        claims: the number of claims of papers by what was found.
        single: trained rows with one seed.
        several: trained rows with more.
    """

    test_set: str
    dense: Row | None
    targets: list[AtTarget]
    claims: dict[str, int]
    single: int
    several: int

    @property
    def worse_targets(self) -> str:
        """The targets at which every method is significantly worse than dense, in words; empty if there are none."""
        targets = [at.target for at in self.targets if at.target is not None and not at.as_dense]
        return enumerated([percent(target) for target in targets]) if targets else ""

    @property
    def barely_worse(self) -> list[Standing]:
        """The methods at these targets that are significantly worse than dense before Holm's correction only."""
        return [standing for at in self.targets if at.target and not at.as_dense for standing in at.barely_worse]

    @property
    def claims_found(self) -> str:
        """How many claims hold, and so on, in words."""
        words = [f"{n} {MANY[found] if n > 1 else ONE.get(found, found)}" for found, n in self.claims.items()]
        return enumerated(words)


def summarise(
    rows: list[Row], comparisons: Comparisons, all_seeds: AllSeeds, claims: list[Finding | UseFinding]
) -> Summary | None:
    """The summary of a study on its first test set; None if no run has finished."""
    if not comparisons.test_sets:
        return None
    first = comparisons.test_sets[0]
    found = [_at(target, standings(rows, target, first, all_seeds), comparisons) for target in compared_targets(rows)]
    trained = [row for row in rows if row.division == "trained"]
    return Summary(
        test_set=first,
        dense=comparisons.dense,
        targets=[at for at in found if at],
        claims=dict(Counter(claim.found for claim in claims)),
        single=sum(len(row.finished) == 1 for row in trained),
        several=sum(len(row.finished) > 1 for row in trained),
    )


def _at(target: float | None, found: list[Standing], comparisons: Comparisons) -> AtTarget | None:
    methods = [standing for standing in found if standing.rank]
    if not methods:
        return None
    leader, others = methods[0], methods[1:]
    rival = comparisons.reference.rows.get(target) if comparisons.reference else None
    to_dense = [(standing, verdict) for standing in methods if (verdict := _to_dense(standing.row, comparisons))]
    return AtTarget(
        target=target,
        methods=len(methods),
        leader=leader,
        level=[standing for standing in others if set(standing.letters) & set(leader.letters)],
        reference=next((standing for standing in methods if standing.row == rival), None),
        as_dense=[standing for standing, verdict in to_dense if not verdict.worse_uncorrected],
        barely_worse=[standing for standing, verdict in to_dense if verdict.worse_uncorrected and not verdict.worse],
        controls=[(control, ahead) for control in found if (ahead := _ahead(control, methods))],
    )


def _to_dense(row: Row, comparisons: Comparisons) -> Verdict | None:
    if comparisons.dense is None:
        return None
    return comparisons.between(row, comparisons.dense, comparisons.test_sets[0])


def _ahead(control: Standing, methods: list[Standing]) -> int:
    return 0 if control.rank else sum(control.wer < method.wer for method in methods)
