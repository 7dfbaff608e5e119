"""The files and folders of a study: `work/<study>/`, where it is computed, and `results/<study>/`. No torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

from benchmark.corpora.manifest import SUMMARY
from benchmark.system import project


@dataclass(frozen=True)
class Folder:
    """A folder whose files have names of their own here; any other name is joined with `/`, as to a path."""

    path: Path

    def __fspath__(self) -> str:
        return str(self.path)

    def __str__(self) -> str:
        return str(self.path)

    def __truediv__(self, name: str) -> Path:
        return self.path / name


@dataclass(frozen=True)
class RunFolder(Folder):
    """A run's folder. All is in `work/`; `results/` has the record, the curves and the transcripts of it."""

    @property
    def record(self) -> Path:
        """The record of a scored run."""
        return self.path / "run.json"

    @property
    def compressed(self) -> Path:
        """The record as compressing leaves it."""
        return self.path / "compress.json"

    @property
    def transcribed(self) -> Path:
        """What transcribing took."""
        return self.path / "transcribe.json"

    @property
    def model(self) -> Path:
        """Folder of the exported model."""
        return self.path / "model"

    @property
    def transcripts(self) -> Path:
        """Folder of the transcripts."""
        return self.path / "hyp"

    def hypotheses(self, split: str) -> Path:
        """The transcripts of a split."""
        return self.transcripts / f"{split}.trn"

    @property
    def curves(self) -> Path:
        """The training curves."""
        return self.path / "curves.csv"

    @property
    def events(self) -> Path:
        """Folder of the curves for TensorBoard."""
        return self.path / "tensorboard"

    @property
    def attempts(self) -> Path:
        """The plan last tried, and how often runs failed."""
        return self.path / "attempts.json"

    @property
    def checkpoints(self) -> Path:
        """Folder of checkpoints, one folder per identity."""
        return self.path / "checkpoint"

    @property
    def lock(self) -> Path:
        """Held by the job at work on the run."""
        return self.path / "lock"


def recorded_runs(runs: Path) -> list[RunFolder]:
    """The folders below `runs` that hold a run's record, by name."""
    return [RunFolder(path.parent) for path in sorted(runs.glob("*/run.json"))]


@dataclass(frozen=True)
class StudyFolder(Folder):
    """What `work/<study>/` and `results/<study>/` have in common: runs and searches."""

    KIND: ClassVar[str]

    @classmethod
    def of(cls, study: str, root: Path | None = None) -> Self:
        """The folder of a study, in this project or the one at `root`."""
        return cls((root or project.ROOT) / cls.KIND / study)

    @property
    def runs(self) -> Path:
        """Folder of the runs' folders."""
        return self.path / "runs"

    def run(self, name: str) -> RunFolder:
        """The folder of a run."""
        return RunFolder(self.runs / name)

    @property
    def searches(self) -> Path:
        """Folder of the searches of settings."""
        return self.path / "tuning"

    def search(self, name: str) -> Path:
        """What a search found."""
        return self.searches / f"{name}.json"


@dataclass(frozen=True)
class WorkFolder(StudyFolder):
    """`work/<study>/`: prepared audio, models, unfinished runs; git ignores it."""

    KIND = "work"

    @property
    def plan(self) -> Path:
        """The runs that are planned."""
        return self.path / "plan.json"

    @property
    def data(self) -> Path:
        """Folder of the prepared corpus."""
        return self.path / "data"

    @property
    def data_summary(self) -> Path:
        """What the corpus holds, and its hash."""
        return self.data / SUMMARY

    @property
    def data_lock(self) -> Path:
        """Held while the corpus is prepared."""
        return self.path / "data.lock"

    @property
    def dense(self) -> Path:
        """Folder of the dense stage."""
        return self.path / "dense"

    @property
    def dense_record(self) -> Path:
        """What the dense stage says of its model."""
        return self.dense / "dense.json"

    @property
    def dense_model(self) -> Path:
        """Folder of the model that every run starts from."""
        return self.dense / "model"

    @property
    def features(self) -> Path:
        """Folder of the front-end's cached output."""
        return self.dense / "features"

    @property
    def dense_checkpoints(self) -> Path:
        """Folder of the checkpoints of the dense model's fine-tuning."""
        return self.dense / "checkpoint"

    @property
    def dense_lock(self) -> Path:
        """Held by the dense stage."""
        return self.path / "dense.lock"

    def training(self, name: str) -> Path:
        """A finished training that several runs share."""
        return self.path / "trainings" / f"{name}.pt"

    def search_lock(self, name: str) -> Path:
        """Held by a search."""
        return self.searches / f"{name}.lock"

    @property
    def own_results(self) -> ResultsFolder:
        """One's own results where they differ from committed ones."""
        return ResultsFolder(self.path / "results")


@dataclass(frozen=True)
class ResultsFolder(StudyFolder):
    """`results/<study>/`: records, tables and figures; or another folder of the same form."""

    KIND = "results"

    @property
    def unplanned(self) -> Path:
        """Folder of the runs that the study does not plan any more."""
        return self.runs / "unplanned"

    @property
    def references(self) -> Path:
        """Folder of what was said on the test sets."""
        return self.path / "ref"

    def reference(self, split: str) -> Path:
        """What was said on a split."""
        return self.references / f"{split}.trn"

    @property
    def planned(self) -> Path:
        """The names of all runs that the study plans."""
        return self.path / "planned.json"

    @property
    def owner(self) -> Path:
        """Which YAML file the results are made from."""
        return self.path / "study.json"
