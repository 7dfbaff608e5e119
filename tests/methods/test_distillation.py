"""The student's size and the distillation losses' closed forms."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from conftest import MakeJob

from benchmark.models.counting import count_parameters
from benchmark.models.output import Output
from benchmark.system.errors import CannotReachTarget
from benchmark.toolbox.distillation_losses import logit_divergence
from benchmark.toolbox.fewer_layers import chosen_layers, shallow
from benchmark.toolbox.target import Target
from methods.distillation import PredictionHeads


def output(hidden: torch.Tensor, logits: torch.Tensor) -> Output:
    return Output(logits, torch.tensor([hidden.shape[1]]), (hidden,))


def test_an_exact_prediction_costs_minus_log_sigmoid_of_one() -> None:
    hidden = torch.randn(1, 5, 8)
    same = output(hidden, torch.zeros(1, 5, 3))
    loss = PredictionHeads(8, [0]).loss(same, same, cosine_weight=1.0)
    assert loss.item() == pytest.approx(-math.log(1 / (1 + math.exp(-1))), abs=1e-5)  # 0.3133


def test_equal_logits_have_no_divergence_and_padding_does_not_count() -> None:
    logits = torch.randn(1, 4, 3)
    other = logits.clone()
    other[0, 3] += torch.tensor([5.0, 0.0, 0.0])
    hidden = torch.zeros(1, 4, 2)
    a, b = Output(logits, torch.tensor([3]), (hidden,)), Output(other, torch.tensor([3]), (hidden,))
    assert logit_divergence(a, b, 1.0).item() == pytest.approx(0.0, abs=1e-6)
    b.lengths[0] = a.lengths[0] = 4
    assert logit_divergence(a, b, 1.0).item() > 0.1


@pytest.mark.parametrize("sparsity", [0.5, 0.65, 0.85])
def test_the_student_has_the_targets_size(make_job: MakeJob, tmp_path: Path, sparsity: float) -> None:
    job = make_job(tmp_path, sparsity=sparsity)
    assert count_parameters(shallow(job.teacher(), job.target)) == pytest.approx(job.target.remaining, rel=0.005)


def test_a_target_below_the_smallest_student_is_refused(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(tmp_path)
    with pytest.raises(CannotReachTarget, match="without any FFN neuron"):
        shallow(job.teacher(), Target(0.99, job.encoder.parameters, count_parameters(job.model)))


def test_layers_are_chosen_from_the_bottom_or_evenly() -> None:
    assert chosen_layers(12, 4, "bottom") == [0, 1, 2, 3]
    assert chosen_layers(12, 4, "even") == [0, 4, 7, 11]
    assert chosen_layers(12, 1, "even") == [0]
