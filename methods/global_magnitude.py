"""Global magnitude pruning: the smallest weights of the whole encoder are pruned at once, then it is fine-tuned."""

from __future__ import annotations

from dataclasses import dataclass

from transformers import PreTrainedModel

from benchmark.toolbox.contract import Method
from benchmark.toolbox.job import Job
from benchmark.toolbox.masks import global_magnitude_masks
from benchmark.toolbox.references import Reference


class GlobalMagnitude(Method):
    """Zero the smallest weights of the whole encoder, then fine-tune with the mask held.

    All matrices share one threshold, so those with small weights lose more. None loses more than the share `most`,
    because a global threshold can empty a matrix.
    """

    title = "Global magnitude"
    family = "unstructured"
    references = (
        Reference("Han et al.", 2015, "NeurIPS", arxiv="1506.02626"),
        Reference("Frankle and Carbin", 2019, "ICLR", arxiv="1803.03635", note="global ranking and cap; adaptation"),
    )
    tunable = ("most", 0.95, 0.99)

    @dataclass(frozen=True)
    class Settings:
        """`most`: the largest share of its weights that a matrix may lose."""

        learning_rate: float = 2e-4
        most: float = 0.99

    settings: Settings

    def compress(self, job: Job) -> PreTrainedModel:
        masks = global_magnitude_masks(job.encoder, keep=job.target.keep, max_layer_sparsity=self.settings.most)
        job.train(job.model, masks=masks, learning_rate=self.settings.learning_rate)
        return job.model
