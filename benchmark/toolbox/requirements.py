"""Checks of the extra packages that a method needs, made before anything is computed. Imports no torch."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version

from packaging.requirements import InvalidRequirement, Requirement

from benchmark.system.errors import UserError


def require_requirements(texts: object) -> None:
    """Refuse anything but a tuple of requirements in pip's syntax.

    Raises:
        UserError: names the first one that is invalid.
    """
    if not isinstance(texts, tuple):
        raise UserError(f'has `requirements = {texts!r}`, which must be a tuple such as ("scikit-learn>=1.5",)')
    for text in texts:
        try:
            Requirement(text)
        except (InvalidRequirement, TypeError):
            raise UserError(f"has {text!r} in `requirements`, which pip does not understand") from None


def missing(texts: Iterable[str]) -> str | None:
    """Which packages are not installed, and how to install them; None if all are."""
    needed = [text for text in texts if not _is_met(Requirement(text))]
    if not needed:
        return None
    quoted = " ".join(f'"{text}"' for text in needed)
    return f"needs {', '.join(needed)}: pip install {quoted}"


def _is_met(requirement: Requirement) -> bool:
    if requirement.marker is not None and not requirement.marker.evaluate():
        return True
    try:
        return requirement.specifier.contains(version(requirement.name), prereleases=True)
    except PackageNotFoundError:
        return False
