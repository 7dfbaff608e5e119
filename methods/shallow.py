"""Fewer layers: the model that anyone would try first. A control."""

from __future__ import annotations

from dataclasses import dataclass

from transformers import PreTrainedModel

from benchmark.toolbox.contract import Method
from benchmark.toolbox.fewer_layers import Choice, shallow
from benchmark.toolbox.job import Job


class Shallow(Method):
    """Keep some Transformer layers of the dense model, narrow their FFNs to the target, fine-tune with CTC.

    Without this control no ranking of structured methods is credible.
    """

    title = "Shallow"
    family = "control"
    source = (
        "layer dropping: Fan et al., ICLR 2020, arXiv 1909.11556; Sajjad et al., 2023, arXiv 2004.03844 (adaptation)"
    )
    tunable = ("layers", "even", "bottom")

    @dataclass(frozen=True)
    class Settings:
        """`layers`: keep the first ones, or evenly spread ones."""

        learning_rate: float = 2e-4
        layers: Choice = "bottom"

    settings: Settings

    def compress(self, job: Job) -> PreTrainedModel:
        model = shallow(job.model, job.target, self.settings.layers)
        job.train(model, learning_rate=self.settings.learning_rate)
        return model
