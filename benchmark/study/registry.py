"""Finding methods. Every file in `methods/` is one; others come from installed packages or by path.

A package offers methods as entry points of the group `pinchbench.methods`, each a module with one `Method`. Reading
traits does not import a method's file (nor torch).
"""

from __future__ import annotations

import ast
import importlib.util
import inspect
import math
import os
import re
import sys
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, EntryPoints, entry_points
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.system import project
from benchmark.system.errors import UserError, suggestion

if TYPE_CHECKING:
    from benchmark.toolbox.contract import Method

METHODS = project.ROOT / "methods"
ENTRY_POINTS = "pinchbench.methods"
NAME = re.compile("[A-Za-z0-9][A-Za-z0-9_]{0,63}")  # a method's name becomes part of its runs' names


@dataclass(frozen=True)
class MethodTraits:
    """What planning a study needs to know of a method."""

    takes_target: bool
    seeded: bool
    family: object  # a text, if it can be read without importing the method
    settings: dict[str, ast.expr]  # name and annotation


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


def method_traits(name: str) -> MethodTraits:
    """Read a method's traits from its source, without importing it.

    Raises:
        UserError: there is no such method, or its file is not Python, or holds no `Method`.
    """
    method_class = _method_class(method_path(name))
    values = _plain_values(method_class)
    settings = next((n for n in method_class.body if isinstance(n, ast.ClassDef) and n.name == "Settings"), None)
    return MethodTraits(
        takes_target=bool(values.get("takes_target", True)),
        seeded=bool(values.get("seeded", True)),
        family=values.get("family"),
        settings={
            node.target.id: node.annotation
            for node in (settings.body if settings else [])
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
        },
    )


def method_source(name: str) -> str | None:
    """The `source` that a method's file states, read without running the file, so that any name may be asked for.

    Raises:
        UserError: there is no such method, or its file is not Python, or holds no `Method`.
    """
    source = _plain_values(_method_class(method_path(name))).get("source")
    return source if isinstance(source, str) else None


def _method_class(path: Path) -> ast.ClassDef:
    """The method in a file, parsed but not run."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except SyntaxError as error:
        raise UserError(f"{shown(path)}, line {error.lineno or 1}: {error.msg}") from None
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"{shown(path)} is not Python: {error}") from None
    method_class = next((node for node in tree.body if isinstance(node, ast.ClassDef) and _is_method(node)), None)
    if method_class is None:
        raise UserError(f"{shown(path)} has no class that derives from Method")
    return method_class


def _is_method(node: ast.ClassDef) -> bool:
    return any(isinstance(base, ast.Name) and base.id == "Method" for base in node.bases)


def _plain_values(node: ast.ClassDef) -> dict[str, object]:
    """What a class assigns that can be read without running it: `a = 1` and `a, b = 1, 2`."""
    values: dict[str, object] = {}
    for statement in node.body:
        if isinstance(statement, ast.Assign):
            names = [target.id for target in ast.walk(statement.targets[0]) if isinstance(target, ast.Name)]
            parts = statement.value.elts if isinstance(statement.value, ast.Tuple) else [statement.value]
            pairs = zip(names, parts, strict=False)
            values |= {name: part.value for name, part in pairs if isinstance(part, ast.Constant)}
    return values


def check_settings(name: str, settings: dict[str, object]) -> None:
    """Refuse settings that the method does not have, values of another type than theirs, and rates of zero or less.

    Raises:
        UserError: a setting is misspelt (names the nearest one), or its value is not what the method declares.
    """
    known = method_traits(name).settings
    for setting, value in settings.items():
        if setting not in known:
            raise UserError(f'method "{name}" has no setting "{setting}"{suggestion(setting, list(known))}')
        if not _fits(value, known[setting]):
            wanted = ast.unparse(known[setting])
            hint = " (YAML reads 2e-4 as text: write 2.0e-4)" if isinstance(value, str) and "float" in wanted else ""
            raise UserError(f'method "{name}": setting "{setting}" takes {wanted}, not {value!r}{hint}')
        if setting.endswith("_rate") and isinstance(value, float | int) and value <= 0:
            raise UserError(f'method "{name}": setting "{setting}" is a rate, which must be above 0, not {value!r}')


def _fits(value: object, annotation: ast.expr) -> bool:
    """Whether a value from YAML is of an annotated type: plain types, `Literal` and unions; others are not checked."""
    match annotation:
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _fits(value, left) or _fits(value, right)
        case ast.Constant(value=None):
            return value is None
        case ast.Name(id="float"):
            return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        case ast.Name(id="int" | "bool" | "str" as plain):
            return type(value).__name__ == plain
        case ast.Subscript(value=ast.Name(id="Literal"), slice=choices):
            options = ast.literal_eval(choices)
            return value in (options if isinstance(options, tuple) else (options,))
        case _:
            return True


def load_method(name: str) -> type[Method]:
    """Import a method's file and return its class.

    Raises:
        UserError: there is no such method, its file does not import, or it does not hold exactly one `Method` with
            title, family and source.
    """
    from benchmark.toolbox.contract import Method, require_described

    path = method_path(name)
    module_name = f"methods.{path.stem}"
    spec = importlib.util.spec_from_file_location(module_name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise UserError(f"{shown(path)} does not import: {type(error).__name__}: {error}") from error
    classes = [
        member
        for _, member in inspect.getmembers(module, inspect.isclass)
        if issubclass(member, Method) and member.__module__ == module_name
    ]
    if len(classes) != 1:
        raise UserError(f"{shown(path)} holds {len(classes)} Method classes; exactly one is needed")
    require_described(classes[0], shown(path))
    return classes[0]
