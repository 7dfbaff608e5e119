"""Fills the templates of this folder: texts that every kind of page shows, and whole pages in Markdown."""

from __future__ import annotations

from pathlib import Path

from benchmark.report.tables.typesetting import Markdown, inert
from benchmark.system.templates import template

HERE = Path(__file__).parent


def plain_text(name: str, **values: object) -> str:
    """Fill a template of plain text, with one line per paragraph. The page that shows the text escapes it."""
    paragraphs = template(HERE / name).render(values).split("\n\n")
    return "\n".join(" ".join(paragraph.split()) for paragraph in paragraphs if paragraph.strip())


def markdown_text(name: str, **values: object) -> Markdown:
    """Fill a template in Markdown. Each value becomes inert text on one line, except `Markdown`."""
    return Markdown(template(HERE / name, finalize=_shown).render(values))


def _shown(value: object) -> str:
    return value if isinstance(value, Markdown) else inert(" ".join(str(value).split()))
