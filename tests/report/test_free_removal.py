"""How much can be removed for free: on a study in which every run makes a given number of errors."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from synthetic_study import RECIPES, TEST_SETS, Recipe, build_study, failed, reported_study, scored

from benchmark.report.figures.free_removal_figure import wer_increase
from benchmark.report.figures.pareto import LOOKS
from benchmark.report.rows.comparisons import Comparisons, compare_rows
from benchmark.report.rows.rows import Row, table_rows
from benchmark.report.study_report import write_report
from benchmark.report.tables.free_removal import Removal, free_removal_section, removals
from benchmark.runs.collection import read_collection
from benchmark.scoring.trn import read_trn, write_trn
from benchmark.system.files import read_json, write_json

# Errors by target, each in an utterance of its own, the first 20 of them as dense: then Z follows from their number.
# It is 1.0 for 21 errors and 1.4 for 22; 2.4 for 25, significant before Holm's correction only; 6.2 for 40.
DENSE = 20
ERRORS: dict[str, dict[float | None, float]] = {
    "self_pinching": {0.2: 21, 0.5: 25, 0.8: 40},
    "better_first": {0.2: 8, 0.5: 22, 0.8: 40},
    "with_a_gap": {0.2: 21, 0.8: 22},
    "fails": {0.2: 21, 0.5: 22, 0.8: 22},
    "never_free": {0.2: 40, 0.5: 40, 0.8: 40},
}
FAILED = ("fails-0.5-seed1", "fails-0.8-seed0", "fails-0.8-seed1")


def _make_errors(folder: Path, run: str, errors: float) -> None:
    """Let a run recognise all words but the first of each of the first so many utterances."""
    path = folder / "runs" / run / "run.json"
    record = read_json(path)
    for test_set in TEST_SETS:
        references = read_trn(folder / "ref" / f"{test_set}.trn")
        wrong = set(list(references)[: int(errors)])
        heard = {
            name: " ".join(["wrong", *text.split()[1:]]) if name in wrong else text for name, text in references.items()
        }
        write_trn(path.parent / "hyp" / f"{test_set}.trn", heard)
        record["scores"][test_set] = scored(references, heard)
    write_json(path, record)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    recipes = {"dense": RECIPES["dense"]} | {
        label: replace(RECIPES["self_pinching"], title=label.replace("_", " ").capitalize(), errors=errors)
        for label, errors in ERRORS.items()
    }
    folder = build_study(
        tmp_path_factory.mktemp("free") / "demo", seeds=(0, 1), utterances=60, troubled=False, recipes=recipes
    )
    _make_errors(folder, "dense", DENSE)
    for label, by_target in ERRORS.items():
        for target, errors in by_target.items():
            for seed in (0, 1):
                _make_errors(folder, f"{label}-{target:g}-seed{seed}", errors)
    for run in FAILED:
        path = folder / "runs" / run / "run.json"
        write_json(path, failed(read_json(path), "the loss is nan"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("benchmark.report.study_report.draw", lambda *_: [])
        write_report(folder / "runs", folder)
    return folder


def _section(study: Path) -> str:
    text = (study / "README.md").read_text(encoding="utf-8")
    return text.partition("## How much can be removed for free\n")[2].partition("\n## ")[0]


def _cells(table: str, method: str) -> list[str]:
    (line,) = re.findall(rf"^\| {method} .*$", table, re.M)
    return [cell.strip() for cell in line.split("|")[2:-1]]


def test_the_largest_share_is_the_last_before_a_significant_increase(study: Path) -> None:
    frame = pd.read_csv(study / "free_removal.csv").query("test_set == 'test-clean'").set_index("label")
    shares = {label: (line["largest_share"], line["largest_share_corrected"]) for label, line in frame.iterrows()}
    assert shares.pop("never_free") == (pytest.approx(float("nan"), nan_ok=True),) * 2
    assert shares == {
        "with_a_gap": (0.8, 0.8),
        "better_first": (0.5, 0.5),
        "fails": (0.5, 0.5),
        "self_pinching": (0.2, 0.5),
    }
    assert list(frame.index) == ["with_a_gap", "better_first", "fails", "self_pinching", "never_free"]


def test_sizes_and_differences_are_those_at_that_share(study: Path) -> None:
    frame, main = pd.read_csv(study / "free_removal.csv"), pd.read_csv(study / "main.csv")
    assert len(frame) == len(ERRORS) * len(TEST_SETS)
    words = {name: read_json(study / "runs/dense/run.json")["scores"][name]["words"] for name in TEST_SETS}
    for _, line in frame.dropna(subset=["largest_share"]).iterrows():
        errors = ERRORS[line["label"]][line["largest_share"]]
        assert line["delta"] == pytest.approx((errors - DENSE) / words[line["test_set"]])
        at = (main["label"] == line["label"]) & (main["target_sparsity"] == line["largest_share"])
        (row,) = main[at].to_dict("records")
        for name in ("delta", "low", "high", "mark"):
            assert line[name] == row[f"{line['test_set']}_vs_dense_{name}"]
        for name in ("encoder_sparsity", "compression_ratio", "finished_runs"):
            assert line[name] == row[name]
    never = frame[frame["label"] == "never_free"]
    assert never[["delta", "low", "high", "mark", "compression_ratio"]].isna().all(axis=None)


def test_the_section_has_both_tables_of_each_test_set(study: Path) -> None:
    section = _section(study)
    for test_set in TEST_SETS:
        claims = section.partition(f"### {test_set}\n")[2].partition("\n### ")[0].partition("<details>")[0]
        differences = section.partition(f"**{test_set}**")[2].partition("\n**")[0]
        assert _cells(claims, "Self pinching")[:2] == ["20 %", "50 %"]
        assert _cells(claims, "Fails")[:2] == ["50 % (1 of 2 seeds)"] * 2
        assert "| Never free" not in claims
        assert "The only other method is significantly worse than dense at its smallest target." in claims
        assert [cell.rpartition(" ")[2] for cell in _cells(differences, "Self pinching")] == ["ns", "°2/2", "*2/2"]
        assert [cell.rpartition(" ")[2] for cell in _cells(differences, "Better first")] == ["*2/2", "ns", "*2/2"]
        assert [cell.rpartition(" ")[2] for cell in _cells(differences, "With a gap")] == ["ns", "-", "ns"]
        assert [cell.rpartition(" ")[2] for cell in _cells(differences, "Fails")] == ["ns", "ns", "-"]
        assert _cells(claims, "With a gap")[3] == _cells(differences, "With a gap")[2]
    assert "no finished seed is significantly worse than dense" in section


@dataclass(frozen=True)
class Compared:
    """A study's rows and what is drawn of them."""

    rows: list[Row]
    comparisons: Comparisons

    @classmethod
    def read(cls, study: Path) -> Compared:
        collection = read_collection(study / "runs")
        rows = table_rows(collection)
        return cls(rows, compare_rows(collection, rows))

    @property
    def removals(self) -> dict[str, list[Removal]]:
        return removals(self.rows, self.comparisons)

    def figure(self) -> Figure:
        return wer_increase(self.removals, self.comparisons)


