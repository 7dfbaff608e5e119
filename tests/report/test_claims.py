"""The paper's claims in words, from studies in which the answer is known."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from synthetic_study import RECIPES, Recipe, build_study

from benchmark.report.claims import time_sentences
from benchmark.report.comparisons import compare_rows
from benchmark.report.rows import table_rows
from benchmark.runs.collection import read_collection

QUICK = {"half": (0.06, 130.0), "quarter": (0.4, 65.0)}  # WER and seconds with a share of the budget
RECIPES_AT_65 = {
    name: replace(RECIPES[name], errors={target: RECIPES[name].errors[target]})
    for name, target in {"dense": None, "self_pinching": 0.65, "distillation": 0.65}.items()
} | {
    f"self_pinching_{share}": Recipe(share, "unstructured", {0.65: rate}, seconds, "self_pinching")
    for share, (rate, seconds) in QUICK.items()
}


def said_of_time(folder: Path, recipes: dict[str, Recipe]) -> list[str]:
    """What is said after the first sentence, one a test set."""
    build_study(folder, seeds=(0,), utterances=40, troubled=False, recipes=recipes)
    collection = read_collection(folder / "runs")
    rows = table_rows(collection)
    return time_sentences(rows, compare_rows(collection, rows))[1:]


def test_the_quickest_row_of_the_gates_with_no_higher_wer_counts(tmp_path: Path) -> None:
    sentences = said_of_time(tmp_path, RECIPES_AT_65)
    assert len(sentences) == 2
    for sentence in sentences:
        assert "the best two-stage method is Distillation, 65 %" in sentence
        assert "; half, 65 %" in sentence
        assert "is enough: significantly better" in sentence
        assert re.search(r"-5\d % time", sentence)


def test_gates_that_lose_more_words_save_no_time(tmp_path: Path) -> None:
    worse = {name: replace(recipe, errors={0.65: 0.5}) for name, recipe in RECIPES_AT_65.items() if "pinch" in name}
    for sentence in said_of_time(tmp_path, RECIPES_AT_65 | worse):
        assert sentence.endswith("no row of the gates has its WER.")
