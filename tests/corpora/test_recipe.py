"""The recipe of the embedded corpus: its texts, its degradation, its files."""

from __future__ import annotations

import importlib
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pyarrow.parquet as pq
import pytest
from made_corpora import ROOT, encoded, tone

from benchmark.corpora.audio import decode

MODULES = ("grammar", "plan", "corpus_audio", "ogg", "rooms", "card", "pack")


@pytest.fixture(scope="module")
def recipe() -> Iterator[SimpleNamespace]:
    """The scripts of data/recipe, importable for these tests only."""
    sys.path.insert(0, str(ROOT / "data" / "recipe"))
    yield SimpleNamespace(**{name: importlib.import_module(name) for name in MODULES})
    sys.path.pop(0)
    for name in MODULES:
        del sys.modules[name]


def test_no_test_sentence_and_no_test_voice_is_in_training(recipe: SimpleNamespace) -> None:
    utterances = recipe.plan.plan()
    texts = {split: {u.text for u in utterances if u.split == split} for split in recipe.plan.SPLITS}
    voices = {split: {u.speaker for u in utterances if u.split == split} for split in recipe.plan.SPLITS}
    for test in ("test-clean", "test-other"):
        assert not texts[test] & (texts["train"] | texts["dev"])
        assert not voices[test] & (voices["train"] | voices["dev"])
    assert not texts["test-clean"] & texts["test-other"]
    assert not texts["dev"] & texts["train"]
    assert not voices["dev"] & voices["train"]
    assert len(set().union(*voices.values()) - set(recipe.plan.BLENDED_VOICES)) == 28
    assert max(Counter(u.id for u in utterances).values()) == 1


def test_a_blended_voice_is_made_of_two_training_voices(recipe: SimpleNamespace) -> None:
    assert recipe.plan.mixture("af_nova") == {"af_nova": 1.0}
    for speaker in recipe.plan.BLENDED_VOICES:
        mixture = recipe.plan.mixture(speaker)
        assert len(mixture) == 2
        assert set(mixture) <= set(recipe.plan.TRAIN_VOICES)
        assert sum(mixture.values()) == pytest.approx(1)
        assert list(mixture.values()) == sorted(mixture.values(), reverse=True)


def test_texts_are_words_of_lower_case_letters_and_apostrophes(recipe: SimpleNamespace) -> None:
    texts = [u.text for u in recipe.plan.plan()]
    assert all(re.fullmatch(r"[a-z']+( [a-z']+)*", text) for text in texts)
    assert not any(re.search(r"\ba (eight|eleven)|(?<!ty )\bone (minutes|miles|degrees|dollars)\b", t) for t in texts)


def test_every_letter_is_spelled_in_training(recipe: SimpleNamespace) -> None:
    training = [u for u in recipe.plan.plan() if u.split == "train"]
    words = Counter(word for u in training for word in u.text.split())
    assert min(words[letter] for letter in "abcdefghijklmnopqrstuvwxyz") >= 5


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("the name is spelled a b a", "the name is spelled eigh b eigh"),
        ("at ten a m on friday", "at ten eigh m on friday"),
        ("set a timer when i get a table", "set a timer when i get a table"),
    ],
)
def test_the_letter_a_is_not_read_as_the_article(recipe: SimpleNamespace, text: str, spoken: str) -> None:
    assert recipe.plan.Utterance("v-1", "train", "v", text, 1.0, 0).spoken == spoken


@pytest.fixture
def crowd(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"{i}.flac" for i in range(10)]
    for i, path in enumerate(paths):
        path.write_bytes(encoded(tone(pitch=100 + 50 * i)))
    return paths


def test_degradation_is_fixed_by_the_seed(recipe: SimpleNamespace, crowd: list[Path]) -> None:
    audio = tone(seconds=1)
    first = recipe.rooms.degrade(audio, 5, crowd)
    np.testing.assert_array_equal(first, recipe.rooms.degrade(audio, 5, crowd))
    assert not np.array_equal(first, recipe.rooms.degrade(audio, 6, crowd))
    assert first.shape == audio.shape
    assert np.sqrt(np.mean(first**2)) == pytest.approx(np.sqrt(np.mean(audio**2)), rel=1e-3)


def test_an_ogg_stream_with_a_given_serial_is_always_the_same(recipe: SimpleNamespace) -> None:
    audio = tone(seconds=3)
    first, second = (recipe.pack.encode(audio, 7) for _ in range(2))
    assert first == second
    assert first != recipe.pack.encode(audio, 8)
    assert decode(first, "a").shape == audio.shape  # the decoder checks every page's checksum


def test_packing_is_deterministic_and_complete(
    recipe: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan: ModuleType = recipe.plan
    utterances = [plan.Utterance(f"v-dev-{i}", "dev", "v", f"text {'ab'[i]}", 1.0, i) for i in range(2)]
    monkeypatch.setattr(plan, "plan", lambda: utterances)
    (tmp_path / "dev").mkdir()
    for utterance in utterances[:1]:
        (tmp_path / "dev" / f"{utterance.id}.flac").write_bytes(encoded(tone()))
    with pytest.raises(SystemExit, match=r"lacks 1 utterances, such as v-dev-1"):
        recipe.pack.pack("dev", tmp_path, tmp_path)
    (tmp_path / "dev" / "v-dev-1.flac").write_bytes(encoded(tone(seconds=1.25)))
    first = recipe.pack.pack("dev", tmp_path, tmp_path).read_bytes()
    assert first == recipe.pack.pack("dev", tmp_path, tmp_path).read_bytes()
    rows = pq.read_table(tmp_path / "dev.parquet").to_pylist()
    assert [(r["id"], r["speaker"], r["text"], r["seconds"]) for r in rows] == [
        ("v-dev-0", "v", "text a", 0.5),
        ("v-dev-1", "v", "text b", 1.25),
    ]
