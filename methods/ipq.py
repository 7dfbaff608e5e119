"""Iterative product quantisation: matrices become codebooks of blocks, stage by stage, and these are trained."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import torch
from transformers import PreTrainedModel

from benchmark.models.batch import Batch
from benchmark.models.encoder import Matrix
from benchmark.models.forms.codebook import CodebookLinear
from benchmark.toolbox.contract import Method
from benchmark.toolbox.costs import nearest_centroids
from benchmark.toolbox.distillation_losses import logit_divergence
from benchmark.toolbox.job import Job
from benchmark.toolbox.quantisation_noise import quantisation_noise, undivided, zeroing_noise
from benchmark.toolbox.references import Reference
from benchmark.training.hooks import Loss, State

MOST_CENTROIDS = 256  # a code takes a byte
AT_ONCE = 2**14  # blocks whose distances to all centroids are in memory at the same time: 16 MiB


class Clusters(NamedTuple):
    """Centroids (count, width), the place of each block's centroid (blocks,), and how many E steps it took."""

    centroids: torch.Tensor
    codes: torch.Tensor
    searches: int


def nearest(blocks: torch.Tensor, centroids: torch.Tensor) -> torch.Tensor:
    """E step: the place (blocks,) of the centroid with the least squared distance to each block (blocks, width)."""
    half_norms = centroids.square().sum(1) / 2
    parts = blocks.split(AT_ONCE)
    return torch.cat([torch.addmm(half_norms, part, centroids.T, alpha=-1).argmin(1) for part in parts])


def means(blocks: torch.Tensor, codes: torch.Tensor, count: int) -> torch.Tensor:
    """M step: the mean block (count, width) of each cluster.

    An empty cluster gets the block that is farthest from its own centroid, which can only lower the objective. The sums
    are in float64, so that the mean of equal blocks is this block.
    """
    sums = blocks.new_zeros(count, blocks.shape[1], dtype=torch.float64).index_add_(0, codes, blocks.double())
    sizes = codes.bincount(minlength=count)
    centroids = (sums / sizes.clamp(min=1)[:, None]).to(blocks)
    empty = (sizes == 0).nonzero().flatten()
    if len(empty):
        errors = (blocks - centroids[codes]).square().sum(1)
        centroids[empty] = blocks[errors.topk(len(empty)).indices]
    return centroids


def k_means(blocks: torch.Tensor, count: int, rounds: int, generator: torch.Generator) -> Clusters:
    """Cluster blocks (blocks, width) by expectation-maximisation, until no block changes its cluster.

    The first centroids are drawn from the different blocks, without replacement. If there are no more than `count` of
    these, each is a centroid, and nothing is lost.
    """
    different = blocks.unique(dim=0)
    drawn = torch.randperm(len(different), generator=generator)[:count]
    centroids = different[drawn.to(blocks.device)]
    codes, searches = nearest(blocks, centroids), 1
    for _ in range(rounds):
        centroids = means(blocks, codes, len(centroids))
        before, codes = codes, nearest(blocks, centroids)
        searches += 1
        if torch.equal(codes, before):
            break
    return Clusters(centroids, codes, searches)


def is_ffn(matrix: Matrix) -> bool:
    """Whether a matrix is of the FFN, not of an attention."""
    return matrix.kind in ("ffn_in", "ffn_out")


