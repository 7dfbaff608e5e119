"""An installed copy has what the code reads beside itself."""

from __future__ import annotations

import tomllib

from setuptools import find_namespace_packages

from benchmark.study import ROOT

SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]


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
