"""Generates the JSON schema and the tables of keys in docs/ from the typed model of a study's file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from benchmark.study.keys import StudyKeys
from benchmark.system.project import ROOT
from benchmark.system.typed_yaml import schema_of

SCHEMA_FILE = ROOT / "config" / "schema.json"
DIALECT = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
ONE_BUDGET = "BudgetConfig"  # described only once, at the study's own `budget`


def schema_text() -> str:
    """The content of config/schema.json."""
    return json.dumps(DIALECT | schema_of(StudyKeys), indent=2, ensure_ascii=False) + "\n"


def markdown(keys: type = StudyKeys) -> str:
    """A table with one row per key: its meaning and its default; required keys are bold."""
    rows = ["| key | meaning | default |", "|---|---|---|"]
    schema = schema_of(keys)
    return "\n".join([*rows, *_rows(schema, schema, "")])


def _rows(part: dict[str, Any], schema: dict[str, Any], place: str) -> Iterator[str]:
    for key, content in part["properties"].items():
        name = f"`{place}{key}`"
        shown = f"**{name}**" if key in part.get("required", ()) else name
        yield f"| {shown} | {content.get('description', '')} | {_default(content)} |"
        inner, label = _object(content, schema)
        if inner is not None and (place == "" or inner["title"] != ONE_BUDGET):
            yield from _rows(inner, schema, f"{place}{key}.{label}")


def _object(content: dict[str, Any], schema: dict[str, Any]) -> tuple[dict[str, Any] | None, str]:
    """The object that a key holds, or that each of its labels holds; and the placeholder for a label."""
    for choice in (content, *content.get("anyOf", ())):
        if "$ref" in choice:
            return schema["$defs"][choice["$ref"].rpartition("/")[2]], ""
    for labelled in content.get("patternProperties", {}).values():
        return _object(labelled, schema)[0], "<label>."
    return None, ""


def _default(content: dict[str, Any]) -> str:
    """A key's default in words; the defaults of a section are those of its keys."""
    match content.get("default"):
        case None:
            return "none" if "default" in content else ""
        case dict() | [] | "":
            return ""
        case list(several):
            return ", ".join(map(str, several))
        case bool(truth):
            return str(truth).lower()
        case value:
            return f"{value:g}" if isinstance(value, float) else str(value)
