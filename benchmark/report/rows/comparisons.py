"""Compares every pair of rows on every test set, seed by seed, and combines the seeds' results."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import Literal

from tqdm import tqdm

from benchmark.report.rows.kept_tests import KeptTests
from benchmark.report.rows.rows import Reference, Row, dense_row, reference_of
from benchmark.runs.collection import Collection
from benchmark.scoring.multiple import significant
from benchmark.scoring.significance import Comparison, compare_scored

Direction = Literal["worse", "better", "mixed", "none"]


@dataclass(frozen=True)
class SeedTest:
    """Row `a` against row `b` for one seed on one test set; differences are errors of `a` minus errors of `b`."""

    test_set: str
    seed: int
    a: Row
    b: Row
    result: Comparison

    @property
    def p(self) -> float | None:
        """The uncorrected two-tailed p; None if no test is possible."""
        return None if self.result.test.degenerate else self.result.test.p

    @property
    def significant(self) -> bool:
        """Whether the difference is significant before Holm's correction, by SCTK's |Z| > 1.96."""
        return self.result.better is not None

    @property
    def significant_holm(self) -> bool:
        """Whether the difference is significant after Holm's correction."""
        return self.significant and significant(self.result.p_holm)


@dataclass(frozen=True)
class Verdict:
    """The seeds' combined result on the difference between two rows, first minus second: positive is worse.

    Seeds share the test set, so their tests are counted but never pooled.
    """

    tests: tuple[SeedTest, ...]
    sign: int  # +1 if the first row is the tests' `a`, else -1

    @property
    def n(self) -> int:
        """Number of compared seeds."""
        return len(self.tests)

    @property
    def delta(self) -> float:
        """Mean of the WER difference over the seeds."""
        return statistics.fmean(self._signed(test.result.delta_wer) for test in self.tests)

    @property
    def low(self) -> float:
        """Lowest lower end of the seeds' 95 % bootstrap intervals."""
        return min(self._signed(end) for test in self.tests for end in test.result.interval)

    @property
    def high(self) -> float:
        """Highest upper end of the seeds' 95 % bootstrap intervals."""
        return max(self._signed(end) for test in self.tests for end in test.result.interval)

    def _signed(self, difference: float) -> float:
        return self.sign * difference + 0.0  # avoids -0.0, which would be printed with its sign

    @property
    def p(self) -> list[float | None]:
        """Uncorrected p, one per seed."""
        return [test.p for test in self.tests]

    @property
    def p_holm(self) -> list[float | None]:
        """Corrected p, one per seed."""
        return [test.result.p_holm for test in self.tests]

    @property
    def reasons(self) -> list[str]:
        """Reasons why tests were not possible."""
        return list(dict.fromkeys(t.result.test.degenerate for t in self.tests if t.result.test.degenerate))

    @property
    def worse(self) -> int:
        """Number of seeds in which the first is significantly worse after Holm's correction."""
        return self._count(+1, corrected=True)

    @property
    def better(self) -> int:
        """Number of seeds in which the first is significantly better after Holm's correction."""
        return self._count(-1, corrected=True)

    @property
    def worse_uncorrected(self) -> int:
        """Number of seeds in which the first is significantly worse before the correction."""
        return self._count(+1, corrected=False)

    @property
    def better_uncorrected(self) -> int:
        """Number of seeds in which the first is significantly better before the correction."""
        return self._count(-1, corrected=False)

    def _count(self, sign: int, corrected: bool) -> int:
        passed = [t for t in self.tests if (t.significant_holm if corrected else t.significant)]
        return sum(self.sign * test.result.test.mean * sign > 0 for test in passed)

    @property
    def direction(self) -> Direction:
        """Direction of the significant uncorrected tests over all seeds."""
        if self.worse_uncorrected and self.better_uncorrected:
            return "mixed"
        return "worse" if self.worse_uncorrected else "better" if self.better_uncorrected else "none"

    @property
    def corrected(self) -> bool:
        """Whether a seed is significant after Holm's correction."""
        return self.worse + self.better > 0

    @property
    def counted(self) -> int:
        """Number of significant seeds: after Holm's correction if there are any, else before it."""
        return self.worse + self.better or self.worse_uncorrected + self.better_uncorrected

    @property
    def mark(self) -> str:
        """The mark, as explained in `prose/marks.jinja`."""
        if self.direction == "mixed":
            return "±"
        if all(p is None for p in self.p):
            return "?"
        if self.direction == "none":
            return "ns"
        return ("*" if self.corrected else "°") + (f"{self.counted}/{self.n}" if self.n > 1 else "")

    @property
    def worded_mark(self) -> str:
        """The mark with its direction: `worse*`, `better°1/3`, `ns`."""
        return self.direction + self.mark if self.direction in ("worse", "better") else self.mark

    @property
    def points(self) -> str:
        """The difference in WER points with its interval: `+1.02 [+0.55, +1.50]`."""
        return f"{100 * self.delta:+.2f} [{100 * self.low:+.2f}, {100 * self.high:+.2f}]"


