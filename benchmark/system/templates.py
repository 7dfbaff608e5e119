"""Jinja templates for generated prose and pages. Each template lies beside the code that fills it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template


def template(path: Path, *, html: bool = False, finalize: Callable[[object], str] | None = None) -> Template:
    """The template at `path`. A name that it uses but does not get is an error.

    Args:
        path: the file; it may include other files of its folder.
        html: escape the values. In other text nothing is escaped.
        finalize: turns each value into the text that is shown.
    """
    environment = Environment(
        loader=FileSystemLoader(path.parent),
        autoescape=html,
        finalize=finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(path.name)
