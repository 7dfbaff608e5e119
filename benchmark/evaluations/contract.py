"""The interface of an evaluation, and the search for evaluations in this folder. Does not import torch."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic.dataclasses import dataclass as typed_dataclass

from benchmark import evaluations
from benchmark.corpora.manifest import Dataset
from benchmark.scoring.normalizers import NormalizerName
from benchmark.scoring.trn import Transcripts
from benchmark.system.devices import Device
from benchmark.system.errors import UserError, suggestion
from benchmark.system.typed_yaml import KEYS, typed

if TYPE_CHECKING:
    from benchmark.models.checkpoints import SpeechModel


@dataclass(frozen=True)
class Common:
    """What all runs of a study have in common, for evaluations that run models.

    Attributes:
        corpus: the prepared corpus.
        train: its training split.
        dense_model: folder of the model that every run starts from.
        device: the study's `hardware.device`.
        batch_seconds: seconds of audio per batch, padding included.
        precision: in which models transcribe.
        normalizer: how transcripts are normalised for scoring.
        folder: where an evaluation keeps, in a folder of its own name, what it makes once for all runs.
    """

    corpus: Dataset
    train: str
    dense_model: Path
    device: Device
    batch_seconds: float
    precision: Literal["fp32", "bf16"]
    normalizer: NormalizerName
    folder: Path


@dataclass(frozen=True)
class FinishedRun:
    """The input of an evaluation: a run that has been transcribed.

    Attributes:
        references: the correct transcripts, by split, in the order of the study's test sets.
        hypotheses: the run's transcripts, by split.
        dense_hypotheses: the dense model's transcripts, by split; empty until the dense run has been transcribed.
        model_folder: folder of the exported model.
        common: what all runs of the study have in common.
        settings: all settings of the run's method.
        log: the last value of every scalar that the method logged.
        transcribe: transcribes a split with a model, in the batches, in the precision and on the device of the study,
            to which it moves the model; the texts are normalised as for scoring.
    """

    references: Mapping[str, Transcripts]
    hypotheses: Mapping[str, Transcripts]
    dense_hypotheses: Mapping[str, Transcripts]
    model_folder: Path
    common: Common
    settings: Mapping[str, object]
    log: Mapping[str, float]
    transcribe: Callable[[SpeechModel, str], Transcripts]

    def dense(self, split: str) -> Transcripts:
        """The dense model's transcripts of a split.

        Raises:
            UserError: the dense run has not been transcribed.
        """
        if split not in self.dense_hypotheses:
            raise UserError("the dense run has no transcripts yet: transcribe it, then score this run again")
        return self.dense_hypotheses[split]

    @cached_property
    def model(self) -> SpeechModel:
        """The exported model, loaded on the CPU.

        Raises:
            UserError: the folder is missing, for example because the run was reused from published results.
        """
        from benchmark.models.checkpoints import load

        return load(self.model_folder)


@dataclass(frozen=True)
class Column:
    """How the tables show a metric.

    Attributes:
        heading: heading of the column, with the unit.
        meaning: sentence below the table that explains the column, without its full stop.
        factor: factor from the metric's unit to the unit in the heading.
        digits: number of decimals.
    """

    heading: str
    meaning: str
    factor: float = 1.0
    digits: int = 2


class Evaluation(ABC):
    """A measurement of finished runs. Subclass it in a file of this folder; the file name is the evaluation's name."""

    runs_models: ClassVar[bool] = False  # True: scoring leases a device, as timed jobs do
    timed: ClassVar[bool] = False  # True: its numbers are times, which are not compared when a run is repeated
    columns: ClassVar[Mapping[str, Column]] = {}  # by metric; a metric without a column is only in the record
    section: ClassVar[str] = ""  # title of a section with a table of its own; without one, columns of the main table
    introduction: ClassVar[str] = ""  # what stands first in that section
    axes: ClassVar[tuple[str, str]] = ("", "")  # labels of the axes of that section's figure, if it has `points`

    @typed_dataclass(frozen=True, config=KEYS)
    class Settings:
        """Settings of the evaluation, which a study may change: a dataclass of pydantic, with limits and defaults."""

    settings: Any  # an evaluation that reads its own narrows it: `settings: Settings`

    def __init__(self, settings: Mapping[str, object] | None = None) -> None:
        self.settings = typed(dict(settings or {}), self.Settings)

    def points(self, metrics: Mapping[str, float]) -> list[tuple[float, float]]:
        """A row's points in the section's figure, from its metrics, means over the seeds; none if it has no line."""
        return []

    @abstractmethod
    def measure(self, run: FinishedRun, split: str) -> Mapping[str, float]:
        """Metrics of a run on a split, by name.

        Without any, the evaluation does not apply to the run. An exception does not fail the run: the metrics are then
        absent, and a note in the record says why.
        """


def evaluation_names() -> list[str]:
    """Names of all evaluations: the stems of the files beside this one."""
    here = __name__.rpartition(".")[2]
    return sorted(module.name for module in pkgutil.iter_modules(evaluations.__path__) if module.name != here)


def evaluation_path(name: str) -> Path:
    """The file of an evaluation.

    Raises:
        UserError: no evaluation has this name.
    """
    spec = find_spec(f"{evaluations.__name__}.{name}") if name in (names := evaluation_names()) else None
    if spec is None or spec.origin is None:
        raise UserError(f'unknown evaluation "{name}"{suggestion(name, names)}')
    return Path(spec.origin)


def load_evaluation(name: str, settings: Mapping[str, object] | None = None) -> Evaluation:
    """An evaluation by name, with the settings that a study gives it.

    Raises:
        UserError: it does not exist, its file does not import, the file does not hold exactly one `Evaluation`, or the
            evaluation does not take these settings.
    """
    evaluation_path(name)
    module_name = f"{evaluations.__name__}.{name}"
    try:
        module = importlib.import_module(module_name)
    except Exception as error:
        raise UserError(f"evaluation {name} cannot be imported: {type(error).__name__}: {error}") from error
    classes = [
        member
        for _, member in inspect.getmembers(module, inspect.isclass)
        if issubclass(member, Evaluation) and member.__module__ == module_name
    ]
    if len(classes) != 1:
        raise UserError(f"evaluation {name} defines {len(classes)} Evaluation classes; exactly one is needed")
    try:
        return classes[0](settings)
    except UserError as error:
        raise UserError(f"evaluations.{name}: {error}") from None
