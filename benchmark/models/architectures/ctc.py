"""Connectionist temporal classification (Graves et al., ICML 2006): its loss, and greedy decoding."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from benchmark.models.batch import Batch
from benchmark.models.output import Output
from benchmark.models.vocabulary import Vocabulary


def ctc_loss(output: Output, batch: Batch, blank: int) -> torch.Tensor:
    """CTC loss summed over an utterance, averaged over the utterances of the batch, in nats."""
    log_probs = F.log_softmax(output.logits.float(), dim=-1).transpose(0, 1)
    losses = F.ctc_loss(
        log_probs, batch.labels, output.lengths, batch.label_lengths, blank=blank, reduction="none", zero_infinity=True
    )
    return losses.mean()


def greedy_texts(output: Output, vocabulary: Vocabulary) -> list[str]:
    """The text of each utterance of a batch, by the best label of every frame."""
    best = output.logits.argmax(-1).cpu()
    return [vocabulary.decode(best[row, :frames].tolist()) for row, frames in enumerate(output.lengths.tolist())]
