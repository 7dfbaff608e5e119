"""An installed copy has the files that the code reads."""

from __future__ import annotations

import tomllib

from packaging.requirements import Requirement
from setuptools import find_namespace_packages

from benchmark.system.project import ROOT

FILE = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SETTINGS, PROJECT = FILE["tool"]["setuptools"], FILE["project"]


def test_every_folder_with_code_is_a_package_that_is_installed() -> None:
    found = find_namespace_packages(str(ROOT), include=SETTINGS["packages"]["find"]["include"])
    folders = {path.parent for name in ("benchmark", "methods") for path in (ROOT / name).rglob("*.py")}
    assert set(found) == {".".join(folder.relative_to(ROOT).parts) for folder in folders}


def test_every_other_file_beside_the_code_is_package_data() -> None:
    data = SETTINGS["package-data"]
    beside = [path for path in (ROOT / "benchmark").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    for path in beside:
        package = ".".join(path.parent.relative_to(ROOT).parts)
        assert path.suffix == ".py" or any(path.match(pattern) for pattern in data.get(package, [])), path


def test_an_environment_without_cuda_keeps_the_pins() -> None:
    """The README tells pip of an index of CPU builds; they are versions such as 2.11.0+cpu."""
    pins = [Requirement(pin) for pin in PROJECT["dependencies"]]
    versions = {pin.name: str(pin.specifier).removeprefix("==") for pin in pins if pin.name in ("torch", "torchaudio")}
    assert len(versions) == 2
    assert all(pin.specifier.contains(f"{versions[pin.name]}+cpu") for pin in pins if pin.name in versions)
    assert "PIP_EXTRA_INDEX_URL=ADDRESS make mini" in (ROOT / "README.md").read_text(encoding="utf-8")
