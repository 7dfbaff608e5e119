"""Control: a model with fewer layers, which anyone would try first."""

from __future__ import annotations

from dataclasses import dataclass

from transformers import PreTrainedModel

from benchmark.toolbox.contract import Method
from benchmark.toolbox.fewer_layers import Choice, shallow
from benchmark.toolbox.job import Job
from benchmark.toolbox.references import Reference


class Shallow(Method):
    """Keep some Transformer layers of the dense model, narrow their FFNs to the target, and fine-tune.

    Without this control no ranking of structured methods is credible.
    """

    title = "Shallow"
    family = "control"
    references = (
        Reference("Fan et al.", 2020, "ICLR", arxiv="1909.11556", note="layer dropping"),
        Reference(
            "Sajjad et al.", 2023, "Computer Speech and Language", arxiv="2004.03844", note="layer dropping; adaptation"
        ),
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
