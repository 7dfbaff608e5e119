"""How much each method can remove before its WER rises significantly: `free_removal.csv` and a section of the page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import takewhile

import pandas as pd

from benchmark.report.prose.filling import markdown_text
from benchmark.report.prose.wording import verb
from benchmark.report.rows.comparisons import Comparisons, Verdict
from benchmark.report.rows.measures import compression_ratio, encoder_sparsity
from benchmark.report.rows.rows import Row, known, percent
from benchmark.report.tables.typesetting import NOTHING, Markdown, markdown

LEAST_TARGETS = 3  # in a study; fewer cannot show how far a method gets
PUBLISHED_RATIO = 4.26  # of the model for which the gates' authors report their lowest WER: paper_figs/published.csv


@dataclass(frozen=True)
class Step:
    """A method at one target; `verdict` is its difference to dense, or None if no seed finished."""

    row: Row
    verdict: Verdict | None

    @property
    def target(self) -> float:
        """The share of the weights to remove."""
        return self.row.target or 0.0

    @property
    def removed(self) -> float:
        """The share that was removed, mean over the finished seeds."""
        return known(encoder_sparsity(self.row)).mean

    @property
    def worse(self) -> bool:
        """Whether a seed is significantly worse than dense, be it only before Holm's correction, or none finished."""
        return self.verdict is None or self.verdict.worse_uncorrected > 0

    @property
    def worse_corrected(self) -> bool:
        """Whether a seed is significantly worse than dense after the correction, or none finished."""
        return self.verdict is None or self.verdict.worse > 0


@dataclass(frozen=True)
class Removal:
    """One method on one test set, at its targets from the smallest to the largest."""

    label: str
    steps: tuple[Step, ...]

    @property
    def title(self) -> str:
        """Name for readers."""
        return self.steps[0].row.title

    @property
    def free(self) -> Step | None:
        """The largest target that, like all smaller ones, is not worse than dense even before Holm's correction.

        The correction covers all pairs of rows. In a table of 100 rows it lets an increase pass whose interval is well
        above zero, so it is no evidence that nothing was lost.
        """
        return self._last(lambda step: not step.worse)

    @property
    def free_corrected(self) -> Step | None:
        """Likewise after the correction, which demands less."""
        return self._last(lambda step: not step.worse_corrected)

    def at(self, target: float) -> Step | None:
        """The step at a target."""
        return next((step for step in self.steps if step.target == target), None)

    def _last(self, free: Callable[[Step], bool]) -> Step | None:
        passed = list(takewhile(free, self.steps))
        return passed[-1] if passed else None


def removals(rows: list[Row], comparisons: Comparisons) -> dict[str, list[Removal]]:
    """Every method with targets by test set; the method that can remove most comes first, then by WER difference.

    Methods of which no run finished are left out. Empty if fewer than `LEAST_TARGETS` targets, or not dense, finished.
    """
    aimed = [row for row in rows if row.target is not None]
    if comparisons.dense is None or len({row.target for row in aimed if row.finished}) < LEAST_TARGETS:
        return {}
    labels = dict.fromkeys(row.label for row in aimed if row.finished)
    found = {}
    for test_set in comparisons.test_sets:
        of_set = [_removal(label, aimed, comparisons, comparisons.dense, test_set) for label in labels]
        found[test_set] = sorted(of_set, key=_order)
    return found


def _removal(label: str, rows: list[Row], comparisons: Comparisons, dense: Row, test_set: str) -> Removal:
    own = [row for row in rows if row.label == label]  # by target, as rows are
    return Removal(label, tuple(Step(row, comparisons.between(row, dense, test_set)) for row in own))


def _order(removal: Removal) -> tuple[float, float]:
    shown = removal.free or removal.steps[0]
    return -(removal.free.target if removal.free else 0.0), shown.verdict.delta if shown.verdict else 0.0