@pytest.fixture(scope="module")
def compared(study: Path) -> Compared:
    return Compared.read(study)


def _lowest(study: Path, label: str, target: float) -> str:
    frame = pd.read_csv(study / "main.csv")
    (row,) = frame[(frame["label"] == label) & (frame["target_sparsity"] == target)].to_dict("records")
    wer, ratio = 100 * row["test-clean_wer_mean"], row["compression_ratio"]
    return f"has the lowest WER, {wer:.2f} %; the ratio is {ratio:.2f} (target {100 * target:g} %)."


def test_the_lowest_wer_is_that_at_the_smallest_size_and_at_the_size_nearest_to_the_published_one(
    study: Path, compared: Compared, monkeypatch: pytest.MonkeyPatch
) -> None:
    smallest, middle = _lowest(study, "with_a_gap", 0.8), _lowest(study, "better_first", 0.5)
    text = " ".join(_section(study).split())
    same = "which is also the nearest to the published compression ratio of 4.26"
    assert f"At the smallest size reached, {same}, With a gap {smallest}" in text
    monkeypatch.setattr("benchmark.report.tables.free_removal.PUBLISHED_RATIO", 1.5)
    text = " ".join(free_removal_section(compared.removals, compared.rows).split())
    nearest = "At the size nearest to the published compression ratio of 1.5"
    assert f"At the smallest size reached, With a gap {smallest} {nearest}, Better first {middle}" in text


def _markers(axes: Axes) -> list[Line2D]:
    return [line for line in axes.lines if line.get_marker() not in ("None", "")]


def test_the_figure_fills_a_marker_by_its_significance_and_names_who_lasts(compared: Compared) -> None:
    figure = compared.figure()
    assert [axes.get_title(loc="left") for axes in figure.axes] == list(TEST_SETS)
    for axes in figure.axes:
        names = {text.get_text() for text in axes.texts}
        assert names == {"Self pinching", "Better first", "Fails"}  # the reference, and two that are free at 50 %
        fills = [to_hex(marker.get_markerfacecolor()) for marker in _markers(axes)]
        assert len(fills) == sum(map(len, ERRORS.values())) - 1  # both seeds failed at one target
        assert (fills.count("#ffffff"), fills.count(LOOKS["unstructured"].colour.lower())) == (5, 7)


def test_a_study_of_twenty_methods_has_room_for_all_names(tmp_path: Path) -> None:
    errors: dict[float | None, float] = {0.2: 0.05, 0.5: 0.05, 0.8: 0.05}
    recipes = {f"method{i:02d}": Recipe(f"Method {i}", "unstructured", errors) for i in range(20)}
    folder = tmp_path / "demo"
    build_study(folder, seeds=(0,), utterances=8, troubled=False, recipes={"dense": RECIPES["dense"]} | recipes)
    for axes in Compared.read(folder).figure().axes:
        boxes = [text.get_window_extent() for text in axes.texts]
        assert len(boxes) >= 15  # the others are worse by chance
        assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
        places = np.concatenate([marker.get_xdata() for marker in _markers(axes)])
        assert len(np.unique(places.round(6))) == 60  # none stands where another does


def test_a_study_of_two_targets_has_nothing_of_it(tmp_path_factory: pytest.TempPathFactory) -> None:
    study = reported_study(tmp_path_factory.getbasetemp())
    assert not (study / "free_removal.csv").exists()
    assert "removed for free" not in (study / "README.md").read_text(encoding="utf-8")
