"""Generated parts of the top README: what stands between two marks is the content of the file that they name."""

from __future__ import annotations

import re
from pathlib import Path

from benchmark.errors import UserError

BLOCK = re.compile(r"(<!-- begin (\S+) -->\n).*?(<!-- end \2 -->)", re.DOTALL)


def with_current_parts(text: str, root: Path) -> str:
    """The README's text with every generated part as its file under `root` has it now.

    Raises:
        UserError: a named file does not exist.
    """

    def current(match: re.Match[str]) -> str:
        path = root / match.group(2)
        if not path.is_file():
            raise UserError(f"README.md shows {match.group(2)}, which does not exist: run its study first")
        return f"{match.group(1)}{path.read_text(encoding='utf-8').strip()}\n{match.group(3)}"

    return BLOCK.sub(current, text)
