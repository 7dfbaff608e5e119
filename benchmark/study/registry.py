"""Finding methods and importing them. Every file in `methods/` is one; others come from packages or by path.

A package offers methods as entry points of the group `pinchbench.methods`, each a module with one `Method`. Names and
files are found without importing anything; what a method declares is on its class, and importing that imports torch.
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
    """A method's file is there, but cannot be imported or does not declare one method as the contract asks."""


@cache
def _offers(_import_path: tuple[str, ...]) -> EntryPoints:
    """What installed packages offer, read once: a study asks for each of its methods a few times."""
    return entry_points(group=ENTRY_POINTS)


def method_names() -> list[str]:
    """Names of all methods: the stems of the files in `methods/`, and the entry points of installed packages.

    Raises:
        UserError: one has a name that no run can be named after.
    """
    here = {path.stem for path in METHODS.glob("*.py") if not path.stem.startswith("_")}
    names = sorted(here | _offers(tuple(sys.path)).names)
    for name in names:
        if not NAME.fullmatch(name):
            raise UserError(f"the method {name!r} needs another name: at most 64 letters, digits and _")
    return names


def method_path(name: str) -> Path:
    """The file of a method: of this name, or at this path if it ends in `.py` (relative to the project's folder).

    Raises:
        UserError: there is no such method, or there are two, or an installed package lacks what it offers.
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
    """A method's file as a message names it."""
    return f"methods/{path.name}" if path.parent == METHODS else str(path)


def load_method(name: str) -> type[Method]:
    """The class of a method. A file is imported once per process, and again once it has changed.

    Raises:
        UserError: there is no such method.
        BrokenMethod: its file does not import, or does not hold exactly one `Method` that declares what it must.
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
            raise BrokenMethod(f"{shown(path)} holds {len(several)} Method classes; exactly one is needed")


def _imported(path: Path) -> ModuleType:
    """The module in a file. Its name in `sys.modules` is that of the newest file of this stem."""
    name = f"methods.{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except UserError as error:  # of the contract: what the class must declare
        raise BrokenMethod(f"{shown(path)}: {error}") from None
    except SyntaxError as error:
        place = shown(path) if error.filename in (None, str(path)) else error.filename
        raise BrokenMethod(one_line(f"{place}, line {error.lineno or 1}: {error.msg}")) from None
    except (Exception, SystemExit) as error:
        raise BrokenMethod(one_line(f"{shown(path)} does not import: {type(error).__name__}: {error}")) from error
    return module
