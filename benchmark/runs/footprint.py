"""Measures the sizes of a compressed model against its dense one, in the same way for all families."""

from __future__ import annotations

from transformers import PreTrainedModel

from benchmark.models.architectures.lookup import architecture_of
from benchmark.models.counting import (
    count_parameters,
    multiply_accumulates,
    remaining_in_encoder,
    remaining_in_matrix,
    remaining_parameters,
)
from benchmark.models.encoder import Encoder
from benchmark.models.in_floats import in_floats
from benchmark.runs.records import Footprint, MatrixSparsity

PROBE_SECONDS = 10


def matrix_sparsity(dense: PreTrainedModel, model: PreTrainedModel) -> list[MatrixSparsity]:
    """Remaining weights of each encoder matrix of the dense model; a removed layer has none."""
    left = {(m.layer, m.kind): remaining_in_matrix(m) for m in Encoder(model)}
    return [
        MatrixSparsity(
            layer=m.layer, matrix=m.kind, parameters=m.linear.weight.numel(), remaining=left.get((m.layer, m.kind), 0)
        )
        for m in Encoder(dense)
    ]


def encoder_sparsity(dense: PreTrainedModel, model: PreTrainedModel) -> float:
    """Share of the weights of the dense model's encoder matrices that `model` lacks, the paper's measure."""
    return 1 - remaining_in_encoder(model) / Encoder(dense).parameters


def plain_bytes(model: PreTrainedModel) -> int:
    """Bytes of a model's weights in memory, neither packed nor quantised."""
    return sum(tensor.numel() * tensor.element_size() for tensor in model.state_dict().values())


def macs_per_second(model: PreTrainedModel) -> float:
    """Multiply-accumulates per second of audio, from a forward over ten seconds (attention grows with length).

    A model with a window computes the whole window, with a transcript as long as read speech has.

    Integer and floating-point multiply-accumulates count the same.
    """
    model = in_floats(model)
    batch = architecture_of(model).probe(model, PROBE_SECONDS)
    return multiply_accumulates(model.eval(), batch) / batch.seconds


def footprint(dense: PreTrainedModel, model: PreTrainedModel, bytes_on_disk: int) -> Footprint:
    """Sizes of `model`, which was made from `dense` and whose exported file has `bytes_on_disk` bytes."""
    total, remaining = count_parameters(dense), remaining_parameters(model)
    return Footprint(
        total_parameters=total,
        remaining_parameters=remaining,
        encoder_matrix_parameters=Encoder(dense).parameters,
        encoder_sparsity=encoder_sparsity(dense, model),
        compression_ratio=total / remaining,
        bytes_on_disk=bytes_on_disk,
        macs_per_second=macs_per_second(model),
    )
