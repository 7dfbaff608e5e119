"""`index.html` in a real browser: it sorts, filters, draws, opens runs, and asks the network for nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from synthetic_study import reported_study

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: apt-get install chromium")

SIZES = {"desktop": (1280, 900), "phone": (390, 844)}
CLEAN_WER = "Array.from(document.querySelectorAll('#results thead th')).findIndex(h => /clean WER/.test(h.textContent))"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return reported_study(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="module")
def artefacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go: the folder that PINCHBENCH_ARTEFACTS names, or one of pytest's."""
    named = os.environ.get("PINCHBENCH_ARTEFACTS")
    folder = Path(named) if named else tmp_path_factory.mktemp("artefacts")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"], timeout=120_000)
        yield opened
        opened.close()


class Visit:
    """The page opened at one window size, with all that it complained of and asked for."""

    def __init__(self, browser: Any, file: Path, size: str) -> None:
        width, height = SIZES[size]
        self.tab = browser.new_page(viewport={"width": width, "height": height})
        self.tab.set_default_timeout(120_000)
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.tab.on("console", lambda message: self.complaints.append(message.text))
        self.tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.tab.on("request", lambda request: self.requests.append(request.url))
        self.tab.goto(file.as_uri())
        self.tab.wait_for_selector("#plot-bytes svg.marks")

    def column(self, index: int) -> list[str]:
        """The shown cells of a column of the main table."""
        rows = self.tab.locator("#results tbody tr:visible")
        return [row.locator("th, td").nth(index).inner_text() for row in rows.all()]


@pytest.fixture(scope="module")
def visit(browser: Any, study: Path) -> Visit:
    return Visit(browser, study / "index.html", "desktop")


def test_a_header_sorts_numbers_up_and_down_also_by_keyboard(visit: Visit) -> None:
    index = visit.tab.evaluate(CLEAN_WER)
    header = visit.tab.locator("#results thead th").nth(index)
    header.locator("button").click()
    shown = [float(text.split()[0]) for text in visit.column(index)]
    assert shown == sorted(shown)
    assert len(set(shown)) > 5
    assert header.get_attribute("aria-sort") == "ascending"
    header.locator("button").press("Enter")
    assert [float(text.split()[0]) for text in visit.column(index)] == shown[::-1]
    assert header.get_attribute("aria-sort") == "descending"


def test_what_is_missing_goes_last_either_way(visit: Visit) -> None:
    for _ in range(2):
        visit.tab.locator("#results thead button", has_text="target").click()
        assert set(visit.column(2)[-2:]) == {"-"}


def test_the_filters_filter_together(visit: Visit, study: Path) -> None:
    main = pd.read_csv(study / "main.csv")
    visit.tab.select_option("#filter [name=family]", "unstructured")
    assert len(visit.column(0)) == sum(main["family"] == "unstructured")
    visit.tab.select_option("#filter [name=target]", "0.85")
    assert sorted(visit.column(0)) == ["Self-pinching gates", "Uniform magnitude"]
    visit.tab.fill("#filter [name=words]", "magn UNIFORM")
    assert visit.column(0) == ["Uniform magnitude"]
    assert visit.tab.locator("#filter output").inner_text() == f"1 of {len(main)} rows"
    visit.tab.fill("#filter [name=words]", "")
    visit.tab.select_option("#filter [name=family]", "")
    visit.tab.select_option("#filter [name=target]", "")
    assert len(visit.column(0)) == len(main)


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
    assert section.locator(".alignment").count() > 0


def test_the_plots_have_a_point_a_row_and_follow_the_menu(visit: Visit, study: Path) -> None:
    main = pd.read_csv(study / "main.csv")
    points = visit.tab.locator("#plot-parameters .mark-symbol.role-mark path")
    assert points.count() == len(main)
    before = [point.get_attribute("aria-label") for point in points.all()]
    visit.tab.select_option("#plot-controls select", "test-other")
    visit.tab.wait_for_function(
        "old => document.querySelector('#plot-parameters .mark-symbol.role-mark path').ariaLabel !== old", arg=before[0]
    )
    assert points.count() == len(main)


def test_a_point_opens_its_run(visit: Visit) -> None:
    point = visit.tab.locator("#plot-bytes .mark-symbol.role-mark path[aria-label*='Random pruning, 85']")
    point.scroll_into_view_if_needed()
    box = point.bounding_box()
    visit.tab.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    visit.tab.locator("details[open]#run-random_pruning-0\\.85-seed0").wait_for()


def test_nothing_is_asked_of_the_network_and_no_error_is_logged(visit: Visit, study: Path) -> None:
    assert set(visit.requests) == {(study / "index.html").as_uri()}
    assert visit.complaints == []


@pytest.mark.parametrize("size", SIZES)
def test_no_window_is_too_narrow(browser: Any, study: Path, artefacts: Path, size: str) -> None:
    visit = Visit(browser, study / "index.html", size)
    visit.tab.locator("#results tbody a", has_text="Self-pinching gates").first.click()
    visit.tab.locator("details[open] figure svg").nth(3).wait_for()
    visit.tab.screenshot(path=artefacts / f"page-{size}.png", full_page=True)
    overhang = visit.tab.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert overhang <= 0
    assert visit.complaints == []
