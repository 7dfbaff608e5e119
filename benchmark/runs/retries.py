"""Counts the attempts in a run's folder: the digest of the last plan, and the number of failures. No torch."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

from typing_extensions import TypedDict

from benchmark.runs.identity import plan_digest
from benchmark.study.paths import RunFolder
from benchmark.study.plan import RunPlan, Study
from benchmark.system.files import read_json, write_json
from benchmark.system.validated import Count, checked


class Written(TypedDict, closed=True):
    """The content of `attempts.json`."""

    plan: str
    failures: Count


@dataclass(frozen=True)
class Attempts:
    """A run folder's `attempts.json`: the plan that was last tried, and the number of failures so far, of any plan.

    Snakemake repeats a run if its number of failures has changed since its last start. So the next call retries a
    failed run, although its files are complete, and does not repeat a run that then succeeds.
    """

    plan: str = ""
    failures: int = 0

    @classmethod
    def of(cls, folder: RunFolder) -> Attempts:
        """Read the attempts in a run's folder; none if it has no such file.

        Raises:
            UserError: the file holds something else.
        """
        path = folder.attempts
        return cls(**checked(read_json(path), Written, f"{path} (delete it to continue)")) if path.exists() else cls()

    def write(self, folder: RunFolder) -> None:
        """Write `attempts.json`."""
        write_json(folder.attempts, asdict(self))


def start(study: Study, plan: RunPlan, folder: RunFolder) -> None:
    """Record which plan is being tried."""
    replace(Attempts.of(folder), plan=plan_digest(study, plan)).write(folder)


def count_failure(folder: RunFolder) -> None:
    """Record that the attempt failed."""
    attempts = Attempts.of(folder)
    replace(attempts, failures=attempts.failures + 1).write(folder)
