"""The exceptions that end in one line for the user, and the message parts that several places share."""

from __future__ import annotations

from difflib import get_close_matches


class UserError(Exception):
    """An error that the user can fix: a wrong setting, a missing file, a full disk.

    The message is one line: what is wrong, where, and what to do. The command line prints it without a traceback
    and exits with status 2.
    """


LOWER_BATCH = "lower training.batch_seconds and raise training.gradient_accumulation by the same factor"
OUT_OF_MEMORY = f"out of GPU memory: {LOWER_BATCH}"


class CannotCompress(Exception):
    """The method cannot compress this model. The message says why and becomes the reason of a failed row."""


class CannotReachTarget(CannotCompress):
    """The method cannot reach the target parameter count."""


class TrainingDiverged(Exception):
    """The loss or a weight is no longer finite."""


def suggestion(word: str, words: list[str]) -> str:
    """The end of a message about an unknown word: `: did you mean "x"? available: ...`."""
    close = get_close_matches(word, words, n=1, cutoff=0.5)
    hint = f'did you mean "{close[0]}"? ' if close else ""
    return f": {hint}available: {', '.join(words) or 'none'}"
