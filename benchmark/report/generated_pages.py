"""Fills the generated parts of pages, between marks, with a named file or a table generated from the code."""

from __future__ import annotations

import re
from pathlib import Path

from benchmark.evaluations.contract import load_evaluation
from benchmark.study import catalogue, key_table, toolbox_table
from benchmark.system.errors import UserError

BLOCK = re.compile(r"(<!-- begin (\S+) -->\n).*?(<!-- end \2 -->)", re.DOTALL)
MADE = {
    "methods": catalogue.markdown,
    "study-keys": key_table.markdown,
    "certified-settings": lambda: key_table.markdown(load_evaluation("certified").Settings),
    "toolbox": toolbox_table.markdown,
}
PAGES = (
    "README.md",
    "docs/studies.md",
    "docs/evaluations.md",
    "docs/performance.md",
    "docs/full-size.md",
    "docs/toolbox.md",
    "docs/trust.md",
)


def with_current_parts(text: str, root: Path) -> str:
    """Return a page's text with every generated part updated from `MADE` or from a file under `root`.

    Raises:
        UserError: a named file does not exist.
    """

    def current(match: re.Match[str]) -> str:
        name = match.group(2)
        part = MADE[name]() if name in MADE else _content(root / name, name)
        return f"{match.group(1)}{part}\n{match.group(3)}"

    return BLOCK.sub(current, text)


def _content(path: Path, name: str) -> str:
    if not path.is_file():
        raise UserError(f"a page shows {name}, which does not exist: run what makes it first")
    return path.read_text(encoding="utf-8").strip()
