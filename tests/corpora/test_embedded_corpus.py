"""The committed corpus, data/mini, as it is."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from made_corpora import ROOT, corpus

from benchmark.corpora import prepare
from benchmark.corpora.audio import decode
from benchmark.corpora.manifest import Dataset
from benchmark.corpora.survey import survey
from benchmark.system.errors import UserError

MINI = ROOT / "data" / "mini"
SPLITS = ("train", "dev", "test-clean", "test-other")


def test_it_is_small_enough_to_commit() -> None:
    assert sum(path.stat().st_size for path in MINI.glob("*.parquet")) < 30e6


@pytest.mark.parametrize("split", ["test-clean", "test-other"])
def test_a_test_set_is_large_enough_for_significance(split: str) -> None:
    texts = pq.read_table(MINI / f"{split}.parquet", columns=["text"])["text"].to_pylist()
    assert len(texts) >= 600
    assert sum(len(text.split()) for text in texts) >= 4000


def test_test_voices_and_sentences_are_new() -> None:
    tables = {s: pq.read_table(MINI / f"{s}.parquet", columns=["speaker", "text"]) for s in SPLITS}
    for column in ("speaker", "text"):
        seen = {s: set(table[column].to_pylist()) for s, table in tables.items()}
        assert not (seen["test-clean"] | seen["test-other"]) & (seen["train"] | seen["dev"])


def test_the_card_tells_the_truth() -> None:
    card = (MINI / "README.md").read_text(encoding="utf-8")
    for split in SPLITS:
        path = MINI / f"{split}.parquet"
        assert f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}" in card
        texts = pq.read_table(path, columns=["text"])["text"].to_pylist()
        words = sum(len(text.split()) for text in texts)
        assert re.search(rf"\| `{split}` \| {len(texts)} \| {words} \|", card)


def test_datasets_reads_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    datasets = pytest.importorskip("datasets", reason="datasets is a development dependency")
    loaded = datasets.load_dataset(os.fspath(MINI), cache_dir=os.fspath(tmp_path))
    assert set(loaded) == {"train", "dev", "test.clean", "test.other"}
    dev = loaded["dev"]
    assert dev.features["audio"] == datasets.Audio(sampling_rate=16_000)
    row = dev.cast_column("audio", datasets.Audio(sampling_rate=16_000, decode=False))[0]
    assert len(decode(row["audio"]["bytes"], row["id"])) / 16_000 == pytest.approx(row["seconds"], abs=1e-3)


def test_we_read_it(tmp_path: Path) -> None:
    study = corpus("mini", MINI, train="dev", dev="test-other", tests=("test-clean",))
    prepare(study, tmp_path / "data")
    assert (tmp_path / "data" / "problems.jsonl").read_text() == ""
    dataset = Dataset.open(tmp_path / "data")
    for split in ("dev", "test-clean", "test-other"):
        seconds = pq.read_table(MINI / f"{split}.parquet", columns=["seconds"])["seconds"].to_pylist()
        assert [u.seconds for u in dataset.split(split)] == pytest.approx(seconds, abs=1e-3)
        for utterance in dataset.split(split)[::50]:
            loudness = (dataset.audio(utterance) ** 2).mean() ** 0.5
            assert 0.02 < loudness < 0.2


def test_a_file_without_a_column_is_refused(tmp_path: Path) -> None:
    pq.write_table(pq.read_table(MINI / "dev.parquet").slice(0, 2).drop_columns(["text"]), tmp_path / "dev.parquet")
    study = corpus("mini", tmp_path, train="dev", dev="dev", tests=("dev",))
    with pytest.raises(UserError, match="has no column text: it is not in the embedded corpus's format"):
        prepare(study, tmp_path / "data")
    with pytest.raises(UserError, match="has no column text"):
        survey(study)
