"""A strict YAML reader: only values that JSON can hold, no key twice, no tags and no merged mappings. No torch."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import yaml

from benchmark.system.errors import UserError

LARGEST = 2**63  # larger integers fit neither an array index nor the reader of a record
MOST_VALUES = 100_000  # per file, with aliases expanded: a few lines of nested aliases can stand for billions
MERGE = "tag:yaml.org,2002:merge"


class _Loader(yaml.SafeLoader):
    """Refuses repeated keys, tags, which name types, and `<<`, which copies one mapping into another."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if getattr(event, "tag", None) is not None:
            raise _refused(f"the tag {event.tag} is not supported: leave it out", event.start_mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        lines: dict[str, int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag == MERGE:
                raise _refused("a key must be text, and << is not supported", key.start_mark)
            if key.value in lines:
                raise _refused(f'the key "{key.value}" appears twice, first in line {lines[key.value]}', key.start_mark)
            lines[key.value] = key.start_mark.line + 1
        return super().construct_mapping(node, deep)


def _refused(problem: str, place: Any) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=place)


def read_yaml_file(path: Path) -> Any:
    """The content of a YAML file.

    Raises:
        FileNotFoundError: there is no such file.
        UserError: it cannot be read, or is not valid YAML in UTF-8.
    """
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise UserError(one_line(f"{path} cannot be read: {error.strerror}")) from None
    except UnicodeDecodeError:
        raise UserError(f"{path} is not valid YAML: it is not text in UTF-8") from None
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise UserError(one_line(f"{path} is not valid YAML: {line}{error.problem}")) from None
    except (yaml.YAMLError, ValueError) as error:
        raise UserError(one_line(f"{path} is not valid YAML: {error}")) from None
    except RecursionError:
        raise UserError(f"{path} is not valid YAML: it is nested too deeply") from None
    if _is_endless(content):
        raise UserError(f"{path}: its aliases stand for more than {MOST_VALUES:,} values, or for themselves")
    return content


def _is_endless(content: Any) -> bool:
    left, seen = [content], 0
    while left and seen <= MOST_VALUES:
        value = left.pop()
        seen += 1
        left += value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return seen > MOST_VALUES


def require_plain(value: object, place: str = "") -> None:
    """Refuse what JSON cannot hold or no setting can mean: NaN, infinity, dates, keys that are not text.

    Raises:
        UserError: the message names the `place`, such as `budget.limit`.
    """
    match value:
        case None | bool():
            return
        case dict():
            for key, part in value.items():
                if not isinstance(key, str) or not key.isprintable():
                    raise UserError(one_line(f"{place or 'the study'}: the key {key!r} is not text: put it in quotes"))
                require_plain(part, f"{place}.{key}" if place else key)
        case list():
            for index, part in enumerate(value):
                require_plain(part, f"{place}.{index}")
        case str():
            if not value.isprintable():
                raise UserError(one_line(f"{place}: {value!r} holds characters that cannot be printed"))
        case int():
            if abs(value) >= LARGEST:
                raise UserError(f"{place}: the number is too large")
        case float():
            if not math.isfinite(value):
                raise UserError(f"{place}: {value} is not a finite number")
        case _:
            raise UserError(one_line(f"{place}: YAML reads {value} as a {type(value).__name__}: put it in quotes"))


def one_line(message: str, most: int = 400) -> str:
    """A message that quotes user input, on one line and at most `most` characters long (then ` ...`)."""
    line = " ".join(message.split())
    return line if len(line) <= most else f"{line[:most]} ..."
