"""The exceptions that end in one line for the user, and what several places say in them."""

from __future__ import annotations

from difflib import get_close_matches


class UserError(Exception):
    """Something that the user can mend: a wrong setting, a missing file, a full disk.

    The message is one line: what was wrong, where, and what to do. The command line prints it without a traceback
    and ends with status 2.
    """


OUT_OF_MEMORY = "out of GPU memory: lower training.batch_seconds and raise training.gradient_accumulation as much"


class CannotCompress(Exception):
    """The method cannot do its work here; the message, why, becomes the reason of a failed row."""


class CannotReachTarget(CannotCompress):
    """The method cannot leave as many parameters as the target asks for."""


class TrainingDiverged(Exception):
    """The loss or a weight is not finite."""


def suggestion(word: str, words: list[str]) -> str:
    """`: did you mean "x"? available: ...` for an unknown word."""
    close = get_close_matches(word, words, n=1, cutoff=0.5)
    hint = f'did you mean "{close[0]}"? ' if close else ""
    return f": {hint}available: {', '.join(words) or 'none'}"
