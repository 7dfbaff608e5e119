"""What the data support: the Pareto front, differences to dense and to the reference method, controls."""

from __future__ import annotations

from dataclasses import dataclass

from benchmark.report.figures.pareto import EQUAL_SIZE, pareto_front
from benchmark.report.rows.comparisons import Comparisons, Direction, Verdict
from benchmark.report.rows.measures import remaining_parameters
from benchmark.report.rows.rows import Row, known, percent
from benchmark.report.tables.significance_tables import p_value


@dataclass(frozen=True)
class Difference:
    """The tested difference of `row` to `other` on one test set."""

    test_set: str
    row: Row
    other: Row
    verdict: Verdict

    @property
    def p(self) -> list[str]:
        """Uncorrected p, one per seed, or one for all seeds if they read the same."""
        return _unless_same([p_value(p) for p in self.verdict.p])

    @property
    def p_holm(self) -> list[str]:
        """Corrected p, like `p`."""
        return _unless_same([p_value(p) for p in self.verdict.p_holm])


def _unless_same(words: list[str]) -> list[str]:
    return words[:1] if len(set(words)) == 1 else words


@dataclass(frozen=True)
class FrontPoint:
    """A row on the Pareto front: its remaining parameters in millions and its WER in per cent."""

    row: Row
    size: float
    wer: float


@dataclass(frozen=True)
class AgainstDense:
    """The differences to dense on one test set.

    Attributes:
        test_set: its name.
        worse: rows that are significantly worse in every seed, after Holm's correction.
        others: all other rows.
    """

    test_set: str
    worse: list[Difference]
    others: list[Difference]


@dataclass(frozen=True)
class AgainstReference:
    """The differences to the reference method at one target on one test set."""

    test_set: str
    target: float | None
    by_direction: dict[Direction, list[Difference]]


@dataclass(frozen=True)
class Ahead:
    """A control with a lower WER than some methods at its target, and its differences to them on one test set."""

    test_set: str
    control: Row
    significantly: bool  # whether it is significantly better than all of them, or than none
    differences: list[Difference]


@dataclass(frozen=True)
class Controls:
    """The results of the controls.

    Attributes:
        finished: the finished controls.
        ahead: controls that beat methods.
        against_reference: differences of the reference method to the controls without a target.
    """

    finished: list[Row]
    ahead: list[Ahead]
    against_reference: list[Difference]

    @property
    def have_targets(self) -> bool:
        """Whether a control can be compared with methods at the same target."""
        return any(row.target is not None for row in self.finished)


@dataclass(frozen=True)
class Findings:
    """All findings of a study. `fronts` is by test set; `equal_size` is the relative difference that does not count."""

    fronts: dict[str, list[FrontPoint]]
    dense: list[AgainstDense]
    reference: list[AgainstReference]
    controls: Controls
    equal_size: str = percent(EQUAL_SIZE)


def find(rows: list[Row], comparisons: Comparisons) -> Findings:
    """Collect the findings on all test sets."""
    return Findings(
        fronts={test_set: _front(rows, test_set) for test_set in comparisons.test_sets},
        dense=_against_dense(rows, comparisons),
        reference=_against_reference(rows, comparisons),
        controls=_controls(rows, comparisons),
    )


def _front(rows: list[Row], test_set: str) -> list[FrontPoint]:
    return [
        FrontPoint(row, known(remaining_parameters(row)).mean / 1e6, 100 * known(row.wer(test_set)).mean)
        for row in pareto_front(rows, test_set, remaining_parameters, EQUAL_SIZE)
    ]


def _differences(rows: list[Row], other: Row, test_set: str, comparisons: Comparisons) -> list[Difference]:
    """The differences of these rows to another, where they were tested."""
    verdicts = [(row, comparisons.between(row, other, test_set)) for row in rows]
    return [Difference(test_set, row, other, verdict) for row, verdict in verdicts if verdict]


def _against_dense(rows: list[Row], comparisons: Comparisons) -> list[AgainstDense]:
    if comparisons.dense is None:
        return []
    found = []
    for test_set in comparisons.test_sets:
        differences = _differences(rows, comparisons.dense, test_set, comparisons)
        worse = [difference for difference in differences if difference.verdict.worse == difference.verdict.n]
        others = [difference for difference in differences if difference not in worse]
        found.append(AgainstDense(test_set, worse, others))
    return [on for on in found if on.worse or on.others]


def _against_reference(rows: list[Row], comparisons: Comparisons) -> list[AgainstReference]:
    found = []
    for target, reference in comparisons.reference.rows.items() if comparisons.reference else ():
        for test_set in comparisons.test_sets:
            by_direction: dict[Direction, list[Difference]] = {"better": [], "mixed": [], "none": [], "worse": []}
            peers = [row for row in rows if row.target == target]
            for difference in _differences(peers, reference, test_set, comparisons):
                by_direction[difference.verdict.direction].append(difference)
            if any(by_direction.values()):
                found.append(AgainstReference(test_set, target, by_direction))
    return found


def _controls(rows: list[Row], comparisons: Comparisons) -> Controls:
    finished = [row for row in rows if row.is_control and row.finished]
    references = list(comparisons.reference.rows.values()) if comparisons.reference else []
    return Controls(
        finished,
        [ahead for row in finished for on in comparisons.test_sets for ahead in _ahead(row, rows, on, comparisons)],
        [
            difference
            for control in finished
            if control.target is None
            for reference in references
            for test_set in comparisons.test_sets
            for difference in _differences([reference], control, test_set, comparisons)
        ],
    )


def _ahead(control: Row, rows: list[Row], test_set: str, comparisons: Comparisons) -> list[Ahead]:
    """The methods at the control's target with a higher WER, first those where the difference is significant."""
    peers = [row for row in rows if not row.is_control and row.target == control.target is not None]
    tested = [d for row in peers for d in _differences([control], row, test_set, comparisons)]
    lower = [difference for difference in tested if difference.verdict.delta < 0]
    better = [difference for difference in lower if difference.verdict.direction == "better"]
    rest = [difference for difference in lower if difference.verdict.direction != "better"]
    groups = Ahead(test_set, control, True, better), Ahead(test_set, control, False, rest)
    return [group for group in groups if group.differences]
