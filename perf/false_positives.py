"""How often equal systems are marked as different, and how often 95 % intervals hold the truth.

Run it from the top folder: `python -m perf.false_positives [--repetitions N] [--json FILE]`.

All rates come from committed studies.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tabulate import tabulate
from tqdm import tqdm

from benchmark.report.rows.rows import table_rows
from benchmark.runs.collection import Collection, read_collection
from benchmark.runs.provenance import provenance
from benchmark.scoring.scored import edit_strings
from benchmark.scoring.wer import WordErrors
from benchmark.system.files import write_json, write_text
from benchmark.system.project import ROOT
from perf import run
from perf.equal_systems import Dealt, EqualSystems, SeedPairs, equal_systems, seed_pairs, similar_runs
from perf.interval_coverage import (
    SPEAKERS,
    SeedCoverage,
    TestSetCoverage,
    seed_conditions,
    seed_coverage,
    test_set_coverage,
)

STUDY, STUDIES = "mini-full", ("mini-full", "an4")
REPETITIONS = 1000  # of a coverage; of the families of equal systems, which take longer, a fifth
DEALT: tuple[Dealt, ...] = ("utterances", "speakers")

Result = EqualSystems | SeedPairs | TestSetCoverage | SeedCoverage


@dataclass(frozen=True)
class Table:
    """A table of the page: its title, and the columns with the cells of a result."""

    title: str
    headers: list[str]
    rows: list[list[str]]

    def markdown(self) -> str:
        """The title and the table."""
        table = tabulate(self.rows, self.headers, tablefmt="github", disable_numparse=True)
        return f"**{self.title}**\n\n{table}\n"


def collection_of(study: str) -> Collection:
    """The committed runs of a study."""
    return read_collection(ROOT / "results" / study / "runs")


def measured(repetitions: int) -> Iterator[Result | None]:
    """All results; None marks progress in between."""
    collections = {study: collection_of(study) for study in STUDIES}
    for study, collection in collections.items():
        for test_set in collection.references:
            yield seed_pairs(study, test_set, collection, table_rows(collection))
    largest = collections[STUDY]
    runs = similar_runs(table_rows(largest))
    for test_set, references in largest.references.items():
        systems = [edit_strings(references, run.hypotheses(test_set)) for run in runs]
        for dealt in DEALT:
            yield from equal_systems(test_set, references, systems, dealt, families_of(repetitions))
    test_set = next(iter(largest.references))
    rates, lengths = utterance_rates([largest.scored(run, test_set).counts for run in runs])
    for speakers in SPEAKERS:
        for correlated in (False, True):
            yield from test_set_coverage(rates, lengths, speakers, correlated=correlated, repetitions=repetitions)
    for seeds, seed_sd in seed_conditions():
        yield seed_coverage(seeds, seed_sd, repetitions)


def families_of(repetitions: int) -> int:
    """Number of families of equal systems."""
    return max(2, repetitions // 5)


def utterance_rates(counts: list[list[WordErrors]]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Errors per word of each utterance, the mean over runs, and its words."""
    lengths = np.array([c.words for c in counts[0]])
    errors = np.array([[c.errors for c in run] for run in counts])
    return errors.mean(axis=0) / lengths, lengths


def tables(results: list[Result]) -> list[Table]:
    """The tables of the page."""
    return [
        Table(
            "Equal systems: pairs and families that MAPSSWE marks",
            ["test set", "dealt", "systems", "families", "pairs before Holm", "families after Holm"],
            [_equal(r) for r in results if isinstance(r, EqualSystems)],
        ),
        Table(
            "Two seeds of one method: pairs that MAPSSWE marks",
            ["study", "test set", "rows", "pairs", "before Holm", "after Holm"],
            [_seeds(r) for r in results if isinstance(r, SeedPairs)],
        ),
        Table(
            "Coverage of the 95 % interval of a WER",
            ["speakers", "errors of a speaker", "drawing utterances", "drawing speakers"],
            list(_test_sets([r for r in results if isinstance(r, TestSetCoverage)])),
        ),
        Table(
            "Coverage of the 95 % intervals over seeds and utterances",
            ["seeds", "sd of seeds (points)", "WER", "difference of equal systems", "differences with p ≤ 0.05"],
            [_hierarchical(r) for r in results if isinstance(r, SeedCoverage)],
        ),
    ]


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _equal(r: EqualSystems) -> list[str]:
    marked = f"{100 * r.marked:.1f} ± {100 * r.marked_error:.1f} %"
    return [r.test_set, r.dealt, str(r.systems), str(r.families), marked, _percent(r.families_marked)]


def _seeds(r: SeedPairs) -> list[str]:
    return [r.study, r.test_set, str(r.rows), str(r.pairs), str(r.marked), str(r.marked_holm)]


def _test_sets(results: list[TestSetCoverage]) -> Iterator[list[str]]:
    covered = {(r.speakers, r.correlated, r.drawn): _percent(r.covered) for r in results}
    for speakers, correlated in dict.fromkeys((r.speakers, r.correlated) for r in results):
        both = [covered[speakers, correlated, drawn] for drawn in DEALT]
        yield [str(speakers), "go together" if correlated else "are independent", *both]


def _hierarchical(r: SeedCoverage) -> list[str]:
    shares = map(_percent, (r.covered, r.difference_covered, r.marked))
    return [str(r.seeds), f"{100 * r.seed_sd:.2f}", *shares]


def main() -> None:
    """Simulate, print the tables, and keep the numbers if asked."""
    parser = argparse.ArgumentParser(prog="python -m perf.false_positives", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--repetitions", type=int, default=REPETITIONS, metavar="N", help="default %(default)s")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers, and the tables beside them")
    args = parser.parse_args()
    machine = provenance("cpu")
    with tqdm(measured(args.repetitions), desc="simulated", unit="step", disable=None) as steps:
        results = [result for result in steps if result is not None]
    text = "\n".join(table.markdown() for table in tables(results))
    print(text)
    if args.json:
        numbers = {kind.__name__: [asdict(r) for r in results if isinstance(r, kind)] for kind in Result.__args__}
        write_json(args.json, {"results": numbers, "provenance": machine})
        write_text(args.json.with_suffix(".md"), text)


if __name__ == "__main__":
    run(main)
