"""`index.html` in a real browser: it ranks, sorts, filters, draws, opens runs, saves, and needs no network."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest
from browsing import CHROMIUM, Visit, opened_browser
from synthetic_study import reported_study

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: apt-get install chromium")

FIRST = [
    "test-clean rank", "method", "target", "params (M)", "test-clean WER %", "test-clean Δ dense", "time (s)",
    "speed-up",
]  # fmt: skip


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return reported_study(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="module")
def visit(study: Path) -> Iterator[Visit]:
    with opened_browser() as browser:
        yield Visit(browser, study / "index.html")


def _wers(study: Path, target: float, test_set: str) -> pd.Series[float]:
    main = pd.read_csv(study / "main.csv").set_index("title")
    return 100 * main[main["target_sparsity"] == target][f"{test_set}_wer_mean"].sort_values()


def test_the_ranking_is_best_first_and_follows_target_and_test_set(visit: Visit, study: Path) -> None:
    ranking = visit.tab.locator("#ranking tbody")
    for target, test_set in ((0.65, "test-clean"), (0.85, "test-other"), (0.85, "test-clean")):
        visit.tab.locator(f"#ranking [name=target][value='{target}']").click()
        visit.tab.select_option("#test-set", test_set)
        expected = _wers(study, target, test_set)
        assert ranking.locator("th a").all_inner_texts() == list(expected.index)
        assert ranking.locator("td:nth-child(4)").all_inner_texts() == [f"{wer:.2f}" for wer in expected]
        assert test_set in visit.tab.locator("#ranking caption").inner_text()
    ranks = dict(zip(expected.index, ranking.locator("td:first-child").all_inner_texts(), strict=True))
    assert ranks["Self-pinching gates"] == "1"
    assert ranks["Random pruning"] == ""


def test_a_header_sorts_numbers_up_and_down_also_by_keyboard(visit: Visit) -> None:
    header = visit.tab.locator("#results thead th[data-key='test-clean WER %']")
    header.locator("button").click()
    shown = [float(text.split()[0]) for text in visit.column("test-clean WER %")]
    assert shown == sorted(shown)
    assert len(set(shown)) > 5
    assert header.get_attribute("aria-sort") == "ascending"
    header.locator("button").press("Enter")
    assert [float(text.split()[0]) for text in visit.column("test-clean WER %")] == shown[::-1]
    assert header.get_attribute("aria-sort") == "descending"


def test_what_is_missing_goes_last_either_way(visit: Visit) -> None:
    for _ in range(2):
        visit.tab.locator("#results thead button", has_text="target").click()
        assert set(visit.column("target")[-2:]) == {"-"}


def test_the_filters_filter_together(visit: Visit, study: Path) -> None:
    main = pd.read_csv(study / "main.csv")
    visit.tab.select_option("#filter [name=family]", "unstructured")
    assert len(visit.column("method")) == sum(main["family"] == "unstructured")
    visit.tab.select_option("#filter [name=at]", "0.85")
    assert sorted(visit.column("method")) == ["Self-pinching gates", "Uniform magnitude"]
    visit.tab.fill("#filter [name=words]", "magn UNIFORM")
    assert visit.column("method") == ["Uniform magnitude"]
    assert visit.tab.locator("#filter output").inner_text() == f"1 of {len(main)} rows"
    visit.tab.fill("#filter [name=words]", "")
    visit.tab.select_option("#filter [name=family]", "")
    visit.tab.select_option("#filter [name=at]", "")
    assert len(visit.column("method")) == len(main)


def test_eight_columns_are_shown_until_others_are_chosen(visit: Visit) -> None:
    assert visit.columns() == FIRST
    visit.tab.locator("#columns summary").press("Enter")
    visit.tab.check("#columns [value=MB]")
    assert visit.columns() == [*FIRST, "MB"]
    visit.tab.check("#columns [name=every-set]")
    assert {"test-clean WER %", "test-other WER %"} <= set(visit.columns())
    visit.tab.locator("#columns button").click()
    visit.tab.select_option("#test-set", "test-other")
    assert visit.columns() == [key.replace("clean", "other") for key in FIRST]
    visit.tab.select_option("#test-set", "test-clean")


def test_the_table_is_saved_as_it_is_shown(visit: Visit) -> None:
    visit.tab.fill("#filter [name=words]", "gates")
    head, *rows = csv.reader(io.StringIO(visit.saved("#table-files [value=csv]")))
    assert head == FIRST
    assert [row[1] for row in rows] == visit.column("method") == ["Self-pinching gates"] * 2
    text = visit.saved("#table-files [value=tex]")
    assert text.count(r"\\") == 3
    assert r"& 65 \% &" in text
    assert r"$\Delta$ dense" in text
    visit.tab.fill("#filter [name=words]", "")


@pytest.mark.parametrize("button", ["#ranking .save", "#plots .save >> nth=0"])
def test_figures_are_saved_as_svg_in_light_colours(visit: Visit, button: str) -> None:
    text = visit.saved(button)
    assert ElementTree.fromstring(text).tag == "{http://www.w3.org/2000/svg}svg"
    assert "light-dark" not in text
    assert "#0072B2" in text


def test_a_row_opens_its_run_and_only_then_its_curves_are_drawn(visit: Visit) -> None:
    section = visit.tab.locator("details#run-self_pinching-0\\.65-seed0")
    assert section.locator(".curves svg").count() == 0
    row = visit.tab.locator("#results tbody tr", has_text="Self-pinching gates").filter(has_text="65 %")
    row.locator("td").nth(3).click()
    assert section.get_attribute("open") is not None
    section.locator("figure svg .mark-line path").nth(3).wait_for()
    assert section.locator("figcaption").all_inner_texts() == [
        "loss", "learning rate", "sparsity", "threshold, mean over the layers",
    ]  # fmt: skip
    assert section.locator(".alignment").count() == 20


def test_the_plots_have_a_point_a_row_and_follow_the_menu(visit: Visit, study: Path) -> None:
    main = pd.read_csv(study / "main.csv")
    points = visit.tab.locator("#plot-parameters .mark-symbol.role-mark path")
    assert points.count() == len(main)
    before = [point.get_attribute("aria-label") for point in points.all()]
    visit.tab.select_option("#test-set", "test-other")
    visit.tab.wait_for_function(
        "old => document.querySelector('#plot-parameters .mark-symbol.role-mark path').ariaLabel !== old", arg=before[0]
    )
    assert points.count() == len(main)


def test_a_point_opens_its_run(visit: Visit) -> None:
    point = visit.tab.locator("#plot-bytes .mark-symbol.role-mark path[aria-label*='Random pruning, 85']")
    point.evaluate("element => element.scrollIntoView({ block: 'center' })")
    box = point.bounding_box()
    visit.tab.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    visit.tab.locator("details[open]#run-random_pruning-0\\.85-seed0").wait_for()


def test_nothing_is_asked_of_the_network_and_no_error_is_logged(visit: Visit, study: Path) -> None:
    assert {url for url in visit.requests if not url.startswith("blob:")} == {(study / "index.html").as_uri()}
    assert visit.complaints == []
