"""The README's generated parts say what results/ says."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.errors import UserError
from benchmark.readme import with_current_parts
from benchmark.study import ROOT

PAGE = "before\n<!-- begin table.md -->\nold\n<!-- end table.md -->\nafter\n"


def test_a_part_is_replaced_and_the_rest_stands(tmp_path: Path) -> None:
    (tmp_path / "table.md").write_text("| new |\n")
    expected = "before\n<!-- begin table.md -->\n| new |\n<!-- end table.md -->\nafter\n"
    assert with_current_parts(PAGE, tmp_path) == expected


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"table\.md, which does not exist"):
        with_current_parts(PAGE, tmp_path)


def test_the_readme_is_current() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "<!-- begin results/mini/short.md -->" in text
    assert with_current_parts(text, ROOT) == text, "run `python -m benchmark readme`"
