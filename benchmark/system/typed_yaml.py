"""A YAML file's content as typed values: a pydantic dataclass defines the keys and the values that they take.

Keys are defined nowhere else. Types and limits are checked here, the text below each field describes it, and the JSON
schema and the tables in docs/ are generated from both. No torch.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, TypeVar, cast

from pydantic import (
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    TypeAdapter,
    ValidationError,
    WrapValidator,
)
from pydantic_core import CoreSchema, ErrorDetails, core_schema

from benchmark.system.errors import UserError, suggestion
from benchmark.system.strict_yaml import one_line, require_plain

T = TypeVar("T")

KEYS = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)


def _as_written(value: Any, check: Callable[[Any], float]) -> Any:
    """Keep a whole number an integer, since identities hold it as it is written in the file."""
    check(value)
    return value


def shorten(text: str) -> str:
    """The first 70 characters of a text that is longer than any name."""
    return text if len(text) <= 70 else f"{text[:70]}..."


@dataclass(frozen=True)
class Named:
    """For `Annotated`: a text that must match a pattern; `what` says in messages what is expected."""

    pattern: str
    what: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return handler(schema) | {"pattern": f"^{self.pattern}$"}

    def _checked(self, text: str) -> str:
        if not re.fullmatch(self.pattern, text):
            raise ValueError(f"{shorten(text)!r} is not {self.what}")
        return text


@dataclass(frozen=True)
class Distinct:
    """For `Annotated`: a list without repeated values."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return handler(schema) | {"uniqueItems": True}

    def _checked(self, values: tuple[Any, ...]) -> tuple[Any, ...]:
        for index, value in enumerate(values):
            if value in values[:index]:
                raise ValueError(f"{value!r} appears twice")
        return values


Number = Annotated[float, WrapValidator(_as_written)]
Above0 = Annotated[float, Field(gt=0), WrapValidator(_as_written)]
Share = Annotated[float, Field(gt=0, le=1), WrapValidator(_as_written)]
Probability = Annotated[float, Field(ge=0, lt=1), WrapValidator(_as_written)]
FilePath = Annotated[str, Field(min_length=1, max_length=1000)]


def typed(content: Any, kind: type[T]) -> T:
    """A YAML file's content as a `kind`, checked strictly: no text instead of a number, no unknown key.

    Raises:
        UserError: names the first wrong key, and the nearest known one if it is misspelt.
    """
    require_plain(content)
    try:
        valid: T = _adapter(cast(Hashable, kind)).validate_json(json.dumps(content))
    except ValidationError as error:
        errors = sorted(error.errors(include_url=False), key=lambda one: one["type"] != "unexpected_keyword_argument")
        raise UserError(one_line(_explained(errors[0], schema_of(cast(Hashable, kind))))) from None
    return valid


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


@cache
def schema_of(kind: Any) -> dict[str, Any]:
    """The JSON schema of the files that `typed` reads."""
    return _adapter(kind).json_schema()


def _explained(error: ErrorDetails, schema: dict[str, Any]) -> str:
    """One line about an error that pydantic found."""
    place, value = ".".join(shorten(str(key)) for key in error["loc"]).removesuffix(".[key]"), error["input"]
    match error["type"]:
        case "unexpected_keyword_argument":
            *within, unknown = error["loc"]
            return f'unknown key "{place}"{suggestion(str(unknown), sorted(_part(schema, within)["properties"]))}'
        case "missing":
            return f"{place} is missing"
        case "value_error":
            return f"{place}: {error['ctx']['error']}"
    return f"{place or 'the whole'}: {error['msg'][:1].lower()}{error['msg'][1:]}, not {value!r}"


def _part(schema: dict[str, Any], place: list[int | str]) -> dict[str, Any]:
    """The schema of the object at a place."""
    part = schema
    for key in [*place, None]:
        for choice in part.get("anyOf", ()):
            part = choice if choice.get("type") != "null" else part
        if "$ref" in part:
            part = schema["$defs"][part["$ref"].removeprefix("#/$defs/")]
        if key is not None:
            labelled: Any = [part.get("additionalProperties"), *part.get("patternProperties", {}).values(), {}]
            part = part.get("properties", {}).get(key) or next(filter(None, labelled), {})
    return part
