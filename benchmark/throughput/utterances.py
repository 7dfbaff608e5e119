"""The speech for timed steps: a study's own, or the embedded corpus joined to utterances as long as LibriSpeech's."""

from __future__ import annotations

import random
from pathlib import Path

from benchmark.corpora import prepare
from benchmark.corpora.choice import CorpusConfig
from benchmark.corpora.manifest import SUMMARY, Dataset, Utterance
from benchmark.study.plan import Study
from benchmark.system.project import ROOT

SPLIT = "train"
EMBEDDED_UTTERANCES = 1000
# Shortest, longest and most common length in seconds. The mean is 12.7 s, as in train-clean-100 (100.6 h in 28,539
# utterances). The triangular shape is a guess.
LENGTHS = (2.0, 20.0, 16.0)


def embedded_speech(folder: Path, seconds: float) -> Dataset:
    """The first utterances of the embedded corpus, joined to longer ones, at most `seconds` in total."""
    if not (folder / SUMMARY).exists():
        root = ROOT / "data" / "mini"
        corpus = CorpusConfig("mini", SPLIT, "dev", ("test-clean",), root=root, limit=EMBEDDED_UTTERANCES)
        prepare(corpus, folder)
    dataset = Dataset.open(folder)
    return only(dataset, joined(dataset.split(SPLIT)), seconds)


def study_speech(study: Study, seconds: float) -> Dataset:
    """Random utterances of a study's training split, at most `seconds` in total. Prepares the corpus if necessary."""
    if not study.work.data_summary.exists():
        prepare(study.corpus, study.work.data)
    dataset = Dataset.open(study.work.data)
    utterances = list(dataset.split(study.corpus.train))
    random.Random(0).shuffle(utterances)
    return only(dataset, utterances, seconds)


def joined(utterances: list[Utterance]) -> list[Utterance]:
    """Join neighbouring utterances to lengths that are as close as possible to lengths drawn from `LENGTHS`.

    The audio of neighbours is contiguous, so a joined utterance is one longer piece of it.
    """
    rng, whole = random.Random(0), list[Utterance]()
    group: list[Utterance] = []
    length = rng.triangular(*LENGTHS)
    for utterance in utterances:
        if group and sum(u.seconds for u in group) + utterance.seconds / 2 > length:
            whole.append(_one(group))
            group, length = [], rng.triangular(*LENGTHS)
        group.append(utterance)
    return [*whole, _one(group)] if group else whole


def _one(group: list[Utterance]) -> Utterance:
    first = group[0]
    text, samples = " ".join(u.text for u in group), sum(u.samples for u in group)
    return Utterance(first.id, first.speaker, first.split, text, first.start, samples)


def only(dataset: Dataset, utterances: list[Utterance], seconds: float) -> Dataset:
    """A corpus whose split `SPLIT` holds the first `utterances` that fit into `seconds`, but at least one."""
    chosen: list[Utterance] = []
    for utterance in utterances:
        seconds -= utterance.seconds
        if chosen and seconds < 0:
            break
        chosen.append(utterance)
    return Dataset(dataset.folder, dataset.summary, {SPLIT: chosen})
