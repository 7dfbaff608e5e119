"""Dependencies point one way: every room imports only rooms below it, and no files import each other in a circle."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = (  # from the ground up; docs/architecture.md has the picture
    "system",
    "scoring",
    "corpora",
    "models",
    "training",
    "inference",
    "toolbox",
    "smoothing",
    "evaluations",
    "study",
    "runs",
    "report",
    "export",
    "throughput",
    "pipeline",
    "pretraining",
    "commands",
)
MODULES = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in ROOT.glob("benchmark/**/*.py")}
# A method gets a job, and a job's methods name the contract in their types.
ALLOWED = {("benchmark.toolbox.contract", "benchmark.toolbox.job")}


def imported(path: Path) -> Iterator[str]:
    """Modules of the suite that a file imports anywhere: at its top, in a function, or for its types alone."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            for name in node.names:
                member = f"{node.module}.{name.name}"
                yield member if member in MODULES else node.module
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


def room(module: str) -> str:
    return module.split(".")[1] if module.count(".") > 1 else ""


IMPORTS = {name: {other for other in imported(path) if other in MODULES} for name, path in MODULES.items()}


def test_every_folder_is_a_known_room() -> None:
    assert {path.parent.name for path in ROOT.glob("benchmark/*/__init__.py")} == set(ROOMS)


@pytest.mark.parametrize("name", ROOMS)
def test_a_room_imports_only_what_is_below_it(name: str) -> None:
    above = set(ROOMS[ROOMS.index(name) + 1 :])
    wrong = [(a, b) for a, others in IMPORTS.items() if room(a) == name for b in others if room(b) in above]
    assert wrong == []


def test_no_files_import_each_other_in_a_circle() -> None:
    graph = {name: {other for other in others if (name, other) not in ALLOWED} for name, others in IMPORTS.items()}
    TopologicalSorter(graph).prepare()


def test_the_methods_stand_outside() -> None:
    assert [name for name, path in MODULES.items() if any(n.startswith("methods") for n in imported(path))] == []


def test_every_file_is_short() -> None:
    lengths = {str(path.relative_to(ROOT)): path.read_text().count("\n") for path in MODULES.values()}
    assert {name: lines for name, lines in lengths.items() if lines > 300} == {}
