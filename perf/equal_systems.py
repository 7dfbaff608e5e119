"""MAPSSWE on systems that are equal by construction, and on seeds of one method, from a study's committed transcripts.

Equal systems are made of real transcripts: for each utterance, the transcripts of several runs with about the same WER
are dealt to as many systems at random. Every difference between two such systems is chance. In a second deal, all
utterances of a speaker go together, so that the systems differ in which speakers they recognise well. The test takes
segments as independent, and knows nothing of that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from benchmark.report.rows.rows import Row
from benchmark.runs.collection import Collection, Run
from benchmark.scoring.mapsswe import MatchedPairs, matched_pairs
from benchmark.scoring.multiple import holm, significant
from benchmark.scoring.segments import PlacedErrors, placed_errors, segment_differences
from benchmark.scoring.trn import Transcripts, speaker

# Rows of `mini-full` with 65 % of the weights removed, whose WERs are within three points. Two seeds of each make ten
# systems.
LABELS = ("global_magnitude", "parp", "self_pinching", "sparsegpt_fine_tuned", "uniform_magnitude")
TARGET, SEEDS = 0.65, (0, 1)

Paths = list[str]  # edit strings of a system, in the order of the utterances
Dealt = Literal["utterances", "speakers"]


@dataclass(frozen=True)
class EqualSystems:
    """How often equal systems are marked as different, as shares.

    Attributes:
        test_set: name of the test set.
        dealt: what is dealt at random.
        systems: number of systems in a family.
        families: number of families.
        marked: share of pairs that are marked before Holm's correction.
        marked_error: its standard error over the families, since the pairs of one family depend on each other.
        families_marked: share of families in which a pair is marked after Holm's correction.
    """

    test_set: str
    dealt: Dealt
    systems: int
    families: int
    marked: float
    marked_error: float
    families_marked: float


@dataclass(frozen=True)
class SeedPairs:
    """How many pairs of seeds of one method are marked, before Holm's correction and after it, over all these pairs."""

    study: str
    test_set: str
    rows: int
    pairs: int
    marked: int
    marked_holm: int


def similar_runs(rows: Sequence[Row]) -> list[Run]:
    """The runs of `LABELS`."""
    chosen = [row for row in rows if row.label in LABELS and row.target == TARGET]
    return [run for row in chosen for run in row.finished if run.record["seed"] in SEEDS]


def equal_systems(
    test_set: str, references: Transcripts, systems: Sequence[Paths], dealt: Dealt, families: int
) -> Iterator[EqualSystems | None]:
    """Deal, test and count. Yields None after each family but the last, for the progress bar, and then the result."""
    rng = np.random.default_rng(0)
    groups = _groups(list(references), dealt)
    shares, any_marked = [], 0
    for family in range(families):
        dealt_errors = [placed_errors(column) for column in _deal(systems, groups, rng)]
        tests = [_test(a, b) for a, b in combinations(dealt_errors, 2)]
        shares.append(sum(test.better is not None for test in tests) / len(tests))
        any_marked += any(_significant_holm(tests))
        if family < families - 1:
            yield None
    error = float(np.std(shares, ddof=1) / families**0.5)
    yield EqualSystems(test_set, dealt, len(systems), families, float(np.mean(shares)), error, any_marked / families)


def _groups(utterances: Sequence[str], dealt: Dealt) -> NDArray[np.int64]:
    """For each utterance the number of its group, which is dealt as a whole."""
    if dealt == "utterances":
        return np.arange(len(utterances))
    return np.unique([speaker(utterance) for utterance in utterances], return_inverse=True)[1]


def _deal(systems: Sequence[Paths], groups: NDArray[np.int64], rng: np.random.Generator) -> list[Paths]:
    """New systems, each with the paths of one old system in each group, and no path twice."""
    owners = rng.permuted(np.tile(np.arange(len(systems)), (groups.max() + 1, 1)), axis=1)[groups]
    return [[systems[owner][i] for i, owner in enumerate(column)] for column in owners.T]


def _test(a: PlacedErrors, b: PlacedErrors) -> MatchedPairs:
    return matched_pairs(segment_differences(a, b))


def _significant_holm(tests: Sequence[MatchedPairs]) -> list[bool]:
    return [significant(p) for p in holm([None if test.degenerate else test.p for test in tests])]


def seed_pairs(study: str, test_set: str, collection: Collection, rows: Sequence[Row]) -> SeedPairs:
    """Test every pair of seeds of every row with several seeds."""
    several = [row for row in rows if len(row.finished) > 1]
    tests = [
        _test(collection.scored(a, test_set).placed, collection.scored(b, test_set).placed)
        for row in several
        for a, b in combinations(row.finished, 2)
    ]
    marked = sum(test.better is not None for test in tests)
    return SeedPairs(study, test_set, len(several), len(tests), marked, sum(_significant_holm(tests)))
