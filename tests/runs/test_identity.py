"""A run's identity changes with the code that decides its result, and with nothing else in a source file."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from made_study import configuration

import benchmark
from benchmark.runs.identity import identity, plan_digest
from benchmark.runs.sources import source_files
from benchmark.study import registry
from benchmark.study.file import parse_study
from benchmark.system.project import ROOT

METHOD = '''"""Made for a test."""

from methods.shared import threshold

from benchmark.toolbox.contract import Method
from benchmark.toolbox.masks import magnitude_masks


class Made(Method):
    """Prunes."""

    title, family, source = "Made", "unstructured", "a test"

    def compress(self, job):
        """Cut, then train."""
        from benchmark.toolbox import sparsity_loss

        return job.model  # as it is
'''
CODE = "\nCHANGED = 1\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the code, from which identities are computed, with a method `made`."""
    shutil.copytree(ROOT / "benchmark", tmp_path / "benchmark", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "methods").mkdir()
    (tmp_path / "methods" / "made.py").write_text(METHOD)
    (tmp_path / "methods" / "shared.py").write_text("threshold = 1\n")
    monkeypatch.setattr(benchmark, "__path__", [str(tmp_path / "benchmark")])
    monkeypatch.setattr(registry, "METHODS", tmp_path / "methods")
    return tmp_path


def identities() -> tuple[str, str]:
    study = parse_study(configuration(methods={"made": None}), Path("made.yaml"))
    (plan,) = study.runs
    return identity(study, plan, {}, {}), plan_digest(study, plan)


@pytest.mark.parametrize(
    "file",
    [
        pytest.param("methods/made.py", id="the method"),
        pytest.param("methods/shared.py", id="a module of methods"),
        pytest.param("benchmark/toolbox/masks.py", id="imported at the top"),
        pytest.param("benchmark/toolbox/sparsity_loss.py", id="imported in a function"),
        pytest.param("benchmark/training/loop.py", id="imported by what a method is called with"),
        pytest.param("benchmark/models/units.py", id="imported by a module that is imported"),
        pytest.param("benchmark/models/regularisation.py", id="imported by what makes the job"),
    ],
)
def test_code_that_a_method_uses_is_part_of_it(project: Path, file: str) -> None:
    before, path = identities(), project / file
    assert path in source_files("made")
    path.write_text(path.read_text() + CODE)
    after = identities()
    assert after[0] != before[0]
    assert after[1] != before[1]
    path.write_text(path.read_text().removesuffix(CODE))
    assert identities() == before


@pytest.mark.parametrize(
    "file",
    [
        "benchmark/toolbox/hard_concrete.py",
        "benchmark/system/files.py",
        "benchmark/corpora/an4.py",
        "benchmark/runs/publication.py",
        "benchmark/report/rows/rows.py",
    ],
)
def test_code_that_it_does_not_use_is_not(project: Path, file: str) -> None:
    before, path = identities(), project / file
    assert path not in source_files("made")
    path.write_text(path.read_text() + CODE)
    assert identities() == before


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda text: f"# said better\n{text}", id="comment"),
        pytest.param(lambda text: text.replace('"""Made for a test."""', '"""Made."""'), id="docstring of the file"),
        pytest.param(lambda text: text.replace('    """Prunes."""\n', ""), id="no docstring of the class"),
        pytest.param(lambda text: text.replace("Cut, then train.", "Cut."), id="docstring of the function"),
        pytest.param(lambda text: text.replace("  # as it is", ""), id="comment at the end of a line"),
        pytest.param(lambda text: text.replace('"Made", "unstr', "'Made', \"unstr"), id="quotes"),
    ],
)
def test_words_and_layout_are_not(project: Path, change: Callable[[str], str]) -> None:
    before, path = identities(), project / "methods" / "made.py"
    changed = change(METHOD)
    assert changed != METHOD
    path.write_text(changed)
    assert identities() == before


def test_a_text_that_is_a_value_is_part_of_it(project: Path) -> None:
    before, path = identities(), project / "methods" / "made.py"
    path.write_text(METHOD.replace('"a test"', '"another"'))
    assert identities() != before


def test_shared_code_that_is_no_python_is_taken_as_it_is(project: Path) -> None:
    path = project / "methods" / "shared.py"
    path.write_text("threshold = (\n")
    before = identities()
    path.write_text("threshold = ((\n")
    assert identities() != before
