"""The conda environment has the pins of pyproject.toml."""

from __future__ import annotations

import tomllib

import yaml

from benchmark.system.project import ROOT


def test_conda_and_pip_install_the_same() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    environment = yaml.safe_load((ROOT / "envs" / "benchmark.yaml").read_text(encoding="utf-8"))
    (pip,) = (part["pip"] for part in environment["dependencies"] if isinstance(part, dict))
    wanted = project["dependencies"] + project["optional-dependencies"]["onnx"]  # an evaluation of two studies needs it
    assert sorted(pip) == sorted(wanted)


def test_every_channel_is_one() -> None:
    """`nodefaults`, which conda once read as "no others", is a channel of that name to conda 26.7 and newer."""
    environment = yaml.safe_load((ROOT / "envs" / "benchmark.yaml").read_text(encoding="utf-8"))
    assert environment["channels"] == ["conda-forge"]
