"""Tells readers without the references of a study how to obtain them."""

from __future__ import annotations

from benchmark.corpora.an4_download import SIZE
from benchmark.report.prose.filling import plain_text
from benchmark.study.file import load_study
from benchmark.system.errors import UserError
from benchmark.system.project import ROOT


def how_to_write_them(study: str) -> str:
    """The commands that write a study's `ref/`, and what they download."""
    config = f"config/{study}.yaml"
    found = (ROOT / config).is_file()
    return plain_text(
        "reference_sources.jinja", config=config if found else None, download=_download(config) if found else None
    )


def _download(config: str) -> str | None:
    """The size of what the commands download, if they download anything and the study's file can be read."""
    try:
        corpus = load_study(ROOT / config).corpus
    except UserError:
        return None
    return SIZE if corpus.name == "an4" and corpus.root is None else None
