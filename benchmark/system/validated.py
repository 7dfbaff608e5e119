"""Strict type checks by pydantic of everything that is read. One line says what does not fit, and where."""

from __future__ import annotations

from collections.abc import Hashable
from functools import cache
from pathlib import Path
from typing import Annotated, Any, TypeVar, cast

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError

from benchmark.system.errors import UserError
from benchmark.system.files import read_json

T = TypeVar("T")


def _encodable(text: str) -> str:
    text.encode()  # JSON can hold half of a surrogate pair, which no text file can
    return text


Text = Annotated[str, AfterValidator(_encodable)]
Title = Annotated[str, Field(pattern=r"^[^\x00-\x1f]+$", max_length=200), AfterValidator(_encodable)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0, lt=2**63)]
AtLeastOne = Annotated[int, Field(ge=1, lt=2**63)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]  # NumPy's generator accepts no larger seed


def read_json_as(path: Path, kind: type[T]) -> T:
    """Read a JSON file that holds a `kind`, such as a TypedDict.

    Raises:
        UserError: the file is missing, is not JSON, or has another form.
    """
    return checked(read_json(path), kind, str(path))


def checked(value: Any, kind: type[T], where: str) -> T:
    """`value`, checked to be a `kind`: no text instead of a number, no NaN, no missing and no unknown key.

    Raises:
        UserError: it is not a `kind`; the message says what is wrong and `where`.
    """
    try:
        valid: T = _adapter(cast(Hashable, kind)).validate_python(value, strict=True)
    except ValidationError as error:
        first, *others = error.errors(include_url=False, include_context=False)
        place = ".".join(map(_shown, first["loc"])) or "the whole"
        more = f" (and {len(others)} more)" if others else ""
        raise UserError(f"{where}: {place}: {_in_words(first['msg'])}{more}") from None
    return valid


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _shown(key: int | str) -> str:
    """A key in printable form: on one line, ASCII only, at most 60 characters before escapes."""
    return str(key) if isinstance(key, int) else ascii(key[:60])[1:-1]


def _in_words(message: str) -> str:
    """Pydantic's message, reworded to end one of our lines."""
    message = " ".join(message.removeprefix("Value error, ").split())
    return message[:1].lower() + message[1:]
