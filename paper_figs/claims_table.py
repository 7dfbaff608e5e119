"""Table: the claims of the paper's abstract, and the studies' findings."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import pandas as pd

from benchmark.report.tables.typesetting import text_column
from paper_figs import pages
from paper_figs.main_table import with_sd
from paper_figs.pages import NOT_RUN, Page, Part
from paper_figs.published import CTC, Published
from paper_figs.studies import GATES, Difference, Row, Study, percent

TEST_SET = "test-clean"  # all claims are about it
REMOVED = {"wav2vec2-base": 0.65, "HuBERT-large": 0.60}  # arXiv 2505.22608, abstract
LESS_TIME = 0.25  # also from the abstract
WORST_DENSE = 0.5  # WER; above it no claim is judged, as in a study's own tables
SAME_SIZE = 0.05  # relative difference in ratio within which rows count as equally small
LEGEND = (
    "Claims: Xu et al., Interspeech 2025, arXiv 2505.22608, abstract; all are about test-clean of LibriSpeech with "
    "training on its 100 hours. Here a share is of the encoder matrices' weights. An increase counts as significant by "
    "the uncorrected MAPSSWE test (0.05): Holm's correction would make it harder to find and the claim easier to keep. "
    "Not significant is not equal: the upper end of the interval (95 % bootstrap, outermost over the seeds) is the "
    "increase that cannot be excluded. Rivals: every method, controls left out, whose ratio is within 5 % of "
    "the gates'. Two-stage: methods that train in two phases. Time is compared at equal WER: of the gates' rows, some "
    "of which had a share of the budget only, the quickest that is significantly worse in no seed."
)


@dataclass(frozen=True)
class Finding:
    """One study's finding on one claim."""

    found: str
    evidence: str
    verdict: str


MISSING = Finding(NOT_RUN, NOT_RUN, NOT_RUN)


@dataclass(frozen=True)
class Claim:
    """A claim, the studies that can test it, and the function that does."""

    text: str
    published: str
    finding: Callable[[Study], Finding]
    base_model: str | None = None  # None: any model

    def applies(self, study: Study) -> bool:
        """Whether a study can test the claim; a study that is not one of the paper's can test every claim."""
        return study.base_model is None or self.base_model in (None, study.base_model)


def build(studies: Sequence[Study], published: Sequence[Published], out: Path) -> None:
    """Write claims_table.md, .tex and .csv."""
    lines = [
        {"claim": claim.text, "published": claim.published, "study": study.title, **asdict(_judged(claim, study))}
        for claim in claims(published)
        for study in studies
        if claim.applies(study)
    ]
    cells = pd.DataFrame(lines)
    widths = "".join(map(text_column, (0.25, 0.2, 0.2, 0.25, 0.3, 0.2)))
    title = "Claims of the paper"
    pages.write_page(out, "claims_table", Page(title, LEGEND, [Part("Claims and findings", cells, "", widths)], cells))


def _judged(claim: Claim, study: Study) -> Finding:
    """A study's finding on a claim, without a verdict if the dense model is too bad for one to mean anything."""
    finding = claim.finding(study)
    dense = next((row.wer.get(TEST_SET) for row in study.rows if row.family == "dense"), None)
    if dense is None or dense.mean <= WORST_DENSE:
        return finding
    return replace(finding, verdict=f"not evaluated: dense has {100 * dense.mean:.2f} % WER")


def claims(published: Sequence[Published]) -> list[Claim]:
    """The abstract's claims; its WER and ratio are read from published.csv."""
    gates = next(row for row in published if row.protocol == CTC and not row.is_dense)
    wer, ratio = gates.wer[TEST_SET], gates.ratio
    assert wer is not None
    shares = [
        Claim(
            f"{percent(share)} of the parameters removed without a significant WER increase",
            f"{base_model}: no significant increase",
            lambda study, share=share: no_increase(study, share),  # type: ignore[misc]
            base_model,
        )
        for base_model, share in REMOVED.items()
    ]
    return [
        *shares,
        Claim("WER at that ratio", f"{wer:.2f} % at {ratio:.2f}x", lambda study: same_wer(study, ratio, wer)),
        Claim("Lowest WER at a comparable ratio", f"at {ratio:.2f}x", lambda study: lowest(study, ratio)),
        Claim(
            "Less compression time than earlier methods",
            f"at least {percent(LESS_TIME)} less",
            lambda study: less_time(study, ratio),
        ),
    ]


def no_increase(study: Study, share: float) -> Finding:
    """Test whether the gates at a target are significantly worse than dense in any seed."""
    row, dense = study.row(GATES, share), next((row for row in study.rows if row.family == "dense"), None)
    difference = row.against_dense.get(TEST_SET) if row else None
    if row is None or dense is None or difference is None:
        return MISSING
    whole = f" ({percent(1 - 1 / row.ratio)} of all)" if row.ratio else ""
    p_values = ["no test" if p is None else f"{p:.2g}" for p in study.p_values(row, dense, TEST_SET)]
    return Finding(
        f"{percent(row.sparsity or 0)} of the encoder matrices{whole}: {_wer(row)}",
        f"{_points(difference)} to dense; p by seed: {', '.join(p_values)}",
        _no_increase_verdict(difference),
    )


