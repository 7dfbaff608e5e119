"""The method contract: one class in one file turns a dense model into a compressed one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from inspect import isabstract
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from benchmark.toolbox.declarations import require_declared
from benchmark.toolbox.drawn import Drawn
from benchmark.toolbox.families import Family, Needs
from benchmark.toolbox.references import Reference

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from transformers import PreTrainedModel

    from benchmark.toolbox.job import Job


class Method(ABC):
    """A compression method. Subclass it in one file under `methods/`; the file's name is the method's name.

    What a class declares is checked when it is defined; a class without `compress` is a base for others.
    A method never opens a file, measures time, evaluates WER or reads global state: the harness does that the same
    way for all. Everything it may use is on the `Job`.
    """

    title: ClassVar[str]  # the row's name in tables
    family: ClassVar[Family]
    references: ClassVar[tuple[Reference, ...]] = ()  # what it was taken from
    source: ClassVar[str] = ""  # where no reference says it: a library, or what a control is for
    needs: ClassVar[Needs] = "labels"  # transcribed speech, speech alone, or no data at all
    takes_target: ClassVar[bool] = True  # False: the method has no sparsity target (a control, or its own size)
    seeded: ClassVar[bool] = True  # False: nothing random happens, one run stands for all seeds, unless it fine-tunes
    one_training: ClassVar[bool] = False  # True: one training, by `Job.train_once`, serves all targets of a study
    drawn: ClassVar[Drawn | None] = None  # quantities that it offers for figures of its own
    tunable: ClassVar[tuple[str, object, object] | None] = None  # a setting and two values of it for a study's search
    trains: ClassVar[bool] = True  # False: takes no gradient step, whatever its settings
    phases: ClassVar[int] = 1  # the stages of training that a reader of the paper would count
    requirements: ClassVar[tuple[str, ...]] = ()  # pip's, such as "scikit-learn>=1.5", beside those of the suite
    setting_types: ClassVar[Mapping[str, Any]] = MappingProxyType({})  # found by the contract, from `Settings`

    @dataclass(frozen=True)
    class Settings:
        """Settings of the method, overridable from a study's YAML."""

    def __init_subclass__(cls, **keywords: Any) -> None:
        """Check what the class declares.

        Raises:
            UserError: the first thing that it lacks.
        """
        super().__init_subclass__(**keywords)
        if not isabstract(cls):
            cls.setting_types = require_declared(cls)

    settings: DataclassInstance  # a method that reads its own narrows it: `settings: Settings`

    def __init__(self, settings: dict[str, object] | None = None) -> None:
        self.settings = self.Settings(**(settings or {}))

    @classmethod
    def citation(cls) -> str:
        """What the method comes from, in a line: `source`, then the references."""
        return "; ".join(filter(None, [cls.source, *map(str, cls.references)]))

    @property
    def trains_as_set(self) -> bool:
        """Whether the method takes gradient steps until its budget is used: it trains, and its settings let it."""
        return self.trains and bool(getattr(self.settings, "fine_tune", True))

    def skip(self, job: Job) -> str | None:
        """Why this run cannot succeed, such as a layer whose width does not divide; None if it can.

        Asked before anything is computed; the reason becomes that of a failed row.
        """
        return None

    @abstractmethod
    def compress(self, job: Job) -> PreTrainedModel:
        """Return the compressed model, in the same family of classes as `job.model`.

        Raises:
            CannotCompress: the target is out of the method's range, or the data are not what it needs.
        """
