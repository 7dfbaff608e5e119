"""A study's planned runs, kept on disk: planning imports every method, and with them torch, which takes ten seconds."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from typing_extensions import TypedDict

import benchmark
from benchmark.system.errors import UserError
from benchmark.system.files import hash_of, write_json
from benchmark.system.validated import read_json_as

Runs = list[dict[str, object]]


class KeptPlan(TypedDict):
    """`plan.json` in a study's work folder."""

    key: str  # a hash of all that the plan follows from
    runs: Runs


def plan_key(keys: object, methods: Iterable[Path]) -> str:
    """What a plan follows from: the study's keys, the suite's code, the methods' files, and Python's version.

    Files are compared by size and time, not by content: that is done in milliseconds.
    """
    code = sorted(Path(benchmark.__file__).parent.rglob("*.py"))
    stats = [(str(path), (found := path.stat()).st_size, found.st_mtime_ns) for path in (*code, *methods)]
    return hash_of([repr(keys), stats, sys.version])


def kept_or_planned(path: Path, key: str, plan: Callable[[], tuple[Runs, bool]]) -> Runs:
    """The runs as they were planned before, if nothing has changed; else planned anew.

    Args:
        path: of `plan.json`. Where it cannot be written, the runs are planned again by every call.
        key: see `plan_key`.
        plan: plans the runs, and says whether that may be kept: a method that does not import today may do so tomorrow.
    """
    with suppress(UserError):
        kept = read_json_as(path, KeptPlan)
        if kept["key"] == key:
            return kept["runs"]
    runs, lasting = plan()
    if lasting:
        with suppress(UserError):
            write_json(path, KeptPlan(key=key, runs=runs))
    return runs
