"""Tells readers without the references of a study how to obtain them."""

from __future__ import annotations

from benchmark.corpora.an4_download import SIZE
from benchmark.study.file import load_study
from benchmark.system.project import ROOT


def how_to_write_them(study: str) -> str:
    """The commands that write a study's `ref/`, and what they download."""
    config = ROOT / "config" / f"{study}.yaml"
    name = f"config/{study}.yaml" if config.is_file() else "CONFIG"
    commands = f"`python -m benchmark prepare {name} && python -m benchmark publish {name}` writes the references"
    return f"{commands}{_download(study) if config.is_file() else ', with the YAML of the study as CONFIG'}."


def _download(study: str) -> str:
    corpus = load_study(ROOT / "config" / f"{study}.yaml").corpus
    if corpus.name != "an4" or corpus.root is not None:
        return ""
    return f" (it downloads {SIZE}, unless PINCHBENCH_AN4_ROOT names a folder that holds AN4)"
