"""The toolbox as a table for authors of methods: what each of its modules offers, read from the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import benchmark

CODE = Path(benchmark.__file__).parent
# Modules of other rooms that methods import too, and modules of the toolbox that only the harness imports.
ALSO = ("models/encoder.py", "models/units.py", "models/gating.py", "training/masked_weights.py", "training/hooks.py")
HARNESS = ("__init__.py", "declarations.py", "setting_types.py", "requirements.py", "shared_training.py", "own_loop.py")


def markdown() -> str:
    """One row per public class and function: its module, its name, and the first line of its docstring."""
    lines = ["| module | name | what it is |", "|---|---|---|"]
    for path in modules():
        where = f"`benchmark/{path.relative_to(CODE).as_posix()}`"
        for name, meaning in _public(path):
            lines.append(f"| {where} | `{name}` | {meaning} |")
            where = ""  # once per module
    return "\n".join(lines)


def modules() -> Iterator[Path]:
    """The files that authors of methods import from."""
    yield from (path for path in sorted(CODE.glob("toolbox/*.py")) if path.name not in HARNESS)
    yield from (CODE / name for name in ALSO)


def _public(path: Path) -> Iterator[tuple[str, str]]:
    """The documented public classes and functions of a module, with the first lines of their docstrings."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if not isinstance(node, ast.ClassDef | ast.FunctionDef) or node.name.startswith("_"):
            continue
        if meaning := ast.get_docstring(node):
            yield node.name, meaning.splitlines()[0].replace("|", r"\|")
