"""Checks that the fields of a run's record agree. A record that contradicts itself is refused. No torch."""

from __future__ import annotations

import math
from collections.abc import Iterator

from benchmark.inference.measured_speed import SparseSpeed, Speedup
from benchmark.runs.records import Footprint, MatrixSparsity, RunRecord, Score
from benchmark.study.plan import run_name
from benchmark.system.errors import UserError
from benchmark.system.strict_yaml import one_line
from benchmark.training.allowance import TOLERANCE

ROUNDING = 1e-9  # relative
ONLY_MATRICES = ("dense", "unstructured")  # families that change only the values of the encoder's matrices


def require_consistent(record: RunRecord, where: str) -> None:
    """Refuse a record that contradicts itself; `where` names it in the message.

    Raises:
        UserError: the record contradicts itself; the message gives the first contradiction.
    """
    for contradiction in _contradictions(record):
        raise UserError(f"{where} contradicts itself: {one_line(contradiction)}; repeat the run")


def _contradictions(record: RunRecord) -> Iterator[str]:
    yield from _of_the_name(record)
    yield from _of_the_status(record)
    yield from _of_the_budget(record)
    if "footprint" in record:
        yield from _of_the_sizes(record["footprint"])
        yield from _of_the_matrices(record["footprint"], record.get("matrices", []), record["family"])
    for test_set, score in record.get("scores", {}).items():
        yield from (f"on {test_set} {contradiction}" for contradiction in _of_the_score(score))
    if "speedup" in record:
        yield from _of_the_speed(record["speedup"], record.get("sparse"))


def _of_the_name(record: RunRecord) -> Iterator[str]:
    names = [run_name(record["label"], record["target_sparsity"], seed) for seed in (record["seed"], None)]
    if record["run"] not in names:
        yield f"the run {record['run']} should be called {names[0]}, after its label, target and seed"
    if record["family"] == "dense" and record["target_sparsity"] is not None:
        yield "a dense model has no target"


def _of_the_status(record: RunRecord) -> Iterator[str]:
    if record["status"] == "ok":
        if record["reason"] is not None:
            yield f"it is ok, but has a reason for failing ({record['reason']})"
    elif {"scores", "speedup", "sparse", "metrics"} & record.keys():
        yield f"it has results, but its status is {record['status']}"


def _of_the_budget(record: RunRecord) -> Iterator[str]:
    spent, limit = record["budget"]["spent"], record["budget"]["limit"]
    if record["status"] == "ok" and spent > limit * (1 + TOLERANCE):
        yield f"it is ok, but spent {spent:g} of {limit:g} {record['budget']['kind'].replace('_', ' ')}"
    if not _same(sum(record["phases"].values()), record["compression_seconds"]):
        yield "the seconds of its phases do not add up to compression_seconds"


def _of_the_sizes(size: Footprint) -> Iterator[str]:
    total, remaining = size["total_parameters"], size["remaining_parameters"]
    if remaining > total:
        yield f"{remaining} of {total} parameters remain"
    if not _same(size["compression_ratio"], total / remaining):
        yield f"compression_ratio is {size['compression_ratio']}, but {remaining} of {total} parameters remain"
    if size["encoder_matrix_parameters"] > total:
        yield "its encoder matrices have more parameters than the whole model"


def _of_the_matrices(size: Footprint, matrices: list[MatrixSparsity], family: str) -> Iterator[str]:
    """Compare the footprint with the matrices. The footprint counts a shared tensor once, the matrices at each use."""
    total, left = (sum(m[key] for m in matrices) for key in ("parameters", "remaining"))
    if total != size["encoder_matrix_parameters"]:
        yield f"its matrices have {total} parameters, encoder_matrix_parameters is {size['encoder_matrix_parameters']}"
    elif len({(m["layer"], m["matrix"]) for m in matrices}) < len(matrices):
        yield "a matrix appears twice in it"
    elif family != "shared":
        outside = size["total_parameters"] - total, size["remaining_parameters"] - left
        if not _same(size["encoder_sparsity"], 1 - left / total):
            yield f"encoder_sparsity is {size['encoder_sparsity']}, but {left} of {total} weights remain"
        if outside[1] < 0 or (family in ONLY_MATRICES and outside[1] != outside[0]):
            yield f"remaining_parameters does not follow from the {left} weights that remain in its matrices"


def _of_the_speed(speedup: Speedup, sparse: SparseSpeed | None) -> Iterator[str]:
    measured = [speedup]
    if sparse is not None:
        if (sparse["matrices"] > 0) != ("speedup" in sparse):
            yield f"{sparse['matrices']} matrices are sparse, but their speed-up is {sparse.get('speedup')}"
        measured += [sparse["speedup"]] if "speedup" in sparse else []
    if not all(one["low"] <= one["median"] <= one["high"] for one in measured):
        yield "the median speed-up is not between the lowest and the highest"


def _of_the_score(score: Score) -> Iterator[str]:
    substitutions, deletions, errors = score["substitutions"], score["deletions"], score["errors"]
    if errors != substitutions + deletions + score["insertions"]:
        yield f"{errors} errors are not the sum of the three kinds"
    if substitutions + deletions > score["words"]:
        yield f"{substitutions + deletions} of {score['words']} words are wrong or missing"
    if not _same(score["wer"], errors / score["words"]):
        yield f"wer is {score['wer']}, but {errors} errors in {score['words']} words are {errors / score['words']}"


def _same(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=ROUNDING, abs_tol=ROUNDING)
