"""The documentation as a site: MkDocs builds it without a warning, and it shows what the repository shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from benchmark.system.project import ROOT

pytestmark = pytest.mark.skipif(find_spec("mkdocs") is None, reason="no MkDocs: pip install -e '.[docs]'")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return folder


def test_every_page_and_figure_that_a_page_links_to_is_there(site: Path) -> None:
    for page in site.rglob("*.html"):
        if page.name == "404.html":  # its links are from the top of a server
            continue
        for link in re.findall(r'(?:href|src)="([^"#?:]+)[#"]', page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page.relative_to(site)}: {link}"


def test_a_page_asks_for_nothing_from_the_network(site: Path) -> None:
    page = (site / "index.html").read_text(encoding="utf-8")
    assert not re.search(r'<(?:script|link|img)[^>]*(?:src|href)="https?://', page)


def test_items_after_a_long_item_are_items(site: Path) -> None:
    """In docs/methods.md an item with a table precedes others."""
    items = re.findall(r"<li>\s*(?:<p>)?<strong>([^<]*)</strong>", (site / "methods.html").read_text(encoding="utf-8"))
    assert "Threshold learning rate." in items


def test_the_toolbox_has_its_api(site: Path) -> None:
    assert 'href="api/masks.html"' in (site / "toolbox.html").read_text(encoding="utf-8")
    assert "global_magnitude_masks" in (site / "api" / "masks.html").read_text(encoding="utf-8")
