"""Who stands where at a target, and what a ranking, the table of errors and the summary say of it."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pandas as pd
import pytest
from synthetic_study import RECIPES, TEST_SETS, Recipe, build_study

from benchmark.report.figures.ranking_figure import ranking
from benchmark.report.findings.paper_claims import Finding
from benchmark.report.findings.summary import named, summarise
from benchmark.report.findings.use_claims import UseFinding
from benchmark.report.prose.filling import markdown_text
from benchmark.report.prose.wording import enumerated, verb
from benchmark.report.rows.all_seeds import AllSeeds, compare_all_seeds
from benchmark.report.rows.comparisons import Comparisons, Verdict, compare_rows
from benchmark.report.rows.ranking import in_reading_order
from benchmark.report.rows.rows import Row, known, reference_of, table_rows, target_heading
from benchmark.report.rows.standings import compared_targets, standings
from benchmark.report.tables.error_kinds import error_frame
from benchmark.runs.collection import read_collection
from benchmark.scoring.multiple import holm

CLEAN = "test-clean"
EQUAL = {"near": 0.0505, "nearer": 0.0515}
RECIPES_AT_65 = {
    "dense": RECIPES["dense"],
    "self_pinching": RECIPES["self_pinching"],
    **{label: Recipe(label.title(), "structured", {0.65: rate}) for label, rate in EQUAL.items()},
    "far": Recipe("Far", "low-rank", {0.65: 0.3}),
    "random_pruning": Recipe("Random pruning", "control", {0.65: 0.2}),
    "int8": Recipe("int8", "quantised", {None: 0.05}),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("standings") / "demo"
    return build_study(place, seeds=(0, 1), utterances=120, troubled=False, recipes=RECIPES_AT_65)


@pytest.fixture(scope="module")
def read(folder: Path) -> tuple[list[Row], Comparisons, AllSeeds]:
    collection = read_collection(folder / "runs")
    rows = table_rows(collection)
    comparisons = compare_rows(collection, rows)
    return in_reading_order(rows, comparisons.test_sets), comparisons, compare_all_seeds(collection, rows, [])


Read = tuple[list[Row], Comparisons, AllSeeds]


def test_rows_are_read_from_dense_over_own_sizes_to_the_worst_at_the_target(read: Read) -> None:
    rows, comparisons, _ = read
    assert [row.label for row in rows[:2]] == ["dense", "int8"]
    assert [row.target for row in rows[2:]] == [0.65] * 5 + [0.85]
    wers = [known(row.wer(comparisons.test_sets[0])).mean for row in rows[2:7]]
    assert wers == sorted(wers)


def test_letters_are_shared_by_those_that_do_not_differ_after_holms_correction(read: Read) -> None:
    rows, _, all_seeds = read
    found = standings(rows, 0.65, CLEAN, all_seeds)
    assert [standing.wer for standing in found] == sorted(standing.wer for standing in found)
    pairs = list(combinations(found, 2))
    adjusted = holm([all_seeds.difference(a.row, b.row, CLEAN).p for a, b in pairs])  # type: ignore[union-attr]
    for (a, b), p in zip(pairs, adjusted, strict=True):
        assert bool(set(a.letters) & set(b.letters)) == (p is None or p >= 0.05)
    assert len({*found[0].letters, *found[-1].letters}) > 1


def test_a_control_has_a_place_but_no_rank(read: Read) -> None:
    rows, _, all_seeds = read
    found = {standing.row.label: standing for standing in standings(rows, 0.65, CLEAN, all_seeds)}
    assert found["random_pruning"].rank is None
    assert [found[label].rank.overall for label in ("far", "self_pinching")] == [4, 1]  # type: ignore[union-attr]
    for standing in found.values():
        low, high = standing.interval or (1.0, 0.0)
        assert low < standing.wer < high
        assert len(standing.seeds) == 2


def test_one_row_alone_is_not_ranked(read: Read) -> None:
    rows, _, _ = read
    assert compared_targets(rows) == [0.65]  # int8 is alone among those of own sizes


def test_without_references_there_are_neither_intervals_nor_letters(read: Read) -> None:
    rows, _, _ = read
    found = standings(rows, 0.65, CLEAN, AllSeeds({}, []))
    assert [standing.interval for standing in found] == [None] * 5
    assert [standing.letters for standing in found] == [[]] * 5


def test_the_figure_names_methods_in_the_order_of_each_test_set(read: Read) -> None:
    rows, comparisons, all_seeds = read
    figure = ranking(rows, 0.65, list(TEST_SETS), all_seeds, comparisons.dense)
    for axes, test_set in zip(figure.axes[::2], TEST_SETS, strict=True):
        names = [label.get_text()[:-4] for label in axes.get_yticklabels()]
        assert names == [standing.row.title for standing in standings(rows, 0.65, test_set, all_seeds)]
        assert any("dense" in text.get_text() for text in axes.texts)


def test_a_figure_of_fifty_methods_has_a_line_for_each(tmp_path: Path) -> None:
    recipes = {f"m{i:02d}": Recipe(f"Method {i:02d}", "unstructured", {0.65: 0.05 + 0.004 * i}) for i in range(50)}
    folder = build_study(tmp_path / "demo", (0,), 20, troubled=False, recipes={"dense": RECIPES["dense"]} | recipes)
    collection = read_collection(folder / "runs")
    rows = table_rows(collection)
    figure = ranking(rows, 0.65, [CLEAN], compare_all_seeds(collection, rows, []), rows[0])
    figure.draw_without_rendering()
    boxes = [label.get_window_extent() for label in figure.axes[0].get_yticklabels()]
    assert len(boxes) == 50
    assert not any(a.overlaps(b) for a, b in combinations(boxes, 2))


def test_kinds_of_errors_add_up_and_dense_keeps_everything(folder: Path, read: Read) -> None:
    rows, comparisons, _ = read
    frame = error_frame(read_collection(folder / "runs"), rows, comparisons.dense)
    assert len(frame) == len(rows) * len(TEST_SETS)
    kinds = frame["substitutions"] + frame["deletions"] + frame["insertions"]
    pd.testing.assert_series_equal(kinds, frame["wer"], check_names=False)
    dense = frame[frame["label"] == "dense"]
    assert (dense["recovery"] == 1).all()
    assert (dense["no_regression"] == 1).all()
    far = frame[frame["label"] == "far"].iloc[0]
    assert far["recovery"] == pytest.approx((1 - far["wer"]) / (1 - dense.iloc[0]["wer"]))
    assert far["no_regression"] < 1


def test_the_summary_says_who_leads_and_what_does_not_differ(read: Read) -> None:
    text = _summary(read, [])
    assert "- **65 % removed.** Self-pinching gates have the lowest WER of 4 methods, " in text
    assert "Near (" in text
    assert re.search("do(es)? not differ significantly from it", text)
    assert "The control Random pruning has a lower WER than 1 method." in text
    assert "Every trained row has several seeds." in text


def test_the_summary_counts_claims(read: Read) -> None:
    claims = [UseFinding(None, ()), UseFinding(None, ())]  # type: ignore[arg-type]
    assert "Of the 2 claims that this study can test, 2 hold." in _summary(read, claims)  # type: ignore[arg-type]


def test_a_study_of_one_seed_says_so(read: Read) -> None:
    rows, comparisons, all_seeds = read
    single = [replace(row, runs=row.runs[:1]) for row in rows]
    assert "trained rows have one seed" in _summary((single, comparisons, all_seeds), [])


def _summary(read: Read, claims: list[Finding | UseFinding]) -> str:
    summary = summarise(*read, claims)
    words = {"named": named, "target_heading": target_heading, "verb": verb}
    return " ".join(markdown_text("summary.md.jinja", summary=summary, **words).split())


def test_a_reference_is_named_by_its_label_or_its_method(read: Read) -> None:
    rows, *_ = read
    variant = [replace(row, label="gentle") if row.label == "near" else row for row in rows]
    for label in ("gentle", "near"):
        reference = reference_of(variant, label)
        assert reference is not None
        assert [row.label for row in reference.rows.values()] == ["gentle"]


def test_marks_that_the_correction_takes_away_are_said(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, comparisons, all_seeds = read
    bad = ([row for row in rows if row.label in ("dense", "far", "random_pruning")], comparisons, all_seeds)
    assert "every method is significantly worse than the dense model in at least one seed. - " in _summary(bad, [])
    monkeypatch.setattr(Verdict, "worse", 0)
    assert re.search(r"seed\. This holds only before Holm's correction for Far \(.* %\)\.", _summary(bad, []))


def test_words_agree() -> None:
    assert [enumerated(list("abc")[:n]) for n in (1, 2, 3)] == ["a", "a and b", "a, b and c"]
    assert enumerated(["a", "b, x"]) == "a and b, x"
    assert enumerated(["a", "b, x", "c"]) == "a; b, x; and c"
    assert verb("Self-pinching gates, half budget", "has", "have") == "have"
    assert verb("Fisher masks (Kwon)", "has", "have") == "have"
    assert verb("Distillation", "has", "have") == "has"
