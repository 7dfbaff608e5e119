"""What a reader of results has to know about the audio: incomplete splits, and what the corpus's owner says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark.corpora import librispeech
from benchmark.system.errors import UserError

if TYPE_CHECKING:
    from benchmark.corpora.choice import CorpusConfig

FILE = "REMARK.txt"  # in the corpus's root, for example about lossy compression


def remarks(corpus: CorpusConfig) -> list[str]:
    """Remarks on a study's splits; every record keeps them.

    Raises:
        UserError: the file in the corpus's root cannot be read.
    """
    found = librispeech.incomplete(corpus) if corpus.name == "librispeech" else []
    path = corpus.root / FILE if corpus.root else None
    if path is None or not path.is_file():
        return found
    try:
        text = " ".join(path.read_text(encoding="utf-8").split())
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read ({error}): correct or delete it") from None
    return [*found, text] if text else found
