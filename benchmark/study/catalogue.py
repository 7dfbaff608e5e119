"""All methods as a readable list: family, what they need besides the dense model, settings, source."""

from __future__ import annotations

import inspect
from dataclasses import fields

from benchmark.study.registry import load_method, method_names


def markdown() -> str:
    """A table with one row per method, for the README."""
    rows = ["| method | family | needs | what it does |", "|---|---|---|---|"]
    for name in method_names():
        method = load_method(name)
        rows.append(f"| `{name}` | {method.family} | {method.needs} | {_first_line(method)} |")
    return "\n".join(rows)


def paragraph(name: str) -> str:
    """Describe a method: its settings, their defaults and its source.

    Raises:
        UserError: there is no such method, or its file does not import.
    """
    method = load_method(name)
    lines = [f"{name}: {method.title} ({method.family}; needs {method.needs})", _first_line(method), method.citation()]
    lines += [f"{setting.name} = {setting.default!r}" for setting in fields(method.Settings)]
    return "\n    ".join(lines)


def _first_line(method: type) -> str:
    return (inspect.getdoc(method) or "").partition("\n")[0]
