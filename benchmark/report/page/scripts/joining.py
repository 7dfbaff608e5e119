"""Joins the page's modules into one script: modules of a page that is a file cannot import each other."""

from __future__ import annotations

import re
from graphlib import TopologicalSorter
from pathlib import Path

FOLDER = Path(__file__).parent
IMPORT = re.compile(r'^import (\{[^}]*\}) from "\./(\w+)\.js";$', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async )?(?:const|function) (\w+))", re.MULTILINE)


def script() -> str:
    """The modules in this folder, each as a function that is called once, after the modules that it imports."""
    sources = {path.stem: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.js"))}
    imports = {name: [other for _, other in IMPORT.findall(source)] for name, source in sources.items()}
    return "".join(_called(name, sources[name]) for name in TopologicalSorter(imports).static_order())


def _called(name: str, source: str) -> str:
    """A module as a constant of the same name, which holds what it exports."""
    exported = ", ".join(EXPORT.findall(source))
    body = EXPORT.sub("", IMPORT.sub(r"const \1 = \2;", source))
    return f"const {name} = (() => {{\n{body}return {{ {exported} }};\n}})();\n"
