"""The embedded corpus: one Parquet file per split, with Ogg/Opus audio. Any folder in this format can be read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NotRequired

from typing_extensions import TypedDict

from benchmark.corpora.recording import Recording
from benchmark.system.errors import UserError
from benchmark.system.validated import checked

if TYPE_CHECKING:
    import pyarrow.parquet as pq

    from benchmark.corpora.choice import CorpusConfig


class _Audio(TypedDict):
    """Audio in the form in which the library `datasets` stores it."""

    bytes: bytes | None
    path: NotRequired[str | None]


class _Row(TypedDict):
    """The columns that are read from a file."""

    id: str
    text: str | None
    audio: _Audio | None


COLUMNS = list(_Row.__annotations__)


def split_file(corpus: CorpusConfig, split: str) -> Path:
    """The Parquet file of a split.

    Raises:
        UserError: there is no root, or the split does not exist.
    """
    if corpus.root is None:
        raise UserError("corpus mini needs a root, the folder with its Parquet files: set `root: data/mini`")
    path = corpus.root / f"{split}.parquet"
    if not path.exists():
        there = ", ".join(sorted(p.stem for p in corpus.root.glob("*.parquet"))) or "none"
        raise UserError(f"corpus mini has no split {split!r} in {corpus.root}; there are: {there}")
    return path


@contextmanager
def opened(path: Path) -> Iterator[pq.ParquetFile]:
    """A split's file, open and with all columns. Errors while it is read end in a line, too.

    Raises:
        UserError: the file is damaged or has another form.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            if missing := set(COLUMNS) - set(file.schema_arrow.names):
                raise UserError(
                    f"{path} has no column {', '.join(sorted(missing))}: it is not in the embedded corpus's format"
                )
            yield file
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise UserError(f"{path} is damaged ({reason}): restore it from the repository") from None


def recordings(corpus: CorpusConfig, split: str) -> Iterator[Recording]:
    """Recordings of a split, with the original texts, which are in lower case.

    Raises:
        UserError: there is no root, the split does not exist, or its file is damaged or has another form.
    """
    path = split_file(corpus, split)
    with opened(path) as file:
        rows = file.read(columns=COLUMNS).to_pylist()
    for number, value in enumerate(rows, start=1):
        row = checked(value, _Row, f"{path}, row {number}")
        audio = row["audio"]["bytes"] if row["audio"] else None
        yield Recording(row["id"], row["text"] or "", audio, f"{row['id']} in {path}")
