"""Which speech the steps are timed on: a study's own, or the embedded corpus in utterances as long as LibriSpeech's."""

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
# Seconds: shortest, longest, commonest. Their mean is 12.7 as that of train-clean-100 (100.6 h in 28,539 utterances);
# the shape between is a guess.
LENGTHS = (2.0, 20.0, 16.0)


def embedded_speech(folder: Path, seconds: float) -> Dataset:
    """The first utterances of the embedded corpus, one after the other as one, `seconds` in all at most."""
    if not (folder / SUMMARY).exists():
        root = ROOT / "data" / "mini"
        corpus = CorpusConfig("mini", SPLIT, "dev", ("test-clean",), root=root, limit=EMBEDDED_UTTERANCES)
        prepare(corpus, folder)
    dataset = Dataset.open(folder)
    return only(dataset, joined(dataset.split(SPLIT)), seconds)


def study_speech(study: Study, seconds: float) -> Dataset:
    """Utterances of a study's training split, drawn by lot, `seconds` in all at most; prepares the corpus."""
    if not study.work.data_summary.exists():
        prepare(study.corpus, study.work.data)
    dataset = Dataset.open(study.work.data)
    utterances = list(dataset.split(study.corpus.train))
    random.Random(0).shuffle(utterances)
    return only(dataset, utterances, seconds)


def joined(utterances: list[Utterance]) -> list[Utterance]:
    """Neighbours made one until lengths drawn from `LENGTHS` are met as nearly as they can be.

    The audio of neighbours lies one after the other, so the joined utterance is a longer stretch of it.
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
    """A corpus whose split `SPLIT` is the first of `utterances` that fit into `seconds`, the first one in any case."""
    chosen: list[Utterance] = []
    for utterance in utterances:
        seconds -= utterance.seconds
        if chosen and seconds < 0:
            break
        chosen.append(utterance)
    return Dataset(dataset.folder, dataset.summary, {SPLIT: chosen})
