"""The documentation: what it names exists, and the method that it shows works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest import MakeJob

from benchmark.__main__ import command_modules
from benchmark.models.counting import remaining_parameters
from benchmark.study import registry

ROOT = Path(__file__).resolve().parent.parent
TOP = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
PAGES = [*sorted((ROOT / "docs").glob("*.md")), *(path for path in TOP if path.exists())]
FOLDERS = "benchmark|captions|config|data|docs|envs|methods|paper_figs|perf|profiles|tests"
LINK = re.compile(r"\]\(([^)\s]+)\)")
NAMED = re.compile(rf"(?<![\w/.<>-])((?:{FOLDERS})/[\w./-]*\w/?)(?![\w/*<])")
COMMAND = re.compile(r"python -m benchmark ([a-z][\w-]*)")
MODULE = re.compile(r"python -m perf\.(\w+)")
EXAMPLE = "methods/my_magnitude.py"  # the file that docs/adding-a-method.md tells its reader to write
page_by_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


@page_by_page
def test_links_lead_somewhere(page: Path) -> None:
    links = [link.partition("#")[0] for link in LINK.findall(page.read_text(encoding="utf-8"))]
    relative = [link for link in links if link and "://" not in link]
    assert [link for link in relative if not (page.parent / link).exists()] == []


@page_by_page
def test_named_files_exist(page: Path) -> None:
    names = set(NAMED.findall(page.read_text(encoding="utf-8"))) - {EXAMPLE}
    assert sorted(name for name in names if not (ROOT / name).exists()) == []


@page_by_page
def test_commands_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    commands = {name.replace("-", "_") for name in COMMAND.findall(text)}
    assert commands - set(command_modules()) == set()
    assert {name for name in MODULE.findall(text) if not (ROOT / "perf" / f"{name}.py").exists()} == set()


def test_pages_are_short_and_hold_no_absolute_path() -> None:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        assert len(text.splitlines()) < 300, page.name
        assert not re.search(r"(?<![\w.<>~*])/(?:home|work|root|tmp|Users)/", text), page.name


def test_the_example_method_hits_its_target(make_job: MakeJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (ROOT / "docs" / "adding-a-method.md").read_text(encoding="utf-8")
    source = re.search(r"```python\n(.*?)```", page, re.DOTALL)
    assert source is not None
    lines = [line for line in source[1].splitlines() if line.strip()]
    assert len(lines) <= 15
    name = Path(EXAMPLE).stem
    (tmp_path / f"{name}.py").write_text(source[1], encoding="utf-8")
    monkeypatch.setattr(registry, "METHODS", tmp_path)
    assert registry.method_names() == [name]
    job = make_job(tmp_path / "checkpoints")
    model = registry.load_method(name)().compress(job)
    assert remaining_parameters(model) == pytest.approx(job.target.remaining, rel=0.005)
    assert job.budget.spent <= job.budget.limit * 1.01
