"""NIST transcripts, `.trn`: one `words (utterance-id)` a line. The speaker is what stands before the id's first `-`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from benchmark.system.errors import UserError
from benchmark.system.files import write_text

_ID = r"[^()\s]+"
_LINE = re.compile(rf"(?P<text>.*)\((?P<id>{_ID})\)\s*")
_SHOWN = 3  # ids named in a message

Transcripts = Mapping[str, str]  # text by utterance id


def read_trn(path: Path) -> dict[str, str]:
    """Transcripts by utterance id, in the file's order. Blank lines and comments (`;;`) are skipped.

    Raises:
        UserError: the file is missing, unreadable or empty, a line is malformed, or an id stands twice.
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
        raise UserError(f"{path} holds no transcripts; expected lines like: words (utterance-id)")
    return transcripts


def _parse(line: str, where: str) -> tuple[str, str]:
    match = _LINE.fullmatch(line)
    if match is None:
        raise UserError(f"{where}: no (utterance-id) ends {line.strip()[:60]!r}; expected: words (utterance-id)")
    words = match["text"].split()
    if "{" in words:
        raise UserError(f"{where}: alternatives in braces are not supported; choose one spelling")
    return match["id"], " ".join(words)


def write_trn(path: Path, transcripts: Transcripts) -> None:
    """Write transcripts in the order given, whole or not at all."""
    write_text(path, "".join(" ".join([*text.split(), f"({name})\n"]) for name, text in transcripts.items()))


def is_id(name: str) -> bool:
    """Whether a transcript can go by this id: it has no spaces and no parentheses, and is text in UTF-8."""
    return re.fullmatch(_ID, name) is not None and name.isprintable()


def speaker(utterance: str) -> str:
    """Speaker of an utterance id: `1089-134686-0000` -> `1089`."""
    return utterance.partition("-")[0]


def require_same_utterances(references: Transcripts, hypotheses: Transcripts, name: str) -> None:
    """Refuse `name`'s hypotheses unless they are of the reference's utterances, all and no others.

    Scoring only those that happen to match would give a wrong rate without a word.

    Raises:
        UserError: how many utterances are missing or unknown, and the first few.
    """
    missing = _few(sorted(references.keys() - hypotheses.keys()))
    unknown = _few(sorted(hypotheses.keys() - references.keys()))
    if missing or unknown:
        parts = [f"missing {missing}"] * bool(missing) + [f"not in the reference {unknown}"] * bool(unknown)
        raise UserError(f"{name} and the reference are not of the same utterances: {'; '.join(parts)}")


def _few(names: list[str]) -> str:
    more = ", ..." if len(names) > _SHOWN else ""
    return f"{len(names)} ({', '.join(names[:_SHOWN])}{more})" if names else ""