class Comparisons:
    """All tests of a study.

    Attributes:
        test_sets: names of the test sets.
        tests: one per pair, seed and test set.
        dense: the finished row of the dense model, if the study has one.
        reference: the method that all others are compared with, if the study names one.
    """

    def __init__(
        self, test_sets: list[str], tests: list[SeedTest], dense: Row | None, reference: Reference | None
    ) -> None:
        self.test_sets, self.tests, self.dense, self.reference = test_sets, tests, dense, reference
        self._pairs: dict[tuple[str, Row, Row], list[SeedTest]] = {}
        for test in tests:
            self._pairs.setdefault((test.test_set, test.a, test.b), []).append(test)

    def with_reference(self, row: Row, test_set: str) -> Verdict | None:
        """`row` minus the reference at the same target; None if no seed has both, or for the reference itself."""
        rival = self.reference.rows.get(row.target) if self.reference else None
        return self.between(row, rival, test_set) if rival else None

    def between(self, row: Row, other: Row, test_set: str) -> Verdict | None:
        """`row` minus `other`; None if no seed has both."""
        for pair, sign in ((row, other), 1), ((other, row), -1):
            if tests := self._pairs.get((test_set, *pair)):
                return Verdict(tuple(tests), sign)
        return None


def compare_rows(collection: Collection, rows: list[Row]) -> Comparisons:
    """Test all pairs of finished rows, separately for each seed; one test set and seed form a family for Holm.

    For test sets without references, the tests are read from the `significance.csv` next to the runs.

    Raises:
        UserError: the file lacks some of these tests.
    """
    kept = KeptTests(collection.folder / "significance.csv", collection.study, rows)
    seeds = sorted({seed for row in rows for run, seed in zip(row.finished, row.seeds, strict=True) if run.seeded})
    work = [(test_set, seed) for test_set in collection.test_sets for seed in seeds or [0]]
    tests: list[SeedTest] = []
    known: set[tuple[str, ...]] = set()
    with tqdm(work, desc="significance", unit="table") as progress:  # so that the bar closes before an error is printed
        for test_set, seed in progress:
            for test in _compare_seed(collection, kept, rows, test_set, seed):
                runs = tuple(row.run_at(seed).record["run"] for row in (test.a, test.b))  # type: ignore[union-attr]
                if (test_set, *runs) not in known:  # two runs without randomness are compared once, not once per seed
                    known.add((test_set, *runs))
                    tests.append(test)
    return Comparisons(collection.test_sets, tests, dense_row(rows), reference_of(rows, collection.reference))


def _compare_seed(collection: Collection, kept: KeptTests, rows: list[Row], test_set: str, seed: int) -> list[SeedTest]:
    systems = {row.key: row for row in rows if row.run_at(seed) is not None}
    runs = {key: run for key, row in systems.items() if (run := row.run_at(seed)) is not None}
    if test_set in collection.references:
        scored = {key: collection.scored(run, test_set) for key, run in runs.items()}
        found = compare_scored(list(collection.references[test_set]), scored)
    else:
        found = kept.compare_all(runs, test_set)
    return [SeedTest(test_set, seed, systems[c.a], systems[c.b], c) for c in found]
