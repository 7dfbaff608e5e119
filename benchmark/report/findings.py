"""Sentences supported by the data: the Pareto front, differences to dense and between methods, controls."""

from __future__ import annotations

from benchmark.report.comparisons import Comparisons, Verdict
from benchmark.report.pareto import EQUAL_SIZE, pareto_front
from benchmark.report.rows import Row, known, percent, remaining_parameters
from benchmark.report.significance_tables import p_value

OUTCOMES = {
    "better": "significantly better",
    "mixed": "seeds contradict each other",
    "none": "no significant difference",
    "worse": "significantly worse",
}


def pareto_sentences(rows: list[Row], comparisons: Comparisons) -> list[str]:
    """Sentences on the rows that no other beats in both size and WER."""
    sentences = [f"Sizes that differ by less than {percent(EQUAL_SIZE)} count as equal."]
    for test_set in comparisons.test_sets:
        points = [_point(row, test_set) for row in pareto_front(rows, test_set)]
        sentences.append(f"{test_set}, from large to small: {'; '.join(points)}.")
    return sentences


def _point(row: Row, test_set: str) -> str:
    size, wer = known(remaining_parameters(row)), known(row.wer(test_set))
    return f"{row.name} ({size.mean / 1e6:.2f} M, {100 * wer.mean:.2f} %)"


def dense_sentences(rows: list[Row], comparisons: Comparisons) -> list[str]:
    """Sentences that compare every row with the dense model."""
    dense = comparisons.dense
    if dense is None:
        return ["The study has no finished dense row, so nothing can be said about what compression costs."]
    rest = [row for row in rows if row is not dense]
    return [sentence for test_set in comparisons.test_sets for sentence in _costs(rest, dense, test_set, comparisons)]


def _costs(rows: list[Row], dense: Row, test_set: str, comparisons: Comparisons) -> list[str]:
    """One sentence for each row that is not clearly worse than dense, and one that lists all others."""
    found = [(row, v) for row in rows if (v := comparisons.between(row, dense, test_set))]
    clear = [(row, v) for row, v in found if v.worse == v.n]
    sentences = [versus(row, dense, test_set, comparisons) for row, verdict in found if verdict.worse < verdict.n]
    if clear:
        listed = "; ".join(f"{row.name} ({v.points})" for row, v in clear)
        sentences.append(
            f"{test_set}: **significantly worse** than {dense.name} in every seed, after Holm's correction: {listed}."
        )
    return sentences


def reference_sentences(rows: list[Row], comparisons: Comparisons) -> list[str]:
    """Sentences on the rows that are better than the reference method at their target, worse, or neither."""
    if comparisons.reference is None:
        return []
    sentences = []
    for target in comparisons.reference.rows:
        for test_set in comparisons.test_sets:
            groups: dict[str, list[str]] = {"better": [], "mixed": [], "none": [], "worse": []}
            for row in rows:
                verdict = comparisons.with_reference(row, test_set) if row.target == target else None
                if verdict is not None:
                    groups[verdict.direction].append(f"{row.title} {verdict.mark} ({verdict.points})")
            where = test_set if target is None else f"{test_set}, {percent(target)}"
            sentences += [f"{where}: {OUTCOMES[what]}: {'; '.join(found)}." for what, found in groups.items() if found]
    return sentences or [f"{comparisons.reference.title} and another method have not finished at the same target."]


def control_sentences(rows: list[Row], comparisons: Comparisons) -> list[str]:
    """Sentences on controls that beat methods, and on the reference method against controls without a target."""
    controls = [row for row in rows if row.is_control and row.finished]
    if not controls:
        return ["The study has no finished control."]
    sentences = [
        sentence
        for control in controls
        for test_set in comparisons.test_sets
        for sentence in _beaten(control, rows, test_set, comparisons)
    ]
    if not sentences and any(row.target is not None for row in controls):
        sentences = ["No control has a lower WER than a method at the same target."]
    for control in controls:
        for row in comparisons.reference.rows.values() if comparisons.reference and control.target is None else ():
            sentences += [versus(row, control, test_set, comparisons) for test_set in comparisons.test_sets]
    return [sentence for sentence in sentences if sentence]


def _beaten(control: Row, rows: list[Row], test_set: str, comparisons: Comparisons) -> list[str]:
    """Sentences on the methods with a higher WER than a control at the same target, significantly or not."""
    peers = [row for row in rows if not row.is_control and row.target == control.target is not None]
    lower = [(row, v) for row in peers if (v := comparisons.between(control, row, test_set)) and v.delta < 0]
    groups = {
        "does better than a method": [(row, v) for row, v in lower if v.direction == "better"],
        "has no higher WER than a method": [(row, v) for row, v in lower if v.direction != "better"],
    }
    return [
        f"A control {what}: {test_set}: {control.name} against "
        + "; ".join(f"{row.title}: **{conclusion(v)}** ({v.points})" for row, v in group)
        + "."
        for what, group in groups.items()
        if group
    ]


def versus(row: Row, other: Row, test_set: str, comparisons: Comparisons) -> str:
    """One sentence on two rows; empty if they were not compared."""
    verdict = comparisons.between(row, other, test_set)
    if verdict is None:
        return ""
    return f"{test_set}: {row.name} against {other.name}: **{conclusion(verdict)}** ({evidence(verdict)})."


def conclusion(verdict: Verdict) -> str:
    """The tests' result for the first system, in words."""
    if verdict.direction == "mixed":
        return "seeds contradict each other"
    if verdict.mark == "?":
        return f"no test possible, {'; '.join(verdict.reasons)}"
    if verdict.direction == "none":
        return "no significant difference"
    corrected = verdict.worse + verdict.better
    count = corrected or verdict.worse_uncorrected + verdict.better_uncorrected
    seeds = f" in {count} of {verdict.n} seeds" if verdict.n > 1 else ""
    when = "" if corrected else ", but only before Holm's correction"
    return f"significantly {verdict.direction}{seeds}{when}"


def evidence(verdict: Verdict) -> str:
    """Difference, interval and p; one p per seed, unless all read the same."""
    raw, holm = (", ".join(_unless_same(list(map(p_value, values)))) for values in (verdict.p, verdict.p_holm))
    return f"{verdict.points} points; p {raw}; Holm {holm}"


def _unless_same(words: list[str]) -> list[str]:
    return words[:1] if len(set(words)) == 1 else words
