"""Holds pruned matrices of a finished model sparse, wherever that is faster on the machine at hand."""

from __future__ import annotations

import copy
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch
from torch import nn

from benchmark.inference.sparse_kernels import TwoOfFour, is_two_of_four, sparse_rows
from benchmark.inference.transcription import transcriber
from benchmark.models.architectures.lookup import architecture_of
from benchmark.models.batch import Batch
from benchmark.models.checkpoints import SpeechModel
from benchmark.models.encoder import Encoder, Matrix
from benchmark.models.forms.masked import Masked
from benchmark.training.precision import wait_for_gpu

FEWEST_ZEROS = 0.5  # share of zeros below which no matrix is tried
ROUNDS = 3
BLOCKS = (64, 200)  # vectors that sparse rows multiply at a time
READ_BY_ATTENTION = ("q", "k", "v")
PROBE_SECONDS = 10


def sparse_model(speech_model: SpeechModel, batch: Batch) -> tuple[SpeechModel, int]:
    """Return a copy of a model that holds matrices sparse where that is faster, and the number of these matrices.

    A model that has no matrix with so many zeros is returned as it is.

    Each matrix is multiplied in all its forms, on as many frames or tokens as it gets when the model transcribes
    `batch`. Outputs differ from the dense form's by rounding. Call it in the precision in which the model will compute:
    sparse rows work in fp32, 2:4 sparsity in bf16.

    Args:
        speech_model: the model, on its device. It is not changed.
        batch: speech, on the same device.
    """
    if not can_be_sparse(speech_model):
        return speech_model, 0
    copied = replace(speech_model, model=copy.deepcopy(speech_model.model))
    encoder = Encoder(copied.model)
    candidates = _candidates(encoder)
    with _rows_counted(candidates) as counts, torch.no_grad():
        transcriber(copied)(batch)
    sparse = 0
    for matrix in candidates:
        rows = counts[matrix.linear]
        fastest = _fastest([matrix.linear, *_kernels(matrix)], _typical(rows)) if rows else matrix.linear
        if fastest is not matrix.linear:
            encoder.put(matrix, fastest)
            sparse += 1
    return copied, sparse


def sparse_for_recordings(speech_model: SpeechModel) -> tuple[SpeechModel, int]:
    """`sparse_model` for transcribing one recording after the other, of about ten seconds."""
    return sparse_model(speech_model, architecture_of(speech_model.model).probe(speech_model.model, PROBE_SECONDS))


def can_be_sparse(speech_model: SpeechModel) -> bool:
    """Whether a matrix has so many zeros that its sparse form is tried."""
    return bool(_candidates(Encoder(speech_model.model)))


def _candidates(encoder: Encoder) -> list[Matrix]:
    return [matrix for matrix in encoder if isinstance(matrix.form, Masked) and _zeros(matrix) >= FEWEST_ZEROS]


def _zeros(matrix: Matrix) -> float:
    return 1 - float(matrix.weight.count_nonzero()) / matrix.weight.numel()


def _kernels(matrix: Matrix) -> list[nn.Module]:
    """The matrix in the sparse forms that its device has in its precision.

    The fast kernels of attention want queries, keys and values one vector after the other.
    """
    linear = matrix.linear
    device = linear.weight.device.type
    in_bf16 = torch.is_autocast_enabled(device)
    if device == "cpu":
        blocks = BLOCKS if matrix.kind.endswith(READ_BY_ATTENTION) else (None, *BLOCKS)
        return [] if in_bf16 else [*sparse_rows(linear, blocks)]
    return [TwoOfFour(linear)] if in_bf16 and is_two_of_four(linear.weight) else []


@contextmanager
def _rows_counted(matrices: Iterable[Matrix]) -> Iterator[dict[nn.Module, Counter[int]]]:
    """Count, for each matrix, how often it is multiplied with how many vectors."""
    counts: dict[nn.Module, Counter[int]] = {matrix.linear: Counter() for matrix in matrices}

    def count(linear: nn.Module, inputs: tuple[Any, ...]) -> None:
        counts[linear][inputs[0].numel() // inputs[0].shape[-1]] += 1

    handles = [linear.register_forward_pre_hook(count) for linear in counts]
    try:
        yield counts
    finally:
        for handle in handles:
            handle.remove()


def _typical(rows: Counter[int]) -> int:
    """The number of vectors per call at which most vectors are multiplied."""
    return max(rows, key=lambda count: count * rows[count])


def _fastest(forms: list[nn.Module], rows: int) -> nn.Module:
    """The form of a matrix, the dense one first, in which it is multiplied fastest in the best of several rounds."""
    dense = forms[0]
    inputs = torch.randn(rows, dense.get_parameter("weight").shape[1], device=dense.get_parameter("weight").device)
    best = [min(times) for times in zip(*timed_in_turn(forms, inputs, ROUNDS), strict=True)]
    return forms[best.index(min(best))]


@torch.no_grad()
def timed_in_turn(forms: list[nn.Module], inputs: torch.Tensor, rounds: int) -> list[list[float]]:
    """Wall-clock seconds, by round and form, in which a matrix in several forms maps the inputs; one round warms up."""
    return [[_seconds(form, inputs) for form in forms] for _ in range(rounds + 1)][1:]


def _seconds(module: nn.Module, inputs: torch.Tensor) -> float:
    wait_for_gpu()
    start = time.perf_counter()
    module(inputs)
    wait_for_gpu()
    return time.perf_counter() - start
