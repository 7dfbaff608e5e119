"""Prose and pages that are generated: Jinja templates, each beside the code that fills it."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template


def template(path: Path, *, html: bool = False) -> Template:
    """The template at `path`; a name that it uses and is not given is an error.

    Args:
        path: the file; it may include others of its folder.
        html: escape what is filled in. Nothing is escaped in other text.
    """
    environment = Environment(
        loader=FileSystemLoader(path.parent),
        autoescape=html,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(path.name)
