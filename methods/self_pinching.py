"""Self-pinching gates: one learnable threshold per weight matrix, pruned and fine-tuned in one pass."""

from __future__ import annotations

from dataclasses import dataclass

from transformers import PreTrainedModel

from benchmark.toolbox.contract import Method
from benchmark.toolbox.drawn import Drawn
from benchmark.toolbox.job import Job
from benchmark.toolbox.pinching_gate import SelfPinchingGates, annealed_temperature
from benchmark.toolbox.references import Reference
from benchmark.toolbox.sparsity_loss import size_sign
from benchmark.training.hooks import State


class SelfPinching(Method):
    """Prune and fine-tune together: every encoder matrix learns its own magnitude threshold.

    This is the paper's recipe with two adaptations. The authors' lam = 2e-5 is weighed against a loss summed over the
    16 utterances of a micro-batch and fits a model of 84.9 M gated weights. The setting here is `size_weight`, the
    loss in nats per utterance for the whole encoder: 2e-5 * 84.9e6 / 16 = 106. For HuBERT-large, with 302 M weights
    and micro-batches of 4, their scripts amount to 2e-5 * 302e6 / 4 = 1510. Adam moves a threshold by about its
    learning rate per step, so the rate is derived from the run's length: the band must be within reach after the share
    `reach` of the steps. At the end all thresholds are scaled by one factor so that the target is met exactly; the
    record notes the factor.
    """

    title = "Self-pinching gates"
    family = "unstructured"
    references = (
        Reference("Xu et al.", 2025, "Interspeech", arxiv="2505.22608", note="authors' release SASPG-pruning"),
    )
    drawn = Drawn(matrices=True, curves={"sparsity": "sparsity (%)", "threshold": "threshold θ"})
    tunable = ("size_weight", 300.0, 106.0)  # at the authors' 106, short runs may miss the target

    @dataclass(frozen=True)
    class Settings:
        """`threshold_learning_rate`: None derives it from the run's steps, so that the band is reached in time."""

        learning_rate: float = 2e-4
        size_weight: float = 106.0
        initial_threshold: float = 1e-5
        threshold_learning_rate: float | None = None
        reach: float = 0.3

    settings: Settings

    def skip(self, job: Job) -> str | None:
        settings = self.settings
        return None if settings.reach > 0 else "`reach` has to be above 0"

    def compress(self, job: Job) -> PreTrainedModel:
        target, settings = job.target.sparsity, self.settings
        gates = SelfPinchingGates(job.encoder.matrices, settings.initial_threshold)
        quantile = gates.uniform_threshold(target)
        thresholds = {id(t) for t in gates.thresholds}
        weights = [p for p in job.model.parameters() if p.requires_grad and id(p) not in thresholds]
        rate = settings.threshold_learning_rate or quantile / (settings.reach * job.expected_steps())

        sparsity = 0.0

        def before_step(state: State) -> None:
            nonlocal sparsity
            sparsity = gates.begin()
            if state.recording:
                job.log(
                    sparsity=sparsity, **{f"threshold_{m.name}": float(g.threshold.detach()) for m, g in gates.pairs}
                )

        def after_backward(state: State) -> None:
            coefficient = settings.size_weight / gates.parameters * size_sign(sparsity, target)
            gates.end(annealed_temperature(state.progress), coefficient)

        job.train(
            job.model,
            learning_rate=settings.learning_rate,
            before_step=before_step,
            after_backward=after_backward,
            parameter_groups=[{"params": weights}, {"params": gates.thresholds, "lr": rate}],
        )
        reached = gates.sparsity()
        factor = gates.scale_to(target)
        job.log(final_sparsity=reached, threshold_scale=factor)
        job.note(f"trained to sparsity {reached:.4f}; thresholds scaled by {factor:.4f} to meet {target:.4f}")
        gates.remove()
        return job.model
