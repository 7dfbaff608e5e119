"""A size loss weighs the same whether the utterances come in one, two or four micro-batches, for every method."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmark.corpora.manifest import AUDIO, Dataset, Utterance, write_manifest
from benchmark.models.batch import Batch
from benchmark.models.checkpoints import load
from benchmark.models.output import Output
from benchmark.study.registry import load_method
from benchmark.throughput.phases import HeldJob, ReadyToTrain
from benchmark.training.budget import Budget, Clock
from benchmark.training.loop import Phase
from benchmark.training.options import Options
from benchmark.training.speech import Speech

UTTERANCES, SAMPLES = 8, 16000
GENTLE: dict[str, object] = {"learning_rate": 1e-4}
HEAVY = GENTLE | {"size_weight": 1e6}  # beside the CTC loss, whose sums come out a little different in other batches


class SizeAlone(HeldJob):
    """Leave out the loss of the model, since drawn masks change it differently in each micro-batch."""

    def output_loss(self, output: Output, batch: Batch) -> torch.Tensor:
        return 0 * super().output_loss(output, batch)


@pytest.fixture(scope="module")
def even_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Utterances of one length, so that batches of half the seconds hold half of them."""
    folder = tmp_path_factory.mktemp("even")
    noise = np.random.default_rng(0).normal(0, 3000, (UTTERANCES, SAMPLES)).astype("<i2")
    noise.tofile(folder / AUDIO)
    texts = ["ab" * (1 + i % 3) for i in range(UTTERANCES)]
    utterances = [Utterance(f"s-{i}", "s", "train", text, i * SAMPLES, SAMPLES) for i, text in enumerate(texts)]
    write_manifest(folder, utterances, problems=[], hash="even", splits={})
    return folder


def first_phase(
    name: str,
    settings: dict[str, object],
    make: type[HeldJob],
    micro_batches: int,
    corpus: Path,
    model: Path,
    folder: Path,
) -> Phase:
    """A method's first phase, in which each step covers the whole corpus."""
    speech_model = load(model)
    batch_seconds = UTTERANCES / micro_batches
    job = make(
        speech_model,
        Speech(speech_model, Dataset.open(corpus), "train"),
        Budget("work", 3 * UTTERANCES * 10, Clock()),
        Options(learning_rate=0.0, batch_seconds=batch_seconds, gradient_accumulation=micro_batches),
        sparsity=0.65,
        seed=0,
        frozen_frontend=True,
        checkpoints=folder,
    )
    try:
        load_method(name)(settings).compress(job)
    except ReadyToTrain as ready:
        return ready.phase
    raise AssertionError(f"{name} does not train")


@pytest.mark.parametrize(
    ("name", "settings", "make", "learnt"),
    [
        ("self_pinching", GENTLE, SizeAlone, "threshold"),
        ("self_pinching", HEAVY, HeldJob, "threshold"),
        ("self_pinching_structured", GENTLE, SizeAlone, "threshold"),
        ("self_pinching_structured", HEAVY, HeldJob, "threshold"),
        ("nas_channel", GENTLE, SizeAlone, "logits"),
        ("l0_structured", GENTLE, SizeAlone, "lagrangian"),
        ("dphubert", GENTLE, SizeAlone, "lagrangian"),
        ("movement", GENTLE | {"kind": "soft"}, SizeAlone, "scores"),
        ("acip", GENTLE, SizeAlone, "masks"),
    ],
)
def test_the_size_loss_belongs_to_a_step_once(
    name: str,
    settings: dict[str, object],
    make: type[HeldJob],
    learnt: str,
    even_corpus: Path,
    tiny_model: Path,
    tmp_path: Path,
) -> None:
    gradients = []
    for micro_batches in (1, 2, 4):
        torch.manual_seed(0)
        phase = first_phase(name, settings, make, micro_batches, even_corpus, tiny_model, tmp_path)
        utterances = next(phase.steps())
        assert [len(group) for group in utterances] == [UTTERANCES // micro_batches] * micro_batches
        found = {n: p.grad for n, p in phase.modules.named_parameters() if learnt in n and p.grad is not None}
        assert found
        assert any(gradient.any() for gradient in found.values())
        gradients.append(found)
    for others in gradients[1:]:
        for parameter, gradient in gradients[0].items():
            torch.testing.assert_close(others[parameter], gradient, rtol=1e-6, atol=1e-9)


def test_a_short_last_step_of_an_epoch_is_no_exception(even_corpus: Path, tiny_model: Path, tmp_path: Path) -> None:
    """Eight utterances in micro-batches of two, three per step: the second step has only one micro-batch."""
    phase = first_phase("self_pinching", GENTLE, SizeAlone, 4, even_corpus, tiny_model, tmp_path)
    phase.options = replace(phase.options, gradient_accumulation=3, learning_rate=0.0)
    for group in phase.optimizer.param_groups:
        group["peak_lr"] = 0.0  # thresholds and weights stay, and so must the size loss's gradient but for tau
    steps, seen = phase.steps(), []
    for expected in (3, 1):
        assert len(next(steps)) == expected
        seen.append(_over_slope(phase))
    torch.testing.assert_close(seen[0], seen[1], rtol=1e-4, atol=0.0)


def _over_slope(phase: Phase) -> torch.Tensor:
    """The thresholds' gradients times tau: with |W| far below tau all that changes with it."""
    from benchmark.toolbox.pinching_gate import annealed_temperature

    thresholds = [p for n, p in phase.modules.named_parameters() if n.endswith("threshold")]
    return torch.stack([p.grad for p in thresholds if p.grad is not None]) * annealed_temperature(phase.state.progress)
