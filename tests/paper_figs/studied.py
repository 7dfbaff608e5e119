"""A results folder with a synthetic study under a paper study's name, and the paper's pages made from it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd

from paper_figs import claims_table, main_table, pages, published_table

TABLES = (main_table.build, claims_table.build, published_table.build)
FULL = {"test-clean": 2620, "test-other": 2939}


def as_paper_study(demo: Path, results: Path, name: str = "librispeech", full: bool = True) -> Path:
    """Copy a study's three CSV files to `results/name`; with `full` its test sets have LibriSpeech's sizes."""
    folder = results / name
    folder.mkdir(parents=True)
    for file in ("main.csv", "runs.csv", "significance.csv"):
        shutil.copy(demo / file, folder / file)
    if full:
        runs = pd.read_csv(folder / "runs.csv")
        runs["utterances"] = runs["test_set"].map(FULL)
        runs.to_csv(folder / "runs.csv", index=False)
    return folder


def make_tables(results: Path, *arguments: str) -> int:
    """Run all table scripts; the exit code."""
    return pages.run(TABLES, None, [*arguments, "--results", str(results)])


def cells(page: Path, part: str) -> pd.DataFrame:
    """The first table below a heading of a Markdown page, with the first column as index.

    `part` is the heading, or those of a section and of a table in it, joined by " / ".
    """
    text = page.read_text(encoding="utf-8")
    for level, heading in zip(("## ", "### "), part.split(" / "), strict=False):
        text = text.partition(f"\n{level}{heading}\n")[2].partition(f"\n{level}")[0]
    lines = [line for line in text.partition("\n## ")[0].splitlines() if line.startswith("|")]
    split = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return pd.DataFrame(split[2:], columns=split[0]).set_index(split[0][0])
