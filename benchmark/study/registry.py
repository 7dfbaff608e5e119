"""Finds and imports methods. Every file in `methods/` is one; others come from installed packages or by path.

A package offers methods as entry points of the group `pinchbench.methods`, each a module with one `Method`. Finding
names and files imports nothing. A method's traits are declared on its class, and importing the class imports torch.
"""

from __future__ import annotations

import importlib.util
import inspect
import os
import re
import sys
from functools import cache
from importlib.metadata import EntryPoint, EntryPoints, entry_points
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from benchmark.system import project
from benchmark.system.errors import UserError, suggestion
from benchmark.system.strict_yaml import one_line

if TYPE_CHECKING:
    from benchmark.toolbox.contract import Method

METHODS = project.ROOT / "methods"
ENTRY_POINTS = "pinchbench.methods"
NAME = re.compile("[A-Za-z0-9][A-Za-z0-9_]{0,63}")  # a method's name becomes part of its runs' names


class BrokenMethod(UserError):
    """A method's file exists, but cannot be imported or does not declare one method as the contract requires."""


@cache
def _offers(_import_path: tuple[str, ...]) -> EntryPoints:
    """Entry points of installed packages. They are cached, since a study looks up each method several times."""
    return entry_points(group=ENTRY_POINTS)


def method_names() -> list[str]:
    """Names of all methods: the stems of the files in `methods/`, and the entry points of installed packages.

    Raises:
        UserError: a method's name cannot be part of a run's name.
    """
    here = {path.stem for path in METHODS.glob("*.py") if not path.stem.startswith("_")}
    names = sorted(here | _offers(tuple(sys.path)).names)
    for name in names:
        if not NAME.fullmatch(name):
            raise UserError(f"{name!r} cannot be a method's name: use at most 64 letters, digits and _")
    return names


def method_path(name: str) -> Path:
    """Return the file of a method, given by name or, if it ends in `.py`, by path relative to the project's folder.

    Raises:
        UserError: there is no such method, or there are two, or an installed package lacks the module that it offers.
    """
    if name.endswith(".py"):
        if not os.path.isfile(project.ROOT / name):  # Path.is_file raises for a name of 300 characters
            raise UserError(f"method file {name} does not exist")
        return (project.ROOT / name).resolve()
    path = METHODS / f"{name}.py"
    here = [path] if NAME.fullmatch(name) and path.is_file() else []
    match here + [_offered(entry) for entry in _offers(tuple(sys.path)).select(name=name)]:
        case [only]:
            return only
        case []:
            raise UserError(f'unknown method "{name}"{suggestion(name, method_names())}')
        case several:
            places = ", ".join(map(shown, several))
            raise UserError(f'{len(several)} methods are named "{name}": {places}; rename or uninstall one')


def _offered(entry: EntryPoint) -> Path:
    """The file of a module that an installed package offers as a method."""
    package = entry.dist.name if entry.dist else "an installed package"
    try:
        spec = importlib.util.find_spec(entry.value)
    except ImportError as error:
        raise UserError(f'{package} offers the method "{entry.name}", but: {error}') from error
    if spec is None or spec.origin is None:
        raise UserError(f'{package} offers the method "{entry.name}", but has no module {entry.value}')
    return Path(spec.origin)


def shown(path: Path) -> str:
    """The path of a method's file as messages show it."""
    return f"methods/{path.name}" if path.parent == METHODS else str(path)


def load_method(name: str) -> type[Method]:
    """Return the class of a method. A file is imported once per process, and again if it has changed.

    Raises:
        UserError: there is no such method.
        BrokenMethod: its file does not import, or does not hold exactly one `Method` with the required declarations.
    """
    path = method_path(name).resolve()
    return _method_in(path, path.stat().st_mtime_ns)


@cache
def _method_in(path: Path, _modified: int) -> type[Method]:
    from benchmark.toolbox.contract import Method

    module = _imported(path)
    defined = [
        member
        for _, member in inspect.getmembers(module, inspect.isclass)
        if issubclass(member, Method) and member.__module__ == module.__name__
    ]
    match [method for method in defined if not inspect.isabstract(method)]:
        case [method]:
            return method
        case []:
            lacking = f"class {defined[0].__name__} needs a method `compress(self, job)`" if defined else None
            raise BrokenMethod(
                f"{shown(path)}{f': {lacking}' if lacking else ' has no class that derives from Method'}"
            )
        case several:
            raise BrokenMethod(f"{shown(path)} defines {len(several)} Method classes; exactly one is needed")


def _imported(path: Path) -> ModuleType:
    """Import a file as a module. In `sys.modules`, the newest file with this stem takes the name."""
    name = f"methods.{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except UserError as error:  # raised by the contract if the class lacks a declaration
        raise BrokenMethod(f"{shown(path)}: {error}") from None
    except SyntaxError as error:
        place = shown(path) if error.filename in (None, str(path)) else error.filename
        raise BrokenMethod(one_line(f"{place}, line {error.lineno or 1}: {error.msg}")) from None
    except (Exception, SystemExit) as error:
        raise BrokenMethod(one_line(f"{shown(path)} cannot be imported: {type(error).__name__}: {error}")) from error
    return module
