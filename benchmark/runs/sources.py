"""The source files that a run's result comes from: its method's, and the shared code that this imports. No torch."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.util import resolve_name
from pathlib import Path

import benchmark
from benchmark.study import registry
from benchmark.system.files import hash_of

# The rooms whose code decides what a method returns. The corpus has a hash of its own; `system` holds files and locks.
ROOMS = tuple(f"benchmark.{room}" for room in ("toolbox", "models", "training"))
JOB = "benchmark.runs.job_setup"  # what every method is called with


@dataclass(frozen=True)
class _Source:
    """What matters of a source file."""

    digest: str
    imports: frozenset[tuple[str, int]]  # absolute or relative module names, and how many dots stand before them


def source_files(method: str) -> list[Path]:
    """A method's file, first, and all modules that it imports of `methods/` and of the rooms above, also indirectly.

    Imports are read from the source, wherever they stand: at the top, in a function, or for types alone. A module
    that is imported by a name which is computed is not found.

    Args:
        method: its name, or the path of its file.

    Raises:
        UserError: there is no such method.
    """
    first = registry.method_path(method)
    found = dict.fromkeys([first, *_files(JOB)])
    waiting = list(found)
    while waiting:
        path = waiting.pop()
        for name in _imported(path):
            new = [other for other in _files(name) if other not in found]
            found |= dict.fromkeys(new)
            waiting += new
    return [first, *sorted(found.keys() - {first})]


def source_hash(method: str) -> str:
    """Hash of the code of `source_files`. Comments, docstrings and layout are no part of it.

    The code is compared as Python writes it out again, so that a sentence that is put better discards no result.

    Raises:
        UserError: there is no such method.
    """
    first, *others = source_files(method)
    return hash_of([_read(first).digest, sorted((path.name, _read(path).digest) for path in others)])


def _imported(path: Path) -> Iterator[str]:
    """Absolute names of the modules that a file may import; some may be names inside a module."""
    package = ".".join(path.relative_to(_root()).parent.parts) if path.is_relative_to(_root()) else "methods"
    for name, dots in sorted(_read(path).imports):
        with suppress(ImportError):  # more dots than there are folders
            yield resolve_name("." * dots + name, package)


def _files(module: str) -> list[Path]:
    """The file of a module of `methods/` or of the rooms above; none for any other."""
    if module.startswith("methods."):
        base = registry.METHODS / module.removeprefix("methods.").replace(".", "/")
    elif module == JOB or module.startswith(tuple(f"{room}." for room in ROOMS)) or module in ROOMS:
        base = _root() / module.replace(".", "/")
    else:
        return []
    return [path for path in (base.with_suffix(".py"), base / "__init__.py") if path.is_file()]


def _root() -> Path:
    """The folder of the package `benchmark` that runs."""
    return Path(benchmark.__path__[0]).parent


def _read(path: Path) -> _Source:
    return _parsed(path.read_bytes())


@cache
def _parsed(source: bytes) -> _Source:
    """What matters of a file's bytes; of one that is no Python, all."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return _Source(hashlib.sha256(source).hexdigest(), frozenset())
    imports: set[tuple[str, int]] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imports |= {(alias.name, 0) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            stem = f"{node.module}." if node.module else ""
            imports |= {(node.module or "", node.level), *((stem + alias.name, node.level) for alias in node.names)}
    code = ast.unparse(_WithoutText().visit(tree))
    return _Source(hashlib.sha256(code.encode()).hexdigest(), frozenset(imports))


class _WithoutText(ast.NodeTransformer):
    """Takes out strings that stand alone, as docstrings do."""

    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        """Drop a statement that is nothing but a string."""
        text = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        return None if text else node
