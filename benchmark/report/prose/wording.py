"""Small choices of words that templates need: enumerations, and verbs that agree with a method's name."""

from __future__ import annotations

from collections.abc import Sequence


def enumerated(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`. Semicolons part three words or more of which one has a comma: `a, x; b; and c`."""
    *first, last = words
    if len(first) > 1 and any("," in word for word in words):
        return f"{'; '.join(first)}; and {last}"
    return f"{', '.join(first)} and {last}" if first else last


def verb(name: str, one: str, many: str) -> str:
    """The form that agrees with a method's name: self-pinching gates, half budget `have`, distillation `has`."""
    noun = name.split(",")[0].split(" (")[0]
    return many if noun.endswith("s") else one
