"""Lets MkDocs read lists as GitHub does.

MkDocs takes four spaces for a level where GitHub takes two or three. It also wants an empty line before an item that
follows the second paragraph of another item.
"""

from __future__ import annotations

import re

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)  # not in a list, so its lines stay as they are
INDENT = re.compile(r"^ +(?=\S)", re.MULTILINE)
LATER_PARAGRAPH = re.compile(r"(?<=\n\n)((?: +\S.*\n)+)(?=[-*] |\d+\. )")


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Write the lists of a page as MkDocs wants them."""
    pieces, end = [], 0
    for fence in FENCE.finditer(markdown):
        pieces += [_lists(markdown[end : fence.start()]), fence[0]]
        end = fence.end()
    return "".join([*pieces, _lists(markdown[end:])])


def _lists(text: str) -> str:
    parted = LATER_PARAGRAPH.sub(r"\1\n", text)
    return INDENT.sub(lambda indent: "    " * (len(indent[0]) // 2), parted)
