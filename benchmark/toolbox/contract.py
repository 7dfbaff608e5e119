"""The method contract: one class in one file turns a dense model into a compressed one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from inspect import isabstract
from typing import TYPE_CHECKING, Any, ClassVar, get_args

from benchmark.system.errors import UserError
from benchmark.toolbox.families import Family, Needs

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from benchmark.toolbox.job import Job


class Method(ABC):
    """A compression method. Subclass it in one file under `methods/`; the file's name is the method's name.

    A method never opens a file, measures time, evaluates WER or reads global state: the harness does that the same
    way for all. Everything it may use is on the `Job`.
    """

    title: ClassVar[str]  # the row's name in tables
    family: ClassVar[Family]
    source: ClassVar[str]  # citation: paper, equation, adaptation
    needs: ClassVar[Needs] = "labels"  # transcribed speech, speech alone, or no data at all
    takes_target: ClassVar[bool] = True  # False: the method has no sparsity target (a control, or its own size)
    seeded: ClassVar[bool] = True  # False: nothing random happens, one run stands for all seeds, unless it fine-tunes
    tunable: ClassVar[tuple[str, object, object] | None] = None  # a setting and two values of it for a study's search

    @dataclass(frozen=True)
    class Settings:
        """Settings of the method, overridable from a study's YAML."""

    def __init__(self, settings: dict[str, object] | None = None) -> None:
        self.settings: Any = self.Settings(**(settings or {}))

    @abstractmethod
    def compress(self, job: Job) -> PreTrainedModel:
        """Return the compressed model, in the same family of classes as `job.model`.

        Raises:
            CannotCompress: the target is out of the method's range, or the data are not what it needs.
        """


def require_described(method: type[Method], where: str) -> None:
    """Refuse a class that lacks what a row in the tables needs.

    Args:
        method: the class.
        where: its file, for the message.

    Raises:
        UserError: it has no title, source or `compress`, or a family that there is not.
    """
    for name in ("title", "source"):
        text = getattr(method, name, None)
        if not isinstance(text, str) or not text.strip():
            raise UserError(f'{where}: class {method.__name__} needs a line `{name} = "..."`')
    family, families = getattr(method, "family", None), get_args(Family)
    if family not in families:
        wrong = "" if family is None else f", not {family!r}"
        raise UserError(f"{where}: class {method.__name__} needs a `family`, one of {', '.join(families)}{wrong}")
    if isabstract(method):
        raise UserError(f"{where}: class {method.__name__} needs a method `compress(self, job)`")
