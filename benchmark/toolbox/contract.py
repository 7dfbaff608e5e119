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
    way for all. Everything that it may use is on the `Job`.
    """

    title: ClassVar[str]  # the row's name in tables
    family: ClassVar[Family]
    references: ClassVar[tuple[Reference, ...]] = ()  # the papers that it comes from
    source: ClassVar[str] = ""  # needed without references: a library, or what a control is for
    needs: ClassVar[Needs] = "labels"  # transcribed speech, speech alone, or no data at all
    takes_target: ClassVar[bool] = True  # False: the method has no sparsity target (a control, or its own size)
    seeded: ClassVar[bool] = True  # False: nothing is random; one run stands for all seeds, unless it fine-tunes
    one_training: ClassVar[bool] = False  # True: one training, by `Job.train_once`, serves all targets of a study
    drawn: ClassVar[Drawn | None] = None  # quantities that it offers for figures of its own
    tunable: ClassVar[tuple[str, object, object] | None] = None  # a setting and two values of it for a study's search
    trains: ClassVar[bool] = True  # False: takes no gradient step, whatever its settings
    phases: ClassVar[int] = 1  # the stages of training that a reader of the paper would count
    requirements: ClassVar[tuple[str, ...]] = ()  # extra packages in pip's syntax, such as "scikit-learn>=1.5"
    setting_types: ClassVar[Mapping[str, Any]] = MappingProxyType({})  # read from `Settings` when the class is defined

    @dataclass(frozen=True)
    class Settings:
        """Settings of the method, overridable from a study's YAML."""

    def __init_subclass__(cls, **keywords: Any) -> None:
        """Check what the class declares.

        Raises:
            UserError: names the first thing that is missing or wrong.
        """
        super().__init_subclass__(**keywords)
        if not isabstract(cls):
            cls.setting_types = require_declared(cls)

    settings: DataclassInstance  # a method that reads its own narrows it: `settings: Settings`

    def __init__(self, settings: dict[str, object] | None = None) -> None:
        self.settings = self.Settings(**(settings or {}))

    @classmethod
    def citation(cls) -> str:
        """One line with the method's `source` and its references."""
        return "; ".join(filter(None, [cls.source, *map(str, cls.references)]))

    @property
    def trains_as_set(self) -> bool:
        """Whether the method trains until its budget is used: it has training that its settings do not turn off."""
        return self.trains and bool(getattr(self.settings, "fine_tune", True))

    def skip(self, job: Job) -> str | None:
        """Why this run cannot succeed, such as a layer whose width does not divide; None if it can.

        It is called before anything is computed. A failed row shows the reason.
        """
        return None

    @abstractmethod
    def compress(self, job: Job) -> PreTrainedModel:
        """Return the compressed model, of the same class as `job.model`.

        Raises:
            CannotCompress: the target is out of the method's range, or the data are not what it needs.
        """
