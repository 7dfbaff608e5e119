"""The method contract: one class in one file turns a dense model into a compressed one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from inspect import isabstract
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from benchmark.toolbox.declarations import require_declared
from benchmark.toolbox.families import Family, Needs

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
    source: ClassVar[str]  # citation: paper, equation, adaptation
    needs: ClassVar[Needs] = "labels"  # transcribed speech, speech alone, or no data at all
    takes_target: ClassVar[bool] = True  # False: the method has no sparsity target (a control, or its own size)
    seeded: ClassVar[bool] = True  # False: nothing random happens, one run stands for all seeds, unless it fine-tunes
    one_training: ClassVar[bool] = False  # True: one training, by `Job.train_once`, serves all targets of a study
    tunable: ClassVar[tuple[str, object, object] | None] = None  # a setting and two values of it for a study's search
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

    @abstractmethod
    def compress(self, job: Job) -> PreTrainedModel:
        """Return the compressed model, in the same family of classes as `job.model`.

        Raises:
            CannotCompress: the target is out of the method's range, or the data are not what it needs.
        """
