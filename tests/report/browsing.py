"""A study's page in a real browser, for the tests of what a reader does there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
COLUMN = """key => {
    const header = [...document.querySelectorAll('#results thead th')].find(({ dataset }) => dataset.key === key);
    const rows = document.querySelectorAll('#results tbody tr:not([hidden])');
    return [...rows].map(({ cells }) => cells[header.cellIndex].textContent.trim());
}"""
SHOWN = """Array.from(document.querySelectorAll('#results thead th:not([hidden])')).map(({ dataset }) => dataset.key)"""


@contextmanager
def opened_browser() -> Iterator[Any]:
    """Chromium, without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"], timeout=120_000)
        yield browser
        browser.close()


class Visit:
    """The page opened once, with all that it complained of and asked for."""

    def __init__(self, browser: Any, file: Path, address: str = "") -> None:
        self.tab = browser.new_page(viewport={"width": 1400, "height": 900}, reduced_motion="reduce")
        self.tab.set_default_timeout(120_000)
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.tab.on("console", lambda message: self.complaints.append(message.text))
        self.tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.tab.on("request", lambda request: self.requests.append(request.url))
        self.tab.goto(file.as_uri() + address)
        self.tab.wait_for_selector("#plot-bytes svg.marks")

    def column(self, key: str) -> list[str]:
        """The shown rows' texts in a column of the main table, such as `method` or `test-clean WER %`."""
        return list(self.tab.evaluate(COLUMN, key))

    def columns(self) -> list[str]:
        """The shown columns of the main table."""
        return list(self.tab.evaluate(SHOWN))

    def saved(self, button: str) -> str:
        """The text of the file that a button saves."""
        with self.tab.expect_download() as download:
            self.tab.locator(button).click()
        return Path(download.value.path()).read_text(encoding="utf-8")


def artefacts_folder(otherwise: Path) -> Path:
    """Where screenshots go: the folder that PINCHBENCH_ARTEFACTS names, or another one."""
    folder = Path(os.environ.get("PINCHBENCH_ARTEFACTS", otherwise))
    folder.mkdir(parents=True, exist_ok=True)
    return folder
