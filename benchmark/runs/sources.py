"""Finds and hashes the source files behind a run's result: its method's and the shared code it imports. No torch."""

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

# The rooms whose code determines a method's result. The corpus has its own hash; `system` only handles files and locks.
ROOMS = tuple(f"benchmark.{room}" for room in ("toolbox", "models", "training"))
JOB = "benchmark.runs.job_setup"  # sets up the job that every method is called with


@dataclass(frozen=True)
class _Source:
    """The relevant parts of a source file."""

    digest: str
    imports: frozenset[tuple[str, int]]  # absolute or relative module names, with the number of leading dots


def source_files(method: str) -> list[Path]:
    """Return a method's file, then all modules of `methods/` and the rooms above that it imports, even indirectly.

    Imports are read from the source wherever they occur: at the top, in a function, or only for types. A module that
    is imported by a computed name is not found.

    Args:
        method: the method's name, or the path of its file.

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
    """Hash the code of `source_files`, without comments, docstrings and layout.

    The hash is of the code as Python prints it from the syntax tree, so that a rewritten comment invalidates no result.

    Raises:
        UserError: there is no such method.
    """
    first, *others = source_files(method)
    return hash_of([_read(first).digest, sorted((path.name, _read(path).digest) for path in others)])


def _imported(path: Path) -> Iterator[str]:
    """Absolute names of the modules that a file may import; some may be names within a module."""
    package = ".".join(path.relative_to(_root()).parent.parts) if path.is_relative_to(_root()) else "methods"
    for name, dots in sorted(_read(path).imports):
        with suppress(ImportError):  # more dots than there are folders
            yield resolve_name("." * dots + name, package)


def _files(module: str) -> list[Path]:
    """The files of a module in `methods/` or the rooms above; empty for any other module."""
    if module.startswith("methods."):
        base = registry.METHODS / module.removeprefix("methods.").replace(".", "/")
    elif module == JOB or module.startswith(tuple(f"{room}." for room in ROOMS)) or module in ROOMS:
        base = _root() / module.replace(".", "/")
    else:
        return []
    return [path for path in (base.with_suffix(".py"), base / "__init__.py") if path.is_file()]


def _root() -> Path:
    """The folder of the running `benchmark` package."""
    return Path(benchmark.__path__[0]).parent


def _read(path: Path) -> _Source:
    return _parsed(path.read_bytes())


@cache
def _parsed(source: bytes) -> _Source:
    """The relevant parts of a file's bytes; all of them if it is not valid Python."""
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
    """Removes statements that are only strings, such as docstrings."""

    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        """Drop a statement that is only a string."""
        text = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        return None if text else node
