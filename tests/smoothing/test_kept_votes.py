"""Votes and denoisers are made once; another model, level or way to vote gets votes of its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from benchmark.corpora.manifest import Dataset
from benchmark.models.checkpoints import SpeechModel, load
from benchmark.smoothing import kept_votes
from benchmark.smoothing.kept_votes import Voting, kept_denoiser
from benchmark.smoothing.votes import Sampling

CPU = torch.device("cpu")


@pytest.fixture
def voting(tiny_corpus: Path, tmp_path: Path) -> Voting:
    corpus = Dataset.open(tiny_corpus)
    return Voting(tmp_path, corpus, corpus.split("dev"), Sampling(2, 3, 0.25), "none", batch_seconds=4.0)


def kept(folder: Path) -> int:
    return len(list(folder.glob("votes-*.json")))


def test_votes_are_held_once(
    voting: Voting, tiny: SpeechModel, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    votes = voting.votes(tiny, None, 0.1)
    assert len(votes) == len(voting.utterances)
    assert all(0 <= vote.exact <= vote.grouped <= 3 for vote in votes)
    monkeypatch.setattr(kept_votes, "hold_vote", None)
    assert voting.votes(tiny, None, 0.1) == votes
    assert voting.votes(load(tiny_model), None, 0.1) == votes  # the same model from another place


def test_what_changes_the_votes_gets_votes_of_its_own(voting: Voting, tiny: SpeechModel, tiny_corpus: Path) -> None:
    voting.votes(tiny, None, 0.1)
    voting.votes(tiny, None, 0.2)
    voting.votes(tiny, kept_denoiser(voting.folder, voting.corpus, "train", (0.1,), 2, CPU), 0.1)
    replace(voting, sampling=Sampling(2, 4, 0.25)).votes(tiny, None, 0.1)
    with torch.no_grad():
        next(tiny.model.parameters()).add_(0.01)
    voting.votes(tiny, None, 0.1)
    assert kept(voting.folder) == 5


def test_the_denoiser_is_trained_once(voting: Voting, monkeypatch: pytest.MonkeyPatch) -> None:
    first = kept_denoiser(voting.folder, voting.corpus, "train", (0.1,), 2, CPU)
    monkeypatch.setattr(kept_votes, "train_denoiser", None)
    again = kept_denoiser(voting.folder, voting.corpus, "train", (0.1,), 2, CPU)
    for one, other in zip(first.parameters(), again.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)
