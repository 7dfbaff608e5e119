"""One page of the site per module of the toolbox, made by mkdocstrings; the table of the toolbox links to them."""

from __future__ import annotations

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from benchmark.study.toolbox_table import CODE, modules

TABLE = "toolbox.md"
PAGES = {f"api/{path.stem}.md": path.relative_to(CODE.parent) for path in modules()}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the pages at the end of the navigation."""
    config.nav = [*(config.nav or []), {"API of the toolbox": list(PAGES)}]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages."""
    for page, path in PAGES.items():
        module = ".".join(path.with_suffix("").parts)
        files.append(File.generated(config, page, content=f"# {path.stem}\n\n::: {module}\n"))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Link each module in the table to its page."""
    if page.file.src_uri == TABLE:
        for target, path in PAGES.items():
            markdown = markdown.replace(f"`{path.as_posix()}`", f"[`{path.stem}`]({target})")
    return markdown
