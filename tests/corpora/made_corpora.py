"""Tiny made corpora, and the real ones if they are present."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import soundfile

from benchmark.corpora.choice import CorpusConfig

ROOT = Path(__file__).parents[2]
REAL = ROOT.parent / "shared" / "corpora"
Row = tuple[str | None, bytes | None]  # text, audio
PITCHES = {"train": 200.0, "dev": 300.0, "test": 400.0}  # Hz; each split of a made corpus sounds otherwise


def real(name: str) -> Path:
    """Root of a real corpus; the test is skipped where there is none."""
    if not (REAL / name).is_dir():
        pytest.skip(f"real speech is not at ../shared/corpora/{name}")
    return REAL / name


def tone(seconds: float = 0.5, rate: int = 16_000, pitch: float = 440.0) -> np.ndarray:
    """A sine tone with a little noise, float32 (samples,)."""
    time = np.arange(int(seconds * rate)) / rate
    noise = np.random.default_rng(0).normal(0, 0.01, time.size)
    return (0.3 * np.sin(2 * np.pi * pitch * time) + noise).astype(np.float32)


def encoded(audio: np.ndarray, rate: int = 16_000, **form: str) -> bytes:
    """The bytes of an audio file; FLAC unless `form` says otherwise."""
    buffer = io.BytesIO()
    soundfile.write(buffer, audio, rate, **(form or {"format": "FLAC"}))
    return buffer.getvalue()


def corpus(name: str, root: Path | None, **changes: object) -> CorpusConfig:
    """A corpus as a study configures it."""
    fields: dict[str, Any] = {"train": "train", "dev": "dev", "tests": ("test",), **changes}
    return CorpusConfig(name=name, root=root, **fields)


def write_mini(root: Path, **changes: Mapping[str, Row]) -> Path:
    """Write a corpus of three splits of two utterances in the embedded corpus's format.

    `write_mini(root, train={"a-1": ("text", b"audio")})` changes or adds utterances of a split.
    """
    root.mkdir(exist_ok=True)
    for split, pitch in PITCHES.items():
        rows: dict[str, Row] = {f"{split}er-{i}": (f"word {split}", encoded(tone(pitch=pitch))) for i in range(2)}
        rows |= changes.get(split, {})
        write_parquet(root / f"{split}.parquet", [(id, text, audio) for id, (text, audio) in rows.items()])
    return root


def write_parquet(path: Path, rows: list[tuple[str, str | None, bytes | None]]) -> None:
    """One split in the embedded corpus's format."""
    table = [{"id": id, "text": text, "audio": {"bytes": audio, "path": None}} for id, text, audio in rows]
    audio = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    schema = pa.schema([("id", pa.string()), ("text", pa.string()), ("audio", audio)])
    pq.write_table(pa.Table.from_pylist(table, schema), path)


def write_librispeech(root: Path, *further: int) -> Path:
    """Write a corpus in LibriSpeech's official layout: three splits of one chapter of three utterances.

    `further` are speakers of the training split beside its first one, 103.
    """
    training = [("train-clean-100", speaker) for speaker in (103, *further)]
    for split, speaker in (*training, ("dev-clean", 84), ("test-clean", 61)):
        chapter = root / "LibriSpeech" / split / str(speaker) / "7"
        chapter.mkdir(parents=True)
        ids = [f"{speaker}-7-{i:04d}" for i in range(3)]
        (chapter / f"{speaker}-7.trans.txt").write_text("".join(f"{id} SOME WORDS\n" for id in ids))
        for id in ids:
            (chapter / f"{id}.flac").write_bytes(encoded(tone(pitch=speaker)))
    return root


def write_an4(root: Path) -> Path:
    """Write a corpus in AN4's official layout: speakers fbbh, fash and fjmd train, fcaw tests; two utterances each."""
    (root / "etc").mkdir(parents=True)
    for part, folder, speakers in (
        ("train", "an4_clstk", ("fbbh", "fash", "fjmd")),
        ("test", "an4test_clstk", ("fcaw",)),
    ):
        names = [(speaker, f"an{i}-{speaker}-b") for speaker in speakers for i in range(2)]
        (root / "etc" / f"an4_{part}.fileids").write_text("".join(f"{folder}/{s}/{n}\n" for s, n in names))
        (root / "etc" / f"an4_{part}.transcription").write_text("".join(f"<s> GO ON </s> ({n})\n" for _, n in names))
        for number, (speaker, name) in enumerate(names):
            path = root / "wav" / folder / speaker / f"{name}.sph"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(encoded(tone(pitch=200 + number + 50 * (part == "test")), format="NIST", subtype="PCM_16"))
    return root
