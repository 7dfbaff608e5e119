"""NIST transcripts (`.trn`): one `words (utterance-id)` per line. The speaker is the id's part before its first `-`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from benchmark.system.errors import UserError
from benchmark.system.files import write_text

_ID = r"[^()\s]+"
_LINE = re.compile(rf"(?P<text>.*)\((?P<id>{_ID})\)\s*")
_SHOWN = 3  # number of ids that a message names

Transcripts = Mapping[str, str]  # text by utterance id


def read_trn(path: Path) -> dict[str, str]:
    """Transcripts by utterance id, in the file's order. Blank lines and comments (`;;`) are skipped.

    Raises:
        UserError: the file is missing, unreadable or empty, a line is malformed, or an id occurs twice.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UserError(f"{path} is not UTF-8 text; convert it first") from None
    transcripts: dict[str, str] = {}
    seen: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith(";;"):
            continue
        name, text = _parse(line, f"{path}, line {number}")
        if name in seen:
            raise UserError(f"{path}, line {number}: utterance {name} was already given in line {seen[name]}")
        seen[name] = number
        transcripts[name] = text
    if not transcripts:
        raise UserError(f"{path} contains no transcripts; expected lines like: words (utterance-id)")
    return transcripts


def _parse(line: str, where: str) -> tuple[str, str]:
    match = _LINE.fullmatch(line)
    if match is None:
        raise UserError(
            f"{where}: no (utterance-id) at the end of {line.strip()[:60]!r}; expected: words (utterance-id)"
        )
    words = match["text"].split()
    if "{" in words:
        raise UserError(f"{where}: alternatives in braces are not supported; choose one spelling")
    return match["id"], " ".join(words)


def write_trn(path: Path, transcripts: Transcripts) -> None:
    """Write transcripts in the given order, atomically."""
    write_text(path, "".join(f"{_writable(text)} ({name})\n".lstrip(" ") for name, text in transcripts.items()))


def _writable(text: str) -> str:
    """A text without a lone `{` and without `;` at its start, which begin alternatives and comments in this format."""
    return " ".join(word for word in text.split() if word != "{").lstrip("; ")


def is_id(name: str) -> bool:
    """Whether a name is a valid utterance id: printable, without spaces and parentheses."""
    return re.fullmatch(_ID, name) is not None and name.isprintable()


def speaker(utterance: str) -> str:
    """Speaker of an utterance id: `1089-134686-0000` -> `1089`."""
    return utterance.partition("-")[0]


def require_same_utterances(references: Transcripts, hypotheses: Transcripts, name: str) -> None:
    """Refuse `name`'s hypotheses unless they cover exactly the utterances of the reference.

    Scoring only the common utterances would silently give a wrong rate.

    Raises:
        UserError: utterances are missing or unknown; the message says how many, and names the first few.
    """
    missing = _few(sorted(references.keys() - hypotheses.keys()))
    unknown = _few(sorted(hypotheses.keys() - references.keys()))
    if missing or unknown:
        parts = [f"missing {missing}"] * bool(missing) + [f"not in the reference {unknown}"] * bool(unknown)
        raise UserError(f"{name} and the reference do not have the same utterances: {'; '.join(parts)}")


def _few(names: list[str]) -> str:
    more = ", ..." if len(names) > _SHOWN else ""
    return f"{len(names)} ({', '.join(names[:_SHOWN])}{more})" if names else ""
