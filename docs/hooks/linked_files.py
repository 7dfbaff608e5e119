"""The site has files outside `docs/`: the README as its home page, its neighbours, the results, and what pages link to.

So a link on a page leads to the same file on the site as in the repository.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[2]
OUTSIDE = [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("results/*/README.md"))]
LINK = re.compile(r"!?\[(?P<text>[^\]]*)\]\((?P<path>[^)\s#:]+)(?P<anchor>#[^)\s]*)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages outside `docs/`, and all files that pages link to."""
    waiting = [*OUTSIDE, *(ROOT / "docs" / file.src_uri for file in files.documentation_pages())]
    seen = set(waiting)
    while waiting:
        path = waiting.pop()
        if files.get_file_from_path(_place(path)) is None:
            files.append(File.generated(config, _place(path), abs_src_path=str(path)))
        found = {target for target in _linked(path) if target.is_file()} - seen
        seen |= found
        waiting += sorted(found)
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let links lead to where the site has their files. A link to a folder, which has no page, becomes plain text."""
    if page.file.abs_src_path is None:
        return markdown
    source = Path(page.file.abs_src_path)

    def moved(link: re.Match[str]) -> str:
        target = _target(source, link)
        if target.is_dir():
            return link["text"]
        start = link.start("path") - link.start()
        path = os.path.relpath(_place(target), Path(page.file.src_uri).parent)
        return link[0][:start] + path + link[0][start + len(link["path"]) :]

    return LINK.sub(moved, markdown)


def _linked(path: Path) -> list[Path]:
    """The targets of a page's relative links; none if the file is not a page."""
    return [_target(path, link) for link in LINK.finditer(path.read_text("utf-8"))] if path.suffix == ".md" else []


def _target(source: Path, link: re.Match[str]) -> Path:
    return Path(os.path.normpath(source.parent / link["path"]))


def _place(path: Path) -> str:
    """Where the site has a file of the repository: what is in `docs/` is at its top."""
    return path.relative_to(ROOT).as_posix().removeprefix("docs/")
