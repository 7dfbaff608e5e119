"""CMU AN4 (census) in its official layout: `<root>/etc` and `<root>/wav`, NIST SPHERE files.

Two partitions share one development set: six of the official training speakers (an4_dev_speakers.txt).

    train            with  test            speaker-disjoint; 25 of all 84 speakers are in `test` (an4_test_speakers.txt)
    official-train   with  official-test   CMU's own; its test set has only 773 words, too few to show small differences

The ten official test speakers are among the 25, so a model trained on `train` may be tested on both test sets. A
model trained on `official-train` has heard most speakers of `test`, so that pair is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.corpora.an4_download import download
from benchmark.corpora.recording import Recording
from benchmark.system.errors import UserError

if TYPE_CHECKING:
    from benchmark.corpora.choice import CorpusConfig

UTTERANCES = {"train": 686, "dev": 73, "test": 319, "official-train": 875, "official-test": 130}
PARTS = ("train", "test")  # of the official layout
FILE = re.compile(r"([\w-]+)/([\w-]+)/([\w-]+)\s*")
TRANSCRIPT = re.compile(r"(.*)\(([\w-]+)\)\s*")


def recordings(corpus: CorpusConfig, split: str) -> Iterator[Recording]:
    """Recordings of a split, with texts in lower case and without the silence tags.

    Raises:
        UserError: the split does not exist, the root is not AN4, or a training and a test split share speakers.
    """
    require_split(split)
    if corpus.train == "official-train" and "test" in corpus.tests:
        raise UserError(
            "corpus an4: `official-train` and `test` share speakers: train on `train`, or test on `official-test`"
        )
    root = corpus.root or download()
    for part in PARTS:
        texts = _transcripts(root, part)
        for folder, speaker, name in _matches(root / "etc" / f"an4_{part}.fileids", FILE, "folder/speaker/name"):
            if split in _splits(part, speaker):
                id = f"{speaker}-{name.split('-')[0]}"
                path = root / "wav" / folder / speaker / f"{name}.sph"
                yield Recording(id, texts.get(name, ""), path, str(path))


def require_split(split: str) -> None:
    """Refuse a split that AN4 does not have.

    Raises:
        UserError: the split does not exist.
    """
    if split not in UTTERANCES:
        raise UserError(f"corpus an4 has no split {split!r}; there are: {', '.join(UTTERANCES)}")


def _splits(part: str, speaker: str) -> set[str]:
    """The splits that a speaker of an official part belongs to."""
    if speaker in _speakers("dev"):
        return {"dev"}
    return {f"official-{part}", "test" if speaker in _speakers("test") else "train"}


def _speakers(split: str) -> set[str]:
    return set((Path(__file__).parent / f"an4_{split}_speakers.txt").read_text(encoding="utf-8").split())


def _transcripts(root: Path, part: str) -> dict[str, str]:
    """Texts by file name, from lines such as `<s> GO </s> (an253-fash-b)`."""
    path = root / "etc" / f"an4_{part}.transcription"
    texts: dict[str, str] = {}
    for text, name in _matches(path, TRANSCRIPT, "words (name)"):
        if name in texts:
            raise UserError(f"{path} has {name} twice: unpack AN4 again")
        texts[name] = " ".join(re.sub(r"</?s>", " ", text).lower().split())
    return texts


def _matches(path: Path, form: re.Pattern[str], example: str) -> Iterator[tuple[str, ...]]:
    """The groups of every line that is not blank.

    Raises:
        UserError: the file is missing or is not text, or a line has another form.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise UserError(
            f"{path} is missing: set the corpus's `root` to AN4's folder, which holds etc/ and wav/, "
            "or leave it out to download AN4"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read ({error}): unpack AN4 again") from None
    for number, line in enumerate(lines, start=1):
        match = form.fullmatch(line)
        if match is not None:
            yield match.groups()
        elif line.strip():
            raise UserError(f"{path}, line {number}: {line[:60]!r} is not of the form {example}: unpack AN4 again")
