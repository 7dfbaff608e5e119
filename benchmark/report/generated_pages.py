"""Generated parts of pages: the content of the file that the marks name, or the table of methods."""

from __future__ import annotations

import re
from pathlib import Path

from benchmark.study.catalogue import markdown
from benchmark.system.errors import UserError

BLOCK = re.compile(r"(<!-- begin (\S+) -->\n).*?(<!-- end \2 -->)", re.DOTALL)
METHODS = "methods"
PAGES = ("README.md", "docs/performance.md", "docs/full-size.md")


def with_current_parts(text: str, root: Path) -> str:
    """A page's text with every generated part as it is now: `methods`, or a file under `root`.

    Raises:
        UserError: a named file does not exist.
    """

    def current(match: re.Match[str]) -> str:
        part = markdown() if match.group(2) == METHODS else _content(root / match.group(2), match.group(2))
        return f"{match.group(1)}{part}\n{match.group(3)}"

    return BLOCK.sub(current, text)


def _content(path: Path, name: str) -> str:
    if not path.is_file():
        raise UserError(f"a page shows {name}, which does not exist: run what makes it first")
    return path.read_text(encoding="utf-8").strip()
