"""The embedded corpus: one Parquet file a split, with Ogg/Opus audio. Any folder in this format will do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from benchmark.corpora.recording import Recording
from benchmark.errors import UserError

if TYPE_CHECKING:
    from benchmark.study import CorpusConfig

COLUMNS = ["id", "text", "audio"]


def recordings(corpus: CorpusConfig, split: str) -> Iterator[Recording]:
    """Recordings of a split; texts as they are, which is lower case.

    Raises:
        UserError: no root, no such split, or a file that is not whole.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    if corpus.root is None:
        raise UserError("corpus mini needs a root, the folder with its Parquet files: set `root: data/mini`")
    path = corpus.root / f"{split}.parquet"
    if not path.exists():
        there = ", ".join(sorted(p.stem for p in corpus.root.glob("*.parquet"))) or "none"
        raise UserError(f"corpus mini has no split {split!r} in {corpus.root}; there are: {there}")
    try:
        table = pq.read_table(path, columns=COLUMNS)
    except (pa.ArrowInvalid, OSError) as error:
        raise UserError(f"{path} is damaged ({str(error).splitlines()[0]}): restore it from the repository") from None
    if missing := set(COLUMNS) - set(table.column_names):
        raise UserError(f"{path} has no column {', '.join(sorted(missing))}: it is not in the embedded corpus's format")
    for row in table.to_pylist():
        yield Recording(row["id"], row["text"] or "", (row["audio"] or {}).get("bytes"), f"{row['id']} in {path}")
