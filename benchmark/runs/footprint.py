"""Honest sizes: the one place that counts parameters, bytes and multiply-accumulates, for all families."""

from __future__ import annotations

import torch
from torch import nn
from transformers import PreTrainedModel

from benchmark.corpora.manifest import SAMPLE_RATE
from benchmark.models.batch import Batch
from benchmark.models.counting import count_parameters, multiply_accumulates, place
from benchmark.models.encoder import Encoder
from benchmark.models.forms.quantised import dequantised
from benchmark.models.forward import frame_counts
from benchmark.runs.records import Footprint, MatrixSparsity

PROBE_SECONDS = 10


def remaining_parameters(model: PreTrainedModel) -> int:
    """Parameters that are left: non-zero weights of the encoder matrices, all other parameters as materialised.

    A zero outside the encoder matrices (a bias that training left at zero, say) is not compression and counts as
    a parameter. A shared tensor counts once.
    """
    matrices = {id(tensor) for matrix in Encoder(model) for tensor in matrix.stored}
    unique: dict[int, nn.Parameter] = {place(parameter): parameter for parameter in model.parameters()}
    return sum(_left(p) if id(p) in matrices else p.numel() for p in unique.values())


def _left(tensor: torch.Tensor) -> int:
    """Weights that are left: non-zero ones, but all of a quantised tensor, where zero is a value like any other."""
    return tensor.numel() if hasattr(tensor, "qdata") else int(tensor.count_nonzero())


def matrix_sparsity(dense: PreTrainedModel, model: PreTrainedModel) -> list[MatrixSparsity]:
    """What is left of each encoder matrix of the dense model; a layer that is gone has nothing left."""
    left = {(m.layer, m.kind): sum(_left(tensor) for tensor in m.stored) for m in Encoder(model)}
    return [
        MatrixSparsity(
            layer=m.layer, matrix=m.kind, parameters=m.linear.weight.numel(), remaining=left.get((m.layer, m.kind), 0)
        )
        for m in Encoder(dense)
    ]


def encoder_sparsity(dense: PreTrainedModel, model: PreTrainedModel) -> float:
    """Share of the dense model's encoder matrices that is gone in `model`, the paper's measure."""
    shared_once = {place(tensor): tensor for m in Encoder(model) for tensor in m.stored}
    return 1 - sum(_left(tensor) for tensor in shared_once.values()) / Encoder(dense).parameters


def plain_bytes(model: PreTrainedModel) -> int:
    """Bytes of a model's weights as they are in memory, neither packed nor quantised."""
    return sum(tensor.numel() * tensor.element_size() for tensor in model.state_dict().values())


def macs_per_second(model: PreTrainedModel) -> float:
    """Multiply-accumulates for one second of audio, of a forward over ten seconds (attention grows with length).

    One of integers counts like one of floats.
    """
    model = dequantised(model) if hasattr(model.config, "int8") else model
    device = next(model.parameters()).device
    samples = PROBE_SECONDS * SAMPLE_RATE
    frames = frame_counts(model, torch.tensor([samples])).to(device)
    nothing = torch.zeros(0, dtype=torch.long, device=device)
    batch = Batch(torch.zeros(1, samples, device=device), None, frames, nothing, nothing, PROBE_SECONDS)
    return multiply_accumulates(model.eval(), batch) / PROBE_SECONDS


def footprint(dense: PreTrainedModel, model: PreTrainedModel, bytes_on_disk: int) -> Footprint:
    """Sizes of `model`, which came from `dense` and takes `bytes_on_disk` as an artefact that was really written."""
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
