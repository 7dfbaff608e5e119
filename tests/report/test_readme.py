"""The README's generated parts say what results/ says."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from benchmark.report.generated_pages import with_current_parts
from benchmark.study import catalogue, registry
from benchmark.system.errors import UserError
from benchmark.system.project import ROOT

PAGE = "before\n<!-- begin table.md -->\nold\n<!-- end table.md -->\nafter\n"


def test_a_part_is_replaced_and_the_rest_stands(tmp_path: Path) -> None:
    (tmp_path / "table.md").write_text("| new |\n")
    expected = "before\n<!-- begin table.md -->\n| new |\n<!-- end table.md -->\nafter\n"
    assert with_current_parts(PAGE, tmp_path) == expected


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"table\.md, which does not exist"):
        with_current_parts(PAGE, tmp_path)


def test_the_table_of_methods_is_that_of_the_methods() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "<!-- begin methods -->" in text
    table = text.partition("<!-- begin methods -->")[2].partition("<!-- end methods -->")[0].strip()
    assert table == catalogue.markdown(), "run `python -m benchmark readme`"
    for name in registry.method_names():
        method = registry.load_method(name)
        assert re.search(rf"\| `{name}` \| {method.family} \| {method.needs} \| \w[^|]+\.? \|", table)


def test_the_page_of_the_toolbox_names_what_methods_import() -> None:
    text = (ROOT / "docs" / "toolbox.md").read_text(encoding="utf-8")
    assert with_current_parts(text, ROOT) == text, "run `python -m benchmark readme`"
    for name in ("Method", "Job", "topk_mask", "magnitude_masks", "HardConcrete", "damped_cholesky", "fine_tune"):
        assert f"`{name}` |" in text, name


def committed(path: str) -> str:
    done = subprocess.run(["git", "show", f"HEAD:{path}"], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        pytest.skip("no git repository to compare in")
    return done.stdout


def test_the_readme_is_current(tmp_path: Path) -> None:
    """As committed: whoever has run the study here has other times in results/, and that is no fault."""
    text, table = committed("README.md"), "results/mini/short.md"
    assert f"<!-- begin {table} -->" in text
    (tmp_path / table).parent.mkdir(parents=True)
    (tmp_path / table).write_text(committed(table), encoding="utf-8")
    assert with_current_parts(text, tmp_path) == text, "run `python -m benchmark readme`"