def _no_increase_verdict(difference: Difference) -> str:
    if difference.mark == "?":
        return "no test possible"
    if difference.worse_uncorrected:
        return f"does not hold: significant in {difference.worse_uncorrected} of {difference.tests} seeds"
    return f"holds: significant in none of {difference.tests} seeds; up to {100 * difference.high:+.2f} points possible"


def same_wer(study: Study, ratio: float, wer: float) -> Finding:
    """Compare the gates' WER at the paper's ratio with the paper's WER."""
    row = nearest(study, ratio)
    if row is None or row.ratio is None:
        return MISSING
    found = f"{_wer(row)} at {row.ratio:.2f}x"
    if not study.shares_test_set(TEST_SET):
        return Finding(found, "other test set than the paper's", "not comparable")
    if not _same_size(row, ratio):
        return Finding(found, f"no row within {percent(SAME_SIZE)} of {ratio:.2f}x", "not comparable")
    spread = row.wer[TEST_SET]
    seeds = f"seeds from {100 * spread.low:.2f} to {100 * spread.high:.2f} %"
    above = 100 * spread.mean - wer
    return Finding(found, seeds, f"{abs(above):.2f} points {'above' if above > 0 else 'below'} the paper")


def lowest(study: Study, ratio: float) -> Finding:
    """Test whether any rival of the gates' size has a lower WER."""
    gates = nearest(study, ratio)
    if gates is None or gates.ratio is None:
        return MISSING
    found = f"{_wer(gates)} at {gates.ratio:.2f}x"
    if not (others := rivals(study, gates)):
        return Finding(found, "no rival has been run", NOT_RUN)
    best = min(others, key=lambda row: row.wer[TEST_SET].mean)
    difference = best.against_gates.get(TEST_SET)
    against = f"; to the gates {_points(difference)} {difference.mark}" if difference else ""
    evidence = f"best of {len(others)} rivals: {best.title} {_wer(best)}{against}"
    if best.wer[TEST_SET].mean < gates.wer[TEST_SET].mean:
        return Finding(found, evidence, f"does not hold{_elsewhere(gates, ratio)}: {best.title} is lower")
    beaten = [row for row in others if (d := row.against_gates.get(TEST_SET)) and d.worse == d.tests]
    significantly = f"lowest; significantly, in every seed, against {len(beaten)} of {len(others)}"
    return Finding(found, evidence, f"holds{_elsewhere(gates, ratio)}: {significantly}")


def less_time(study: Study, ratio: float) -> Finding:
    """Compare the compression time of the gates' quickest row with the best two-stage rival's, at equal WER."""
    gates = nearest(study, ratio)
    if gates is None or gates.seconds is None:
        return MISSING
    two_stage = [row for row in rivals(study, gates) if row.two_stage and row.seconds]
    if not two_stage:
        return Finding(_time(gates), "no two-stage method has been run", NOT_RUN)
    best = min(two_stage, key=lambda row: row.wer[TEST_SET].mean)
    evidence = f"best two-stage method: {best.title}, {_time(best)}, {_wer(best)}"
    equal = [row for row in _of_gates(study, gates) if study.seeds_worse(row, best, TEST_SET) == 0]
    if not equal:
        return Finding(_time(gates), evidence, "does not hold: the gates' WER is significantly higher")
    quickest = min(equal, key=_seconds)
    less = 1 - _seconds(quickest) / _seconds(best)
    change = f"{percent(abs(less))} {'less' if less > 0 else 'more'}"
    holds = "holds" if less >= LESS_TIME else "does not hold"
    found = f"{quickest.title}, {_time(quickest)} at {gates.ratio:.2f}x, {_wer(quickest)}"
    return Finding(found, evidence, f"{holds}{_elsewhere(gates, ratio)}: {change}")


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
    rows = [row for row in study.rows if row.label == GATES and row.ratio and TEST_SET in row.wer]
    return min(rows, key=lambda row: abs((row.ratio or 0) - ratio), default=None)


def rivals(study: Study, gates: Row) -> list[Row]:
    """Finished methods of the gates' size, without controls."""
    sized = [row for row in study.rows if row.ratio and TEST_SET in row.wer and row.family not in ("control", "dense")]
    return [row for row in sized if row.method != GATES and gates.ratio and _same_size(row, gates.ratio)]


def _same_size(row: Row, ratio: float) -> bool:
    return row.ratio is not None and abs(row.ratio / ratio - 1) <= SAME_SIZE


def _elsewhere(gates: Row, ratio: float) -> str:
    """A remark if the study has no row of the claimed size, else empty."""
    return "" if _same_size(gates, ratio) else f", though not at {ratio:.2f}x"


def _wer(row: Row) -> str:
    return f"WER {with_sd(row.wer[TEST_SET], 100, 2)} %"


def _points(difference: Difference) -> str:
    return f"{100 * difference.delta:+.2f} [{100 * difference.low:+.2f}, {100 * difference.high:+.2f}] points"


if __name__ == "__main__":
    sys.exit(pages.run([build], __doc__))
