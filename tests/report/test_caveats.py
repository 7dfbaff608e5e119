"""Nonsense gets no verdict, and what a record says is text on every page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from synthetic_study import RECIPES, build_study, failed

from benchmark.report.study_report import write_report
from benchmark.system.files import read_json, write_json

pytestmark = pytest.mark.usefixtures("undrawn")
PAGES = ("main.md", "short.md", "README.md", "significance.md", "main.tex", "index.html")
NASTY = '<img src=x onerror="alert(1)"> [a](http://b) | <http://c> `'


def report(folder: Path, dense_errors: float = 0.05, **of_each_run: object) -> dict[str, str]:
    """The pages of a study with a dense model of this WER."""
    recipes = {name: RECIPES[name] for name in ("dense", "self_pinching", "distillation")}
    recipes["dense"] = replace(recipes["dense"], errors={None: dense_errors})
    build_study(folder, seeds=(0,), utterances=20, troubled=False, recipes=recipes)
    for path in folder.glob("runs/*/run.json"):
        write_json(path, read_json(path) | of_each_run)
    write_report(folder / "runs", folder)
    return {name: (folder / name).read_text(encoding="utf-8") for name in PAGES}


def test_a_sound_study_has_no_caveat(tmp_path: Path) -> None:
    pages = report(tmp_path / "demo")
    assert not any("Caveat." in page for page in pages.values())


def test_a_dense_model_that_hears_nothing_stands_above_every_table(tmp_path: Path) -> None:
    pages = report(tmp_path / "demo", dense_errors=0.7)
    dense = pd.read_csv(tmp_path / "demo" / "main.csv").set_index("label").loc["dense"]
    wer = 100 * dense["test-clean_wer_mean"]
    assert wer > 50
    for name, page in pages.items():
        said = f"the dense model has {wer:.2f} % WER on test-clean, more than 50 %"
        assert (said.replace("%", r"\%") if name == "main.tex" else said) in page


def test_a_part_of_a_corpus_stands_above_every_table(tmp_path: Path) -> None:
    pages = report(tmp_path / "demo", partial_corpus=True)
    assert all("its corpus is only a part of the official one" in page for page in pages.values())


def test_titles_notes_and_reasons_are_neither_markup_nor_links(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    report(folder, title=NASTY, notes=[f"two\n\nlines {NASTY}"])
    path = folder / "runs" / "self_pinching-0.85-seed0" / "run.json"
    write_json(path, failed(read_json(path), NASTY))
    write_report(folder / "runs", folder)
    for name in ("main.md", "short.md", "README.md", "significance.md"):
        page = (folder / name).read_text(encoding="utf-8")
        assert "&lt;img" in page
        assert "<img" not in page
        assert "<http" not in page
        assert "[a](" not in page
        assert "\n\nlines" not in page
