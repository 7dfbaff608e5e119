"""The packages that a method needs beside those of the suite, looked for before anything is computed. No torch."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version

from packaging.requirements import InvalidRequirement, Requirement

from benchmark.system.errors import UserError


def require_requirements(texts: object) -> None:
    """Refuse what is no tuple of pip's requirements.

    Raises:
        UserError: names the first that is none.
    """
    if not isinstance(texts, tuple):
        raise UserError(f'has `requirements = {texts!r}`, which must be a tuple such as ("scikit-learn>=1.5",)')
    for text in texts:
        try:
            Requirement(text)
        except (InvalidRequirement, TypeError):
            raise UserError(f"has {text!r} in `requirements`, which pip does not understand") from None


def missing(texts: Iterable[str]) -> str | None:
    """What is not installed here, and how to install it; None if all is."""
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