def free_removal_frame(found: dict[str, list[Removal]]) -> pd.DataFrame:
    """One line per test set and method; sizes and the difference are those at the largest share."""
    return pd.DataFrame([_line(name, removal) for name, of_set in found.items() for removal in of_set])


def _line(test_set: str, removal: Removal) -> dict[str, object]:
    free, corrected, row = removal.free, removal.free_corrected, removal.steps[0].row
    line: dict[str, object] = {"test_set": test_set, "label": removal.label, "title": row.title}
    line |= {"family": row.first["family"], "targets": " ".join(f"{step.target:g}" for step in removal.steps)}
    line |= {"largest_share": free.target if free else None}
    line |= {"largest_share_corrected": corrected.target if corrected else None}
    line |= {"encoder_sparsity": free.removed if free else None}
    line |= {"compression_ratio": known(compression_ratio(free.row)).mean if free else None}
    for name in ("delta", "low", "high", "mark"):
        line[name] = getattr(free.verdict, name) if free else None
    return line | {"finished_runs": len(free.row.finished) if free else None}


def free_removal_section(found: dict[str, list[Removal]], rows: list[Row]) -> Markdown:
    """The section of the results page; empty if there is nothing to show."""
    if not found:
        return Markdown()
    free = {name: [removal for removal in of_set if removal.free_corrected] for name, of_set in found.items()}
    return markdown_text(
        "free_removal.md.jinja",
        free={name: markdown(_claims(of_set)) if of_set else None for name, of_set in free.items()},
        others={name: len(of_set) - len(free[name]) for name, of_set in found.items()},
        differences={name: markdown(_differences(of_set)) for name, of_set in found.items()},
        sizes={name: _lowest_wers(rows, name) for name in found},
        published_ratio=PUBLISHED_RATIO,
        verb=verb,
    )


def _claims(of_set: list[Removal]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "method": removal.title,
                "largest share": _share(removal.free),
                "after correction": _share(removal.free_corrected),
                "ratio": f"{known(compression_ratio(removal.free.row)).mean:.2f}" if removal.free else NOTHING,
                "Δ dense": _difference(removal.free),
            }
            for removal in of_set
        ]
    )


def _share(step: Step | None) -> str:
    if step is None:
        return "none"
    finished, planned = len(step.row.finished), len(step.row.runs)
    return percent(step.target) + (f" ({finished} of {planned} seeds)" if finished < planned else "")


def _differences(of_set: list[Removal]) -> pd.DataFrame:
    targets = sorted({step.target for removal in of_set for step in removal.steps})
    return pd.DataFrame(
        [
            {"method": removal.title} | {percent(target): _difference(removal.at(target)) for target in targets}
            for removal in of_set
        ]
    )


def _difference(step: Step | None) -> str:
    return f"{step.verdict.points} {step.verdict.mark}" if step and step.verdict else NOTHING


@dataclass(frozen=True)
class LowestWer:
    """The row with the lowest mean WER among those of one target; `wer` is in per cent."""

    row: Row
    wer: float
    ratio: float


@dataclass(frozen=True)
class LowestWers:
    """The lowest WERs at the largest target, and at the target whose ratio is nearest to the published one."""

    smallest: LowestWer
    published: LowestWer


def _lowest_wers(rows: list[Row], test_set: str) -> LowestWers | None:
    """The sizes that the targets stand for: at one target, methods differ in size by whole heads, ranks and neurons."""
    by_target: dict[float, list[LowestWer]] = {}
    for row in rows:
        wer, ratio = row.wer(test_set), compression_ratio(row)
        if row.target is not None and wer and ratio:
            by_target.setdefault(row.target, []).append(LowestWer(row, 100 * wer.mean, ratio.mean))
    if not by_target:
        return None
    best = {target: min(found, key=lambda each: each.wer) for target, found in by_target.items()}
    nearest = min(best, key=lambda target: abs(best[target].ratio - PUBLISHED_RATIO))
    return LowestWers(best[max(best)], best[nearest])
