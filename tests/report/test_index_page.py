"""`index.html`: what it holds, and that nothing of a record gets out of its place."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
from synthetic_study import FAILED, RECIPES, build_study, failed, reported_study

from benchmark.report.page.curve_points import POINTS, curve_charts
from benchmark.report.rows.comparisons import compare_rows
from benchmark.report.rows.error_bars import error_bar
from benchmark.report.rows.rows import table_rows
from benchmark.report.study_report import write_report
from benchmark.runs.collection import Run, read_collection
from benchmark.study.paths import RunFolder
from benchmark.system.errors import UserError
from benchmark.system.files import read_json, write_json

NASTY = 'A <b>bold</b> "title" & </script><script>alert(1)</script>'


class Outline(HTMLParser):
    """Elements, ids, links and addresses of a page, and the text of its JSON scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.addresses: list[str] = []
        self.json: list[str] = []
        self._in_json = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.tags.append(tag)
        self.ids += [values["id"] or ""] if "id" in values else []
        self.links += [values["href"] or ""] if tag == "a" else []
        self.addresses += [value or "" for name, value in attrs if name in ("src", "srcset", "href", "action")]
        self._in_json = values.get("type") == "application/json"

    def handle_endtag(self, tag: str) -> None:
        self._in_json = False

    def handle_data(self, data: str) -> None:
        if self._in_json:
            self.json.append(data)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return reported_study(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="module")
def outline(study: Path) -> Outline:
    return Outline((study / "index.html").read_text(encoding="utf-8"))


def test_every_run_has_a_section_and_every_link_leads_to_one(study: Path, outline: Outline) -> None:
    runs = {f"run-{path.name}" for path in (study / "runs").iterdir()}
    assert runs <= set(outline.ids)
    assert len(outline.ids) == len(set(outline.ids))
    assert {link[1:] for link in outline.links} <= set(outline.ids)
    assert runs <= {link[1:] for link in outline.links}


def test_it_loads_nothing(outline: Outline) -> None:
    assert {address for address in outline.addresses if not address.startswith("#")} == set()
    assert "link" not in outline.tags
    assert "img" not in outline.tags


def test_the_plots_hold_the_points_of_main_csv(study: Path, outline: Outline) -> None:
    main = pd.read_csv(study / "main.csv")
    plots = [found for found in map(json.loads, outline.json) if "layer" in found]
    sizes = main["remaining_parameters"] / 1e6, main["bytes_on_disk"] / 1e6, 100 / main["speedup"]
    for plot, column in zip(plots, sizes, strict=True):
        (points,) = plot["datasets"].values()
        for test_set in ("test-clean", "test-other"):
            here = [point for point in points if point["test_set"] == test_set]
            assert [p["wer"] for p in here] == pytest.approx(list(100 * main[f"{test_set}_wer_mean"]), abs=1e-3)
            assert [p["size"] for p in here] == pytest.approx(list(column))


def test_the_ranking_holds_the_wers_of_main_csv(study: Path, outline: Outline) -> None:
    main = pd.read_csv(study / "main.csv").query("family != 'dense'")
    data = next(found for found in map(json.loads, outline.json) if "lines" in found)
    assert data["targets"] == {"own": "own sizes", "0.65": "65 %", "0.85": "85 %"}
    assert [line["name"] for line in data["lines"]] == list(main["title"])
    for test_set in ("test-clean", "test-other"):
        wers = [line["wer"][test_set] for line in data["lines"]]
        assert wers == pytest.approx(list(100 * main[f"{test_set}_wer_mean"]), abs=1e-3)
        for line, wer in zip(data["lines"], wers, strict=True):
            low, high = line["interval"][test_set]
            assert low <= wer <= high
        ranks = [line["rank"][test_set] for line in data["lines"]]
        assert ranks == [None if pd.isna(rank) else rank for rank in main[f"{test_set}_rank"]]


def test_failed_runs_stand_with_their_reasons(study: Path) -> None:
    page = (study / "index.html").read_text(encoding="utf-8")
    assert page.count("the loss is nan at step 12 | a lower rate may help") == 3  # its row, the list, its section
    assert f'href="#run-{FAILED[0]}-{FAILED[1]}-seed{FAILED[2]}"' in page


