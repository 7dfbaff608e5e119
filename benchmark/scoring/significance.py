"""Comparison of systems on one test set: matched-pairs test, difference in WER with its interval, Holm over pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from typing import Any

from benchmark.scoring.bootstrap import Unit, interval, resample
from benchmark.scoring.mapsswe import MatchedPairs, matched_pairs
from benchmark.scoring.multiple import holm
from benchmark.scoring.scored import Scored, scored
from benchmark.scoring.segments import segment_differences
from benchmark.scoring.trn import Transcripts
from benchmark.scoring.wer import WordErrors, total


@dataclass(frozen=True)
class Comparison:
    """Comparison of systems A and B. All differences are A minus B, so a positive one means that A is worse."""

    a: str
    b: str
    errors_a: WordErrors
    errors_b: WordErrors
    interval: tuple[float, float]  # 95 % bootstrap interval of delta_wer
    resampled: Unit  # the unit that the bootstrap drew
    test: MatchedPairs
    p_holm: float | None = None  # p after Holm's correction over all pairs of the call; None if no test was possible

    @property
    def delta_wer(self) -> float:
        """WER of A minus WER of B."""
        return self.errors_a.wer - self.errors_b.wer

    @property
    def better(self) -> str | None:
        """Name of the significantly better system at the 5 % level, uncorrected; None if there is none."""
        return {"A": self.a, "B": self.b, None: None}[self.test.better]

    @property
    def verdict(self) -> str:
        """`A better`, `B better`, `no significant difference` (which is not "equal") or `no test possible`."""
        if self.test.degenerate is not None:
            return "no test possible"
        return f"{self.test.better} better" if self.test.better else "no significant difference"

    def as_json(self) -> dict[str, Any]:
        """All figures in a form for `json.dumps`."""
        return {
            "a": self.a,
            "b": self.b,
            "errors_a": asdict(self.errors_a),
            "errors_b": asdict(self.errors_b),
            "wer_a": self.errors_a.wer,
            "wer_b": self.errors_b.wer,
            "delta_wer": self.delta_wer,
            "interval": list(self.interval),
            "resampled": self.resampled,
            **asdict(self.test),
            "p_sctk_table": self.test.p_sctk_table,
            "p_holm": self.p_holm,
            "verdict": self.verdict,
        }


def compare(references: Transcripts, hypotheses_a: Transcripts, hypotheses_b: Transcripts) -> Comparison:
    """Compare two systems, which are called A and B.

    Raises:
        UserError: the utterances differ, or the reference has no words.
    """
    return compare_all(references, {"A": hypotheses_a, "B": hypotheses_b})[0]


def compare_all(references: Transcripts, systems: Mapping[str, Transcripts]) -> list[Comparison]:
    """Compare every pair of systems (given by name), in the order of `itertools.combinations`.

    Raises:
        UserError: the utterances differ, or the reference has no words.
    """
    found = {name: scored(references, hypotheses, name) for name, hypotheses in systems.items()}
    return compare_scored(list(references), found)


def compare_scored(utterances: Sequence[str], systems: Mapping[str, Scored]) -> list[Comparison]:
    """Compare every pair of systems as `compare_all` does, given the ids of the utterances."""
    if len(systems) < 2:
        return []
    totals = {name: total(system.counts) for name, system in systems.items()}
    unit, samples = resample(utterances, [system.counts for system in systems.values()])
    rates = dict(zip(systems, samples.T, strict=True))
    found = [
        Comparison(a, b, totals[a], totals[b], interval(rates[a] - rates[b]), unit, _test(systems[a], systems[b]))
        for a, b in combinations(systems, 2)
    ]
    return corrected(found)


def corrected(found: list[Comparison]) -> list[Comparison]:
    """The same comparisons with Holm's correction over them as one family, whatever correction they had."""
    adjusted = holm([None if c.test.degenerate else c.test.p for c in found])
    return [replace(c, p_holm=p) for c, p in zip(found, adjusted, strict=True)]


def _test(a: Scored, b: Scored) -> MatchedPairs:
    return matched_pairs(segment_differences(a.placed, b.placed))
