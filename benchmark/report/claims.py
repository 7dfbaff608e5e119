"""The three claims of Xu et al. (Interspeech 2025) as this study sees them, in Markdown."""

from __future__ import annotations

from benchmark.report.comparisons import Comparisons, Verdict
from benchmark.report.findings import conclusion, evidence, versus
from benchmark.report.rows import (
    GATES,
    Row,
    compression_ratio,
    compression_seconds,
    encoder_sparsity,
    known,
    percent,
    self_pinching_row,
)

PAPER_RATIO = 4.26
SAME_SIZE = 0.05  # relative difference in ratio within which rows count as equally small


def share_sentences(rows: list[Row], comparisons: Comparisons) -> list[str]:
    """Claim 1: 65 % and 60 % of the parameters gone without a significant increase of WER."""
    if comparisons.dense is None:
        return ["Not testable: there is no finished dense row."]
    labels = list(dict.fromkeys(row.label for row in rows if row.target is not None and row.finished))
    sentences = [
        "Counted by the uncorrected test, in every seed: Holm's correction would make an increase harder to find and "
        "the claim easier to make."
    ]
    for test_set in comparisons.test_sets:
        lost = []
        for label in labels:
            tested = _against_dense([row for row in rows if row.label == label], comparisons, test_set)
            safe = [(row, v) for row, v in tested if _not_worse(v)]
            if safe:
                row, verdict = safe[-1]
                sentences.append(f"{test_set}: {row.title}, {_share_removed(row)}; {evidence(verdict)}.")
            elif tested:
                row, verdict = tested[0]
                lost.append(f"{row.name} ({verdict.points})")
        if lost:
            sentences.append(f"{test_set}: at no target without an increase: {'; '.join(lost)}.")
    return sentences


def _against_dense(rows: list[Row], comparisons: Comparisons, test_set: str) -> list[tuple[Row, Verdict]]:
    assert comparisons.dense is not None
    return [(row, v) for row in rows if (v := comparisons.between(row, comparisons.dense, test_set))]


def _not_worse(verdict: Verdict) -> bool:
    """Whether every seed was tested and none, uncorrected, finds the first system significantly worse."""
    return verdict.worse_uncorrected == 0 and None not in verdict.p


def _share_removed(row: Row) -> str:
    """What is gone, counted both ways."""
    encoder, whole = known(encoder_sparsity(row)).mean, 1 - 1 / known(compression_ratio(row)).mean
    return f"{percent(encoder)} of the encoder matrices ({percent(whole)} of all parameters)"


def ratio_sentences(rows: list[Row], comparisons: Comparisons) -> list[str]:
    """Claim 2: the lowest WER at 4.26x."""
    ratios = {row: ratio.mean for row in rows if row.target is not None and (ratio := compression_ratio(row))}
    if not ratios:
        return ["Not testable: no compressed row finished."]
    nearest = min(ratios.values(), key=lambda ratio: abs(ratio - PAPER_RATIO))
    peers = [row for row, ratio in ratios.items() if abs(ratio / nearest - 1) <= SAME_SIZE]
    sentences = [f"The closest ratio here is {nearest:.2f}x; {len(peers)} rows are within {percent(SAME_SIZE)} of it."]
    gates = next((row for row in peers if row is self_pinching_row(rows, row.target)), None)
    for test_set in comparisons.test_sets:
        best = min(peers, key=lambda row: known(row.wer(test_set)).mean)
        sentences.append(f"{test_set}: the lowest WER is {100 * known(best.wer(test_set)).mean:.2f} % by {best.name}.")
        if gates is None:
            sentences.append(f"{test_set}: self-pinching has no finished row there.")
        elif gates is not best:
            sentences.append(versus(gates, best, test_set, comparisons))
    return [sentence for sentence in sentences if sentence]


def time_sentences(rows: list[Row], comparisons: Comparisons) -> list[str]:
    """Claim 3: at least 25 % less compression time than earlier methods, at equal WER."""
    sentences = [
        "Equal WER: the uncorrected test finds the gates worse than the best two-stage method in no seed. Every method "
        "gets the same budget; how little would do shows in the rows whose names say that they had a share of it."
    ]
    for target in dict.fromkeys(row.target for row in rows if row.target is not None):
        here = [row for row in rows if row.target == target and row.finished]
        gates = sorted((row for row in here if row.first["method"] == GATES), key=_seconds)
        two_stage = [row for row in here if row.is_two_stage]
        for test_set in comparisons.test_sets if gates and two_stage else []:
            best = min(two_stage, key=lambda row: known(row.wer(test_set)).mean)
            sentences.append(_quickest_of_equal_wer(gates, best, test_set, comparisons))
    return sentences if len(sentences) > 1 else ["Not testable: no target has both the gates and a two-stage method."]


def _quickest_of_equal_wer(gates: list[Row], other: Row, test_set: str, comparisons: Comparisons) -> str:
    """The gates' rows, quickest first, against the best two-stage method of their target."""
    theirs = f"{test_set}: the best two-stage method is {_timed(other, test_set)}; "
    verdicts = [(row, comparisons.between(row, other, test_set)) for row in gates]
    equal = [(row, v) for row, v in verdicts if v and _not_worse(v)]
    if not equal:
        return theirs + "no row of the gates has its WER."
    row, verdict = equal[0]
    change = f", {100 * (_seconds(row) / _seconds(other) - 1):+.0f} % time" if _seconds(other) > 0 else ""
    return theirs + f"{_timed(row, test_set)} is enough: {conclusion(verdict)} ({evidence(verdict)}){change}."


def _timed(row: Row, test_set: str) -> str:
    return f"{row.name} ({100 * known(row.wer(test_set)).mean:.2f} %, {_seconds(row):.0f} s)"


def _seconds(row: Row) -> float:
    return known(compression_seconds(row)).mean
