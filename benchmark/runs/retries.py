"""What is known of a run without computing it: the digest of its plan, and how often it has failed. No torch."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path

from typing_extensions import TypedDict

from benchmark.study.plan import RunPlan, Study
from benchmark.study.registry import method_path
from benchmark.system.files import hash_file, hash_of, read_json, write_json
from benchmark.system.validated import Count, checked

FILE = "attempts.json"


class Written(TypedDict, closed=True):
    """What `attempts.json` holds."""

    plan: str
    failures: Count


@dataclass(frozen=True)
class Attempts:
    """A run folder's `attempts.json`: the plan last tried there, and the failures so far, of any plan.

    Snakemake starts a run again when its failures differ from those at its last start: so a failed run, which left
    complete files, is tried again by the next call, and one that then succeeds is not.
    """

    plan: str = ""
    failures: int = 0

    @classmethod
    def of(cls, folder: Path) -> Attempts:
        """The attempts in a run's folder; none if it has no such file.

        Raises:
            UserError: the file holds something else.
        """
        path = folder / FILE
        return cls(**checked(read_json(path), Written, f"{path} (delete it to go on)")) if path.exists() else cls()

    def write(self, folder: Path) -> None:
        """Write `attempts.json`."""
        write_json(folder / FILE, asdict(self))


def plan_digest(study: Study, plan: RunPlan) -> str:
    """Hash of all that a study's file and the method's source say about a run.

    Data and dense model are not in it: the files that their steps leave stand for them.
    """
    return hash_of(
        {
            "source": hash_file(method_path(plan.method)),
            "plan": asdict(plan),
            "budget": asdict(study.budget),
            "training": asdict(study.training),
            "evaluation": asdict(study.evaluation),
            "splits": [study.corpus.train, *study.corpus.tests],
        }
    )


def start(study: Study, plan: RunPlan, folder: Path) -> None:
    """Note which plan is being tried."""
    replace(Attempts.of(folder), plan=plan_digest(study, plan)).write(folder)


def count_failure(folder: Path) -> None:
    """Note that it failed."""
    attempts = Attempts.of(folder)
    replace(attempts, failures=attempts.failures + 1).write(folder)
