"""Losses between students and teachers: on hidden layers through linear heads, and on logits."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from benchmark.models.output import Output


def spread_layers(depth: int, count: int) -> list[int]:
    """`count` of `depth` layers, evenly spread, including the last one: 4, 8, 12 of 12."""
    count = min(count, depth)
    return [round(depth * (i + 1) / count) for i in range(count)]


def identity_head(width: int) -> nn.Linear:
    """A linear layer that starts as the identity."""
    head = nn.Linear(width, width)
    nn.init.eye_(head.weight)
    nn.init.zeros_(head.bias)
    return head


def distance_and_cosine(
    predicted: torch.Tensor, wanted: torch.Tensor, valid: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean L1 distance, and the cosine at every valid frame, of two hidden states (batch, frames, width)."""
    frames = valid.nonzero(as_tuple=True)  # found once for both: their number has to be awaited from a GPU
    predicted, wanted = predicted[frames].float(), wanted[frames].float()
    return F.l1_loss(predicted, wanted), F.cosine_similarity(predicted, wanted, dim=-1)


def logit_divergence(student: Output, teacher: Output, temperature: float) -> torch.Tensor:
    """KL divergence from the teacher's to the student's frame posteriors, summed over frames, mean over utterances."""
    wanted = F.log_softmax(teacher.logits.float() / temperature, dim=-1)
    given = F.log_softmax(student.logits.float() / temperature, dim=-1)
    frames = (wanted.exp() * (wanted - given)).sum(-1) * student.valid
    return temperature**2 * frames.sum() / len(frames)
