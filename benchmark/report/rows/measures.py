"""What is measured of a row: its sizes and times, over the seeds."""

from __future__ import annotations

from collections.abc import Callable

from benchmark.report.rows.rows import Row, Spread

Size = Callable[[Row], Spread | None]


def remaining_parameters(row: Row) -> Spread | None:
    """Remaining parameters, over the seeds."""
    return row.spread(lambda record: record["footprint"]["remaining_parameters"])


def bytes_on_disk(row: Row) -> Spread | None:
    """Bytes of the exported weight file, over the seeds."""
    return row.spread(lambda record: record["footprint"]["bytes_on_disk"])


def compression_ratio(row: Row) -> Spread | None:
    """All parameters of the dense model over the remaining ones."""
    return row.spread(lambda record: record["footprint"]["compression_ratio"])


def encoder_sparsity(row: Row) -> Spread | None:
    """Share of removed weights in the encoder matrices."""
    return row.spread(lambda record: record["footprint"]["encoder_sparsity"])


def dense_speedup(row: Row) -> Spread | None:
    """The dense model's transcription time over the row's, with dense kernels for all matrices."""
    return row.spread(lambda record: record["speedup"]["median"])


def sparse_speedup(row: Row) -> Spread | None:
    """The same with sparse matrices; None unless they were faster in every run for at least one matrix."""
    if not all("speedup" in run.record.get("sparse", {}) for run in row.finished):
        return None
    return row.spread(lambda record: record["sparse"]["speedup"]["median"])


def is_faster_sparse(row: Row) -> bool:
    """Whether the row transcribes faster with sparse matrices than with dense ones."""
    dense, sparse = dense_speedup(row), sparse_speedup(row)
    return dense is not None and sparse is not None and sparse.mean > dense.mean


def speedup(row: Row) -> Spread | None:
    """The dense model's transcription time over the row's, in the faster of the two ways."""
    return sparse_speedup(row) if is_faster_sparse(row) else dense_speedup(row)


def transcription_time(row: Row) -> Spread | None:
    """The row's transcription time as a share of the dense model's."""
    faster = speedup(row)
    return faster and Spread(1 / faster.mean, None, 1 / faster.high, 1 / faster.low, faster.n)


def compression_seconds(row: Row) -> Spread | None:
    """Wall-clock seconds of the compression, without loading, exporting and evaluation."""
    return row.spread(lambda record: record["compression_seconds"])
