"""Paths of a study's files and folders: `work/<study>/`, for computing, and `results/<study>/`. No torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

from benchmark.corpora.manifest import SUMMARY
from benchmark.system import project


@dataclass(frozen=True)
class Folder:
    """A folder with a property for each known file; other names are appended with `/`, as to a path."""

    path: Path

    def __fspath__(self) -> str:
        return str(self.path)

    def __str__(self) -> str:
        return str(self.path)

    def __truediv__(self, name: str) -> Path:
        return self.path / name


@dataclass(frozen=True)
class RunFolder(Folder):
    """A run's folder. `work/` holds all of its files; `results/` only the record, the curves and the transcripts."""

    @property
    def record(self) -> Path:
        """The record of a scored run."""
        return self.path / "run.json"

    @property
    def compressed(self) -> Path:
        """The record that the compression step writes."""
        return self.path / "compress.json"

    @property
    def transcribed(self) -> Path:
        """The times of transcribing the test sets."""
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
    def raw_transcripts(self) -> Path:
        """Folder of the transcripts before normalisation, in a study that normalises."""
        return self.path / "raw"

    def raw_hypotheses(self, split: str) -> Path:
        """The transcripts of a split before normalisation."""
        return self.raw_transcripts / f"{split}.trn"

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
        """The plan that was last tried, and the number of failures."""
        return self.path / "attempts.json"

    @property
    def checkpoints(self) -> Path:
        """Folder of checkpoints, one folder per identity."""
        return self.path / "checkpoint"

    @property
    def lock(self) -> Path:
        """Lock held by the job that is working on the run."""
        return self.path / "lock"


def recorded_runs(runs: Path) -> list[RunFolder]:
    """The folders in `runs` that hold a run's record, sorted by name."""
    return [RunFolder(path.parent) for path in sorted(runs.glob("*/run.json"))]


@dataclass(frozen=True)
class StudyFolder(Folder):
    """The parts that `work/<study>/` and `results/<study>/` have in common: runs and searches."""

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
        """The result of a search."""
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
        """The contents of the corpus, and its hash."""
        return self.data / SUMMARY

    @property
    def data_lock(self) -> Path:
        """Lock held while the corpus is prepared."""
        return self.path / "data.lock"

    @property
    def dense(self) -> Path:
        """Folder of the dense stage."""
        return self.path / "dense"

    @property
    def dense_record(self) -> Path:
        """The record of the dense model."""
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
    def labels(self) -> Path:
        """The training labels, if they are written as the dense model writes."""
        return self.dense / "labels.json"

    @property
    def dense_checkpoints(self) -> Path:
        """Folder of the checkpoints of the dense model's fine-tuning."""
        return self.dense / "checkpoint"

    @property
    def dense_lock(self) -> Path:
        """Lock held by the dense stage."""
        return self.path / "dense.lock"

    @property
    def evaluations(self) -> Path:
        """Folder of what evaluations make once for all runs."""
        return self.path / "evaluations"

    def training(self, name: str) -> Path:
        """A finished training that several runs share."""
        return self.path / "trainings" / f"{name}.pt"

    def search_lock(self, name: str) -> Path:
        """Lock held by a search."""
        return self.searches / f"{name}.lock"

    @property
    def own_results(self) -> ResultsFolder:
        """Folder of your own results where they differ from the committed ones."""
        return ResultsFolder(self.path / "results")


@dataclass(frozen=True)
class ResultsFolder(StudyFolder):
    """`results/<study>/`: records, tables and figures; or another folder with the same layout."""

    KIND = "results"

    @property
    def unplanned(self) -> Path:
        """Folder of the runs that the study no longer plans."""
        return self.runs / "unplanned"

    @property
    def references(self) -> Path:
        """Folder of the test sets' reference transcripts."""
        return self.path / "ref"

    def reference(self, split: str) -> Path:
        """The reference transcripts of a split."""
        return self.references / f"{split}.trn"

    def raw_reference(self, split: str) -> Path:
        """The reference transcripts of a split before normalisation, in a study that normalises."""
        return self.references / "raw" / f"{split}.trn"

    @property
    def planned(self) -> Path:
        """The list of all runs that the study plans."""
        return self.path / "planned.json"

    @property
    def owner(self) -> Path:
        """The file that names the YAML file behind the results."""
        return self.path / "study.json"
