"""Models and speech of the measurements: two models on the embedded development set, five minutes."""

from __future__ import annotations

import math
from pathlib import Path

from benchmark.corpora import prepare
from benchmark.corpora.choice import CorpusConfig
from benchmark.corpora.manifest import Dataset
from benchmark.system.project import ROOT
from benchmark.throughput.bench import Bench, usual_precision
from benchmark.throughput.models import built
from benchmark.throughput.utterances import only

DEV = "dev"
BATCH_SECONDS = {"embedded": 32.0, "wav2vec2-base": 16.0}


def bench_of(name: str, work: Path) -> Bench:
    """A model on the development set, which is prepared only once in `work`."""
    folder = work / "data"
    if not (folder / "data.json").exists():
        prepare(CorpusConfig("mini", DEV, "test-clean", ("test-other",), root=ROOT / "data" / "mini"), folder)
    dataset = Dataset.open(folder)
    speech = only(dataset, dataset.split(DEV), math.inf)
    return Bench(name, built(name), speech, BATCH_SECONDS[name], usual_precision(), work / name)
