"""Checks of what a method's class declares, made when the class is defined."""

from __future__ import annotations

from typing import Any, get_args

from benchmark.system.errors import UserError
from benchmark.system.validated import checked
from benchmark.toolbox.drawn import Drawn
from benchmark.toolbox.families import Family, Needs
from benchmark.toolbox.references import Reference
from benchmark.toolbox.requirements import require_requirements
from benchmark.toolbox.setting_types import fits, require_settings, shown


def require_declared(method: type) -> dict[str, Any]:
    """Refuse a class that lacks what a table, a plan or a search needs; returns the types of its settings.

    Args:
        method: the class, which derives from `Method`.

    Raises:
        UserError: names the class, the attribute and what it must be.
    """
    try:
        _require_text(method, "title")
        _require_source(method)
        _require_one_of(method, "family", get_args(Family))
        _require_one_of(method, "needs", get_args(Needs))
        for name in ("takes_target", "seeded", "trains", "one_training"):
            if not isinstance(value := getattr(method, name), bool):
                raise UserError(f"has `{name} = {value!r}`, which must be True or False")
        phases = getattr(method, "phases", None)
        if type(phases) is not int or phases < 1:
            raise UserError(f"has `phases = {phases!r}`, which must be a whole number of at least 1")
        _require_drawn(getattr(method, "drawn", None))
        require_requirements(getattr(method, "requirements", None))
        types = require_settings(getattr(method, "Settings", None), _names(method))
        _require_tunable(getattr(method, "tunable", None), types)
    except UserError as error:
        raise UserError(f"class {method.__name__} {error}") from None
    return types


def _names(method: type) -> dict[str, Any]:
    """All names that the bodies of the class and its bases define."""
    return {name: value for base in reversed(method.__mro__) for name, value in vars(base).items()}


def _require_text(method: type, name: str) -> None:
    text = getattr(method, name, None)
    if not isinstance(text, str) or not text.strip():
        raise UserError(f'needs a line `{name} = "..."`')


def _require_source(method: type) -> None:
    references = getattr(method, "references", None)
    if not isinstance(references, tuple) or not all(isinstance(one, Reference) for one in references):
        raise UserError(f"has `references = {references!r}`, which must be a tuple of Reference(...)")
    if not references:
        _require_text(method, "source")


def _require_one_of(method: type, name: str, values: tuple[str, ...]) -> None:
    value = getattr(method, name, None)
    if value not in values:
        wrong = "" if value is None else f", not {value!r}"
        raise UserError(f"needs a `{name}`, one of {', '.join(values)}{wrong}")


def _require_drawn(drawn: object) -> None:
    if drawn is not None:
        checked(drawn, Drawn, "needs `drawn = Drawn(matrices=True, curves={...})`")


def _require_tunable(tunable: object, types: dict[str, Any]) -> None:
    match tunable:
        case None:
            return
        case (str(setting), first, second) if setting in types:
            for value in (first, second):
                if not fits(value, types[setting]):
                    raise UserError(f"has {value!r} in `tunable`, but `{setting}` takes {shown(types[setting])}")
        case _:
            raise UserError('needs one of its settings and two values of it in `tunable`, such as ("ramp", 0.4, 0.66)')
