"""Judges the claims of the paper's abstract on a study."""

from __future__ import annotations

from dataclasses import dataclass

from paper_figs.catalogue import GATES
from paper_figs.main_table import with_sd
from paper_figs.rows import Difference, Row, percent
from paper_figs.studies import Study

LESS_TIME = 0.25  # arXiv 2505.22608, abstract
SAME_SIZE = 0.05  # relative difference in ratio within which rows count as equally small


@dataclass(frozen=True)
class Finding:
    """One study's finding on one claim."""

    found: str
    evidence: str
    verdict: str


def no_increase(study: Study, share: float) -> Finding | None:
    """Test whether the gates at a target are significantly worse than dense in any seed; None if it was not run."""
    row = study.row(GATES, share)
    difference = row.against_dense.get(study.test_set) if row else None
    if row is None or difference is None:
        return None
    return Finding(_removed(study, row), _against_dense(study, row, difference), _no_increase_verdict(difference))


def free_share(study: Study) -> Finding | None:
    """Find the largest share that the gates remove without being significantly worse than dense in any seed.

    A share counts only if no smaller one that was tested is significantly worse.
    """
    rows = sorted((row for row in study.rows if row.label == GATES), key=lambda row: row.target or 0.0)
    tested = [(row, difference) for row in rows if (difference := row.against_dense.get(study.test_set))]
    if not tested:
        return None
    worse = next((i for i, (_, difference) in enumerate(tested) if not _free(difference)), len(tested))
    row, difference = tested[max(worse - 1, 0)]
    share = percent(row.target or 0.0)
    where = f" up to {share}" if worse else f" at {share}, the smallest share tested"
    return Finding(
        _removed(study, row), _against_dense(study, row, difference), _no_increase_verdict(difference, where)
    )


def _free(difference: Difference) -> bool:
    return difference.mark != "?" and not difference.worse_uncorrected


def _removed(study: Study, row: Row) -> str:
    whole = f" ({percent(1 - 1 / row.ratio)} of all)" if row.ratio else ""
    return f"{percent(row.sparsity or 0)} of the matrices{whole}: {_wer(study, row)}"


def _against_dense(study: Study, row: Row, difference: Difference) -> str:
    p_values = study.p_values(row, study.dense, study.test_set) if study.dense else []
    shown = ["no test" if p is None else f"{p:.2g}" for p in p_values]
    return f"{_points(difference)} to dense; p by seed: {', '.join(shown)}"


def _no_increase_verdict(difference: Difference, where: str = "") -> str:
    if difference.mark == "?":
        return "no test possible"
    if difference.worse_uncorrected:
        return f"does not hold{where}: significant in {difference.worse_uncorrected} of {difference.tests} seeds"
    possible = f"up to {100 * difference.high:+.2f} points possible"
    return f"holds{where}: significant in none of {difference.tests} seeds; {possible}"


def lowest(study: Study, ratio: float) -> Finding | None:
    """Test whether any rival of the gates' size has a lower WER."""
    gates = nearest(study, ratio)
    if gates is None or gates.ratio is None:
        return None
    found = f"{_wer(study, gates)} at {gates.ratio:.2f}x"
    if not (others := rivals(study, gates)):
        return None
    best = min(others, key=lambda row: row.wer[study.test_set].mean)
    difference = best.against_gates.get(study.test_set)
    against = f"; to the gates {_points(difference)} {difference.mark}" if difference else ""
    of = f"best of {len(others)} rivals" if len(others) > 1 else "the only rival"
    evidence = f"{of}: {best.title} {_wer(study, best)}{against}"
    if best.wer[study.test_set].mean < gates.wer[study.test_set].mean:
        return Finding(found, evidence, f"does not hold at {gates.ratio:.2f}x: {best.title} is lower")
    beaten = [row for row in others if (d := row.against_gates.get(study.test_set)) and d.worse == d.tests]
    verdict = f"{'holds' if beaten else 'not shown'} at {gates.ratio:.2f}x"
    significantly = f"significantly so in every seed against {len(beaten)} of {len(others)}"
    return Finding(found, evidence, f"{verdict}: lower than all rivals, {significantly}")


def less_time(study: Study, ratio: float) -> Finding | None:
    """Compare the compression time of the gates' quickest row with the best two-stage rival's, at equal WER."""
    gates = nearest(study, ratio)
    if gates is None or gates.ratio is None or gates.seconds is None:
        return None
    two_stage = [row for row in rivals(study, gates) if row.two_stage and row.seconds]
    if not two_stage:
        return None
    best = min(two_stage, key=lambda row: row.wer[study.test_set].mean)
    evidence = f"best two-stage method: {best.title}, {_time(best)}, {_wer(study, best)}"
    compared = [(row, study.seeds_worse(row, best, study.test_set)) for row in _of_gates(study, gates)]
    equal = [row for row, seeds in compared if seeds == 0]
    if not equal:
        untested = any(seeds is None for _, seeds in compared)
        why = "not evaluated: no test possible" if untested else "does not hold: the gates' WER is significantly higher"
        return Finding(_time(gates), evidence, why)
    comparable = [row for row in equal if row.machines == best.machines]
    if not comparable:
        return Finding(_time(gates), evidence, "not evaluated: the two were timed on different kinds of machine")
    quickest = min(comparable, key=_seconds)
    less = 1 - _seconds(quickest) / _seconds(best)
    change = f"{100 * abs(less):.0f} % {'less' if less > 0 else 'more'}"
    holds = "holds" if less >= LESS_TIME else "does not hold"
    found = f"{quickest.title}, {_time(quickest)} at {gates.ratio:.2f}x, {_wer(study, quickest)}"
    return Finding(found, evidence, f"{holds} at {gates.ratio:.2f}x: {change}")


def _of_gates(study: Study, gates: Row) -> list[Row]:
    """The gates' rows at one target, with the whole budget and with shares of it."""
    return [row for row in study.rows if row.method == GATES and row.target == gates.target and row.seconds]


def _time(row: Row) -> str:
    assert row.seconds is not None
    return f"{with_sd(row.seconds, 1, 0)} s"


def _seconds(row: Row) -> float:
    assert row.seconds is not None
    return row.seconds.mean


def nearest(study: Study, ratio: float) -> Row | None:
    """The gates' finished row with the nearest ratio."""
    rows = [row for row in study.rows if row.label == GATES and row.ratio and study.test_set in row.wer]
    return min(rows, key=lambda row: abs((row.ratio or 0) - ratio), default=None)


def rivals(study: Study, gates: Row) -> list[Row]:
    """Finished methods of the gates' size, without controls."""
    others = [row for row in study.rows if row.method != GATES and row.family not in ("control", "dense")]
    return [row for row in others if study.test_set in row.wer and gates.ratio and _same_size(row, gates.ratio)]


def _same_size(row: Row, ratio: float) -> bool:
    return row.ratio is not None and abs(row.ratio / ratio - 1) <= SAME_SIZE


def _wer(study: Study, row: Row) -> str:
    return f"WER {with_sd(row.wer[study.test_set], 100, 2)} %"


def _points(difference: Difference) -> str:
    return f"{100 * difference.delta:+.2f} [{100 * difference.low:+.2f}, {100 * difference.high:+.2f}] points"
