"""`index.html` in a real browser: it compares pinned runs, its address restores it, and it looks well in any window."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from browsing import CHROMIUM, Visit, artefacts_folder, opened_browser
from synthetic_study import reported_study

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: apt-get install chromium")

GATES, UNIFORM, RANDOM = "self_pinching-0.65-seed0", "uniform_magnitude-0.65-seed0", "random_pruning-0.85-seed0"
ADDRESS = (
    "?test-set=test-other&target=0.65&sort=down+target&family=unstructured&words=gates&column=method&column=MB"
    f"&pin={GATES}&pin={GATES.replace('seed0', 'seed1')}#run-dense"
)
PAPER = "getComputedStyle(document.body).backgroundColor"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return reported_study(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with opened_browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def visit(browser: Any, study: Path) -> Visit:
    return Visit(browser, study / "index.html")


@pytest.fixture(scope="module")
def restored(browser: Any, study: Path) -> Visit:
    return Visit(browser, study / "index.html", ADDRESS)


def _pin(visit: Visit, run: str) -> None:
    visit.tab.locator(f"#results button.pin[value='{run}']").press("Enter")


def _pinned(visit: Visit) -> list[str]:
    return parse_qs(urlsplit(visit.tab.url).query).get("pin", [])


def test_two_runs_are_pinned_by_keyboard_and_compared(visit: Visit) -> None:
    compare = visit.tab.locator("#compare")
    _pin(visit, GATES)
    assert not compare.is_visible()
    assert "Pin another run" in visit.tab.locator("#pinned output").inner_text()
    _pin(visit, UNIFORM)
    assert compare.is_visible()
    assert visit.tab.locator("button.pin[aria-pressed=true]").count() == 4  # of the rows and of the runs' sections
    assert compare.locator("table", has_text="method").locator("td").all_inner_texts()[-3:-1] == [
        "self_pinching", "uniform_magnitude",
    ]  # fmt: skip
    assert compare.locator(".heat caption").all_inner_texts()[-1] == "B minus A, points"
    compare.locator("figure svg .mark-line path").nth(3).wait_for()


def test_words_that_differ_are_marked_by_more_than_colour(visit: Visit) -> None:
    first = visit.tab.locator("#compare .utterances li").first
    for kind in visit.tab.locator("#compare .alignment :is(.S, .D, .I)").all()[:3]:
        assert "underline" in kind.evaluate("word => getComputedStyle(word).textDecorationLine")
    heard = first.locator(".unseen").inner_text()
    assert heard.startswith("Reference: ")
    assert " A: " in heard
    assert " B: " in heard


def test_a_third_run_takes_the_place_of_the_first(visit: Visit) -> None:
    _pin(visit, RANDOM)
    assert _pinned(visit) == [UNIFORM, RANDOM]
    visit.tab.locator("#compare button", has_text="Unpin").first.click()
    assert _pinned(visit) == [RANDOM]
    _pin(visit, RANDOM)
    assert _pinned(visit) == []
    assert not visit.tab.locator("#compare").is_visible()


def test_a_link_restores_what_was_chosen(restored: Visit) -> None:
    tab = restored.tab
    assert restored.columns() == ["method", "MB"]
    assert restored.column("method") == ["Self-pinching gates"] * 2
    assert restored.column("target") == ["85 %", "65 %"]
    assert tab.locator("#results th[data-key=target]").get_attribute("aria-sort") == "descending"
    assert tab.locator("#ranking [aria-pressed=true]").inner_text() == "65 %"
    assert "test-other" in tab.locator("#ranking caption").inner_text()
    assert tab.locator("#compare").is_visible()
    assert tab.locator("details#run-dense").get_attribute("open") is not None
    assert tab.url.endswith(ADDRESS)


def test_the_theme_follows_the_system_until_the_button_is_pressed(visit: Visit) -> None:
    tab = visit.tab
    tab.emulate_media(color_scheme="light")
    light = tab.evaluate(PAPER)
    tab.emulate_media(color_scheme="dark")
    dark = tab.evaluate(PAPER)
    assert light != dark
    tab.locator("#theme").press("Enter")
    assert tab.evaluate(PAPER) == light
    assert tab.locator("#theme").get_attribute("aria-pressed") == "false"
    tab.locator("#theme").press("Enter")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_window_is_too_narrow(restored: Visit, tmp_path_factory: pytest.TempPathFactory, scheme: str) -> None:
    tab, folder = restored.tab, artefacts_folder(tmp_path_factory.getbasetemp() / "artefacts")
    tab.emulate_media(color_scheme=scheme)
    for width in (400, 1400):
        tab.set_viewport_size({"width": width, "height": 900})
        tab.wait_for_function("document.documentElement.scrollWidth <= window.innerWidth")
        tab.screenshot(path=folder / f"page-{scheme}-{width}.png", full_page=True)
    assert restored.complaints == []
