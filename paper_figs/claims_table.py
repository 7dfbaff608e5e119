"""Table: the claims of the paper's abstract, and what each measured study finds."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import pandas as pd

from benchmark.report.tables.typesetting import text_column
from paper_figs import pages
from paper_figs.catalogue import PAPER_MODELS
from paper_figs.claims import LESS_TIME, Finding, free_share, less_time, lowest, nearest, no_increase
from paper_figs.main_table import with_sd
from paper_figs.pages import Page, Part, Section, described, measured
from paper_figs.published import Published
from paper_figs.rows import percent
from paper_figs.studies import Study
from paper_figs.unstated_model import REMOVED, reckoning, unstated

TEST_SET = "test-clean"  # the abstract's WERs are on it
WORST_DENSE = 0.5  # WER; above it no claim is judged, as in a study's own tables
WIDTHS = "".join(map(text_column, (0.25, 0.2, 0.25, 0.3, 0.25)))
LEGEND = (
    "Claims: Xu et al., Interspeech 2025, arXiv 2505.22608, abstract; all are about test-clean of LibriSpeech with "
    "training on its 100 hours. A study is judged on the first test set that its line names. Here a share is of the "
    "matrices' weights, in the encoder and in the decoder if there is one. An increase counts as significant by "
    "the uncorrected MAPSSWE test (0.05): Holm's correction would make it harder to find and the claim easier to keep. "
    "Not significant is not equal: the upper end of the interval (95 % bootstrap, outermost over the seeds) is the "
    "increase that cannot be excluded. A rival is any method, except a control, whose ratio is within 5 % of the "
    "gates'. A two-stage method trains in two phases. Time is compared at equal WER: of the gates' rows, some with "
    "only a share of the budget, the quickest that is significantly worse in no seed counts."
)
ANOTHER_MODEL = (
    f"The model is not one of the paper's ({' and '.join(PAPER_MODELS)}). The rows ask whether the claims carry over "
    "to it; they reproduce no number of the paper."
)


@dataclass(frozen=True)
class Claim:
    """A claim, the published number, the function that judges it if it can, and the studies that are asked."""

    text: str
    published: str
    finding: Callable[[Study], Finding | None]
    applies: Callable[[Study], bool] = lambda study: True


def build(studies: Sequence[Study], published: Sequence[Published], out: Path) -> None:
    """Write claims_table.md, .tex and .csv."""
    asked = claims(published)
    sections, lines = [], []
    for study in measured(studies):
        found = {claim: _judged(claim, study) for claim in asked if claim.applies(study)}
        cells = [
            {"claim": claim.text, "published": claim.published, **asdict(finding)}
            for claim, finding in found.items()
            if finding
        ]
        note = "" if all(found.values()) else _not_judged([claim for claim, finding in found.items() if not finding])
        text = described(study, out) + ("" if study.of_the_paper else f" {ANOTHER_MODEL}")
        table = [Part("", pd.DataFrame(cells), note, WIDTHS)] if cells else []
        sections.append(Section(study.title, text if cells else f"{text}\n\n{note}", table))
        lines += [{"study": study.name, "model": study.model, **line} for line in cells]
    sections += [_unstated(studies, published), *_untested(asked, studies)]
    pages.write_page(out, "claims_table", Page("Claims of the paper", LEGEND, sections, pd.DataFrame(lines)))


def _not_judged(missing: Sequence[Claim]) -> str:
    return f"Not tested in this study yet: {'; '.join(claim.text for claim in missing)}."


def _judged(claim: Claim, study: Study) -> Finding | None:
    """A study's finding on a claim, without a verdict if the dense model is too bad for one to mean anything."""
    finding = claim.finding(study)
    dense = study.dense.wer.get(study.test_set) if study.dense else None
    if finding is None or dense is None or dense.mean <= WORST_DENSE:
        return finding
    return replace(finding, verdict=f"not evaluated: dense has {100 * dense.mean:.2f} % WER")


def claims(published: Sequence[Published]) -> list[Claim]:
    """The abstract's claims; its ratio is read from published.csv."""
    ratio = unstated(published).ratio
    increase = "without a significant WER increase"
    shares = [
        Claim(
            f"{percent(share)} of the parameters of {model} removed {increase}",
            "no significant increase",
            lambda study, share=share: no_increase(study, share),  # type: ignore[misc]
            lambda study, model=model: study.model == model,  # type: ignore[misc]
        )
        for model, share in REMOVED.items()
    ]
    published_shares = ", ".join(f"{percent(share)} of {model}" for model, share in REMOVED.items())
    return [
        *shares,
        Claim(f"Parameters removed {increase}", published_shares, free_share, lambda study: not study.of_the_paper),
        Claim("Lowest WER at a comparable ratio", f"at {ratio:.2f}x", lambda study: lowest(study, ratio)),
        Claim(
            "Less compression time than earlier methods",
            f"at least {percent(LESS_TIME)} less",
            lambda study: less_time(study, ratio),
        ),
    ]


def _unstated(studies: Sequence[Study], published: Sequence[Published]) -> Section:
    """The WER that the abstract gives for one of two models, and ours at the nearest ratio, without a verdict."""
    number = unstated(published)
    rows = [(study, nearest(study, number.ratio)) for study in measured(studies) if study.of_the_paper]
    ours = [
        f"{study.model} has {with_sd(row.wer[TEST_SET], 100, 2)} % at {row.ratio:.2f}x"
        for study, row in rows
        if row and row.ratio and TEST_SET in row.wer and study.shares_test_set(TEST_SET)
    ]
    here = f" Here the gates at the nearest ratio: {'; '.join(ours)}." if ours else ""
    title = f"{number.wer[TEST_SET]:.2f} % WER at {number.ratio:.2f}x"
    return Section(title, reckoning(published) + here)


def _untested(asked: Sequence[Claim], studies: Sequence[Study]) -> list[Section]:
    """One line per claim that no study of the paper's models has tested yet."""
    of_the_paper = [study for study in studies if study.of_the_paper]
    lines = []
    for claim in asked:
        able = [study for study in of_the_paper if claim.applies(study)]
        if able and not any(study.has_run and claim.finding(study) for study in able):
            files = " or ".join(f"`config/{study.name}.yaml`" for study in able)
            lines.append(f"- {claim.text} ({claim.published}): {files}")
    if not lines:
        return []
    run = "On the paper's models, each with the study that tests it (`snakemake -j4 all --configfile FILE`):"
    return [Section("Not tested here yet", "\n\n".join([run, "\n".join(lines)]))]


if __name__ == "__main__":
    sys.exit(pages.run([build], __doc__))
