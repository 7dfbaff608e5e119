"""Compares your own runs with the published runs of the same names. No torch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from benchmark.evaluations.contract import evaluation_names, load_evaluation
from benchmark.runs.records import RunRecord, Score

# Times, provenance and logged values are not compared.
PLANNED = ("label", "method", "title", "family", "target_sparsity", "seed", "settings", "data_hash", "dense_hash")
MADE = ("reason", "footprint", "matrices", "metrics", "notes")
Count = Literal["utterances", "words", "errors", "substitutions", "deletions", "insertions"]
COUNTS: tuple[Count, ...] = ("utterances", "words", "errors", "substitutions", "deletions", "insertions")


@dataclass(frozen=True)
class Pair:
    """Two records of one run: your own and the published one."""

    own: RunRecord
    published: RunRecord

    def scores(self) -> Iterator[tuple[str, Score, Score]]:
        """Test sets on which both records have scores, with the two scores."""
        own, published = self.own.get("scores", {}), self.published.get("scores", {})
        return ((test_set, own[test_set], published[test_set]) for test_set in own if test_set in published)

    def miscounts(self) -> list[str]:
        """One line per test set on which the error counts differ."""
        return [
            f"{self.own['run']}, {test_set}: {own['errors']:,} errors, published {published['errors']:,} "
            f"({own['errors'] - published['errors']:+,})"
            for test_set, own, published in self.scores()
            if any(own[count] != published[count] for count in COUNTS)
        ]

    def differences(self) -> list[str]:
        """Differences between the two results, one line each; empty if they are the same."""
        name, own, published = self.own["run"], self.own, self.published
        planned = self._differing(PLANNED)
        if _budget(own) != _budget(published):
            planned.append("budget")
        if planned:
            return [f"{name}: planned differently ({', '.join(planned)})"]
        if own["status"] != published["status"]:
            return [f"{name}: {own['status']}, published {published['status']}"]
        made = self._differing(MADE)
        return self.miscounts() or ([f"{name}: the same errors, but different {', '.join(made)}"] if made else [])

    def _differing(self, keys: tuple[str, ...]) -> list[str]:
        own, published = _repeatable(self.own), _repeatable(self.published)
        return [key for key in keys if own.get(key) != published.get(key)]


def differences(pairs: Iterable[Pair]) -> list[str]:
    """Differences between your own results and the published ones, one line each; empty if all are the same."""
    return [line for pair in pairs for line in pair.differences()]


def summary(pairs: list[Pair]) -> str:
    """A sentence on how many of your own error counts equal the published ones."""
    compared = sum(1 for pair in pairs for _ in pair.scores())
    different = sum(len(pair.miscounts()) for pair in pairs)
    if different:
        return f"your error counts differ from the published ones in {different} of {compared} cases"
    return (
        f"your {compared} error counts equal the published ones"
        if compared != 1
        else "your error count is as published"
    )


def _repeatable(record: RunRecord) -> dict[str, Any]:
    """A record with only the names of the metrics that are times."""
    metrics: dict[str, Any] = dict(record.get("metrics", {}))
    for name in metrics.keys() & evaluation_names():
        if load_evaluation(name).timed:
            metrics[name] = {split: sorted(measured) for split, measured in metrics[name].items()}
    return {**record, "metrics": metrics}


def _budget(record: RunRecord) -> tuple[str, float]:
    return record["budget"]["kind"], record["budget"]["limit"]