@pytest.mark.usefixtures("undrawn")
def test_what_a_record_says_is_text_and_never_markup(tmp_path: Path) -> None:
    recipes = {name: RECIPES[name] for name in ("dense", "self_pinching")}
    folder = build_study(tmp_path / "demo", seeds=(0,), utterances=5, troubled=False, recipes=recipes)
    path = folder / "runs/self_pinching-0.65-seed0/run.json"
    write_json(path, read_json(path) | {"title": NASTY, "notes": [NASTY], "settings": {NASTY: NASTY}})
    path = folder / "runs/self_pinching-0.85-seed0/run.json"
    write_json(path, failed(read_json(path), NASTY))
    write_report(folder / "runs", folder)
    outline = Outline((folder / "index.html").read_text(encoding="utf-8"))
    assert "b" not in outline.tags
    assert outline.tags.count("html") == outline.tags.count("main") == 1
    plot = next(found for found in map(json.loads, outline.json) if "layer" in found)
    assert NASTY in json.dumps(plot, ensure_ascii=False).replace('\\"', '"')


@pytest.mark.usefixtures("undrawn")
def test_a_study_of_failures_has_a_page_too(tmp_path: Path) -> None:
    recipes = {"dense": RECIPES["dense"]}
    folder = build_study(tmp_path / "demo", seeds=(0,), utterances=5, troubled=False, recipes=recipes)
    path = folder / "runs/dense/run.json"
    write_json(path, failed(read_json(path), "the disk caught fire"))
    write_report(folder / "runs", folder)
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert "0 of 1 runs finished" in page
    assert "the disk caught fire" in page


def test_an_error_bar_spans_the_seeds_or_else_the_interval_around_dense(study: Path) -> None:
    collection = read_collection(study / "runs")
    rows = table_rows(collection)
    comparisons = compare_rows(collection, rows)
    dense, several = rows[0], next(row for row in rows if len(row.finished) == 3)
    wers = [run.scores["test-clean"]["wer"] for run in several.finished]
    assert error_bar(several, "test-clean", comparisons) == (min(wers), max(wers))
    assert error_bar(dense, "test-clean", comparisons) is None
    single = type(several)(several.label, several.target, several.runs[:1])
    assert error_bar(single, "test-clean", comparisons) is None  # a row that nothing was compared with
    alone = [dense, type(several)(several.label, several.target, several.runs[:1])]
    verdict = compare_rows(collection, alone).between(alone[1], dense, "test-clean")
    assert verdict is not None
    middle = dense.finished[0].scores["test-clean"]["wer"]
    expected = (middle + verdict.low, middle + verdict.high)
    assert error_bar(alone[1], "test-clean", compare_rows(collection, alone)) == expected


def _run(study: Path, folder: Path, curves: str) -> Run:
    (folder / "curves.csv").write_text(curves)
    return Run(read_json(study / "runs/dense/run.json"), RunFolder(folder))


def test_long_curves_keep_their_ends_and_layers_are_averaged(study: Path, tmp_path: Path) -> None:
    lines = [f"{i},{i / 10},1,{i}.0,{3 * i}.0" for i in range(5000)]
    run = _run(study, tmp_path, "\n".join(["step,loss,phase,gate_0.q,gate_1.q", *lines]))
    charts = curve_charts(run)
    assert charts is not None
    assert len(charts["step"]) == POINTS
    assert (charts["step"][0], charts["step"][-1]) == (0, 4999)
    assert [chart["title"] for chart in charts["charts"]] == ["loss", "gate, mean over the layers"]
    assert charts["charts"][1]["lines"][0]["name"] == "q"
    assert charts["charts"][1]["lines"][0]["values"][-1] == 9998.0


def test_gaps_in_curves_are_null(study: Path, tmp_path: Path) -> None:
    charts = curve_charts(_run(study, tmp_path, "step,loss,phase\n0,,1\n1,2.5,1\n"))
    assert charts is not None
    assert charts["charts"][0]["lines"][0]["values"] == [None, 2.5]


def test_no_curves_and_broken_curves(study: Path, tmp_path: Path) -> None:
    assert curve_charts(_run(study, tmp_path, "\n")) is None
    with pytest.raises(UserError, match=r"curves\.csv lacks step, phase"):
        curve_charts(_run(study, tmp_path, "loss\n1\n"))


def test_scripts_cannot_end_their_element(study: Path) -> None:
    page = (study / "index.html").read_text(encoding="utf-8")
    scripts = re.findall(r"<script[^>]*>(.*?)</script>", page, flags=re.DOTALL)
    assert not any("<!--" in script and "<script" in script for script in scripts)
    assert any("vegaEmbed=" in script for script in scripts)