class IPQ(Method):
    """Learn a codebook of blocks for every matrix, first the FFNs' and then the attentions', and train the codebooks.

    A block is some consecutive inputs of one output. k-means over the blocks of a matrix gives its codebook. After each
    stage the codebooks train with the rest of the model, while the assignments stay. With `noise_share`, training with
    Quant-Noise comes before: it sets random blocks to zero, so that the model depends less on each of them. No
    parameter is removed, but each block takes only a byte.

    Departures: clustering is of the weights, not weighted by the layer's inputs as in Stock et al.; the first centroids
    are different blocks (the release may draw one twice); an empty cluster gets the farthest block (the release splits
    the largest cluster). Centroids' gradients are not divided by the sizes of their clusters, which does not matter to
    Adam. Only the encoder's matrices are quantised, so there is no stage of embeddings.
    """

    title = "iPQ"
    family = "quantised"
    references = (
        Reference("Fan et al.", 2021, "ICLR", arxiv="2004.07320", note="release facebookresearch/fairseq; adaptation"),
        Reference("Stock et al.", 2020, "ICLR", arxiv="1907.05686", note="stages, and distillation"),
    )
    takes_target = False
    phases = 2  # the two stages; training with noise, if there is any, is one more
    tunable = ("logit_weight", 0.0, 1.0)

    @dataclass(frozen=True)
    class Settings:
        """`noise_share`: of the budget, for Quant-Noise with probability `rate`; `logit_weight`: of distillation."""

        learning_rate: float = 2e-4
        noise_share: float = 0.0
        noise_learning_rate: float = 2e-4
        rate: float = 0.1
        centroids: int = 256
        ffn_block: int = 8
        attention_block: int = 4
        rounds: int = 20
        logit_weight: float = 0.0

    settings: Settings

    def skip(self, job: Job) -> str | None:
        settings = self.settings
        if not 1 <= settings.centroids <= MOST_CENTROIDS or settings.rounds < 1:
            return f"`centroids` has to be from 1 to {MOST_CENTROIDS}, and `rounds` at least 1"
        if not (0 <= settings.rate < 1 and 0 <= settings.noise_share < 1):
            return "`rate` and `noise_share` have to be at least 0 and below 1"
        return next(filter(None, map(self._misfit, job.encoder)), None)

    def compress(self, job: Job) -> PreTrainedModel:
        settings, rate = self.settings, self.settings.learning_rate
        ffn = [matrix for matrix in job.encoder if is_ffn(matrix)]
        attention = [matrix for matrix in job.encoder if not is_ffn(matrix)]
        if settings.noise_share:
            with self._noise(ffn), self._noise(attention):
                job.train(job.model, learning_rate=settings.noise_learning_rate, share=settings.noise_share)
        loss = self._loss(job)
        for stage, share in ((ffn, 0.5), (attention, 1.0)):
            for matrix in stage:
                self._quantise(job, matrix)
            job.train(job.model, loss=loss, learning_rate=rate, share=share)
        for module in job.model.modules():
            if isinstance(module, CodebookLinear):
                module.to_fp16()
        return job.model

    def _block(self, matrix: Matrix) -> int:
        return self.settings.ffn_block if is_ffn(matrix) else self.settings.attention_block

    def _misfit(self, matrix: Matrix) -> str | None:
        """Why a matrix cannot be quantised; None if it can."""
        count, block = self.settings.centroids, self._block(matrix)
        if reason := undivided(matrix, block):
            return reason
        blocks = matrix.linear.weight.numel() // block
        if blocks >= count:
            return None
        larger = f"a codebook of {count} would be larger than the matrix"
        return f"matrix {matrix.name} has {blocks} blocks of {block}, so {larger}: set `centroids` to at most {blocks}"

    def _noise(self, matrices: list[Matrix]) -> AbstractContextManager[None]:
        """Quant-Noise on matrices of one kind, on the blocks that will be quantised."""
        block = self._block(matrices[0])
        return quantisation_noise(matrices, partial(zeroing_noise, block=block, rate=self.settings.rate))

    def _quantise(self, job: Job, matrix: Matrix) -> None:
        """Put a codebook and codes in the place of a matrix."""
        settings, block = self.settings, self._block(matrix)
        blocks = matrix.weight.detach().reshape(-1, block)
        clusters = k_means(blocks, settings.centroids, settings.rounds, job.generator)
        job.charge(clusters.searches * nearest_centroids(len(blocks), len(clusters.centroids), block))
        codes = clusters.codes.view(matrix.linear.out_features, -1).to(torch.uint8)
        job.encoder.put(matrix, CodebookLinear(clusters.centroids, codes, matrix.linear.bias))

    def _loss(self, job: Job) -> Loss | None:
        """The model's own loss, to which distillation adds the divergence from the dense model's distributions."""
        weight = self.settings.logit_weight
        if not weight:
            return None
        teacher = job.teacher()

        def loss(batch: Batch, _state: State) -> torch.Tensor:
            output = job.forward(job.model, batch)
            with torch.no_grad():
                wanted = job.forward(teacher, batch)
            total: torch.Tensor = job.output_loss(output, batch) + weight * logit_divergence(output, wanted, 1.0)
            return total

        return loss
