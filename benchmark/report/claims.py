"""The three claims of Xu et al. (Interspeech 2025) as this study sees them, in Markdown."""

from __future__ import annotations

from benchmark.report.comparisons import Comparisons
from benchmark.report.findings import conclusion, evidence, versus
from benchmark.report.rows import (
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
        for label in labels:
            sentences.append(_largest_without_increase([r for r in rows if r.label == label], comparisons, test_set))
    return [sentence for sentence in sentences if sentence]


def _largest_without_increase(rows: list[Row], comparisons: Comparisons, test_set: str) -> str:
    assert comparisons.dense is not None
    tested = [(row, v) for row in rows if (v := comparisons.between(row, comparisons.dense, test_set))]
    safe = [(row, v) for row, v in tested if v.worse_uncorrected == 0 and all(p is not None for p in v.p)]
    if not tested:
        return ""
    if not safe:
        least, verdict = tested[0]
        return f"{test_set}: {least.title}, none; at {percent(least.target or 0)} {evidence(verdict)}."
    row, verdict = safe[-1]
    return f"{test_set}: {row.title}, {_share_removed(row)}; {evidence(verdict)}."


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
    """Claim 3: at least 25 % less compression time than others, here at equal budgets."""
    sentences = [
        "Here every method gets the same budget, so the times say what a unit of it costs, not how little would do."
    ]
    for other in rows:
        gates = self_pinching_row(rows, other.target)
        if gates is None or other is gates or other.is_control or other.target is None or not other.finished:
            continue
        ours, theirs = known(compression_seconds(gates)).mean, known(compression_seconds(other)).mean
        change = f" ({100 * (ours / theirs - 1):+.0f} %)" if theirs > 0 else ""
        verdicts = [(name, comparisons.between(gates, other, name)) for name in comparisons.test_sets]
        wers = [f"{conclusion(verdict)} on {name}" for name, verdict in verdicts if verdict]
        sentences.append(
            f"{gates.name} took {ours:.0f} s, {other.title} {theirs:.0f} s{change}; WER of the "
            f"gates: {', '.join(wers)}."
        )
    return sentences
