"""NAS channel pruning: candidates, first guess and expected size by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from conftest import MakeJob

from methods.nas_channel import FIRST_GUESS, RATIOS, RatioChoice


def test_candidates_keep_the_units_of_most_energy(make_job: MakeJob, tmp_path: Path) -> None:
    for units in make_job(tmp_path).encoder.units:
        choice = RatioChoice(units)
        energy = units.squared_norm()
        for ratio, candidate in zip(RATIOS, choice.candidates.bool(), strict=True):
            assert int(candidate.sum()) == max(1, round(ratio * units.count))
            assert candidate.all() or energy[candidate].min() >= energy[~candidate].max()


def test_the_first_guess_is_normalised_and_weighs_the_size(make_job: MakeJob, tmp_path: Path) -> None:
    neurons = make_job(tmp_path).encoder.neurons[0]
    choice = RatioChoice(neurons)
    probabilities = [guess / 1.2 for guess in FIRST_GUESS]
    assert choice.logits.softmax(0).tolist() == pytest.approx(probabilities)
    kept = [max(1, round(ratio * 128)) for ratio in RATIOS]  # of the tiny model's 128 neurons
    assert kept == [128, 96, 64, 32, 16, 13, 10]
    expected = neurons.cost * sum(p * count for p, count in zip(probabilities, kept, strict=True))
    assert float(choice.size().detach()) == pytest.approx(expected)


def test_draws_are_candidates_and_teach_every_logit(make_job: MakeJob, tmp_path: Path) -> None:
    torch.manual_seed(0)
    choice = RatioChoice(make_job(tmp_path).encoder.neurons[0])
    counts = torch.zeros(len(RATIOS))
    for _ in range(2000):
        choice.draw(1.0)
        counts += (choice.candidates == choice.mask.detach().round()).all(1)
    assert counts.sum() == 2000
    assert (counts / 2000).tolist() == pytest.approx([guess / 1.2 for guess in FIRST_GUESS], abs=0.04)
    (choice.mask * torch.arange(len(choice.mask))).sum().backward()
    assert choice.logits.grad is not None
    assert (choice.logits.grad != 0).all()
