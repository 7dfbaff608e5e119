"""The types of a method's settings, read when its class is defined and checked against every value in a study."""

from __future__ import annotations

import inspect
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError

from benchmark.system.errors import UserError

STRICT = ConfigDict(strict=True, allow_inf_nan=False, arbitrary_types_allowed=True)


def types_of(settings: type, names: dict[str, Any] | None = None) -> dict[str, Any]:
    """The type of each setting of a dataclass, with aliases and string annotations resolved.

    Args:
        settings: the dataclass.
        names: names that its annotations may use, besides those of its module.

    Raises:
        UserError: the type of a setting cannot be found.
    """
    try:
        hints = get_type_hints(settings, localns=names, include_extras=True)
    except Exception as error:  # an annotation can raise anything
        raise UserError(f"has a setting whose type cannot be found: {error}") from None
    return {field.name: hints[field.name] for field in fields(settings)}


def require_settings(settings: object, names: dict[str, Any]) -> dict[str, Any]:
    """Check that a study can set a method's settings, and return their types.

    Args:
        settings: the `Settings` of the method's class.
        names: the names in the method's class, which annotations may use.

    Raises:
        UserError: `settings` is no frozen dataclass, or a setting has no type or no default of its type.
    """
    if not (isinstance(settings, type) and is_dataclass(settings) and settings.__dataclass_params__.frozen):  # type: ignore[attr-defined]
        raise UserError("needs `@dataclass(frozen=True)` on its `Settings`")
    known = {field.name: field for field in fields(settings)}
    for name, value in vars(settings).items():
        if not (name in known or name.startswith("_") or callable(value) or hasattr(value, "__get__")):
            raise UserError(f"needs a type for its setting: `{name}: {type(value).__name__} = {value!r}`")
    types = types_of(settings, names)
    for name, field in known.items():
        default = _default(field)
        if default is MISSING:
            raise UserError(f"needs a default for its setting `{name}`")
        if not fits(default, types[name]):
            raise UserError(f"has the default {default!r} for its setting `{name}`, which takes {shown(types[name])}")
    return types


def fits(value: object, kind: Any) -> bool:
    """Whether a value is of a type, strictly: a string is no number, a bool is no integer, and NaN is refused.

    An integer is also a float.

    Raises:
        UserError: no value can be checked against this type.
    """
    try:
        _adapter(kind).validate_python(value)
    except ValidationError:
        return False
    return True


def _adapter(kind: Any) -> TypeAdapter[Any]:
    try:
        return TypeAdapter(kind, config=STRICT)
    except PydanticUserError:  # a type with a configuration of its own
        return TypeAdapter(kind)


def shown(kind: Any) -> str:
    """A type as source code shows it: `float | None`."""
    return inspect.formatannotation(kind)


def _default(field: Field[Any]) -> object:
    return field.default_factory() if field.default_factory is not MISSING else field.default
